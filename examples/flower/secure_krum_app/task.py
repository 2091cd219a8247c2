"""Data and model: logistic regression, in NumPy; nothing here knows of Krum or of SMPC."""

import csv
from functools import lru_cache

import numpy as np

RATE, PENALTY = 0.05, 1e-3


@lru_cache(maxsize=1)
def load(data: str, target: str):
    """Features scaled to mean 0 and deviation 1, labels 0 … classes - 1, and how many classes."""
    if data:
        with open(data, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        features = [name for name in rows[0] if name != target]
        x = np.array([[float(row[name]) for name in features] for row in rows])
        names, y = np.unique([row[target] for row in rows], return_inverse=True)
    else:
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        names = np.unique(y)
    deviation = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    order = np.random.default_rng(0).permutation(len(x))
    return x[order], y[order], len(names)


def partition(data: str, target: str, number: int, parts: int):
    """One client's share of the first four fifths."""
    x, y, classes = load(data, target)
    rows = np.arange(len(x) * 4 // 5)[number::parts]
    return x[rows], y[rows], classes


def test_set(data: str, target: str):
    """The last fifth."""
    x, y, classes = load(data, target)
    rows = slice(len(x) * 4 // 5, None)
    return x[rows], y[rows], classes


def start(features: int, classes: int):
    """Weights and intercepts of a new model."""
    return {"weights": np.zeros((classes, features)), "intercepts": np.zeros(classes)}


def train(model, x, y, rng):
    """One pass of stochastic gradient descent over this client's data."""
    weights, intercepts = model["weights"].copy(), model["intercepts"].copy()
    wanted = np.eye(len(intercepts))[y]
    for i in rng.permutation(len(x)):
        z = weights @ x[i] + intercepts
        p = np.exp(z - z.max())
        error = p / p.sum() - wanted[i]
        weights -= RATE * (np.outer(error, x[i]) + PENALTY * weights)
        intercepts -= RATE * error
    return {"weights": weights, "intercepts": intercepts}


def accuracy(model, x, y) -> float:
    return float(np.mean((x @ model["weights"].T + model["intercepts"]).argmax(axis=1) == y))
