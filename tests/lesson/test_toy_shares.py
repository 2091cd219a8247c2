"""Textbook sharing: its laws, and agreement with the players' own arithmetic."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_krum.lesson.secret_ledger import BranchOnSecret
from fl_krum.lesson.toy_shares import (
    PRIME,
    Computation,
    add,
    multiply,
    polynomial_value,
    reconstruct,
    reduce,
    share,
    weights,
)
from mamba import field, shamir

secrets = st.integers(0, PRIME - 1)
thresholds = st.integers(0, 4)


def part(shares, count, seed):
    """The shares of `count` players, whichever."""
    return {player: shares[player] for player in Random(seed).sample(sorted(shares), count)}


def test_polynomial_value():
    assert polynomial_value([3, 0, 2], 5) == 53
    assert polynomial_value([100, 100], 2) == 98
    assert polynomial_value([], 7) == 0


@given(secrets, thresholds, st.integers())
def test_any_t_plus_1_shares_give_the_secret_back(secret, t, seed):
    shares = share(secret, t, range(1, 10), rng=Random(seed))
    assert reconstruct(part(shares, t + 1, seed)) == reconstruct(shares) == secret


def test_t_shares_fit_every_secret_equally_often():
    """All polynomials of degree 2 modulo 11, counted: the definition, not a sample."""
    p = 11
    seen = Counter(
        (a, polynomial_value([a, b, c], 1, p), polynomial_value([a, b, c], 2, p))
        for a in range(p)
        for b in range(p)
        for c in range(p)
    )
    assert len(seen) == p**3 and set(seen.values()) == {1}


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8, unique=True), st.integers(0, 30))
def test_weights_are_those_of_the_players(points, at):
    p = 2**127 - 1
    ours = weights(points, p, at)
    theirs = field.lagrange(tuple(points), at)
    assert [ours[point] for point in points] == [int(weight) % p for weight in theirs]


@given(secrets, st.integers(0, 3), st.integers())
def test_shares_are_put_together_as_the_players_do(secret, t, seed):
    p = 2**127 - 1
    shares = share(secret, t, range(1, 8), p, Random(seed))
    theirs = shamir.reconstruct(field, [field.from_ints([s]) for s in shares.values()], t)
    assert field.to_ints(theirs) == [secret]


@given(secrets, secrets, st.integers(0, 3), st.integers())
def test_sums_and_products(x, y, t, seed):
    rng, players = Random(seed), range(1, 8)
    a, b = share(x, t, players, rng=rng), share(y, t, players, rng=rng)
    assert reconstruct(part(add(a, b), t + 1, seed)) == (x + y) % PRIME
    products = multiply(a, b)
    assert reconstruct(part(products, 2 * t + 1, seed)) == x * y % PRIME
    reduced = reduce(products, t, rng=rng)
    assert reconstruct(part(reduced, t + 1, seed)) == x * y % PRIME


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((101, 3, range(1, 8)), "0 … 100, got 101"),
        ((-1, 3, range(1, 8)), "got -1"),
        ((5, 3, range(8)), "number 0"),
        ((5, 1, range(100, 103)), "number 0"),
    ],
)
def test_what_cannot_be_shared(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        share(*arguments)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"players": 6, "t": 3}, "t is at most 2; got t = 3"),
        ({"players": 7, "t": -1}, "got t = -1"),
        ({"players": 101}, "a prime above 101"),
    ],
)
def test_computations_that_cannot_be(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        Computation(**arguments)


@settings(max_examples=30)
@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), st.integers(0, 2**32))
def test_arithmetic_of_shared_numbers_is_that_of_integers(x, y, seed):
    p = 2**127 - 1
    computation = Computation(5, p=p, rng=Random(seed))
    a, b = computation.share(x), computation.share(y)
    results = [a + b, a - b, a * b, a + 1, 1 + a, 1 - a, a - 1, 3 * a, a * 3, -a]
    expected = [x + y, x - y, x * y, x + 1, 1 + x, 1 - x, x - 1, 3 * x, x * 3, -x]
    assert [one.open() for one in results] == [value % p for value in expected]
    assert computation.products == 1
    assert computation.opened == [value % p for value in expected]


def test_a_shared_number_says_nothing_until_it_is_opened():
    computation = Computation(7)
    a, b = computation.share(3), computation.share(5)
    assert repr(a) == "<shared>" and computation.t == 3
    for program in (bool, lambda x: x and b, lambda x: 1 if x else 2):
        with pytest.raises(BranchOnSecret, match="all players have to know"):
            program(a)
    for program in (lambda: a < b, lambda: a >= b, lambda: a == 3, lambda: a != b, lambda: 3 < a):
        with pytest.raises(TypeError, match="to compare takes a program"):
            program()
    assert computation.opened == []
    assert (a * b + 1).open() == 16


def test_shares_differ_from_time_to_time():
    computation = Computation(7)  # with the randomness of the operating system
    drawn = {tuple(computation.share(5).shares.values()) for _ in range(20)}
    assert len(drawn) == 20
