"""Without a line of krum.mpc's check a lie passes which is noticed with it."""

from math import prod

import numpy as np
import pytest
from liars import (
    Lie,
    all_zero,
    check,
    no_quotient,
    one_digit,
    proves,
    random_words,
    rest_of_nothing,
    run,
    shares_instead,
    small_squares,
    small_sums,
    telling,
)

from fl_krum.aggregators.krum import krum
from mamba import field
from mamba.field import P
from mamba.input_proof import InputProver, _inverse_vanishing

LIAR = 3


def passes(lie, d=5, mutant=None, honest=(), word=None, bits=28):
    """Whether a client with this lie passes beside two honest ones; in a text of which one line is
    another one."""
    X = random_words(3, d, bits)[np.newaxis].astype(object)
    if word is not None:
        X[0, LIAR - 1, 0] = word

    def changed(text):
        assert text.count(mutant[0]) == 1
        return text.replace(*mutant)

    ((*others, liar),) = check(X, {LIAR: lie, **dict(honest)}, changed if mutant else None, bits)
    assert mutant or others == [1, 1]  # without a line an honest client may fail
    return bool(liar)


FALSE_DIGIT = proves(digits=one_digit)
FALSE_SQUARES = proves(squares=small_squares, long_numbers=rest_of_nothing)
LONG_WORD = shares_instead(2**97)


