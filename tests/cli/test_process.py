"""A command as a process: signals, a full disk, a reader that goes away, players that fail."""

import os
import signal
import subprocess
import sys
import time
import weakref

import pytest
from repository import ROOT

from fl_krum import __main__
from fl_krum.cli import main
from fl_krum.players import local_players as players_module
from fl_krum.players.process import PlayerError

UPDATES = str(ROOT / "examples/updates.csv")


def test_an_interrupt_that_python_drops_comes_again(monkeypatch):
    def dropped(reference):
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.unraisablehook", __main__._interrupt_again)
    thing = {1}  # a set can be referred to weakly
    reference = weakref.ref(thing, dropped)
    with pytest.raises(KeyboardInterrupt):
        del thing
        for _ in range(3000):
            time.sleep(0.01)
    assert reference() is None


def start(folder, *arguments, **options):
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "fl_krum", *arguments], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def test_failing_players_are_exit_status_1(capsys, monkeypatch):
    def fail(*arguments):
        raise PlayerError("player 3 was killed by SIGKILL in round 1 of 1", 3, -9)

    monkeypatch.setattr(players_module.Supervisor, "start", fail)
    assert main(["aggregate", UPDATES, "--byzantine", "1"]) == 1
    assert "fl_krum: error: player 3 was killed by SIGKILL" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_session_leaves_nothing(tmp_path, number, status):
    process = start(tmp_path, "session", "--clients", "3", "--byzantine", "0", "--rounds", "1000")
    for line in process.stdout:
        if "yes" in line:  # the first round is over, the second under way
            break
    time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["program", "aggregate", "check"])
def test_a_full_disk_behind_standard_output(tmp_path, command):
    more = {"aggregate": [UPDATES, "--byzantine", "1", "--plain"]}.get(command, [])
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "fl_krum", command, *more], cwd=ROOT, stdout=full,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert process.returncode == 1
    last = process.stderr.splitlines()[-1]
    assert last == "fl_krum: error: standard output: No space left on device"


@pytest.mark.parametrize("command", ["aggregate", "program"])
def test_a_result_that_cannot_be_written(capsys, tmp_path, command, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("an older result")
    more = [UPDATES, "--byzantine", "1", "--plain"] if command == "aggregate" else []

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fl_krum.federation.report.os.fsync", fail)
    assert main([command, *more, "--output", str(path)]) == 1
    assert f"fl_krum: error: {path}: No space left on device" in capsys.readouterr().err
    assert path.read_text() == "an older result" and len(list(tmp_path.glob(".*"))) == 0


@pytest.mark.skipif(os.name != "posix", reason="as a shell does")
def test_a_reader_that_has_seen_enough(tmp_path):
    process = start(tmp_path, "program")
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(timeout=120)
