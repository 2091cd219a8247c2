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

from .clipping import clipped_krum_weights
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
