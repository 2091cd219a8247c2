"""The model that the clients train: logistic regression, as one vector of d real numbers.

Federated learning moves vectors, scikit-learn trains estimators: this file turns one into the
other. A client's training is a few passes of stochastic gradient descent that start at the global
vector; it needs no more than the vector and the client's own samples.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import SGDClassifier


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

    def train(self, vector, x, y, rng) -> np.ndarray:
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

    def predict(self, vector, x) -> np.ndarray:
        """Classes, shape (samples,), that the model `vector` gives to the samples `x`."""
        scores = _with_ones(x) @ self._weights(vector).T
        if self.classes == 2:
            return (scores[:, 0] > 0).astype(np.int64)
        return scores.argmax(axis=1)

    def accuracy(self, vector, x, y) -> float:
        """Share of the samples `x` to which the model `vector` gives the label in `y`, 0 … 1."""
        return float(np.mean(self.predict(vector, x) == y))

    def random_vector(self, rng, length=4.0) -> np.ndarray:
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
