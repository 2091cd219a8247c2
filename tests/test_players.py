"""`LocalPlayers` with players that compute in the clear and misbehave, and with the embedded ones."""

import gc
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fl_krum import engines
from fl_krum.engines import Command, EngineStatus, PreparedRun
from fl_krum.player_process import describe_exit, parse_outputs
from fl_krum.players import LocalPlayers, PlayerError
from fl_krum.program import KrumProgram

V1 = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # n=5, f=1: Krum chooses row 2
STAND_IN = Path(__file__).with_name("stand_in_player.py")
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


class StandInEngine:
    """Starts tests/stand_in_player.py, with one fault of one player in one round."""

    name = "stand-in"

    def __init__(self, fault="none", player=-1, when=0, deadline=20.0):
        self.fault = (fault, str(player), str(when))
        self.deadline = deadline

    def status(self):
        return EngineStatus(True)

    def prepare(self, program, folder, views=False):
        self.folder = folder
        secret = folder / "secret.key"
        secret.write_text("secret")
        numbers = (program.n, program.f, program.d, program.rounds)
        arguments = (str(folder), *map(str, numbers), *self.fault)
        return PreparedRun(
            commands=lambda: [
                Command((sys.executable, "-S", str(STAND_IN), str(i), *arguments), folder)
                for i in range(program.players)
            ],
            ready=re.compile(rb"Player \d+ ready"),
            start_deadline=self.deadline,
            round_deadline=self.deadline,
            stop_deadline=0.5,
            ports_taken=frozenset({3}),
            absorbed=frozenset({-6}),
            is_consequence=lambda status, words: "lost the connection" in words,
            disposable=(secret,),
            reports_every_round=True,
        )


def program(rounds=1):
    return KrumProgram(n=5, f=1, d=2, rounds=rounds)


def processes(players):
    return [player._process for player in players._supervisor.players]


def assert_nothing_left(players, engine):
    assert all(process.poll() is not None for process in processes(players))
    assert not engine.folder.exists()


def failure(engine, rounds=1, **options):
    """Run all rounds; return the error that this ends in, having checked that nothing is left."""
    players = LocalPlayers(program(rounds), engine, **options)
    with pytest.raises(PlayerError) as caught:  # noqa: SIM117
        with players:
            for _ in range(rounds):
                players.aggregate(V1)
    assert_nothing_left(players, engine)
    return caught.value


def test_rounds_on_the_same_players():
    engine = StandInEngine()
    with LocalPlayers(program(rounds=3), engine) as players:
        started = processes(players)
        assert not (engine.folder / "secret.key").exists()  # gone as soon as all are ready
        for done in range(3):
            shifted = np.array(V1) / 2 + done
            assert players.aggregate(shifted).tolist() == [0.5 + done, 1.0 + done]
            assert players.rounds_done == done + 1
            assert players.seconds > 0
        assert players.statistics() == [
            {"player": i, "rounds": 90, "bytes": 300} for i in range(6)
        ]
    assert [process.poll() for process in started] == [0] * 6
    assert_nothing_left(players, engine)
    assert players.engine == "stand-in" and players.startup_seconds > 0


def test_one_round_too_many_is_an_error():
    with LocalPlayers(program(), StandInEngine()) as players:
        players.aggregate(V1)
        with pytest.raises(RuntimeError, match="T=1 rounds"):
            players.aggregate(V1)


