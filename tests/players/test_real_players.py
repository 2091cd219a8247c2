"""The engines of real players on real installations: each is skipped where none is named.

`SCALE_MAMBA_HOME` and `MP_SPDZ_HOME` name them. Takes a minute or two with SCALE-MAMBA: most of it
makes offline material for eight players, twice. MP-SPDZ takes seconds, with the protocol that
`FL_KRUM_MP_SPDZ` names, or the first that is there.
"""

import json
import os
import shutil
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
from fake_engine import processes
from repository import VECTORS

from fl_krum import ProgramError, run_program
from fl_krum.aggregators.krum import krum
from fl_krum.cli import main
from fl_krum.players.find_engine import find_engine
from fl_krum.players.installed import INSTALLED
from fl_krum.players.local_players import LocalPlayers, PlayerError
from fl_krum.players.mp_spdz import installation as mp_spdz_installation
from fl_krum.players.mp_spdz.engine import MpSpdzEngine
from fl_krum.players.mp_spdz.protocols import PROTOCOLS
from fl_krum.players.process import Command
from fl_krum.players.scale_mamba import installation as scale_mamba_installation
from fl_krum.players.scale_mamba.engine import ScaleMambaEngine
from fl_krum.program.krum_program import TEMPLATE, KrumProgram

pytestmark = pytest.mark.timeout(900)


def named(name):
    """A parameter that is skipped unless the engine's installation is named.

    A broken installation is not a reason to skip: whoever names one wants to know.
    """
    there = bool(os.environ.get(INSTALLED[name]))
    reason = f"{INSTALLED[name]} names no installation"
    return pytest.param(name, marks=pytest.mark.skipif(not there, reason=reason))


each_engine = pytest.mark.parametrize("engine", [named("scale-mamba"), named("mp-spdz")])


@pytest.fixture(autouse=True)
def nothing_is_left(own_folder):
    yield
    assert list(own_folder.iterdir()) == []


def random_updates(n, d, rounds):
    """Reals, small integers with many ties, the whole range, and rounds in which all are alike."""
    rng = np.random.default_rng(n)
    kinds = [
        lambda: rng.normal(scale=50, size=(n, d)),
        lambda: rng.integers(-2, 3, size=(n, d)).astype(float),
        lambda: rng.uniform(-2048, 2047, size=(n, d)),
        lambda: np.repeat(rng.normal(size=(1, d)), n, axis=0),
    ]
    return [kinds[t % 4]() for t in range(rounds)]


@each_engine
def test_the_installation_is_complete(engine):
    status = find_engine(engine).status()
    assert status.usable, status.reason


@each_engine
@pytest.mark.parametrize("average", [1, 3])
def test_the_same_vectors_as_embedded_players_give_round_by_round(engine, average):
    updates = random_updates(4, 6, 4)
    given = {}
    for name in ("embedded", engine):
        program = KrumProgram(n=4, f=0, d=6, rounds=4, average=average)
        with LocalPlayers(program, name) as players:
            given[name] = [players.aggregate(X).tolist() for X in updates]
    assert given[engine] == given["embedded"]


@each_engine
@pytest.mark.parametrize("name", ["V1", "V2", "V3"])
def test_frozen_vectors(tmp_path, capsys, engine, name):
    cases = json.loads((VECTORS / "krum.json").read_text())["cases"]
    (case,) = (case for case in cases if case["name"] == name)
    np.save(tmp_path / "updates.npy", np.array(case["vectors"], dtype=float))
    arguments = [str(tmp_path / "updates.npy"), "--byzantine", str(case["f"])]
    assert main(["aggregate", *arguments, "--engine", engine]) == 0
    expected = case["vectors"][case["index"]]
    assert [float(word) for word in capsys.readouterr().out.split(",")] == expected


OWN = """\
a = sint.get_private_input_from(0)
b = sint.get_private_input_from(1)
print_ln("the larger one is %s", (a < b).if_else(b, a).reveal())
(a - b).reveal_to(1)
(a * b).reveal_to(2)
"""


