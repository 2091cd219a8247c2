"""What a model of a session must be able to do, and the one of the lesson: logistic regression.

Federated learning moves vectors, scikit-learn trains estimators: `LogisticModel` turns one into the
other. A client's training is a few passes of stochastic gradient descent that start at the global
vector; it needs no more than the vector and the client's own samples.

One's own model is any object with the methods of `Model`. Adapters make one of any scikit-learn
classifier with `partial_fit` (`estimator_model`) and of any PyTorch module (`torch_model`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .estimator_model import EstimatorModel


class Model(Protocol):
    """What a session asks of a model. All vectors are float64 of the same shape (d,)."""

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """The first global model, shape (d,)."""
        ...  # pragma: no cover

    def train(
        self, vector: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """What a client makes of the global model, shape (d,).

        `x` is its features, shape (samples, features) or as the data have them, and `y` its labels
        0 … classes-1, shape (samples,). All chance comes from `rng`, and nothing is kept between
        two calls, so that the same arguments give the same run.
        """
        ...  # pragma: no cover

    def accuracy(self, vector: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
        """Share of the samples that the model `vector` classifies correctly, 0 … 1."""
        ...  # pragma: no cover


def as_model(given, features: int, classes: int) -> Model:
    """A model out of what a user gave.

    Parameters
    ----------
    given : Model, scikit-learn classifier, torch.nn.Module or None
        None is a `LogisticModel`; a classifier and a module get adapters with their defaults.
    features, classes : int
        Of the data.

    Raises
    ------
    ValueError
        It is none of these.
    """
    if given is None:
        return LogisticModel(features, classes)
    missing = [name for name in ("start", "train", "accuracy") if not _has(given, name)]
    if not missing:
        return given
    if _has(given, "partial_fit") and not isinstance(given, type):
        return EstimatorModel(given, features, classes)
    torch = sys.modules.get("torch")  # whoever gives a module has imported it
    if torch is not None and isinstance(given, torch.nn.Module):
        from .torch_model import TorchModel

        return TorchModel(given)
    raise ValueError(
        "model must have start(rng), train(vector, x, y, rng) and accuracy(vector, x, y), or be a "
        f"scikit-learn classifier with partial_fit or a torch.nn.Module; {given!r:.60} has no "
        f"{', '.join(missing)}"
    )


def model_name(model: Model) -> str:
    """What to call a model in settings: the name of what an adapter wraps, or of its class."""
    if isinstance(model, LogisticModel):
        return "logistic"
    return str(getattr(model, "name", type(model).__name__))


def _has(given, name: str) -> bool:
    return callable(getattr(given, name, None))


@dataclass(frozen=True)
class LogisticModel:
    """Logistic regression on `features` features; more than two classes are one-against-the-rest.

    The intercept is the weight of a last feature that is always 1. So the vector is the matrix of
    weights read row by row: ``features + 1`` numbers for two classes, and as many for *each* class
    when there are more.

    Parameters
    ----------
    features : int
        Features of a sample, without the intercept; 0 leaves the intercept alone.
    classes : int
        At least 2.
    epochs : int
        Passes over a client's samples in one round.
    learning_rate : float
        Constant step of the gradient descent.
    penalty : float
        Weight of the squared (L2) length of the vector in the loss.

    Examples
    --------
    >>> model = LogisticModel(features=1)
    >>> model.dimension
    2
    >>> model.predict([1.0, -0.5], [[0.2], [0.7]])      # above 0.5 it is class 1
    array([0, 1])
    """

    features: int
    classes: int = 2
    epochs: int = 1
    learning_rate: float = 0.05
    penalty: float = 1e-3

    def __post_init__(self):
        for name, least in (("features", 0), ("classes", 2), ("epochs", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        for name in ("learning_rate", "penalty"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be a number above 0, got {getattr(self, name)}")

    @property
    def dimension(self) -> int:
        """Length d of the vector."""
        return self._rows * (self.features + 1)

    @property
    def _rows(self) -> int:
        return 1 if self.classes == 2 else self.classes

    def train(
        self, vector: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Start at `vector` and descend on the samples of one client.

        A client that holds one class only is no special case: the estimator knows all the classes
        beforehand, which scikit-learn's `fit` would not accept but `partial_fit` does.

        Parameters
        ----------
        vector : array_like, shape (d,)
        x : ndarray, shape (samples, features)
        y : ndarray of int, shape (samples,)
        rng : numpy.random.Generator
            Decides the order in which the samples are visited.

        Returns
        -------
        ndarray of float64, shape (d,)
        """
        from sklearn.linear_model import SGDClassifier  # `data` says why here

        estimator = SGDClassifier(
            loss="log_loss",
            alpha=self.penalty,
            learning_rate="constant",
            eta0=self.learning_rate,
            fit_intercept=False,
            random_state=np.random.RandomState(int(rng.integers(2**32))),
        )
        estimator.classes_ = np.arange(self.classes)
        estimator.coef_ = self._weights(vector).copy()  # descent changes it in place
        estimator.intercept_ = np.zeros(self._rows)
        for _ in range(self.epochs):
            estimator.partial_fit(_with_ones(x), y)
        return estimator.coef_.ravel()

    def predict(self, vector: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Classes, shape (samples,), that the model `vector` gives to the samples `x`."""
        scores = _with_ones(x) @ self._weights(vector).T
        if self.classes == 2:
            return (scores[:, 0] > 0).astype(np.int64)
        return scores.argmax(axis=1)

    def accuracy(self, vector: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
        """Share of the samples `x` to which the model `vector` gives the label in `y`, 0 … 1."""
        return float(np.mean(self.predict(vector, x) == y))

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """The first global model: a random vector of length 4."""
        return self.random_vector(rng)

    def random_vector(self, rng: np.random.Generator, length: float = 4.0) -> np.ndarray:
        """A vector of the given Euclidean length in a random direction, shape (d,)."""
        direction = rng.normal(size=self.dimension)
        return length * direction / np.linalg.norm(direction)

    def _weights(self, vector) -> np.ndarray:
        """View `vector` as the matrix of weights, shape (rows, features + 1)."""
        vector = np.asarray(vector, dtype=np.float64)
        if vector.shape != (self.dimension,):
            raise ValueError(f"vector must have shape ({self.dimension},), got {vector.shape}")
        return vector.reshape(self._rows, self.features + 1)


def _with_ones(x) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    return np.column_stack([x, np.ones(len(x))])
