"""Every program that notebook 6 shows, on real SCALE-MAMBA and MP-SPDZ players.

Each engine is skipped where `SCALE_MAMBA_HOME` or `MP_SPDZ_HOME` names no installation. What comes
out has to be what embedded players give.
"""

import ast
import json
import os
import re
from random import Random

import pytest
from repository import ROOT

from fl_krum import run_program
from fl_krum.lesson.exercises import write_your_own
from fl_krum.players.installed import INSTALLED

NOTEBOOK = ROOT / "notebooks" / "06_write_your_own.ipynb"
SIZES = {"MEDIAN": {"d": 2}, "LOOK_UP": {"n": 4}}  # for the templates of cells that measure
INPUTS = {"MEDIAN": [[], *[[i, 9 - i] for i in range(7)]], "LOOK_UP": [[5, 6, 7, 8], 2]}
WRONG = {"BRANCH", "LOOK"}  # shown for their mistakes

pytestmark = pytest.mark.timeout(900)


def programs():
    """(name, text, inputs, players) of all that is shown, in order."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    known, before = {}, ""
    for number, cell in enumerate(cells):
        text = "".join(cell["source"])
        if text.startswith("%%mamba"):
            options, _, program = text.partition("\n")
            yield f"cell {number}", program, *_options(options, known)
        elif cell["cell_type"] == "code" and not text.startswith("%"):
            found = _texts(text, known)
            yield from found
        elif solution := re.match(r"<details>.*?```mpc\n(.*?)```", text, re.S):
            check = getattr(write_your_own, re.search(r"^(check_\w+)\(", before, re.M)[1])
            inputs = check.cases(Random(1))[0]
            yield f"solution {number}", solution[1], inputs, len(inputs)
        before = text


def _options(options, known):
    """Inputs and players of a cell's first line; expressions may use what was assigned before."""
    words = re.split(r" --(?=\w)", options)
    values = [word.partition(" ")[::2] for word in words[1:]]
    inputs = {}
    for name, value in values:
        if name == "inputs":
            inputs |= dict(enumerate(eval(value, {}, known)))
        elif name == "input":
            player, _, expression = value.partition("=")
            inputs[int(player)] = eval(expression, {}, known)
    players = dict(values).get("players")
    return inputs, int(players) if players else None


def _texts(cell, known):
    """Programs in texts that a cell of Python assigns; all that it assigns is kept in `known`."""
    for statement in ast.parse(cell).body:
        if not isinstance(statement, (ast.Assign, ast.AugAssign)):
            continue
        try:
            value = ast.literal_eval(statement.value)
        except ValueError:
            continue
        name = getattr(statement, "target", None) or statement.targets[0]
        known[ast.unparse(name)] = value
        if isinstance(value, dict):
            for title, text in value.items():
                yield title, text, [7, 7], 3  # equal, so that no random number is opened
        elif isinstance(value, str) and name.id not in WRONG:
            yield name.id, value.format(**SIZES[name.id]), INPUTS[name.id], None


SHOWN = list(programs())


def test_all_programs_are_found():
    assert len(SHOWN) >= 20


@pytest.mark.parametrize("engine", ["scale-mamba", "mp-spdz"])
@pytest.mark.parametrize(("name", "text", "inputs", "players"), SHOWN, ids=[p[0] for p in SHOWN])
def test_a_program_gives_the_same_on_real_players(engine, name, text, inputs, players):
    if not os.environ.get(INSTALLED[engine]):
        pytest.skip(f"{INSTALLED[engine]} names no installation")
    ours, theirs = (run_program(text, inputs, players, kind) for kind in ("embedded", engine))
    assert (theirs.printed, theirs.told) == (ours.printed, ours.told)
