"""Ports for players of real installations, which listen on all interfaces of this machine."""

from __future__ import annotations

import errno
import random
import socket

PORTS = range(10_000, 32_768)  # systems take higher ones for the other end of a connection


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, drawn anew for every start.

    Fresh ones, since two runs on the same ports need not fail: SCALE-MAMBA shares its ports
    (SO_REUSEPORT), and players of the one would connect to those of the other; MP-SPDZ's players
    wait for ten minutes until a port is free.
    """
    free: list[int] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as one:
            try:
                one.bind(("", port))  # on all interfaces, as the players do
            except OSError:
                continue
        free.append(port)
        if len(free) == count:
            return free
    raise ValueError(f"there are no {count} free ports between {PORTS.start} and {PORTS.stop}")


def is_free(port: int) -> bool:
    """Whether a player could listen there, as far as other programs are concerned."""
    try:
        socket.create_server(("", port)).close()
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True
