"""Players of several programs that aggregate in turns, so that ratios hold on a busy machine."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from benchmarks import usage
from fl_krum.players.local_players import LocalPlayers


class Measured(NamedTuple):
    """Of the players of one program, an entry for each aggregation.

    Attributes
    ----------
    seconds : list of float
    cpu : list of float
        CPU-seconds of one player, means; empty without psutil.
    sent : (int, int)
        Rounds of communication and bytes of all players, as they report them, of one aggregation.
    """

    seconds: list[float]
    cpu: list[float]
    sent: tuple[int, int] = (0, 0)


def in_turns(programs, updates, repeat: int, securities=None) -> list[Measured]:
    """Aggregate `repeat` times with each program, in turns, after once to warm up.

    Every program must be for ``repeat + 1`` rounds or more; `securities` are those of the players,
    one a program.
    """
    with contextlib.ExitStack() as stack:
        kinds, known = [], set(usage.running())
        for program, security in zip(programs, securities or [None] * len(programs), strict=True):
            players = stack.enter_context(LocalPlayers(program, security=security))
            processes = [one for one in usage.running() if one not in known]
            known |= set(processes)
            players.aggregate(updates)
            kinds.append((players, processes))
        first = [_sent(players) for players, _ in kinds]
        measured = [Measured([], []) for _ in programs]
        for _ in range(repeat):
            for (players, processes), found in zip(kinds, measured, strict=True):
                before = usage.cpu(processes)
                players.aggregate(updates)
                found.seconds.append(players.seconds)
                after = usage.cpu(processes)
                if before is not None and after is not None:
                    found.cpu.append((after - before) / players.program.players)
        last = [_sent(players) for players, _ in kinds]
    result = []
    for one, before, after in zip(measured, first, last, strict=True):
        rounds, sent = ((b - a) // repeat for a, b in zip(before, after, strict=True))
        result.append(one._replace(sent=(rounds, sent)))
    return result


def _sent(players: LocalPlayers) -> tuple[int, int]:
    """Rounds and bytes so far."""
    said = players.statistics()
    return max(one.get("rounds", 0) for one in said), sum(one.get("bytes", 0) for one in said)
