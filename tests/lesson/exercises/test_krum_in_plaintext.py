"""Wrong answers to the exercises of notebook 2, and what they are told."""

import numpy as np
import pytest

from fl_krum import krum_scores
from fl_krum.lesson.exercises.krum_in_plaintext import check_attack, check_largest_f, check_scores


@pytest.fixture(autouse=True)
def first_try():
    for check in (check_largest_f, check_scores, check_attack):
        check.tries = 0


def squared(X):
    return ((X[:, None] - X[None]) ** 2).sum(axis=2)


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (check_largest_f, lambda n: (n - 3) // 2),
        (check_scores, krum_scores),
        (check_attack, lambda honest: [0.75 * honest.mean(axis=0)] * 2),
    ],
)
def test_right_answers_pass(check, answer):
    assert check(answer).startswith("✓")


@pytest.mark.parametrize(
    ("check", "answer", "said"),
    [
        (check_largest_f, lambda n: (n - 2) // 2, "2f + 2 = n is not enough: the sign is <"),
        (check_largest_f, lambda n: (n - 2) / 2, "is an integer"),
        (check_largest_f, lambda n: n - 3, "For n = 4 you say 1, but then 2f + 2 = 4"),
        (check_largest_f, lambda n: n // 2, "That is half of all clients."),
        (check_largest_f, lambda n: (n - 1) // 2, "the limit of an honest majority. Krum needs"),
        (check_largest_f, lambda n: (n - 1) // 3, "n / 3 is the limit of other protocols"),
        (check_largest_f, lambda n: 0, "For n = 5 you say 0, but 1 would do"),
        (check_scores, lambda X, f: squared(X), "Return 5 numbers; you return an array of"),
        (check_scores, lambda X, f: np.sort(np.sqrt(squared(X)))[:, 1 : len(X) - f - 1].sum(1),
         "Krum sums squared distances"),
        (check_scores, lambda X, f: np.sort(squared(X))[:, 1 : len(X) - f].sum(1),
         "One neighbour too many"),
        (check_scores, lambda X, f: np.sort(squared(X))[:, : len(X) - f - 2].sum(1),
         "One neighbour too few"),
        (check_scores, lambda X, f: squared(X).sum(1), "sums over all others"),
        (check_scores, lambda X, f: np.sort(squared(X))[:, 1 : len(X) - f - 1].mean(1),
         "Krum takes sums"),
        (check_scores, lambda X, f: -np.sort(-squared(X))[:, : len(X) - f - 2].sum(1), "farthest"),
        (check_scores, lambda X, f: squared(X).max(1),
         "With f = 1, in place 0 of the result, 20 is right; you have 565."),
        (check_attack, lambda honest: honest[0],
         "Return an array of shape (2, 2); you return an array of shape (2,)."),
        (check_attack, lambda honest: honest[:2] + np.nan, "not finite (nan or inf)"),
        (check_attack, lambda honest: 0 * honest[:2], "an honest one"),
        (check_attack, lambda honest: [honest.mean(axis=0)] * 2, "only 0.00 away"),
    ],
)  # fmt: skip
def test_mistakes_are_named(check, answer, said):
    line = check(answer)
    assert line.startswith("✗") and said in line
