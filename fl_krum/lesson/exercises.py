"""Exercises of the notebooks: checks that say what is wrong with an answer, not only that it is.

Each check calls the reader's function and returns one line: "✓ …", or "✗ …" with the first thing
that is wrong. It never raises, whatever the function does: an exercise that is still empty, or full
of errors, must not stop a notebook.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from ..aggregators.distances import squared_distances
from ..aggregators.krum import krum, krum_scores
from .secret_ledger import Ledger, Secret
from .toy_vectors import example_vectors

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


def _check(function):
    """Turn the complaint of a check, or an error in the reader's code, into a line."""

    @functools.wraps(function)
    def run(answer) -> str:
        try:
            complaint = function(answer)
        except Exception as error:  # the reader's code may raise anything
            return f"✗ Your function stopped with {type(error).__name__}: {error}"
        return f"✗ {complaint}" if complaint else f"✓ {_PRAISE[function.__name__]}"

    return run


@_check
def check_lie(lie: Callable) -> str | None:
    """Check ``lie(others, target)``: what one client sends so that the mean becomes the target."""
    rng = np.random.default_rng(0)
    for n, d in ((7, 2), (2, 1), (20, 5)):
        others, target = rng.normal(size=(n - 1, d)), rng.normal(size=d)
        sent = lie(others.copy(), target.copy())
        if sent is None:
            return _EMPTY
        sent = np.asarray(sent, dtype=np.float64)
        if sent.shape != (d,):
            return f"With d = {d} you must send {d} numbers; your vector has shape {sent.shape}."
        reached = np.vstack([others, sent]).mean(axis=0)
        if not np.allclose(reached, target):
            missed = np.linalg.norm(reached - target)
            hint = " You sent the target itself, and the others outvoted you."
            hint = hint if n > 2 and np.allclose(sent, target) else ""
            return f"With n = {n} the mean misses the target by {missed:.2g}.{hint}"
    return None


@_check
def check_largest_f(largest_f: Callable) -> str | None:
    """Check ``largest_f(n)``: the most Byzantine clients that Krum tolerates among n."""
    for n in range(3, 30):
        f = largest_f(n)
        if f is None:
            return _EMPTY
        if isinstance(f, float) and f != int(f):
            return f"For n = {n} you say {f}: a number of clients is an integer."
        if 2 * f + 2 >= n:
            return f"For n = {n} you say {f}, but then 2f + 2 = {2 * f + 2:g} is not below {n}."
        if 2 * (f + 1) + 2 < n:
            return f"For n = {n} you say {f}, but {f + 1:g} would do: 2f + 2 = {2 * f + 4:g} < {n}."
    return None


@_check
def check_scores(scores: Callable) -> str | None:
    """Check ``scores(X, f)``: the Krum scores of the rows of X."""
    for X, f in ((_V1, 1), (_V2, 2)):
        given = scores(X.copy(), f)
        if given is None:
            return _EMPTY
        given, n = np.asarray(given, dtype=np.float64), len(X)
        if given.shape != (n,):
            return f"Give one score for each of the {n} clients; yours have shape {given.shape}."
        expected = krum_scores(X, f).astype(np.float64)
        if not np.allclose(given, expected):
            for mistake, wrong in _wrong_scores(X, f).items():
                if np.allclose(given, wrong):
                    return mistake
            client = int(np.argmin(np.isclose(given, expected)))
            return (
                f"With n = {n}, f = {f}, client {client + 1} should have {expected[client]:g}; "
                f"you have {given[client]:g}."
            )
    return None


def _wrong_scores(X, f) -> dict[str, np.ndarray]:
    """Scores as they come out of the mistakes that are often made."""
    squared = np.sort(squared_distances(X).astype(np.float64), axis=1)
    plain, count = np.sqrt(squared), len(X) - f - 2
    nearest = slice(1, count + 1)  # place 0 is the client itself
    return {
        "These are sums of distances. Krum sums squared distances.": plain[:, nearest].sum(axis=1),
        "One neighbour too many: n - f - 1 instead of n - f - 2.": squared[:, : count + 2].sum(1),
        "One neighbour too few: do you count the client itself, at distance 0?": squared[
            :, :count
        ].sum(axis=1),
        "These are sums over all others. Take the n - f - 2 nearest.": squared.sum(axis=1),
        "These are means. Krum takes sums.": squared[:, nearest].mean(axis=1),
        "You took the farthest others. Take the nearest.": squared[:, -count:].sum(axis=1),
    }


@_check
def check_attack(forge: Callable) -> str | None:
    """Check ``forge(honest)``: two vectors, of which Krum chooses one although it is far off."""
    honest = example_vectors(7, 2, 2, "none")[0][:5]
    forged = forge(honest.copy())
    if forged is None:
        return _EMPTY
    forged = np.asarray(forged, dtype=np.float64)
    if forged.shape != (2, 2):
        return f"Give two vectors of two numbers, shape (2, 2); yours have shape {forged.shape}."
    if not np.isfinite(forged).all():
        return "Your vectors must be finite numbers."
    result = krum(np.vstack([honest, forged]), f=2)
    if result.index < 5:
        own, best = result.scores[5:].min(), result.scores.min()
        return (
            f"Krum chooses client {result.index + 1}, an honest one: your best score is {own:.3g}, "
            f"the smallest is {best:.3g}."
        )
    distance = np.linalg.norm(result.vector - honest.mean(axis=0))
    if distance < ATTACK_DISTANCE:
        return (
            f"Krum chooses your vector, but it is only {distance:.2f} away from the honest mean. "
            f"Get at least {ATTACK_DISTANCE} away."
        )
    return None


@_check
def check_smaller(smaller: Callable) -> str | None:
    """Check ``smaller(a, b)``: the smaller one of two secrets, with nothing opened."""
    for numbers in ((3, 5), (5, 3), (4, 4), (-7, 2)):
        ledger = Ledger(open_branches=True)
        result = smaller(*ledger.secrets(numbers))
        if result is None:
            return _EMPTY
        if ledger.opened:
            return (
                f"For {numbers} you opened {ledger.opened}: everybody knows now which one is "
                "smaller. An `if`, `min` and `sorted` open bits, too."
            )
        if not isinstance(result, Secret):
            return f"For {numbers} you return {result!r}, which is not a secret."
        if (value := result.open()) != min(numbers):
            return f"For {numbers} the smaller one is {min(numbers)}; yours is {value}."
    return None


_EMPTY = "Your function returns nothing yet."
_PRAISE = {
    "check_lie": "Right: one client alone decides the mean.",
    "check_largest_f": "Right for every n from 3 to 29.",
    "check_scores": "Right: these are the scores as the paper defines them.",
    "check_attack": "Well forged: Krum chooses your vector. Inside the spread, Krum is blind.",
    "check_smaller": "Right, and nobody knows which one it is.",
}