@each_engine
def test_a_program_of_ones_own(engine):
    results = [run_program(OWN, [7, 9], players=3, engine=name) for name in ("embedded", engine)]
    for result in results:
        assert result.printed == "the larger one is 9\n" and result.told == ([], [-2], [63])
        assert result.rounds and result.sent


@each_engine
def test_krum_number_by_number(engine):
    """Of four clients, with ties."""
    text = TEMPLATE.with_name("krum_short.mpc").read_text(encoding="utf-8")
    text = text.replace("n, f, d, bits, security = 7, 2, 5,", "n, f, d, bits, security = 4, 0, 2,")
    X = [[0, 1], [2**28 - 1, 0], [1, 0], [1, 2]]
    result = run_program(text, [[], *X], players=5, engine=engine)
    assert result.told[0] == krum(np.array(X, object), 0).vector.tolist()


@each_engine
@pytest.mark.parametrize(
    ("text", "inputs", "line", "message"),
    [
        ("x = sint(1)\ny = ttoal\n", [], 2, "name 'ttoal' is not defined"),
        ("x = sint(1)\n  y = 2\n", [], 2, "unexpected indent"),
        (OWN, [7], None, "player 1 was given 0 words, and is asked for 1|not enough inputs"),
    ],
)
def test_a_program_of_ones_own_that_is_wrong(engine, text, inputs, line, message):
    with pytest.raises(ProgramError, match=message) as caught:
        run_program(text, inputs, players=3, engine=engine)
    assert [problem.line for problem in caught.value.problems] == [line]


@each_engine
def test_vectors_of_several_chunks(engine):
    """Inputs, squares, products and outputs are all cut into pieces."""
    d = 31_000
    updates = np.zeros((4, d))
    updates[:, -1] = [0, 1, 5, 9]
    updates[1, 0] = 0.5
    with LocalPlayers(KrumProgram(n=4, f=0, d=d, check=False), engine) as players:
        assert (players.aggregate(updates) == updates[1]).all()


LIES = {  # words of clients 1 to 7 at some places, and who is found out
    "a word of 62 bits": ({(3, 1): 2**61 + 5}, (3,)),
    "two liars": ({(2, 0): 2**59 + 2**27, (6, 4): 2**32 + 7}, (2, 6)),
    "a tuned pair": ({(1, 0): 2**32 - 2**27, (7, 0): 2**28 - 1}, (1,)),
    "no lie": ({(7, 0): 2**28 - 1, (2, 0): 0}, ()),
}


@each_engine
def test_who_shares_more_than_agreed_is_left_out(engine):
    """And the next round goes on with all."""
    rng = np.random.default_rng(0)
    with LocalPlayers(KrumProgram(n=7, f=2, d=5, rounds=len(LIES)), engine) as players:
        for words, liars in LIES.values():
            shared = rng.integers(0, 2**28, (7, 5)).astype(object)
            for (client, place), word in words.items():
                shared[client - 1, place] = word
            chosen = players.aggregate_words(shared)
            assert players.excluded == liars
            honest = shared.copy()
            honest[[client - 1 for client in liars]] = 0  # whatever they were
            expected = krum(honest, 2, excluded=[client - 1 for client in liars]).vector
            assert (chosen == players.program.fixed_point.decode(expected.astype(int))).all()


@each_engine
@pytest.mark.parametrize("victim", [0, 2])
def test_a_player_killed_in_a_round(engine, victim):
    players = LocalPlayers(KrumProgram(n=4, f=0, d=5000, rounds=2, check=False), engine)
    updates = np.zeros((4, 5000))
    named = f"player {victim} was killed by SIGKILL in round"
    with pytest.raises(PlayerError, match=named), players:
        process = processes(players)[victim]
        threading.Timer(0.02, os.kill, [process.pid, signal.SIGKILL]).start()
        players.aggregate(updates)
        players.aggregate(updates)
    assert all(process.poll() is not None for process in processes(players))


