"""Products of the small field, verified over the field of 2^72 elements."""

import numpy as np
import pytest
from scipy import stats
from side_by_side import accepted, share

from mamba import byte_check, gf256
from mamba.byte_check import ByteCheck
from mamba.claims import SmallPairs, SmallProducts
from mamba.randomness import Randomness, from_coin

CHANCE = 1e-6  # a right program fails that often


def checks(claims, threshold=1, coin=77):
    """Every holder's check of claims, given as secrets."""
    shared = [[share(gf256, a.ravel(), threshold) + [a.shape] for a in arrays] for arrays in claims]
    return [
        ByteCheck(
            [SmallProducts(*(a[h].reshape(a[-1]) for a in arrays)) for arrays in shared],
            from_coin(coin, "test"),
        )
        for h in range(2 * threshold + 1)
    ]


def products(count, terms=None):
    shape = (count,) if terms is None else (terms, count)
    x, y = (gf256.random(Randomness(), int(np.prod(shape))).reshape(shape) for _ in "xy")
    z = gf256.mul(x, y)
    return x, y, z if terms is None else np.bitwise_xor.reduce(z, axis=0)


def off(array, place, by):
    array = np.array(array)
    array[place] ^= by
    return array


SIZES = [[(1, None)], [(64, None)], [(65, None), (3, 4)], [(700, None), (50, 15), (9, 1)]]


@pytest.mark.parametrize("threshold", [1, 3])
@pytest.mark.parametrize("sizes", [*SIZES, [(8000, None), (500, 15)]])
def test_true_products_are_accepted_and_a_false_one_is_not(threshold, sizes):
    claims = [products(*size) for size in sizes]
    assert accepted(checks(claims, threshold), threshold)[0]
    for which, place, by in [(0, 0, 1), (-1, -1, 2), (-1, sizes[-1][0] // 2, 128)]:
        false = list(claims)
        x, y, z = claims[which]
        false[which] = x, y, off(z, place, by)
        assert not accepted(checks(false, threshold), threshold)[0]


def test_errors_that_cancel_without_weights_are_found():
    """At places of one block, at the same place of two blocks, and in two groups."""
    x, y, z = products(640)
    for other in (1, 10, 320):
        assert not accepted(checks([(x, y, off(off(z, 0, 7), other, 7))]), 1)[0]
    a, b, c = products(640, 2)
    assert not accepted(checks([(x, y, off(z, 5, 7)), (a, b, off(c, 5, 7))]), 1)[0]


@pytest.mark.parametrize("count", [5, 5000])
def test_an_error_in_any_value_of_the_proof_is_found(count):
    claims, lengths = [products(count)], {}

    def note(step, secret):
        lengths[step] = len(secret)

    accepted(checks(claims), 1, note)
    assert len(lengths) == 1 + (count > 4000)
    for step, length in lengths.items():
        for place in {0, length // 2, length - 1}:

            def error(now, secret, step=step, place=place):
                return off(np.zeros_like(secret), place, 1) if now == step else None

            assert not accepted(checks(claims), 1, error)[0]


def test_what_is_opened_is_uniform_whatever_the_bits_are():
    opened, seen = [], set()
    for _ in range(60):
        zero = np.zeros(20, np.uint8)
        _, numbers, _ = accepted(checks([(zero, zero, zero)], coin=5), 1)
        opened.append(numbers)
        seen.add(numbers.tobytes())
    assert len(seen) == 60
    numbers = np.stack(opened).reshape(60, 9, -1)
    assert numbers.shape[2] % 2 == 1  # f(r), g(r), and their product
    counts = np.bincount(numbers[:, :, :-1].ravel(), minlength=256)
    assert stats.chisquare(counts).pvalue > CHANCE


def test_portions_do_not_matter(monkeypatch):
    claims = [products(3000), products(400, 5)]
    monkeypatch.setattr(byte_check, "_PORTION", 4000)
    assert accepted(checks(claims), 1)[0]
    x, y, z = claims[0]
    assert not accepted(checks([(x, y, off(z, 2999, 1)), claims[1]]), 1)[0]


def pairs(terms, rows, width, count):
    """True inner products of columns, as arrays, and the columns."""
    x, y = (gf256.random(Randomness(), terms * rows * width) for _ in "xy")
    x, y = x.reshape(terms, rows, width), y.reshape(terms, rows, width)
    left, right = np.random.default_rng(count).integers(0, width, (2, count))
    z = np.bitwise_xor.reduce(gf256.mul(x[:, :, left], y[:, :, right]), axis=0)
    return x, y, left, right, z.ravel()


@pytest.mark.parametrize("size", [(1, 1, 2, 1), (15, 3, 6, 40), (4, 2, 30, 500)])
@pytest.mark.parametrize("more", [[], [(300, None)]])
def test_pairs_of_columns(size, more, monkeypatch):
    monkeypatch.setattr(byte_check, "_PORTION", 1000)
    x, y, left, right, z = pairs(*size)
    shares_of = [[share(gf256, a, 1) for a in products(*one)] for one in more]

    def verified(z):
        shared = [share(gf256, a.ravel(), 1) for a in (x, y, z)]
        holders = [
            ByteCheck(
                [
                    *(SmallProducts(*(a[h] for a in one)) for one in shares_of),
                    SmallPairs(
                        shared[0][h].reshape(x.shape),
                        shared[1][h].reshape(y.shape),
                        left,
                        right,
                        shared[2][h],
                    ),
                ],
                from_coin(77, "test"),
            )
            for h in range(3)
        ]
        return accepted(holders, 1)[0]

    if len(left) > 1:  # a pair that comes again, whose errors could cancel
        left[1], right[1] = left[0], right[0]
        z = np.bitwise_xor.reduce(gf256.mul(x[:, :, left], y[:, :, right]), axis=0).ravel()
    assert verified(z)
    for place in {0, len(z) // 2, len(z) - 1}:
        assert not verified(off(z, place, 16))
    if len(z) > 1:
        assert not verified(off(off(z, 0, 3), 1, 3))
        _, first = np.unique(np.stack([left, right]), axis=1, return_index=True)
        (again, *_) = sorted({*range(len(left))} - {*first.tolist()})  # a pair that comes twice
        before = np.flatnonzero((left == left[again]) & (right == right[again]))[0]
        assert before < again and not verified(off(off(z, before, 3), again, 3))


def test_the_quick_weights_are_those_of_lagrange():
    for k in (2, 3, 20, 64, 127):
        points, rows = tuple(range(1, k + 1)), byte_check._rows_beyond(k)
        assert len(rows) == k - 1
        for place in {0, 1, k // 2, k - 2} & {*range(k - 1)}:
            assert rows[place] == tuple(gf256.lagrange(points, k + 1 + place))
