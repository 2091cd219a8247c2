"""Any scikit-learn classifier with `partial_fit` as a model of a federated session.

A client's training is a pure function of the global vector, its samples and a random generator, so
that the same arguments give the same run. Whatever else an estimator gathers while it learns (the
steps it has counted, Adam's moments) therefore begins anew in every round.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from .layout import Layout

#: Attributes in which scikit-learn's estimators have what gradient descent changes.
WEIGHTS = ("coef_", "intercept_", "coefs_", "intercepts_")


class EstimatorModel:
    """A scikit-learn classifier as vectors of d real numbers.

    Parameters
    ----------
    estimator : estimator with `partial_fit`
        For instance ``SGDClassifier(loss="log_loss")`` or ``MLPClassifier((100,), solver="sgd",
        batch_size=32, learning_rate_init=0.1)``: the size of a batch and the learning rate are its
        own arguments. It is copied, and itself left alone.
    features, classes : int
        Of the data, such as ``data.features`` and ``data.classes``.
    epochs : int
        Passes over a client's samples in one round, each a call of `partial_fit`.
    share : sequence of str
        Names of its attributes that are shared and averaged: float arrays, or lists of them.

    Attributes
    ----------
    name : str
        The estimator's class.
    layout : Layout
        What is where in the vector, and what stays at home.

    Raises
    ------
    ValueError
        The estimator is not a classifier, has no `partial_fit`, or has none of these attributes.

    Examples
    --------
    >>> from sklearn.linear_model import SGDClassifier
    >>> model = EstimatorModel(SGDClassifier(loss="log_loss"), features=4, classes=3)
    >>> print(model.layout)
    d = 15: coef_ (3 x 4), intercept_ (3); at home: t_
    """

    def __init__(
        self, estimator: Any, features: int, classes: int, epochs: int = 1,
        share: Sequence[str] = WEIGHTS,
    ):  # fmt: skip
        from sklearn.base import is_classifier  # `data` says why here

        self.name = name = type(estimator).__name__
        if not (hasattr(estimator, "partial_fit") and is_classifier(estimator)):
            raise ValueError(
                f"{name} cannot be trained in rounds: a classifier with partial_fit can, such as "
                "SGDClassifier or MLPClassifier"
            )
        if getattr(estimator, "average", False):
            raise ValueError(f"{name}(average=…) keeps a second set of weights: leave average out")
        if epochs < 1:
            raise ValueError(f"epochs must be at least 1, got {epochs}")
        self._epochs, self._share = epochs, tuple(share)
        batch = estimator.get_params().get("batch_size")
        self._batch = batch if isinstance(batch, int) else None
        self._labels = np.resize(np.arange(classes), max(classes, self._batch or 1))
        self._features = features
        self._template = self._begin(estimator, np.random.RandomState(0))
        shapes = {key: array.shape for key, array in self._arrays(self._template).items()}
        floats = [key for key in vars(self._template) if _is_learnt(self._template, key)]
        if not shapes:
            raise ValueError(
                f"{name} has none of the weights {', '.join(self._share)}; it has "
                f"{', '.join(floats)}: name those to share with share=(…)"
            )
        self.layout = Layout(shapes, tuple(key for key in floats if key not in self._share))

    @property
    def dimension(self) -> int:
        """Length d of the vector."""
        return self.layout.dimension

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """The first global model: the estimator's own random weights; 0 where it has none."""
        begun = self._begin(self._template, np.random.RandomState(int(rng.integers(2**32))))
        if not hasattr(begun, "coefs_"):  # a linear model begins at 0, and has made a step since
            return np.zeros(self.dimension)
        return self.layout.flatten(self._arrays(begun))

    def train(
        self, vector: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Start at `vector` and make `epochs` passes over the samples of one client.

        Parameters
        ----------
        vector : array_like, shape (d,)
        x : ndarray, shape (samples, features)
        y : ndarray of int, shape (samples,)
            Labels 0 … classes-1; a client may lack some.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of float64, shape (d,)
        """
        trained = self._with(vector)
        if "random_state" in trained.get_params():
            trained.set_params(random_state=np.random.RandomState(int(rng.integers(2**32))))
        if self._batch is not None:  # more than there are samples would be warned of
            trained.set_params(batch_size=min(self._batch, len(y)))
        for _ in range(self._epochs):
            trained.partial_fit(x, y)
        return self.layout.flatten(self._arrays(trained))

    def predict(self, vector: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Classes, shape (samples,), that the model `vector` gives to the samples `x`."""
        return self._with(vector).predict(x)

    def accuracy(self, vector: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
        """Share of the samples `x` to which the model `vector` gives the label in `y`, 0 … 1."""
        return float(np.mean(self.predict(vector, x) == y)) if len(y) else 0.0

    def _begin(self, estimator, random_state):
        """A new one that knows the shapes and the classes: a step on zeros, of hardly any length.

        scikit-learn's estimators have no other public way to be given weights.
        """
        from sklearn.base import clone

        begun = clone(estimator)
        parameters = begun.get_params()
        if "random_state" in parameters:
            begun.set_params(random_state=random_state)
        rate = parameters.get("learning_rate_init")
        if rate is not None:
            begun.set_params(learning_rate_init=1e-300)
        zeros = np.zeros((len(self._labels), self._features))
        begun.partial_fit(zeros, self._labels, classes=np.unique(self._labels))
        if rate is not None:
            begun.set_params(learning_rate_init=rate)
        vars(begun).pop("_optimizer", None)  # it has that rate, and moments of that step
        return begun

    def _with(self, vector):
        """A copy of the estimator with these weights."""
        arrays = self.layout.unflatten(vector)
        changed = copy.deepcopy(self._template)
        for name in self._share:
            value = getattr(changed, name, None)
            if isinstance(value, list):
                # In place and contiguous, as `partial_fit` left them.
                for position, array in enumerate(value):
                    array[...] = arrays[f"{name}[{position}]"]
            elif value is not None:
                setattr(changed, name, arrays[name].astype(value.dtype))
        return changed

    def _arrays(self, estimator) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for name in self._share:
            value = getattr(estimator, name, None)
            if isinstance(value, list):
                found |= {f"{name}[{position}]": array for position, array in enumerate(value)}
            elif value is not None:
                found[name] = np.asarray(value)
        return found


def _is_learnt(estimator, key: str) -> bool:
    """Whether an attribute is a number, or float arrays, that the estimator learns."""
    if not key.endswith("_") or key.startswith("_"):
        return False
    value = getattr(estimator, key)
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(np.asarray(one).dtype.kind == "f" for one in values)
