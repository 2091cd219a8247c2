"""Wrong answers to the exercises of the notebook on shares by hand, and what they are told."""

import re
from fractions import Fraction
from math import ceil, log2
from random import randrange

import pytest

from fl_krum.lesson import toy_shares
from fl_krum.lesson.exercises.choices_and_comparisons import (
    check_bits_needed,
    check_choose,
    check_less_than_zero,
)
from fl_krum.lesson.exercises.shares_by_hand import (
    check_multiply,
    check_reconstruct,
    check_reduce,
    check_share,
)
from fl_krum.lesson.toy_comparison import bits_value, borrow, less_than_zero


@pytest.fixture(autouse=True)
def first_try():
    for check in (
        check_bits_needed, check_choose, check_less_than_zero, check_multiply, check_reconstruct,
        check_reduce, check_share,
    ):  # fmt: skip
        check.tries = 0


def sharing(draw, order=lambda secret, drawn: [secret, *drawn]):
    """A `share` that draws its coefficients and puts them in order as it is told."""

    def share(secret, t, players, p):
        coefficients = order(secret, draw(t, p))
        return {i: toy_shares.polynomial_value(coefficients, i, p) for i in players}

    return share


def uniform(t, p):
    return [randrange(p) for _ in range(t)]


def by_formula(shares, p):
    total = 0
    for i in shares:
        above = below = 1
        for j in shares:
            if j != i:
                above *= -j
                below *= i - j
        total += shares[i] * above * pow(below, -1, p)
    return total % p


def reduced(products, share, weights, p):
    dealt = {j: share(products[j]) for j in products}
    return {i: sum(weights[j] * dealt[j][i] for j in dealt) % p for i in products}


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (check_share, sharing(uniform)),
        (check_share, toy_shares.share),
        (check_reconstruct, by_formula),
        (check_reconstruct, toy_shares.reconstruct),
        (check_multiply, lambda a, b, p: {i: a[i] * b[i] % p for i in a}),
        (check_reduce, reduced),
        (check_choose, lambda bit, a, b: bit * a + (1 - bit) * b),
        (check_choose, lambda bit, a, b: b + bit * (a - b)),
        (check_less_than_zero, less_than_zero),
        (check_bits_needed, lambda bits, d, near, kappa, masks: (
            2 * bits + (d - 1).bit_length() + (near - 1).bit_length() + 1 + kappa
            + (masks - 1).bit_length())),
    ],
)  # fmt: skip
def test_right_answers_pass(check, answer):
    assert check(answer) == f"✓ {check.praise}"


def said_of(line):
    """What a check says, without the student's own line, which it may quote."""
    assert line.startswith("✗")
    return re.sub("in the line `.*`:", "", line)


SHARES = [
    (lambda secret, t, players, p: [1] * 7, "Return a dict with the share of each player"),
    (lambda secret, t, players, p: {i: 1 for i in range(7)}, "Player 0 would hold the value at 0"),
    (lambda secret, t, players, p: {i: 1 for i in range(1, 5)}, "you have shares for [1, 2, 3, 4]"),
    (lambda secret, t, players, p: {i: secret / 2 for i in players}, "Player 1's share is 21.0."),
    (lambda secret, t, players, p: {i: secret + 50 * i for i in players},
     "Player 2's share is 142, which is not one of 0 … 100: % p."),
    (lambda secret, t, players, p: {i: secret for i in players}, "holds the secret itself."),
    (sharing(lambda t, p: [2] * t), "Your polynomial is the same each time"),
    (sharing(lambda t, p: uniform(t + 1, p)), "has the degree 4, where t is 3"),
    (sharing(lambda t, p: [0, 7, *uniform(t - 1, p)][-t:], lambda s, drawn: [*drawn, s]),
     "At 0 your polynomial has the value"),
    (sharing(lambda t, p: [*uniform(t - 1, p), 0] if t > 1 else uniform(1, p)),
     "Your polynomial has a degree below t: 2"),
    (sharing(lambda t, p: [randrange(1, p) for _ in range(t)]),
     "With p = 11 the coefficient of x^1 is never 0. Draw from all of 0 … 10"),
    (sharing(lambda t, p: [randrange(p - 1) for _ in range(t)]), "x^1 is never 10"),
    (sharing(lambda t, p: [randrange(p)] * t), "All your coefficients are the same number."),
    (lambda secret, t, players: {}, "Your function is called as share(secret, t, players, p)"),
]  # fmt: skip


