"""Exercises that ask for a program: right ones pass, usual mistakes get their own sentence."""

import json
import re

import mamba_players
import pytest
from repository import ROOT

from fl_krum import run_program
from fl_krum.lesson.exercises import write_your_own
from fl_krum.lesson.exercises.write_your_own import (
    ProgramExercise,
    check_largest,
    check_majority,
    check_near,
    check_rank,
)
from fl_krum.players.problems import Problem, ProgramError
from fl_krum.players.program_result import ProgramResult
from mamba.language.messages import explain
from mamba.player import compile_program

NOTEBOOK = ROOT / "notebooks" / "06_write_your_own.ipynb"
CHECKS = {
    name: check
    for name, check in vars(write_your_own).items()
    if isinstance(check, ProgramExercise)
}


def solutions():
    """The programs that are folded up below each check in the notebook."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    found = {}
    for before, after in zip(cells, cells[1:], strict=False):
        check = re.search(r"^(check_\w+)\(\w+\)", "".join(before["source"]), re.M)
        text = "".join(after["source"])
        solution = re.match(r"<details>.*?```mpc\n(.*?)```", text, re.S)
        if check and solution:
            found[check[1]] = solution[1]
    return found


def run_in_threads(text, inputs, *_arguments, **_options):
    """`run_program` with players in this process, which takes milliseconds."""
    _, problems = compile_program(text, mamba_players.NAME)
    try:
        if problems:
            raise ProgramError([Problem("; ".join(problems))], text, "x")
        seen = mamba_players.run_program(text, inputs)
    except ProgramError:
        raise
    except Exception as error:
        raise ProgramError([Problem(explain(error, mamba_players.NAME))], text, "x") from None
    views = tuple(json.loads(one.view.as_json()) for one in seen)
    return ProgramResult(text, len(inputs), "threads", "", (), 0, 0, "bytes", 0.0, 0.0, views)


@pytest.mark.parametrize("name", CHECKS)
def test_the_solution_in_the_notebook_passes(monkeypatch, name):
    monkeypatch.setattr(write_your_own, "run_program", run_in_threads)
    check = CHECKS[name]
    check.tries = 1
    said = check(solutions()[name])
    assert said == f"✓ {check.praise}" and said.passed and check.tries == 0


THREE = "a, b, c = [sint.get_private_input_from(i) for i in range(3)]\n"
FIVE = "x = [sint.get_private_input_from(i) for i in range(5)]\n"
NEAR = (
    "x, y = [sint.get_private_input_from(0) for i in range(2)]\n"
    "u, v = [sint.get_private_input_from(1) for i in range(2)]\n"
)
SQUARED = "d = (x - u) * (x - u) + (y - v) * (y - v)\n"
LARGEST = "m = (a < b).if_else(b, a)\nm = (m < c).if_else(c, m)\n"
WRONG = [
    (check_largest, THREE, "Your program opens nothing yet"),
    (check_largest, THREE + "(a + b + c).reveal_to(0)", "That is the sum."),
    (check_largest, THREE + "m = (a < b).if_else(a, b)\n(m < c).if_else(m, c).reveal_to(0)",
     "That is the smallest number."),
    (check_largest, THREE + LARGEST + "m.reveal()", "You open the largest number to everybody"),
    (check_largest, THREE + LARGEST + "m.reveal_to(1)", "to player 1, which should learn"),
    (check_largest, THREE + LARGEST + "a.reveal_to(0)\nb.reveal_to(0)\nc.reveal_to(0)",
     "You open all numbers to player 0"),
    (check_largest, THREE + "bit = (a < b).reveal()\n" + LARGEST + "m.reveal_to(0)",
     "line 2 opens 0 to everybody, which should learn nothing"),
    (check_largest, THREE + LARGEST + "m.reveal_to(0)\na.reveal_to(0)",
     "besides the result 673. That is a leak"),
    (check_largest, THREE + "if a < b:\n    a = b\n", "a sint cannot decide an if"),
    (check_largest, "ttoal = 1\ntotal", "did you mean 'ttoal'?"),
    (check_largest, 7, "this is a int"),
    (check_majority, FIVE + "sum(x).reveal()", "You open how many voted yes"),
    (check_majority, FIVE + "(sum(x) < 3).reveal()", "That is 1 when the majority says no"),
    (check_majority, FIVE + "(sum(x) > 3).reveal()", "yours begins with four"),
    (check_majority, FIVE + "for one in x:\n    one.reveal()", "You open every single vote"),
    (check_majority, FIVE + "(sum(x) > 2).reveal_to(0)", "0 to player 0 alone. The result is for"),
    (check_near, NEAR + SQUARED + "d.reveal_to(2)", "You open the squared distance"),
    (check_near, NEAR + SQUARED + "(d > 99).reveal_to(2)", "when they are far from each other"),
    (check_near, NEAR + SQUARED + "(d < 10).reveal_to(2)", "You compare with 10"),
    (check_near, NEAR + SQUARED + "(d <= 100).reveal_to(2)", "Exactly 10 apart is not near"),
    (check_near, NEAR + "(x - u + y - v < 100).reveal_to(2)", "You add the differences"),
    (check_rank, FIVE + "for i in range(1, 5):\n    (x[i] < x[0]).reveal_to(0)",
     "You open the bits one by one"),
    (check_rank, FIVE + "sum(x[i] > x[0] for i in range(1, 5)).reveal_to(0)",
     "You count those that are larger"),
    (check_rank, FIVE + "sum(x[i] <= x[0] for i in range(1, 5)).reveal_to(0)",
     "Equal numbers are not smaller"),
    (check_rank, FIVE + "sum(x[i] < x[0] for i in range(1, 5)).reveal()",
     "You open the rank to everybody"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "program", "sentence"), WRONG)
def test_usual_mistakes_are_named(monkeypatch, check, program, sentence):
    monkeypatch.setattr(write_your_own, "run_program", run_in_threads)
    check.tries = 0
    said = check(program)
    assert said.startswith("✗ ") and sentence in said and not said.passed


@pytest.mark.parametrize(
    ("check", "program"),
    [
        (check_largest, THREE + LARGEST + "m.reveal_to(0)\nm.reveal_to(0)"),
        (check_largest, THREE + "m = (a > b).if_else(a, b)\n(m > c).if_else(m, c).reveal_to(0)"),
        (check_largest, THREE + "x = (a < b) * (b - a) + a\n(x + (x < c) * (c - x)).reveal_to(0)"),
        (check_majority, FIVE + "for i in range(5):\n    (sum(x) > 2).reveal_to(i)"),
        (check_majority, FIVE + "(sum(x) >= 3).reveal()"),
        (check_majority, FIVE + "(1 - (sum(x) < 3)).reveal()"),
        (check_near, NEAR + SQUARED + "(d < 100).reveal_to(2)"),
        (check_near, NEAR + SQUARED + "(1 - (d >= 100)).reveal_to(2)"),
        (
            check_rank,
            FIVE + "r = 0\nfor y in x[1:]:\n    r = r + (y < x[0])\nr.reveal_to(0)",
        ),
        (check_rank, FIVE + "(4 - sum(x[i] >= x[0] for i in range(1, 5))).reveal_to(0)"),
    ],
)
def test_right_programs_of_other_forms_pass(monkeypatch, check, program):
    monkeypatch.setattr(write_your_own, "run_program", run_in_threads)
    check.tries = 0
    assert check(program) == f"✓ {check.praise}"


def test_hints_come_with_more_tries(monkeypatch):
    monkeypatch.setattr(write_your_own, "run_program", run_in_threads)
    check_majority.tries = 0
    said = [check_majority(FIVE + "sum(x).reveal()") for _ in range(4)]
    assert "Hint" not in said[0]
    assert check_majority.hints[0] in said[1] and check_majority.hints[1] in said[2]
    assert "The solution is folded up below." in said[3]


def test_a_program_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(write_your_own, "TIME_LIMIT", 0.5)
    assert "did not end within 0.5 s" in check_largest("while True:\n    pass")


def test_inputs_that_are_left_over_are_told():
    said = check_largest("a = sint.get_private_input_from(0)\na.reveal_to(0)")
    assert "it stops:\n" in said and "1 word, of which the program reads 0" in said


def test_what_a_cell_has_left_is_a_program_too():
    result = run_program(solutions()["check_rank"], [[5], [1], [2], [7], [9]])
    assert check_rank(result).passed
