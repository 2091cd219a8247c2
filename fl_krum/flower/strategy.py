"""The ServerApp's side: it proposes a round, runs the server's player, and takes its result.

Flower's own loop waits for all replies, for an hour if one ClientApp was killed. So a round is
watched from here: it ends when the server's player has its result, or has failed, or its time is
up. A round without a result keeps the old model, and the next one begins.

The server's player is started when n − f clients have trained, since its patience counts from
there: how long Flower takes to hand out messages, and clients to train, is nobody's fault. The
clients' players are there before, and wait for it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from logging import INFO, WARNING

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)
from flwr.common.logger import log
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg

from ..players import launching
from ..players.agreement import EMBEDDED, Agreement, Limits
from ..players.fork_server import Forks
from ..players.host_player import HostError, HostPlayer
from ..players.roster import Roster
from ..program.fixed_point import FixedPoint
from .arrays import SCALE, Layout
from .grid import LinkError, PatientGrid
from .nodes import Nodes
from .plan import KEY, Plan
from .simulated_players import SimulatedPlayers
from .simulation import SERVER, ThrowAwayKeys

_POLL = 0.2  # seconds between two looks for replies
_POLL_LINK = 0.5  # the same with a SuperLink, where each look is a request that takes its database
_LAST_REPLIES = 3.0  # seconds that replies may come after the result


@dataclass
class SecureRound:
    """What became of one round.

    Attributes
    ----------
    number : int
        Of the training, from 1.
    clients : tuple of str
        Names of those whose vectors were computed with.
    missing : tuple of str
        Asked, but not there in time, or lost.
    excluded : tuple of str
        Their vectors failed the check: longer than agreed.
    back : tuple of str
        Of the clients, those that were missing when they were asked before.
    seconds : float
        From the messages to the result.
    error : str
        Why there is no result, or empty.
    """

    number: int
    clients: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str = ""


@dataclass
class _Running:
    """A round that is under way."""

    agreement: Agreement
    layout: Layout
    model: dict[str, np.ndarray]
    make: Callable[..., HostPlayer]
    names: dict[int, str]  # of the nodes that were asked
    began: float = field(default_factory=time.monotonic)
    player: HostPlayer | None = None
    failed: list[str] = field(default_factory=list)  # those whose ClientApp or SuperNode has
    told: tuple[str, ...] = ()  # those of them of whom its player knows
    lost: str = ""  # why its messages have reached nobody
    silent: tuple[str, ...] = ()  # those of whom nothing was heard

    @property
    def waits_in_vain(self) -> bool:
        """Whether its player waits for somebody who has failed since it was started."""
        player = self.player
        if player is None or player.ended or player.wait_ready(0.0):
            return False
        return not set(self.failed) <= {*self.told, *player.missing}

    @property
    def hopeless(self) -> bool:
        """Whether somebody has failed before there is a result, and cannot be left out."""
        return bool(self.failed) and self.agreement.engine != EMBEDDED and not self.ended

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def ended(self) -> bool:
        return self.player is not None and self.player.ended

    def wait(self, seconds: float) -> None:
        """So many seconds, or until its player ends."""
        if self.player is None or self.player.ended:
            time.sleep(seconds)
        else:
            self.player.wait(seconds)

    def start(self, patience: float, deadline: float) -> None:
        self.stop()
        self.told = tuple(self.failed)
        self.player = self.make(patience, deadline, self.told)
        self.player.start()

    def stop(self) -> None:
        if self.player is not None:
            self.player.stop()


class SecureKrum(FedAvg):
    """Krum or Multi-Krum of clients' models, computed by their own players: a Flower strategy.

    Parameters
    ----------
    roster : path, optional
        The roster file (`fl-krum roster`). Without it, in Flower's simulation, throw-away keys are
        made, and all players run on this machine.
    key : path, optional
        The server's private key; beside the roster by default.
    num_malicious_nodes : int
        f: Byzantine clients that are tolerated. In a round with fewer clients than 2f + 3 it is
        smaller, which is logged.
    num_nodes_to_select : int
        m: the mean of the m best vectors; 1 is Krum, n − f is recommended for training.
    name : str
        Of the server in the roster.
    stays : iterable of str
        Patterns of arrays that are not averaged but stay as they are in the global model, beside
        integers and booleans: ``["*running_*"]``.
    scale : float
        Differences are multiplied by it, and cut at ±2048 / scale.
    threshold : int, optional
        t; by default ⌊(n − 1)/2⌋, with which clients alone hold shares.
    rule : str
        "krum", "mixed-krum" or "clipped-krum", as for `KrumProgram`.
    security : str
        "active", as players on several hosts have it, or "semi-honest", which is faster.
    engine : str
        Whose players: "embedded", or "scale-mamba" or "mp-spdz" where every host has an
        installation and a key for it (``fl-krum key --engine``). These can leave nobody out.
    patience : float
        Seconds that a client may be later than n − f others, and that these have to begin with.
    deadline : float
        Seconds of a whole round, training included; after that its players are gone.
    limits : Limits, optional
        What the server insists on.
    **more
        As for `flwr.serverapp.strategy.FedAvg`: sampling, evaluation, keys of records.

    Attributes
    ----------
    rounds : list of SecureRound
        What became of each round.

    References
    ----------
    Blanchard et al., NeurIPS 2017.
    """

    def __init__(
        self,
        roster=None,
        key=None,
        num_malicious_nodes: int = 0,
        num_nodes_to_select: int = 1,
        name: str = SERVER,
        stays: Iterable[str] = (),
        scale: float = SCALE,
        threshold: int | None = None,
        rule: str = "krum",
        security: str = "active",
        engine: str = EMBEDDED,
        patience: float = 60.0,
        deadline: float = 600.0,
        limits: Limits | None = None,
        fixed_point: FixedPoint | None = None,
        **more,
    ):
        super().__init__(**more)
        self._roster = Roster.read(roster) if roster is not None else None
        self._key = key
        if roster is not None and key is None:
            raise ValueError("with a roster comes the server's private key: key=FILE")
        self._f, self._m, self._name = num_malicious_nodes, num_nodes_to_select, name
        self._stays, self._scale, self._threshold = tuple(stays), float(scale), threshold
        self._rule, self._security, self._engine = rule, security, engine
        self._patience, self._deadline = patience, deadline
        self._limits, self._fixed_point = limits or Limits(), fixed_point or FixedPoint()
        self._session = uuid.uuid4().hex
        self._nodes: Nodes | None = None
        self._keys: ThrowAwayKeys | None = None
        self._forks = Forks(None)
        self._simulated: SimulatedPlayers | None = None
        self._running: _Running | None = None
        self._gone: set[str] = set()
        self.rounds: list[SecureRound] = []

    def summary(self) -> None:
        where = self._roster.digest[:16] + "…" if self._roster else "throw-away keys (simulation)"
        log(INFO, "\t├──> SecureKrum: f = %d, m = %d, roster %s", self._f, self._m, where)
        super().summary()

    def start(self, grid: Grid, initial_arrays: ArrayRecord, *arguments, **options):
        """As `flwr.serverapp.strategy.Strategy.start`; a round ends with its players.

        Where no round has a result, the arrays are the initial ones.
        """
        self._forks = Forks(launching.fork_server_command())
        try:
            watched = PatientGrid(grid, self._watches, self._await)
            result = super().start(watched, initial_arrays, *arguments, **options)
            result.arrays = result.arrays or initial_arrays
            return result
        finally:
            self._stop()
            if self._simulated is not None:
                self._simulated.close()
            self._forks.close()
            if self._keys is not None:
                self._keys.close()

    # --- before a round --------------------------------------------------------------------------

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Propose a round to the clients that Flower samples."""
        try:
            sampled = list(super().configure_train(server_round, arrays, config, grid))
            nodes = [message.metadata.dst_node_id for message in sampled]
            roster, key = self._identity(grid)
            folder = str(self._keys.folder) if self._keys else ""
            if self._nodes is None:
                self._nodes = Nodes(roster, folder, self._construct_messages)
            known = self._nodes.identify(grid, nodes, self._patience)
        except LinkError as error:
            self._note(SecureRound(server_round, error=str(error)))
            return []
        model = {name: array.numpy() for name, array in arrays.items()}
        layout = Layout.of(model, self._stays)
        agreement = self._propose(server_round, tuple(known.values()), layout)
        if agreement is None:
            return []
        plan = Plan(
            agreement, roster.digest, self._scale, self._stays, self._patience, self._deadline,
            folder,
        )  # fmt: skip

        def make(patience, deadline, absent=()):
            return HostPlayer(
                roster, self._name, key, agreement, self._limits, patience, deadline,
                say=lambda line: log(INFO, "\t%s", line), start=self._forks,
                absent=absent,
            )  # fmt: skip

        make(self._patience, self._deadline)  # a ValueError is raised before anybody is asked
        self._running = _Running(agreement, layout, model, make, known)
        record = RecordDict(
            {
                self.arrayrecord_key: arrays,
                self.configrecord_key: config,
                KEY: ConfigRecord(plan.as_config()),
            }
        )
        return self._construct_messages(record, list(known), MessageType.TRAIN)

    def _identity(self, grid) -> tuple[Roster, object]:
        if self._roster is not None:
            return self._roster, self._key
        if self._keys is None:
            self._keys = ThrowAwayKeys(len(list(grid.get_node_ids())), self._engine)
            roster = self._keys.roster
            self._simulated = SimulatedPlayers(self._keys.folder, roster, self._forks)
        return self._keys.roster, self._keys.key(SERVER)

    def _propose(self, number: int, names, layout: Layout) -> Agreement | None:
        n = len(names)
        f = min(self._f, (n - 3) // 2)
        if n < 3:
            self._note(SecureRound(number, error=f"there are {n} clients, and Krum takes three"))
            return None
        if f < self._f:
            log(WARNING, "\tSecureKrum: with %d clients, f = %d in place of %d", n, f, self._f)
        try:
            return Agreement(
                parties=(self._name, *names),
                f=f,
                d=layout.size,
                average=min(self._m, n - f),
                rule=self._rule,
                threshold=(n - 1) // 2 if self._threshold is None else self._threshold,
                fixed_point=self._fixed_point,
                session=self._session,
                round=number,
                security=self._security,
                engine=self._engine,
            )
        except ValueError as error:
            self._note(SecureRound(number, error=str(error)))
            return None

    # --- while it runs ---------------------------------------------------------------------------

    def _watches(self, messages: list[Message]) -> bool:
        return self._running is not None and KEY in messages[0].content.config_records

    def _await(self, grid: Grid, messages: list[Message]) -> list[Message]:
        """Replies of a round that is under way, until the server's player has ended."""
        running = self._running
        assert running is not None, "configure_train has begun it"
        replies: list[Message] = []
        try:
            pushed = set(grid.push_messages(messages))  # none where the messages are too large
        except LinkError as error:
            running.lost = str(error)
            return replies
        asked = {
            one.metadata.message_id: running.names[one.metadata.dst_node_id] for one in messages
        }
        waiting = {one: name for one, name in asked.items() if one in pushed}
        if not waiting:
            running.lost = "the SuperLink has taken no message"
            return replies
        running.failed += [name for one, name in asked.items() if one not in pushed]
        trained, until = 0, running.began + self._deadline
        while time.monotonic() < until and (waiting or not running.ended):
            for reply in grid.pull_messages(set(waiting)):
                name = waiting.pop(reply.metadata.reply_to_message_id)
                replies.append(reply)
                if reply.has_error():
                    running.failed.append(name)
                else:
                    trained += 1
            if running.hopeless:
                break
            if running.player is None:
                f = running.agreement.f if self._engine == EMBEDDED else 0
                enough = trained >= len(messages) - f
                if not waiting or enough or running.seconds > self._patience:
                    running.start(self._patience, until - time.monotonic())
            elif running.waits_in_vain:  # until it is connected, another one may take its place
                running.start(self._patience, until - time.monotonic())
            if running.ended:
                until = min(until, time.monotonic() + _LAST_REPLIES)
            running.wait(_POLL if self._keys else _POLL_LINK)
        else:  # they were waited for
            running.silent = tuple(waiting.values())
        return replies

    # --- after it --------------------------------------------------------------------------------

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Take the players' result for the new model; (None, metrics) keeps the old one."""
        good, _ = self._check_and_log_replies(list(replies), is_train=False, validate=False)
        running, self._running = self._running, None
        if running is None:
            return None, None
        arrays = self._finish(server_round, running)
        metrics = None
        contents = [reply.content for reply in good if reply.content.metric_records]
        if contents:
            metrics = self.train_metrics_aggr_fn(contents, self.weighted_by_key)
        last = self.rounds[-1]
        numbers = {
            "secure-clients": len(last.clients),
            "secure-missing": len(last.missing),
            "secure-excluded": len(last.excluded),
            "secure-back": len(last.back),
            "secure-seconds": last.seconds,
        }
        return arrays, MetricRecord({**(metrics or {}), **numbers})

    def _finish(self, number: int, running: _Running) -> ArrayRecord | None:
        arrays, found = None, SecureRound(number)
        agreement, player = running.agreement, running.player
        try:
            if running.lost:
                raise HostError(running.lost)
            if running.hopeless:
                failed = ", ".join(running.failed)
                raise HostError(
                    f"{failed} failed, and {agreement.engine} players cannot do without",
                    tuple(running.failed),
                )
            if player is None:
                raise HostError(f"no client has trained within {self._deadline:g} s")
            vector = player.result()
            moved = running.layout.moved(running.model, np.asarray(vector) / self._scale)
            arrays = ArrayRecord({name: Array(array) for name, array in moved.items()})
        except HostError as error:
            found.error, found.missing = str(error), error.missing
            if running.silent and agreement.engine != EMBEDDED:  # its players do not know who
                found.missing = tuple(dict.fromkeys((*found.missing, *running.silent)))
                found.error += f"; no reply of {', '.join(running.silent)}"
        finally:
            running.stop()
        if player is not None:
            found.missing = tuple(dict.fromkeys((*player.missing, *found.missing)))
            found.excluded = player.excluded
        names = agreement.parties[1:]
        found.clients = tuple(one for one in names if one not in found.missing)
        found.back = tuple(one for one in found.clients if one in self._gone)
        self._gone = self._gone.difference(found.clients).union(found.missing)
        found.seconds = running.seconds
        self._note(found)
        return arrays

    def _note(self, one: SecureRound) -> None:
        self.rounds.append(one)
        if one.error:
            log(WARNING, "\tSecureKrum: round %d gives nothing: %s", one.number, one.error)
        else:
            log(INFO, "\tSecureKrum: round %d, %.1f s", one.number, one.seconds)
        for what, names in (
            ("missing", one.missing),
            ("excluded", one.excluded),
            ("back", one.back),
        ):
            if names:
                log(
                    INFO if what == "back" else WARNING,
                    "\tSecureKrum: %s: %s",
                    what,
                    ", ".join(names),
                )

    def _stop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.stop()
