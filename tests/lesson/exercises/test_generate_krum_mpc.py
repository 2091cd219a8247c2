"""Wrong answers to the exercises of the notebook on krum.mpc, and what they are told."""

import re

import pytest

from fl_krum.lesson.exercises.generate_krum_mpc import check_smaller


@pytest.fixture(autouse=True)
def first_try():
    check_smaller.tries = 0


@pytest.mark.parametrize(
    "smaller",
    [
        lambda a, b: (a < b) * a + (1 - (a < b)) * b,
        lambda a, b: b + (a < b) * (a - b),
        lambda a, b: b - (a < b) * (b - a),
        lambda a, b: -(-a - (b < a) * (b - a)),
        lambda a, b: (a <= b) * a + (a > b) * b,
    ],
)
def test_right_answers_pass(smaller):
    assert check_smaller(smaller) == "✓ Right, and nobody knows which one it is."


@pytest.mark.parametrize(
    ("smaller", "said"),
    [
        (lambda a, b: a if a < b else b, "For (3, 5) you opened [1]: everybody knows now which"),
        (lambda a, b: min(a, b), "An `if`, `min` and `sorted` open bits, too."),
        (lambda a, b: a * (a < b) + b * (a > b), "For (4, 4) the smaller one is 4; yours is 0."),
        (lambda a, b: (a > b) * a + (a <= b) * b, "That is the larger one."),
        (lambda a, b: a < b, "That is the bit, 1 or 0, and not the number."),
        (lambda a, b: (a < b) * a, "That is the smaller one or 0: if the bit is 0, nothing is"),
        (lambda a, b: a.nothing, "there is no such attribute ('Secret' object has no attribute"),
        (lambda a, b: a + b, "That is the sum of both. Multiply the second one by 1 - bit."),
        (lambda a, b: 3, "For (3, 5) you return 3, which is not a secret."),
        (lambda a, b: a, "For (5, 3) the smaller one is 3; yours is 5."),
        (lambda a, b: (a + b - abs(a - b)) * 1, "abs looks at the sign, and the sign is secret"),
        (lambda a, b: (a < b) * a + ~(a < b) * b, "write the opposite of a secret bit as 1 - bit"),
        (lambda a, b: (a + b) / 2, "/ and % are no sums or products"),
        (lambda a, b: [b, a][a < b], "a place in a list has to be known to everybody"),
    ],
)  # fmt: skip
def test_mistakes_are_named(smaller, said):
    line = check_smaller(smaller)
    assert line.startswith("✗")
    assert said in re.sub("in the line `.*`:", "", line)  # which stands in this file, with `said`
