"""Textbook comparisons against Python's own, and how well a mask hides."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_krum.lesson.toy_comparison import (
    bits_value,
    borrow,
    less_than,
    less_than_zero,
    make_mask,
)
from fl_krum.lesson.toy_shares import Computation

P = 2**61 - 1
numbers = st.integers(-(2**9), 2**9 - 1)
few = settings(max_examples=20)


def computation(seed=0, players=5):
    return Computation(players, p=P, rng=Random(seed))


@few
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**32))
def test_borrow_is_less_than(public, secret, seed):
    players = computation(seed)
    bits = [players.share(secret >> place & 1) for place in range(8)]
    assert borrow(public, bits).open() == (public < secret)
    assert bits_value(bits).open() == secret


@few
@given(numbers, st.integers(0, 2**32))
def test_less_than_zero(x, seed):
    players = computation(seed)
    bit = less_than_zero(players.share(x), 10, make_mask(players, 10))
    assert len(players.opened) == 1  # the masked number, and nothing else
    assert bit.open() == (x < 0)


@few
@given(numbers, numbers, st.integers(0, 2**32))
def test_less_than(x, y, seed):
    players = computation(seed)
    a, b = players.share(x), players.share(y)
    assert [less_than(a, b, 11).open(), less_than(a, y, 11).open(), less_than(x, b, 11).open()] == [
        x < y
    ] * 3


@pytest.mark.parametrize("x", [-8, -1, 0, 1, 7])
def test_the_ends_of_the_range(x):
    players = computation()
    assert less_than_zero(players.share(x), 4, make_mask(players, 4)).open() == (x < 0)


@few
@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(0, 30))
def test_a_mask_and_its_bits_belong_together(seed, k, security):
    players = computation(seed)
    mask = make_mask(players, k, security)
    number = mask.number.open()
    assert [bit.open() for bit in mask.bits] == [number >> place & 1 for place in range(k)]
    assert number < 3 * 2 ** (k + security)  # three dealers


def test_no_t_players_know_a_mask():
    """Whoever of the t + 1 dealers is left out, the bits are even and the number is long."""
    bits, lengths = 0, []
    for seed in range(200):
        mask = make_mask(computation(seed), 4, 20)
        bits += sum(bit.open() for bit in mask.bits)
        lengths.append(mask.number.open().bit_length())
    assert 330 < bits < 470  # of 800; outside with a chance of 1e-6
    assert max(lengths) > 20 and sum(length > 20 for length in lengths) > 190


def test_a_field_that_is_too_small_is_refused():
    players = Computation(7, p=101)
    with pytest.raises(ValueError, match="needs 50 bits of the field.*has room for 6"):
        less_than(players.share(3), players.share(5), 8)
    with pytest.raises(
        ValueError, match="needs 61 bits.*modulo 2305843009213693951 has room for 60"
    ):
        less_than(computation().share(3), 5, 19)
    assert less_than(computation().share(3), 5, 18).open() == 1
