"""Krum in the clear: the rule that the players compute inside SMPC, on plain arrays.

Krum chooses the one vector that lies closest to its n - f - 2 nearest others. The files around it
use it twice: as the aggregation rule of a session without SMPC, and as the reference that the
result of ``krum.mpc`` is compared with, bit for bit.

Assumes that at most f of the n vectors are Byzantine, with 2f + 2 < n, and nothing about what
these are. Distances are those of `fl_krum.aggregators.distances`: exact for integers, and for real
numbers accurate however far from the origin, or from each other, the vectors lie.

Source: Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with Adversaries: Byzantine
Tolerant Gradient Descent", NeurIPS 2017, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .distances import check_all_but, check_comparable, check_finite, squared_distances
from .parameters import check_average, check_excluded, check_parameters


@dataclass(frozen=True, eq=False)
class KrumResult:
    """What Krum chose, and every number on the way there.

    Indices are rows of X, from 0 (client i + 1 of the players). For integer input, distances and
    scores are object arrays of Python integers, exact whatever their size; otherwise float64.

    Attributes
    ----------
    index : int
        The row with the smallest score; of several, the one with the smallest index.
    vector : ndarray, shape (d,)
        A copy of that row, unchanged.
    scores : ndarray, shape (n,)
        Sum of the squared distances to the row's n - f - 2 nearest others.
    distances : ndarray, shape (n, n)
        Squared Euclidean distances; symmetric, with a diagonal of zeros.
    neighbours : ndarray of int, shape (n, n - f - 2)
        The nearest others of each row, nearest first; of equally near ones, the smallest index.
    """

    index: int
    vector: np.ndarray
    scores: np.ndarray
    distances: np.ndarray
    neighbours: np.ndarray

    @property
    def ranking(self) -> np.ndarray:
        """All rows, the smallest score first; of equal scores, the smallest index first."""
        return np.argsort(self.scores, kind="stable")


def krum(X: ArrayLike, f: int, excluded: Iterable[int] = ()) -> KrumResult:
    """Choose one of n vectors, of which up to f may be Byzantine.

    Parameters
    ----------
    X : array_like, shape (n, d)
        One client's vector a row, real or integer.
    f : int
        Byzantine clients to tolerate: f >= 0 and 2f + 2 < n.
    excluded : iterable of int
        Rows known to be Byzantine, at most f: infinitely far from everybody, and never chosen. What
        they hold does not matter.

    Returns
    -------
    KrumResult

    Raises
    ------
    ValueError
        f does not fit n, X is not a matrix of finite numbers, squared distances are too large or
        too small for float64 to compare, or the excluded rows are more than f, or none.

    Examples
    --------
    >>> result = krum([[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]], f=1)
    >>> result.index, result.vector.tolist(), result.scores.tolist()
    (2, [1, 2], [20, 18, 15, 30, 938])
    """
    X, excluded = check_all_but(X, excluded)
    check_parameters(len(X), f)
    distances = squared_distances(X)
    kept = check_excluded(len(X), f, excluded)
    if excluded := sorted({*range(len(X))} - {*kept}):
        distances[excluded], distances[:, excluded] = np.inf, np.inf
        distances[excluded, excluded] = 0
    neighbours, scores = score(distances, len(X) - f - 2)
    check_comparable(X, scores, 1)
    index = int(np.argmin(scores))  # the first of several minima
    return KrumResult(index, X[index].copy(), scores, distances, neighbours)


def krum_scores(X: ArrayLike, f: int) -> np.ndarray:
    """Return the scores of `krum` alone, shape (n,)."""
    return krum(X, f).scores


def multi_krum(
    X: ArrayLike, f: int, m: int | None = None, excluded: Iterable[int] = ()
) -> np.ndarray:
    """Average the m vectors with the smallest Krum scores (Multi-Krum, in the same paper).

    m = 1 is Krum. Sources differ on how far m may go. The paper lets it go up to n, which is the
    plain mean. Other programs stop at n - f - 2, as many as a score has neighbours. Here it is
    n - f, because that is where the protection ends: the m = n - f + 1 best always include a
    Byzantine vector, wherever it lies, and the n - f best need not include one that does harm. For
    each honest client has n - f - 1 honest others, so its score is at most (n - f - 2) D^2, D being
    the largest distance between honest vectors. The n - f best scores are no larger. So a Byzantine
    vector among them has at least n - 2f - 1 >= 2 honest neighbours, and lies within
    sqrt(n - f - 2) D of them. Equal scores go by index, the smaller first.
    (The first proof that Multi-Krum is robust: Bareilles, Bouaziz, Fageot, El Mhamdi, "Byzantine
    Machine Learning: MultiKrum and an optimal notion of robustness", 2026, arXiv:2602.03899.)

    Parameters
    ----------
    X, f, excluded
        As for `krum`.
    m : int, optional
        How many vectors to average, 1 <= m <= n - f; by default n - f.

    Returns
    -------
    ndarray of float64, shape (d,)

    Raises
    ------
    ValueError
        As `krum`, or m is out of range.
    """
    X, excluded = check_all_but(X, excluded)
    result, m = krum(X, f, excluded), check_average(len(X), f, m)
    check_comparable(X, result.scores, m)
    return check_finite(X[result.ranking[:m]].astype(np.float64).mean(axis=0))


def without_excluded(
    X: ArrayLike, f: int, m: int | None, excluded: Iterable[int]
) -> tuple[np.ndarray, list[int], int]:
    """The vectors that a rule of distances looks at, which rows of X these are, and its m.

    Parameters and errors are those of `multi_krum`.
    """
    X, excluded = check_all_but(X, excluded)
    check_parameters(len(X), f)
    kept = check_excluded(len(X), f, excluded)
    return X[kept], kept, check_average(len(X), f, m)


def score(distances: np.ndarray, near: int) -> tuple[np.ndarray, np.ndarray]:
    """Each row's `near` nearest others, as in `KrumResult`, and the sum of their distances."""
    neighbours = nearest(distances, near)
    return neighbours, np.take_along_axis(distances, neighbours, axis=1).sum(axis=1)


def nearest(distances: np.ndarray, count: int) -> np.ndarray:
    """Return each row's `count` nearest others, nearest first, ties by index: shape (n, count)."""
    n = len(distances)
    others = np.nonzero(~np.eye(n, dtype=bool))[1].reshape(n, n - 1)
    order = np.argsort(np.take_along_axis(distances, others, axis=1), axis=1, kind="stable")
    return np.take_along_axis(others, order[:, :count], axis=1)
