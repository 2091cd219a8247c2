"""Throw-away keys for Flower's simulation, where all clients run on one machine.

Nothing is private there: whoever starts the simulation sees everything. The players run all the
same, with real shares, so that an app can be tried before it is deployed.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import weakref
from pathlib import Path

from ..players.agreement import EMBEDDED
from ..players.ports import free_ports
from ..players.roster import Roster, make_key

SERVER = "server"


def name_of(partition: int) -> str:
    """The name of a simulated client in the roster."""
    return f"node{partition}"


class ThrowAwayKeys:
    """A private folder with a roster and everybody's key, gone when the strategy is.

    Parameters
    ----------
    clients : int
        Partitions of the simulation.
    engine : str
        Whose players run: another than the embedded ones needs keys of its own.
    """

    def __init__(self, clients: int, engine: str = EMBEDDED):
        self.folder = Path(tempfile.mkdtemp(prefix="fl_krum-flower-"))  # for its owner alone
        self._clean = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        names = [SERVER, *map(name_of, range(clients))]
        engines = () if engine == EMBEDDED else (engine,)
        self.roster = Roster.of(
            make_key(name, f"127.0.0.1:{port}", self.folder, 2, engines, numbers=len(names))
            for name, port in zip(names, free_ports(len(names)), strict=True)
        )
        self.roster.write(self.folder / "roster.json")

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def close(self) -> None:
        """Remove the keys."""
        self._clean()


def check_folder(folder: str) -> Path:
    """The folder that a plan names, if this machine's own user made it for itself alone.

    A server elsewhere can name no such folder, so a client cannot be talked into keys that are
    not its own.

    Raises
    ------
    ValueError
        It is not there, or not ours alone.
    """
    path = Path(folder)
    known = path.is_dir() and (path / "roster.json").is_file()
    if known and os.name == "posix":
        found = path.stat()
        known = found.st_uid == os.getuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    if not known:
        raise ValueError(
            'this client has no roster: name it with --node-config \'roster="FILE" key="FILE" '
            'name="NAME"\''
        )
    return path
