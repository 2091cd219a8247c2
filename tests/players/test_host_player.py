"""One party's player: a whole run of several of them, and who is left out."""

import functools
import socket
import time

import numpy as np
import parties
import pytest
from one_fork_server import start
from patience import patiently

from fl_krum.aggregators.krum import krum
from fl_krum.players.agreement import Agreement, Limits
from fl_krum.players.detached import start_detached
from fl_krum.players.host_player import HostPlayer
from fl_krum.players.roster import read_key

CLIENTS, D = 5, 3
MILLIONAIRES = """\
a = sint.get_private_input_from(1)
b = sint.get_private_input_from(2)
print_ln('%s', (a < b).reveal())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def roster(folder):
    return parties.make_roster(folder, CLIENTS)


def expected(vectors, f, without=()):
    left = np.array([vector for name, vector in vectors.items() if name not in without])
    return krum(left, f - len(without)).vector


def wait_for(roster, names):
    """Until the players of these parties take calls."""
    until = time.monotonic() + 60
    for name in names:
        place = roster[name].host, roster[name].port
        while True:
            try:
                socket.create_connection(place, 5).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)


def test_a_run(roster, folder):
    agreement, vectors = parties.agreement(CLIENTS, 1, D), parties.vectors(CLIENTS, D)
    run = parties.play(roster, folder, agreement, vectors)
    assert not run.errors
    assert (run.vector == expected(vectors, 1)).all()
    assert [run.results[name] for name in vectors] == [None] * CLIENTS
    assert run.players["server"].missing == run.players["server"].excluded == ()


@patiently(2.0, 20.0, 60.0)
def test_a_client_that_never_comes_is_left_out(roster, folder, patience):
    agreement, vectors = parties.agreement(CLIENTS, 1, D, round=2), parties.vectors(CLIENTS, D, 1)
    others = [name for name in vectors if name != "client3"]
    run = parties.play(
        roster, folder, agreement, vectors, absent=["client3"], patience=patience,
        before={"server": lambda: wait_for(roster, others)},
    )  # fmt: skip
    assert not run.errors
    assert (run.vector == expected(vectors, 1, ["client3"])).all()
    assert run.players["client1"].missing == ("client3",)
    assert "client1: the round begins again without client3" in run.said


def test_a_client_lost_before_all_have_shared_is_left_out(roster, folder):
    """Its training fails; the others have shared their vectors already."""
    agreement, vectors = parties.agreement(CLIENTS, 1, D, round=3), parties.vectors(CLIENTS, D, 2)

    def during(run):
        until = time.monotonic() + parties.PATIENCE
        while "client2" not in run.players and time.monotonic() < until:
            time.sleep(0.05)
        assert run.players["client2"].wait_ready(parties.PATIENCE)
        run.players["client2"].stop()

    run = parties.play(roster, folder, agreement, vectors, given={"client2": 0}, during=during)
    assert run.errors == {"client2": "client2: it was stopped"}
    assert (run.vector == expected(vectors, 1, ["client2"])).all()


def test_a_client_lost_later_ends_the_run_and_all_say_who_it_was(roster, folder):
    """Two rounds in one start: the second one is never shared by a client that is gone."""
    agreement = parties.agreement(CLIENTS, 1, D, rounds=2, round=4)
    vectors = parties.vectors(CLIENTS, D, 3)

    def during(run):
        while len(run.players) < 1 + CLIENTS:
            time.sleep(0.05)
        until = time.monotonic() + parties.PATIENCE
        while "server" not in run.results:  # the first round's; nobody is told when it is taken
            assert time.monotonic() < until
            time.sleep(0.05)
        run.players["client4"].stop()

    run = parties.play(roster, folder, agreement, vectors, given={"client4": 1}, during=during)
    for name, error in run.errors.items():
        assert "client4" in error, name
        assert run.results[name].missing == (("client4",) if name != "client4" else ())
    assert set(run.errors) == set(parties.names(CLIENTS))


def test_players_of_a_round_that_was_given_up_are_not_taken_for_those_of_the_next(roster, folder):
    """They wait for a client that never came, and the server's has gone."""
    vectors = parties.vectors(CLIENTS, D, 4)
    old = parties.agreement(CLIENTS, 1, D, session="s", round=1)
    stale = [
        HostPlayer(
            roster, name, folder / f"{name}.key", old, deadline=parties.DEADLINE, start=start
        )
        for name in ("client1", "client2", "client3", "client4")
    ]
    for player in stale:
        player.start()
    wait_for(roster, ["client1", "client2", "client3", "client4"])
    new = parties.agreement(CLIENTS, 1, D, session="s", round=2)
    run = parties.play(roster, folder, new, vectors)
    assert not run.errors
    assert (run.vector == expected(vectors, 1)).all()
    for player in stale:
        with pytest.raises(Exception, match="has gone on to a later round without this one"):
            player.result()


