"""The rules that the players compute, as whole-number weights of the clients' vectors.

Krum, Multi-Krum, `mixing` and `clipping` have one form: from the distances alone follow weights,
integers a_i >= 0 whose sum A everybody knows, and the result is (a_1 w_1 + ... + a_n w_n) / A.
Inside SMPC the players add up the vectors, each times its weight, and the server divides in the
clear. On integer vectors every number here is exact, so the same rule in the clear gives the same
weights, and the same result bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .clipping import STEPS, clipped_krum_weights
from .krum import krum
from .mixing import mixed_krum_weights
from .parameters import check_average


def krum_weights(X, f: int, m: int = 1, excluded: Iterable[int] = ()) -> np.ndarray:
    """Return 1 for each of the m vectors with the smallest scores, else 0: shape (n,).

    Parameters and errors are those of `fl_krum.aggregators.krum.multi_krum`.
    """
    ranking = krum(X, f, excluded).ranking
    weights = np.zeros(len(ranking), np.int64)
    weights[ranking[: check_average(len(ranking), f, m)]] = 1
    return weights


#: Name, as on the command line -> weights(X, f, m, excluded), shape (n,).
WEIGHTS: dict[str, Callable[..., np.ndarray]] = {
    "krum": krum_weights,
    "mixed-krum": mixed_krum_weights,
    "clipped-krum": clipped_krum_weights,
}

#: Name -> sum of the weights, for so many clients without the excluded ones, n - f, and m.
TOTALS: dict[str, Callable[[int, int, int], int]] = {
    "krum": lambda left, honest, m: m,
    "mixed-krum": lambda left, honest, m: m * honest,
    "clipped-krum": lambda left, honest, m: STEPS * m * left,
}


def weighted_sum(words, weights) -> np.ndarray:
    """The sum of integer rows, each as often as its weight says: exact, shape (d,)."""
    words = np.asarray(words)
    largest = int(words.max()) * int(weights.sum())
    kind = np.int64 if largest < 2**63 and int(words.min()) >= 0 else object
    return weights.astype(kind) @ words.astype(kind)


def title(rule: str, m: int) -> str:
    """The name of a rule of `WEIGHTS` in words, with its m."""
    krum = "Krum" if m == 1 else f"Multi-Krum (m = {m})"
    return {"mixed-krum": f"mixing and {krum}", "clipped-krum": f"clipping about {krum}"}.get(
        rule, krum
    )


def short_title(rule: str, m: int) -> str:
    """The name of a rule of `WEIGHTS` for a heading."""
    krum = "Krum" if m == 1 else "Multi-Krum"
    return {"mixed-krum": "mixed Krum", "clipped-krum": "clipped Krum"}.get(rule, krum)
