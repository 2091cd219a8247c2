"""Keys and rosters of players on several hosts."""

import json
import os
import shutil
import stat
import subprocess

import pytest

from fl_krum.players.roster import Member, Roster, make_key, read_member, split_address


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def members(folder):
    places = {"server": "192.0.2.1:7100", "a": "[2001:db8::5]:7100", "b": "host.example:7100"}
    return [make_key(name, place, folder) for name, place in places.items()]


def test_a_key_is_its_owners_alone(folder, members):
    assert stat.S_IMODE((folder / "a.key").stat().st_mode) == 0o600
    assert b"PRIVATE KEY" in (folder / "a.key").read_bytes()
    assert "PRIVATE" not in (folder / "a.json").read_text()
    assert read_member(folder / "a.json") == members[1]


def test_a_key_is_never_made_twice(folder, members):
    before = (folder / "a.key").read_bytes()
    with pytest.raises(ValueError, match="a.key is there already"):
        make_key("a", "192.0.2.9:7100", folder)
    assert (folder / "a.key").read_bytes() == before


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_the_fingerprint_is_openssls(members):
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"],
        input=members[0].certificate, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.strip().partition("=")[2].replace(":", "").lower() == members[0].fingerprint


def test_a_roster_is_read_as_it_was_written(tmp_path, members):
    roster = Roster.of(members)
    roster.write(tmp_path / "roster.json")
    assert Roster.read(tmp_path / "roster.json") == roster
    assert roster.names == ("server", "a", "b")
    assert (roster["a"].host, roster["a"].port) == ("2001:db8::5", 7100)
    with pytest.raises(ValueError, match="there is no 'c' in the roster: it has server, a, b"):
        roster["c"]


def test_the_digest_depends_on_everything(members):
    digests = {
        Roster.of(one).digest
        for one in (
            members,
            members[:2],
            members[::-1],
            [Member("x", members[0].address, members[0].certificate), *members[1:]],
            [Member("server", "192.0.2.2:7100", members[0].certificate), *members[1:]],
        )
    }
    assert len(digests) == 5


@pytest.mark.parametrize("what", ["name", "address", "fingerprint"])
def test_nobody_is_there_twice(members, what):
    first, second = members[0].as_dict(), members[1].as_dict()
    key = "certificate" if what == "fingerprint" else what
    twice = [Member.from_dict(first), Member.from_dict({**second, key: first[key]})]
    with pytest.raises(ValueError, match=f"two parties of the roster have the {what} "):
        Roster.of(twice)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not a roster"),
        ("[]", "is not a roster"),
        ('{"format": "fl_krum roster 2", "members": []}', "does not begin with the format"),
        ('{"format": "fl_krum roster 1", "members": [{"name": "a"}]}', "a name, an address and"),
        ("{" * 100_000, "is not a roster"),
        (" " * (1 << 20) + "{}", "longer than"),
    ],
)
def test_what_is_no_roster(tmp_path, content, message):
    path = tmp_path / "roster.json"
    path.write_text(content)
    with pytest.raises((ValueError, RecursionError), match=message):
        Roster.read(path)


def test_a_certificate_that_is_none(members):
    content = {**members[0].as_dict(), "certificate": "none"}
    with pytest.raises(ValueError, match="the certificate of server cannot be read"):
        Member.from_dict(json.loads(json.dumps(content)))


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("host:1", ("host", 1)),
        ("192.0.2.1:65535", ("192.0.2.1", 65535)),
        ("[::1]:7100", ("::1", 7100)),
        ("[fe80::1%eth0]:7100", ("fe80::1%eth0", 7100)),
    ],
)
def test_addresses(address, place):
    assert split_address(address) == place


@pytest.mark.parametrize(
    "address",
    ["", "host", "host:", "host:0", "host:65536", ":7100", "::1:7100", "[]:1", "a b:1", "host:१"],
)
def test_what_is_no_address(address):
    with pytest.raises(ValueError, match="HOST:PORT|IPv6 in brackets"):
        split_address(address)


@pytest.mark.parametrize("days", [-3, 0, 3651, 10**9])
def test_how_long_a_key_may_be_good(tmp_path, days):
    with pytest.raises(ValueError, match="days must be 1 to 3650; got days = "):
        make_key("a", "host:7100", tmp_path, days)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "-a", "a/b", "..", "a" * 65, "ä"])
def test_what_is_no_name(tmp_path, name):
    with pytest.raises(ValueError, match="the name"):
        make_key(name, "host:7100", tmp_path)
    assert os.listdir(tmp_path) == []


def test_hosts_for_another_engine(members):
    roster = Roster.of(members)
    assert roster.hosts(["b", "server"]) == ["192.0.2.1", "host.example"]
    with pytest.raises(ValueError, match="a has the IPv6 address 2001:db8::5"):
        roster.hosts()
