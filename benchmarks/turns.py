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
    """

    seconds: list[float]
    cpu: list[float]


def in_turns(programs, updates, repeat: int) -> list[Measured]:
    """Aggregate `repeat` times with each program, in turns, after once to warm up.

    Every program must be for ``repeat + 1`` rounds or more.
    """
    with contextlib.ExitStack() as stack:
        kinds, known = [], set(usage.running())
        for program in programs:
            players = stack.enter_context(LocalPlayers(program))
            processes = [one for one in usage.running() if one not in known]
            known |= set(processes)
            players.aggregate(updates)
            kinds.append((players, processes))
        measured = [Measured([], []) for _ in programs]
        for _ in range(repeat):
            for (players, processes), found in zip(kinds, measured, strict=True):
                before = usage.cpu(processes)
                players.aggregate(updates)
                found.seconds.append(players.seconds)
                after = usage.cpu(processes)
                if before is not None and after is not None:
                    found.cpu.append((after - before) / players.program.players)
    return measured
