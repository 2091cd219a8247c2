"""Attacks that stay close to the honest vectors, so that a rule of distances lets them pass.

Each function is the ``forge`` of an `fl_krum.federation.attacks.Attack`, whose conventions it
shares: `honest`, shape (h, d), is what the h = n - f honest clients send in this round, `previous`,
shape (d,), the global model that the round began with, and the result, shape (d,), what all f
Byzantine clients send. From the simplest to the ones that search:

    inner_product   a small step backwards
    alie            the honest mean, moved by a fraction of their spread
    min_max         the honest mean, moved until it is as far from a client as any two of them are
    min_sum         the same for the sum of squared distances
    fang            the longest step backwards that Krum still chooses
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from ..aggregators.distances import squared_distances
from ..aggregators.krum import check_parameters, krum


def inner_product(honest, f: int, rng, previous, epsilon: float = 0.1) -> np.ndarray:
    """Send the mean honest update backwards and small: inner-product manipulation.

    An aggregate whose inner product with the true update is negative is enough to stop training. A
    small epsilon passes Krum when the honest updates differ by about as much as they are long, as
    they do late in training; against the mean it takes epsilon > h / f, as for `sign_flip`. Source:
    Xie, Koyejo, Gupta, "Fall of Empires: Breaking Byzantine-Tolerant SGD by Inner Product
    Manipulation", UAI 2020.
    """
    return previous - epsilon * (honest - previous).mean(axis=0)


def alie(honest, f: int, rng, previous, z: float | None = None) -> np.ndarray:
    """Send the honest mean less z standard deviations of each coordinate: "A Little Is Enough".

    It stays inside the spread of the honest models, so distances do not give it away, and Krum is
    apt to choose it. By default z is `alie_z`. Source: Baruch, Baruch, Goldberg, "A Little Is
    Enough: Circumventing Defenses for Distributed Learning", NeurIPS 2019, Algorithm 3.
    """
    if z is None:
        z = alie_z(len(honest) + f, f)
    return honest.mean(axis=0) - z * honest.std(axis=0)


def alie_z(n: int, f: int) -> float:
    """Return the z of ALIE: how far f of n clients can go before a majority lies inside of them.

    They need s = floor(n / 2 + 1) - f honest clients at least as far out as themselves, so z is
    where a normal distribution leaves s of the n - f honest ones: Phi(z) = (n - f - s) / (n - f).
    (The fraction is also found printed, and used, as (n - s) / n.) For small f, z would be negative
    and the attack turn round; it is then 0, and the attackers send the honest mean.

    Raises
    ------
    ValueError
        2f >= n: a majority has no need to hide.
    """
    if not 0 <= 2 * f < n:
        raise ValueError(f"ALIE is an attack of a minority, 0 <= 2f < n; got f = {f}, n = {n}")
    supporters = n // 2 + 1 - f
    fraction = (n - f - supporters) / (n - f)
    return NormalDist().inv_cdf(fraction) if fraction > 0.5 else 0.0


def min_max(honest, f: int, rng, previous, direction: str = "unit") -> np.ndarray:
    """Go as far as possible with no honest vector farther away than two of them are: Min-Max.

    Sends mean + gamma * p with the largest gamma for which max_i |sent - w_i| <= max_ij |w_i -
    w_j|; p is one of `DIRECTIONS`. It knows no more of the server's rule than that it looks at
    distances. The default is the paper's first, the inverse unit vector, which does harm here; the
    inverse standard deviation, by which the authors attack CIFAR-10, does little to so small a
    model (on uneven digits, 10 rounds, 3 seeds: Krum keeps 71 % under "std", 18 % under "unit").
    Source: Shejwalkar, Houmansadr, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks
    and Defenses for Federated Learning", NDSS 2021, "AGR-agnostic attacks".

    Raises
    ------
    ValueError
        `direction` is none of `DIRECTIONS`.
    """
    bound = squared_distances(honest).max()
    return _farthest(honest, previous, direction, lambda squares: squares.max() <= bound)


def min_sum(
    honest, f: int, rng, previous, direction: str = "unit", bound: Callable = np.max
) -> np.ndarray:
    """Go as far as possible with no larger sum of squared distances than an honest vector: Min-Sum.

    Like `min_max`, with sum_i |sent - w_i|^2 <= max_i sum_j |w_i - w_j|^2. The authors' program is
    stricter than their paper, and takes the smallest of the honest sums: that is ``bound=np.min``.
    Source and errors are those of `min_max`.
    """
    limit = bound(squared_distances(honest).sum(axis=1))
    return _farthest(honest, previous, direction, lambda squares: squares.sum() <= limit)


#: Where Min-Max and Min-Sum move the honest mean to: against the spread of each coordinate ("std"),
#: against the mean update ("unit"), or against its signs ("sign").
DIRECTIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "std": lambda honest, update: -honest.std(axis=0),
    "unit": lambda honest, update: -update / (np.linalg.norm(update) or 1.0),
    "sign": lambda honest, update: -np.sign(update),
}


def _farthest(honest, previous, direction, allowed: Callable, tolerance=1e-5) -> np.ndarray:
    """Return mean + gamma * p with the largest gamma whose squared distances are `allowed`.

    The search is Algorithm 1 of the paper, steps that are halved, to within its tau = `tolerance`.
    It begins where doubling from 1 first fails, so that no longest gamma need be known beforehand.
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"direction must be one of {', '.join(DIRECTIONS)}; got {direction!r}")
    centre = honest.mean(axis=0)
    p = DIRECTIONS[direction](honest, centre - previous)
    if not p.any():  # honest clients that agree in all leave nowhere to go
        return centre

    def passes(gamma) -> bool:
        return allowed(np.square(honest - (centre + gamma * p)).sum(axis=1))

    low, high = 0.0, 1.0
    while passes(high):
        low, high = high, 2 * high
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return centre + low * p


