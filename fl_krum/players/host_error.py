"""Why a run has failed for a party, in one line: from what its player said last, with names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .player import PlayerProcess, describe_exit

_LEFT = re.compile(r"(?m)^Left (\{.*\})$")
_ERROR = re.compile(r"(?m)^Player \d+: error: (.*)$")
_PLAYERS = re.compile(r"\b(?:player|players|client|clients) (\d+(?:, \d+)*)\b")


class HostError(RuntimeError):
    """A run has failed for this party; the message is one line that says why.

    Attributes
    ----------
    missing : tuple of str
        The parties that most others say were missing.
    last_words : str
        What the player itself said last.
    """

    def __init__(self, message: str, missing=(), last_words=""):
        super().__init__(message)
        self.missing = tuple(missing)
        self.last_words = last_words


@dataclass(frozen=True)
class Ending:
    """What a player that could not go on has told.

    Attributes
    ----------
    player : PlayerProcess
    parties : tuple of str
        Their names, in the order of the players' numbers.
    left : dict
        Who is missing, by whom, and what next (`mamba.player`); empty when it told nothing.
    """

    player: PlayerProcess
    parties: tuple[str, ...]
    left: dict

    @classmethod
    def of(cls, player: PlayerProcess, parties: tuple[str, ...]) -> Ending:
        found = _LEFT.findall(player.complaints)
        return cls(player, parties, json.loads(found[-1]) if found else {})

    @property
    def again(self) -> tuple[str, ...]:
        """The parties without which the server has all others begin again."""
        return tuple(self.parties[one] for one in self.left.get("again", []))

    @property
    def may_begin_again(self) -> bool:
        """Whether nothing that depends on this party's words can have become known."""
        return bool(self.left.get("may_begin_again"))

    @property
    def missing(self) -> tuple[str, ...]:
        """The parties that most others say were missing."""
        witnesses = {int(k): v for k, v in self.left.get("missing", {}).items()}
        most = max(map(len, witnesses.values()), default=0)
        return tuple(self.parties[one] for one, said in witnesses.items() if len(said) == most)

    def error(self, name: str, otherwise: str = "", port: int = 0) -> HostError:
        """For the party of that name; ``otherwise`` says why when the player did not."""
        errors = _ERROR.findall(self.player.complaints)
        if errors:
            what = self._with_names(errors[-1])
        else:
            what = otherwise or f"its player {describe_exit(self.player.status or 0)}"
        if "Address already in use" in what:
            what = f"port {port} of this host is taken by another program"
        others = [one for one in self.missing if one not in what and one != name]
        if others:
            what += f"; most say that {', '.join(others)} was missing"
        return HostError(f"{name}: {what}", self.missing, self.player.last_words)

    def _with_names(self, text: str) -> str:
        """What a player says, with the parties' names in place of their numbers."""

        def name(match):
            numbers = [int(one) for one in match[1].split(", ")]
            if max(numbers) >= len(self.parties):
                return match[0]
            return ", ".join(self.parties[one] for one in numbers)

        return _PLAYERS.sub(name, text)
