"""One unit of an experiment: a session for each rule, on the same data, under the same attack."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any

import numpy as np

from ..aggregators.krum import krum
from ..federation.attacks import ATTACKS
from ..federation.session import FederatedSession
from ..players.local_players import LocalPlayers
from ..program.krum_program import KrumProgram
from .experiment import ALONGSIDE, BASELINES, SECURE, Choice, Experiment, Unit

#: Columns of a row: one row a run.
COLUMNS = (
    "rule", "partition", "attack", "byzantine", "seed", "accuracy", "seconds", "equal", "error",
)  # fmt: skip


def run_unit(
    experiment: Experiment,
    unit: Unit,
    labels: Collection[str],
    players: PlayersOfSeveralRuns | None = None,
) -> list[dict[str, Any]]:
    """Run the rules of these labels.

    What several rows have in common is computed once: the session that trains what records
    compare with tells "alone", "pooled" and the plain mean.

    Parameters
    ----------
    experiment : Experiment
    unit : Unit
    labels : collection of str
    players : PlayersOfSeveralRuns, optional
        Who computes what players can; by default that is computed in the clear.

    Returns
    -------
    list of dict
        A row with `COLUMNS` for each: ``accuracy`` after the last round, mean ``seconds`` of one
        aggregation, whether all were ``equal`` to Krum in the clear (None: no such rule). A run
        that fails has no accuracy but an ``error``, and the others go on.
    """
    rules = [rule for rule in experiment.rules if rule.label in labels]
    beside = {rule.label: field for rule in rules if (field := _beside(rule, unit))}
    rows: dict[str, dict[str, Any]] = {}
    compared = None
    for rule in rules:
        if rule.label in beside:
            continue
        try:
            records = _run(experiment, unit, rule, players, bool(beside) and compared is None)
        except Exception as error:  # whatever one rule does, the others are not lost
            rows[rule.label] = {"error": " ".join(str(error).split()) or type(error).__name__}
            continue
        if beside and compared is None:
            compared = records[-1]
        equal = [record.matches_plaintext for record in records]
        rows[rule.label] = {
            "accuracy": records[-1].accuracy,
            "seconds": float(np.mean([record.seconds for record in records])),
            "equal": None if None in equal else all(equal),
        }
    if beside and compared is None:
        compared = FederatedSession(**experiment.arguments(unit), aggregate=krum).run()[-1]
    for label, field in beside.items():
        rows[label] = {"accuracy": getattr(compared, field)}
    partition, attack, byzantine, seed = unit.key()
    return [
        dict.fromkeys(COLUMNS)
        | {"rule": rule.label, "partition": partition, "attack": attack}
        | {"byzantine": byzantine, "seed": seed}
        | rows[rule.label]
        for rule in rules
    ]


class PlayersOfSeveralRuns:
    """Real players, started once for each size of a program, that serve many sessions.

    Parameters
    ----------
    engine : str
        As for `LocalPlayers`.
    rounds : int
        How many rounds they may have to serve, all sessions together.
    """

    def __init__(self, engine: str, rounds: int):
        self._engine, self._rounds = engine, rounds
        self._started: dict[tuple, LocalPlayers] = {}

    def __enter__(self) -> PlayersOfSeveralRuns:
        return self

    def __exit__(self, *_) -> None:
        for players in self._started.values():
            players.stop()

    def get(self, n: int, f: int, d: int, **program) -> LocalPlayers:
        """Running players of such a program; `program` has its other parameters."""
        size = (n, f, d, *sorted(program.items()))
        if size not in self._started:
            players = LocalPlayers(KrumProgram(n, f, d, self._rounds, **program), self._engine)
            players.start()
            self._started[size] = players
        return self._started[size]

    def forget(self, players: LocalPlayers) -> None:
        """End players that have failed; others are started when they are asked for again."""
        players.stop()
        for size in [size for size, known in self._started.items() if known is players]:
            del self._started[size]


def _beside(rule: Choice, unit: Unit) -> str | None:
    """The field of a `RoundRecord` that has it; None for a rule with a session of its own."""
    attack = ATTACKS.get(unit.attack.name)
    knows_rule = attack is not None and attack.knows_rule  # it would know Krum, not the mean
    fields = BASELINES if knows_rule else {**BASELINES, **ALONGSIDE}
    return fields.get(rule.name) if rule.function is None else None


def _run(experiment: Experiment, unit: Unit, rule: Choice, players, compare: bool):
    """All records of one session."""
    arguments = experiment.arguments(unit) | {"compare": compare}
    function = experiment.rule(rule, unit.byzantine)
    if players is None or rule.name not in SECURE or rule.function is not None:
        return FederatedSession(**arguments, aggregate=function).run()
    n, f = experiment.session["clients"], unit.byzantine
    average = 1 if rule.name == "krum" else experiment.keywords(rule, f).get("m", n - f)
    clear = FederatedSession(**arguments)
    secure = players.get(
        n, f, len(clear.start),
        average=average, rule=SECURE[rule.name], fixed_point=clear.fixed_point,
    )  # fmt: skip
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(players.forget, secure)
        records = FederatedSession(**arguments, aggregate=secure).run()
        on_failure.pop_all()
    return records
