"""Players that die, stall, lie or linger: one error about the culprit, and nothing left behind."""

import io
import os
import signal
import threading
import time
from types import SimpleNamespace

import pytest
from fake_engine import V1, FakeEngine, assert_nothing_left, processes, program

from fl_krum.players.engine import RunPlan
from fl_krum.players.local_players import LocalPlayers, PlayerError
from fl_krum.players.player import PlayerProcess
from fl_krum.players.process import Command
from fl_krum.players.supervisor import Supervisor

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def failure(engine, rounds=1):
    """Run all rounds; return the error that this ends in, having checked that nothing is left."""
    players = LocalPlayers(program(rounds), engine)
    with pytest.raises(PlayerError) as caught:  # noqa: SIM117
        with players:
            for _ in range(rounds):
                players.aggregate(V1)
    assert_nothing_left(players, engine)
    return caught.value


@posix
def test_a_killed_player_is_named_rather_than_who_lost_it():
    error = failure(FakeEngine("die", 3, 2), rounds=3)
    assert (error.player, error.status) == (3, -signal.SIGKILL)
    assert "player 3 was killed by SIGKILL in round 2 of 3" in str(error)
    assert "ready" not in str(error)  # which it said last


@posix
@pytest.mark.parametrize("victim", [0, 4])
def test_a_player_killed_from_outside(victim):
    engine = FakeEngine("stall", 1, 1)
    players = LocalPlayers(program(2), engine)
    with pytest.raises(PlayerError, match=f"player {victim} was killed by SIGKILL"), players:
        threading.Timer(0.1, processes(players)[victim].kill).start()
        players.aggregate(V1)
    assert_nothing_left(players, engine)


@posix
def test_a_player_killed_between_two_rounds():
    engine = FakeEngine()
    players = LocalPlayers(program(2), engine)
    with pytest.raises(PlayerError, match="player 2 was killed by SIGTERM in round 2"), players:
        players.aggregate(V1)
        processes(players)[2].terminate()
        processes(players)[2].wait()
        players.aggregate(V1)
    assert_nothing_left(players, engine)


def test_an_error_shows_what_the_player_said():
    error = failure(FakeEngine("error", 2, 1), rounds=2)
    assert (error.player, error.status) == (2, 1)
    assert "ended with exit status 1 in round 1 of 2" in str(error)
    assert "krum.mpc, line 7: something is wrong" in str(error)


@pytest.mark.parametrize(("player", "rounds"), [(2, 2), (0, 1)])
def test_a_player_that_leaves_early(player, rounds):
    error = failure(FakeEngine("leave", player, 1), rounds)
    assert f"player {player} ended with exit status 0" in str(error)


def test_a_stalled_round_ends_at_the_deadline(deadline_when):
    engine = FakeEngine("stall", 2, 1)
    deadline_when(lambda players: len(list(engine.folder.glob("1-*"))) == 4)
    error = failure(engine)
    assert "gave 0 of 3 values before the deadline in round 1" in str(error)
    assert "larger deadline" in str(error)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="needs os.waitid")
def test_a_suspended_player_is_found_out(deadline_when):
    deadline_when(lambda players: any(player.is_stopped() for player in players))
    error = failure(FakeEngine("suspend", 4, 1))
    assert "player 4 was suspended in round 1" in str(error)


def test_a_player_that_is_never_ready(deadline_when):
    deadline_when(lambda players: sum(player.ready for player in players) == 5)
    error = failure(FakeEngine("unready", 3))
    assert "player 3 was not ready before the deadline (not ready: 3) while starting" in str(error)


def test_taken_ports_are_tried_again():
    with LocalPlayers(program(), FakeEngine("ports", 2)) as players:
        assert players.aggregate(V1).tolist() == [1, 2]


def test_ports_that_stay_taken_are_an_error():
    error = failure(FakeEngine("ports always", 2))
    assert (error.player, error.status) == (2, 3)


def test_a_command_that_does_not_exist(tmp_path):
    engine = FakeEngine()
    prepare = engine.prepare

    def broken(*arguments):
        run = prepare(*arguments)
        commands = run.commands()
        commands[2] = Command(("/no/such/player",), tmp_path)
        return RunPlan(lambda: commands, run.ready, 5.0, 5.0)

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
        ("one too many", 0, "player 0 printed 4 result(s) where 3 are expected"),
        ("12345678901234567890", 0, "player 0 "),
    ],
)
def test_unexpected_words_are_errors(fault, player, message):
    assert message in str(failure(FakeEngine(fault, player, 1), rounds=2))


@pytest.mark.parametrize("word", [-5, 2**28, 2**61 + 5, 2**100])
def test_a_result_that_is_no_word_blames_nobody_and_is_not_quoted(monkeypatch, word):
    """A client that shares another number than it should causes it; player 0 only prints it."""
    monkeypatch.setattr(Supervisor, "exchange", lambda *arguments, **options: [1, 2**27, word])
    engine = FakeEngine()
    players = LocalPlayers(program(2), engine)
    with (
        pytest.raises(PlayerError, match="is not a vector of words; all players") as caught,
        players,
    ):
        players.aggregate(V1)
    error = caught.value
    assert (error.player, error.status, error.last_words) == (None, None, "")
    assert "a client that shares numbers out of range" in str(error).lower()
    assert str(abs(word)) not in str(error) and "player 0" not in str(error)
    assert error.__suppress_context__
    assert_nothing_left(players, engine)


@posix
def test_an_odd_end_after_the_result_is_absorbed_or_a_warning():
    with LocalPlayers(program(), FakeEngine("abort late", 2)) as players:
        players.aggregate(V1)  # the engine absorbs SIGABRT
    with pytest.warns(RuntimeWarning, match="player 2 did not end"):  # noqa: SIM117
        with LocalPlayers(program(), FakeEngine("linger", 2)) as players:
            players.aggregate(V1)


def test_a_client_that_fails_the_check_is_named_and_the_round_goes_on():
    with LocalPlayers(program(2), FakeEngine("excluded", 0, 4)) as players:
        assert players.aggregate(V1).tolist() == [1, 2]
        assert players.excluded == (4,)


def test_more_excluded_clients_than_f_are_an_error():
    error = failure(FakeEngine("all excluded", 0, 1))
    assert "clients 1, 2, 3, 4, 5 shared more than agreed" in str(error)
    assert "f = 1 are tolerated" in str(error)


def test_a_sum_of_another_number_of_vectors_never_reaches_the_user():
    error = failure(FakeEngine("none chosen", 0, 1))
    assert "added up 0 vectors where they should add up 1" in str(error)


def test_the_pipe_to_a_player_is_not_closed_under_its_writer(tmp_path):
    """What is written in this moment would go to whatever is opened next, under the same number."""
    begun, go, order = threading.Event(), threading.Event(), []

    class Pipe:
        def write(self, data):
            begun.set()
            assert go.wait(60)
            order.append("written")
            return 1

        def close(self):
            order.append("closed")

    ended = SimpleNamespace(stdin=Pipe(), stdout=io.BytesIO(), stderr=io.BytesIO(), wait=lambda: 0)
    run = FakeEngine().prepare(program(), tmp_path)
    player = PlayerProcess(1, ended, run, threading.Condition())
    player.send([b"12 ", b"34"])
    assert begun.wait(60)
    closing = threading.Thread(target=player.close)
    closing.start()
    time.sleep(0.05)
    assert order == []
    go.set()
    closing.join(60)
    until = time.monotonic() + 60
    while "closed" not in order:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert order[:2] == ["written", "closed"] and order.count("written") == 1
