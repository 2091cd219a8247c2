"""Exercises of notebook 2, Krum in the clear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...aggregators.distances import squared_distances
from ...aggregators.krum import krum, krum_scores, multi_krum
from ...aggregators.rules import centred_clipping
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
ATTACK_DISTANCE = 1.6


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
    "fewest_honest(n, f)",
    praise="Right: n - 2f - 1, and because of 2f + 2 < n that is at least two.",
    hints=(
        "How many accomplices has a liar? It is no neighbour of itself.",
        "n - f - 2 neighbours, of whom at most f - 1 are liars.",
    ),
    mistakes={
        "You count f accomplices. A liar is no neighbour of itself: it has f - 1.": (
            lambda n, f: n - 2 * f - 2
        ),
        "That are all its neighbours. At most f - 1 of them are liars; take these away.": (
            lambda n, f: n - f - 2
        ),
        "That is how many of them may be liars. The others are honest.": lambda n, f: f - 1,
        "That are the honest others of an *honest* client.": lambda n, f: n - f - 1,
        "One too many: there are n - f - 2 neighbours, not n - f - 1.": lambda n, f: n - 2 * f,
        "You begin with all n - 1 others. A score counts n - f - 2 of them only.": (
            lambda n, f: n - 1 - (f - 1)
        ),
        "That is how few there are when n is as small as it may be. For larger n there are more.": (
            lambda n, f: 2
        ),
    },
)
def check_fewest_honest(fewest_honest: Callable) -> None:
    """Check ``fewest_honest(n, f)``: honest ones among a liar's neighbours, at the least."""
    cases = [(n, f) for n in range(5, 16) for f in range(1, (n - 3) // 2 + 1)]
    compare(fewest_honest, lambda n, f: n - 2 * f - 1, cases)


@exercise(
    "smallest(scores)",
    praise="Right, and of equal scores the first.",
    hints=(
        "np.argmin gives the place of the smallest, and the first one of several.",
        "In plain Python: min(range(len(scores)), key=lambda client: scores[client]).",
    ),
    mistakes={
        "That is the smallest score. Return its place, a row.": lambda scores: min(scores),
        "That is the client with the largest score.": lambda scores: int(np.argmax(scores)),
        "Of equal scores you take the last. Krum takes the first.": lambda scores: (
            len(scores) - 1 - int(np.argmin(scores[::-1]))
        ),
        "You count clients from 1. A row counts from 0.": lambda scores: int(np.argmin(scores)) + 1,
        "That are all rows in their order, the best first. Return the first one only.": (
            lambda scores: np.argsort(scores, kind="stable")
        ),
        "That is a score in the middle. Return the place of the smallest.": np.median,
    },
)
def check_smallest(smallest: Callable) -> None:
    """Check ``smallest(scores)``: the row that Krum chooses."""
    cases = [[8, 8, 8, 8, 228], [20, 18, 15, 30, 938], [9, 7, 12, 7, 9], [3, 5, 4], [6, 2, 2]]
    compare(smallest, lambda scores: int(np.argmin(scores)), [(np.array(case),) for case in cases])


def _best(X, f, m):
    """Return the m rows of X with the smallest scores."""
    return X[krum(X, f).ranking[:m]]


@exercise(
    "multi(X, f, m)",
    praise="Right: that is Multi-Krum. With m = 1 it is Krum, with m = n it would be the mean.",
    hints=(
        "krum_scores(X, f) gives the scores; np.argsort(…, kind='stable') the rows, best first.",
        "X[rows[:m]] are the m best vectors. Take their mean over axis 0.",
    ),
    mistakes={
        "That is the sum of the m best vectors. Take their mean.": lambda X, f, m: _best(
            X, f, m
        ).sum(axis=0),
        "These are the m *worst* scores: argsort begins with the smallest.": lambda X, f, m: X[
            krum(X, f).ranking[-m:]
        ].mean(axis=0),
        "You take the first m clients, in their order. Take those with the smallest scores.": (
            lambda X, f, m: X[:m].mean(axis=0)
        ),
        "That is Krum, the best vector alone. Take the mean of the m best.": lambda X, f, m: _best(
            X, f, 1
        )[0],
        "You always take n - f of them. Take m.": lambda X, f, m: _best(X, f, len(X) - f).mean(
            axis=0
        ),
        "That is the mean of all n.": lambda X, f, m: X.mean(axis=0),
        "That is the median of the m best. Take their mean.": lambda X, f, m: np.median(
            _best(X, f, m), axis=0
        ),
        "One too many: the m best are places 0 to m - 1 of the order.": lambda X, f, m: _best(
            X, f, m + 1
        ).mean(axis=0),
        "`.mean()` without an axis is one number, the mean of everything. Use axis=0.": (
            lambda X, f, m: _best(X, f, m).mean()
        ),
        "That is one number a client. You want one a coordinate: axis=0.": lambda X, f, m: _best(
            X, f, m
        ).mean(axis=1),
    },
)
def check_multi(multi: Callable) -> None:
    """Check ``multi(X, f, m)``: the mean of the m vectors with the smallest scores."""
    cases = [(_V1, 1, 3), (_V2, 2, 5), (_V2, 2, 2), (_V2, 1, 4)]
    compare(multi, lambda X, f, m: multi_krum(X, f, m), cases)


def _lengths(X, centre) -> np.ndarray:
    """How far each row lies from the centre, as a column."""
    return np.linalg.norm(X - centre, axis=1, keepdims=True)


def _clipped(X, centre, radius) -> np.ndarray:
    """The differences from the centre, none longer than the radius."""
    return (X - centre) * (radius / np.maximum(_lengths(X, centre), radius))


@exercise(
    "clip(X, centre, radius)",
    praise="Right: no vector moves the result by more than radius / n, wherever it lies.",
    hints=(
        "Three steps: the differences X - centre, the length of each row of them, and how much of "
        "each row is kept.",
        "Keep radius / length of a difference that is longer than the radius, and all of the "
        "others: radius / np.maximum(length, radius). Then take the mean, and add the centre.",
    ),
    mistakes={
        "That is the mean difference. Add the centre: it is where you begin.": (
            lambda X, centre, radius: _clipped(X, centre, radius).mean(axis=0)
        ),
        "You add the sum of the differences. Take their mean.": (
            lambda X, centre, radius: centre + _clipped(X, centre, radius).sum(axis=0)
        ),
        "These are the shortened vectors, a row for each client. Take their mean.": (
            lambda X, centre, radius: centre + _clipped(X, centre, radius)
        ),
        "A vector at the centre has the length 0, and 0 / 0 is nan. Divide by "
        "np.maximum(length, radius).": lambda X, centre, radius: (
            centre
            + ((X - centre) / _lengths(X, centre) * _lengths(X, centre).clip(max=radius)).mean(
                axis=0
            )
        ),
        "That is the mean of all vectors: nothing was shortened.": lambda X, centre, radius: X.mean(
            axis=0
        ),
        "You leave out the long ones. Shorten them: a rare client is to have its say.": (
            lambda X, centre, radius: X[_lengths(X, centre)[:, 0] <= radius].mean(axis=0)
        ),
        "The long ones count as 0 in your mean. Shorten them to the radius.": (
            lambda X, centre, radius: (
                centre + ((X - centre) * (_lengths(X, centre) <= radius)).mean(axis=0)
            )
        ),
        "You clip each coordinate by itself. What counts is the length of the whole difference.": (
            lambda X, centre, radius: centre + np.clip(X - centre, -radius, radius).mean(axis=0)
        ),
        "You shorten the vectors. It is their differences from the centre that are too long.": (
            lambda X, centre, radius: _clipped(X, 0, radius).mean(axis=0)
        ),
        "You make the short ones longer as well. They stay as they are.": (
            lambda X, centre, radius: (
                centre
                + ((X - centre) * radius / np.maximum(_lengths(X, centre), 1e-9)).mean(axis=0)
            )
        ),
        "You compare or divide by the squared length. Take its root.": lambda X, centre, radius: (
            centre
            + ((X - centre) * (radius / np.maximum(_lengths(X, centre) ** 2, radius))).mean(axis=0)
        ),
        "You clip the mean difference. By then a single liar has moved it: clip each one.": (
            lambda X, centre, radius: (
                centre + _clipped(X.mean(axis=0, keepdims=True), centre, radius)[0]
            )
        ),
        "You take lengths of columns. A client's difference is a row: axis=1.": (
            lambda X, centre, radius: centre + _clipped(X.T, centre[:, None], radius).mean(axis=1)
        ),
    },
)
def check_clip(clip: Callable) -> None:
    """Check ``clip(X, centre, radius)``: one step of centred clipping."""
    X, Y = _V1.astype(np.float64), _V2.astype(np.float64)
    cases = [(X, np.array([2.0, 1.0]), 3.0), (X, X[2], 2.5), (Y, Y[:5].mean(axis=0), 6.0)]
    compare(clip, centred_clipping, cases)


@exercise(
    "forge(honest)",
    praise="Well forged: Krum chooses your vector. Inside the spread, Krum is blind.",
    hints=(
        "Your two vectors are each other's neighbours. What does it cost them if they are equal?",
        "Let the program search: go away from honest.mean(axis=0) in small steps, both vectors at "
        "the same place, and ask krum(np.vstack([honest, sent, sent]), 2).index at each.",
    ),
    mistakes={
        "That is the honest mean, turned round. Krum sees it: it is far from everybody.": (
            lambda honest: np.tile(-honest.mean(axis=0), (2, 1))
        ),
        "That is the honest mean itself. Krum may like it, but it does no harm.": (
            lambda honest: np.tile(honest.mean(axis=0), (2, 1))
        ),
        "These are two honest vectors. They do no harm.": lambda honest: honest[:2],
        "That is the old global model. It is too far from the honest vectors; go half the way.": (
            lambda honest: np.zeros((2, 2))
        ),
    },
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
