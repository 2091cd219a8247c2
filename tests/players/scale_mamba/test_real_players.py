"""The SCALE-MAMBA engine on a real installation: skipped where `SCALE_MAMBA_HOME` names none.

Takes a minute or two: most of it makes offline material for eight players, twice.
"""

import json
import os
import shutil
import signal
import tempfile
import threading
from dataclasses import replace

import numpy as np
import pytest
from fake_engine import processes
from repository import VECTORS

from fl_krum.cli import main
from fl_krum.players.local_players import LocalPlayers, PlayerError
from fl_krum.players.process import Command
from fl_krum.players.scale_mamba import engine as scale_mamba
from fl_krum.players.scale_mamba import installation
from fl_krum.players.scale_mamba.installation import SCALE_MAMBA_HOME
from fl_krum.program.krum_program import KrumProgram

try:
    FOUND, WHY_NOT = installation.find(), ""
except ValueError as error:
    FOUND, WHY_NOT = None, str(error)

# A broken installation is not a reason to skip: whoever names one wants to know.
pytestmark = [
    pytest.mark.skipif(not os.environ.get(SCALE_MAMBA_HOME), reason=WHY_NOT),
    pytest.mark.timeout(900),
]

UPDATES = np.array([[1.0, 2.0], [1.5, 2.5], [-30.0, 40.0]])  # rows 0 and 1 tie: row 0 is chosen


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Where all temporary files go; at the end none is left."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_the_installation_is_complete():
    assert FOUND, WHY_NOT


def test_both_engines_give_the_same_vectors_round_by_round():
    rng = np.random.default_rng(0)
    updates = rng.normal(scale=5, size=(4, 3, 6))
    updates[3] = updates[3, 0]  # all alike: every comparison is a tie
    given = {}
    for engine in ("embedded", "scale-mamba"):
        with LocalPlayers(KrumProgram(n=3, f=0, d=6, rounds=4), engine) as players:
            given[engine] = [players.aggregate(X).tolist() for X in updates]
    assert given["scale-mamba"] == given["embedded"]


@pytest.mark.parametrize("name", ["V1", "V2", "V3"])
def test_frozen_vectors(tmp_path, capsys, name):
    cases = json.loads((VECTORS / "krum.json").read_text())["cases"]
    (case,) = (case for case in cases if case["name"] == name)
    np.save(tmp_path / "updates.npy", np.array(case["vectors"], dtype=float))
    arguments = [str(tmp_path / "updates.npy"), "--byzantine", str(case["f"])]
    assert main(["aggregate", *arguments, "--engine", "scale-mamba"]) == 0
    expected = case["vectors"][case["index"]]
    assert [float(word) for word in capsys.readouterr().out.split(",")] == expected


def test_vectors_of_several_chunks():
    """Inputs, squares, products and outputs are all cut into pieces."""
    d = 31_000
    updates = np.zeros((3, d))
    updates[:, -1] = [0, 1, 5]
    updates[1, 0] = 0.5
    with LocalPlayers(KrumProgram(n=3, f=0, d=d), "scale-mamba") as players:
        assert (players.aggregate(updates) == updates[0]).all()


@pytest.mark.parametrize("victim", [0, 2])
def test_a_player_killed_in_a_round(victim):
    players = LocalPlayers(KrumProgram(n=3, f=0, d=5000, rounds=2), "scale-mamba")
    updates = np.zeros((3, 5000))
    named = f"player {victim} was killed by SIGKILL in round"
    with pytest.raises(PlayerError, match=named), players:
        threading.Timer(0.2, os.kill, [processes(players)[victim].pid, signal.SIGKILL]).start()
        players.aggregate(updates)
        players.aggregate(updates)
    assert all(process.poll() is not None for process in processes(players))


class WithCheater(scale_mamba.ScaleMambaEngine):
    """Player 2 runs a program of its own: it adds 1 to its share of a score."""

    def prepare(self, program, folder, views=False):
        run = super().prepare(program, folder, views)
        cheating = folder / "cheating"
        shutil.copytree(folder, cheating, symlinks=True)
        source = cheating / "Programs" / "krum" / "krum.mpc"
        text, honest = source.read_text(), "load(scores, i, 1)"
        assert text.count(honest) == 1
        source.write_text(text.replace(honest, f"{honest} + 1"))
        installation.find().compile(cheating)

        def commands():
            players = run.commands()
            players[2] = Command(players[2].argv, cheating)
            return players

        return replace(run, commands=commands)


def test_a_player_that_computes_something_else_is_caught():
    players = LocalPlayers(KrumProgram(n=3, f=0, d=2), WithCheater())
    with pytest.raises(PlayerError, match="No result of these players can be trusted"), players:
        players.aggregate(UPDATES)


def test_check_says_that_it_works(capsys):
    assert main(["check"]) == 0
    printed = capsys.readouterr().out
    assert "engine scale-mamba" in printed and printed.count("works") == 2
