"""What Byzantine clients send instead of what they should.

The papers attack gradients. Here clients send models, so an attack forges the update
u = w - previous, previous being the global model that the round began with, and sends previous + u.
The adversary is the strongest one usual in this field: its f clients act together, and it knows
what the h honest clients send in this round. (Inside SMPC a real one would have to guess it.)

Loud attacks are in this file, quiet ones, which stay close to the honest vectors, in
`fl_krum.federation.quiet_attacks`.

Clients can only send valid words, so the default strengths keep every value well inside the range
of the default fixed point, +-2048, as long as the honest models are of ordinary size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..aggregators.distances import check_vectors
from . import quiet_attacks as quiet


def sign_flip(honest, f: int, rng, previous, strength: float = 4.0) -> np.ndarray:
    """Send the mean honest update backwards, `strength` times as long.

    The mean of all updates changes its sign as soon as strength > h / f, 2.5 for 2 of 7 clients:
    training then climbs the loss instead of descending it. Source: Li, Xu, Chen, Giannakis, Ling,
    "RSA: Byzantine-Robust Stochastic Aggregation Methods for Distributed Learning from
    Heterogeneous Datasets", AAAI 2019, where each attacker flips its own update.
    """
    return previous - strength * (honest - previous).mean(axis=0)


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
    return np.where(honest.mean(axis=0) < previous, magnitude, -magnitude)


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
        forge(honest, f, rng, previous, **strength) -> (d,), which all of them send, or (f, d), a
        row for each; None: they send what they trained.
    flips_labels : bool
        Whether their labels are to pass through `flip_labels` before they train.
    paper : str
        Where it comes from, in short.
    below_protocol : bool
        Whether two of them lie about the words that they share as well, so that a comparison
        without a check would choose what the first one sends: `below_protocol.lying_words`.
    """

    name: str
    forge: Callable[..., np.ndarray] | None = None
    flips_labels: bool = False
    paper: str = ""
    below_protocol: bool = False

    @property
    def harmless(self) -> bool:
        """Whether those who use it do what honest clients do."""
        return self.sends_own and not self.flips_labels

    @property
    def sends_own(self) -> bool:
        """Whether those who use it send what they have trained; otherwise they need not train."""
        return self.forge is None

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
            forged = self.forge(honest, f, rng, previous, **strength)
            return np.broadcast_to(forged, (f, d)).copy()
        if own is None:
            raise ValueError(f"attack {self.name!r} sends what the clients trained: give own")
        return _finite("own", own, (f, d)).copy()


def _finite(name: str, values, shape: tuple[int, ...]) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(f"{name} must hold finite numbers, shape {shape}; got {values.shape}")
    return values


#: Name, as on the command line -> attack(honest, f, rng, previous, own=None) of shape (f, d).
ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for attack in (
        Attack("none"),
        Attack("sign-flip", sign_flip, paper="Li et al., AAAI 2019"),
        Attack("gaussian", gaussian, paper="Blanchard et al., NeurIPS 2017"),
        Attack("outlier", outlier, paper="Blanchard et al., NeurIPS 2017"),
        Attack("label-flip", flips_labels=True, paper="Fang et al., USENIX Security 2020"),
        Attack("inner-product", quiet.inner_product, paper="Xie et al., UAI 2020"),
        Attack("alie", quiet.alie, paper="Baruch et al., NeurIPS 2019"),
        Attack("min-max", quiet.min_max, paper="Shejwalkar, Houmansadr, NDSS 2021"),
        Attack("min-sum", quiet.min_sum, paper="Shejwalkar, Houmansadr, NDSS 2021"),
        Attack("fang", quiet.fang, paper="Fang et al., USENIX Security 2020"),
        Attack("below-protocol", sign_flip, below_protocol=True),
    )
}
