"""An engine of players that compute in the clear and misbehave on request."""

import os
import re
import subprocess
import sys
from pathlib import Path

from repository import ROOT

from fl_krum.players.engine import EngineStatus, Exit, RunPlan
from fl_krum.players.process import Command
from fl_krum.program.krum_program import KrumProgram

V1 = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # n=5, f=1: Krum chooses row 2
FAKE = Path(__file__).with_name("fake_player.py")


class FakeEngine:
    """Starts tests/fakes/fake_player.py, with one fault of one player in one round."""

    name = "fake"

    def __init__(self, fault="none", player=-1, when=0):
        self.fault = (fault, str(player), str(when))
        self.stop_deadline = 0.5 if fault == "linger" else 120.0

    def status(self):
        return EngineStatus(True)

    def prepare(self, program, folder, views=False):
        self.folder = folder
        secret = folder / "secret.key"
        secret.write_text("secret")
        numbers = (program.n, program.f, program.d, program.rounds)
        arguments = (str(folder), *map(str, numbers), *self.fault)
        return RunPlan(
            commands=lambda: [
                Command((sys.executable, "-S", str(FAKE), str(i), *arguments), folder)
                for i in range(program.players)
            ],
            ready=re.compile(rb"Player \d+ ready"),
            start_deadline=120.0,
            round_deadline=120.0,
            stop_deadline=self.stop_deadline,
            ports_taken=frozenset({3}),
            read_exit=lambda status, words: Exit(
                is_consequence="lost the connection" in words, is_harmless=status == -6
            ),
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


def run_script(script, folder, **environment):
    """Run Python text in a process of its own, whose temporary files go to ``folder``."""
    path = os.pathsep.join([str(FAKE.parent), str(ROOT)])
    environment = {
        **os.environ,
        **environment,
        "PYTHONPATH": path,
        "TMPDIR": str(folder),
        "TEMP": str(folder),
    }
    return subprocess.run(
        [sys.executable, "-c", "from fake_engine import *\n" + script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
