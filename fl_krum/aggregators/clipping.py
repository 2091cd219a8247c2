"""One step of centred clipping about the (Multi-)Krum mean: all vectors count, none of them much.

(Multi-)Krum leaves out clients whose data are rare together with those that lie. Clipping begins
at its result and moves by the mean difference of all vectors to it, none of which counts longer
than the radius, the median length: a Byzantine vector moves the result by radius / n at most,
wherever it lies.

Source: Karimireddy, He, Jaggi, "Learning from History for Byzantine Robust Optimization", ICML
2021, equation (CC). There the centre is the result of the round before, and the radius tuned by
hand; here both come from the vectors themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from .distances import check_all_but, check_comparable, check_finite, squared_distances
from .krum import score, without_excluded

#: Lengths are clipped to multiples of 1 / STEPS of themselves, from below; as in ``clipping.mpc``.
STEPS = 16


def clipped_krum(
    X: ArrayLike, f: int, m: int | None = None, excluded: Iterable[int] = ()
) -> np.ndarray:
    """Move from the mean c of the m vectors with the smallest scores by all clipped differences.

    The result is c + (1/n) sum_i l_i (w_i - c). The radius is the lower median, the ceil(n/2)-th
    smallest, of the distances from c, and l_i the largest multiple of 1/16 up to 1 for which
    l_i |w_i - c| is no longer than the radius: 0 where w_i lies more than 16 times as far out.
    (Roots are not needed: l^2 |w_i - c|^2 <= 16^2 radius^2 is counted for l = 1 ... 16.)

    Parameters
    ----------
    X, f
        As for `krum`.
    m : int, optional
        How many vectors the centre is the mean of, 1 <= m <= n - f; by default n - f.
    excluded : iterable of int
        Rows known to be Byzantine, at most f: left out of centre, median and sum, and n is less.

    Returns
    -------
    ndarray of float64, shape (d,)

    Raises
    ------
    ValueError
        As `multi_krum`.
    """
    X, excluded = check_all_but(X, excluded)
    weights = clipped_krum_weights(X, f, m, excluded)
    return check_finite(weights @ X.astype(np.float64) / weights.sum())


def clipped_krum_weights(
    X, f: int, m: int | None = None, excluded: Iterable[int] = ()
) -> np.ndarray:
    """Return the integers with which, as weights, `clipped_krum` is the mean: shape (n,).

    Their sum is 16 m n, n without the excluded rows: with L_i = 16 l_i and s_i = 1 where w_i is one
    of the m, the weight of w_i is m L_i + s_i (16 n - L_1 - ... - L_n), which is never below 0.
    Parameters and errors are those of `clipped_krum`.
    """
    vectors, kept, m = without_excluded(X, f, m, excluded)
    half = (len(kept) + 1) // 2
    distances = squared_distances(vectors)
    scores = score(distances, len(X) - f - 2)[1]
    check_comparable(vectors, scores, m)
    chosen = np.argsort(scores, kind="stable")[:m]
    radii = _radii(vectors, distances, chosen)
    check_comparable(vectors, STEPS**2 * radii, half)
    clip = np.sort(radii)[half - 1]
    steps = range(1, STEPS + 1)
    lengths = sum((step**2 * radii <= STEPS**2 * clip).astype(np.int64) for step in steps)
    inside = m * lengths
    inside[chosen] += STEPS * len(kept) - lengths.sum()
    weights = np.zeros(len(X), np.int64)
    weights[kept] = inside
    return weights


def _radii(X, distances, chosen) -> np.ndarray:
    """Squared distances from the mean of the chosen, up to a common factor; exact for integers.

    m^2 |w_i - c|^2 is m times the sum of w_i's distances to the chosen, less the sum of the
    distances of any two of these.
    """
    if distances.dtype != object:
        return np.square(X - X[chosen].mean(axis=0)).sum(axis=1)
    sums = distances[:, chosen].sum(axis=1)
    return len(chosen) * sums - sums[chosen].sum() // 2
