"""Krum in the clear, side by side: `fl_krum.krum`, Flower's and ByzFL's, on the same vectors.

All in this process, on float64. Flower's and ByzFL's are called as their users would, with what
they import done before. ByzFL counts n - f - 1 neighbours where the paper and the other two count
n - f - 2, so it may choose otherwise; that is told, not hidden.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.cases import Unavailable
from fl_krum import krum

N, F, D = 50, 12, 10**5


@dataclass(frozen=True)
class PlainSample:
    """Seconds of one call, and whether it chose the vector that `fl_krum.krum` chooses."""

    seconds: float
    same_choice: bool


def ours() -> Callable:
    return lambda X, f: krum(X, f).vector


def flower() -> Callable:
    """Flower's aggregate_krum; a client's result is a list of layers and a number of examples."""
    try:
        from flwr.server.strategy.aggregate import aggregate_krum
    except ImportError:
        raise Unavailable("flwr is not installed (pip install flwr)") from None
    return lambda X, f: aggregate_krum([([row], 1) for row in X], f, 0)[0]


def byzfl() -> Callable:
    """ByzFL's Krum on a NumPy array."""
    try:
        from byzfl import Krum
    except ImportError:
        raise Unavailable("byzfl is not installed (pip install byzfl)") from None
    return lambda X, f: Krum(f)(X)


RULES = {"fl_krum": ours, "flower": flower, "byzfl": byzfl}


def measure(rule: Callable, X: np.ndarray, f: int, expected: np.ndarray) -> PlainSample:
    begin = time.perf_counter()
    chosen = rule(X, f)
    seconds = time.perf_counter() - begin
    return PlainSample(seconds, np.array_equal(chosen, expected))


def updates(n: int = N, d: int = D, seed: int = 0) -> np.ndarray:
    """Standard normal vectors, some of them nearer to all the others: the choice is not a tie."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) * np.linspace(0.9, 1.1, n)[:, np.newaxis]
