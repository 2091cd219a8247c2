"""The bit budget against exact integers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.program.bit_budget import check_budget
from fl_krum.program.fixed_point import FixedPoint


@pytest.mark.parametrize(
    ("n", "f", "d", "distance", "score"),
    # 2*28 for the squares, ceil(log2 d), 1 for the sign; then ceil(log2(n-f-2))
    [(7, 2, 5, 60, 62), (3, 0, 1, 57, 57), (50, 10, 10**5, 74, 80), (15, 4, 10**4, 71, 75)],
)
def test_the_budget_counts_bits(n, f, d, distance, score):
    budget = check_budget(n, f, d)
    assert (budget.distance_bits, budget.score_bits) == (distance, score)
    assert budget.headroom == 126 - score - budget.mask_bits
    assert budget.mask_bits == {3: 41, 7: 42, 15: 43, 50: 45}[n]  # 2, 4, 8 and 26 masks add up


@given(st.integers(3, 200), st.data(), st.integers(1, 10**7), st.integers(2, 30))
def test_the_largest_numbers_fit_their_budget(n, data, d, bits):
    f = data.draw(st.integers(0, (n - 3) // 2))
    budget = check_budget(n, f, d, FixedPoint(bits, 0), security=20)
    distance = d * (2**bits - 1) ** 2
    assert distance < 2 ** (budget.distance_bits - 1)
    wide = check_budget(n, f, d, FixedPoint(bits, 0), security=20, projected=True)
    assert 87 * d * 4 ** (bits - 1) < 2 ** (wide.distance_bits - 1)
    assert (n - f - 2) * distance < 2 ** (budget.score_bits - 1)


def test_a_budget_that_does_not_fit_says_what_would():
    with pytest.raises(ValueError, match=r"134 of 126\. Use bits=32 or fewer") as refusal:
        check_budget(7, 2, 10**5, FixedPoint(bits=36))
    assert "d=100000" in str(refusal.value)
    assert check_budget(7, 2, 10**5, FixedPoint(bits=32)).headroom >= 0
    with pytest.raises(ValueError):
        check_budget(7, 2, 10**5, FixedPoint(bits=33))
