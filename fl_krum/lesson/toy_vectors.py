"""Vectors for a lesson: n clients around one point of d-dimensional space, f of them Byzantine.

A session with real data shows the same, but its honest vectors lie so close together, and the
attacks so far out, that a picture shows one dot and some outliers. Here honest updates are about 5
long with a standard deviation of 1 in each coordinate, and attacks are of a size that fits a page.
"""

from __future__ import annotations

import numpy as np

from ..aggregators.parameters import check_parameters
from ..federation.attacks import ATTACKS

_CENTRE = (4.0, 3.0)  # the mean honest update; further coordinates are 0
_STRENGTHS = {
    "sign-flip": {"strength": 1.0},
    "gaussian": {"deviation": 6.0},
    "outlier": {"magnitude": 10.0},
}


def example_vectors(n=7, f=2, d=2, attack="sign-flip", seed=0) -> tuple[np.ndarray, range]:
    """Draw what n clients send in a round that began at the origin; the last f are Byzantine.

    Parameters
    ----------
    n, f : int
        2f + 2 < n.
    d : int
        Length of a vector, at least 1.
    attack : str
        A name in `ATTACKS`. With "label-flip" a Byzantine client sends an honest vector turned
        round, which is what logistic regression makes of exchanged labels.
    seed : int
        The same arguments give the same vectors; the honest ones are the same for every attack.

    Returns
    -------
    X : ndarray of float64, shape (n, d)
    byzantine : range
        Their rows, n - f to n - 1; empty for the attack "none".

    Raises
    ------
    ValueError
        An argument is out of range.
    """
    check_parameters(n, f)
    if d < 1:
        raise ValueError(f"a vector has at least one coordinate; got d = {d}")
    if attack not in ATTACKS:
        raise ValueError(f"attack must be one of {', '.join(ATTACKS)}; got {attack!r}")
    centre = np.zeros(d)
    centre[:2] = _CENTRE[:d]
    X = centre + np.random.default_rng([seed, 0]).normal(size=(n, d))
    own = -X[n - f :] if ATTACKS[attack].flips_labels else X[n - f :]
    forge, rng = ATTACKS[attack], np.random.default_rng([seed, 1])
    X[n - f :] = forge(
        X[: n - f], f, rng, np.zeros(d), own=own.copy(), **_STRENGTHS.get(attack, {})
    )
    return X, range(n if attack == "none" else n - f, n)
