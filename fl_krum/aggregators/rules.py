"""The rules that Krum is compared with: mean, coordinate-wise median, trimmed mean, Multi-Krum.

Each takes the clients' vectors as the rows of one array and returns one vector. `AGGREGATORS` has
all of them, and Krum, under the names of the command line, as functions of X and f.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .distances import check_vectors
from .krum import krum, multi_krum


def mean(X) -> np.ndarray:
    """Average the vectors: best without adversaries, and lost to a single one.

    One Byzantine vector moves the mean anywhere (Blanchard et al., NeurIPS 2017, section 3). With
    equal shares of data this is FedAvg (McMahan et al., "Communication-Efficient Learning of Deep
    Networks from Decentralized Data", AISTATS 2017).

    Parameters
    ----------
    X : array_like, shape (n, d)
        One client's vector a row.

    Returns
    -------
    ndarray of float64, shape (d,)

    Raises
    ------
    ValueError
        X is not a matrix of finite numbers.
    """
    return _real(X).mean(axis=0)


def median(X) -> np.ndarray:
    """Take the median of each coordinate on its own; of an even number, the mean of the middle two.

    The result need not be near any client's vector. Source: Yin, Chen, Ramchandran, Bartlett,
    "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", ICML 2018.

    Parameters, result and errors are those of `mean`.
    """
    return np.median(_real(X), axis=0)


def trimmed_mean(X, f: int) -> np.ndarray:
    """Average each coordinate without its f smallest and f largest values.

    Source: Yin et al., ICML 2018, as for `median`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        One client's vector a row.
    f : int
        How many values to drop at either end, f >= 0 and 2f < n.

    Returns
    -------
    ndarray of float64, shape (d,)

    Raises
    ------
    ValueError
        X is not a matrix of finite numbers, or f is out of range.
    """
    X = _real(X)
    n = len(X)
    if not (isinstance(f, (int, np.integer)) and 0 <= 2 * f < n):
        raise ValueError(
            f"the trimmed mean drops f values at either end, so it needs an integer f >= 0 with "
            f"2f < n; got f = {f}, n = {n} (largest f here: {(n - 1) // 2})"
        )
    return np.sort(X, axis=0)[f : n - f].mean(axis=0)


def _real(X) -> np.ndarray:
    return check_vectors(X).astype(np.float64, copy=False)


#: Name -> rule(X, f), which returns one vector of shape (d,). Mean and median do not use f.
AGGREGATORS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "krum": lambda X, f: krum(X, f).vector,
    "multi-krum": multi_krum,
    "trimmed-mean": trimmed_mean,
    "median": lambda X, f: median(X),
    "mean": lambda X, f: mean(X),
}
