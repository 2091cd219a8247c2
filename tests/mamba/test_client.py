"""The companion of a client: what it gives to a player that reads one stream, and how it ends.

The player here is a script that says its part and writes down what it is given.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from checked_input import RHO, sizes
from repository import ROOT

from fl_krum.players import companions, host_guard
from fl_krum.program.krum_program import KrumProgram
from mamba.client import Client
from mamba.input_proof import prover

pytestmark = pytest.mark.skipif(os.name != "posix", reason="real players run on POSIX systems only")

PROGRAM = KrumProgram(n=4, f=0, d=2, rounds=2, portable=True)

# Reads two rounds with the check and prints what it has read of them, after the coins.
PLAYER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1] / "fakes")!r})
from checked_input import CheckedInput, sizes
sizes = sizes(open("krum.mpc").read())
reader = CheckedInput(sizes, lambda: sys.stdin.readline() or sys.exit(3), lambda what: None)
for _ in range(sizes.rounds):
    print("Client words:", *reader.read_vector(), flush=True)
"""


@pytest.fixture
def run(tmp_path):
    """Run a player with a companion, from the files that a host is given and no other."""
    for name in companions.FILES:
        (tmp_path / "mamba").mkdir(exist_ok=True)
        (tmp_path / "mamba" / name).write_bytes((companions.MAMBA / name).read_bytes())
    PROGRAM.save(tmp_path / "krum.mpc")
    (tmp_path / "player.py").write_text(PLAYER)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def start(*player, before=()):
        argv = [*before, sys.executable, "-m", "mamba.client", "krum.mpc", *player]
        return subprocess.Popen(
            argv, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


def test_words_and_proofs_of_all_rounds(run):
    said, wrong = run(sys.executable, "player.py").communicate("1 2\n268435455 268435456\n", 120)
    assert said.splitlines() == [
        "Client words: [1, 2] True",
        "Client words: [268435455, 268435456] False",
    ]
    assert wrong == ""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("1 2 3", "the input ended 1 word early"),
        ("1 minus", "input word 2 is not an unsigned 64-bit integer"),
    ],
)
def test_input_that_is_none_ends_the_player(run, words, problem):
    player = run(sys.executable, "player.py")
    _, wrong = player.communicate(words, 30)
    assert player.returncode == 1
    assert wrong.startswith(f"client: error: {problem}") and wrong.count("\n") == 1


@pytest.mark.parametrize("script", ["exit 7", "kill -9 $$", "kill -15 $$"])
def test_it_ends_as_its_player_did(run, script):
    player = run("sh", "-c", script)
    player.communicate("1 2", 30)
    assert player.returncode in (7, -9, -15) and str(abs(player.returncode)) in script


GUARD = (sys.executable, host_guard.__file__, "60", "player 1")


@pytest.mark.parametrize("before", [(), GUARD], ids=["alone", "under the guard of a host"])
def test_who_ends_it_ends_the_player(run, before):
    player = run("sh", "-c", "echo $$; exec sleep 60", before=before)
    child = int(player.stdout.readline())
    player.terminate()
    assert player.wait(timeout=120) == 128 + signal.SIGTERM
    player.communicate()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.parametrize(
    ("choice", "reason"),
    [({"check": False}, "this program checks no inputs"), ({}, "a text for embedded players")],
)
def test_a_program_without_such_a_check_is_refused(tmp_path, choice, reason):
    KrumProgram(n=4, f=0, **choice).save(tmp_path / "krum.mpc")
    argv = [sys.executable, "-m", "mamba.client", tmp_path / "krum.mpc", "true"]
    said = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert said.returncode == 1 and reason in said.stderr


@pytest.mark.parametrize("piece", [1, 4, 10_000])
def test_coins_are_heard_in_pieces_and_the_rest_is_passed_on(piece):
    """MP-SPDZ's players print four bytes at a time."""
    given = []
    text = PROGRAM.source()
    own_side = prover(text)
    client = Client(own_side, lambda count: np.full(count, 5, np.uint64), given.append)
    said = (
        "Player ready\nInput channel 0 : Input channel 1 : "
        f"Output channel 1 : {RHO}\nIn other words\n"
        "Client 1 passed : 1\n"
    ).encode()
    passed_on = b"".join(
        client.hear(said[start : start + piece]) for start in range(0, len(said), piece)
    )
    assert passed_on == b"Player ready\nIn other words\nClient 1 passed : 1\n"
    client.answer()
    rows = sizes(text)
    assert [numbers.count(b"\n") for numbers in given] == [
        rows.d, (2 + rows.numbers) * rows.digits, 2 * rows.quotient,
    ]  # fmt: skip
