"""What Byzantine clients send instead of what they should.

The papers below attack gradients. Here clients send models, so an attack forges the update
u = w - previous, previous being the global model that the round began with, and sends previous + u.
The adversary is the strongest one usual in this field: its f clients act together, and it knows
what the h honest clients send in this round. (Inside SMPC a real one would have to guess it.)

Clients can only send valid words, so the default strengths keep every value well inside the range
of the default fixed point, +-2048, as long as the honest models are of ordinary size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ..aggregators.distances import check_vectors


def sign_flip(honest, f: int, rng, previous, strength: float = 4.0) -> np.ndarray:
    """Send the mean honest update backwards, `strength` times as long.

    The mean of all updates changes its sign as soon as strength > h / f, 2.5 for 2 of 7 clients:
    training then climbs the loss instead of descending it. Source: Li, Xu, Chen, Giannakis, Ling,
    "RSA: Byzantine-Robust Stochastic Aggregation Methods for Distributed Learning from
    Heterogeneous Datasets", AAAI 2019, where each attacker flips its own update.
    """
    return _copies(previous - strength * _mean_update(honest, previous), f)


def gaussian(honest, f: int, rng, previous, deviation: float = 200.0) -> np.ndarray:
    """Send noise as an update: each client its own, normal with this standard deviation.

    Source: Blanchard et al., NeurIPS 2017, section 6, with the deviation used there.
    """
    return previous + rng.normal(0.0, deviation, size=(f, len(previous)))


def outlier(honest, f: int, rng, previous, magnitude: float = 500.0) -> np.ndarray:
    """Send one vector far out: +-magnitude in every coordinate, on the side away from training.

    The mean follows it, for one such vector moves any linear rule anywhere. Source: Blanchard et
    al., NeurIPS 2017, section 3.
    """
    return _copies(np.where(_mean_update(honest, previous) < 0, magnitude, -magnitude), f)


def alie(honest, f: int, rng, previous, z: float | None = None) -> np.ndarray:
    """Send the honest mean less z standard deviations of each coordinate: "A Little Is Enough".

    It stays inside the spread of the honest models, so distances do not give it away, and Krum is
    apt to choose it. By default z is `alie_z`. Source: Baruch, Baruch, Goldberg, "A Little Is
    Enough: Circumventing Defenses for Distributed Learning", NeurIPS 2019, Algorithm 3.
    """
    if z is None:
        z = alie_z(len(honest) + f, f)
    return _copies(honest.mean(axis=0) - z * honest.std(axis=0), f)


def inner_product(honest, f: int, rng, previous, epsilon: float = 0.1) -> np.ndarray:
    """Send the mean honest update backwards and small: inner-product manipulation.

    An aggregate whose inner product with the true update is negative is enough to stop training. A
    small epsilon passes Krum when the honest updates differ by about as much as they are long, as
    they do late in training; against the mean it takes epsilon > h / f, as for `sign_flip`. Source:
    Xie, Koyejo, Gupta, "Fall of Empires: Breaking Byzantine-Tolerant SGD by Inner Product
    Manipulation", UAI 2020.
    """
    return _copies(previous - epsilon * _mean_update(honest, previous), f)


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


def flip_labels(y, classes=None) -> np.ndarray:
    """Mirror the order of the classes: of two, 0 and 1 change places; of ten digits, 3 becomes 6.

    An attack on the data: the client then trains and sends as an honest one. Of an odd number of
    classes the middle one stays. Source: Fang, Cao, Jia, Gong, "Local Model Poisoning Attacks to
    Byzantine-Robust Federated Learning", USENIX Security 2020.

    Parameters
    ----------
    y : array_like, shape (m,)
        Labels.
    classes : array_like, optional
        All classes of the task; by default those in y. Give them when a client may lack some.

    Returns
    -------
    ndarray, shape (m,)

    Raises
    ------
    ValueError
        y has a label that is not in classes, or only one class to flip.
    """
    y = np.asarray(y)
    classes = np.unique(y if classes is None else classes)
    if len(classes) < 2:
        raise ValueError(f"flipping labels takes at least two classes; got {classes.tolist()}")
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(f"label {unknown[0]} is not one of the classes {classes.tolist()}")
    return classes[::-1][np.searchsorted(classes, y)]


@dataclass(frozen=True)
class Attack:
    """An attack by its name: call it for what the f Byzantine clients send.

    Attributes
    ----------
    name : str
    forge : callable or None
        forge(honest, f, rng, previous, **strength) -> (f, d); None: they send what they trained.
    flips_labels : bool
        Whether their labels are to pass through `flip_labels` before they train.
    paper : str
        Where it comes from, in short.
    """

    name: str
    forge: Callable[..., np.ndarray] | None = None
    flips_labels: bool = False
    paper: str = ""

    def __call__(self, honest, f: int, rng, previous, own=None, **strength) -> np.ndarray:
        """Return the Byzantine clients' vectors, shape (f, d).

        Parameters
        ----------
        honest : array_like, shape (h, d)
            What the honest clients send in this round.
        f : int
            How many Byzantine clients there are.
        rng : numpy.random.Generator
            The only source of chance: the same state gives the same vectors.
        previous : array_like, shape (d,)
            The global model at the start of the round.
        own : array_like, shape (f, d), optional
            What the Byzantine clients trained themselves. "none" and "label-flip" send it; the
            others do not look at it.
        **strength
            The attack's own keyword, see its function.

        Raises
        ------
        ValueError
            Shapes do not fit, a value is not finite, or `own` is missing.
        """
        honest = check_vectors(honest).astype(np.float64)
        d = honest.shape[1]
        if not isinstance(f, (int, np.integer)) or f < 0:
            raise ValueError(f"the Byzantine clients must be an integer f >= 0; got f = {f}")
        previous = _finite("previous", previous, (d,))
        if self.forge is not None:
            return self.forge(honest, f, rng, previous, **strength)
        if own is None:
            raise ValueError(f"attack {self.name!r} sends what the clients trained: give own")
        return _finite("own", own, (f, d)).copy()


def _finite(name: str, values, shape: tuple[int, ...]) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(f"{name} must hold finite numbers, shape {shape}; got {values.shape}")
    return values


def _mean_update(honest: np.ndarray, previous: np.ndarray) -> np.ndarray:
    return (honest - previous).mean(axis=0)


def _copies(vector: np.ndarray, f: int) -> np.ndarray:
    return np.tile(vector, (f, 1))


#: Name, as on the command line -> attack(honest, f, rng, previous, own=None) of shape (f, d).
ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for attack in (
        Attack("none"),
        Attack("sign-flip", sign_flip, paper="Li et al., AAAI 2019"),
        Attack("gaussian", gaussian, paper="Blanchard et al., NeurIPS 2017"),
        Attack("outlier", outlier, paper="Blanchard et al., NeurIPS 2017"),
        Attack("alie", alie, paper="Baruch et al., NeurIPS 2019"),
        Attack("inner-product", inner_product, paper="Xie et al., UAI 2020"),
        Attack("label-flip", flips_labels=True, paper="Fang et al., USENIX Security 2020"),
    )
}
