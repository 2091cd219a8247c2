"""What a session learns: data, and a model that fits them, out of what a user gave."""

from __future__ import annotations

import numpy as np

from .data import load
from .dataset import Dataset
from .models import LogisticModel, Model, as_model
from .own_functions import as_vector, check_call, named

#: The length d that a session takes where none is asked for.
DIMENSION = {"breast_cancer": 5, "digits": 650}


def find_task(data, dataset: str, dimension: int | None, model, seed: int) -> tuple[Dataset, Model]:
    """Data and model.

    Parameters
    ----------
    data : Dataset or None
        The user's own; None: the built-in `dataset`, in as many features as `dimension` asks for.
    dataset : str
    dimension : int or None
    model
        See `as_model`.
    seed : int
        Of the test part of a built-in data set.

    Raises
    ------
    ValueError
        It is none of these, or they do not fit each other.
    """
    if data is None:
        if model is None and dimension is None:
            dimension = DIMENSION.get(dataset)
        data = load(dataset, dimension if model is None else None, seed)
    elif not isinstance(data, Dataset):
        raise ValueError(
            "data must be a Dataset, such as Dataset.from_arrays(X, y) makes; got "
            f"{type(data).__name__}"
        )
    found = as_model(model, data.features, data.classes)
    check_call("model.start", found.start, "start(rng)")
    check_call("model.accuracy", found.accuracy, "accuracy(vector, x, y)")
    return data, found


def first_model(data: Dataset, model: Model, dimension: int | None, rng) -> np.ndarray:
    """The vector that a session starts at, shape (d,).

    Of a `LogisticModel` it is a random vector or its opposite, whichever is the worse on the
    training part, so that there is something to learn whatever the seed.

    Raises
    ------
    ValueError
        The model does not give a vector, or not of the length that was asked for.
    """
    if isinstance(model, LogisticModel):
        vector = model.random_vector(rng)
        vector = min(vector, -vector, key=lambda v: data.accuracy(model, v, "train"))
    else:
        with named("model.start"):
            given = model.start(rng)
        vector = as_vector("model.start", given, np.size(given))
    if dimension is not None and len(vector) != dimension:
        raise ValueError(
            f"dimension = {dimension} does not fit: the model has d = {len(vector)} weights"
        )
    return vector