def fang(honest, f: int, rng, previous, threshold: float = 1e-5) -> np.ndarray:
    """Send the longest step against training that Krum still chooses: the Krum attack.

    Sends previous - lambda * s, s being the signs (1 or -1) of the mean honest update. Beginning at
    `fang_bound`, lambda is halved until Krum, applied to the honest vectors and f copies of this
    one, chooses a copy. If that does not happen above `threshold`, as when the honest vectors lie
    close together far from `previous`, Krum cannot be won, and what is sent is all but `previous`.
    Source: Fang, Cao, Jia, Gong, "Local Model Poisoning Attacks to Byzantine-Robust Federated
    Learning", USENIX Security 2020, section 3.2, with full knowledge. (Their attackers may also add
    a little noise, so as not to be found by being equal.)

    Raises
    ------
    ValueError
        Not 2f + 2 < n: then there is no Krum to attack.
    """
    check_parameters(len(honest) + f, f)
    signs = np.where(honest.mean(axis=0) < previous, -1.0, 1.0)
    strength = fang_bound(honest, f, previous)
    while True:
        sent = previous - strength * signs
        # The copies stand last: should they tie with an honest vector, that one wins.
        chosen = krum(np.vstack([honest, np.tile(sent, (f, 1))]), f).index
        if chosen >= len(honest) or strength <= threshold:
            return sent
        strength /= 2


def fang_bound(honest, f: int, previous) -> float:
    """Return the lambda beyond which Krum never chooses previous - lambda * s, s_j = 1 or -1.

    sqrt(a / (n - 2f - 1) / d) + b / sqrt(d), where a is the smallest sum of an honest vector's
    squared distances to its n - f - 2 nearest honest others, and b the largest distance of an
    honest vector from `previous`. For such a step is lambda sqrt(d) long, hence at least
    lambda sqrt(d) - b away from each of the n - 2f - 1 honest neighbours that it needs. Source:
    Fang et al., USENIX Security 2020, Theorem 1, for the squared distances of Krum.
    """
    h, d = honest.shape
    nearest = np.sort(squared_distances(honest), axis=1)[:, 1 : h - 1]  # without the zero
    a = nearest.sum(axis=1).min()
    b = np.linalg.norm(honest - previous, axis=1).max()
    return float((np.sqrt(a / (h - f - 1)) + b) / np.sqrt(d))
