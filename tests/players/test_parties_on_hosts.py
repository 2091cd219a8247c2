"""Parties on hosts of their own, 10 ms and 100 Mbit/s apart: one network namespace is one host."""

import contextlib
import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import parties
import pytest
import wire

from fl_krum.aggregators.krum import krum
from fl_krum.players import namespaces as network
from fl_krum.players.host_player import HostPlayer

WHY_NOT = network.why_not()
pytestmark = [
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
    pytest.mark.timeout(600),
]
TLS_APPLICATION_DATA = 23


@contextlib.contextmanager
def federation(monkeypatch, folder, clients):
    """Hosts, and a roster of the server and so many clients there, each on its own."""
    with network.hosts(clients + 1) as lab:
        names, command = parties.names(clients), HostPlayer._command

        def inside(self, number):
            usual = command(self, number)
            prefix = lab.prefix(names.index(self.name))
            return dataclasses.replace(usual, argv=(*prefix, *usual.argv), player_arguments=())

        monkeypatch.setattr(HostPlayer, "_command", inside)
        yield lab, parties.make_roster(folder, clients, [f"{a}:7100" for a in lab.addresses])


def expected(vectors, agreement):
    """Krum in the clear, of those that took part in the end."""
    left = np.array([vectors[name] for name in agreement.parties[1:]])
    return krum(left, agreement.f).vector


def when_ready(name, act):
    """Act when this party's player is connected to all."""

    def during(run):
        until = time.monotonic() + parties.PATIENCE
        while name not in run.players and time.monotonic() < until:
            time.sleep(0.05)
        assert run.players[name].wait_ready(parties.PATIENCE)
        act(run)

    return during


def test_a_host_that_is_cut_off_is_left_out_and_the_wire_has_nothing_but_tls(monkeypatch, tmp_path):
    clients, caught = 5, tmp_path / "caught"
    agreement, vectors = parties.agreement(clients, 1, 3), parties.vectors(clients, 3)
    with federation(monkeypatch, tmp_path, clients) as (lab, roster):
        listener = lab.run(1, [sys.executable, Path(wire.__file__), caught], stdout=subprocess.PIPE)
        listener.stdout.readline()
        cut_at = []

        def cut(run):
            cut_at.append(time.monotonic())
            lab.cut(4)

        run = parties.play(
            roster, tmp_path, agreement, vectors, given={"client4": 0},
            during=when_ready("client4", cut),
        )  # fmt: skip
        seconds = time.monotonic() - cut_at[0]
        listener.kill()
        listener.wait()
        listener.stdout.close()
    assert list(run.errors) == ["client4"]
    assert run.players["server"].missing == ("client4",)
    assert (run.vector == expected(vectors, run.players["server"].agreement)).all()
    assert seconds < 15 + 100  # the second start, on a busy machine
    flows, others = wire.streams(caught)
    assert len(flows) >= 2 * clients  # both directions of a connection with each other party
    assert others <= {0x0806, 0x86DD}  # who has which address; IPv6 looks for neighbours
    for stream in flows.values():
        assert wire.records(stream)
        assert b"BEGIN" not in stream and b"client" not in stream
    assert any(TLS_APPLICATION_DATA in wire.records(stream) for stream in flows.values())


@pytest.mark.long
def test_five_rounds_with_hosts_that_come_and_go(monkeypatch, tmp_path):
    """Of seven clients client2 is killed in round 2 and back in round 4, client5 is cut off in
    round 3."""
    clients, d = 7, 5
    there = {1: (), 2: (), 3: ("client2",), 4: ("client5",), 5: ("client5",)}
    missing = {1: (), 2: ("client2",), 3: ("client2", "client5"), 4: ("client5",), 5: ("client5",)}
    with federation(monkeypatch, tmp_path, clients) as (lab, roster):
        act = {
            2: ("client2", lambda run: run.players["client2"].stop()),
            3: ("client5", lambda run: lab.cut(5)),
        }
        for number in range(1, 6):
            agreement = parties.agreement(clients, 2, d, session="five", round=number)
            vectors = parties.vectors(clients, d, number)
            lost, what = act.get(number, ("", None))
            run = parties.play(
                roster, tmp_path, agreement, vectors, absent=there[number], patience=20.0,
                given={lost: 0}, during=when_ready(lost, what) if lost else None,
            )  # fmt: skip
            assert set(run.errors) <= {lost}, run.errors
            server = run.players["server"]
            assert server.missing == missing[number]
            assert (run.vector == expected(vectors, server.agreement)).all()
