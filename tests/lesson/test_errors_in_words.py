"""Errors that beginners make, as they are told; each in the words of the lesson, with the line."""

import numpy as np
import pytest

from fl_krum.lesson.errors_in_words import in_words
from fl_krum.lesson.secret_ledger import Ledger

ARRAY, TWO = np.ones((6, 2)), 2


def told(function):
    try:
        function()
    except Exception as error:
        return in_words(error, function)
    raise AssertionError("the function did not stop")


def undefined():
    return lenght + 1  # noqa: F821


def before_it_has_a_value():
    total += 1  # noqa: F821
    return total  # noqa: F821


def too_deep():
    return too_deep()


def an_if_over_an_array():
    if ARRAY > 0:
        return 1


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            undefined,
            " in the line `return lenght + 1  # noqa: F821`: nothing has the name `lenght`",
        ),
        (before_it_has_a_value, "`: a name is used before it has a value ("),
        (too_deep, " in the line `return too_deep()`: it calls itself and never ends"),
        (an_if_over_an_array, "needs one truth value, and gets a whole array of them"),
        (lambda: 1 / 0, "it divides by zero"),
        (lambda: [1, 2][2], "there is no item with that index (list index out of range); places "),
        (lambda: {}["a"], "the key 'a' is not there"),
        (lambda: ARRAY.summ(), "there is no such attribute ("),
        (lambda: ARRAY + np.ones(6), "arrays of these shapes do not fit together (operands could"),
        (lambda: ARRAY @ np.ones(6), "arrays of these shapes do not fit together ("),
        (lambda: TWO(3 + 1), "a multiplication needs its * ('int' object is not callable)"),
        (lambda: None + 1, "it computes with None, which a function without `return` gives"),
        (lambda: "2" + 1, "values of these kinds do not go together (can only concatenate str"),
        (lambda: len(1, 2), "a function is called with the wrong arguments ("),
        (lambda: (-1.5) ** 1000 * 2.0**2000, "a number becomes too large ("),
        (lambda: ARRAY.sum(axis=5), "axis 5 is out of bounds"),
    ],
)
def test_errors_of_beginners(function, words):
    assert words in told(function)


SECRETS = Ledger().secrets([3, 5])


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda a, b: a if a < b else b, "a branch on a secret: which way to go on, all players"),
        (lambda a, b: min(a, b), "a branch on a secret"),
        (lambda a, b: a < b and a, "a branch on a secret"),
        (lambda a, b: abs(a - b), "abs looks at the sign, and the sign is secret; write (1 - 2 *"),
        (lambda a, b: [a, b][a < b], "a place in a list has to be known to everybody"),
        (lambda a, b: (a + b) / 2, "shares can be added and multiplied; / and % are no sums"),
        (lambda a, b: 1 // a, "shares can be added and multiplied"),
        (lambda a, b: a % 2, "shares can be added and multiplied"),
        (lambda a, b: a**2, "write a power of a secret as products, a * a"),
        (lambda a, b: ~(a < b) * a, "write the opposite of a secret bit as 1 - bit"),
        (lambda a, b: (a < b) & (b < a), "write `and` of two secret bits as a * b"),
        (lambda a, b: int(a), "to turn a secret into a number is to open it"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_with_secrets(program, words):
    assert words in told(lambda: program(*SECRETS))


def test_bits_have_a_negative():
    a, b = Ledger().secrets([3, 5])
    assert [(-a).open(), (-(a < b)).open(), (a <= b).open(), (a >= b).open(), (a != b).open()] == [
        -3, -1, 1, 0, 1,
    ]  # fmt: skip
