"""Products of the prime field, verified: true ones are accepted, a false one is not, whatever is
added to the proof, and what is opened says nothing."""

import numpy as np
import pytest
from scipy import stats
from side_by_side import accepted, share

from mamba import distance_check, field, long_sum, product_check
from mamba.claims import Distances, Products, Zeros
from mamba.product_check import ProductCheck
from mamba.randomness import Randomness, from_coin

CHANCE = 1e-6  # a right program fails that often


def checks(products=(), zeros=(), distances=(), threshold=1, coin=77):
    """Every holder's check of claims, given as secrets."""
    holders = 2 * threshold + 1
    shared = [
        [[share(field, a, threshold) for a in arrays] for arrays in kind]
        for kind in (products, zeros)
    ]
    vectors = [
        ([share(field, v, threshold) for v in vs], couples, share(field, z, threshold))
        for vs, couples, z in distances
    ]
    result = []
    for h in range(holders):
        stream = from_coin(coin, "test")
        claims = [Products(*(a[h] for a in arrays)) for arrays in shared[0]]
        pairs, total = product_check.of_products(
            claims, [Zeros(arrays[0][h]) for arrays in shared[1]], stream
        )
        for vs, couples, z in vectors:
            more, number = distance_check.of_distances(
                Distances([v[h] for v in vs], couples, z[h]), stream
            )
            pairs, total = pairs + more, field.add(total, number)
        result.append(ProductCheck(pairs, total))
    return result


def products(*counts, terms=1):
    """True claims of so many products each."""
    result = []
    for count in counts:
        x, y = (field.random(Randomness(), count * terms) for _ in "xy")
        each = field.mul(x, y)
        z = field.combine([1] * terms, np.split(each, terms, axis=1))
        result.append((x, y, z))
    return result


def off(array, place, by):
    """The array with a number added at one place."""
    array = np.array(array)
    array[:, place] = field.add(array[:, [place]], field.from_ints([by]))[:, 0]
    return array


