"""A few parties on hosts of their own, for the notebook on several hosts: folders, keys, a roster,
and rounds in which some of them are missing.

Each party has a folder, and in it its own private key and no other; each round starts a player
process for each party that is there. Where this system allows network namespaces, every player has
one of its own, and messages take their time between them; else all are on loopback.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..players import namespaces
from ..players.agreement import Agreement
from ..players.embedded import free_ports
from ..players.host_player import HostError, HostPlayer
from ..players.process import behind
from ..players.roster import Roster, make_key

PORT = 7100
PATIENCE, DEADLINE = 30.0, 120.0


@dataclass
class Ending:
    """What came of a round.

    Attributes
    ----------
    vector : ndarray of shape (d,), or None
        What the server got.
    lines : dict of str to str
        For each party that was there, in words how it ended.
    missing : tuple of str
        Who was left out.
    seconds : float
        From the first words to the server's end.
    exchanges : int
        Rounds of communication of the server's player.
    """

    vector: np.ndarray | None = None
    lines: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    seconds: float = float("nan")
    exchanges: int = 0

    def __str__(self) -> str:
        return "\n".join(f"{name:8} {line}" for name, line in self.lines.items())


class SeveralHosts:
    """A server and some clients, each with a folder and a key of its own.

    Parameters
    ----------
    clients : int

    Attributes
    ----------
    names : tuple of str
        The server's first.
    folders : dict of str to Path
    roster : Roster
    where : str
        What a host is here, one sentence.
    """

    def __init__(self, clients: int = 5):
        self._open = contextlib.ExitStack()
        why_not = namespaces.why_not()
        self._lab = None
        if not why_not:
            self._lab = self._open.enter_context(namespaces.hosts(clients + 1))
        delay = f"{1000 * namespaces.DELAY:g} ms"
        self.where = (
            f"Each party is on loopback, with a port of its own ({why_not})."
            if why_not
            else f"Each party has a network namespace; a message takes {delay}."
        )
        self.names = ("server", *(f"client{i}" for i in range(1, clients + 1)))
        top = Path(tempfile.mkdtemp(prefix="fl_krum-hosts-"))
        self._open.callback(shutil.rmtree, top, ignore_errors=True)
        self.folders = {name: top / name for name in self.names}
        for folder in self.folders.values():
            folder.mkdir(mode=0o700)
        if self._lab:
            places = [f"{address}:{PORT}" for address in self._lab.addresses]
        else:
            places = [f"127.0.0.1:{port}" for port in free_ports(clients + 1)]
        self.addresses = dict(zip(self.names, places, strict=True))
        members = [make_key(name, self.addresses[name], self.folders[name]) for name in self.names]
        for folder in self.folders.values():  # what everybody may know of everybody
            for member in members:
                member.write(folder / f"{member.name}.json")
        self.roster = Roster.of(members)
        self._rounds = 0

    def __enter__(self) -> SeveralHosts:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Take down the network and delete all folders."""
        self._open.close()

    def aggregate(
        self,
        vectors: Sequence,
        f: int = 1,
        absent: Sequence[str] = (),
        killed: Sequence[str] = (),
        patience: float = PATIENCE,
    ) -> Ending:
        """One round of Krum, each party's player a process of its own.

        Parameters
        ----------
        vectors : array-like of shape (n, d)
            A row a client.
        f : int
        absent : sequence of str
            Clients that never come.
        killed : sequence of str
            Clients whose player is killed before it has shared anything.
        patience : float
            Seconds that the server waits for clients.
        """
        rows = np.asarray(vectors, dtype=float)
        self._rounds += 1
        agreement = Agreement(
            self.names, f=f, d=rows.shape[1], session="notebook 7", round=self._rounds
        )
        ending, begin = Ending(), time.perf_counter()
        players, found = {}, {}
        for host, name in enumerate(self.names):
            if name in absent:
                continue
            players[name] = HostPlayer(
                self.roster, name, self.folders[name] / f"{name}.key", agreement,
                patience=patience, deadline=DEADLINE,
                start=behind(self._lab.prefix(host) if self._lab else ()),
            )  # fmt: skip
        server = players[self.names[0]]

        def one(name: str, player: HostPlayer) -> None:
            try:
                with player:
                    if name in killed:
                        player.wait_ready(DEADLINE)
                        return
                    if player is not server:
                        player.give(rows[self.names.index(name) - 1])
                    found[name] = player.result()
                    left_out = ", ".join(player.missing)
                    ending.lines[name] = f"done, without {left_out}" if left_out else "done"
            except (HostError, ValueError) as error:
                ending.lines[name] = str(error).removeprefix(f"{name}: ")
            if player is server:
                ending.seconds = time.perf_counter() - begin

        threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in players.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ending.lines = {name: ending.lines[name] for name in self.names if name in ending.lines}
        ending.vector, ending.missing = found.get(self.names[0]), server.missing
        ending.exchanges = max(server.exchanges, default=0)
        return ending
