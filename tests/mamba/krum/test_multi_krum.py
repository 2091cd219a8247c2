"""krum.mpc that averages more than one vector: player 0 gets the sum of those that Multi-Krum in
the clear picks, exactly."""

from itertools import cycle

import numpy as np
import pytest
from clear_language import run_clear
from mamba_players import run_program

from fl_krum.aggregators.krum import krum
from fl_krum.aggregators.parameters import largest_f
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram

DIMENSIONS = cycle([1, 2, 5, 17, 64])

# As plain arithmetic every n up to 10 with every f and m, and the largest f beyond: that proves the
# text, whose check knows nothing of m. Among players, where the protocols are another matter, one
# round of two and of all honest vectors for a few n (a single one: test_krum_mpc.py), and more
# clients than ten: their neighbours are counted on bits.
SIZES = [
    (n, f, m, next(DIMENSIONS))
    for n in range(3, 13)
    for f in range(largest_f(n) + 1)
    for m in range(1, n - f + 1)
    if n <= 10 or f == largest_f(n)
]
AMONG_PLAYERS = [
    (n, f, m, d)
    for n, f, m, d in SIZES
    if (n in (4, 7) and f == largest_f(n) and m in (2, n - f))
    or (n, f, m) in ((3, 0, 3), (6, 0, 5), (8, 2, 6), (11, 4, 7))
]


def rounds_of(n):
    return 5 if n <= 6 else 2


def sums(program, words, run):
    """What player 0 is given in each round; the others are given nothing."""
    rounds = words.shape[0]
    texts = [[]] + [words[:, i].ravel().tolist() for i in range(program.n)]
    outputs = [getattr(seen, "outputs", seen) for seen in run(program.source(), texts)]
    assert outputs[1:] == [[]] * program.n
    results = np.array(outputs[0]).reshape(rounds, 1 + program.d)
    assert (results[:, 0] == program.average).all()
    return results[:, 1:]


def expected(words, f, m):
    return np.array([X[krum(X, f).ranking[:m]].sum(axis=0) for X in words])


def random_words(n, f, m, d):
    """Small values, so that distances and scores are often equal."""
    rng = np.random.default_rng([n, f, m, d])
    rounds = rounds_of(n)
    largest = rng.integers(1, 4, size=(rounds, 1, 1))
    return rng.integers(0, largest + 1, size=(rounds, n, d)) + FixedPoint().offset


def test_there_are_300_random_cases():
    assert sum(rounds_of(n) for n, *_ in SIZES) >= 300


@pytest.mark.parametrize(("n", "f", "m", "d"), AMONG_PLAYERS)
def test_random_cases_with_ties_agree_with_plaintext_multi_krum(n, f, m, d):
    words = random_words(n, f, m, d)[:1]
    program = KrumProgram(n, f, d, average=m)
    assert (sums(program, words, run_program) == expected(words, f, m)).all()


@pytest.mark.parametrize(("n", "f", "m", "d"), SIZES)
def test_the_text_means_multi_krum_in_the_clear_too(n, f, m, d):
    words = random_words(n, f, m, d)
    program = KrumProgram(n, f, d, len(words), average=m, check=m == 1)
    assert (sums(program, words, run_clear) == expected(words, f, m)).all()


@pytest.mark.parametrize("m", [0, 6, 1.5, True])
def test_an_average_of_too_few_or_too_many_is_refused(m):
    with pytest.raises(ValueError, match="average must be"):
        KrumProgram(7, 2, 5, average=m)
