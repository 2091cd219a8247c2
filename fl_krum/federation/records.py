"""What one round brought, and the error of a round that could not be finished."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

_NOT_WRITTEN = ("updates", "alongside")


@dataclass(frozen=True)
class RoundRecord:
    """What one round brought; accuracies are those on the test part, 0 … 1.

    `chosen`, `averaged` and `byzantine_chosen` only a simulation can know. In a real federation
    nobody is told them, not even the server, which gets one vector and not whose it is. (The chosen
    client can tell: the new global model is what it sent.) They, `weights` and `accuracy_krum` are
    those of rules that players can compute; in a session with any other rule they are None.

    Attributes
    ----------
    round : int
        Counted from 1.
    accuracy : float
        Of the new global model.
    accuracy_mean : float or None
        Of a second global model, trained alongside from the same start and under the same attack,
        but aggregated with the plain mean. This one and the next three are None in a session that
        was told not to `compare`.
    accuracy_weighted : float or None
        As `accuracy_mean`, but with a mean in which each client counts as often as it has samples;
        the same where all have as many, to within one.
    accuracy_alone : float or None
        What honest clients reach without each other: their mean, when each goes on training a model
        of its own from the same start, with the same number of passes over its own samples, in the
        same order.
    accuracy_pooled : float or None
        What they would reach if the data could be put together: of one model, trained from the same
        start on the samples of all honest clients, each of which it has seen as often as the
        federation has. (In steps, that is as many as all honest clients together take.)
    accuracy_krum : float or None
        Of what the rule in the clear makes of this round's vectors: the same as `accuracy` when
        `matches_plaintext`.
    seconds : float
        Wall-clock time of the aggregation alone.
    matches_plaintext : bool or None
        Whether the new global model is, bit for bit, what the rule in the clear gives for the
        same fixed-point words; None when neither players nor `krum` have aggregated.
    vector : list of float, length d
        The new global model.
    chosen : int or None
        Row with the best score, counted from 0.
    averaged : tuple of int, or None
        Rows of which the new global model is the mean, best score first: `chosen` alone for Krum.
        Under "mixed-krum" and "clipped-krum" those that count at all, most first.
    byzantine_chosen : bool or None
        Whether one of these rows is a Byzantine client's.
    weights : tuple of float, length n, or None
        What share of the new global model each row is; they add up to 1.
    excluded : tuple of int
        Numbers (1 ... n) of the clients that failed the check of their input, and were left out.
    absent : tuple of int
        Numbers (1 ... n) of the clients that were missing, and were left out. When these are more
        than f, the round gave nothing, and the global model is that of the round before.
    updates : ndarray of float64, shape (n, d), or None
        What the clients sent, rounded to fixed point; None in a record that was read from a file.
    alongside : dict or None
        The models to compare with after this round, from which a session goes on: "mean" and
        "pooled", shape (d,), "alone", shape (honest clients, d), and "weighted", shape (d,), where
        clients have different numbers of samples. None without `compare`.
    """

    round: int
    accuracy: float
    accuracy_mean: float | None
    accuracy_weighted: float | None
    accuracy_alone: float | None
    accuracy_pooled: float | None
    accuracy_krum: float | None
    seconds: float
    matches_plaintext: bool | None
    vector: list[float]
    chosen: int | None
    averaged: tuple[int, ...] | None
    byzantine_chosen: bool | None
    weights: tuple[float, ...] | None
    excluded: tuple[int, ...]
    absent: tuple[int, ...] = ()
    updates: np.ndarray | None = field(default=None, repr=False, compare=False)
    alongside: dict[str, np.ndarray] | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The record as plain Python values, ready for `json.dumps`: all but the arrays."""
        names = [one.name for one in fields(self) if one.name not in _NOT_WRITTEN]
        return {name: plain(getattr(self, name)) for name in names}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> RoundRecord:
        """The record that `as_json` made this of."""
        names = [one.name for one in fields(cls) if one.name not in _NOT_WRITTEN]
        known = {name: values[name] for name in names if name in values or name != "absent"}
        known.setdefault("absent", ())
        for name in ("averaged", "weights", "excluded", "absent"):
            known[name] = None if known[name] is None else tuple(known[name])
        return cls(**known)


def plain(value):
    """The value as JSON has it: NumPy's numbers and arrays as Python's, NaN and infinities None."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class RoundError(ValueError):
    """A round could not be finished, because of what a client or a user's function gave.

    Whatever else ends a session (a player that fails, Ctrl-C, an error in a user's function) is
    raised as it is, and has the same two attributes.

    Attributes
    ----------
    round : int
        The round that was not finished, counted from 1.
    records : list of RoundRecord
        The rounds before it.
    """

    def __init__(self, message: str, round: int, records: list[RoundRecord]):
        super().__init__(message, round, records)  # all of them, so that it can be pickled
        self.round, self.records = round, records

    def __str__(self) -> str:
        return self.args[0]
