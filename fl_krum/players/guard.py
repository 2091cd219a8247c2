"""A process that outlives this one and clears up after it: for players that need files.

SCALE-MAMBA's players read their keys from files, and take a minute to be ready for them to be
removed. When this process is killed meanwhile, nothing in it can remove anything. The guard notices
by the end of its standard input; it then kills the players, which may not notice anything
themselves, and removes their folder.

The last part of this file is the guard itself, and imports nothing of the package.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ATTEMPTS = 20  # to remove a folder that somebody may still write to, 0.1 s apart


class Guard:
    """Started before there is anything to guard; without effect where it cannot be started."""

    def __init__(self):
        from .process import Command, SpawnedProcess

        # Isolated: nothing of the user's environment, and soon there.
        command = Command((sys.executable, "-I", "-S", __file__), Path(__file__).parent)
        streams = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)
        self._process: SpawnedProcess | None = None
        with contextlib.suppress(OSError):
            self._process = SpawnedProcess(command, **streams)

    def watch(self, **what: str | int) -> None:
        """Guard ``folder=PATH`` or ``process=NUMBER`` too."""
        with contextlib.suppress(
            OSError, ValueError
        ):  # it has been killed; it was closed meanwhile
            if self._process:
                self._process.stdin.write(json.dumps(what).encode() + b"\n")

    def close(self) -> None:
        """End it; it removes what is still there."""
        if self._process:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(ATTEMPTS * 0.2)
            except subprocess.TimeoutExpired:  # suspended, for instance
                self._process.kill()
                self._process.wait()


def main() -> None:
    folders, processes = [], []
    for line in sys.stdin.buffer:
        with contextlib.suppress(ValueError, OSError):  # cut off; or that player has ended
            what = json.loads(line)
            if "folder" in what:
                folders.append(what["folder"])
            elif hasattr(os, "pidfd_open"):  # its number may be another's by the time it is killed
                processes.append(os.pidfd_open(what["process"]))
    for process in processes:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    for folder in folders:
        for _ in range(ATTEMPTS):
            shutil.rmtree(folder, ignore_errors=True)
            if not os.path.exists(folder):
                break
            time.sleep(0.1)


if __name__ == "__main__":
    main()
