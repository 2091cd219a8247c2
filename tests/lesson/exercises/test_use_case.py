"""Wrong answers to the exercises of notebook 1, and what they are told."""

import numpy as np
import pytest

from fl_krum.lesson.exercises.use_case import check_lie


@pytest.fixture(autouse=True)
def first_try():
    check_lie.tries = 0


def test_right_answers_pass():
    assert check_lie(lambda others, target: (len(others) + 1) * target - others.sum(axis=0)).passed
    assert check_lie(lambda others, target: target + len(others) * (target - others.mean(axis=0)))
    assert check_lie(lambda o, t: [(len(o) + 1) * t[k] - sum(o[:, k]) for k in range(len(t))])


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (lambda others, target: target, "You send the target itself, and the others outvote you."),
        (lambda others, target: len(others) * target - others.sum(0), "you are one client, too"),
        (lambda others, target: len(others) * target - sum(others), "you are one client, too"),
        (lambda others, target: (len(others) + 1) * target, "Too far by the sum of the others"),
        (lambda others, target: others.sum(0) - (len(others) + 1) * target, "The sign is wrong"),
        (lambda others, target: (len(others) + 1) * target + others.sum(0), "You add the sum"),
        (lambda others, target: (len(others) + 1) * target - others.mean(0), "n - 1 times as much"),
        (lambda others, target: target - others.mean(0), "A mean of n moves by one n-th"),
        (lambda others, target: (len(others) + 1) * target - others.sum(), "axis=0"),
        (lambda others, target: others, "Return 2 numbers; you return an array of shape (6, 2)."),
        (lambda others, target: 7 * target, "With n = 7 the mean misses the target by"),
        (lambda others, target: 7 * target - others.sum(axis=0), "With n = 2 the mean misses"),
        (lambda others, target: target - others, "an array of shape (6, 2)"),
        (lambda others, target: (others + target).sum(axis=1), "you return an array of shape (6,)"),
        (lambda others, target: others.sum(axis=0) / 0 * np.nan, "not finite (nan or inf)"),
        (lambda others, target: n * target - others.sum(0), "nothing has the name `n`"),  # noqa: F821
        (lambda others, target: others + others[:2], "arrays of these shapes do not fit together"),
        (lambda others: others, "is called as lie(others, target), with 2 arguments"),
        (lambda others, target: print(end=""), "Is the `return` missing"),
    ],
)  # fmt: skip
def test_mistakes_are_named(lie, said):
    line = check_lie(lie)
    assert line.startswith("✗") and said in line
