"""A player that cheats, watched among players that are believed and among players that are not.

A client that lies gives false numbers; this is a player that departs from the protocol, with its
shares and what it is sent. The same cheat is run twice on the same vectors: among semi-honest
players, to see what it changes or learns, and among active ones, to see how it is caught.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..aggregators.krum import krum
from ..players.embedded import CHEATS, EmbeddedEngine
from ..players.engine import ACTIVE, SEMI_HONEST
from ..players.local_players import LocalPlayers, PlayerError
from ..program.krum_program import KrumProgram

__all__ = ["CHEATS", "Outcome", "watch_cheat"]


@dataclass(frozen=True)
class Outcome:
    """What came of a cheat.

    Attributes
    ----------
    kind, security : str
    said : tuple of str
        What the cheat itself says it has done, or learnt.
    error : str
        Why the run ended; "" when it did not.
    suspects : tuple of int
        The players that the error names.
    chosen : int or None
        The client whose vector the server was sent; None where it was sent none of them.
    right : int
        The client that Krum chooses of the same vectors in the clear.
    """

    kind: str
    security: str
    said: tuple[str, ...]
    error: str
    suspects: tuple[int, ...]
    chosen: int | None
    right: int

    @property
    def harm(self) -> bool:
        """Whether the server has taken a wrong result, or the cheat has learnt something."""
        return not self.error and (self.chosen != self.right or self.kind == "read")

    @property
    def what(self) -> str:
        """What came of it, in a sentence."""
        if self.error:
            return f"the run ends: {self.error}"
        if self.chosen is None:
            return "the server takes a vector that is no client's, and does not notice"
        if self.chosen != self.right:
            return f"the server takes client {self.chosen}'s vector, not client {self.right}'s"
        return (
            f"the server takes client {self.chosen}'s vector, which is right, and notices nothing"
        )

    def __str__(self):
        return "; ".join([f"{self.security}: {self.what}", *self.said])


def watch_cheat(kind: str, player: int = 7, vectors=None) -> tuple[Outcome, Outcome]:
    """Run Krum twice with a player that cheats: among semi-honest players, then among active ones.

    Parameters
    ----------
    kind : str
        One of `CHEATS`.
    player : int
        The client that cheats.
    vectors : array_like of shape (n, d), optional
        By default seven random ones of five numbers, of which the last lies apart.

    Raises
    ------
    ValueError
        There is no such kind, or no such player.
    """
    if vectors is None:
        vectors = np.random.default_rng(0).normal(size=(7, 5)).round(3)
        vectors[-1] += 3
    vectors = np.asarray(vectors, float)
    n, d = vectors.shape
    program = KrumProgram(n, (n - 3) // 2, d)
    words = program.fixed_point.encode(vectors)
    right = krum(words, program.f).index + 1
    known = program.fixed_point.decode(words.ravel()).reshape(n, d)
    outcomes = []
    for security in (SEMI_HONEST, ACTIVE):
        players, chosen = LocalPlayers(program, EmbeddedEngine(security, (player, kind))), None
        error = ""
        suspects: tuple[int, ...] = ()
        try:
            with players:
                result = players.aggregate(vectors)
            places = np.flatnonzero((known == result).all(axis=1))
            chosen = int(places[0]) + 1 if len(places) else None
        except PlayerError as problem:
            error, suspects = _in_short(problem), problem.suspects
        said = tuple(dict.fromkeys(players.take_cheating()))
        outcomes.append(Outcome(kind, security, said, error, suspects, chosen, right))
    return outcomes[0], outcomes[1]


def _in_short(problem: PlayerError) -> str:
    """What the player that noticed says, without who was started and where it was."""
    last = (problem.last_words or str(problem)).strip().rpartition("\n")[2]
    return last.partition(": error: ")[2] or str(problem).partition("\n")[0]
