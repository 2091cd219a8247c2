"""docs/teaching.md: what its exam answers say is what comes out, and its commands exist."""

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest
from repository import ROOT

from fl_krum import KrumProgram, multi_krum, run_program
from fl_krum.aggregators.parameters import largest_f
from fl_krum.cli import COMMANDS
from fl_krum.contest import trial
from fl_krum.lesson.toy_shares import reconstruct

_SPEC = spec_from_file_location("reading_times", ROOT / "docs/reading_times.py")
reading_times = module_from_spec(_SPEC)
sys.modules[_SPEC.name] = reading_times  # where dataclasses look
_SPEC.loader.exec_module(reading_times)
TEXT = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")


def answer(number):
    question = TEXT.partition(f"\n**{number}.**")[2].partition("\n**")[0]
    return " ".join(question.partition("<details>")[2].split())


def test_there_are_twelve_questions_each_with_its_answer():
    numbers = re.findall(r"^\*\*(\d+)\.\*\*", TEXT, re.M)
    assert numbers == [str(number) for number in range(1, 13)]
    assert all(answer(number).endswith("</details>") or "</details>" in answer(number)
               for number in numbers)  # fmt: skip


def test_numbers_of_the_answers_come_out():
    f = largest_f(15)
    assert f"f ≤ {f}" in answer(1) and f"= {15 - f - 2}." in answer(1)
    assert f"it is {reconstruct({1: 50, 2: 23})}" in answer(5)
    program = KrumProgram(n=50, f=23, d=5, threshold=3)
    exposure = program.exposure(10)
    assert f"{exposure:.2%}".replace("%", " %") in TEXT
    assert f"{1 - (1 - exposure) ** 100:.0%}".replace("%", " %") in answer(11)
    assert KrumProgram(n=50, f=23, d=5).threshold == 25
    counts = [KrumProgram(n, 2, d).cost().comparisons for n, d in ((7, 5), (7, 10**6), (14, 5))]
    assert counts[0] == counts[1]
    assert f"{counts[0]} both times" in answer(10) and f"= {counts[2]}" in answer(10)


def test_the_mean_of_five_tells_what_question_2_says():
    vectors = np.random.default_rng(0).normal(size=(7, 3))
    marked = vectors.copy()
    marked[0, 1] += 0.5
    mean = multi_krum(vectors, 2, 5)
    assert "a fifth of the mark" in answer(2)
    moved = multi_krum(marked, 2, 5) - mean
    assert moved[1] == pytest.approx(0.1) and moved[0] == moved[2] == 0


@pytest.mark.parametrize(("number", "inputs", "line"), [(3, [5, 9, 7], 3), (6, [5, 9, 1000], 4)])
def test_the_line_that_leaks_opens_something(number, inputs, line):
    program = TEXT.partition(f"\n**{number}.**")[2].partition("```mpc\n")[2].partition("```")[0]
    result = run_program(program, inputs, players=3, views=True)
    opened = [str(one) for one in result.opened]
    assert any(one.startswith(f"line {line} opens to everybody") for one in opened), opened
    assert f"Line {line}" in answer(number)
    if number == 6:  # the difference of the two openings is that of the inputs
        one, other = (int(text.rpartition(" ")[2]) for text in opened[:2])
        assert one - other == 5 - 9


def test_every_question_has_points_and_they_are_sixty():
    points = [int(one) for one in re.findall(r"^\*\*\d+\.\*\* \((\d+) points\)", TEXT, re.M)]
    assert len(points) == 12 and sum(points) == 60
    assert TEXT.count("*Which line leaks?*") == 2


def test_the_plan_is_what_the_notebooks_are_and_fits():
    """To make the table anew: ``python docs/reading_times.py``."""
    rows = {line[: line.index("|", 2)]: line for line in TEXT.splitlines()
            if re.match(r"\| \d\d[,\d– ]* \|", line)}  # fmt: skip
    for counted in reading_times.table(TEXT):
        now, stands = ([cell.strip() for cell in line.split("|")[1:-1]]
                       for line in (counted, rows[counted[: counted.index("|", 2)]]))  # fmt: skip
        assert now[4:7] == stands[4:7]  # predictions, exercises, seconds
        for place in (2, 3, 7):  # words, lines, minutes: a sentence more makes no other plan
            one, other = (int(cells[place].replace(",", "")) for cells in (now, stands))
            assert one == pytest.approx(other, rel=0.05, abs=2), counted
    minutes, placed = {}, []
    for _, _, where, running, part in reading_times.parts(TEXT):
        minutes[where] = minutes.get(where, 0) + part.minutes(running)
        placed += part.exercises
    contest = 40
    assert all(minutes[f"lesson {k}"] + contest * (k == 4) <= 80 for k in (1, 2, 3, 4)), minutes
    assert all(minutes[f"home {k}"] <= 75 for k in (1, 2, 3, 4)), minutes
    in_notebooks = [one for path in ROOT.glob("notebooks/*.ipynb")
                    for one in reading_times.count(path).exercises]  # fmt: skip
    assert sorted(placed) == sorted(in_notebooks)
    lessons = TEXT.partition("### Lesson 1")[2].partition("## The contest")[0]
    for _, _, where, _, part in reading_times.parts(TEXT):
        if where.startswith("lesson"):
            assert all(f"`{one}`" in lessons for one in part.exercises), where


def test_what_a_mask_of_two_more_bits_leaks():
    """Question 9: the largest distance of the two distributions of c is a quarter."""
    bits, kappa = 8, 2  # as for 20 bits, on a scale that can be counted out
    r = np.arange(2 ** (bits + kappa))
    counts = [np.bincount(x + r, minlength=2 ** (bits + 3)) for x in (0, 2**bits)]
    distance = np.abs(counts[0] - counts[1]).sum() / 2 / len(r)
    assert distance == pytest.approx(1 / 4) and "every fourth case" in answer(9)


def test_commands_and_files_to_hand_in_are_as_the_guide_says():
    for command in re.findall(r"python -m fl_krum (\w+)", TEXT):
        assert command in COMMANDS
    for source in re.findall(r"```python\n(import numpy as np\n.*?|def .*?)```", TEXT, re.S):
        names = {}
        exec(source, names)
        assert len({"attack", "rule"} & names.keys()) == 1
    for name in re.findall(r"\btry_\w+", TEXT):
        assert hasattr(trial, name)
