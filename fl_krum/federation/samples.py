"""Samples as a model takes them: arrays that somebody gave, checked, divided and standardised.

Whatever is not a finite number, or no class label, is refused here, with the place where it stands.
What a client has is named by kind only, not how many of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_MANY_LABELS = 100  # more of them than this, and than a label has samples, are no classes


class Samples(NamedTuple):
    """Features, shape (samples, …), and labels 0 … k-1, shape (samples,)."""

    x: np.ndarray
    y: np.ndarray


def checked_features(x, who) -> np.ndarray:
    """A copy of x as floats, shape (samples, …); `who` stands before what is wrong with it."""
    try:
        values = np.array(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{who}: features must be numbers, shape (samples, features)") from None
    if values.ndim < 2 or 0 in values.shape:
        raise ValueError(f"{who} must have the shape (samples, features); got {values.shape}")
    if not (fine := np.isfinite(values)).all():
        sample, *feature = np.argwhere(~fine)[0].tolist()
        where = ", ".join(map(str, feature))
        raise ValueError(
            f"{who}: feature {where} of sample {sample} (from 0) is {values[~fine][0]}: fill in "
            "what is missing, or leave it out"
        )
    return values


def check_labels(y, samples, who="y") -> None:
    """Raise ValueError unless there is a class label for each sample, all of one kind."""
    if y.shape != (samples,):
        raise ValueError(f"{who} must have a label for each of {samples} samples; got {y.shape}")
    if y.dtype.kind == "f":
        if not np.isfinite(y).all():
            raise ValueError(f"{who}: label of sample {np.argmin(np.isfinite(y))} (from 0) is {y}")
        if (odd := y != np.round(y)).any():
            raise ValueError(
                f"{who}: {y[odd][0]} is not a class label; predicting numbers is not "
                "what this is for"
            )
    elif y.dtype.kind == "O":
        kinds = {type(label) for label in y.tolist()}
        if len(kinds) > 1:
            words = " and ".join(sorted(kind.__name__ for kind in kinds))
            raise ValueError(f"{who}: labels are of several kinds, {words}: make them strings")


def check_classes(names, samples) -> None:
    """Raise ValueError unless there are two labels, and few enough to be classes."""
    if len(names) < 2:
        raise ValueError(f"all labels are {names[0]}: there must be two classes at least")
    if len(names) > max(_MANY_LABELS, samples // 2):
        raise ValueError(f"{samples} samples have {len(names)} labels: is this the right column?")


def client_arrays(number, x, y) -> tuple[np.ndarray, np.ndarray]:
    """What client `number` has, checked."""
    x, y = checked_features(x, f"client {number}"), np.asarray(y)
    check_labels(y, len(x), f"client {number}")
    return x, y


def all_labels(found) -> np.ndarray:
    """All labels that some client has. What it has is told, not how many of which."""
    kinds = {np.unique(y).dtype.kind in "USO" for _, y in found}
    if len(kinds) > 1:
        raise ValueError("some clients have text as labels, others numbers")
    return np.unique(np.concatenate([np.unique(y) for _, y in found]))


def given_test(test, width, names) -> Samples:
    """A test part (x, y), checked, labels as numbers; `width` is the shape of one sample."""
    x, y = checked_features(test[0], "test"), np.asarray(test[1])
    check_labels(y, len(x), "test")
    if x.shape[1:] != width:
        raise ValueError(f"the test part has features of the shape {x.shape[1:]}, not {width}")
    if len(unknown := np.setdiff1d(y, names)):
        raise ValueError(f"the test part has a label that nobody trains on: {unknown[0]}")
    return Samples(x, np.searchsorted(names, y))


def draw_test(y, names, share, seed) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the training part and of the test part, the same share of every class."""
    from sklearn.model_selection import train_test_split  # `data` says why here

    _check_share(share)
    counts = np.bincount(y)
    if counts.min() < 2:
        raise ValueError(f"label {names[counts.argmin()]} has one sample: each needs two at least")
    try:
        return train_test_split(np.arange(len(y)), test_size=share, stratify=y, random_state=seed)
    except ValueError as error:
        raise ValueError(
            f"{len(y)} samples are too few for test_share = {share}: {error}"
        ) from None


def keep_some(x, y, share, seed) -> tuple[Samples, Samples]:
    """A client's training part and test part; with a single sample, that is trained on."""
    _check_share(share)
    order = np.random.default_rng(seed).permutation(len(y))
    kept = min(max(1, round(share * len(y))), len(y) - 1)
    testing, training = np.sort(order[:kept]), np.sort(order[kept:])
    return Samples(x[training], y[training]), Samples(x[testing], y[testing])


def _check_share(share) -> None:
    if not 0 < share < 1:
        raise ValueError(f"test_share must be above 0 and below 1; got {share}")


def standardised(train: Sequence, test: Sequence) -> tuple[list, list]:
    """All arrays with mean 0 and variance 1 over the training parts; constants become 0."""
    sizes = [len(x) for x in train]
    mean = np.average([x.mean(axis=0) for x in train], axis=0, weights=sizes)
    variance = np.average([((x - mean) ** 2).mean(axis=0) for x in train], axis=0, weights=sizes)
    spread = np.sqrt(variance)
    spread = np.where(spread > 1e-12 * np.maximum(1, np.abs(mean)), spread, 1.0)
    return [(x - mean) / spread for x in train], [(x - mean) / spread for x in test]


def checked_column(values, samples, name) -> np.ndarray:
    """One value for each sample."""
    values = np.asarray(values)
    if values.shape != (samples,):
        raise ValueError(f"{name} must have a value for each of {samples} samples")
    return values
