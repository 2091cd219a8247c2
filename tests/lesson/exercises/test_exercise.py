"""The machinery of exercises: no answer makes it raise, and each is told something that helps."""

import builtins
import threading

import numpy as np
import pytest

from fl_krum.lesson.exercises import exercise as machinery
from fl_krum.lesson.exercises.exercise import Wrong, compare, exercise

HINTS = "Twice as much.", "x + x."


def make_check():
    @exercise(
        "double(x)",
        praise="Right.",
        hints=HINTS,
        mistakes={
            "You squared it.": lambda x: x**2,
            "The sign is wrong.": lambda x: -2 * x,
            "This mistake cannot cope with the second case.": lambda x: [5, 2][int(10 / x)],
        },
    )
    def check_double(double):
        """Check ``double(x)``."""
        compare(double, lambda x: 2 * x, [(-3.0,), (0.0,), (2.0,), (5.0,)])

    return check_double


def said(answer):
    return make_check()(answer)


def test_it_is_documented_as_its_check_is():
    check = make_check()
    assert (check.__name__, check.__doc__) == ("check_double", "Check ``double(x)``.")


def test_a_right_answer():
    feedback = said(lambda x: x + x)
    assert feedback == "✓ Right." and feedback.passed and repr(feedback) == str(feedback)


def test_usual_mistakes_are_named():
    assert said(lambda x: x * x) == "✗ You squared it."
    assert said(lambda x: -x - x) == "✗ The sign is wrong."


def test_two_mistakes_that_agree_on_some_cases_are_not_mixed_up():
    # x * x is 2 * x for 0 and 2, so the first cases do not tell it from a right answer.
    assert said(lambda x: x * x if x >= 0 else 2 * x) == "✗ With x = 5.0: 10 is right; you have 25."


def test_a_cell_shows_it_as_print_does():
    formatter = pytest.importorskip("IPython.core.formatters").PlainTextFormatter()
    assert formatter(said(lambda x: 3)) == "✗ With x = -3.0: -6 is right; you have 3."


def test_hints_come_one_by_one_and_then_the_way_to_the_solution():
    check = make_check()
    lines = [check(lambda x: 3).split("\n")[1:] for _ in range(4)]
    first, second = (f"  Hint: {hint}" for hint in HINTS)
    folded = "  The solution is folded up below."
    assert lines == [[], [first], [second], [second, folded]]


def test_an_empty_function_is_no_try_and_a_right_one_begins_anew():
    check = make_check()

    def empty(x):
        "Return 2 x."
        ...

    for _ in range(3):
        assert check(empty) == "✗ Your function returns nothing yet."
    check(lambda x: 3)
    check(lambda x: 2 * x)
    assert "Hint" not in check(lambda x: 3)


def test_a_missing_return_is_not_an_empty_function():
    def double(x):
        result = 2 * x
        result += 0

    assert said(double) == (
        "✗ Your function returns None. Is the `return` missing, on some way through?"
    )


def test_it_is_told_how_the_function_is_called():
    assert said(lambda: 2) == (
        "✗ Your function is called as double(x), with one argument; yours is written for ()."
    )
    assert "yours is written for (x, y)" in said(lambda x, y: 2 * x)
    assert said(6.0) == "✗ Give the check the function itself, without brackets; this is 6.0."
    assert said(None).startswith("✗ Give the check the function itself")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ("six", "✗ Return one number; you return a str, 'six'."),
        ({}, "✗ Return one number; you return a dict, {}."),
        (lambda: 1, "✗ Return one number; you return a function, "),
        ([1, [2, 3]], "✗ Return one number; you return a list, [1, [2, 3]]."),
        ([1, 2], "✗ Return one number; you return an array of shape (2,)."),
        (1j, "✗ Return one number; you return a complex, 1j."),
        (
            float("nan"),
            "✗ Among the numbers that you return is one that is not finite (nan or inf).",
        ),
    ],
)
def test_results_of_another_kind(result, told):
    assert said(lambda x: result).startswith(told)


def raising(error):
    def double(x):
        raise error

    return double


def test_whatever_is_raised_becomes_words():
    for name, kind in vars(builtins).items():
        if isinstance(kind, type) and issubclass(kind, BaseException):
            if name.startswith("Unicode") or name.endswith("Group"):
                continue  # they take other arguments
            feedback = said(raising(kind("some reason")))
            assert feedback.startswith("✗ Your function stops in the line `raise error`: "), kind


def test_an_endless_loop_is_ended(monkeypatch):
    monkeypatch.setattr(machinery, "TIME_LIMIT", 0.2)

    def double(x):
        while True:
            pass

    before = set(threading.enumerate())
    assert said(double) == (
        "✗ Your function has not ended after 0.2 seconds: does a loop go on for ever, or does "
        "it try too much?"
    )
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
    assert set(threading.enumerate()) <= before


def test_arguments_cannot_be_spoiled():
    X = np.array([3, 1, 2])

    @exercise("first(X)", praise="Right.", mistakes={"That is the smallest.": lambda X: X.min()})
    def check_first(first):
        compare(first, lambda X: X[0], [(X,)])

    def spoils(X):
        X.sort()
        return X[0]

    assert check_first(spoils) == "✗ That is the smallest."
    assert X.tolist() == [3, 1, 2]


def test_a_result_that_breaks_the_check_itself_is_words_too():
    @exercise("f(x)", praise="Right.")
    def check(f):
        if f(1) + 1 != 3:
            raise Wrong("Not 2.")

    assert check(lambda x: "2").startswith("✗ What your function returns cannot be used here (")
    assert check(lambda x: 2) == "✓ Right."
    assert check(lambda x: 3) == "✗ Not 2."


def test_differences_in_arrays_name_the_place():
    @exercise("table(n)", praise="Right.")
    def check(table):
        compare(table, lambda n: np.eye(n), [(2,), (3,)])

    def almost(n):
        result = np.eye(n)
        result[0, n - 1] = 7
        return result

    assert check(almost) == "✗ With n = 2, in place 0, 1 of the result: 0 is right; you have 7."
    assert check(lambda n: np.ones(n)).startswith(
        "✗ Return an array of shape (2, 2); you return an array of shape (2,)."
    )