def test_players_that_do_not_run_say_so():
    engine = StandInEngine()
    players = LocalPlayers(program(2), engine)
    assert players.statistics() == []
    with pytest.raises(RuntimeError, match="not been started"):
        players.aggregate(V1)
    with players:
        players.aggregate(V1)
    assert_nothing_left(players, engine)
    with pytest.raises(RuntimeError, match="have ended"):
        players.aggregate(V1)
    with pytest.raises(RuntimeError, match="started before"):
        players.start()


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        (V1[:4], r"\(4, 2\).*expects \(5, 2\)"),
        (np.zeros((5, 3)), r"\(5, 3\)"),
        ([[1, 2], [3]], "same length"),
        ([[1, 2]] * 4 + [[1, np.nan]], "client 5 .*coordinate 1: nan"),
        ([[1, 2]] * 4 + [[4000, 1]], "client 5 .*coordinate 0: 4000 is out of range"),
    ],
)
def test_bad_updates_are_refused_and_the_players_go_on(updates, message):
    with LocalPlayers(program(), StandInEngine()) as players:
        with pytest.raises(ValueError, match=message):
            players.aggregate(updates)
        assert players.aggregate(V1).tolist() == [1, 2]


@posix
def test_a_killed_player_is_named_rather_than_who_lost_it():
    error = failure(StandInEngine("die", 3, 2), rounds=3)
    assert (error.player, error.status) == (3, -signal.SIGKILL)
    assert "player 3 was killed by SIGKILL in round 2 of 3" in str(error)
    assert "Player 3 ready" in error.last_words


@posix
@pytest.mark.parametrize("victim", [0, 4])
def test_a_player_killed_from_outside(victim):
    engine = StandInEngine("stall", 1, 1)
    players = LocalPlayers(program(2), engine)
    with pytest.raises(PlayerError, match=f"player {victim} was killed by SIGKILL"), players:
        threading.Timer(0.1, processes(players)[victim].kill).start()
        players.aggregate(V1)
    assert_nothing_left(players, engine)


@posix
def test_a_player_killed_between_two_rounds():
    engine = StandInEngine()
    players = LocalPlayers(program(2), engine)
    with pytest.raises(PlayerError, match="player 2 was killed by SIGTERM in round 2"), players:
        players.aggregate(V1)
        processes(players)[2].terminate()
        processes(players)[2].wait()
        players.aggregate(V1)
    assert_nothing_left(players, engine)


def test_an_error_shows_what_the_player_said():
    error = failure(StandInEngine("error", 2, 1), rounds=2)
    assert (error.player, error.status) == (2, 1)
    assert "ended with exit status 1 in round 1 of 2" in str(error)
    assert "krum.mpc, line 7: something is wrong" in str(error)


@pytest.mark.parametrize(("player", "rounds"), [(2, 2), (0, 1)])
def test_a_player_that_leaves_early(player, rounds):
    error = failure(StandInEngine("leave", player, 1), rounds)
    assert f"player {player} ended with exit status 0" in str(error)


def test_a_stalled_round_ends_at_the_deadline():
    error = failure(StandInEngine("stall", 2, 1), deadline=1.0)
    assert "gave 0 of 2 values before the deadline in round 1" in str(error)
    assert "larger deadline" in str(error)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="needs os.waitid")
def test_a_suspended_player_is_found_out():
    error = failure(StandInEngine("suspend", 4, 1), deadline=1.0)
    assert "player 4 was suspended in round 1" in str(error)


def test_a_player_that_is_never_ready():
    error = failure(StandInEngine("unready", 3, deadline=1.0))
    assert "player 3 was not ready before the deadline (not ready: 3) while starting" in str(error)


def test_taken_ports_are_tried_again():
    with LocalPlayers(program(), StandInEngine("ports", 2)) as players:
        assert players.aggregate(V1).tolist() == [1, 2]


def test_ports_that_stay_taken_are_an_error():
    error = failure(StandInEngine("ports always", 2))
    assert (error.player, error.status) == (2, 3)


def test_a_command_that_does_not_exist(tmp_path):
    engine = StandInEngine()
    prepare = engine.prepare

    def broken(*arguments):
        run = prepare(*arguments)
        commands = run.commands()
        commands[2] = Command(("/no/such/player",), tmp_path)
        return PreparedRun(lambda: commands, run.ready, 5.0, 5.0)

    engine.prepare = broken
    players = LocalPlayers(program(), engine)
    with pytest.raises(PlayerError, match="player 2 could not be started: .*no/such"):
        players.start()
    assert_nothing_left(players, engine)


