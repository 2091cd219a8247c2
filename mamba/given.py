"""What a player is given at the beginning of standard input, so that it touches no disk."""

import json
import os
from dataclasses import dataclass

from mamba.addresses import LOOPBACK
from mamba.credentials import Credentials
from mamba.meeting import Meeting
from mamba.run_error import RunError


@dataclass(frozen=True)
class Given:
    """What one player needs to know.

    Attributes
    ----------
    program : str
        Its text.
    credentials : mamba.credentials.Credentials
    places : list of (str, int)
        Host and port of every player, on several hosts.
    listen : str
    run : dict
        Of the player's `Meeting` all but who holds shares; empty on one host.
    absent : tuple of int
        Players that the server need not wait for.
    """

    program: str
    credentials: Credentials
    places: list
    listen: str = LOOPBACK
    run: dict | None = None
    absent: tuple = ()

    def meeting(self, holders):
        """What the player is there for."""
        return Meeting(holders, **(self.run or {}))


def read_given(descriptor):
    """Its length as eight digits, then JSON: ``program``, ``root``, ``certificate``, ``key``; on
    several hosts also ``peers``, a list of ``[host, port, fingerprint]``, ``listen``,
    ``meeting`` and ``absent``. RunError, which quotes nothing, for anything else."""
    try:
        given = json.loads(_read_exactly(descriptor, int(_read_exactly(descriptor, 8))))
        root, certificate, key = (
            given[name].encode("ascii") for name in ("root", "certificate", "key")
        )
        peers = given.get("peers", [])
        return Given(
            given["program"],
            Credentials(root, certificate, key, tuple(one for _, _, one in peers)),
            [(host, int(port)) for host, port, _ in peers],
            given.get("listen", LOOPBACK),
            given.get("meeting"),
            tuple(map(int, given.get("absent", []))),
        )
    except (ValueError, LookupError, TypeError, AttributeError):  # whose words may quote a secret
        message = "standard input does not begin with a program and certificates"
        raise RunError(message) from None


def _read_exactly(descriptor, count):
    data = b""
    while len(data) < count:
        chunk = os.read(descriptor, count - len(data))
        if not chunk:
            raise RunError("standard input ended before the program and certificates")
        data += chunk
    return data
