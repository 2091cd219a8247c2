"""What the measurements were made on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path


def describe() -> dict:
    """Processor, cores, system and versions; ``load`` tells how busy it was with other things."""
    return {
        "processor": _processor(),
        "cores": _cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in ("numpy", "cryptography")},
        "load": load(),
    }


def load() -> float | None:
    """Mean number of processes that wanted to run in the last minute; None where not counted."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"^model name\s*: (.+)$", info.read_text(), re.M)):
        return found[1]
    if platform.system() == "Darwin":
        question = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(question, capture_output=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()
