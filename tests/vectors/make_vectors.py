"""Write the frozen vectors: the choices, scores and forged updates of other people's programs.

The tests only read the JSON files; this shows where they come from. It needs Python 3.12 or newer
and, in an environment of their own, the packages below:

    pip install flwr==1.20.0 byzfl==0.0.11 krum==0.9.1 torch scipy seaborn
    python tests/vectors/make_vectors.py

All data are small integers, so the libraries' floating point cannot change a choice. Their bounds
differ: ByzFL sums over n - f' - 1 neighbours, so it is asked with f' = f + 1; the other two, like
the paper, over n - f - 2.
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import byzfl
import numpy as np
import torch
from flwr.server.strategy.aggregate import _compute_distances, aggregate_bulyan, aggregate_krum
from krum.primitives.aggregators.multikrum import MultiKrum
from krum.primitives.attacks.alie import ALIEAttack

HERE = Path(__file__).parent
PACKAGES = {name: version(name) for name in ("flwr", "byzfl", "krum", "torch", "numpy")}
PACKAGES["python"] = platform.python_version()

PUBLISHED = [
    ("V1", 1, [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]),
    (
        "V2",
        2,
        [
            [0, 2, 0, 0, -2],
            [0, 2, -4, -4, 2],
            [-1, 3, -4, 4, -3],
            [-1, 4, -4, 1, 2],
            [-1, -4, 0, -1, 3],
            [7, -6, -18, 4, -9],
            [8, 15, -6, 17, 1],
        ],
    ),
    (
        "V3",
        2,
        [
            [1, 2, 3, 4, 5],
            [2, 2, 3, 4, 5],
            [1, 3, 3, 4, 4],
            [0, 2, 2, 4, 5],
            [1, 2, 4, 5, 5],
            [50, -40, 30, -20, 10],
            [-60, 70, -80, 90, -100],
        ],
    ),
]
TIES = [
    ("mutual nearest neighbours, n = 3", 0, [[9], [1], [2]]),
    ("mutual nearest neighbours far apart, n = 3", 0, [[5, 0], [0, 0], [0, 5]]),
    ("all equal", 1, [[7, 7]] * 5),
    ("two pairs", 0, [[0, 0], [10, 0], [0, 1], [10, 1]]),
    ("a symmetric cross", 1, [[1, 0], [-1, 0], [0, 1], [0, -1], [50, 50]]),
    ("equal vectors after an outlier", 2, [[99], [3], [3], [-99], [3], [3], [3]]),
]


def scores_of(X, f):
    """Scores by krum and by Flower's distances, which must be the same whole numbers."""
    n = len(X)
    theirs = MultiKrum.score(torch.tensor(X, dtype=torch.float64), n=n, f=f).numpy()
    distances = _compute_distances([[row.astype(float)] for row in X])
    flower = np.sort(distances, axis=1)[:, 1 : n - f - 1].sum(axis=1)
    whole = np.rint(theirs)
    assert np.allclose(theirs, whole, rtol=1e-12, atol=1e-6)
    assert np.allclose(flower, whole, rtol=1e-12, atol=1e-6)
    return [int(score) for score in whole]


def choices_of(X, f):
    """The vector that each program chooses."""
    rows = [row.astype(float) for row in X]
    stacked = torch.tensor(X, dtype=torch.float64)
    return {
        "flwr": aggregate_krum([([row], 1) for row in rows], f, to_keep=0)[0],
        "krum": MultiKrum.aggregate(stacked, n=len(X), f=f, m=1).numpy(),
        "byzfl": byzfl.Krum(f + 1)(np.array(rows)),
    }


def krum_case(name, f, X):
    """One case with a unique minimum, on which the three programs agree; None if there is none."""
    X = np.array(X)
    scores = scores_of(X, f)
    index = int(np.argmin(scores))
    if scores.count(scores[index]) > 1:
        return None
    choices = choices_of(X, f)
    assert all(np.array_equal(choice, X[index]) for choice in choices.values()), (name, choices)
    return {"name": name, "f": f, "index": index, "scores": scores, "vectors": X.tolist()}


def tie_case(name, f, X):
    """One case with several minima; the first of them is the index. Flower takes the first too."""
    X = np.array(X)
    scores = scores_of(X, f)
    index = scores.index(min(scores))
    assert scores.count(scores[index]) > 1
    assert np.array_equal(choices_of(X, f)["flwr"], X[index])
    return {"name": name, "f": f, "index": index, "scores": scores, "vectors": X.tolist()}


