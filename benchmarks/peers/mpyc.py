"""MPyC (Schoenmakers, Eindhoven), Python: runs krum_mpyc.py, one process a party.

Threshold and security as in fl_krum. Without TLS, which is MPyC's default and in its favour, and
with gmpy2 where that is installed.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.cases import Sample, Task, Unavailable
from benchmarks.peers.processes import consecutive_ports, run_players

PROGRAM = Path(__file__).parent / "programs" / "krum_mpyc.py"
SECURITY = 40
MOST_VALUES = 2 * 10**6  # n d; every share is a Python object, and 8 parties take 13 GB at d = 10^6


class MPyC:
    """Measures MPyC; see `benchmarks.peers`."""

    name = "mpyc"

    def __init__(self):
        try:
            self.version = importlib.metadata.version("mpyc")
        except importlib.metadata.PackageNotFoundError:
            raise Unavailable("mpyc is not installed (pip install mpyc gmpy2)") from None

    def measure(self, task: Task) -> Sample:
        if task.words.size > MOST_VALUES:
            raise Unavailable(f"left out: over {MOST_VALUES:,} values need too much memory")
        with tempfile.TemporaryDirectory(prefix="fl_krum-bench-") as name:
            folder = Path(name)
            for i, words in enumerate(task.words, start=1):
                np.save(folder / f"words{i}.npy", words)
            finished = run_players(self._commands(task, folder), folder)
            chosen = np.load(folder / "chosen.npy")
        said = [json.loads(output.splitlines()[-1]) for output in finished.outputs]
        return Sample(
            with_start=finished.seconds,
            running=said[0]["seconds"],
            cpu_with_start=finished.cpu,
            memory=finished.memory,
            sent=float(sum(one["bytes"] for one in said)),
            correct=np.array_equal(chosen, task.words[task.chosen]),
        )

    def _commands(self, task: Task, folder: Path) -> list[list]:
        case = task.case
        players, threshold = case.n + 1, case.program().threshold
        options = ["-M", players, "-T", threshold, "-B", consecutive_ports(players), "-K", SECURITY]
        party = [sys.executable, PROGRAM, folder, case.f, case.d, *options, "--no-log"]
        return [[*party, "-I", i] for i in range(players)]
