"""Wrong answers to the exercises of the notebook on the session, and what they are told."""

import numpy as np
import pytest

from fl_krum.lesson.exercises.federated_session import check_rounds_chosen, check_seconds_across


@pytest.fixture(autouse=True)
def first_try():
    check_rounds_chosen.tries = check_seconds_across.tries = 0


def by_loop(own, models):
    found = []
    for number in range(1, len(models)):
        if (own[number - 1] == models[number]).all():
            found.append(number)
    return found


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (check_rounds_chosen, by_loop),
        (check_rounds_chosen, lambda own, models: [
            r for r in range(1, len(models)) if np.array_equal(own[r - 1], models[r])]),
        (check_seconds_across, lambda exchanges, size, trip, line: (
            exchanges * trip * 1e-3 + size * 8e-6 / line)),
    ],
)  # fmt: skip
def test_right_answers_pass(check, answer):
    assert check(answer) == f"✓ {check.praise}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda own, models: [r for r in range(1, 6) if own[r - 1] == models[r]],
         "needs one truth value, and gets a whole array"),
        (lambda own, models: [r for r in range(6) if np.array_equal(own[r], models[r])],
         "there is no item with that index"),
        (lambda own, models: 3, "Return a list, such as [1, 4]; you return 3."),
        (lambda own, models: [1], "Where [1, 4] are right, you return [1]."),
    ],
)  # fmt: skip
def test_mistakes_in_finding_oneself_are_named(answer, said):
    line = check_rounds_chosen(answer)
    assert line.startswith("✗") and said in line.replace("in the line", "").split("`: ")[-1]


def test_another_time_is_told_the_right_one():
    line = check_seconds_across(lambda exchanges, size, trip, line: 1.0)
    assert "With exchanges = 41" in line and "0.02218 is right; you have 1" in line