@pytest.mark.parametrize(("share", "said"), SHARES)
def test_mistakes_in_sharing_are_named(share, said):
    assert said in said_of(check_share(share))


def with_division(shares, p):
    total = 0
    for i in shares:
        weight = 1
        for j in shares:
            if j != i:
                weight *= -j / (i - j)
        total += weight * shares[i]
    return total % p


def divided(divide):
    def reconstruct(shares, p):
        total = 0
        for i in shares:
            weight = 1
            for j in shares:
                if j != i:
                    weight *= divide(-j, i - j)
            total += weight * shares[i]
        return int(total) % p

    return reconstruct


@pytest.mark.parametrize(
    ("reconstruct", "said"),
    [
        (with_division, "`/` leaves the integers modulo 10"),
        (lambda shares, p: sum(
            weight * shares[i] for i, weight in toy_shares.weights(shares, p).items()),
         "and modulo 101 that is right. Finish with % p."),
        (lambda shares, p: shares, "Return one number; you return a dict"),
        (lambda shares, p: shares[1], "the key 1 is not there"),
        (lambda shares, p: 42, "you put 42 together; the secret is 5."),
        (lambda shares, p: sum(pow(i - j, -1, p) for i in shares for j in shares),
         "it divides by 0 modulo p: for j = i that is i - i"),
        (divided(lambda a, b: a // b), "You divide by i - j as ordinary numbers are divided"),
        (divided(Fraction), "You divide by i - j as ordinary numbers are divided"),
        (lambda shares, p: round(with_division(shares, p)), "as ordinary numbers are divided"),
    ],
)  # fmt: skip
def test_mistakes_in_reconstructing_are_named(reconstruct, said):
    assert said in said_of(check_reconstruct(reconstruct))


@pytest.mark.parametrize(
    ("multiply", "said"),
    [
        (lambda a, b, p: {i: a[i] * b[i] for i in a}, "which is not one of 0 … 100: % p."),
        (lambda a, b, p: [a[i] * b[i] % p for i in a], "Return a dict"),
        (lambda a, b, p: a * b, "values of these kinds do not go together"),
        (lambda a, b, p: toy_shares.share(
            toy_shares.reconstruct(a, p) * toy_shares.reconstruct(b, p) % p, 3, a, p),
         "You opened both secrets and shared their product: now somebody knows it."),
        (lambda a, b, p: {i: a[i] * b[8 - i] % p for i in a}, "modulo 101 their product is"),
    ],
)  # fmt: skip
def test_mistakes_in_multiplying_are_named(multiply, said):
    assert said in said_of(check_multiply(multiply))


def dealt_by(products, share):
    return {j: share(products[j]) for j in products}


def put_together(products, share, weights, p):
    return share(toy_shares.reconstruct(products, p))


def each_dealer_again(products, share, weights, p):
    dealt = dealt_by(products, share)
    return {j: sum(weights[i] * dealt[j][i] for i in dealt) % p for j in dealt}


def unweighted(products, share, weights, p):
    dealt = dealt_by(products, share)
    return {i: sum(dealt[j][i] for j in dealt) % p for i in dealt}


def own_weight(products, share, weights, p):
    dealt = dealt_by(products, share)
    return {i: sum(weights[i] * dealt[j][i] for j in dealt) % p for i in dealt}


def four_dealers(products, share, weights, p):
    dealt = dealt_by(products, share)
    return {i: sum(weights[j] * dealt[j][i] for j in (1, 2, 3, 4)) % p for i in dealt}


def four_share(products, share, weights, p):
    dealt = {j: share(products[j]) for j in (1, 2, 3, 4)}
    return {i: sum(weights[j] * dealt[j][i] for j in dealt) % p for i in products}


def not_reduced(products, share, weights, p):
    dealt = dealt_by(products, share)
    return {i: sum(weights[j] * dealt[j][i] for j in dealt) for i in products}


@pytest.mark.parametrize(
    ("reduce", "said"),
    [
        (put_together, "You put the product together before you shared it"),
        (lambda products, share, weights, p: products, "Nobody shares anything."),
        (each_dealer_again, "dealers gave to *it*: dealt[j][i] for every j."),
        (unweighted, "Each dealer's share counts with weights[j]."),
        (own_weight, "Your result has the degree 6; it should be 3."),
        (four_dealers, "Put together, your shares give"),
        (four_share, "Every player has to share its own value, ["),
        (not_reduced, "which is not one of 0 … 100: % p."),
        (
            lambda products, share, weights, p: dealt_by(products, share),
            "Player 1's share is a dict",
        ),
    ],
)
def test_mistakes_in_reducing_are_named(reduce, said):
    assert said in said_of(check_reduce(reduce))


@pytest.mark.parametrize(
    ("choose", "said"),
    [
        (lambda bit, a, b: a if bit else b, "a branch on a secret"),
        (lambda bit, a, b: bit and a or b, "a branch on a secret"),
        (lambda bit, a, b: a if bit.open() else b, "For (1, 3, 5) you opened [1]"),
        (lambda bit, a, b: a.open(), "you opened [3]"),
        (lambda bit, a, b: 3, "you return 3, which is not a shared number."),
        (lambda bit, a, b: a, "For (0, 3, 5) the right choice is 5; yours is 3."),
        (lambda bit, a, b: [b, a][bit], "a place in a list has to be known to everybody"),
        (lambda bit, a, b: bit * a + ~bit * b, "write the opposite of a secret bit as 1 - bit"),
        (lambda bit, a, b: bit * a + (not bit) * b, "a branch on a secret"),
        (lambda bit, a, b: (a + b) / 2, "/ and % are no sums or products"),
    ],
)
def test_mistakes_in_choosing_are_named(choose, said):
    assert said in said_of(check_choose(choose))


def opened_without_mask(x, k, mask):
    (x + 2 ** (k - 1)).open()
    return less_than_zero(x, k, mask)


def opened_twice(x, k, mask):
    mask.number.open()
    return less_than_zero(x, k, mask)


def not_above_zero(x, k, mask):
    return less_than_zero(x - 1, k, mask)  # -16 - 1 is out of range


def sloppy_division(x, k, mask):
    half = 2 ** (k - 1)
    y = x + half
    c = (y + mask.number).open()
    bits = mask.bits[: k - 1]
    low = c % half - bits_value(bits) + half * borrow(c % half, bits)
    return 1 - (y - low) // half


def undivided(x, k, mask):
    half = 2 ** (k - 1)
    c = (x + half + mask.number).open()
    bits = mask.bits[: k - 1]
    return x + half - c % half + bits_value(bits) - half * borrow(c % half, bits)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (opened_without_mask, "you opened 0: that is x without a mask."),
        (lambda x, k, mask: x.open() < 0, "that is x without a mask."),
        (opened_twice, "you opened 2 numbers; one is enough: y + r."),
        (not_above_zero, "For x = 0 you say 1: that is [x <= 0]."),
        (sloppy_division, "/ and % are no sums or products"),
        (undivided, "For x = -16 the bit should be 1; yours is 0."),
        (lambda x, k, mask: x < 0, "to compare takes a program, less_than(a, b, k)"),
        (lambda x, k, mask: 1, "For x = -16 you return 1, which is not a shared number."),
    ],
)
def test_mistakes_in_comparing_are_named(answer, said):
    assert said in said_of(check_less_than_zero(answer))


def test_mistakes_in_counting_bits_are_named():
    line = check_bits_needed(lambda bits, d, near, kappa, masks: 2**bits)
    assert "With bits = 28, d = 5" in line and "104 is right" in line
    assert ceil(log2(5)) == 3
