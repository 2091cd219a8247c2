"""Runs that take too long or too much are told of before they start."""

import warnings

import pytest

from fl_krum.players import local_players
from fl_krum.players.local_players import LocalPlayers
from fl_krum.program import forecast as room
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.forecast import forecast, warning
from fl_krum.program.krum_program import KrumProgram


@pytest.mark.parametrize(
    ("n", "f", "d", "t", "cpu"),
    # CPU-seconds of all players, as measured
    [(20, 8, 100, 3, 1.4), (50, 23, 100, 3, 5.8), (100, 48, 100, 3, 45), (20, 8, 100, 10, 6.6)]
    + [(30, 13, 100, 15, 20), (50, 23, 100, 25, 100), (50, 23, 10**5, 3, 35)]
    + [(7, 2, 10**5, 3, 1.0), (7, 2, 10**6, 3, 8), (10, 3, 11 * 10**6, 3, 179)],
)
def test_the_forecast_is_near_what_was_measured(monkeypatch, n, f, d, t, cpu):
    monkeypatch.setattr(room.os, "cpu_count", lambda: 1)
    program = KrumProgram(n, f, d, threshold=t, fixed_point=FixedPoint(26))  # fits all of them
    assert cpu / 2.5 < forecast(program).seconds < 2.5 * cpu


@pytest.mark.parametrize(
    ("n", "f", "d", "t", "largest"),
    # MB of the largest player, as measured
    [(50, 23, 100, 25, 85), (100, 48, 100, 3, 179), (50, 23, 10**5, 3, 266), (7, 2, 10**6, 3, 252)]
    + [(10, 3, 11 * 10**6, 3, 2060)],
)
def test_the_memory_of_holders_is_near_what_was_measured(n, f, d, t, largest):
    program = KrumProgram(n, f, d, threshold=t, fixed_point=FixedPoint(26))  # fits all of them
    needed = forecast(program).memory / 1e6 - 40 * (program.players - program.holder_count)
    assert 0.7 * largest < needed / program.holder_count < 1.5 * largest


def test_small_runs_are_not_warned_of(monkeypatch):
    monkeypatch.setattr(room.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(room, "_memory_here", lambda: 16e9)
    for n, f, d, t in [(7, 2, 5, 3), (7, 2, 10**6, 3), (30, 13, 100, 15), (100, 48, 100, 3)]:
        assert warning(KrumProgram(n, f, d, threshold=t)) == ""


def test_a_warning_has_the_numbers_and_what_to_change(monkeypatch):
    monkeypatch.setattr(room.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(room, "_memory_here", lambda: 16e9)
    text = warning(KrumProgram(100, 48, 100))
    assert text.startswith("n = 100, d = 100, t = 50: one aggregation takes about ")
    assert " minutes and about " in text and "16 GB" in text and "--threshold 3" in text
    monkeypatch.setattr(room, "_memory_here", lambda: 1e9)
    text = warning(KrumProgram(100, 48, 100, threshold=3))
    assert "Fewer clients" in text and "for 7 holders" in text and "1 GB" in text


def test_players_say_so_before_they_start(monkeypatch):
    class NotStartedError(Exception):
        pass

    def refuse(*arguments):
        raise NotStartedError

    monkeypatch.setattr(local_players, "Supervisor", refuse)
    monkeypatch.setattr(room, "_memory_here", lambda: 16e9)
    with pytest.warns(RuntimeWarning, match="t = 50: one aggregation takes about"):
        with pytest.raises(NotStartedError):
            LocalPlayers(KrumProgram(100, 48, 100), "embedded").start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NotStartedError):
            LocalPlayers(KrumProgram(7, 2, 5), "embedded").start()
