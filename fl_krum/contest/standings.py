"""Who is first, and by what: the places of a tournament.

A rule is as good as the accuracy that it keeps, on average over all attacks; an attack as good as
the accuracy that it leaves, on average over all rules. A match in which somebody fails is lost by
whoever failed: a failing rule keeps 0 there, which counts for the attack; a failing attack has done
nothing, and the match does not count for the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .tournament import NO_ATTACK, Tournament


@dataclass(frozen=True)
class Place:
    """One side in the ranking.

    Attributes
    ----------
    rank : int
        From 1 on; equal means share a rank.
    name : str
    ours : bool
    mean : float
        Accuracy, 0 … 1.
    extreme : float
        A rule's worst accuracy, or the lowest that an attack leaves.
    against : str
        In the match with whom.
    failures : tuple of str
        One line for each match that it lost by failing.
    """

    rank: int
    name: str
    ours: bool
    mean: float
    extreme: float
    against: str
    failures: tuple[str, ...]


def accuracies(tournament: Tournament) -> np.ndarray:
    """Mean accuracy over the seeds, shape (rules, attacks).

    0 where the rule failed, nan where the attack did.
    """
    table = np.empty((len(tournament.rules), len(tournament.attacks)))
    for i, rule in enumerate(tournament.rules):
        for j, attack in enumerate(tournament.attacks):
            outcome = tournament.outcomes[rule, attack]
            if outcome.failed is None:
                table[i, j] = np.mean(outcome.accuracy)
            else:
                table[i, j] = 0.0 if outcome.failed.name == rule else np.nan
    return table


def rules_ranked(tournament: Tournament) -> list[Place]:
    """The rules, best first."""
    table = accuracies(tournament)
    rows = [
        _row(name, table[i], tournament.attacks, _failures(tournament, name))
        for i, name in enumerate(tournament.rules)
    ]
    return _ranked(rows, best=-1)


def attacks_ranked(tournament: Tournament) -> list[Place]:
    """The attacks, best first: the one that leaves least. "none" is no attack, and not ranked."""
    table = accuracies(tournament)
    harmless = table[:, tournament.attacks.index(NO_ATTACK)]
    rows = [
        _row(
            name,
            np.where(np.isnan(table[:, j]), harmless, table[:, j]),
            tournament.rules,
            _failures(tournament, name),
        )
        for j, name in enumerate(tournament.attacks)
        if name != NO_ATTACK
    ]
    return _ranked(rows, best=1)


def as_json(tournament: Tournament) -> dict[str, Any]:
    """All of it, ready for JSON; with the seeds, which need not be hidden any more."""
    setting = tournament.setting
    return {
        "clients": setting.clients, "byzantine": setting.byzantine, "rounds": setting.rounds,
        "seeds": list(setting.seeds), "seconds": setting.limits.seconds,
        "memory": setting.limits.memory,
        "rules": [vars(place) for place in rules_ranked(tournament)],
        "attacks": [vars(place) for place in attacks_ranked(tournament)],
        "matches": [
            {"rule": rule, "attack": attack, "accuracy": list(outcome.accuracy),
             "failed": str(outcome.failed) if outcome.failed else None}
            for (rule, attack), outcome in sorted(tournament.outcomes.items())
        ],
        "out": [{"name": one.name, "reason": one.reason} for one in tournament.out],
    }  # fmt: skip


def _row(name, values, opponents, failures) -> dict[str, Any]:
    worst = int(np.nanargmin(values))
    return dict(
        name=name, ours=not name.endswith(".py"), mean=float(np.nanmean(values)),
        extreme=float(values[worst]), against=opponents[worst], failures=failures,
    )  # fmt: skip


def _failures(tournament: Tournament, name: str) -> tuple[str, ...]:
    return tuple(
        f"against {other}: {outcome.failed.reason}"
        for pair, outcome in sorted(tournament.outcomes.items())
        if name in pair and outcome.failed and outcome.failed.name == name
        for other in [pair[pair[0] == name]]
    )


def _ranked(rows: list[dict], best: int) -> list[Place]:
    rows.sort(key=lambda row: (best * row["mean"], row["name"]))
    places: list[Place] = []
    for number, row in enumerate(rows, 1):
        equal = bool(places) and places[-1].mean == row["mean"]
        places.append(Place(rank=places[-1].rank if equal else number, **row))
    return places
