"""Squared distances between the clients' vectors that keep their digits.

|a - b|^2 = |a|^2 + |b|^2 - 2 a.b turns all n (n - 1) / 2 distances into one matrix product, X X^T:
fast, and no array of n * n * d differences is ever made. Used as it stands it is wrong, though,
when the vectors lie close together far from the origin, as models late in training do: the
difference of two large squares keeps few digits, or none. So real vectors are centred first, and
the pairs that lose digits all the same are computed again; integers are computed exactly.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from numbers import Integral

import numpy as np

from .parameters import check_rows

# Columns are taken this many at a time, so that no temporary array is as large as X.
COLUMNS = 1 << 14
# Integers are cut into limbs of 16 bits: a product of two is below 2^32, and a sum of
# COLUMNS = 2^14 of these below 2^53, so a float64 matrix product adds them without rounding.
LIMB = 16
# |a|^2 + |b|^2 - 2 a.b loses the digits that cancel: 10 bits of the 53 when the result is this
# fraction of |a|^2 + |b|^2. A smaller result is computed again, from the differences.
CANCELLATION = 2.0**-10
_TINY = 2.0**-960  # a sum of squares below has lost digits
_LARGE = 2.0**500  # squares of what is below, and above its inverse, keep theirs


def check_vectors(X) -> np.ndarray:
    """Return X as an (n, d) array of float64 or of integers, or raise a ValueError.

    Integers keep their NumPy type, or become Python integers in an object array when no NumPy type
    holds them. The error for a NaN or an infinity names its client (from 1, as the players) and
    its row and coordinate (from 0).
    """
    return check_all_but(X, ())[0]


def check_all_but(X, excluded: Iterable[int]) -> tuple[np.ndarray, list[int]]:
    """`check_vectors`, where `excluded` rows may hold anything and become 0; and these rows."""
    X = as_matrix(X)
    if X.ndim != 2 or X.size == 0:
        raise ValueError(
            f"need one client's vector a row, shape (n, d) with n, d >= 1; got shape {X.shape}"
            f"{layers_hint(X)}"
        )
    if rows := check_rows("excluded", excluded, len(X)):
        X = X.copy()
        X[rows] = 0
    return _check_values(X), rows


def _check_values(X: np.ndarray) -> np.ndarray:
    if X.dtype.kind in "iu":
        return X
    if X.dtype.kind == "O" and _all_integers(X):
        return np.frompyfunc(int, 1, 1)(X)
    try:
        if X.dtype.kind not in "fO":
            raise TypeError
        real = X.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise ValueError(
            f"the clients' vectors must be real numbers; got an array of {X.dtype}"
            f"{' (.astype(float) makes 0 and 1 of it)' if X.dtype.kind == 'b' else ''}"
        ) from None
    finite = np.isfinite(real)
    if not finite.all():
        i, k = np.argwhere(~finite)[0]
        raise ValueError(
            f"client {i + 1} (row {i}), coordinate {k}: {X[i, k]} is not a finite number"
        )
    return real


def as_matrix(X) -> np.ndarray:
    """X as an array of any shape and type; ValueError for masked values and for ragged rows."""
    if _is_masked(X):
        raise ValueError(
            "the clients' vectors have masked values: fill them, X.filled(0) for instance"
        )
    try:
        return _as_array(X)
    except ValueError:
        raise ValueError(
            "the clients' vectors must all have the same length, and make an array of the shape "
            f"(n, d){layers_hint(X)}"
        ) from None


def _is_masked(X) -> bool:
    if "numpy.ma" not in sys.modules:  # so nobody has made any
        return False
    rows = X if isinstance(X, list | tuple) else [X]
    return any(np.ma.is_masked(row) for row in rows)


def layers_hint(X) -> str:
    """What to do with a model's layers, where X looks like a row of them for each client."""
    if isinstance(X, np.ndarray):
        layers = X.ndim > 2 or X.dtype == object and any(np.ndim(one) for one in X.flat)
    else:
        layers = any(np.ndim(one) for row in X if isinstance(row, list | tuple) for one in row)
    if not layers:
        return ""
    return (
        ". Flatten each client's layers into one row: "
        "np.concatenate([np.ravel(layer) for layer in layers])"
    )


def _as_array(X) -> np.ndarray:
    array = np.asarray(X)
    # NumPy rounds a list with both 2^63 and -1 to float64: no type of 64 bits has them both.
    if array.dtype.kind == "f" and array is not X and array.size and np.abs(array).max() >= 2.0**53:
        objects = np.asarray(X, dtype=object)
        return objects if _all_integers(objects) else array
    return array


