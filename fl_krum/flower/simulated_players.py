"""Players of simulated clients: the ServerApp's process starts them all, from one fork server.

On several hosts every client starts a player of its own for every round: two interpreters, which
import all that they need. Seven clients on one machine would spend most of a round on that. Here
they ask for a player instead, and what they ask for is forked.

The connection is a local socket, or a named pipe on Windows, whose address and key are in the
private folder of the throw-away keys.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import numpy as np

from ..players.agreement import Agreement, Limits
from ..players.fork_server import Forks
from ..players.host_player import HostPlayer
from ..players.roster import Roster

_FILE = "players.json"  # in the folder: where the socket is, and its key
_LONGEST = 1 << 20  # bytes of a question
_LAST_ROUND = 5.0  # seconds for a client's player of the round before to end


class SimulatedPlayers:
    """Starts a player for whoever asks with `SimulatedPlayer`.

    Parameters
    ----------
    folder : Path
        Private, with the roster and everybody's key.
    roster : Roster
    forks : Forks
        Starts the players' processes.
    """

    def __init__(self, folder: Path, roster: Roster, forks: Forks):
        self._folder, self._roster, self._forks = folder, roster, forks
        self._players: dict[str, HostPlayer] = {}
        self._closed = False
        self._key = secrets.token_bytes(32)
        self._listener = Listener(authkey=self._key)
        told = json.dumps({"address": self._listener.address, "key": self._key.hex()})
        with os.fdopen(os.open(folder / _FILE, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(told)
        self._thread = threading.Thread(target=self._listen, name="simulated players", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all players; nobody is heard any more."""
        self._closed = True
        threading.Thread(target=self._call, daemon=True).start()  # so that it looks
        self._thread.join(_LAST_ROUND)
        self._listener.close()
        for player in self._players.values():
            player.stop()

    def _call(self) -> None:
        with contextlib.suppress(OSError, EOFError, AuthenticationError):
            Client(self._listener.address, authkey=self._key).close()

    def _listen(self) -> None:
        while not self._closed:
            with contextlib.suppress(OSError, EOFError, AuthenticationError):
                work = threading.Thread(
                    target=self._serve, args=(self._listener.accept(),), daemon=True
                )
                work.start()

    def _serve(self, connection: Connection) -> None:
        with connection, contextlib.suppress(OSError, EOFError):
            try:
                player = self._start(json.loads(connection.recv_bytes(_LONGEST)))
            except ValueError as error:
                connection.send_bytes(str(error).encode())
                return
            try:
                connection.send_bytes(b"")
                player.give(np.frombuffer(connection.recv_bytes()))
            except (OSError, EOFError, ValueError):  # the client has failed: go on without it
                player.stop()

    def _start(self, asked) -> HostPlayer:
        name = asked["name"]
        player = HostPlayer(
            self._roster, name, self._folder / f"{name}.key",
            Agreement.from_json(asked["agreement"]), Limits(**asked["limits"]),
            asked["patience"], asked["deadline"], start=self._forks,
        )  # fmt: skip
        before = self._players.get(name)
        if before is not None and not before.wait(_LAST_ROUND):  # both would listen at one port
            before.stop()
        self._players[name] = player
        player.start()
        return player


class SimulatedPlayer:
    """A simulated client's player; see `fl_krum.players.detached.Detached`.

    Raises
    ------
    ValueError
        As for `HostPlayer`.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        agreement: Agreement,
        limits: Limits,
        patience: float,
        deadline: float,
    ):
        told = json.loads((folder / _FILE).read_text())
        self._connection = Client(told["address"], authkey=bytes.fromhex(told["key"]))
        question = {
            "name": name,
            "agreement": agreement.as_json(),
            "limits": dataclasses.asdict(limits),
            "patience": patience,
            "deadline": deadline,
        }
        self._connection.send_bytes(json.dumps(question).encode())
        if refused := self._connection.recv_bytes():
            self._connection.close()
            raise ValueError(refused.decode())

    def give(self, vector) -> None:
        """The client's vector, shape (d,); after that it needs nothing more from here."""
        with self._connection:
            self._connection.send_bytes(np.asarray(vector, np.float64).tobytes())

    def kill(self) -> None:
        """End it: the others go on without this party."""
        self._connection.close()
