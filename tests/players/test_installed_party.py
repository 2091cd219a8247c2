"""Parties of a roster whose hosts have an installation of SCALE-MAMBA or MP-SPDZ."""

import os
import socket
import threading
import time

import pytest

from fl_krum.players.agreement import Agreement
from fl_krum.players.host_player import HostError, HostPlayer
from fl_krum.players.installed import INSTALLED
from fl_krum.players.ports import free_ports
from fl_krum.players.roster import Member, Roster, make_key

NAMES = ("server", "a", "b", "c", "d", "e")
VECTORS = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # Krum chooses row 2

pytestmark = pytest.mark.skipif(os.name != "posix", reason="they run on POSIX systems only")


def roster_of(folder, engines, numbers=6):
    ports = free_ports(len(NAMES))
    members = [
        make_key(name, f"127.0.0.1:{port}", folder, 2, engines, numbers)
        for name, port in zip(NAMES, ports, strict=True)
    ]
    return Roster.of(members)


def aggregate(roster, folder, engine, security, **more):
    agreement = Agreement(NAMES, f=1, d=2, engine=engine, security=security, **more)
    players = [
        HostPlayer(roster, name, folder / f"{name}.key", agreement, patience=200.0)
        for name in NAMES
    ]
    for player in players:
        player.start()
    for player, vector in zip(players[1:], VECTORS, strict=True):
        player.give(vector)
    results = [player.result() for player in players]
    assert all(result is None for result in results[1:])
    return results[0].tolist()


def test_krum_runs_on_installations_with_the_keys_of_the_roster(engine, tmp_path, monkeypatch):
    """When those of the round before have ended: else one of them could be taken for one of this
    round, since SCALE-MAMBA's players share a port."""
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    roster = roster_of(tmp_path, [engine])
    with socket.create_server(("", roster["b"].port)) as before:
        threading.Timer(2.0, before.close).start()
        begin = time.monotonic()
        assert aggregate(roster, tmp_path, engine, "semi-honest") == [1, 2]
        assert time.monotonic() - begin > 2.0


def test_a_server_whose_player_says_nothing_is_told_that(mp_spdz_home, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    monkeypatch.setenv("FAKE_FAULT", "mute 0")
    with pytest.raises(HostError, match="server: its player has ended without a result"):
        roster = roster_of(tmp_path, ["mp-spdz"])
        aggregate(roster, tmp_path, "mp-spdz", "semi-honest", check=False)


@pytest.mark.parametrize("real", ["scale-mamba", "mp-spdz"])
@pytest.mark.timeout(900)
def test_krum_runs_on_real_installations(real, tmp_path):
    if not os.environ.get(INSTALLED[real]):
        pytest.skip(f"{INSTALLED[real]} names no installation")
    assert aggregate(roster_of(tmp_path, [real]), tmp_path, real, "semi-honest") == [1, 2]


def test_who_cannot_take_part_says_why(mp_spdz_home, tmp_path, monkeypatch):
    roster = roster_of(tmp_path, ["mp-spdz"], numbers=5)
    few = Agreement(NAMES[:5], f=0, d=2, engine="mp-spdz", security="semi-honest")

    def refusal(agreement=few, roster=roster):
        with pytest.raises(ValueError) as refused:
            HostPlayer(roster, "a", tmp_path / "a.key", agreement)
        return str(refused.value)

    active = Agreement(NAMES[:5], f=0, d=2, engine="mp-spdz")
    assert "active security is agreed on, and here is mp-spdz" in refusal(active)
    six = Agreement(NAMES, f=1, d=2, engine="mp-spdz", security="semi-honest")
    assert refusal(six) == "e has no certificate for mp-spdz as player 5"
    bare = Roster.of(Member(one.name, one.address, one.certificate) for one in roster)
    assert refusal(roster=bare) == "server has no key for mp-spdz in the roster"
    (tmp_path / "a.mp-spdz.key").unlink()
    assert "a.mp-spdz.key, the key of a, is not there" in refusal()
    monkeypatch.delenv("MP_SPDZ_HOME")
    assert "MP_SPDZ_HOME" in refusal()


def test_an_agreement_names_an_engine_that_there_is():
    with pytest.raises(ValueError, match="engine 'spdz': choose one of embedded, scale-mamba"):
        Agreement(NAMES, f=1, d=2, engine="spdz")
    with pytest.raises(ValueError, match="compute Krum only"):
        Agreement(NAMES[:3], text="print_ln('1')", engine="mp-spdz")
    agreement = Agreement(NAMES, f=1, d=2, engine="mp-spdz")
    assert Agreement.from_json(agreement.as_json()) == agreement
    with pytest.raises(ValueError, match="mp-spdz players cannot do without a"):
        agreement.without(["a"])


def test_the_digest_tells_other_certificates_of_an_engine(tmp_path):
    roster = roster_of(tmp_path, ["mp-spdz"], numbers=2)
    roster.write(tmp_path / "roster.json")
    assert Roster.read(tmp_path / "roster.json") == roster
    members = list(roster)
    swapped = {"mp-spdz": members[1].engines["mp-spdz"]}
    members[0] = Member(NAMES[0], members[0].address, members[0].certificate, swapped)
    assert Roster.of(members).digest != roster.digest
