"""Masks are what they claim to be, opened here by all players together."""

import numpy as np
import pytest
from mamba_players import reconstruct, together

from mamba import field, gf256, masks
from mamba.masks import Demand, make_masks
from mamba.protocols import Protocols
from mamba.randomness import Randomness


def opened_mask(players, demand):
    """All parts of one mask in the clear."""

    def step(network):
        (mask,) = make_masks(Protocols(network), [demand])
        return mask

    made = together(players, step)

    def clear(module, part):
        return reconstruct(module, [part(mask) for mask in made])

    shape = made[0].a.shape
    bits = [
        clear(gf256, lambda mask, name=name: getattr(mask, name).ravel()).reshape(shape)
        for name in ("a", "b", "both")
    ]
    return (
        field.to_ints(clear(field, lambda mask: mask.number)),
        *bits,
        clear(gf256, lambda mask: mask.small_coin),
        field.to_ints(clear(field, lambda mask: mask.coin)),
    )


def number(bits):
    """Integers from rows of bits, lowest first."""
    return [sum(int(bit) << k for k, bit in enumerate(column)) for column in bits.T]


@pytest.mark.parametrize(
    "players", [3, 4, 5, 7, 8, 9, 15, 16, pytest.param(31, marks=pytest.mark.long)]
)
def test_the_bits_of_a_mask_are_those_of_its_number_and_a_coin_is_one_bit_in_both_fields(players):
    demand = Demand(6, 20, 40, 50, 30)
    numbers, a, b, both, small_coin, coin = opened_mask(players, demand)
    assert a.shape == b.shape == (20, 6)
    assert (both == (a & b)).all()
    sums = [x + y for x, y in zip(number(a), number(b), strict=True)]
    assert [n % 2**20 for n in numbers] == [s % 2**20 for s in sums]
    assert all(n < (players // 2 + 1) * 2**60 for n in numbers)
    assert coin == (small_coin & 1).tolist()
    assert set(coin) == {0, 1}
    assert set(small_coin[50:]) == {0, 1} and max(small_coin[:50]) > 1  # the bare ones, the others


def test_every_dealer_alone_fills_all_bits_of_a_mask():
    """t players know all summands but one; that one must hide `bits` with `security` more."""
    count = 4000
    random, low, *_ = masks._contribution(Randomness(), Demand(count, 20, 40, 1))
    bits = field.low_bits(random, 127)
    assert not bits[60:].any()
    assert (abs(bits[:60].sum(axis=1, dtype=int) - count // 2) < 400).all()  # 12 deviations
    assert (low.reshape(20, count) == bits[:20]).all()


@pytest.mark.parametrize("most", range(1, 40))
def test_the_parity_polynomial(most):
    coefficients = masks.parity_polynomial(most)
    for x in range(most + 1):
        value = sum(c * x**k for k, c in enumerate(coefficients)) % field.P
        assert value == x % 2


@pytest.mark.parametrize("most", range(2, 40))
def test_the_parity_polynomial_in_pieces(most):
    """The task of `make_masks`, with products of numbers in the clear; cheaper than one by one."""
    total = field.from_ints(range(most + 1))
    task, products, answer = masks._parity(total, most), 0, None
    try:
        while True:
            parts = task.send(answer)
            products += len(parts)
            answer = [field.mul(a, b) for _, a, b in parts]
    except StopIteration as end:
        assert field.to_ints(end.value) == [x % 2 for x in range(most + 1)]
    assert products <= most - 1


def test_masks_differ():
    one, other = (opened_mask(3, Demand(10, 60, 40, 10))[0] for _ in range(2))
    assert len(set(one + other)) == 20
    assert np.mean([n.bit_length() for n in one + other]) > 95