@pytest.mark.parametrize(
    ("fault", "player", "message"),
    [
        ("garbage", 0, "player 0 printed the output 'garbage', not an integer"),
        ("3.7", 0, "player 0 printed the output '3.7', not an integer"),
        ("7", 3, "player 3 printed 1 result(s) where none is expected"),
        ("one too many", 0, "player 0 printed 3 result(s) where 2 are expected"),
        ("12345678901234567890", 0, "player 0 "),
    ],
)
def test_unexpected_words_are_errors(fault, player, message):
    assert message in str(failure(StandInEngine(fault, player, 1), rounds=2))


def test_an_impossible_result_is_an_error():
    engine = StandInEngine("12345678901234567890", 0, 1)
    players = LocalPlayers(KrumProgram(n=5, f=1, d=3, rounds=2), engine)
    with pytest.raises(PlayerError, match="impossible result|4 result"), players:
        players.aggregate(np.zeros((5, 3)))
    assert_nothing_left(players, engine)


def test_results_may_come_in_pieces():
    with LocalPlayers(program(), StandInEngine("split", 0)) as players:
        assert players.aggregate(V1).tolist() == [1, 2]


def test_long_vectors_do_not_block():
    d = 200_000  # 2 MB for each client, far more than a pipe holds
    updates = np.zeros((3, d))
    updates[2] = 5
    with LocalPlayers(KrumProgram(n=3, f=0, d=d), StandInEngine()) as players:
        assert (players.aggregate(updates) == 0).all()


@posix
def test_an_odd_end_after_the_result_is_absorbed_or_a_warning():
    with LocalPlayers(program(), StandInEngine("abort late", 2)) as players:
        players.aggregate(V1)  # the engine absorbs SIGABRT
    with pytest.warns(RuntimeWarning, match="player 2 did not end"):  # noqa: SIM117
        with LocalPlayers(program(), StandInEngine("linger", 2)) as players:
            players.aggregate(V1)


def test_leaving_early_is_prompt():
    engine = StandInEngine()
    with LocalPlayers(program(5), engine) as players:
        players.aggregate(V1)
        begin = time.monotonic()
    assert time.monotonic() - begin < 2
    assert_nothing_left(players, engine)


def test_an_exception_of_the_caller_passes_through():
    engine = StandInEngine()
    with pytest.raises(ZeroDivisionError), LocalPlayers(program(2), engine) as players:
        players.aggregate(V1)
        raise ZeroDivisionError
    assert_nothing_left(players, engine)


@posix
def test_an_interrupt_ends_everything():
    engine = StandInEngine("stall", 1, 1)
    players = LocalPlayers(program(), engine)
    with pytest.raises(KeyboardInterrupt), players:
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        players.aggregate(V1)
    assert_nothing_left(players, engine)


def test_forgotten_players_end():
    engine = StandInEngine()
    players = LocalPlayers(program(2), engine)
    players.start()
    started = processes(players)
    del players
    gc.collect()
    assert all(process.poll() is not None for process in started)
    assert not engine.folder.exists()


