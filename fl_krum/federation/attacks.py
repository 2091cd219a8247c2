"""What Byzantine clients send instead of what they should.

The papers attack gradients. Here clients send models, so an attack forges the update
u = w - previous, previous being the global model that the round began with, and sends previous + u.
The adversary is the strongest one usual in this field: its f clients act together, and it knows
what the h honest clients send in this round. (Inside SMPC a real one would have to guess it.)

Loud attacks are in this file, quiet ones, which stay close to the honest vectors, in
`fl_krum.federation.quiet_attacks`, and the one that knows the server's rule in
`fl_krum.federation.tailored_attack`.

Clients can only send valid words, so the default strengths keep every value well inside the range
of the default fixed point, +-2048, as long as the honest models are of ordinary size.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..aggregators.distances import check_vectors
from ..aggregators.parameters import check_integer, check_name
from . import quiet_attacks as quiet
from .own_functions import as_rows, check_call, name_of, named, try_out
from .tailored_attack import tailored


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
        row for each; with a parameter `own` it is also given what they trained. None: they send
        what they trained.
    flips_labels : bool
        Whether their labels are to pass through `flip_labels` before they train.
    below_protocol : bool
        Whether two of them lie about the words that they share as well, so that a comparison
        without a check would choose what the first one sends: `below_protocol.lying_words`.
    knows_rule : bool
        Whether `forge` also takes the keyword ``rule``, what the server aggregates with: `against`.
    """

    name: str
    forge: Callable[..., np.ndarray] | None = None
    flips_labels: bool = False
    below_protocol: bool = False
    knows_rule: bool = False

    def __post_init__(self) -> None:
        if self.forge is not None:
            own = ", own=…" if self.wants_own else ""
            form = f"attack(honest, f, rng, previous{own})"
            check_call(f"the attack {self.name}", self.forge, form)

    def against(self, rule: Callable[[np.ndarray, int], np.ndarray]) -> Attack:
        """This attack on a server that aggregates with ``rule(X, f)``; most need not know."""
        if self.forge is None or not self.knows_rule:
            return self
        return replace(self, forge=partial(self.forge, rule=rule))

    @property
    def wants_own(self) -> bool:
        """Whether `forge` has a parameter `own`."""
        try:
            return self.forge is not None and "own" in inspect.signature(self.forge).parameters
        except (TypeError, ValueError):
            return False

    @property
    def harmless(self) -> bool:
        """Whether those who use it do what honest clients do."""
        return self.forge is None and not self.flips_labels

    @property
    def sends_own(self) -> bool:
        """Whether what is sent depends on what those who use it train; else they need not train."""
        return self.forge is None or self.wants_own

    @property
    def parameters(self) -> dict[str, Any]:
        """The attack's own keywords, such as its strength, and their values; ready for JSON."""
        if self.forge is None:
            return {}
        try:
            keywords = list(inspect.signature(self.forge).parameters.values())
        except (TypeError, ValueError):
            return {}
        given = {one.name: one.default for one in keywords if one.default is not one.empty}
        given.pop("own", None)
        given.pop("rule", None)  # of the session, which says it itself
        return {name: _plain(value) for name, value in given.items()}

    def __call__(self, honest, f: int, rng, previous, own=None, **strength) -> np.ndarray:
        """Return the Byzantine clients' vectors, shape (f, d).

        Parameters
        ----------
        honest : array_like, shape (h, d)
            What the honest clients send in this round. The attack gets a copy.
        f : int
            How many Byzantine clients there are.
        rng : numpy.random.Generator
            The only source of chance: the same state gives the same vectors.
        previous : array_like, shape (d,)
            The global model at the start of the round. The attack gets a copy.
        own : array_like, shape (f, d), optional
            What the Byzantine clients trained themselves. "none" and "label-flip" send it; the
            others do not look at it.
        **strength
            The attack's own keyword, see its function.

        Raises
        ------
        ValueError
            Shapes do not fit, an argument is not finite, or `own` is missing.
        """
        honest = check_vectors(honest).astype(np.float64)
        d = honest.shape[1]
        f = check_integer("the number f of Byzantine clients", f, 0)
        previous = _finite("previous", previous, (d,))
        if self.sends_own:
            if own is None:
                raise ValueError(f"attack {self.name!r} sends what the clients trained: give own")
            own = _finite("own", own, (f, d))
        if self.forge is None:
            return own
        if self.wants_own:
            strength["own"] = own
        with named(f"the attack {self.name}"):
            forged = self.forge(honest, f, rng, previous, **strength)
        return as_rows(f"the attack {self.name}", forged, f, d)

    def try_out(self, honest: int, f: int, d: int) -> None:
        """ValueError for a function of the user's own that fails, or gives no vectors of length d,
        with so many honest and f Byzantine clients; see `own_functions.try_out`."""
        if self.forge is None or f == 0:
            return
        rng = np.random.default_rng(0)
        own = {"own": rng.normal(size=(f, d))} if self.wants_own else {}
        forge, what = self.forge, f"the attack {self.name}"

        def call(*arguments):
            return forge(*arguments, **own)

        given = (rng.normal(size=(honest, d)), f, rng, rng.normal(size=d))
        try_out(what, forge, given, lambda result: as_rows(what, result, f, d), call)


def as_attack(attack) -> Attack:
    """The attack of a session: a name in `ATTACKS`, an `Attack`, or a function of the user's own.

    Such a function is called as ``attack(honest, f, rng, previous)``, and gets ``own=…`` as well if
    it has a parameter of this name.

    Raises
    ------
    ValueError
        The name is unknown, or it cannot be called so.
    """
    if isinstance(attack, Attack):
        return attack
    if isinstance(attack, str) or not callable(attack):
        return ATTACKS[check_name("attack", attack, ATTACKS)]
    return Attack(name_of(attack), attack)


def _plain(value):
    return value if value is None or isinstance(value, bool | int | float | str) else name_of(value)


def _finite(name: str, values, shape: tuple[int, ...]) -> np.ndarray:
    values = np.array(values, dtype=np.float64)  # not the caller's own array
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(f"{name} must hold finite numbers, shape {shape}; got {values.shape}")
    return values


#: Name, as on the command line -> attack(honest, f, rng, previous, own=None) of shape (f, d).
ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for attack in (
        Attack("none"),
        Attack("sign-flip", sign_flip),  # Li et al., AAAI 2019
        Attack("gaussian", gaussian),  # Blanchard et al., NeurIPS 2017
        Attack("outlier", outlier),  # Blanchard et al., NeurIPS 2017
        Attack("label-flip", flips_labels=True),  # Fang et al., USENIX Security 2020
        Attack("inner-product", quiet.inner_product),  # Xie et al., UAI 2020
        Attack("alie", quiet.alie),  # Baruch et al., NeurIPS 2019
        Attack("min-max", quiet.min_max),  # Shejwalkar, Houmansadr, NDSS 2021
        Attack("min-sum", quiet.min_sum),  # Shejwalkar, Houmansadr, NDSS 2021
        Attack("fang", quiet.fang),  # Fang et al., USENIX Security 2020
        Attack("tailored", tailored, knows_rule=True),  # Shejwalkar, Houmansadr, NDSS 2021
        Attack("below-protocol", sign_flip, below_protocol=True),
    )
}