def test_a_program_of_ones_own(roster, folder):
    agreement = Agreement(("server", "client1", "client2"), text=MILLIONAIRES, round=9)
    words = {"client1": [7], "client2": [9]}
    players = [
        HostPlayer(roster, name, folder / f"{name}.key", agreement, start=start)
        for name in agreement.parties
    ]
    for player in players:
        player.start()
        player.give_words(words.get(player.name, []))
    for player in players:
        player.result()
    assert players[0].printed == "1\n"


def test_those_who_will_not_come_are_not_waited_for(roster, folder, monkeypatch):
    monkeypatch.setattr(parties, "HostPlayer", functools.partial(HostPlayer, absent=["client2"]))
    agreement, vectors = parties.agreement(CLIENTS, 1, D, round=31), parties.vectors(CLIENTS, D)
    patience = 0.9 * parties.DEADLINE
    begin = time.monotonic()
    run = parties.play(roster, folder, agreement, vectors, ["client2"], patience=patience)
    assert not run.errors and time.monotonic() - begin < patience
    assert (run.vector == expected(vectors, 1, ["client2"])).all()
    assert run.players["server"].missing == ("client2",)


def test_a_process_that_outlives_its_starter(roster, folder, tmp_path):
    agreement = parties.agreement(3, 0, D, session="detached")
    vectors = parties.vectors(3, D, 5)
    roster.write(tmp_path / "roster.json")
    started = {
        name: start_detached(
            tmp_path / "roster.json", name, folder / f"{name}.key", agreement,
            Limits(min_clients=3, max_byzantine=0), log=tmp_path / name,
        )
        for name in vectors
    }  # fmt: skip
    try:
        for name, vector in vectors.items():
            started[name].give(vector)
        with HostPlayer(roster, "server", folder / "server.key", agreement) as server:
            assert (server.result() == expected(vectors, 0)).all()
        for name, one in started.items():
            assert one.process.wait(parties.PATIENCE) == 0
            assert (tmp_path / name).read_text().endswith(f"{name}: done\n")
    finally:
        for one in started.values():
            one.kill()


# --- at the door ------------------------------------------------------------------------------


def test_a_key_that_others_can_read(roster, folder, tmp_path):
    copy = tmp_path / "client1.key"
    copy.write_bytes((folder / "client1.key").read_bytes())
    copy.chmod(0o640)
    with pytest.raises(ValueError, match="can be read by others: chmod 600"):
        read_key(copy, roster, "client1")


def test_a_key_of_somebody_else(roster, folder, tmp_path):
    with pytest.raises(ValueError, match="is not the key of client1's certificate in the roster"):
        read_key(folder / "client2.key", roster, "client1")
    (tmp_path / "x.key").write_text("secret words")
    (tmp_path / "x.key").chmod(0o600)
    with pytest.raises(ValueError, match="is not a private key") as caught:
        read_key(tmp_path / "x.key", roster, "client1")
    assert "secret" not in str(caught.value)


def test_what_a_party_refuses_starts_nothing(roster, folder):
    agreement = parties.agreement(CLIENTS, 1, D)
    with pytest.raises(ValueError, match="it insists on at least 6"):
        HostPlayer(roster, "client1", folder / "client1.key", agreement, Limits(min_clients=6))


def test_a_value_out_of_range_is_not_quoted(roster, folder):
    player = HostPlayer(roster, "client1", folder / "client1.key", parties.agreement(CLIENTS, 1, D))
    for wrong in (123456.5, float("nan"), -1e300):
        with pytest.raises(ValueError, match=r"coordinate 1 is not within \[-2048, ") as caught:
            player.give([0, wrong, 0])
        assert "123456" not in str(caught.value)
