"""Exercises of notebook 2, Krum in the clear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...aggregators.distances import squared_distances
from ...aggregators.krum import krum, krum_scores
from ..toy_vectors import example_vectors
from .exercise import Wrong, compare, exercise, numbers

# n = 5, f = 1 and n = 7, f = 2, in integers: the scores were confirmed with Flower 1.20.
_V1 = np.array([[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]])
_V2 = np.array(
    [
        [0, 2, 0, 0, -2],
        [0, 2, -4, -4, 2],
        [-1, 3, -4, 4, -3],
        [-1, 4, -4, 1, 2],
        [-1, -4, 0, -1, 3],
        [7, -6, -18, 4, -9],
        [8, 15, -6, 17, 1],
    ]
)
#: How far from the honest mean the vectors of `check_attack` must get.
ATTACK_DISTANCE = 1.2


@exercise(
    "largest_f(n)",
    praise="Right for every n from 3 to 29.",
    hints=("2f + 2 < n means 2f + 2 <= n - 1. Solve for f, and round down: `//`.",),
    mistakes={
        "2f + 2 = n is not enough: the sign is <, not <=.": lambda n: (n - 2) // 2,
        "That is the limit of an honest majority. Krum needs two more: 2f + 2 < n.": (
            lambda n: (n - 1) // 2
        ),
        "That is half of all clients. Krum tolerates fewer: 2f + 2 < n.": lambda n: n // 2,
        "n / 3 is the limit of other protocols; Krum's condition is 2f + 2 < n.": (
            lambda n: (n - 1) // 3
        ),
    },
)
def check_largest_f(largest_f: Callable) -> None:
    """Check ``largest_f(n)``: the most Byzantine clients that Krum tolerates among n."""
    sizes = range(3, 30)
    given = [numbers(largest_f(n), ()) for n in sizes]
    for n, f in zip(sizes, given, strict=True):
        if f != int(f):
            raise Wrong(f"For n = {n} you say {f:g}: a number of clients is an integer.")
        if 2 * f + 2 >= n:
            raise Wrong(
                f"For n = {n} you say {f:g}, but then 2f + 2 = {2 * f + 2:g} is not below {n}."
            )
        if 2 * (f + 1) + 2 < n:
            raise Wrong(
                f"For n = {n} you say {f:g}, but {f + 1:g} would do: 2f + 2 = {2 * f + 4:g} < {n}."
            )


def _sorted(X) -> np.ndarray:
    """Squared distances of each client, smallest first; place 0 is the client itself."""
    return np.sort(squared_distances(X).astype(np.float64), axis=1)


@exercise(
    "scores(X, f)",
    praise="Right: these are the scores as the paper defines them.",
    hints=(
        "Three steps: all squared distances, an (n, n) array; sort each row; sum a part of it.",
        "In a sorted row place 0 is the client itself, so its n - f - 2 nearest others are the "
        "places 1 to n - f - 2: [:, 1 : n - f - 1].",
    ),
    mistakes={
        "These are sums of distances. Krum sums squared distances.": lambda X, f: np.sqrt(
            _sorted(X)[:, 1 : len(X) - f - 1]
        ).sum(axis=1),
        "One neighbour too many: n - f - 1 instead of n - f - 2.": lambda X, f: _sorted(X)[
            :, : len(X) - f
        ].sum(axis=1),
        "One neighbour too few: do you count the client itself, at distance 0?": lambda X, f: (
            _sorted(X)[:, : len(X) - f - 2].sum(axis=1)
        ),
        "Two neighbours too many: n - f instead of n - f - 2.": lambda X, f: _sorted(X)[
            :, : len(X) - f + 1
        ].sum(axis=1),
        "These are sums over all others. Take the n - f - 2 nearest.": lambda X, f: _sorted(X).sum(
            axis=1
        ),
        "These are means. Krum takes sums.": lambda X, f: _sorted(X)[:, 1 : len(X) - f - 1].mean(
            axis=1
        ),
        "You took the farthest others. Take the nearest.": lambda X, f: _sorted(X)[
            :, -(len(X) - f - 2) :
        ].sum(axis=1),
        "You took the others in their order, not the nearest: sort each row first.": lambda X, f: (
            squared_distances(X).astype(np.float64)[:, 1 : len(X) - f - 1].sum(axis=1)
        ),
        "You sorted the columns, not the rows: a client's distances are a row, axis=1.": (
            lambda X, f: np.sort(squared_distances(X).astype(np.float64), axis=0)[
                :, 1 : len(X) - f - 1
            ].sum(axis=1)
        ),
    },
)
def check_scores(scores: Callable) -> None:
    """Check ``scores(X, f)``: the Krum scores of the rows of X."""
    compare(scores, krum_scores, [(_V1, 1), (_V2, 2)])


@exercise(
    "forge(honest)",
    praise="Well forged: Krum chooses your vector. Inside the spread, Krum is blind.",
    hints=(
        "Your two vectors are each other's neighbours. What does it cost them if they are equal?",
        "Stand between the honest vectors and the old global model, which is at (0, 0).",
    ),
)
def check_attack(forge: Callable) -> None:
    """Check ``forge(honest)``: two vectors, of which Krum chooses one although it is far off."""
    honest = example_vectors(7, 2, 2, "none")[0][:5]
    forged = numbers(forge(honest), (2, 2))
    result = krum(np.vstack([honest, forged]), f=2)
    if result.index < 5:
        own, best = result.scores[5:].min(), result.scores.min()
        raise Wrong(
            f"Krum chooses client {result.index + 1}, an honest one: your best score is {own:.3g}, "
            f"the smallest is {best:.3g}."
        )
    distance = np.linalg.norm(result.vector - honest.mean(axis=0))
    if distance < ATTACK_DISTANCE:
        raise Wrong(
            f"Krum chooses your vector, but it is only {distance:.2f} away from the honest mean. "
            f"Get at least {ATTACK_DISTANCE} away."
        )