def _all_integers(X: np.ndarray) -> bool:
    return all(isinstance(value, Integral) for value in X.flat)


def squared_distances(X: np.ndarray) -> np.ndarray:
    """Return the squared Euclidean distances between the rows of X, shape (n, n).

    X comes from `check_vectors`. The result is symmetric with a diagonal of zeros; float64 for real
    X, an object array of Python integers for integer X.
    """
    return _real_distances(X) if X.dtype.kind == "f" else _integer_distances(X)


def _real_distances(X: np.ndarray) -> np.ndarray:
    """Squared distances of real rows, each with a relative error of about 10^-12 at most.

    The centre is the first row. If that is an outlier, 10^12 away from the others, then all pairs
    of these lose their digits and are computed again: a bad centre costs time, never digits.
    (A row rather than the mean, because small integers then stay exact in float64.)
    """
    n, d = X.shape
    gram = np.zeros((n, n))
    with np.errstate(over="ignore", invalid="ignore"):  # a square beyond 1e308 becomes infinite
        for start in range(0, d, COLUMNS):
            block = X[:, start : start + COLUMNS]
            block = block - block[0]
            gram += block @ block.T
        lengths = np.diag(gram)[:, None] + np.diag(gram)
        distances = lengths - 2 * gram
        lost = ~(distances >= CANCELLATION * lengths)  # also where both are infinite, or NaN
        for i, j in np.argwhere(np.triu(lost, 1)):
            distances[i, j] = np.square(X[i] - X[j]).sum()
    upper = np.triu(distances, 1)
    return upper + upper.T


def check_comparable(X: np.ndarray | None, scores: np.ndarray, m: int) -> None:
    """ValueError when float64 cannot tell which m scores, of the rows of X, are the smallest.

    Squares overflow beyond 10^154 and vanish below 10^-162; among scores that are all infinite, or
    all 0, the first row would win whatever it is. Without X only the first is found.
    """
    if scores.dtype == object:
        return
    cure = "all vectors by the same power of two, which changes no choice"
    if not np.isfinite(np.partition(scores, m - 1)[m - 1]):
        raise ValueError(f"squared distances of these vectors overflow float64: divide {cure}")
    tiny = scores[:0] if X is None else X[scores < _TINY]
    if (tiny != tiny[:1]).any():
        raise ValueError(f"squared distances of these vectors vanish in float64: multiply {cure}")


def lengths(X: np.ndarray) -> np.ndarray:
    """Euclidean lengths of the rows, which neither overflow nor vanish."""
    tops = np.abs(X).max(axis=1)
    if tops.max() < _LARGE and tops[tops > 0].min(initial=1.0) > 1 / _LARGE:
        return np.linalg.norm(X, axis=1)
    tops = np.where(tops > 0, tops, 1.0)
    return tops * np.linalg.norm(X / tops[:, None], axis=1)


def check_finite(vector: np.ndarray) -> np.ndarray:
    """The result of a rule; ValueError when it has overflowed."""
    if not np.isfinite(vector).all():
        raise ValueError("the result overflows float64: divide all vectors by a power of two")
    return vector


def _integer_distances(X: np.ndarray) -> np.ndarray:
    """Squared distances of integer rows as Python integers, exact for any integers and d < 2^31."""
    n, d = X.shape
    smallest = int(X.min())
    limbs = max(1, -(-(int(X.max()) - smallest).bit_length() // LIMB))
    products = np.zeros((limbs * n, limbs * n), dtype=np.int64)
    for start in range(0, d, COLUMNS):
        words = _above(X[:, start : start + COLUMNS], smallest)
        digits = [(words >> LIMB * a) & ((1 << LIMB) - 1) for a in range(limbs)]
        stacked = np.concatenate(digits).astype(np.float64)
        products += (stacked @ stacked.T).astype(np.int64)
    pieces = products.astype(object).reshape(limbs, n, limbs, n)
    gram = sum(pieces[a, :, b] << LIMB * (a + b) for a in range(limbs) for b in range(limbs))
    return np.diag(gram)[:, None] + np.diag(gram) - 2 * gram


def _above(X: np.ndarray, smallest: int) -> np.ndarray:
    """Return X - smallest, which is never negative, as uint64 or as Python integers."""
    if X.dtype == object:
        return X - smallest
    # Modulo 2^64 the difference is right even where int64 or X's own type would overflow.
    return X.astype(np.uint64) - np.uint64(smallest % 2**64)
