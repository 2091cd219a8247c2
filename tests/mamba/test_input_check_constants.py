"""The constants of krum.mpc's check: how rarely a lie passes, and an honest client does not."""

import math

import numpy as np
import pytest

from fl_krum.program.krum_program import KrumProgram
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
    assert 4 * 99 / 4.6 <= 87  # squared distances, see distance_bits


def test_honest_sums_of_squares_are_below_the_bound_but_for_2_to_the_minus_44():
    """E e^(rate z^2) is at most that of a normal variable, (1 - 2 rate v)^(-1/2) with variance v =
    1/2."""
    bound = min(-rate * 99 - 32 * math.log(1 - rate) for rate in np.linspace(0.01, 0.99, 99))
    assert bound / math.log(2) <= -44


@pytest.mark.parametrize("d", [47, 1000, 10**5, 10**6])
def test_honest_projections_have_room(d):
    sizes = constants(KrumProgram(7, 2, d).source())
    assert sizes.offset >= 8.1 * math.sqrt(d / 2) * sizes.centre
    assert 4 ** (sizes.digits * sizes.extra) > sizes.most
    assert 64 * (10 * math.sqrt(d) * 4**sizes.digits) ** 2 < P / 4  # no sum of squares wraps
