"""Where the time of one aggregation on the embedded players goes, stage by stage.

`KrumProgram.cost()` lists the rounds of communication in their order, each with its stage; players
that note when a round ends (`benchmarks.traced_player`) give the seconds. What a player computes
before a round counts towards that round. The rounds before all the others, the draw of the holders
and the agreement on keys, belong to the start of the players.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.cases import Task
from benchmarks.traced_player import TRACE
from fl_krum.players import embedded, fork_server
from fl_krum.players.engine import SEMI_HONEST
from fl_krum.players.find_engine import find_engine
from fl_krum.players.local_players import LocalPlayers

START = (1, 5)  # rounds before the first one that is counted: for keys, or with a draw before it


@dataclasses.dataclass(frozen=True)
class Stage:
    """Seconds and cost of one stage: CPU-seconds of all who hold shares, bytes of all players."""

    seconds: float
    cpu: float
    rounds: int
    bytes: int


class TracedEngine:
    """The embedded engine with players that write something down, to a folder: by default when
    their rounds end. The `module` runs them."""

    name = "embedded"

    def __init__(
        self, folder: Path, module: str = "benchmarks.traced_player", security: str = SEMI_HONEST
    ):
        self._engine = find_engine(self.name).with_security(security)
        self._folder, self._module = folder, module

    def status(self):
        return self._engine.status()

    def prepare(self, program, folder: Path, views: bool = False):
        command = embedded.fork_server_command()
        command = command and self._traced(command)
        fork_server.launch(command)  # early, as the engine itself would
        run = self._engine.prepare(program, folder, views)
        commands = lambda: [self._traced(command) for command in run.commands()]  # noqa: E731
        return dataclasses.replace(run, commands=commands, fork_server=command)

    def traces(self) -> list[list]:
        """What the players wrote, once they have ended."""
        return [json.loads(file.read_text()) for file in sorted(self._folder.glob("*.json"))]

    def _traced(self, command):
        argv = tuple(swap(word, self._module) for word in command.argv)
        return dataclasses.replace(
            command, argv=argv, env={**command.env, TRACE: str(self._folder)}
        )


def swap(word: str, module: str) -> str:
    """The player that writes down, or its fork server, instead of the usual one."""
    return module if word in ("mamba.player", "mamba.fork_server") else word


def measure(task: Task) -> dict[str, Stage]:
    """One aggregation, players started for it alone: its stages in their order, ``start`` first.

    Raises
    ------
    ValueError
        The players had another number of rounds than `KrumProgram.cost` counts.
    """
    program = task.case.program()
    with tempfile.TemporaryDirectory(prefix="fl_krum-bench-") as folder:
        engine = TracedEngine(Path(folder))
        with LocalPlayers(program, engine) as players:
            begin = time.perf_counter()
            players.aggregate(task.updates)
            end = begin + players.seconds
        stages = split(engine.traces(), program.cost().rounds, begin, end)
    return {"start": Stage(players.startup_seconds, 0.0, 1, 0), **stages}


def split(traces, rounds, begin: float, end: float) -> dict[str, Stage]:
    """Seconds by stage from the ends of all players' rounds.

    Parameters
    ----------
    traces : list of lists of (time, CPU-seconds), one a player
        The first entries of each belong to the start. A player that holds no shares takes part in
        few of the rounds, and its time is in that of the others, who wait for it.
    rounds : sequence of fl_krum.program.cost.Round
    begin, end : float
        When the inputs were given, and when the result was there.
    """
    seen = max(map(len, traces))
    if seen - len(rounds) not in START:
        raise ValueError(
            f"cost() counts {len(rounds)} rounds after those of the start; seen: {seen}"
        )
    holders = [one[-len(rounds) - 1 :] for one in traces if len(one) == seen]
    ends = np.array(holders)  # player, round, (time, CPU-seconds)
    times = np.concatenate([[begin], ends[:, 1:, 0].max(axis=0)])
    times[-1] = end  # player 0 has to print the result, and somebody has to read it
    seconds = np.diff(times)
    cpu = np.diff(ends[:, :, 1], axis=1).sum(axis=0)
    stages: dict[str, Stage] = {}
    for one, wall, used in zip(rounds, seconds.tolist(), cpu.tolist(), strict=True):
        now = stages.get(one.stage, Stage(0.0, 0.0, 0, 0))
        stages[one.stage] = Stage(
            now.seconds + wall, now.cpu + used, now.rounds + 1, now.bytes + one.bytes
        )
    return stages
