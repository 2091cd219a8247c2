"""``krum.mpc`` taken apart for a reader: its sections, its parameters, what it costs.

All of it is text, made from a `KrumProgram` alone; nothing is run. The widgets put it on
the screen.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from ..program.krum_program import KrumProgram

# "# --- 2. Distances: …", or the bare rule that ends the parameters.
_HEADING = re.compile(r"^# ---(?: (?:\d\. )?(?P<title>[A-Z]\w+)\b.*|-+)$", re.M)

EXPLANATIONS = {
    "Head": "Who plays, who gets what, and the promise: one vector to player 0, nothing else.",
    "Parameters": (
        "The only lines that differ between two generated programs: constants, which all players "
        "know."
    ),
    "Storage": (
        "What follows from the parameters, the arrays in which the shares will lie, and four "
        "helpers. All lengths are fixed before the players start; none depends on a secret."
    ),
    "Sums": (
        "Three functions that the check needs and embedded players know themselves, written in "
        "MAMBA for the players that do not."
    ),
    "Input": (
        "Each client splits its d words into shares for the players. From here on nobody holds a "
        "vector, only shares of all of them."
    ),
    "Check": (
        "Nobody may input more than agreed. Each client proves, on shares, that its words are "
        "short: it also deals their digits, and polynomials that show at a random point that "
        "they are digits. What is opened says nothing else. Who fails is named, and left out below."
    ),
    "Distances": (
        "Differences and sums are free: each player computes them on its own shares. Only the "
        "finished sums of squares need communication, one round for all pairs, whatever d is."
    ),
    "Neighbours": (
        "Nothing is sorted, for sorting branches. Every two distances of a client are compared, "
        "all at once; the secret bits are added up to ranks, and a polynomial makes 1 of a rank "
        "below n - f - 2 and 0 of any other."
    ),
    "Scores": (
        "Multiply each distance by its 1 or 0 and add up: the distances that are not wanted are "
        "there, but count nothing. No player knows which ones these are."
    ),
    "Choice": (
        "Compare every two scores. A client's bits are multiplied: the product is 1 for the one "
        "client that no other beats, and 0 for all others. (For Multi-Krum they are added up, and "
        "a polynomial makes 1 of fewer than m.) The choice is a secret, too."
    ),
    "Output": (
        "Every vector is multiplied by its client's 1 or 0, and the sum is revealed to player 0 "
        "alone, with the number of those chosen. It learns the chosen vector, and not whose it is."
    ),
}

# Where the cost of a section is booked, see `fl_krum.program.cost.Round.stage`.
_STAGES = ("input", "check", "distances", "neighbours", "scores", "choice", "output")


@dataclass(frozen=True)
class Section:
    """A part of the program's text.

    Attributes
    ----------
    title : str
        One word, as in the program's own headings; "Head" for the opening comment.
    text : str
        The lines, heading included.
    first_line : int
        Counted from 1.
    explanation : str
    """

    title: str
    text: str
    first_line: int
    explanation: str


def sections(source: str) -> list[Section]:
    """Cut a program's text at its headings; joined together, the texts are the source again."""
    found = [(match.start(), match["title"] or "Storage") for match in _HEADING.finditer(source)]
    starts = [(0, "Head"), *found]
    ends = [start for start, _ in starts[1:]] + [len(source)]
    return [
        Section(title, source[start:end], 1 + source.count("\n", 0, start), EXPLANATIONS[title])
        for (start, title), end in zip(starts, ends, strict=True)
    ]


def parameter_block(program: KrumProgram) -> list[str]:
    """Return the lines of the program that set a parameter."""
    text = next(one.text for one in sections(program.source()) if one.title == "Parameters")
    return text.splitlines()[1:]


def changes(program: KrumProgram, default: KrumProgram | None = None) -> str:
    """Show the parameter block, line by line: "- " was there by default, "+ " is there now."""
    before = parameter_block(default or KrumProgram())
    return "\n".join(
        line.rstrip()
        for line in difflib.ndiff(before, parameter_block(program))
        if not line.startswith("?")  # ndiff's marks below changed letters
    )


def consequences(program: KrumProgram) -> dict[str, int]:
    """What follows from the parameters, by name, for a table."""
    cost = program.cost()
    return {
        "players (server and clients)": program.players,
        "t: curious players that learn nothing": program.threshold,
        "near = n - f - 2: distances in a score": program.n - program.f - 2,
        "bits of a compared distance": program.budget.distance_bits,
        "bits of a compared score": program.budget.score_bits,
        "secure comparisons": cost.comparisons,
        "rounds of communication": len(cost.rounds),
        "bytes sent by all players": cost.bytes,
    }


def cost_table(program: KrumProgram) -> str:
    """Rounds and bytes of one aggregation, section by section, as text in columns."""
    stages = program.cost().by_stage()
    masks = stages["masks"]
    rows = [(f"{i}. {name}", *stages.get(name, (0, 0))) for i, name in enumerate(_STAGES, 1)]
    rows.insert(3, ("   masks for comparisons", *masks))
    rounds_in_all, bytes_in_all = map(sum, zip(*stages.values(), strict=True))
    rows.append(("   in all", rounds_in_all, bytes_in_all))
    lines = [f"{name:<26}{rounds:>8}{size:>14,}" for name, rounds, size in rows]
    return "\n".join([f"{'section of krum.mpc':<26}{'rounds':>8}{'bytes':>14}", *lines])


def highlighted(text: str) -> str:
    """Return program text as HTML, coloured; the colours are inside, no style sheet is needed."""
    look = HtmlFormatter(noclasses=True, prestyles="font-family: monospace; line-height: 1.35")
    return highlight(text, PythonLexer(stripnl=False), look)