def random_krum_cases(rng):
    """For every n from 3 to 12 and every f: a cluster with f vectors further out, translated."""
    for n in range(3, 13):
        for f in range((n - 3) // 2 + 1):
            d = int(rng.integers(1, 9))
            X = rng.integers(-9, 10, (n, d))
            X[rng.permutation(n)[:f]] *= 7
            offset = int(rng.choice([0, 1000, 2**27]))
            yield krum_case(f"n = {n}, f = {f}, offset {offset}", f, X + offset)


def aggregator_case(rng, n, f, d):
    X = rng.integers(-50, 51, (n, d))
    real = X.astype(float)
    stacked = torch.tensor(real)
    return {
        "f": f,
        "vectors": X.tolist(),
        "mean": byzfl.Average()(real).tolist(),
        "median": byzfl.Median()(real).tolist(),
        "trimmed-mean": byzfl.TrMean(f)(real).tolist(),
        "multi-krum": {
            m: MultiKrum.aggregate(stacked, n=n, f=f, m=m).tolist() for m in range(1, n - f + 1)
        },
    }


def centre_case(rng, n, d):
    """Geometric median and centred clipping. ByzFL begins at the origin: moved to our centres."""
    X = rng.integers(-50, 51, (n, d))
    real = X.astype(float)
    average, middle = real.mean(axis=0), np.median(real, axis=0)
    median = byzfl.GeometricMedian(nu=0.1, T=3)(real - average) + average
    clipped = byzfl.CenteredClipping(L=2, tau=20.0)(real - middle) + middle
    return {
        "vectors": X.tolist(),
        "geometric median, smoothing 0.1, 3 steps": median.tolist(),
        "centred clipping, radius 20, 2 steps": clipped.tolist(),
    }


def bulyan_case(rng, n, f, d):
    X = rng.integers(-50, 51, (n, d))
    results = [([row.astype(float)], 1) for row in X]
    bulyan = aggregate_bulyan(results, f, aggregate_krum, to_keep=0)[0]
    return {"f": f, "vectors": X.tolist(), "bulyan": bulyan.tolist()}


def write_more_rules():
    """The rules that came later, with a generator of their own: the other files stay the same."""
    rng = np.random.default_rng(2018)
    centres = [centre_case(rng, n, d) for n, d in ((3, 2), (7, 4), (12, 3))]
    sizes = [(3, 0, 2), (7, 1, 4), (9, 1, 2), (11, 2, 5), (15, 3, 3)]
    bulyans = [bulyan_case(rng, *size) for size in sizes]
    about = "centres by byzfl, about the mean and the median; bulyan by flwr."
    write("more_rules.json", about=about, centres=centres, bulyan=bulyans)


def mixing_case(rng, n, f, d):
    """Mixtures, and the one that Krum chooses, where no tie decides."""
    while True:
        X = rng.integers(-50, 51, (n, d))
        X[rng.permutation(n)[:f]] *= 3
        distances = np.square(X[:, None] - X[None]).sum(axis=2)
        in_order = np.sort(distances, axis=1)
        mixtures = byzfl.NNM(f)(X.astype(float))
        scores = MultiKrum.score(torch.tensor(mixtures), n=n, f=f).numpy()
        best = mixtures[np.isclose(scores, scores.min(), rtol=1e-9, atol=1e-9)]
        if f and (in_order[:, n - f - 1] == in_order[:, n - f]).any() or np.ptp(best, axis=0).any():
            continue
        assert np.allclose(byzfl.Krum(f + 1)(mixtures), best[0], rtol=1e-12)
        return {
            "f": f,
            "vectors": X.tolist(),
            "mixtures": mixtures.tolist(),
            "krum": best[0].tolist(),
        }


def write_mixing():
    rng = np.random.default_rng(2023)
    sizes = [(3, 0, 2), (5, 1, 3), (7, 1, 5), (7, 2, 5), (9, 3, 2), (20, 5, 4), (20, 8, 3)]
    about = "mixtures by byzfl's NNM; krum: which of them byzfl's Krum, with f + 1, chooses."
    write("mixing.json", about=about, cases=[mixing_case(rng, *size) for size in sizes])


def attack_case(rng, h, f, d):
    honest = rng.integers(-20, 21, (h, d))
    real = honest.astype(float)
    z = 1.5
    return {
        "f": f,
        "honest": honest.tolist(),
        "sign-flip, strength 1": byzfl.SignFlipping()(real).tolist(),
        "inner-product, epsilon 0.5": byzfl.InnerProductManipulation(0.5)(real).tolist(),
        "alie, z 1.5": ALIEAttack.generate(torch.tensor(real), f=f, z=z)[0].tolist(),
    }


def write(name, **content):
    """Write JSON with one case a line."""
    lines = [f'"confirmed_by": {json.dumps(PACKAGES)}']
    for key, value in content.items():
        text = ",\n".join(json.dumps(v) for v in value) if isinstance(value, list) else None
        lines.append(f'"{key}": ' + (f"[\n{text}\n]" if text else json.dumps(value)))
    (HERE / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main():
    rng = np.random.default_rng(2017)
    cases = [krum_case(*case) for case in PUBLISHED]
    cases += [case for _ in range(2) for case in random_krum_cases(rng) if case]
    about = "Rows count from 0. cases: flwr, krum and byzfl (with f + 1) choose index; krum and "
    about += "flwr have these scores. ties: several minima, index is the first, as in flwr."
    write("krum.json", about=about, cases=cases, ties=[tie_case(*case) for case in TIES])
    sizes = [(3, 0, 2), (5, 1, 3), (7, 2, 4), (8, 2, 3), (9, 3, 5), (12, 4, 2)]
    about = "mean, median, trimmed-mean by byzfl; multi-krum for each m by krum."
    write("aggregators.json", about=about, cases=[aggregator_case(rng, *size) for size in sizes])
    sizes = [(3, 1, 2), (5, 2, 4), (8, 3, 5)]
    about = "What an attacker sends when previous = 0: sign-flip, inner-product by byzfl, alie "
    about += "by krum."
    write_more_rules()
    write_mixing()
    write("attacks.json", about=about, cases=[attack_case(rng, *size) for size in sizes])


if __name__ == "__main__":
    main()
