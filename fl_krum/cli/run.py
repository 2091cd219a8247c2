"""``python -m fl_krum run``: a program in the MAMBA language of one's own."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from ..players.problems import ProgramError
from ..players.run_program import ProgramResult, run_program
from . import options as shared

SUMMARY = "run a program of your own, in the MAMBA language, among players on this machine"
DETAILS = """\
Inputs are integers from 0 to 2^64 - 1: --input 1=9,1 gives player 1 the words 9 and 1, and
--input 1=@FILE what stands in FILE, separated by white space or commas (@- is standard input, which
PROGRAM may be, too: -). A player may have several --input, in order. What stands in a command line
can be read by other users of this machine.

Standard output holds what the program prints, as it is, and then a line "player I: VALUE" for each
value that only player I receives. Everything else goes to standard error. Exit status: 2 if the
program or its inputs are wrong and nothing was computed, 1 if it failed while it ran.

Run only programs that you have read or whose author you trust: on embedded players a program is
Python, and can do whatever you can do on this machine.

examples:
  python -m fl_krum run millionaires.mpc --input 0=7 --input 1=9
  python -m fl_krum run average.mpc --players 5 --input 1=@salaries.txt --engine scale-mamba
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "program", metavar="PROGRAM", help="a text file in the MAMBA language, .mpc, or -"
    )
    shared.add_integer(
        parser, "--players", "N",
        "how many players there are, 3 at least (default: as many as have an input)",
    )  # fmt: skip
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="I=WORDS",
        help="what player I inputs, separated by commas, or @FILE",
    )
    shared.add_integer(
        parser, "--threshold", "K",
        "holders of shares that may pool what they see without learning anything, t, 1 to "
        "(N - 1) / 2; a smaller one is quicker, and safe from fewer (default (N - 1) / 2)",
    )  # fmt: skip
    shared.add_engine(
        parser,
        "give up if the program takes longer, once players are up (default: set by the engine)",
    )


def run(options: argparse.Namespace) -> int:
    text = shared.read_text(options.program)
    name = "program.mpc" if options.program == "-" else Path(options.program).name
    try:
        result = run_program(
            text,
            _inputs(options.input),
            options.players,
            options.engine,
            options.deadline,
            name=name,
            threshold=options.threshold,
            security=options.security,
        )
    except ProgramError as error:
        sys.stdout.write(error.printed)
        sys.stdout.flush()
        shared.say(*(f"fl_krum: error: {one}" for one in error.paragraphs()))
        return 1 if error.started else 2
    with shared.begun():
        _write(result)
    return 0


def _write(result: ProgramResult) -> None:
    sys.stdout.write(result.printed)
    if result.printed and not result.printed.endswith("\n"):
        sys.stdout.write("\n")
    for player, values in enumerate(result.told):
        sys.stdout.writelines(f"player {player}: {value}\n" for value in values)
    sys.stdout.flush()
    shared.say(result.cost)


def _inputs(given: list[str]) -> dict[int, list[int]]:
    """The words of each player, from all of ``--input``."""
    inputs: dict[int, list[int]] = {}
    for one in given:
        player, sign, words = one.partition("=")
        if not sign or not player.strip().isdecimal():
            raise ValueError(f"--input {one}: write PLAYER=WORDS, as in --input 1=9,1")
        where = f"--input {one}"
        if words.startswith("@"):
            words, where = _read(words[1:]), words[1:]
        inputs.setdefault(int(player), []).extend(_integers(words, where))
    return inputs


def _read(name: str) -> str:
    text = shared.read_text(name)
    if not text.isascii():
        raise ValueError(f"{name} does not hold integers: it is not plain text")
    return text


def _integers(words: str, where: str) -> list[int]:
    found = re.split(r"[\s,]+", words.strip(" \t\r\n,"))
    for word in found:
        if word and not re.fullmatch(r"[+-]?[0-9]{1,40}", word):
            raise ValueError(f"{where}: {word[:40]!r} is not an integer")
    return [int(word) for word in found if word]
