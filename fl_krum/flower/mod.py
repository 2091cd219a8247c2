"""The ClientApp's side: what was trained goes to the player beside this client, not into the reply.

The player is started before training, in a process of its own, so that its start overlaps with
training and it can go on when this ClientApp has ended. (Flower's simulation runs as many
ClientApps at once as there are cores, and four more: one that waited for the result would keep away
those that it waits for. There the ServerApp's process has all players; see `simulated_players`.)

A client insists on what its owner has configured: roster, key and name, and limits.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flwr.app import ConfigRecord, Context, Message, MessageType, RecordDict

from ..players.agreement import Limits
from ..players.detached import Detached, start_detached
from ..players.roster import Roster
from .arrays import Layout, clipped
from .plan import KEY, Plan, Refused
from .simulated_players import SimulatedPlayer
from .simulation import check_folder, name_of

_log = logging.getLogger(__name__)

ASK = "who"  # in a message that asks a client for its name


@dataclass(frozen=True)
class Own:
    """What a client's owner has configured.

    Attributes
    ----------
    name : str
        Of this client in the roster.
    roster, key : Path
    limits : Limits
    log : Path, optional
        Where the player's words go; there is none in a simulation.
    """

    name: str
    roster: Path
    key: Path
    limits: Limits
    log: Path | None = None

    @classmethod
    def of(cls, config: Mapping, simulation: str = "") -> Own:
        """From a SuperNode's ``--node-config``: name, roster, key, min-clients, min-threshold,
        min-average, max-byzantine, log.

        Raises
        ------
        ValueError
            There is no roster, and this is no simulation either.
        """
        if "roster" in config:
            folder = Path(str(config["roster"])).parent
            name = str(config["name"])
            roster = Path(str(config["roster"]))
            key = Path(str(config.get("key", folder / f"{name}.key")))
            log: Path | None = Path(str(config.get("log", key.parent / f"{name}.log")))
        else:
            folder = check_folder(simulation)
            name = name_of(int(config.get("partition-id", -1)))
            roster, key, log = folder / "roster.json", folder / f"{name}.key", None
        limits = Limits(
            min_clients=int(config.get("min-clients", 3)),
            min_threshold=int(config.get("min-threshold", 1)),
            min_average=int(config.get("min-average", 1)),
            max_byzantine=int(config["max-byzantine"]) if "max-byzantine" in config else None,
            roster=str(config["roster-digest"]) if "roster-digest" in config else None,
        )
        return cls(name, roster, key, limits, log)

    def start(self, plan: Plan) -> Detached | SimulatedPlayer:
        """Start the player of a round.

        Raises
        ------
        ValueError
            As for `fl_krum.players.host_player.HostPlayer`.
        """
        how = plan.agreement, self.limits, plan.patience, plan.deadline
        if self.log is None:
            return SimulatedPlayer(self.key.parent, self.name, *how)
        return start_detached(self.roster, self.name, self.key, *how, log=self.log)


def secure_krum_mod(message: Message, context: Context, call_next) -> Message:
    """A Flower mod: ``ClientApp(mods=[secure_krum_mod])``.

    The train function stays as it is. It gets the global model and returns the trained one in an
    ArrayRecord; the mod takes that out of the reply, gives the difference to this client's player,
    and sends the metrics alone. Messages of other strategies pass untouched.

    Raises
    ------
    RuntimeError
        Training has failed, or the client takes no part; with a fixed sentence or names alone,
        since Flower sends the text to the server. The reason is in the client's own log.
    """
    records = message.content.config_records if message.has_content() else {}
    if message.metadata.message_type != MessageType.TRAIN or KEY not in records:
        return call_next(message, context)
    try:
        if ASK in records[KEY]:
            return _name(message, context)
        return _train(message, context, call_next)
    except Refused as error:
        _log.error("secure_krum_mod: %s", error)
        raise RuntimeError(f"secure_krum_mod: {error}") from None
    except Exception:
        _log.exception("secure_krum_mod: training failed")
        raise RuntimeError("secure_krum_mod: training failed; its log has the reason") from None


def _name(message, context) -> Message:
    own = _own(context.node_config, str(message.content[KEY].get("simulation", "")))
    answer = ConfigRecord({"name": own.name, "roster": Roster.read(own.roster).digest})
    return Message(RecordDict({KEY: answer}), reply_to=message)


def _own(config, simulation) -> Own:
    try:
        return Own.of(config, simulation)
    except (KeyError, ValueError) as error:
        raise Refused(str(error)) from None


def _train(message, context, call_next) -> Message:
    plan = Plan.from_config(message.content[KEY])
    del message.content[KEY]  # the train function sees its own message
    own = _own(context.node_config, plan.simulation)
    (key,) = message.content.array_records
    model = {name: array.numpy() for name, array in message.content[key].items()}
    try:
        layout = Layout.of(model, plan.stays)
        roster = Roster.read(own.roster)
        if plan.roster != roster.digest:
            raise ValueError("the server has another roster")
        if plan.agreement.d != layout.size:
            raise ValueError(f"the model has {layout.size} numbers, not {plan.agreement.d}")
        player = own.start(plan)
    except ValueError as error:
        raise Refused(str(error)) from None
    try:
        reply = call_next(message, context)
        if reply.has_error():
            player.kill()
            return reply
        record = reply.content[key] if key in reply.content else _only(reply.content.array_records)
        trained = {name: array.numpy() for name, array in record.items()}
        moved = layout.difference(trained, model)
        player.give(clipped(moved, plan.scale, plan.agreement.fixed_point))
    except BaseException:
        player.kill()
        raise
    for name in list(reply.content.array_records):
        del reply.content[name]
    return reply


def _only(records):
    if len(records) != 1:
        raise ValueError("training returns one ArrayRecord")
    return next(iter(records.values()))
