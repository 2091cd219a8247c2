"""`LiveSession`: watched, stopped, interrupted, failing; and that no player is ever left."""

import os
import signal
import threading
import time

import pytest
from fake_engine import FakeEngine, assert_nothing_left, processes
from repository import ROOT

from fl_krum.lesson import live_session
from fl_krum.lesson.live_session import LiveSession
from fl_krum.players.local_players import PlayerError
from fl_krum.players.process import SpawnedProcess

SMALL = dict(n=5, f=1, d=2)
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def session(engine=None, rounds=2, **more):
    return LiveSession(**SMALL, rounds=rounds, engine=engine or FakeEngine(), **more)


class Watch:
    """Notes what it is called with; can do something when a state is reached."""

    def __init__(self, when=None, act=None):
        self.seen, self.when, self.act = [], when, act

    def __call__(self, session):
        self.seen.append((session.state, len(session.records), round(session.progress, 2)))
        if self.seen[-1][:2] == self.when:
            self.act(session)


def test_a_session_from_start_to_end():
    watch, engine = Watch(), FakeEngine()
    it = session(engine)
    assert (it.state, it.progress, it.records) == (live_session.READY, 0, [])
    assert it.run(watch) is it
    assert watch.seen == [
        ("starting", 0, 0.0),
        ("running", 0, 0.33),
        ("running", 1, 0.67),
        ("running", 2, 1.0),
        ("done", 2, 1.0),
    ]
    assert all(record.matches_plaintext for record in it.records)
    assert [one["player"] for one in it.statistics] == [*range(6)]
    assert it.error == "" and it.settings["engine"] == "fake"
    assert_nothing_left(it.players, engine)
    with pytest.raises(RuntimeError, match="is done: make a new"):
        it.run()


def test_in_the_background():
    watch, engine = Watch(), FakeEngine()
    it = session(engine).start(watch)
    with pytest.raises(RuntimeError, match="make a new"):
        it.start()
    assert it.wait(200)
    assert watch.seen[-1] == ("done", 2, 1.0)
    assert_nothing_left(it.players, engine)


@pytest.mark.parametrize("when", [("starting", 0), ("running", 0), ("running", 1)])
def test_stopped_by_whoever_watches(when):
    engine = FakeEngine()
    it = session(engine, rounds=3).run(Watch(when, LiveSession.stop))
    assert it.state == live_session.STOPPED and it.error == ""
    assert len(it.records) == when[1]
    assert_nothing_left(it.players, engine)


def test_stopped_from_outside_while_the_players_compute():
    engine, running = FakeEngine("stall", 1, 2), threading.Event()
    it = session(engine, rounds=3)
    it.start(Watch(("running", 1), lambda session: running.set()))
    assert running.wait(200)
    it.stop()
    assert it.wait(200)
    assert it.state == live_session.STOPPED and it.error == "" and len(it.records) == 1
    assert_nothing_left(it.players, engine)
    it.stop()  # once more does no harm
    assert it.state == live_session.STOPPED


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.05, 0.1, 0.3])
def test_stopped_from_outside_while_the_players_are_started(seconds, monkeypatch):
    """They would never get ready; and wherever the stop falls, nothing is left."""
    engine, starting, started = FakeEngine("unready", 1), threading.Event(), []

    class Noted(SpawnedProcess):
        def __init__(self, command):
            super().__init__(command)
            started.append(self)

    monkeypatch.setattr("fl_krum.players.supervisor.SpawnedProcess", Noted)
    it = session(engine)
    it.start(Watch(("starting", 0), lambda session: starting.set()))
    assert starting.wait(200)
    time.sleep(seconds)
    it.stop()
    assert it.wait(200)
    assert it.state == live_session.STOPPED and it.error == "" and it.records == []
    assert all(process.poll() is not None for process in started)
    assert not getattr(engine, "folder", ROOT / "no such folder").exists()


def test_stopped_before_it_began():
    it = session()
    it.stop()
    assert it.state == live_session.STOPPED
    with pytest.raises(RuntimeError, match="is stopped"):
        it.run()


def test_a_player_that_fails_in_the_foreground():
    engine, watch = FakeEngine("error", 2, 1), Watch()
    it = session(engine)
    with pytest.raises(PlayerError, match="something is wrong"):
        it.run(watch)
    assert watch.seen[-1][0] == live_session.FAILED
    assert_nothing_left(it.players, engine)


@posix
def test_a_player_that_fails_in_the_background():
    engine, watch = FakeEngine("die", 2, 2), Watch()
    it = session(engine).start(watch)
    assert it.wait(200)
    assert it.state == live_session.FAILED and len(it.records) == 1
    assert "player 2 was killed by SIGKILL in round 2 of 2" in it.error
    assert watch.seen[-1][0] == live_session.FAILED
    assert_nothing_left(it.players, engine)


@posix
def test_an_interrupt():
    engine = FakeEngine("stall", 1, 1)
    it = session(engine)

    def interrupt(session):
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()

    with pytest.raises(KeyboardInterrupt):
        it.run(Watch(("running", 0), interrupt))
    assert it.state == live_session.STOPPED
    assert_nothing_left(it.players, engine)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(n=6, f=2), "2f \\+ 2 < n"),
        (dict(d=400), "dimension must be 1 to 31"),
        (dict(rounds=0), "rounds = 0"),
        (dict(attack="flattery"), "attack must be one of"),
        (dict(engine="steam"), "unknown engine 'steam'"),
    ],
)
def test_wrong_settings_start_nothing(settings, message):
    with pytest.raises(ValueError, match=message):
        LiveSession(**settings)


def test_with_embedded_players():
    it = LiveSession(n=3, f=0, d=11, rounds=1, dataset="breast_cancer", engine="embedded")
    assert it.run().state == live_session.DONE
    assert it.records[0].matches_plaintext
    assert all(process.poll() is not None for process in processes(it.players))
