"""The checks of the exercises: they accept right answers, and name what is wrong with others."""

import numpy as np
import pytest

from fl_krum import krum_scores
from fl_krum.lesson.exercises import check_attack, check_largest_f, check_lie, check_scores


def squared(X):
    return ((X[:, None] - X[None]) ** 2).sum(axis=2)


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (check_lie, lambda others, target: (len(others) + 1) * target - others.sum(axis=0)),
        (check_largest_f, lambda n: (n - 3) // 2),
        (check_scores, krum_scores),
        (check_attack, lambda honest: [0.75 * honest.mean(axis=0)] * 2),
    ],
)
def test_right_answers_pass(check, answer):
    assert check(answer).startswith("✓")


@pytest.mark.parametrize("check", [check_lie, check_largest_f, check_scores, check_attack])
def test_empty_and_broken_answers_are_told_so(check):
    assert check(lambda *arguments: None) == "✗ Your function returns nothing yet."
    assert check(lambda *arguments: 1 / 0).startswith("✗ Your function stopped with ZeroDivision")
    assert check(lambda: None).startswith("✗ Your function stopped with TypeError")


@pytest.mark.parametrize(
    ("check", "answer", "said"),
    [
        (check_lie, lambda others, target: target, "the others outvoted you"),
        (check_lie, lambda others, target: others, "your vector has shape (6, 2)"),
        (check_lie, lambda others, target: 7 * target, "misses the target"),
        (check_largest_f, lambda n: (n - 2) // 2, "2f + 2 = 4 is not below 4"),
        (check_largest_f, lambda n: (n - 2) / 2, "is an integer"),
        (check_largest_f, lambda n: 0, "For n = 5 you say 0, but 1 would do"),
        (check_scores, lambda X, f: squared(X), "one score for each of the 5 clients"),
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
        (check_scores, lambda X, f: squared(X).max(1), "client 1 should have 20; you have 565"),
        (check_attack, lambda honest: honest[0], "yours have shape (2,)"),
        (check_attack, lambda honest: honest[:2] + np.nan, "finite"),
        (check_attack, lambda honest: 0 * honest[:2], "an honest one"),
        (check_attack, lambda honest: [honest.mean(axis=0)] * 2, "only 0.00 away"),
    ],
)  # fmt: skip
def test_mistakes_are_named(check, answer, said):
    line = check(answer)
    assert line.startswith("✗") and said in line
