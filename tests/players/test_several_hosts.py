"""Real players on hosts of their own, 10 ms and 100 Mbit/s apart: each engine, where it is
installed.

One network namespace is one host: nothing but the bridge (fl_krum.players.namespaces) joins them.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from fl_krum.aggregators.krum import krum
from fl_krum.players import namespaces as network
from fl_krum.players.deploy import deploy
from fl_krum.players.installed import INSTALLED
from fl_krum.players.wire_text import in_pieces, parse_outputs
from fl_krum.program.krum_program import KrumProgram

WHY_NOT = network.why_not()
pytestmark = [
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
    pytest.mark.timeout(600),
]

N, F, D, ROUNDS = 4, 0, 5, 3
LOST = "it has lost another player, or never reached it: see what the other hosts say"
SILENT = "nothing happened for"
# Silence is counted from the start of a player, and that alone takes SCALE-MAMBA's half a minute on
# a quiet machine, and MP-SPDZ's more than twenty seconds on one that is overloaded.
PATIENCE = {"scale-mamba": 150, "mp-spdz": 60}


def named(name):
    there = bool(os.environ.get(INSTALLED[name]))
    reason = f"{INSTALLED[name]} names no installation"
    return pytest.param(name, marks=pytest.mark.skipif(not there, reason=reason))


each_engine = pytest.mark.parametrize("engine", [named("scale-mamba"), named("mp-spdz")])


class Player:
    """The player of one host, as somebody there would start it."""

    def __init__(self, lab, host, folder, deadline):
        self.process = lab.run(
            host, [folder / "run.sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "DEADLINE": str(deadline), "PYTHON": sys.executable},
        )  # fmt: skip
        self.said = b""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._rest = b""

    def _listen(self):
        for line in self.process.stderr:
            self.said += line

    def read(self, count):
        """So many results; fewer when the player has ended."""
        results = []
        while len(results) < count:
            chunk = os.read(self.process.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            outputs, self._rest, complaint = parse_outputs(self._rest + chunk)
            assert not complaint
            results += outputs
        return results

    def give(self, words):
        with contextlib.suppress(BrokenPipeError):
            for piece in in_pieces(words):
                self.process.stdin.write(piece)
            self.process.stdin.flush()

    def end(self):
        """Its exit status, and what it said last."""
        threading.Thread(target=self.read, args=(10**9,), daemon=True).start()
        status = self.process.wait(timeout=2 * max(PATIENCE.values()))
        self._listener.join(60)
        return status, self.said.decode().strip().rpartition("\n")[2]

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Session:
    """Players of all hosts, those left out apart."""

    def __init__(self, lab, program, folders, deadline):
        self.lab, self.program, self.folders = lab, program, folders
        self.deadline = deadline
        self.players = {}
        self.rng = np.random.default_rng(0)

    def start(self, *hosts):
        for host in hosts:
            self.players[host] = Player(self.lab, host, self.folders[host], self.deadline)

    def round(self):
        """Whether the server got the vector that Krum chooses, and after how many seconds."""
        updates = self.rng.integers(-99, 99, size=(self.program.n, self.program.d)).astype(float)
        words = self.program.fixed_point.encode(updates)
        begin = time.monotonic()
        for client in range(1, self.program.players):
            self.players[client].give(words[client - 1])
        results = self.players[0].read(1 + self.program.d)  # how many were chosen, and which
        seconds = time.monotonic() - begin
        if len(results) < 1 + self.program.d:
            return False, seconds
        assert results[0] == 1
        chosen = self.program.fixed_point.decode(np.array(results[1:]))
        assert (chosen == updates[krum(updates, self.program.f).index]).all()
        return True, seconds

    def ends(self):
        return {host: player.end() for host, player in self.players.items()}


@pytest.fixture
def session(tmp_path):
    """Makes a session; its players are gone at the end."""
    with contextlib.ExitStack() as stack:

        def make(engine, n=N, f=F, d=D, rounds=ROUNDS, deadline=300, delay=network.DELAY):
            program = KrumProgram(n=n, f=f, d=d, rounds=rounds)
            lab = stack.enter_context(network.hosts(program.players, delay))
            folders = deploy(program, lab.addresses, tmp_path / "players", engine=engine)
            made = Session(lab, program, folders, deadline)
            stack.callback(lambda: [player.kill() for player in made.players.values()])
            return made

        yield make


def test_hosts_reach_each_other_by_the_bridge_only():
    script = "import socket; socket.create_connection(('{}', {}), 3).close()"
    with network.hosts(3) as lab:
        listen = "import socket; s = socket.create_server(('0.0.0.0', 5000)); print(flush=True)\n"
        server = lab.run(
            1, [sys.executable, "-c", listen + "while True: s.accept()"], stdout=subprocess.PIPE
        )
        try:
            server.stdout.readline()

            def connect(host):
                argv = [sys.executable, "-c", script.format(lab.addresses[1], 5000)]
                begin = time.monotonic()
                ended = lab.run(host, argv, stderr=subprocess.DEVNULL).wait()
                return ended, time.monotonic() - begin

            status, seconds = connect(0)
            assert status == 0 and seconds > 4 * network.DELAY  # names of hosts, and a handshake
            lab.cut(1)
            assert connect(2)[0] != 0
        finally:
            server.kill()
            server.wait()
            server.stdout.close()


@each_engine
def test_a_session_of_several_rounds(session, engine, record_property):
    run = session(engine)
    run.start(*range(1, N + 1))
    time.sleep(3)  # a server that is a little late is waited for
    run.start(0)
    rounds = [run.round() for _ in range(ROUNDS)]
    assert all(right for right, _ in rounds)
    record_property("seconds", [round(seconds, 2) for _, seconds in rounds])
    # Some twenty rounds of communication, one after the other, take the delay each.
    assert min(seconds for _, seconds in rounds) > 15 * network.DELAY
    assert {status for status, _ in run.ends().values()} == {0}


@each_engine
def test_a_host_that_never_comes(session, engine):
    run = session(engine, deadline=15)
    run.start(0, 1, 2, 4)
    for host, (status, last) in run.ends().items():
        assert status and re.match(f"player {host}: error: ({SILENT}|{LOST})", last)


@each_engine
def test_a_player_that_is_killed(session, engine):
    run = session(engine)
    run.start(*range(N + 1))
    assert run.round()[0]
    run.players.pop(3).kill()
    for client in (1, 2, 4):
        run.players[client].give(np.full(D, 2**27, np.uint64))
    for host, (status, last) in run.ends().items():
        assert status and last == f"player {host}: error: {LOST}"


@each_engine
@pytest.mark.parametrize("unreachable", [0, 3])
def test_a_host_that_cannot_be_reached_any_more(session, engine, unreachable):
    run = session(engine, deadline=PATIENCE[engine])
    run.start(*range(N + 1))
    assert run.round()[0]
    run.lab.cut(unreachable)
    for client in range(1, N + 1):
        run.players[client].give(np.full(D, 2**27, np.uint64))
    for host, (status, last) in run.ends().items():
        assert status and re.match(f"player {host}: error: ({SILENT}|{LOST})", last)
