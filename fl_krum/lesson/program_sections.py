"""``krum.mpc`` taken apart for a reader: its sections, its parameters, what it costs.

All of it is text, made from a `KrumProgram` alone; nothing is run. The widgets put it on
the screen.
"""

from __future__ import annotations

import difflib
import html
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
        "What follows from the parameters, and the arrays in which the shares will lie. All "
        "lengths are fixed before the players start; none depends on a secret."
    ),
    "Library": (
        "Small words, such as load and store. The large ones, squared_distances and select, are "
        "the embedded players' own; for other players they are written out in MAMBA."
    ),
    "Input": (
        "Each client splits its d words into shares for the players. From here on nobody holds a "
        "vector, only shares of all of them."
    ),
    "Distances": (
        "Differences and sums are free: each player computes them on its own shares. Only the "
        "finished sums of squares need an exchange of messages: one for all pairs, whatever d is."
    ),
    "Neighbours": (
        "Nothing is sorted, because to sort is to branch. Every two distances of a client are "
        "compared, all at once. The secret bits are added up to ranks. Then a polynomial makes 1 "
        "of a rank below n - f - 2, and 0 of any other."
    ),
    "Scores": (
        "Each distance is multiplied by its 1 or 0, and all are added up. The distances that are "
        "not wanted are there, but count nothing. No player knows which ones these are."
    ),
    "Choice": (
        "Every two scores are compared. The product of a client's bits is 1 for the one client "
        "that no other beats, and 0 for all others. (For Multi-Krum the bits are added up, and a "
        "polynomial makes 1 of a sum below m.) The choice is a secret, too."
    ),
    "Output": (
        "Every vector is multiplied by its client's 1 or 0, and all are added up. The sum is "
        "opened to player 0 alone, with the number of those chosen. It learns the chosen vector, "
        "and is not told whose it is."
    ),
    "Stages": "The sections above in a list. What is optional puts stages of its own in between.",
    "Foresight": (
        "A comparison hides its numbers by random ones, masks. Which ones it takes follows from "
        "what is compared, not from any number. So the players make them while they share their "
        "vectors."
    ),
    "Check": (
        "Nobody may input more than agreed. Each client proves, on shares, that its words are "
        "short: it also deals their digits, and polynomials that show at a random point that "
        "they are digits. What is opened says nothing else. Who fails is named, and left out: four "
        "stages come between those of Krum."
    ),
    "Mixing": (
        "Each vector is replaced by the sum of its nearest ones, before Krum chooses. The vectors "
        "themselves are not touched: how far two sums are apart follows from the distances."
    ),
    "Clipping": (
        "What Krum has chosen is only the centre. All vectors count, but how far they lie from it "
        "only up to the median of these distances, which is found and compared as a secret."
    ),
    "Rounds": "One aggregation is all stages; the players do as many as they were started for.",
}

#: What the sections are on toy shares: lines of `krum_on_shares`, in the notebook before.
TWINS = {
    "Input": "shared = [[computation.share(int(word)) for word in row] for row in vectors]",
    "Distances": """\
def squared_distance(a, b):
    return sum((x - y) * (x - y) for x, y in zip(a, b))

D = {(i, j): squared_distance(X[i], X[j]) for i, j in combinations(range(n), 2)}
D |= {(j, i): D[i, j] for i, j in D}""",
    "Neighbours": """\
rank = {j: 0 for j in range(n) if j != i}
for j, k in combinations(rank, 2):
    nearer = less_than(D[i, k], D[i, j])  # 1 where k is nearer to i than j
    rank[j] += nearer
    rank[k] += 1 - nearer  # a tie counts for the earlier one""",
    "Scores": "scores.append(sum(less_than(rank[j], near) * D[i, j] for j in rank))",
    "Choice": """\
for i, j in combinations(range(n), 2):
    beaten = less_than(scores[j], scores[i])  # 1 where j beats i
    best[i] *= 1 - beaten
    best[j] *= beaten""",
    "Output": (
        "return [sum(bit * word for bit, word in zip(best, column)).open() for column in zip(*X)]"
    ),
}

# Where the cost of a section is booked, see `fl_krum.program.cost.Round.stage`, in the order in
# which it arises.
_STAGES = {
    "input": "1. input", "check": "   check", "masks": "   masks for comparisons",
    "distances": "2. distances", "mixing": "   mixing", "neighbours": "3. neighbours",
    "scores": "4. scores", "choice": "5. choice", "clipping": "   clipping", "output": "6. output",
}  # fmt: skip


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


def beside_its_twin(title: str, source: str) -> str:
    """Return a section as HTML: what it does, the same on toy shares, and the program's own text.

    Parameters
    ----------
    title : str
        A key of `TWINS`.
    source : str
        The program's text.

    Raises
    ------
    KeyError
        There is no such section, or no twin of it.
    """
    section = {one.title: one for one in sections(source)}[title]
    return (
        f"<p>{html.escape(section.explanation)}</p>"
        f'<p style="margin-bottom: 4px"><b>On toy shares:</b></p>{_small(TWINS[title])}'
        '<p style="margin: 16px 0 4px"><b>In krum.mpc:</b></p>'
        f"{_small(re.sub(' -+$', '', section.text.strip(), flags=re.M))}"
    )


def _small(text: str) -> str:
    """Return highlighted text of which a line of krum.mpc fits on a projector's page."""
    return f'<div style="font-size: 82%; margin-left: 16px">{highlighted(text)}</div>'


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
        "exchanges of messages": len(cost.rounds),
        "bytes sent by all players": cost.bytes,
    }


def cost_table(program: KrumProgram) -> str:
    """Exchanges of messages and bytes of one aggregation, section by section, in columns."""
    stages = program.cost().by_stage()
    wanted = {*_STAGES} - {"mixing", "clipping"} | {*stages}  # those only where there are any
    rows = [
        (title, *stages.get(stage, (0, 0))) for stage, title in _STAGES.items() if stage in wanted
    ]
    rounds_in_all, bytes_in_all = map(sum, zip(*stages.values(), strict=True))
    rows.append(("   in all", rounds_in_all, bytes_in_all))
    lines = [f"{name:<26}{rounds:>10}{size:>14,}" for name, rounds, size in rows]
    return "\n".join([f"{'section of krum.mpc':<26}{'exchanges':>10}{'bytes':>14}", *lines])


def highlighted(text: str) -> str:
    """Return program text as HTML, coloured; the colours are inside, no style sheet is needed."""
    look = HtmlFormatter(noclasses=True, prestyles="font-family: monospace; line-height: 1.35")
    return highlight(text, PythonLexer(stripnl=False), look)