MUTANTS = {
    "digits are not looked at": (
        "error = inner(product, powers_of(rho, digits), n) - inner(public(shown, n * digits, n), "
        "vanishing, n)", "error = cint(0, size=n)", 5, FALSE_DIGIT, 2**60),
    "sums are not looked at": (
        "inner(public(shown, n * (digits + 1), n), public(steps, 4 * numbers + 1, 1), n)", "0", 5,
        LONG_WORD, None),
    "squares are not looked at": (
        "error = error + inner(rest, public(steps, 4 * numbers + 2, 1), n)", "pass", 60,
        FALSE_SQUARES, None),
    "words are not in the sum": (
        "return inner(load(vectors, 0, n * d), public(weights, 0, d), n)", "return 0", 5,
        proves(digits=all_zero), 2**60),
    "who failed passes": (
        "is_zero(public(errors, 0, n), point)", "cint(1, size=n)", 5, LONG_WORD, None),
    "any digit will do": (
        "product = product * (product + 2)", "product = product * 0", 5,
        proves(digits=one_digit, quotient=no_quotient), 2**60),
    "the sum of squares is not in it": (
        "total = inner(total, public(weights, ranged, 1), n)", "total = 0", 60,
        proves(long_numbers=rest_of_nothing), None),
    "projections are not in the sum": (
        "return inner(load(projected, 0, n * rows), public(row_weights, 0, rows), n) - total",
        "return 0 - total", 60, proves(long_numbers=small_sums), None),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_every_line_of_the_check_is_needed(name):
    line, instead, d, lie, word = MUTANTS[name]
    assert passes(lie, d, (line, instead), word=word)
    assert not passes(lie, d, word=word)


def test_two_words_whose_errors_cancel_are_noticed():
    """The numbers that must be 0 are added up with powers of a coin."""
    x, y = random_words(3, 5)[LIAR - 1, :2].tolist()
    lie = telling([Lie({0: x + 2**40, 1: y - 2**40})])
    line = "store(powers_of(rho, numbers + 1), weights, 0)"
    assert passes(lie, mutant=(line, "store(cint(1, size=numbers + 1), weights, 0)"))
    assert not passes(lie)


def two_false_digits():
    """x and y, neither 0, 1, 2 nor 3, with P(x) + P(y) = 0 for P(x) = x (x-1) (x-2) (x-3)."""

    def root(square):  # p is 3 modulo 4
        candidate = pow(square, (P + 1) // 4, P)
        return candidate if candidate * candidate % P == square % P else None

    for x in range(4, 1000):
        pair = x * (x - 3)
        u = root(1 - pair * (pair + 2))  # (u - 1) (u + 1) = -pair (pair + 2)
        for sign in (1, -1) if u is not None else ():
            v = root(9 + 4 * (sign * u - 1))  # y (y - 3) = u - 1
            if v is not None:
                return x, (3 + v) * pow(2, -1, P) % P
    raise AssertionError("there are such digits")


def test_two_digits_whose_errors_cancel_are_noticed():
    """The polynomials of the digits are added up with powers of a coin."""
    x, y = two_false_digits()
    assert sum(d * (d - 1) * (d - 2) * (d - 3) for d in (x, y)) % P == 0

    def digits(self, numbers):
        result = np.array(InputProver.digits(self, numbers)).reshape(4, self.sizes.digits, -1)
        result[:, :, :1] = 0  # the lowest two digits of the first word
        result[:, :2, 0] = field.from_ints([x, y])
        return result.reshape(4, -1)

    def without_coin(self, first, digits, _):
        return InputProver.quotient(self, first, digits, 1)  # powers of 1

    everybody = dict.fromkeys((1, 2), proves(quotient=without_coin))
    lie = telling([Lie({0: x + 4 * y}, digits=digits, quotient=without_coin)])
    line = "powers_of(rho, digits)"
    assert passes(lie, mutant=(line, "cint(1, size=digits)"), honest=everybody)
    assert not passes(telling([Lie({0: x + 4 * y}, digits=digits)]))


def polynomial(x):
    return x * (x - 1) * (x - 2) * (x - 3)


def quotient_of_more(power):
    """What makes up for an error of 120 - polynomial(...) that stands at a power of the point."""

    def quotient(self, *arguments):
        sizes = self.sizes
        points = range(sizes.numbers + 1, 4 * sizes.numbers + 2)
        more = field.from_ints([-polynomial(5) * pow(x, power(sizes.numbers), P) for x in points])
        more = field.mul(more, _inverse_vanishing(sizes.numbers, sizes.quotient))
        return field.add(InputProver.quotient(self, *arguments), more)

    return quotient


@pytest.mark.parametrize(
    ("index", "power"), [("0", lambda N: 0), ("4 * numbers", lambda N: 4 * N)], ids=["0", "4N"]
)
def test_a_false_digit_and_a_false_sum_do_not_cancel(index, power):
    """Each has powers of the point of its own. Of one word: all of it in one digit, but the word is
    longer by what the digit's polynomial is off."""

    def digits(self, numbers):
        return field.from_ints([5] + [0] * (self.sizes.digits - 1))

    word = 5 + polynomial(5)
    lie = telling([Lie({0: word}, digits=digits, quotient=quotient_of_more(power))])
    line = "public(steps, 4 * numbers + 1, 1), n)"
    assert passes(lie, 1, (line, line.replace("4 * numbers + 1", index)), bits=4)
    assert not passes(lie, 1, bits=4)


def test_a_false_sum_and_false_squares_do_not_cancel():
    """All values of the sum of squares are 1 too large, and so is one of the z_r."""

    def squares(self, sums):
        first, values = InputProver.squares(self, sums)
        return first, field.add(values, field.from_ints([1]))

    def long_numbers(self, sums):
        numbers, parts = InputProver.long_numbers(self, sums)
        numbers[0] += 1
        ranged, base = self.sizes.ranged, 4**self.sizes.digits
        rest = numbers[ranged] - self.sizes.points
        return numbers[:ranged] + [rest // base**e for e in range(self.sizes.extra)], parts

    lie = telling([Lie(squares=squares, long_numbers=long_numbers)])
    line = "public(steps, 4 * numbers + 2, 1), n)"
    assert passes(lie, 47, (line, line.replace("+ 2", "+ 1")))
    assert not passes(lie, 47)


def test_a_false_digit_and_false_squares_do_not_cancel():
    """One digit is 4 more, its neighbour 1 less; the sum of squares makes up for it, and the
    quotient too."""
    false = {}

    def long_numbers(self, sums):
        numbers, (first, values) = InputProver.long_numbers(self, sums)
        false["place"] = place = next(k for k, number in enumerate(numbers) if number >> 2 & 3)
        false["by"] = by = polynomial(4 + (numbers[place] & 3))
        assert place < self.sizes.points
        values = np.array(values)
        values[:, [place + 1]] = field.add(values[:, [place + 1]], field.from_ints([by]))
        ranged, base = self.sizes.ranged, 4**self.sizes.digits
        rest = numbers[ranged] - by
        numbers[ranged:] = [rest // base**e for e in range(self.sizes.extra)]
        return numbers, (first, values)

    def digits(self, numbers):
        result = np.array(InputProver.digits(self, numbers)).reshape(4, self.sizes.digits, -1)
        result[0, 0, false["place"]] += 4
        result[0, 1, false["place"]] -= 1
        return result.reshape(4, -1)

    def quotient(self, *arguments):
        N, j = self.sizes.numbers, false["place"] + 1
        others = [k for k in range(2 * N + 1) if k != j]
        scale = -false["by"] * pow(prod(j - k for k in others), -1, P)
        more = [scale * prod(x - k for k in others) for x in range(N + 1, 4 * N + 2)]
        more = field.mul(field.from_ints(more), _inverse_vanishing(N, self.sizes.quotient))
        return field.add(InputProver.quotient(self, *arguments), more)

    lie = telling([Lie(long_numbers=long_numbers, digits=digits, quotient=quotient)])
    line = "public(steps, 4 * numbers + 2, 1), n)"
    assert passes(lie, 47, (line, line.replace("4 * numbers + 2", "0")))
    assert not passes(lie, 47)


def test_who_failed_would_still_be_heard_if_its_distances_counted():
    """A vector in the middle of the others makes them look near."""
    X = random_words(5, 5)
    X[LIAR - 1] = X.mean(axis=0)
    liars = {LIAR: proves(quotient=no_quotient)}
    line = "load(pairs, 0, len(couples)) * both + (1 - both) * farthest"
    mutant = run(X, 1, liars, lambda text: text.replace(line, line.split(" * ")[0]))
    result = [1, 1, 0, 1, 1], 1, krum(X.astype(object), 1, excluded=[LIAR - 1]).vector.tolist()
    assert run(X, 1, liars) == result != mutant


def test_who_failed_would_be_chosen_when_all_fail():
    X = random_words(3, 2) + 2**28
    line = "store(load(choice, 0, n) * public(passes, 0, n), choice, 0)"
    passed, count, _ = run(X, 0, source=lambda text: text.replace(line, "pass"), average=2)
    assert (passed, count) == ([0, 0, 0], 3)
