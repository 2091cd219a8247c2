"""What clients share of the model that they have trained: all of it, or what they have changed.

Krum looks at differences between vectors only, and the same model taken off all of them changes
none: its choice is the same. The words are not. A weight of 1.5 and an update of 0.0003 have the
same resolution as words, 2^-fraction; but updates are small, so they leave room for a larger
fraction, and the model is then as exact as if its words were that much longer. To share an update
times 2^k is the same as k more bits of the fraction, so there is no other scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..aggregators.parameters import check_name
from ..program.fixed_point import FixedPoint

WHAT = ("model", "update")


@dataclass(frozen=True)
class Sharing:
    """How vectors become words in a session, and what comes out the next model.

    Attributes
    ----------
    fixed_point : FixedPoint
    what : {"model", "update"}
        Whether clients share the vector that they have trained, or that minus the global one.
    """

    fixed_point: FixedPoint
    what: str = "model"

    def __post_init__(self):
        check_name("share", self.what, WHAT)

    @property
    def limits(self) -> tuple[float, float]:
        """Range of the models that a client can share; of an update, its own range is the limit."""
        return self.fixed_point.range() if self.what == "model" else (-np.inf, np.inf)

    def values(self, vectors, model, clipped: Sequence[int] | slice) -> np.ndarray:
        """What clients share of `vectors`, shape (n, d), in the round that began at `model`.

        Parameters
        ----------
        vectors : ndarray of float64, shape (n, d)
        model : ndarray of float64, shape (d,)
        clipped : rows
            Whose values are brought into the range: a player can input valid words only.

        Returns
        -------
        ndarray of float64, shape (n, d)
        """
        shared = vectors if self.what == "model" else vectors - model
        rows = clipped if isinstance(clipped, slice) else list(clipped)
        if rows:
            shared = np.array(shared)
            shared[rows] = np.clip(shared[rows], *self.fixed_point.range())
        return shared

    def next_model(self, aggregated, model) -> np.ndarray:
        """The model that the aggregated vector, shape (d,), makes of the one before."""
        return aggregated if self.what == "model" else model + aggregated