def test_the_end_of_the_interpreter_ends_the_players(tmp_path):
    """As when a notebook's kernel is shut down: nobody has left the `with`."""
    script = f"""
import sys
sys.path[:0] = [{str(STAND_IN.parent)!r}, {str(STAND_IN.parent.parent)!r}]
from test_players import StandInEngine, program, LocalPlayers, processes
players = LocalPlayers(program(2), StandInEngine())
players.start()
print(*[process.pid for process in processes(players)])
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.split()) == 6
    if os.name == "posix":
        for pid in run.stdout.split():
            with pytest.raises(ProcessLookupError):
                os.kill(int(pid), 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", ([], b"", "")),
        (b"Output channel 0 : 5\nOutput channel 0 : -7\n", ([5, -7], b"", "")),
        (b"Input channel 0 : Output channel 0 : 5\r\n", ([5], b"", "")),
        (b"\x1b[1mOutput channel 0 : 5\x1b[0m\n", ([5], b"", "")),
        (b"Output channel 0 : 5", ([], b"Output channel 0 : 5", "")),
        (b"Output channel 0 : \n", ([], b"", "the output ''")),
        (b"Output channel 0 : 1\nOutput cha", ([1], b"Output cha", "")),
    ],
)
def test_results_are_found_anywhere_in_a_line(text, expected):
    outputs, rest, complaint = parse_outputs(text)
    assert (outputs, rest.lstrip(b"[0m\n\r"), complaint) == expected


def test_a_result_without_end_is_not_waited_for():
    assert parse_outputs(b"Output channel 0 : " + b"1" * 300)[2]
    assert len(parse_outputs(b"Input channel 0 : " * 10_000)[1]) <= 256


@posix
def test_exits_in_words():
    assert describe_exit(-9) == "was killed by SIGKILL"
    assert describe_exit(2) == "ended with exit status 2"
    assert describe_exit(-99) == "was killed by signal 99"


# --- Which engine ---------------------------------------------------------------------------------


def test_the_embedded_engine_is_the_default(monkeypatch):
    monkeypatch.delenv(engines.HOME, raising=False)
    assert engines.find("auto").name == "embedded"
    monkeypatch.setenv(engines.HOME, "")
    assert engines.find("auto").name == "embedded"


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="unknown engine 'mpyc': choose one of auto, embedded"):
        LocalPlayers(program(), "mpyc")


@pytest.mark.parametrize("deadline", [0, -1.0, float("nan")])
def test_an_impossible_deadline_is_refused(deadline):
    with pytest.raises(ValueError, match="deadline"):
        LocalPlayers(program(), StandInEngine(), deadline=deadline)


# --- The embedded players -------------------------------------------------------------------------


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
    assert all(s["bytes"] > 0 and s["rounds"] == statistics[0]["rounds"] for s in statistics)


def test_views_of_the_embedded_players(own_folder):
    with LocalPlayers(program(), "embedded", views=True) as players:
        assert players.views() == []
        players.aggregate(V1)
        inside = players.views()
        assert not list(own_folder.glob("*/*.key"))
    assert list(own_folder.iterdir()) == []
    for views in (inside, players.views()):
        assert len(views) == 6
        words = players.program.fixed_point.encode(V1)
        assert [view["words"] for view in views] == [[], *words.tolist()]
        assert all(view["shares"] for view in views)


def test_views_have_to_be_asked_for():
    with pytest.raises(ValueError, match="views=True"):
        LocalPlayers(program(), StandInEngine()).views()


@posix
def test_an_embedded_player_killed_in_a_round(own_folder):
    players = LocalPlayers(KrumProgram(n=5, f=1, d=20_000), "embedded")
    with pytest.raises(PlayerError) as caught, players:
        threading.Timer(0.1, processes(players)[3].kill).start()
        players.aggregate(np.zeros((5, 20_000)))
    assert "player 3 was killed by SIGKILL in round 1 of 1" in str(caught.value)
    assert all(process.poll() is not None for process in processes(players))
    assert list(own_folder.iterdir()) == []


@posix
def test_embedded_players_end_with_their_parent(own_folder):
    script = f"""
import os, sys
sys.path[:0] = [{str(STAND_IN.parent)!r}, {str(STAND_IN.parent.parent)!r}]
from test_players import program, LocalPlayers, processes
players = LocalPlayers(program(2), "embedded")
players.start()
print(*[process.pid for process in processes(players)], flush=True)
os.kill(os.getpid(), 9)
"""
    environment = {**os.environ, "TMPDIR": str(own_folder)}
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment
    )
    assert run.returncode == -9
    left = set(map(int, run.stdout.split()))
    assert len(left) == 6
    until = time.monotonic() + 5
    while left and time.monotonic() < until:
        left = {pid for pid in left if is_running(pid)}
        time.sleep(0.05)
    assert not left
    assert list(own_folder.iterdir()) == []


def is_running(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
