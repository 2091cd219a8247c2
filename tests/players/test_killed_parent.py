"""A parent that is killed, at any moment, leaves no process and no file behind."""

import sys
import time
from pathlib import Path

import pytest
from fake_engine import program, run_script

from fl_krum.players import launching
from fl_krum.players.guard import Guard
from fl_krum.players.local_players import LocalPlayers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

# Each ends its own process with SIGKILL, on its way to an aggregation; `kill` may get a moment.
START = """
import signal, threading
from fl_krum.players import certificates, embedded, fork_server
from fl_krum.players.local_players import LocalPlayers
from fl_krum.players.player import PlayerProcess
from fl_krum.players.supervisor import Supervisor

def kill(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def after(owner, name, count=1):
    original, calls = getattr(owner, name), []
    def then_kill(*arguments, **options):
        result = original(*arguments, **options)
        calls.append(0)
        return kill() if len(calls) == count else result
    setattr(owner, name, then_kill)
"""
RUN = """
with LocalPlayers(program(2), {engine}, views={views}) as players:
    players.aggregate(V1)
    {inside}
"""

MOMENTS = {
    "keys are made": "after(certificates, 'issue')",
    "nothing is started": "after(Supervisor, '__init__')",
    "one player is started": "after(PlayerProcess, '__init__')",
    "four players are started": "after(PlayerProcess, '__init__', 4)",
    "all players are started": "after(Supervisor, '_start_processes')",
    "players shake hands": "threading.Timer(0.25, kill).start()",
    "all are ready": "after(Supervisor, 'start')",
    "in a round": "after(PlayerProcess, 'send', 9)",
    "after a round": "",
}


def processes_of(folder):
    """Numbers of the processes whose temporary files would go to a folder, but for zombies."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}\0".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:  # somebody else's, or gone
            pass
    return found


def assert_killed_and_nothing_left(folder, script, **environment):
    run = run_script(START + script, folder, **environment)
    assert run.returncode == -9, run.stderr
    until = time.monotonic() + 200
    while processes_of(folder) or list(folder.iterdir()):
        assert time.monotonic() < until, (processes_of(folder), list(folder.rglob("*")))
        time.sleep(0.02)


# An interpreter for each player: no other moment has a state of its own.
ONE_BY_ONE = ("four players are started", "players shake hands", "in a round")


@pytest.mark.parametrize(
    ("moment", "forked"), [*((m, "yes") for m in MOMENTS), *((m, "no") for m in ONE_BY_ONE)]
)
def test_embedded_players(tmp_path, moment, forked):
    """Nothing of theirs is ever on a disk, so nothing need be removed."""
    views = forked == "yes"
    watch = f"""
import tempfile
def refuse(*arguments, **options):
    raise AssertionError("something was written")
tempfile.mkdtemp = tempfile.mkstemp = refuse
{MOMENTS[moment]}
"""
    script = watch + RUN.format(
        engine="'embedded'",
        views=views,
        inside="players.views() if players._want_views else 0\n    kill()",
    )
    assert_killed_and_nothing_left(tmp_path, script, **{launching.FORK_SERVER: forked})


@pytest.mark.parametrize("moment", [m for m in MOMENTS if m not in ("keys are made", "in a round")])
def test_players_that_need_files(tmp_path, moment):
    """Those of SCALE-MAMBA, for instance: the guard kills them and removes their folder."""
    fault = "'unready', 3" if moment == "players shake hands" else ""
    script = f"{MOMENTS[moment]}\n" + RUN.format(
        engine=f"FakeEngine({fault})", views=False, inside="kill()"
    )
    assert_killed_and_nothing_left(tmp_path, script)


def test_players_that_do_not_notice_are_killed(tmp_path):
    """They wait for each other, or compute, and never look at their standard input."""
    script = "after(Supervisor, '_start_processes')\n" + RUN.format(
        engine="FakeEngine('unready', 3)", views=False, inside=""
    )
    assert_killed_and_nothing_left(tmp_path, script)


def test_a_guard_that_is_killed_is_not_missed(tmp_path):
    guard = Guard()
    guard._process.kill()
    guard._process.wait()
    guard.watch(folder=str(tmp_path))
    guard.close()
    assert tmp_path.exists()


def test_a_guard_that_cannot_be_started_is_not_missed(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    guard = Guard()
    guard.watch(folder=str(tmp_path))
    guard.close()


def test_a_guard_spares_what_it_was_not_told_of(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "its").mkdir()
    (tmp_path / "its" / "secret.key").write_text("secret")
    guard = Guard()
    guard.watch(folder=str(tmp_path / "its"))
    guard.watch(process=2**22 + 1)  # no such process
    guard.close()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert guard._process.returncode == 0
    guard.watch(process=1)  # too late, as when players are stopped while they are started


def test_embedded_players_need_no_folder(monkeypatch):
    monkeypatch.setattr("tempfile.mkdtemp", None)
    with LocalPlayers(program(), "embedded", views=True) as players:
        assert players.aggregate([[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]).tolist() == [1, 2]
        assert len(players.views()) == 6