@pytest.mark.parametrize(
    ("counts", "threshold"),
    [(counts, 1) for counts in ((1,), (1, 5), (64,), (65,), (3, 6000), (4032,), (4033,))]
    + [((1,), 3), ((64,), 3), ((700, 2, 2000), 3)],
)
def test_true_products_are_accepted_and_a_false_one_is_not(threshold, counts):
    claims = products(*counts)
    assert accepted(checks(claims, threshold=threshold), threshold)[0]
    for which, place, by in [(0, 0, 1), (-1, counts[-1] - 1, 2**80), (-1, counts[-1] // 2, -1)]:
        x, y, z = claims[which]
        false = list(claims)
        false[which] = x, y, off(z, place, by)
        assert not accepted(checks(false, threshold=threshold), threshold)[0]


def test_errors_that_cancel_without_weights_are_found():
    ((x, y, z),) = products(10)
    assert not accepted(checks([(x, y, off(off(z, 3, 5), 4, -5))]), 1)[0]
    for terms in (2, 7):
        ((x, y, z),) = products(30, terms=terms)
        assert accepted(checks([(x, y, z)]), 1)[0]
        assert not accepted(checks([(x, y, off(off(z, 3, 5), 4, -5))]), 1)[0]


def test_zeros():
    claims = products(3)
    assert accepted(checks(claims, [(field.zeros(7),)]), 1)[0]
    assert accepted(checks((), [(field.zeros(7),)]), 1)[0]
    for wrong in (off(field.zeros(7), 6, 1), off(off(field.zeros(7), 0, 1), 1, -1)):
        assert not accepted(checks(claims, [(wrong,)]), 1)[0]
        assert not accepted(checks((), [(wrong,)]), 1)[0]


@pytest.mark.parametrize("count", [5, 5000])
def test_an_error_in_any_value_of_the_proof_is_found(count, monkeypatch):
    """Of the claim's own h, at every level and at the end: nothing there cancels."""
    monkeypatch.setattr(product_check, "SHORT", 64)
    claims = products(count)
    lengths = {}

    def note(step, secret):
        lengths[step] = field.length(secret)

    accepted(checks(claims), 1, note)
    assert len(lengths) == 1 + (count > 4032)
    for step, length in lengths.items():
        for place in {0, length // 2, length - 1}:

            def error(now, secret, step=step, place=place):
                return off(field.scale(secret, 0), place, 1) if now == step else None

            assert not accepted(checks(claims), 1, error)[0]


def test_a_false_claim_is_not_mended_by_what_is_added_to_the_proof():
    """The liar's best: h(1) ... of the level are chosen so that they add up to the false Z."""
    ((x, y, z),) = products(3000)
    for place in (0, 5, 30, -1):

        def error(step, secret, place=place):
            return off(field.scale(secret, 0), place, -9) if step == 0 else None

        assert not accepted(checks([(x, y, off(z, 17, 9))]), 1, error)[0]


def distances(n, d, seed=0):
    vectors = [
        field.from_words(np.random.default_rng([seed, i]).integers(0, 2**28, d)) for i in range(n)
    ]
    couples = [(i, j) for i in range(n) for j in range(i)]
    gram = field.gram(vectors)
    return vectors, couples, [gram[i][i] + gram[j][j] - 2 * gram[i][j] for i, j in couples]


@pytest.mark.parametrize(("n", "d"), [(2, 3), (3, 1), (7, 5), (7, 700)])
@pytest.mark.parametrize("order", ["as they are", "the other way round", "not all of them"])
def test_distances(n, d, order):
    vectors, couples, values = distances(n, d)
    if order == "the other way round":
        couples = [(j, i) for i, j in couples]
    elif order == "not all of them":
        couples, values = couples[::2], values[::2]
    z = field.from_ints(values)
    more = products(70)
    assert accepted(checks(more, (), [(vectors, couples, z)]), 1)[0]
    for place in {0, len(couples) // 2, len(couples) - 1}:
        for by in (1, -(2**60)):
            false = [(vectors, couples, off(z, place, by))]
            assert not accepted(checks(more, (), false), 1)[0]
            assert not accepted(checks((), (), false), 1)[0]


@pytest.mark.parametrize("d", [1000, 1601])
def test_distances_of_vectors_too_long_to_be_added_up_at_once(d, monkeypatch):
    """A sum of all vectors that is never there as a whole: seen at every level but the last."""
    vectors, couples, values = distances(4, d)
    monkeypatch.setattr(product_check, "SHORT", 10)  # else this is the last level
    whole, parts = [], []
    for found, long in ((whole, d + 1), (parts, 1)):
        monkeypatch.setattr(distance_check, "LONG", long)
        monkeypatch.setattr(long_sum, "_PORTION", 37)
        for place in (None, 3):
            z = field.from_ints(values)
            z = z if place is None else off(z, place, 1)
            found.append(accepted(checks((), (), [(vectors, couples, z)]), 1)[0])
    assert parts == whole == [True, False]
    sums = long_sum.LongSum(field.from_words(np.arange(4)), vectors)
    assert (sums.columns(0, d) == field.combine(range(4), vectors)).all()


def test_distances_that_are_those_of_other_vectors_are_not_accepted():
    """Errors that are a difference of true distances everywhere but in one couple; and two claims
    that would cancel with the same weights."""
    vectors, couples, values = distances(4, 6)
    _, _, others = distances(4, 6, seed=1)
    assert not accepted(checks((), (), [(vectors, couples, field.from_ints(others))]), 1)[0]
    plus, minus = (off(field.from_ints(values), 2, by) for by in (5, -5))
    assert not accepted(checks((), (), [(vectors, couples, plus), (vectors, couples, minus)]), 1)[0]


def test_what_is_opened_is_uniform_whatever_the_numbers_are():
    """The low bits of f(r) and g(r), for claims about zeros; and they are never the same."""
    opened, seen = [], set()
    for _ in range(100):
        zero = field.zeros(20)
        _, numbers, _ = accepted(checks([(zero, zero, zero)], coin=5), 1)
        opened.append(np.packbits(field.low_bits(numbers[:, :40], 8), axis=0)[0])
        seen |= set(field.to_ints(numbers))
    assert len(seen) == 100 * 41
    counts = np.bincount(np.concatenate(opened), minlength=256)
    assert stats.chisquare(counts).pvalue > CHANCE


@pytest.mark.parametrize("k", [2, 3, 8, 64])
def test_the_quick_weights_are_those_of_lagrange(k):
    for at in (0, 1, k + 1, 2**100):
        expected = field.lagrange(tuple(range(1, k + 1)), at)
        assert [w % field.P for w in expected] == product_check._lagrange(k, at)


def test_long_claims_are_cut_into_few_blocks_and_opened_short(monkeypatch):
    """The choice of blocks and levels: any of them verifies."""
    monkeypatch.setattr(product_check, "_LONG", 5000)
    monkeypatch.setattr(product_check, "SHORT", 64)
    ((x, y, z),) = products(6000)
    result, opened, steps = accepted(checks([(x, y, z)]), 1)
    assert result and steps == 2 and field.length(opened) <= 2 * product_check.SHORT + 1
    assert not accepted(checks([(x, y, off(z, 5999, 1))]), 1)[0]


def test_blinds_are_as_many_as_the_last_level_may_need():
    for width in [*range(1, 300), *range(300, 60_000, 97)]:
        most = product_check.last_length(width, 512)
        for shorter in (width, width - 1, width * 2 // 3, 64, 65):
            if 0 < shorter <= min(width, 512 * 63):
                assert -(-shorter // product_check.last_blocks(shorter, 512)) <= most <= 512
