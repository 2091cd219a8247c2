"""Random lies in krum.mpc's check, forty for each seed, and each is noticed."""

import numpy as np
import pytest
from liars import Lie, check, digit_at, one_digit, telling
from mamba_players import run_program

from fl_krum.aggregators.krum import krum
from fl_krum.program.krum_program import KrumProgram
from mamba.field import P
from mamba.input_proof import InputProver

KINDS = ["word", "element", "fraction", "digit", "one digit", "quotient"]


def random_lie(rng, d):
    kind, place, long = rng.choice(KINDS), int(rng.integers(d)), d > 46
    if kind == "fraction":
        value = P * int(rng.integers(1, 9)) // int(rng.integers(9, 20)) + int(rng.integers(99))
        return Lie({place: value})
    if kind in ("word", "element", "one digit"):
        most = 126 if kind == "element" else 63
        value = 2 ** int(rng.integers(34 if long else 29, most)) + int(rng.integers(2**28))
        return Lie({place: value}, **({"digits": one_digit} if kind == "one digit" else {}))
    value = int(rng.integers(4, 2**62)) * (-1) ** int(rng.integers(2)) % P
    if kind == "digit":
        return Lie(digits=digit_at(-1 - place, value))
    return Lie(quotient=lambda *arguments: wrong_quotient(value, *arguments))


def wrong_quotient(value, *arguments):
    result = np.array(InputProver.quotient(*arguments))
    result[0, 0] ^= value % 2**32 or 1
    return result


SEEDS = [pytest.param(seed, marks=[pytest.mark.long] * (seed > 2)) for seed in range(6)]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_lies_are_noticed(seed):
    """All clients but one lie, in ten rounds: 40 lies. Every client's check is by itself."""
    rng = np.random.default_rng(seed)
    d = 50 if seed == 1 else int(rng.integers(1, 7))
    X = rng.integers(0, 2**28, (10, 5, d))
    honest = 1 + seed % 5
    liars = {
        client: telling([random_lie(rng, d) for _ in X])
        for client in range(1, 6)
        if client != honest
    }
    assert check(X, liars) == [[int(i == honest) for i in range(1, 6)]] * 10


@pytest.mark.parametrize(("n", "f", "liars"), [(5, 1, [2]), (7, 2, [2, 6])])
def test_after_random_lies_the_result_is_krum_of_the_others(n, f, liars):
    """One to f clients lie in every round, each in another way."""
    rng = np.random.default_rng(n)
    X = rng.integers(0, 2**28, (5, n, 3)).astype(object)
    software = {i: telling([random_lie(rng, 3) for _ in X]) for i in liars}
    words = [[], *[[int(w) for w in X[:, i].ravel()] for i in range(n)]]
    seen = run_program(KrumProgram(n, f, 3, rounds=5).source(), words, liars=software)
    outputs = np.array(seen[0].outputs, dtype=object).reshape(5, 4)
    for k in range(5):
        lines = seen[0].lines[k * n : (k + 1) * n]
        assert [int(line[-1]) for line in lines] == [int(i + 1 not in liars) for i in range(n)]
        assert outputs[k, 0] == 1
        assert (outputs[k, 1:] == krum(X[k], f, excluded=[i - 1 for i in liars]).vector).all()
