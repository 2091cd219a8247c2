"""Nearest-neighbour mixing, then Krum: what is chosen is a mean of neighbours, no single vector.

Where the clients' data differ, Krum wastes most of them: it hands on one client's vector. Mixing
replaces each vector by the mean of its n - f nearest ones, itself among them. The mixtures differ
less than the vectors did, and are closer to the honest mean, which is what a rule that chooses one
of them needs.

Source: Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, "Fixing by Mixing: A Recipe for
Optimal Byzantine ML under Heterogeneity", AISTATS 2023, Algorithm 2 (NNM).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from .distances import (
    check_all_but,
    check_comparable,
    check_finite,
    check_vectors,
    squared_distances,
)
from .krum import nearest, score, without_excluded
from .parameters import check_parameters


def mix(X: ArrayLike, f: int) -> np.ndarray:
    """Return the mean of each vector's n - f nearest ones, itself among them: shape (n, d).

    Ties and errors are those of `mixed_krum`.
    """
    X = check_vectors(X)
    check_parameters(len(X), f)
    mixed_with = _neighbourhoods(squared_distances(X), len(X) - f)
    return mixed_with @ X.astype(np.float64) / (len(X) - f)


def mixed_krum(
    X: ArrayLike, f: int, m: int | None = None, excluded: Iterable[int] = ()
) -> np.ndarray:
    """Mix each vector with its nearest ones, then average the m mixtures with the smallest scores.

    A vector is mixed with itself first, then with its n - f - 1 nearest others; of equally near
    ones, those with the smallest index. The scores are Krum's, of the mixtures. Even with m = 1 the
    result is a mean of n - f vectors.

    Parameters
    ----------
    X, f
        As for `krum`.
    m : int, optional
        How many mixtures to average, 1 <= m <= n - f; by default n - f.
    excluded : iterable of int
        Rows known to be Byzantine, at most f: mixed with nobody, and never chosen.

    Returns
    -------
    ndarray of float64, shape (d,)

    Raises
    ------
    ValueError
        As `multi_krum`.
    """
    X, excluded = check_all_but(X, excluded)
    weights = mixed_krum_weights(X, f, m, excluded)
    return check_finite(weights @ X.astype(np.float64) / weights.sum())


def mixed_krum_weights(X, f: int, m: int | None = None, excluded: Iterable[int] = ()) -> np.ndarray:
    """Return in how many of the m chosen mixtures each vector is: integers, shape (n,).

    Their sum is m (n - f), and `mixed_krum` is the mean of the vectors with these weights.
    Parameters and errors are those of `mixed_krum`.
    """
    vectors, kept, m = without_excluded(X, f, m, excluded)
    n = len(X)
    distances = squared_distances(vectors)
    mixed_with = _neighbourhoods(distances, n - f)
    scores = score(_mixed_distances(vectors, distances, mixed_with), n - f - 2)[1]
    check_comparable(None, scores, m)  # mixtures may well be equal where the vectors are not
    chosen = np.argsort(scores, kind="stable")[:m]
    check_comparable(None, np.sort(distances[chosen], axis=1)[:, n - f - 1], m)
    weights = np.zeros(n, np.int64)
    weights[kept] = mixed_with[chosen].sum(axis=0)
    return weights


def _neighbourhoods(distances, count) -> np.ndarray:
    """1 where row i is mixed with j, else 0: with itself, and with its count - 1 nearest others."""
    mixed_with = np.eye(len(distances), dtype=np.int64)
    np.put_along_axis(mixed_with, nearest(distances, count - 1), 1, axis=1)
    return mixed_with


def _mixed_distances(X, distances, mixed_with) -> np.ndarray:
    """Squared distances between the mixtures, up to a common factor; exact for integers.

    The difference of two mixtures is a sum of c_k w_k with c_1 + ... + c_n = 0, and the square of
    its length is - sum_kl c_k c_l |w_k - w_l|^2 / 2: the distances of the vectors suffice, however
    long these are.
    """
    if distances.dtype != object:  # real vectors lose no digits in their mixtures themselves
        return squared_distances(mixed_with @ X / mixed_with[0].sum())
    products = mixed_with @ distances @ mixed_with.T
    own = np.diag(products)
    return 2 * products - own[:, None] - own