@each_engine
def test_a_suspended_player_ends_at_the_deadline(engine):
    players = LocalPlayers(KrumProgram(n=4, f=0, d=2), engine)
    with pytest.raises(PlayerError, match="player 2 was suspended in round 1 of 1"), players:
        os.kill(processes(players)[2].pid, signal.SIGSTOP)
        players._deadline = 3.0
        players.aggregate(np.zeros((4, 2)))


@each_engine
def test_nothing_is_written_into_the_installation(engine):
    home = os.environ[INSTALLED[engine]]
    before = state(home)
    with LocalPlayers(KrumProgram(n=4, f=0, d=2), engine) as players:
        players.aggregate(np.zeros((4, 2)))
    assert state(home) == before


def state(home):
    """Every folder there, and when something came into it or left it."""
    return {folder: os.stat(folder).st_mtime_ns for folder, _, _ in os.walk(home)}


@each_engine
def test_check_says_that_it_works(capsys, engine):
    assert main(["check"]) == 0
    printed = capsys.readouterr().out
    assert f"engine {engine}" in printed
    assert printed.count("works") == 1 + sum(bool(os.environ.get(v)) for v in INSTALLED.values())


# --- Players that deviate -------------------------------------------------------------------------


def with_other_program(run, folder, player, edit, compile):
    """The run, but ``player`` stands in a folder of its own, with an edited program."""
    own = folder / "cheating"
    shutil.copytree(folder, own, symlinks=True)
    (source,) = (own / "Programs").rglob("krum.mpc")
    text, honest = source.read_text(), "store(settle(score, n), scores, 0)"
    assert text.count(honest) == 1
    source.write_text(text.replace(honest, f"store(settle(score{edit}, n), scores, 0)"))
    compile(own)

    def commands():
        players = run.commands()
        for hosts in folder.glob("hosts.txt"):
            shutil.copy(hosts, own)
        players[player] = Command(players[player].argv, own, players[player].env)
        return players

    return replace(run, commands=commands)


class ScaleMambaWithCheater(ScaleMambaEngine):
    """Player 2 runs a program of its own: it doubles its shares of scores. (A constant that is
    added to all of them would be gone in their differences.)"""

    def prepare(self, program, folder, views=False):
        run = super().prepare(program, folder, views)
        compile = scale_mamba_installation.find().compile
        return with_other_program(run, folder, 2, " * 2", compile)


class MpSpdzWithCheater(MpSpdzEngine):
    """The same; but MP-SPDZ's players compare their programs before they begin."""

    def prepare(self, program, folder, views=False):
        run = super().prepare(program, folder, views)
        found = mp_spdz_installation.find(self._protocol)
        return with_other_program(run, folder, 2, " * 2", lambda own: found.compile(own, 64))


CHEATERS = {"scale-mamba": ScaleMambaWithCheater, "mp-spdz": MpSpdzWithCheater}


@each_engine
def test_a_player_with_another_program_is_caught(engine):
    players = LocalPlayers(KrumProgram(n=4, f=0, d=2), CHEATERS[engine]())
    with pytest.raises(PlayerError, match="No result of these players can be trusted"), players:
        players.aggregate(np.zeros((4, 2)))


# --- The protocols of MP-SPDZ ---------------------------------------------------------------------


@pytest.mark.parametrize("engine", [named("mp-spdz")])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_protocols_give_the_same_vectors(engine, protocol):
    """Fifty cases each, where the program of the protocol has been built."""
    chosen = MpSpdzEngine(protocol)
    if not chosen.status().usable and "is missing" in chosen.status().reason:
        pytest.skip(chosen.status().reason)
    for n, f, d in [(4, 0, 1), (5, 1, 7)]:  # an odd number of players, and an even one
        updates, given = random_updates(n, d, 25), {}
        for name in ("embedded", chosen):
            with LocalPlayers(KrumProgram(n, f, d, rounds=25), name) as players:
                given[name] = [players.aggregate(X).tolist() for X in updates]
        assert given[chosen] == given["embedded"]
