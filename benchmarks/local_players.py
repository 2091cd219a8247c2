"""Measures `fl_krum.LocalPlayers`: the command line from start to end, then players that are up."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import usage
from benchmarks.cases import Sample, Task, Unavailable
from fl_krum.players.engine import SEMI_HONEST
from fl_krum.players.find_engine import find_engine
from fl_krum.players.local_players import LocalPlayers

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3  # of a session: the first one, one after a pause, one right after another
PAUSE = 3.0  # times as long as the first one took: given at most to prepare the next one


class LocalEngine:
    """Measures one engine of fl_krum.

    Parameters
    ----------
    name : {"embedded", "scale-mamba"}
    security : {"semi-honest", "active"}
        Of embedded players.

    Raises
    ------
    Unavailable
        It cannot be used on this machine.
    """

    def __init__(self, name: str, security: str | None = None):
        self.name = name if security in (None, SEMI_HONEST) else f"{name}-{security}"
        self._engine, self._security = name, security
        status = find_engine(name).status()
        if not status.usable:
            raise Unavailable(status.reason)
        self.version = status.version

    def measure(self, task: Task) -> Sample:
        seconds, cpu, correct = self._command(task)
        sample = self.session(task)
        correct = correct and sample.correct
        return replace(sample, with_start=seconds, cpu_with_start=cpu, correct=correct)

    def _command(self, task: Task) -> tuple[float, float | None, bool]:
        """``python -m fl_krum aggregate``: seconds, CPU-seconds with all its players, right?"""
        with tempfile.TemporaryDirectory(prefix="fl_krum-bench-") as folder:
            updates, chosen = Path(folder) / "updates.npy", Path(folder) / "chosen.npy"
            np.save(updates, task.updates)
            command = [sys.executable, "-m", "fl_krum", "aggregate", updates, "--output", chosen]
            options = ["--byzantine", str(task.case.f), "--engine", self._engine]
            options += ["--security", self._security] if self._security else []
            path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
            before, begin = usage.children_cpu(), time.perf_counter()
            subprocess.run(
                [*command, *options],
                check=True,
                capture_output=True,
                env={**os.environ, "PYTHONPATH": path},
            )
            seconds = time.perf_counter() - begin
            cpu = None if before is None else usage.children_cpu() - before
            return seconds, cpu, is_correct(np.load(chosen), task)

    def session(self, task: Task) -> Sample:
        """Three aggregations on the same players; ``with_start`` is their start and the first."""
        # One round more than is asked for: after the last one the players end, and cannot be asked.
        program = task.case.program(ROUNDS + 1)
        with LocalPlayers(program, self._engine, security=self._security) as players:
            processes = usage.running()
            results = [players.aggregate(task.updates)]
            with_start = players.startup_seconds + players.seconds
            statistics = players.statistics()
            usage.wait_until_idle(processes, limit=PAUSE * players.seconds)
            results.append(players.aggregate(task.updates))
            after_pause, before = players.seconds, usage.cpu(processes)
            results.append(players.aggregate(task.updates))
            after, memory = usage.cpu(processes), usage.largest(processes)
        return Sample(
            with_start=with_start,
            running=players.seconds,
            after_pause=after_pause,
            start=players.startup_seconds,
            cpu_running=None if after is None else after - before,
            memory=memory,
            sent=total(statistics, "bytes"),
            rounds=max((one.get("rounds", 0) for one in statistics), default=0) or None,
            correct=all(is_correct(result, task) for result in results),
        )


def is_correct(result: np.ndarray, task: Task) -> bool:
    """Whether a vector of real numbers is the chosen one, rounded to fixed point."""
    fixed_point = task.case.program().fixed_point
    return np.array_equal(result, fixed_point.decode(task.words[task.chosen]))


def total(statistics: list[dict], key: str) -> float | None:
    """The sum of what all players report, None when one of them does not."""
    if not statistics or not all(key in one for one in statistics):
        return None
    return sum(one[key] for one in statistics)
