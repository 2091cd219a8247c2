"""What is measured: sizes, made-up updates, and the form of one measurement.

Updates are random, since the time does not depend on the values: the players compute the same
things whatever they are given.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from fl_krum import KrumProgram, krum
from fl_krum.aggregators.parameters import largest_f


@dataclass(frozen=True)
class Case:
    """One size: n clients, the largest possible f of them Byzantine, vectors of d words, and a
    threshold, by default the largest."""

    n: int
    d: int
    threshold: int | None = None

    @property
    def f(self) -> int:
        """The largest f with 2f + 2 < n."""
        return largest_f(self.n)

    def program(self, rounds: int = 1) -> KrumProgram:
        return KrumProgram(n=self.n, f=self.f, d=self.d, rounds=rounds, threshold=self.threshold)

    def __str__(self) -> str:
        threshold = "" if self.threshold is None else f" t={self.threshold}"
        return f"n={self.n} f={self.f} d={self.d}{threshold}"


ALL = (Case(7, 5), Case(7, 1000), Case(7, 10**5), Case(7, 10**6), Case(15, 1000), Case(30, 100))
QUICK = ALL[:2]


def choose(d=None, n=None, quick=False) -> tuple[Case, ...]:
    """The cases for the command line's lists of d and n; either may be missing.

    Raises
    ------
    ValueError
        A size is out of its range; see `fl_krum.KrumProgram`.
    """
    if not d and not n:
        return QUICK if quick else ALL
    cases = tuple(Case(size, length) for size in n or [7] for length in d or [1000])
    for case in cases:
        case.program()
    return cases


@dataclass(frozen=True, eq=False)
class Task:
    """A case with its updates, and the result that every engine must give.

    Attributes
    ----------
    updates : ndarray of float64, shape (n, d)
    words : ndarray of int64, shape (n, d)
        The same as the players see them.
    chosen : int
        The row that Krum chooses.
    """

    case: Case
    updates: np.ndarray
    words: np.ndarray
    chosen: int


@functools.lru_cache(maxsize=1)
def make_task(case: Case, seed: int = 0) -> Task:
    """Updates of a case: standard normal values, so that all the clients lie about equally far."""
    updates = np.random.default_rng(seed).normal(size=(case.n, case.d))
    words = case.program().fixed_point.encode(updates).astype(np.int64)
    return Task(case, updates, words, krum(words, case.f).index)


@dataclass(frozen=True)
class Sample:
    """One measurement of one engine; None where it cannot be told.

    Attributes
    ----------
    with_start : float
        Seconds from a command to its result, players started and ended for it alone.
    running : float
        Seconds of one aggregation right after another, on players that are up.
    after_pause : float or None
        The same after a pause, in which clients would train and players can prepare.
    start : float or None
        Seconds until all players are connected.
    cpu_with_start, cpu_running : float or None
        CPU-seconds of all processes together.
    memory : float or None
        Peak memory of the largest player, in bytes.
    sent : float or None
        Bytes sent by all players together in one aggregation.
    rounds : int or None
        Rounds of communication of one aggregation.
    correct : bool
        Whether the result is that of Krum in the clear, exactly.
    """

    with_start: float
    running: float
    correct: bool
    after_pause: float | None = None
    start: float | None = None
    cpu_with_start: float | None = None
    cpu_running: float | None = None
    memory: float | None = None
    sent: float | None = None
    rounds: int | None = None


class Unavailable(Exception):
    """Something is not installed here; the message says what, and how to get it measured."""
