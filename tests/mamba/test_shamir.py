"""Secret sharing: enough shares give the secret, fewer say nothing, a wrong one is noticed."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamba import field, gf256, shamir
from mamba.randomness import Randomness

PLAYERS = range(3, 17)
FIELDS = [pytest.param(field, id="prime"), pytest.param(gf256, id="gf256")]


def secrets_of(module):
    if module is gf256:
        return np.array([0, 1, 2, 127, 128, 255], np.uint8)
    edges = [0, 1, -1, 2**32, 2**64 - 1, 2**126, field.P // 2]
    return field.from_ints(edges)


def deal(module, players, secrets=None):
    threshold = (players - 1) // 2
    secrets = secrets_of(module) if secrets is None else secrets
    return shamir.share(module, secrets, threshold, players, Randomness())


def value_at(module, points, shares, at):
    return module.combine(module.lagrange(tuple(points), at), shares)


def subsets(players, size):
    """Some sets of players of this size: all of them where these are few."""
    every = list(combinations(range(players), size))
    return every[:: max(1, len(every) // 40)]


@pytest.mark.parametrize("module", FIELDS)
@pytest.mark.parametrize("players", PLAYERS)
def test_any_t_plus_1_shares_give_the_secrets(module, players):
    shares = deal(module, players)
    assert len(shares) == players
    assert shamir.points(players) == tuple(range(1, players + 1))
    for chosen in subsets(players, (players - 1) // 2 + 1):
        points = [player + 1 for player in chosen]
        found = value_at(module, points, [shares[player] for player in chosen], 0)
        assert (found == secrets_of(module)).all()


@pytest.mark.parametrize("module", FIELDS)
@pytest.mark.parametrize("players", PLAYERS)
def test_reconstruct_sums_and_products(module, players):
    threshold = (players - 1) // 2
    shares, others = deal(module, players), deal(module, players)
    secrets = secrets_of(module)
    assert (shamir.reconstruct(module, shares, threshold) == secrets).all()
    sums = [module.add(a, b) for a, b in zip(shares, others, strict=True)]
    assert (shamir.reconstruct(module, sums, threshold) == module.add(secrets, secrets)).all()
    products = [module.mul(a, b) for a, b in zip(shares, others, strict=True)]
    expected = module.mul(secrets, secrets)
    assert (shamir.reconstruct(module, products, 2 * threshold) == expected).all()
    assert not (shamir.reconstruct(module, products, threshold) == expected).all()


@pytest.mark.parametrize("module", FIELDS)
@pytest.mark.parametrize("players", PLAYERS)
def test_any_single_wrong_share_is_noticed(module, players):
    threshold = (players - 1) // 2
    shares = deal(module, players)
    assert shamir.consistent(module, shares, threshold)
    length = module.length(shares[0])
    for player in range(players):
        wrong = shares[player].copy()
        wrong[..., [player % length]] ^= 1  # one element of one share
        corrupted = [*shares[:player], wrong, *shares[player + 1 :]]
        assert not shamir.consistent(module, corrupted, threshold)


@pytest.mark.parametrize("module", FIELDS)
@pytest.mark.parametrize("players", PLAYERS)
def test_products_are_not_of_degree_t(module, players):
    threshold = (players - 1) // 2
    products = [module.mul(share, share) for share in deal(module, players)]
    assert not shamir.consistent(module, products, threshold)
    assert shamir.consistent(module, products, 2 * threshold)


@pytest.mark.parametrize("module", FIELDS)
@pytest.mark.parametrize("players", PLAYERS)
def test_complete_finds_the_shares_that_are_not_drawn(module, players):
    threshold = (players - 1) // 2
    randomness, secrets = Randomness(), secrets_of(module)
    first = [module.random(randomness, module.length(secrets)) for _ in range(threshold)]
    rest = shamir.complete(module, secrets, first, players)
    assert len(rest) == players - threshold
    shares = first + rest
    assert shamir.consistent(module, shares, threshold)
    assert (shamir.reconstruct(module, shares, threshold) == secrets).all()


@pytest.mark.parametrize("players", [3, 4, 5, 6])
@pytest.mark.parametrize("secret", [0, 1, 0xC1])
def test_what_t_players_hold_is_uniform_whatever_the_secret(players, secret):
    """Perfect secrecy, by counting: over all the dealer's choices, each set of t players meets
    every possible tuple of shares exactly once."""
    threshold = (players - 1) // 2
    choices = np.array(list(product(range(256), repeat=threshold)), np.uint8)
    first = list(choices.T)
    secrets = np.full(len(choices), secret, np.uint8)
    shares = first + shamir.complete(gf256, secrets, first, players)
    for coalition in combinations(shares, threshold):
        tuples = sum(share.astype(int) << 8 * k for k, share in enumerate(coalition))
        assert (np.bincount(tuples, minlength=256**threshold) == 1).all()


def test_counting_notices_a_constant_polynomial():
    """The positive control of the test above: every player gets the secret itself."""
    shares = [np.full(256, 0xC1, np.uint8)] * 3
    assert shamir.consistent(gf256, shares, 1)
    assert not (np.bincount(shares[1], minlength=256) == 1).all()


@given(st.lists(st.integers(0, field.P - 1), max_size=20), st.integers(3, 9))
def test_secrets_of_any_number(values, players):
    shares = deal(field, players, field.from_ints(values))
    threshold = (players - 1) // 2
    assert field.to_ints(shamir.reconstruct(field, shares, threshold)) == values
    assert shamir.consistent(field, shares, threshold)


@pytest.mark.parametrize("module", FIELDS)
def test_no_two_dealings_are_alike(module):
    secrets = module.zeros(64)
    assert (deal(module, 3, secrets)[2] != deal(module, 3, secrets)[2]).any()
