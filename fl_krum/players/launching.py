"""How processes of this project's own players are launched: where they are, and what they are given
besides this process's environment.

Imports little: the command line launches the fork server before it imports anything else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .process import Command

# mamba stands next to fl_krum, in the repository and when installed. It is not looked up by name,
# for conda has a package of the same name, and not imported: players are processes of their own.
ROOT = Path(__file__).resolve().parents[2]

# The players share the cores of this machine already; threads in each only get in the way.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

# The arrays of long vectors come and go. glibc would give the memory of each back to the system,
# which hands it out again page by page: a quarter of the time at d = 10^6. Others ignore this.
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "33554432"}

FORK_SERVER = "FL_KRUM_FORK_SERVER"


def fork_server_command() -> Command | None:
    """What forks the players; None where they are started one by one."""
    if sys.platform != "linux" or os.environ.get(FORK_SERVER) == "no":
        return None
    return Command((sys.executable, "-m", "mamba.fork_server"), cwd=ROOT, env=environment())


def environment() -> dict[str, str]:
    """What players, or their fork server, are given besides this process's environment."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**dict.fromkeys(THREADS, "1"), **KEEP_MEMORY, "PYTHONPATH": path}
