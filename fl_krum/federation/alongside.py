"""The models that train alongside a session, for its records to compare with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..aggregators.rules import mean
from ..program.fixed_point import FixedPoint
from .clients import SimulatedClients

NOTHING: dict[str, float | None]
NOTHING = dict.fromkeys(("accuracy_mean", "accuracy_alone", "accuracy_pooled"))


class Alongside:
    """The plain mean, each honest client alone, and pooled data.

    Parameters
    ----------
    clients : SimulatedClients
    fixed_point : FixedPoint
    accuracy : callable
        Of a model vector.
    models : dict, or ndarray of shape (d,)
        Where they go on, as `models` gave it after an earlier round; or the vector where all start.
    """

    def __init__(
        self,
        clients: SimulatedClients,
        fixed_point: FixedPoint,
        accuracy: Callable[[np.ndarray], float],
        models: dict[str, np.ndarray] | np.ndarray,
    ):
        self._clients, self._fixed_point, self._accuracy = clients, fixed_point, accuracy
        if isinstance(models, np.ndarray):
            alone = np.tile(models, (len(clients.honest), 1))
            models = {"mean": models, "alone": alone, "pooled": models}
        self._mean, self._pooled = (np.array(models[key], float) for key in ("mean", "pooled"))
        self._alone = list(np.array(models["alone"], float))

    @property
    def models(self) -> dict[str, np.ndarray]:
        """All of them, as they are now."""
        return {"mean": self._mean, "alone": np.array(self._alone), "pooled": self._pooled}

    def after(self, number: int) -> dict[str, float | None]:
        """Train all of them as in round `number`; give what they reach."""
        self._mean = self._mean_round(number)
        self._alone = self._clients.alone(self._alone, number)
        self._pooled = self._clients.pooled(self._pooled, number)
        return {
            "accuracy_mean": self._accuracy(self._mean),
            "accuracy_alone": float(np.mean([self._accuracy(model) for model in self._alone])),
            "accuracy_pooled": self._accuracy(self._pooled),
        }

    def _mean_round(self, number) -> np.ndarray:
        # A ruined model may take honest clients out of the range too. Their values are clipped as
        # well: this session is a comparison, and has no players that could not input them.
        updates = np.clip(self._clients.updates(self._mean, number), *self._fixed_point.range())
        return mean(self._fixed_point.decode(self._fixed_point.encode(updates, warn=False)))
