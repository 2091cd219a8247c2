"""The clients' side of the input check beside real players.

What a client has to add to its words is made by `mamba.client`, a companion that stands before its
player: in a local run, and on a host of its own. Embedded players do the same themselves. Real
players know no random projections, so their vectors are checked digit by digit, and not longer
than `LONGEST_CHECKED`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..program.krum_program import TEMPLATE
from .process import Command

LONGEST_CHECKED = 1000  # words of a vector

MAMBA = TEMPLATE.parent
# What the companion is made of, for hosts without fl_krum; it needs NumPy besides.
FILES = ("client.py", "field.py", "input_proof.py", "input_words.py", "run_error.py")
NEEDS = "Python 3.10 or later with NumPy"


def checked_digit_by_digit(program):
    """The program as real players run it, which know no random projections; ValueError where
    vectors are too long to do without."""
    if program.check and program.d > LONGEST_CHECKED:
        raise ValueError(
            f"real players check vectors of up to {LONGEST_CHECKED} words, not d={program.d}; "
            "use engine='embedded', or KrumProgram(check=False), which believes what clients send"
        )
    return replace(program, portable=True)


def proof_words(program) -> int:
    """How many words a client inputs in a round besides its vector."""
    if not program.check:
        return 0
    sizes = program.sizes
    return (sizes.numbers + 2) * sizes.digits + 2 * sizes.quotient


def beside(commands: Sequence[Command], program, source: Path) -> list[Command]:
    """The commands of players 0 … n, with a companion before each client's where there is a check.

    Parameters
    ----------
    commands : sequence of Command
    program : KrumProgram
    source : Path
        The program's text.
    """
    if not program.check:
        return list(commands)
    argv = (sys.executable, "-m", "mamba.client", str(source))
    path = os.pathsep.join(filter(None, [str(MAMBA.parent), os.environ.get("PYTHONPATH")]))
    return [commands[0]] + [
        replace(one, argv=(*argv, *one.argv), env={**one.env, "PYTHONPATH": path})
        for one in commands[1:]
    ]
