"""The models that train alongside a session, for its records to compare with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..aggregators.rules import mean, weighted_mean
from .clients import SimulatedClients
from .sharing import Sharing

NOTHING: dict[str, float | None]
NOTHING = dict.fromkeys(("accuracy_mean", "accuracy_weighted", "accuracy_alone", "accuracy_pooled"))


class Alongside:
    """The plain mean, that weighted by samples, each honest client alone, and pooled data.

    The weighted mean is trained only where clients differ by more than a sample; else it is the
    plain one.

    Parameters
    ----------
    clients : SimulatedClients
    sharing : Sharing
    accuracy : callable
        Of a model vector.
    models : dict, or ndarray of shape (d,)
        Where they go on, as `models` gave it after an earlier round; or the vector where all start.
    """

    def __init__(
        self,
        clients: SimulatedClients,
        sharing: Sharing,
        accuracy: Callable[[np.ndarray], float],
        models: dict[str, np.ndarray] | np.ndarray,
    ):
        self._clients, self._sharing, self._accuracy = clients, sharing, accuracy
        unequal = max(clients.sizes) > min(clients.sizes) + 1
        if isinstance(models, np.ndarray):
            alone = np.tile(models, (len(clients.honest), 1))
            models = {"mean": models, "alone": alone, "pooled": models}
        self._mean, self._pooled = (np.array(models[key], float) for key in ("mean", "pooled"))
        self._alone = list(np.array(models["alone"], float))
        self._weighted = np.array(models.get("weighted", self._mean), float) if unequal else None

    @property
    def models(self) -> dict[str, np.ndarray]:
        """All of them, as they are now."""
        models = {"mean": self._mean, "alone": np.array(self._alone), "pooled": self._pooled}
        return models if self._weighted is None else {**models, "weighted": self._weighted}

    def after(self, number: int) -> dict[str, float | None]:
        """Train all of them as in round `number`; give what they reach."""
        self._mean = self._mean_round(self._mean, number)
        if self._weighted is not None:
            self._weighted = self._mean_round(self._weighted, number, self._clients.sizes)
        self._alone = self._clients.alone(self._alone, number)
        self._pooled = self._clients.pooled(self._pooled, number)
        return {
            "accuracy_mean": (accuracy_mean := self._accuracy(self._mean)),
            "accuracy_weighted": accuracy_mean
            if self._weighted is None
            else self._accuracy(self._weighted),
            "accuracy_alone": float(np.mean([self._accuracy(model) for model in self._alone])),
            "accuracy_pooled": self._accuracy(self._pooled),
        }

    def _mean_round(self, model, number, weights=None) -> np.ndarray:
        # A ruined model may take honest clients out of the range too. Their values are clipped as
        # well: this session is a comparison, and has no players that could not input them.
        values = self._sharing.values(self._clients.updates(model, number), model, slice(None))
        fixed_point = self._sharing.fixed_point
        updates = fixed_point.decode(fixed_point.encode(values, warn=False))
        result = mean(updates) if weights is None else weighted_mean(updates, weights)
        return self._sharing.next_model(result, model)
