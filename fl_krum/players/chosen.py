"""The server's words as the vector that the clients' vectors gave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..program.krum_program import KrumProgram
from .process import PlayerError


def decode(program: KrumProgram, outputs: Sequence[int], excluded: Sequence) -> np.ndarray:
    """The vector of one aggregation.

    Parameters
    ----------
    program : KrumProgram
    outputs : sequence of int
        How many vectors were added up, each as often as it counts, and the d words of their sum.
    excluded : sequence
        The clients that failed the check of their input.

    Raises
    ------
    PlayerError
        The words cannot be right. One that is none is not quoted, since it may say what a client
        sent.
    """
    if len(excluded) > program.f:
        clients = ", ".join(map(str, excluded))
        raise PlayerError(
            f"clients {clients} shared more than agreed: {len(excluded)} liars, where "
            f"f = {program.f} are tolerated, so no result can be trusted"
        )
    count, *words = outputs
    total = program.total(len(excluded))
    if count != total:
        raise PlayerError(
            f"the players added up {count} vectors where they should add up {total}: a player "
            "departed from the program"
        )
    try:
        return program.fixed_point.decode(np.array(words), total)
    except ValueError:
        raise PlayerError(
            "what the players have computed is not a vector of words; all players have been "
            "ended.\nA client that shares numbers out of range can cause this, and so can a "
            "player that departs from the program. Which one it was cannot be told from the "
            "result."
        ) from None
