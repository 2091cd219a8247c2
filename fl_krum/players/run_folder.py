"""The private folder of a run, for players that need files, and how nothing of it is left."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from .guard import Guard


def make(resources: contextlib.ExitStack) -> tuple[Path, Guard]:
    """A folder that its owner alone can read, and a guard of it; ``resources`` removes both."""
    guard = Guard()
    resources.callback(guard.close)
    folder = Path(tempfile.mkdtemp(prefix="fl_krum-"))
    guard.watch(folder=str(folder))
    resources.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder, guard


def dispose(paths) -> None:
    """Remove files and folders that the players have read: what is gone cannot be left behind."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
