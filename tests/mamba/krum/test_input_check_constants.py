"""The constants of krum.mpc's check: how rarely a lie passes, and an honest client does not."""

import math

import numpy as np
import pytest

from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram
from mamba import projections
from mamba.field import P
from mamba.input_proof import constants


def failure(share):
    """Bound of the chance that 64 rows give S <= T for a vector with sum of squares T / share: over
    m equal words (Hölder), least over lambda."""

    def transform(rate, m):  # of z^2, where z / sqrt(1/m) is binomial(2m, 1/2) - m
        k = np.arange(2 * m + 1)
        logs = [math.lgamma(2 * m + 1) - math.lgamma(j + 1) - math.lgamma(2 * m - j + 1) for j in k]
        chances = np.exp(np.array(logs) - 2 * m * math.log(2))
        return float((chances * np.exp(-rate * (k - m) ** 2 / m)).sum())

    best = 0.0
    for rate in np.linspace(0.5, 12, 60):
        worst = max([transform(rate, m) for m in (*range(1, 40), 100, 1000)] + [(1 + rate) ** -0.5])
        best = min(best, rate * share + 64 * math.log(worst))
    return best / math.log(2)


def test_a_norm_that_is_too_large_is_noticed_but_for_2_to_the_minus_40():
    assert failure(4.6) <= -40
    assert 4 * 99 / 4.6 <= 87  # squared distances, see farthest


def test_honest_sums_of_squares_are_below_the_bound_but_for_2_to_the_minus_44():
    """E e^(rate z^2) is at most that of a normal variable, (1 - 2 rate v)^(-1/2) with variance v =
    1/2."""
    bound = min(-rate * 99 - 32 * math.log(1 - rate) for rate in np.linspace(0.01, 0.99, 99))
    assert bound / math.log(2) <= -44


LENGTHS = [47, 1000, 10**5, 10**6]


@pytest.mark.parametrize("d", LENGTHS)
def test_honest_projections_have_room(d):
    """And no more than they need."""
    sizes = constants(KrumProgram(7, 2, d).source())
    least = 8.1 * math.sqrt(d / 2) * sizes.centre
    assert least <= sizes.offset < 4 * least
    assert sizes.most == 99 * d * sizes.centre**2
    assert 4 ** (sizes.digits * (sizes.extra - 1)) <= sizes.most < 4 ** (sizes.digits * sizes.extra)
    assert 64 * (10 * math.sqrt(d) * 4**sizes.digits) ** 2 < P / 4  # no sum of squares wraps


@pytest.mark.parametrize("d", LENGTHS)
def test_a_long_word_is_noticed_but_for_2_to_the_minus_41(d):
    """Each row lets it pass with a chance of 1/2 at most."""
    sizes = constants(KrumProgram(7, 2, d).source())
    assert (sizes.rows, sizes.points * sizes.columns) == (projections.ROWS, projections.ROWS)
    assert sizes.rows >= sizes.ranged == 41


@pytest.mark.parametrize(("n", "f"), [(7, 2), (30, 13)])
@pytest.mark.parametrize("d", [1, 5, 46, *LENGTHS])
def test_no_comparison_overflows(n, f, d):
    program = KrumProgram(n, f, d, fixed_point=FixedPoint(24, 16))
    sizes, budget = constants(program.source()), program.budget
    largest = d * (2**24 - 1) ** 2 if d <= 46 else 4 / 4.6 * 99 * d * 4**23
    assert largest < sizes.farthest < 2 ** (sizes.distance_bits - 1)
    assert (n - f - 2) * sizes.farthest < 2 ** (sizes.score_bits - 1)
    assert (sizes.distance_bits, sizes.score_bits) == (budget.distance_bits, budget.score_bits)
