"""What has come of a program: a Python object that also shows itself, as text and in a notebook."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from .engine import RunPlan

# One colour a player, of Okabe and Ito; the label says the same without it.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#8C6D00")

_OUTPUT = re.compile(r"Output channel (\d+) : ?(\[[^\]\n]*\]|[^\s\x1b]*)[ \t\x1b\[0-9m]*\n?")
_SHOWN = 20  # values of one player that the object shows


@dataclass(frozen=True)
class Opening:
    """What one line of a program revealed, once.

    Attributes
    ----------
    line : int or None
    player : int or None
        Who was told; None for everybody.
    values : list of int
        At most 256 of them.
    """

    line: int | None
    player: int | None
    values: list[int]

    def __str__(self) -> str:
        to = "everybody" if self.player is None else f"player {self.player}"
        return f"line {self.line} opens to {to}: {_listed(self.values)}"


@dataclass(frozen=True)
class ProgramResult:
    """The result of one run of a program.

    Attributes
    ----------
    printed : str
        What the program prints (`print_ln`), as it is.
    told : tuple of list of int or float
        What player i alone was told (`reveal_to`), or all players (`public_output`), in order.
    rounds : int or None
        Rounds of communication; None where players do not say.
    sent : int or None
        What all players together have sent, in units of `unit`.
    unit : {"bytes", "elements"}
    seconds, startup_seconds : float
        From the inputs to the end of the last player, and before that to start the players.
    views : tuple of dict
        What each player saw, where that was asked for.
    shown : tuple of str
        Lines that are to be shown besides.
    text : str
        The program.
    players : int
    engine : str
    """

    text: str = field(repr=False)
    players: int
    engine: str
    printed: str
    told: tuple[list[int | float], ...]
    rounds: int | None
    sent: int | None
    unit: str
    seconds: float
    startup_seconds: float
    views: tuple[dict, ...] = field(default=(), repr=False)
    shown: tuple[str, ...] = ()

    @property
    def opened(self) -> list[Opening]:
        """All that the program revealed, in the order of the players' own work.

        ValueError where no views were asked for. What protocols open under a mask, as every
        comparison does, is not among it: nobody learns anything from that.
        """
        if not self.views:
            raise ValueError("what is opened is recorded on request: run_program(…, views=True)")
        each = zip(*(view.get("revealed", []) for view in self.views), strict=True)
        openings = []
        for seen in each:
            values: list = next((values for _, _, values in seen if values is not None), [])
            openings.append(Opening(seen[0][0], seen[0][1], list(map(int, values))))
        return openings

    def describe_views(self) -> list[str]:
        """What each player saw, a line each."""
        return [_describe_view(player, view) for player, view in enumerate(self.views)]

    @property
    def bytes(self) -> int | None:
        """What all players together have sent to each other; None where they do not say."""
        return self.sent if self.unit == "bytes" else None

    @property
    def cost(self) -> str:
        """Exchanges of messages, bytes and seconds, in a line."""
        talk = [f"{self.rounds} exchange{'s' * (self.rounds != 1)}", f"{self.sent:,} {self.unit}"]
        if self.rounds is None:
            talk = []
        return ", ".join([*talk, f"{self.seconds:.2f} s", f"{self.players} {self.engine} players"])

    def __repr__(self) -> str:
        printed = self.printed.splitlines()
        told = [f"player {player}: {_listed(values)}" for player, values in self._who_was_told()]
        return "\n".join([*printed, *told, *self.shown, self.cost])

    def _repr_html_(self) -> str:
        printed = (
            f"<pre style='margin: 0'>{html.escape(self.printed)}</pre>" if self.printed else ""
        )
        rows = [_row(player, values) for player, values in self._who_was_told()]
        cost = f"<div style='opacity: 0.7; margin-top: 0.4em'>{html.escape(self.cost)}</div>"
        more = "".join(f"<div>{html.escape(line)}</div>" for line in self.shown)
        return f"<div>{printed}{''.join(rows)}{more}{cost}</div>"

    def _who_was_told(self) -> list[tuple[int, list]]:
        return [(player, values) for player, values in enumerate(self.told) if values]


def read_transcript(said: bytes, run: RunPlan) -> tuple[str, list[int | float]]:
    """What a player has printed, and what it was told, from all that it wrote."""
    for pattern in filter(None, (run.own_words, run.prompt)):
        said = pattern.sub(b"", said)
    text = said.decode("utf-8", "replace")
    told: list[int | float] = []
    for match in _OUTPUT.finditer(text):
        if match[1] != "1":  # channel 1 is the input check's
            told += [_number(word) for word in match[2].strip("[]").split(",")]
    return _OUTPUT.sub("", text), told


def _number(word: str) -> int | float:
    try:
        return int(word)
    except ValueError:
        return float(word)


def _listed(values: list) -> str:
    shown = ", ".join(map(str, values[:_SHOWN]))
    left = len(values) - _SHOWN
    return shown if left <= 0 else f"{shown}, … ({left} more)"


def _describe_view(player: int, view: dict) -> str:
    shares = [value for _, _, kind, value in view.get("shares", ()) if kind == "prime"]
    own = _listed(view.get("words", [])) or "none"
    first = f", the first {shares[0]}" if shares else ""
    revealed = sum(len(values) for _, _, values in view.get("revealed", ()) if values)
    masked = max(0, len(view.get("opened", ())) - revealed)
    return (
        f"player {player} saw its own input: {own}; shares of the others: {len(shares)}{first}; "
        f"masked numbers and bits: {masked}"
    )


def _row(player: int, values: list) -> str:
    colour = COLOURS[player % len(COLOURS)]
    label = f"<b>player {player}</b>"
    style = f"border-left: 6px solid {colour}; padding-left: 0.6em; margin: 0.15em 0"
    return f"<div style='{style}'>{label}: {html.escape(_listed(values))}</div>"
