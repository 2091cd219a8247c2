"""The program taken apart: nothing is lost, and everything is explained."""

import html
import re

import pytest

from fl_krum.lesson.program_sections import (
    EXPLANATIONS,
    TWINS,
    beside_its_twin,
    changes,
    consequences,
    cost_table,
    highlighted,
    parameter_block,
    sections,
)
from fl_krum.program.krum_program import KrumProgram


def test_sections_are_the_whole_program():
    source = KrumProgram(9, 3, 650).source()
    parts = sections(source)
    assert "".join(part.text for part in parts) == source
    of_other_rules = {"Mixing", "Clipping"}
    assert [part.title for part in parts] == [t for t in EXPLANATIONS if t not in of_other_rules]
    for rule, title in (("mixed-krum", "Mixing"), ("clipped-krum", "Clipping")):
        titles = [part.title for part in sections(KrumProgram(rule=rule).source())]
        assert titles == [t for t in EXPLANATIONS if t not in of_other_rules - {title}]
    lines = source.split("\n")
    for part in parts[1:]:
        assert lines[part.first_line - 1] == part.text.split("\n")[0]
        assert part.text.startswith("# ---")
    assert all(part.explanation for part in parts)


def test_the_parameter_block():
    names = [re.match(r"\w+", line)[0] for line in parameter_block(KrumProgram())]
    expected = "n f d average rounds bits security check exact mixed_krum clipped_krum portable"
    assert names == expected.split()


@pytest.mark.parametrize(
    ("program", "changed"),
    [(KrumProgram(), 0), (KrumProgram(d=650), 1), (KrumProgram(9, 3, 5), 2)],
)
def test_changes_are_shown(program, changed):
    lines = changes(program).split("\n")
    assert sum(line.startswith("+ ") for line in lines) == changed
    assert sum(line.startswith("- ") for line in lines) == changed
    assert len(lines) == 12 + changed


def test_changes_against_another_program():
    assert "- d = 5 " in changes(KrumProgram(d=6)) and "+ d = 6 " in changes(KrumProgram(d=6))
    assert "- d = 7 " in changes(KrumProgram(d=6), KrumProgram(d=7))


@pytest.mark.parametrize("title", TWINS)
def test_a_section_beside_its_twin(title):
    source = KrumProgram(9, 3, 5).source()
    section = next(part for part in sections(source) if part.title == title)
    page = html.unescape(re.sub(r"<[^>]*>", "", beside_its_twin(title, source)))
    assert section.explanation in page
    heading, _, lines = section.text.strip().partition("\n")
    assert f"{heading.rstrip('- ')}\n{lines}" in page  # without the rule, which would wrap
    assert TWINS[title].strip() in page


def test_consequences_of_the_default():
    numbers = list(consequences(KrumProgram()).values())
    assert numbers[:6] == [8, 3, 3, 60, 62, 126]


def test_the_cost_table_adds_up():
    program = KrumProgram(9, 3, 650)
    *stages, total = [line.split()[-2:] for line in cost_table(program).split("\n")[1:]]
    rounds, sizes = zip(*[(int(r), int(s.replace(",", ""))) for r, s in stages], strict=True)
    assert total == [str(sum(rounds)), f"{sum(sizes):,}"]
    assert sum(rounds) == len(program.cost().rounds) and sum(sizes) == program.cost().bytes


def test_highlighting_keeps_the_text():
    text = "n = 7  # <clients>\n"
    plain = re.sub(r"<[^>]*>", "", highlighted(text))
    assert plain.replace("&lt;", "<").replace("&gt;", ">").strip() == text.strip()
    assert "style=" in highlighted(text)
