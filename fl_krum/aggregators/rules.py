"""The rules that Krum is compared with, one function each, from the mean to Bulyan.

Each takes the clients' vectors as the rows of one array and returns one vector. `AGGREGATORS` has
all of them, and Krum, by name, as functions of X and f.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .clipping import clipped_krum
from .distances import (
    check_comparable,
    check_finite,
    check_vectors,
    lengths,
    squared_distances,
)
from .krum import check_parameters, krum, multi_krum
from .mixing import mixed_krum


def mean(X: ArrayLike) -> np.ndarray:
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
    return check_finite(_real(X).mean(axis=0))


def weighted_mean(X: ArrayLike, weights: ArrayLike) -> np.ndarray:
    """Average the vectors, each as often as its weight says: FedAvg, with numbers of samples.

    Best without adversaries where clients have different amounts of data. A client that may *claim*
    its weight needs no strange vector any more: with 10^9 samples it is the result. Source:
    McMahan et al., AISTATS 2017, algorithm 1.

    Parameters
    ----------
    X
        As for `mean`, and so is what is returned.
    weights : array_like, shape (n,)
        Not negative, and not all 0.

    Raises
    ------
    ValueError
        As `mean`, or the weights do not fit.
    """
    X, weights = _real(X), np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(X),) or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise ValueError(f"weights must be {len(X)} numbers of at least 0, and not all 0")
    return weights @ X / weights.sum()


def median(X: ArrayLike) -> np.ndarray:
    """Take the median of each coordinate on its own; of an even number, the mean of the middle two.

    The result need not be near any client's vector. Source: Yin, Chen, Ramchandran, Bartlett,
    "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", ICML 2018.

    Parameters, result and errors are those of `mean`.
    """
    return check_finite(np.median(_real(X), axis=0))


def trimmed_mean(X: ArrayLike, f: int) -> np.ndarray:
    """Average each coordinate without its f smallest and f largest values.

    Source: Yin et al., ICML 2018, as for `median`.

    Parameters
    ----------
    X
        As for `mean`, and so is what is returned.
    f : int
        How many values to drop at either end, f >= 0 and 2f < n.

    Raises
    ------
    ValueError
        As `mean`, or f is out of range.
    """
    X = _real(X)
    n = len(X)
    if not (isinstance(f, (int, np.integer)) and 0 <= 2 * f < n):
        raise ValueError(
            f"the trimmed mean drops f values at either end, so it needs an integer f >= 0 with "
            f"2f < n; got f = {f}, n = {n} (largest f here: {(n - 1) // 2})"
        )
    return check_finite(np.sort(X, axis=0)[f : n - f].mean(axis=0))


def geometric_median(X: ArrayLike, smoothing: float = 1e-6, steps: int = 100) -> np.ndarray:
    """Find the point with the smallest sum of (unsquared) distances to all vectors.

    More than half of the vectors would have to be Byzantine to move it anywhere, and unlike the
    median of each coordinate it does not depend on the axes. Source: Pillutla, Kakade, Harchaoui,
    "Robust Aggregation for Federated Learning", IEEE TSP 2022, Algorithm 2: Weiszfeld's iteration
    from the mean, where no distance counts as smaller than `smoothing`. (They stop after 3 steps,
    each of which costs them a secure sum; in the clear there is time for 100.)

    Parameters
    ----------
    X
        As for `mean`, and so is what is returned.
    smoothing : float
        Above 0.
    steps : int
        At most; a tenth to a third of them will do, as a rule.

    Raises
    ------
    ValueError
        As `mean`.
    """
    X = _real(X)
    centre, middle = X.mean(axis=0), np.median(X, axis=0)
    if not lengths(X - centre).sum() <= 1.2 * lengths(X - middle).sum():
        centre = middle  # from a mean that was moved far away, the way back takes too many steps
    for _ in range(steps):
        weights = 1 / np.maximum(lengths(X - centre), smoothing)
        before, centre = centre, weights @ X / weights.sum()
        if np.abs(centre - before).max() <= 2.0**-50 * np.abs(centre).max():
            break  # no further step changes more than the last digit
    return check_finite(centre)


def centred_clipping(
    X: ArrayLike, centre=None, radius: float | None = None, steps: int = 1
) -> np.ndarray:
    """Move from a centre by the mean difference to it, none of which counts longer than `radius`.

    So f Byzantine clients move it by f / n of the radius at most. Source: Karimireddy, He, Jaggi,
    "Learning from History for Byzantine Robust Optimization", ICML 2021, equation (CC), where the
    centre is the result of the round before and the radius is tuned by hand. A rule that sees this
    round alone has neither: here the centre is by default the median of each coordinate, and the
    radius the median of the vectors' distances to it.

    Parameters
    ----------
    X
        As for `mean`, and so is what is returned.
    centre : array_like, shape (d,), optional
    radius : float, optional
        At least 0.
    steps : int
        How often to clip and move.

    Raises
    ------
    ValueError
        As `mean`.
    """
    X = _real(X)
    centre = np.median(X, axis=0) if centre is None else np.asarray(centre, dtype=np.float64)
    if radius is None:
        radius = float(np.median(lengths(X - centre)))
    for _ in range(steps):
        kept = radius / np.maximum(lengths(X - centre), max(radius, 1e-300))  # radius / length <= 1
        centre = centre + (kept[:, None] * (X - centre)).mean(axis=0)
    return check_finite(centre)


def bulyan(X: ArrayLike, f: int) -> np.ndarray:
    """Let Krum choose n - 2f vectors, one after the other; then average each coordinate's middle.

    Of the chosen values of a coordinate, the n - 4f nearest to their median count. What Krum lets
    pass in a single coordinate, hidden in a long vector, this cuts off. Source: El Mhamdi,
    Guerraoui, Rouault, "The Hidden Vulnerability of Distributed Learning in Byzantium", ICML 2018,
    section 4. A score takes n' - f - 2 neighbours among the n' vectors that are left, and at least
    one, as in Flower: for the last of them, the paper's own n' >= 2f + 3 does not hold.

    Parameters
    ----------
    X
        As for `mean`, and so is what is returned.
    f : int
        Byzantine clients to tolerate, f >= 0 and 4f + 3 <= n: 11 clients for f = 2.

    Raises
    ------
    ValueError
        As `mean`, or f does not fit n.
    """
    X = _real(X)
    n = len(X)
    check_parameters(n, f)
    if n < 4 * f + 3:
        raise ValueError(
            f"Bulyan needs n >= 4f + 3 = {4 * f + 3} clients for f = {f}; got n = {n} "
            f"(largest f here: {(n - 3) // 4})"
        )
    distances, left = squared_distances(X), list(range(n))
    chosen: list[int] = []
    while len(chosen) < n - 2 * f:
        among = np.sort(distances[np.ix_(left, left)], axis=1)
        scores = among[:, 1 : max(2, len(left) - f - 1)].sum(axis=1)  # without the zero
        check_comparable(X[left], scores, 1)
        chosen.append(left.pop(int(np.argmin(scores))))
    off = np.abs(X[chosen] - np.median(X[chosen], axis=0))
    middle = np.argsort(off, axis=0, kind="stable")[: n - 4 * f]
    return check_finite(np.take_along_axis(X[chosen], middle, axis=0).mean(axis=0))


def _real(X) -> np.ndarray:
    return check_vectors(X).astype(np.float64, copy=False)


#: Name -> rule(X, f), which returns one vector of shape (d,). Not all of them use f.
AGGREGATORS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "krum": lambda X, f: krum(X, f).vector,
    "multi-krum": multi_krum,
    "mixed-krum": mixed_krum,
    "clipped-krum": clipped_krum,
    "bulyan": bulyan,
    "trimmed-mean": trimmed_mean,
    "median": lambda X, f: median(X),
    "geometric-median": lambda X, f: geometric_median(X),
    "centred-clipping": lambda X, f: centred_clipping(X),
    "mean": lambda X, f: mean(X),
}


def rules_for(n: int, f: int) -> dict[str, Callable[[np.ndarray, int], np.ndarray]]:
    """Return those of `AGGREGATORS` that n clients, 2f + 2 < n, can use: Bulyan needs more."""
    return {name: rule for name, rule in AGGREGATORS.items() if name != "bulyan" or n >= 4 * f + 3}
