"""What a client's vector tells about the client's data: training examples, read back out of it.

The model is linear, so a training step adds a multiple of the example itself to the weights, and
the same multiple of 1 to the intercept, after it has shrunk all of them by the penalty:
w <- (1 - rate * penalty) * w + rate * error * (x, 1). Whoever sees the weights before and after
takes away what is left of the old ones, divides the one addition by the other, and has x: one
division. Of several examples their averages come out, by solving an equation for each class, and
the less exactly the more there are (`recover_averages`, which needs to know more).

Assumes no more than what the server of an ordinary federation has: the global model that it sent,
the vector that the client sent back, and the settings of the training, which are public.

Source: Phong, Aono, Hayashi, Wang, Moriai, "Privacy-Preserving Deep Learning via Additively
Homomorphic Encryption", IEEE Transactions on Information Forensics and Security, 2018 (gradients
leak information). For deep networks: Zhu, Liu, Han, "Deep Leakage from Gradients", NeurIPS 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..federation.models import LogisticModel


@dataclass(frozen=True, eq=False)
class Example:
    """A training example as it was read out of a client's vector.

    Attributes
    ----------
    features : ndarray of float64, shape (features,)
    label : int
    """

    features: np.ndarray
    label: int


def recover_example(before, after, model: LogisticModel) -> Example:
    """Read out the one example on which a client trained.

    Parameters
    ----------
    before, after : array_like, shape (d,)
        The global model that the client was sent, and the vector that it returned.
    model : LogisticModel
        The settings of the training, with one epoch.

    Returns
    -------
    Example
        Exact but for the rounding of floating-point numbers.

    Raises
    ------
    ValueError
        The vectors do not have d coordinates, the training had several epochs, or it moved no
        intercept, so that there is nothing to divide by.
    """
    rows = _added(before, after, model, examples=1)
    errors = rows[:, -1]
    strongest = int(np.argmax(np.abs(errors)))
    if errors[strongest] == 0:
        raise ValueError("the training moved no intercept: there is nothing to divide by")
    # An error is positive for the class of the example and negative for every other one.
    label = int(errors[0] > 0) if model.classes == 2 else int(np.argmax(errors))
    return Example(rows[strongest, :-1] / errors[strongest], label)


def recover_averages(after, model: LogisticModel, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Read out what each class looks like on average in the data of one client.

    The client began at the vector of zeros, where every class of an example has the probability
    1/2, and trained for one epoch. The row of class k is then close to rate * (C_k - S / 2), C_k
    being the sum of the examples (x, 1) of this class and S the sum of all: ten equations for ten
    unknown sums. "Close to", because the probabilities move away from 1/2 while the client trains;
    so the result is the sharper, the fewer examples there are.

    Parameters
    ----------
    after : array_like, shape (d,)
        The vector that the client returned.
    model : LogisticModel
        The settings of the training, with one epoch and at least three classes.
    examples : int
        How many examples the client has; clients commonly report this number.

    Returns
    -------
    averages : ndarray of float64, shape (classes, features)
        NaN for a class of which there seems to be no example.
    counts : ndarray of float64, shape (classes,)
        About how many examples of each class there are.

    Raises
    ------
    ValueError
        As for `recover_example`, or the model has two classes only (one row of weights).
    """
    if model.classes < 3:
        raise ValueError(
            f"need a row of weights for each of 3 classes or more, got {model.classes}"
        )
    rows = _added(np.zeros(model.dimension), after, model, examples) / model.learning_rate
    total = rows.sum(axis=0) / (1 - model.classes / 2)
    sums = rows + total / 2
    counts = sums[:, -1]
    averages = np.full((model.classes, model.features), np.nan)
    present = counts > _PRESENT
    averages[present] = sums[present, :-1] / counts[present, None]
    return averages, counts


_PRESENT = 0.1  # estimated number of examples below which a class counts as absent


def _added(before, after, model, examples) -> np.ndarray:
    """Return what the examples added to the weights, one row a class, shape (rows, features + 1).

    Each step of the training first shrinks the weights by the penalty; that part is known.
    """
    if model.epochs != 1:
        raise ValueError(f"epochs must be 1 for this reading, got {model.epochs}")
    before, after = _vector("before", before, model), _vector("after", after, model)
    shrinking = (1 - model.learning_rate * model.penalty) ** examples
    return (after - shrinking * before).reshape(-1, model.features + 1)


def _vector(name, values, model) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.shape != (model.dimension,):
        raise ValueError(f"{name} must have shape ({model.dimension},), got {values.shape}")
    return values
