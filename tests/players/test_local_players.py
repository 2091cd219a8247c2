"""`LocalPlayers`: rounds, errors of the caller, and an end that leaves nothing behind."""

import gc
import os
import signal
import threading
import time

import numpy as np
import pytest
from fake_engine import (
    V1,
    FakeEngine,
    assert_nothing_left,
    processes,
    program,
    run_script,
)

from fl_krum.players.find_engine import find_engine
from fl_krum.players.local_players import LocalPlayers
from fl_krum.players.player import describe_exit
from fl_krum.players.scale_mamba import SCALE_MAMBA_HOME
from fl_krum.program.krum_program import KrumProgram

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def test_rounds_on_the_same_players():
    engine = FakeEngine()
    with LocalPlayers(program(rounds=3), engine) as players:
        started = processes(players)
        assert not (engine.folder / "secret.key").exists()  # gone as soon as all are ready
        for done in range(3):
            shifted = np.array(V1) / 2 + done
            assert players.aggregate(shifted).tolist() == [0.5 + done, 1.0 + done]
            assert players.rounds_done == done + 1
            assert players.seconds > 0
        expected = {"holder": True, "rounds": 90, "bytes": 300}
        assert players.statistics() == [{"player": i, **expected} for i in range(6)]
    assert [process.poll() for process in started] == [0] * 6
    assert_nothing_left(players, engine)
    assert players.engine == "fake" and players.startup_seconds > 0


def test_one_round_too_many_is_an_error():
    with LocalPlayers(program(), FakeEngine()) as players:
        players.aggregate(V1)
        with pytest.raises(RuntimeError, match="T=1 rounds"):
            players.aggregate(V1)


def test_players_that_do_not_run_say_so():
    engine = FakeEngine()
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
    with LocalPlayers(program(), FakeEngine()) as players:
        with pytest.raises(ValueError, match=message):
            players.aggregate(updates)
        assert players.aggregate(V1).tolist() == [1, 2]


def test_results_may_come_in_pieces():
    with LocalPlayers(program(), FakeEngine("split", 0)) as players:
        assert players.aggregate(V1).tolist() == [1, 2]


def test_long_vectors_do_not_block():
    d = 50_000  # 0.5 MB for each client, far more than a pipe holds
    updates = np.zeros((3, d))
    updates[2] = 5
    with LocalPlayers(KrumProgram(n=3, f=0, d=d), FakeEngine()) as players:
        assert (players.aggregate(updates) == 0).all()


def test_leaving_early_is_prompt():
    engine = FakeEngine()
    with LocalPlayers(program(5), engine) as players:
        players.aggregate(V1)
        begin = time.monotonic()
    assert time.monotonic() - begin < 60  # and not the 120 s that players have to end
    assert_nothing_left(players, engine)


def test_an_exception_of_the_caller_passes_through():
    engine = FakeEngine()
    with pytest.raises(ZeroDivisionError), LocalPlayers(program(2), engine) as players:
        players.aggregate(V1)
        raise ZeroDivisionError
    assert_nothing_left(players, engine)


@posix
def test_an_interrupt_ends_everything():
    engine = FakeEngine("stall", 1, 1)
    players = LocalPlayers(program(), engine)
    with pytest.raises(KeyboardInterrupt), players:
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        players.aggregate(V1)
    assert_nothing_left(players, engine)


def test_forgotten_players_end():
    engine = FakeEngine()
    players = LocalPlayers(program(2), engine)
    players.start()
    started = processes(players)
    del players
    gc.collect()
    assert all(process.poll() is not None for process in started)
    assert not engine.folder.exists()


SHUT_DOWN = """
from fl_krum.players.local_players import LocalPlayers
players = LocalPlayers(program(2), FakeEngine())
players.start()
print(*[process.pid for process in processes(players)])
"""


def test_the_end_of_the_interpreter_ends_the_players(tmp_path):
    """As when a notebook's kernel is shut down: nobody has left the `with`."""
    run = run_script(SHUT_DOWN, tmp_path)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.split()) == 6
    if os.name == "posix":
        for pid in run.stdout.split():
            with pytest.raises(ProcessLookupError):
                os.kill(int(pid), 0)
    assert list(tmp_path.iterdir()) == []


@posix
def test_exits_in_words():
    assert describe_exit(-9) == "was killed by SIGKILL"
    assert describe_exit(2) == "ended with exit status 2"
    assert describe_exit(-99) == "was killed by signal 99"


def test_views_have_to_be_asked_for():
    with pytest.raises(ValueError, match="views=True"):
        LocalPlayers(program(), FakeEngine()).views()


# --- Which engine ---------------------------------------------------------------------------------


def test_the_embedded_engine_is_the_default(monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    assert find_engine("auto").name == "embedded"
    monkeypatch.setenv(SCALE_MAMBA_HOME, "")
    assert find_engine("auto").name == "embedded"


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="unknown engine 'mpyc': choose one of auto, embedded"):
        LocalPlayers(program(), "mpyc")


@pytest.mark.parametrize("deadline", [0, -1.0, float("nan")])
def test_an_impossible_deadline_is_refused(deadline):
    with pytest.raises(ValueError, match="deadline"):
        LocalPlayers(program(), FakeEngine(), deadline=deadline)
