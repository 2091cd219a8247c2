"""Wrong answers to the exercises of notebook 2, and what they are told."""

import numpy as np
import pytest

from fl_krum import krum, krum_scores, multi_krum
from fl_krum.lesson.exercises.krum_in_plaintext import (
    check_attack,
    check_clip,
    check_fewest_honest,
    check_largest_f,
    check_multi,
    check_scores,
    check_smallest,
)

CHECKS = (
    check_largest_f,
    check_fewest_honest,
    check_scores,
    check_smallest,
    check_multi,
    check_clip,
    check_attack,
)


@pytest.fixture(autouse=True)
def first_try():
    for check in CHECKS:
        check.tries = 0


def squared(X):
    return ((X[:, None] - X[None]) ** 2).sum(axis=2)


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (check_largest_f, lambda n: (n - 3) // 2),
        (check_scores, krum_scores),
        (check_fewest_honest, lambda n, f: n - 2 * f - 1),
        (check_smallest, np.argmin),
        (check_smallest, lambda scores: min(range(len(scores)), key=lambda row: scores[row])),
        (check_multi, multi_krum),
        (check_multi, lambda X, f, m: X[krum(X, f).ranking[:m]].sum(axis=0) / m),
        (check_attack, lambda honest: [0.68 * honest.mean(axis=0)] * 2),
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
         "With f = 1, in place 0 of the result: 20 is right; you have 565."),
        (check_scores, lambda X, f: squared(X)[:, 1 : len(X) - f - 1].sum(1),
         "sort each row first"),
        (check_scores, lambda X, f: np.sort(squared(X), axis=0)[:, 1 : len(X) - f - 1].sum(1),
         "You sorted the columns, not the rows"),
        (check_scores, lambda X, f: np.sort(squared(X))[:, : len(X) - f + 1].sum(1),
         "Two neighbours too many: n - f instead of n - f - 2."),
        (check_scores, lambda X, f: np.sort(squared(X))[:, 1 : len(X) - f - 1],
         "Return 5 numbers; you return an array of shape (5, 2)."),
        (check_scores, lambda X, f: np.sort(squared(X)).sum(axis=2), "axis 2 is out of bounds"),
        (check_scores, lambda X, f: [min(row) for row in X - f * X[7]], "no item with that index"),
        (check_fewest_honest, lambda n, f: n - 2 * f - 2, "A liar is no neighbour of itself"),
        (check_fewest_honest, lambda n, f: n - f - 2, "That are all its neighbours."),
        (check_fewest_honest, lambda n, f: f - 1, "how many of them may be liars"),
        (check_fewest_honest, lambda n, f: n - f - 1, "honest others of an *honest* client"),
        (check_fewest_honest, lambda n, f: n - 2 * f, "One too many: there are n - f - 2"),
        (check_fewest_honest, lambda n, f: n - f, "You begin with all n - 1 others."),
        (check_fewest_honest, lambda n, f: 2, "when n is as small as it may be"),
        (check_fewest_honest, lambda n, f: n - 3 * f, "With n = 7, f = 2: 2 is right; you"),
        (check_fewest_honest, lambda n: n - 3, "yours is written for (n)."),
        (check_smallest, min, "That is the smallest score. Return its place, a row."),
        (check_smallest, np.argmax, "the client with the largest score"),
        (check_smallest, lambda s: max(i for i in range(len(s)) if s[i] == min(s)),
         "you take the last"),
        (check_smallest, lambda scores: np.argmin(scores) + 1, "You count clients from 1."),
        (check_smallest, np.argsort, "all rows in their order"),
        (check_smallest, lambda scores: list(scores).index(0), "0 is not in list"),
        (check_smallest, lambda scores: scores == scores.min(), "Return one number; you return an"),
        (check_multi, lambda X, f, m: X[krum(X, f).ranking[:m]].sum(axis=0), "That is the sum of"),
        (check_multi, lambda X, f, m: X[krum(X, f).ranking[-m:]].mean(axis=0), "the m *worst*"),
        (check_multi, lambda X, f, m: X[:m].mean(axis=0), "the first m clients, in their order"),
        (check_multi, lambda X, f, m: krum(X, f).vector, "That is Krum, the best vector alone."),
        (check_multi, lambda X, f, m: multi_krum(X, f), "You always take n - f of them. Take m."),
        (check_multi, lambda X, f, m: X.mean(axis=0), "That is the mean of all n."),
        (check_multi, lambda X, f, m: np.median(X[krum(X, f).ranking[:m]], axis=0), "the median"),
        (check_multi, lambda X, f, m: multi_krum(X, f, m + 1) if m < len(X) - f else
         X[krum(X, f).ranking[: m + 1]].mean(axis=0), "One too many: the m best are places 0"),
        (check_multi, lambda X, f, m: X[krum(X, f).ranking[:m]].mean(),
         "`.mean()` without an axis"),
        (check_multi, lambda X, f, m: X[krum(X, f).ranking[:m]].mean(1),
         "You want one a coordinate"),
        (check_multi, lambda X, f, m: krum(X, f).ranking[:m], "you return an array of shape (3,)"),
        (check_multi, lambda X, f, m: X[np.sort(krum_scores(X, f))[:m]], "there is no item with"),
        (check_clip, lambda X, centre, radius: X - centre,
         "Return 2 numbers; you return an array of shape (5, 2)."),
        (check_clip, lambda X, centre, radius: centre,
         "With radius = 3.0, in place 0 of the result: "),
        (check_clip, lambda X, centre, radius: centre + (
            (X - centre) * np.minimum(1, radius / np.linalg.norm(X - centre, axis=1))
        ).mean(axis=0), "could not be broadcast together"),
        (check_clip, lambda X, centre: X.mean(axis=0), "yours is written for (X, centre)."),
        (check_attack, lambda honest: [-honest.mean(axis=0)] * 2, "the honest mean, turned round"),
        (check_attack, lambda honest: honest[:2], "These are two honest vectors. They do no harm."),
        (check_attack, lambda honest: [[0, 0], [0, 0]], "the old global model. It is too far"),
        (check_attack, lambda honest: [0.75 * honest.mean(0)] * 2,
         "1.28 away from the honest mean"),
        (check_attack, lambda honest: [0.5 * honest.mean(0)] * 2, "your best score is"),
        (check_attack, lambda honest: honest[0],
         "Return an array of shape (2, 2); you return an array of shape (2,)."),
        (check_attack, lambda honest: honest[:2] + np.nan, "not finite (nan or inf)"),
        (check_attack, lambda honest: [honest.mean(axis=0)] * 2, "That is the honest mean itself."),
    ],
)  # fmt: skip
def test_mistakes_are_named(check, answer, said):
    line = check(answer)
    assert line.startswith("✗") and said in line
