"""Options that several commands share, and checks of what they name."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..aggregators.weights import WEIGHTS
from ..federation.report import write_whole
from ..players.engine import SECURITIES
from ..players.find_engine import ENGINES
from ..players.scale_mamba import SCALE_MAMBA_HOME
from ..program.fixed_point import FixedPoint
from ..program.krum_program import KrumProgram

BYZANTINE = "Byzantine clients to tolerate, f"
LENGTH = "length of an update, d"


def add_integer(parser, name: str, metavar: str, help: str, default: int | None = None) -> None:
    """An option that is an integer."""
    parser.add_argument(name, type=int, metavar=metavar, default=default, help=help)


def add_krum(parser: argparse.ArgumentParser, rounds: int, own_data: bool = False) -> None:
    """n, f, d and T, with the defaults of the lesson; n and d are None where data may say them."""
    group = parser.add_argument_group("size of the computation")
    of_data = ", or set by the data" if own_data else ""
    n, d = (None, None) if own_data else (7, 5)
    add_integer(group, "--clients", "N", f"clients, n (default 7{of_data})", n)
    add_integer(group, "--byzantine", "F", f"{BYZANTINE}, with 2f + 2 < n (default 2)", 2)
    of_digits = ", of digits 650" if own_data else ""
    add_integer(group, "--dimension", "D", f"{LENGTH} (default 5{of_digits}{of_data})", d)
    add_integer(group, "--rounds", "T", f"rounds, T (default {rounds})", rounds)
    add_rule(group)
    add_threshold(group)


def add_threshold(parser) -> None:
    """t, for programs of any engine."""
    add_integer(
        parser, "--threshold", "K",
        "threshold t, 1 to n / 2: how many holders of shares may pool what they see without "
        "learning anything; a smaller t is faster and protects against fewer (default n / 2)",
    )  # fmt: skip


def add_rule(parser) -> None:
    """What is computed, and its m."""
    parser.add_argument(
        "--rule",
        default="krum",
        metavar="NAME",
        help=f"{', '.join(WEIGHTS)}: mixed-krum first mixes every vector with its nearest ones, "
        "clipped-krum clips all vectors about those chosen; models learn more with both "
        "(default krum)",
    )
    add_integer(
        parser, "--average", "M",
        "m, how many of the vectors with the best scores are averaged, up to n - f: 1 is Krum, "
        "more is Multi-Krum (default 1); n - f is best for training", 1,
    )  # fmt: skip


def add_fixed_point(parser: argparse.ArgumentParser) -> None:
    """How real numbers become words."""
    default = FixedPoint()
    group = parser.add_argument_group("fixed point")
    for name, what in (
        ("bits", "of a value, sign included"),
        ("fraction", "of them after the point"),
    ):
        usual = getattr(default, name)
        add_integer(group, f"--{name}", "BITS", f"bits {what} (default {usual})", usual)


_OF_KRUM = {
    "n": "clients", "f": "byzantine", "d": "dimension", "rounds": "rounds", "average": "average",
    "rule": "rule", "threshold": "threshold",
}  # fmt: skip


def krum_program(options: argparse.Namespace, **own: Any) -> KrumProgram:
    """The program that a command's options ask for; what is in `own` counts in their place."""
    given = {name: getattr(options, said) for name, said in _OF_KRUM.items() if name not in own}
    return KrumProgram(fixed_point=fixed_point(options), **given, **own)


def add_players(parser: argparse.ArgumentParser) -> None:
    """Which players, how long to wait for them, and who holds shares."""
    group = add_engine(
        parser,
        "give up if the start, or one aggregation, takes longer (default: set by the engine)",
    )
    group.add_argument(
        "--holders",
        type=players,
        default=(),
        metavar="I,J,...",
        help="the 2t + 1 players that hold shares (default: the players draw them together, so "
        "that nobody chooses)",
    )


def add_engine(parser: argparse.ArgumentParser, deadline: str):
    """Which kind of player, and how long to wait for them; ``deadline`` is the help on that."""
    group = parser.add_argument_group("players")
    group.add_argument(
        "--engine",
        default="auto",
        metavar="NAME",
        help=f"{', '.join(ENGINES)}, or auto: scale-mamba if {SCALE_MAMBA_HOME} is set, else "
        "embedded (default auto)",
    )
    group.add_argument(
        "--security",
        choices=SECURITIES,
        help="active: a player that deviates from the protocol can end the run, but change or "
        "learn nothing; this takes longer. semi-honest: all players are trusted to follow the "
        "protocol (default: "
        "semi-honest for embedded players)",
    )
    group.add_argument("--deadline", type=float, metavar="SECONDS", help=deadline)
    return group


def players(text: str) -> tuple[int, ...]:
    """Numbers of players with commas between them, of an option."""
    try:
        return tuple(int(player) for player in text.split(","))
    except ValueError:
        message = f"{text!r} is not a list of players: numbers with commas between them"
        raise argparse.ArgumentTypeError(message) from None


def fixed_point(options: argparse.Namespace) -> FixedPoint:
    return FixedPoint(bits=options.bits, fraction=options.fraction)


def read_text(name: str) -> str:
    """The text of a file, or of standard input for "-"; ValueError when it is no text."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read()
        else:
            data = Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        where = "standard input" if name == "-" else name
        raise ValueError(f"{where} is not a text file") from None


def output_path(text: str) -> Path:
    """The path of a file that can be written, checked before anything is computed."""
    path = Path(text)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise ValueError(f"{path} cannot be written: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{path} cannot be written: no permission")
    return path


def check_folder(path: Path) -> Path:
    """A folder that files go into, made later if it is not there; checked as `output_path` is."""
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise ValueError(f"{there} is a file; give the name of a folder")
    if not os.access(there, os.W_OK):
        raise ValueError(f"{path} cannot be written: no permission in {there}")
    return path


def figure_path(text: str) -> Path:
    """As `output_path`, for a figure of a kind that can be drawn."""
    from matplotlib.figure import Figure

    path = output_path(text)
    kinds = Figure().canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in kinds:
        raise ValueError(f"{path}: a figure ends in one of .{', .'.join(sorted(kinds))}")
    return path


def save_figure(figure, path: Path) -> None:
    """Draw it into a file that is whole, or not there."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format=path.suffix.lstrip(".").lower())
    write_whole(path, drawn.getvalue())


@contextlib.contextmanager
def begun() -> Iterator[None]:
    """What fails in here is no wrong input any more: exit status 1."""
    try:
        yield
    except Exception as error:
        vars(error).update(begun=True)
        raise


def say(*lines: str) -> None:
    """Diagnostics: on standard error, so that standard output holds the result alone."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def holders_line(players) -> str:
    """Who holds shares, where not all do or somebody has named them; "" else."""
    program = players.program
    if len(players.holders) >= program.n and not program.holders:
        return ""
    who = ", ".join("the server" if one == 0 else str(one) for one in players.holders)
    return f"{'named' if program.holders else 'drawn'}: clients {who}"
