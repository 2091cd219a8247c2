"""docs/teaching.md: what its exam answers say is what comes out, and its commands exist."""

import re

import numpy as np
import pytest
from repository import ROOT

from fl_krum import KrumProgram, krum
from fl_krum.aggregators.parameters import largest_f
from fl_krum.cli import COMMANDS
from fl_krum.contest import trial
from fl_krum.lesson.toy_shares import reconstruct, share

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
    found = krum([[0], [1], [3], [10], [2]], 1)
    assert ", ".join(map(str, found.scores)) in answer(3)
    assert f"client {found.index + 1}, and the result is {found.vector[0]}" in answer(3)
    assert f"it is {reconstruct({1: 50, 2: 23})}" in answer(5)
    t = KrumProgram(n=10, f=3, d=5).threshold
    assert f"t = {t}" in answer(6) and reconstruct(share(7, t, range(1, 12))) == 7
    counts = [KrumProgram(n, 2, d).cost().comparisons for n, d in ((7, 5), (7, 10**6), (14, 5))]
    assert counts[0] == counts[1]
    assert f"{counts[0]} both times" in answer(10) and f"= {counts[2]}" in answer(10)


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
