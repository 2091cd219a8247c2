"""Data, and a model: logistic regression, in NumPy. Nothing here knows of Krum or of SMPC.

`cnn.py` is another model, with the same three functions: start, train and accuracy.
"""

import csv
import importlib
import json
import sys
from functools import lru_cache
from pathlib import Path

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


def model_of(name: str):
    """The module with start, train and accuracy: this one, or cnn."""
    return importlib.import_module(".cnn", __package__) if name == "cnn" else sys.modules[__name__]


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


def reversed_model(model, trained):
    """What a liar returns: four times what it has learnt, in the wrong direction."""
    found = {}
    for name, array in model.items():
        changed = array - 4 * (trained[name] - array) if array.dtype.kind == "f" else array
        found[name] = np.asarray(changed)  # of one number NumPy makes a scalar
    return found


def accuracy(model, x, y) -> float:
    return float(np.mean((x @ model["weights"].T + model["intercepts"]).argmax(axis=1) == y))


def save(folder, model, line):
    """The global model of a round, and a line of rounds.jsonl that says what became of it."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"model-{line['round']:03d}.npz", **model)
    with open(folder / "rounds.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def saved(folder):
    """Number and model of the last round that was saved there; 0 and None if there is none."""
    files = sorted(Path(folder).glob("model-*.npz")) if folder else []
    if not files:
        return 0, None
    with np.load(files[-1]) as file:
        return int(files[-1].stem.removeprefix("model-")), dict(file)
