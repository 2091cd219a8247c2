"""Ports that are drawn for players of real installations."""

import socket

import pytest

from fl_krum.players import ports


def test_ports_that_are_taken_are_passed_over(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "PORTS", range(port, port + 40))
        found = ports.free_ports(4)
        assert len(set(found)) == 4 and port not in found
        monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
        with pytest.raises(ValueError, match="no 1 free ports"):
            ports.free_ports(1)
