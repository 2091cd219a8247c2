"""`LocalPlayers` with the embedded players themselves."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_engine import V1, processes, program, run_script
from one_fork_server import start
from patience import patiently

from fl_krum.aggregators.krum import krum
from fl_krum.federation.below_protocol import lying_words
from fl_krum.players import certificates, embedded, launching
from fl_krum.players.engine import MambaProgram
from fl_krum.players.local_players import LocalPlayers, PlayerError
from fl_krum.program.krum_program import KrumProgram
from mamba import player

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_embedded_players(own_folder):
    with LocalPlayers(program(2), "embedded") as players:
        assert list(own_folder.iterdir()) == []  # nothing on disk once they run
        assert players.aggregate(V1).tolist() == [1, 2]
        assert players.aggregate(V1).tolist() == [1, 2]
        statistics = players.statistics()
    assert len(statistics) == 6
    assert [s["holder"] for s in statistics] == [False] + [True] * 5
    assert all(s["bytes"] > 0 and s["rounds"] == statistics[0]["rounds"] for s in statistics)


def test_two_clients_that_lie_below_the_protocol():
    """Vectors that are checked by random sums; shorter ones: tests/federation."""
    d = 60
    program = KrumProgram(7, 2, d, rounds=2)
    words = program.fixed_point.encode(np.random.default_rng(d).normal(size=(7, d)))
    poison = words.copy()
    poison[2] = words[2] + (100 << 16)  # far away, and in range
    forged = lying_words(poison, [2, 5], program)
    with LocalPlayers(replace(program, check=False), "embedded") as believing:
        vector = believing.aggregate_words(forged)
        assert (vector == program.fixed_point.decode(poison[2])).all()
        assert believing.excluded == ()
    with LocalPlayers(program, "embedded") as players:
        vector = players.aggregate_words(forged)
        assert players.excluded == (6,)
        honest = krum(poison, 2, excluded=[5])
        assert (vector == program.fixed_point.decode(honest.vector)).all()
        assert (players.aggregate(np.zeros((7, d))) == 0).all() and players.excluded == ()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [([[1, 2]], "shape"), ([[0.5, 1]] * 5, "integers"), ([[-1, 0]] * 5, "64 bits")],
)
def test_words_that_no_player_reads_are_refused(words, complaint):
    with pytest.raises(ValueError, match=complaint):
        LocalPlayers(program(), "embedded").aggregate_words(words)


def test_views_of_the_embedded_players(own_folder):
    with LocalPlayers(program(), "embedded", views=True) as players:
        assert players.views() == []
        players.aggregate(V1)
        inside = players.views()
        assert list(own_folder.iterdir()) == []  # not even now
    assert list(own_folder.iterdir()) == []
    for views in (inside, players.views()):
        assert len(views) == 6
        words = players.program.fixed_point.encode(V1)
        assert [view["words"] for view in views] == [[], *words.tolist()]
        assert all(view["shares"] for view in views[1:])
        assert not views[0]["shares"]  # the server holds none
        to_all = views[1]["opened"]
        assert {kind for _, kind, _ in to_all} == {"prime", "gf256"}
        assert all(view["opened"] == to_all for view in views[1:])
        # The server is told what the check opens, before anything is masked, and the result.
        d = players.program.d
        told, result = views[0]["opened"][: -1 - d], views[0]["opened"][-1 - d :]
        assert [one[1:] for one in told] == [one[1:] for one in to_all[: len(told)]]
        assert [int(value) for *_, value in result] == [1, *words[2].tolist()]  # one was chosen


@posix
def test_an_embedded_player_killed_in_a_round(own_folder):
    players = LocalPlayers(program(), "embedded")
    with pytest.raises(PlayerError) as caught, players:
        last = players._supervisor.players[5]
        send = last.send

        def send_late(pieces):  # all others have their words by now
            processes(players)[3].kill()
            send(pieces)

        last.send = send_late
        players.aggregate(V1)
    assert "player 3 was killed by SIGKILL in round 1 of 1" in str(caught.value)
    assert all(process.poll() is not None for process in processes(players))
    assert list(own_folder.iterdir()) == []


ABANDON = """
import os
from fl_krum.players import certificates, embedded, launching
from fl_krum.players.engine import MambaProgram
from fl_krum.players.local_players import LocalPlayers
players = LocalPlayers(program(2), "embedded")
players.start()
print(*[process.pid for process in processes(players)], flush=True)
os.kill(os.getpid(), 9)
"""


@posix
@patiently(3.0, 60.0)
def test_a_stalled_round_tells_where_its_players_were(patience):
    players = LocalPlayers(program(), "embedded")
    with (
        pytest.raises(PlayerError, match="gave 0 of 3 values before the deadline") as error,
        players,
    ):
        players._deadline = patience  # of the round
        players._supervisor.players[3].send = lambda pieces: None  # it waits for its input
        players.aggregate(V1)
    places = re.search(
        r"Players were at work: ((?:.*) in line \d+; .* in line \d+)\.", str(error.value)
    )
    assert sorted(re.findall(r"\b(\d),? ", places[1])) == list("012345")


@posix
@pytest.mark.skipif(sys.platform == "linux", reason="test_killed_parent.py has more, with /proc")
def test_players_end_with_their_parent(own_folder):
    run = run_script(ABANDON, own_folder)
    assert run.returncode == -9
    left = set(map(int, run.stdout.split()))
    assert len(left) == 6
    until = time.monotonic() + 200
    while left and time.monotonic() < until:
        left = {pid for pid in left if is_running(pid)}
        time.sleep(0.05)
    assert not left
    assert list(own_folder.iterdir()) == []


@pytest.mark.parametrize("odd", [0, 5])
def test_a_player_with_another_program_is_named(monkeypatch, odd):
    """One with f = 0 ended well everywhere, with a wrong result."""
    other, given, made = KrumProgram(n=5, f=0, d=2).source(), embedded._given, []

    def with_another(source, root, identity):
        made.append(identity)
        return given(other if len(made) == odd + 1 else source, root, identity)

    monkeypatch.setattr(embedded, "_given", with_another)
    with pytest.raises(PlayerError, match="all players have been ended") as caught:
        LocalPlayers(program(), "embedded").start()
    assert caught.value.player == odd and caught.value.status == 1
    assert "this player has another program or threshold" in str(caught.value)


@contextlib.contextmanager
def silent_connections(monkeypatch, count):
    """That many to each port that the players will have, as soon as they have it."""
    chosen, end, held = embedded.free_ports, threading.Event(), []

    def hold(port):
        for _ in range(count):
            while not end.is_set():
                with contextlib.suppress(OSError):
                    held.append(socket.create_connection(("127.0.0.1", port), timeout=60))
                    break
                end.wait(0.001)

    def free_ports(players):
        ports = chosen(players)
        for port in ports:
            threading.Thread(target=hold, args=(port,), daemon=True).start()
        return ports

    monkeypatch.setattr(embedded, "free_ports", free_ports)
    try:
        yield held
    finally:
        end.set()
        for connection in held:
            connection.close()


def test_silent_connections_do_not_delay_the_start(monkeypatch):
    with silent_connections(monkeypatch, 12) as held:
        with LocalPlayers(program(), "embedded") as players:
            assert players.startup_seconds < 40  # and not 46
            assert players.aggregate(V1).tolist() == [1, 2]
    assert held


@posix
@patiently(8.0, 60.0)
def test_a_start_that_fails_names_the_ports_trouble(monkeypatch, patience):
    """One player is not there, so the others wait; what holds on to their ports is told."""
    given = embedded._given

    def late(source, root, identity):
        content = given(source, root, identity)
        return content[:-1] if identity.name == "Player4" else content  # it waits for the rest

    monkeypatch.setattr(embedded, "_given", late)
    with silent_connections(monkeypatch, 12):
        with pytest.raises(PlayerError) as caught:
            LocalPlayers(program(), "embedded", deadline=patience).start()
    assert re.search(
        r"player \d was not ready before the deadline \(not ready: 0, 1, 2, 3, 4, 5\) while "
        r"starting; "
        r"all players have been ended.\nIt said last:\n"
        r"(?:  \| .*\n)*?"  # counts of the first of them, where they came late
        r"  \| Player (\d): port \d+ of player \1: 12 connections that never showed a certificate",
        str(caught.value),
    )
    assert "slow" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [b"", b"0000", b"00000007{", b"12345678", b"20 30 40 50\n", b"00000002{}", b"00000002[]"]
    + [b"00000004null"],
)
def test_what_is_no_program_and_certificates_is_an_error_that_quotes_nothing(given):
    (command, *_) = embedded._commands(MambaProgram("", 3), certificates.issue(3), ())
    process = start(command)
    with process.stdin, process.stdout, process.stderr:
        process.stdin.write(given)
        process.stdin.close()
        said, errors = process.stdout.read(), process.stderr.read()
    assert (process.wait(120), said) == (1, b"")
    assert re.fullmatch(
        rb"Player 0: error: standard input (ended before the|does not begin with a) "
        rb"program and certificates\r?\n", errors
    ), errors  # fmt: skip


def test_whoever_dislikes_the_holders_gets_no_other_ones(monkeypatch):
    """Player 2 ends as if its port were taken when the holders are known. It was started again up
    to five times, with all others, until it liked them."""
    monkeypatch.setenv(launching.FORK_SERVER, "no")
    hacked = (
        "from mamba import common_keys, player\n"
        "common_keys.agree = lambda *arguments: player.leave(player.PORT_TAKEN)\n"
        "player.leave(player.main())"
    )
    starts, commands = [], embedded._commands

    def with_a_liar(*arguments):
        starts.append(commands(*arguments))
        odd = starts[-1][2]
        starts[-1][2] = replace(odd, argv=(sys.executable, "-c", hacked, *odd.player_arguments))
        return starts[-1]

    monkeypatch.setattr(embedded, "_commands", with_a_liar)
    players = LocalPlayers(KrumProgram(n=4, f=0, d=1, threshold=1, check=False), "embedded")
    with pytest.raises(PlayerError, match=r"(?s)player 2 ended .* had been drawn") as error:
        players.start()
    assert (error.value.player, len(starts)) == (2, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("forked", ["yes", "no"])
def test_no_player_may_leave_a_core_dump(monkeypatch, forked):
    """Neither where a fork server has them, nor where they are started one by one."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(embedded, "_start_deadline", lambda players: 200.0)
    monkeypatch.setenv(launching.FORK_SERVER, forked)
    # As where somebody has allowed them.
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        with LocalPlayers(KrumProgram(n=3, f=0, d=2), "embedded") as players:
            assert (players._supervisor._fork_server is None) == (forked == "no")
            for process in processes(players):
                assert isinstance(process, subprocess.Popen) == (forked == "no")
                limits = Path(f"/proc/{process.pid}/limits").read_text()
                assert re.search(r"Max core file size +[01] +[01] +bytes", limits)
            assert players.aggregate([[1, 2], [1, 2], [3, 4]]).tolist() == [1, 2]
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.parametrize(
    ("pattern", "limit"), [(b"core", 0), (b"|/usr/share/apport %p", 1), (None, 0)]
)
def test_the_limit_of_core_dumps(monkeypatch, pattern, limit):
    class Fake:
        RLIMIT_CORE = 4
        setrlimit = staticmethod(lambda kind, limits: asked.append((kind, limits)))

    def read(path):
        if pattern is None:
            raise FileNotFoundError
        return pattern

    asked = []
    monkeypatch.setattr(player, "resource", Fake)
    monkeypatch.setattr(Path, "read_bytes", read)
    player.forbid_core_dumps()
    assert asked == [(4, (limit, limit))]
    monkeypatch.setattr(player, "resource", None)
    player.forbid_core_dumps()  # Windows
    assert len(asked) == 1


def is_running(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def test_a_player_that_cheats_is_told_of_and_named_where_all_is_verified():
    """The player that finds it is not to blame; the one that is, is named."""
    engine = embedded.EmbeddedEngine("active", (5, "product"))
    players = LocalPlayers(KrumProgram(n=5, f=1, d=2), engine)
    with pytest.raises(PlayerError, match="found that a player departed") as error, players:
        players.aggregate(V1)
    assert error.value.suspects == (5,) and "can do without player 5" in str(error.value)
    assert " ready: " not in str(error.value)  # what it said last is what it found
    assert all(process.poll() is not None for process in processes(players))


@pytest.mark.parametrize(
    ("cheat", "complaint"),
    [((6, "last"), "players 1 to 5"), ((5, "nothing"), "choose one"), ((5, "read"), "7 to 10")],
)
def test_cheats_that_there_are_not_are_refused(cheat, complaint):
    with pytest.raises(ValueError, match=complaint):
        LocalPlayers(KrumProgram(n=5, f=1, d=2), embedded.EmbeddedEngine(cheat=cheat)).start()
