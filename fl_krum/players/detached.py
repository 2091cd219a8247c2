"""A client's player that goes on when the process that started it has ended.

A Flower client may end, or be busy with something else, while others still compute; its player
needs nothing more from it once it has the words.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from . import launching
from .agreement import Agreement, Limits
from .host_player import DEADLINE, PATIENCE, HostPlayer
from .roster import Roster


class Detached:
    """A party's player in a process of its own, which goes on when this one has ended."""

    def __init__(self, process: subprocess.Popen, agreement: Agreement):
        self.process, self._agreement = process, agreement

    def give(self, vector) -> None:
        """The client's vector, shape (d,); after that it needs nothing more from here."""
        values = np.asarray(vector, dtype=np.float64)
        if values.shape != (self._agreement.d,):
            raise ValueError(f"a vector has the shape ({self._agreement.d},), not {values.shape}")
        stdin = self.process.stdin
        assert stdin is not None, "it is a pipe"
        stdin.write("\n".join(map(repr, values.tolist())).encode() + b"\n")
        stdin.close()

    def kill(self) -> None:
        """End it, and its player with it: the others go on without this party."""
        self.process.kill()
        self.process.wait()


def start_detached(
    roster_path,
    name: str,
    key,
    agreement: Agreement,
    limits: Limits | None = None,
    patience: float = PATIENCE,
    deadline: float = DEADLINE,
    listen: str | None = None,
    log=None,
) -> Detached:
    """Start a client's player that outlives this process; it ends by itself, at the deadline at the
    latest. What it says goes to the file ``log``.

    Raises
    ------
    ValueError
        As for `HostPlayer`.
    """
    HostPlayer(Roster.read(roster_path), name, key, agreement, limits, patience, deadline)
    chosen_limits = limits or Limits()
    argv = [sys.executable, "-m", "fl_krum", "player", "--roster", str(Path(roster_path).resolve())]
    argv += ["--name", name, "--key", str(Path(key).resolve()), "--agreement", agreement.as_json()]
    argv += ["--patience", f"{patience:g}", "--deadline", f"{deadline:g}"]
    argv += ["--min-clients", str(chosen_limits.min_clients)]
    argv += ["--min-threshold", str(chosen_limits.min_threshold)]
    argv += ["--min-average", str(chosen_limits.min_average)]
    if chosen_limits.max_byzantine is not None:
        argv += ["--max-byzantine", str(chosen_limits.max_byzantine)]
    argv += ["--digest", chosen_limits.roster] if chosen_limits.roster else []
    argv += ["--listen", listen] if listen is not None else []
    with open(log or os.devnull, "ab") as out:
        process = subprocess.Popen(
            argv, cwd=launching.ROOT, stdin=subprocess.PIPE, stdout=out, stderr=out,
            start_new_session=os.name == "posix",
        )  # fmt: skip
    return Detached(process, agreement)
