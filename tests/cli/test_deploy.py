"""`deploy` on the command line, and the list of hosts that it reads."""

import os
import re

import pytest
from deployed import HOSTS

from fl_krum.cli import main
from fl_krum.players.deploy import read_hosts
from fl_krum.players.mp_spdz.installation import MP_SPDZ_HOME
from fl_krum.players.roster import Roster, make_key
from fl_krum.players.scale_mamba import SCALE_MAMBA_HOME

pytestmark = pytest.mark.skipif(os.name != "posix", reason="they run on POSIX systems only")


@pytest.fixture
def hosts(tmp_path):
    file = tmp_path / "hosts.txt"
    file.write_text("# the server first\n" + "\n\n".join(HOSTS) + "  # the last one\n")
    return file


def test_hosts_are_read(hosts):
    assert read_hosts(hosts) == HOSTS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names 0 hosts; the server and at least three clients are needed"),
        ("a\nb\nc\n", "names 3 hosts"),
        ("a\nb\n\nc d\ne\n", "line 4: 'c d' is not the name or IPv4 address of a host"),
        ("a\nb\nfe80::1\nd\n", "line 3: 'fe80::1'"),
        ("a\nb\n../../etc\nd\n", "line 3: '../../etc'"),
        ("a\nb\nc;rm\nd\n", "line 3: 'c;rm'"),
    ],
)
def test_hosts_that_are_none(tmp_path, text, words):
    file = tmp_path / "hosts.txt"
    file.write_text(text)
    with pytest.raises(ValueError, match=re.escape(words)):
        read_hosts(file)


# --- The command ----------------------------------------------------------------------------------


def test_the_command_line(home, hosts, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(MP_SPDZ_HOME, raising=False)
    output = tmp_path / "players"
    arguments = ["--hosts", str(hosts), "--output", str(output), "--dimension", "3"]
    assert main(["deploy", *arguments, "--rounds", "4", "--port", "9000"]) == 0
    captured = capsys.readouterr()
    assert captured.out.split() == [
        str(output / f"player{i}-{host}") for i, host in enumerate(HOSTS)
    ]
    assert "n = 5, f = 1, d = 3, T = 4" in captured.err  # f is the largest that Krum allows
    assert "-pnb 9000" in (output / f"player0-{HOSTS[0]}" / "run.sh").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--byzantine 2", "2f + 2 < n"),
        ("--dimension 0", "d = 0"),
        ("--rounds 0", "rounds = 0"),
        ("--port 80", "port must lie in 1024 … 65530, not 80"),
        ("--port 65531", "port must lie in"),
    ],
)
def test_wrong_arguments_write_nothing(home, hosts, tmp_path, capsys, arguments, words):
    output = tmp_path / "players"
    where = ["--hosts", str(hosts), "--output", str(output)]
    assert main(["deploy", *where, *arguments.split()]) == 2
    assert words in capsys.readouterr().err
    assert not output.exists()


def test_the_command_line_for_mp_spdz(mp_spdz_home, hosts, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    output = tmp_path / "players"
    assert main(["deploy", "--hosts", str(hosts), "--output", str(output), "--own-keys"]) == 0
    capsys.readouterr()
    assert "shamir-party.x" in (output / f"player0-{HOSTS[0]}" / "run.sh").read_text()
    assert (output / f"player0-{HOSTS[0]}" / "make_key.sh").exists()


def make_roster(folder, addresses):
    names = ["server", *(f"client{i}" for i in range(1, len(addresses)))]
    roster = Roster.of(map(make_key, names, addresses, [folder] * len(names)))
    roster.write(folder / "roster.json")
    return folder / "roster.json"


def test_the_hosts_of_a_roster_for_another_engine(mp_spdz_home, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    roster = make_roster(tmp_path, [f"{host}:7100" for host in HOSTS])
    arguments = ["deploy", "--roster", str(roster), "--output", str(tmp_path / "players")]
    assert main([*arguments, "--engine", "mp-spdz", "--own-keys"]) == 0
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "players" / f"player{i}-{host}") for i, host in enumerate(HOSTS)
    ]


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("embedded", "python -m fl_krum player --roster"),
        ("mp-spdz", "client3 has the IPv6 address"),
    ],
)
def test_a_roster_that_cannot_serve(tmp_path, capsys, engine, words):
    roster = make_roster(tmp_path, [*(f"{host}:7100" for host in HOSTS[:3]), "[2001:db8::5]:7100"])
    output = tmp_path / "players"
    arguments = ["--roster", str(roster), "--output", str(output), "--engine", engine]
    assert main(["deploy", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not output.exists()


def test_no_installation_here(hosts, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    monkeypatch.delenv(MP_SPDZ_HOME, raising=False)
    output = tmp_path / "players"
    assert main(["deploy", "--hosts", str(hosts), "--output", str(output)]) == 2
    words = f"neither {SCALE_MAMBA_HOME} nor {MP_SPDZ_HOME} names an installation"
    error = capsys.readouterr().err
    assert words in error and "--engine embedded" in error
    assert not output.exists()


def test_a_tool_that_fails_writes_nothing(home, hosts, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "compiler")
    output = tmp_path / "players"
    assert main(["deploy", "--hosts", str(hosts), "--output", str(output)]) == 2
    assert "compiler failed" in capsys.readouterr().err
    assert not output.exists()


def test_a_folder_that_is_there_is_kept(home, hosts, tmp_path, capsys):
    output = tmp_path / "players"
    output.mkdir()
    (output / "README.txt").write_text("mine")
    assert main(["deploy", "--hosts", str(hosts), "--output", str(output)]) == 2
    assert "give the name of a new folder" in capsys.readouterr().err
    assert [file.read_text() for file in output.iterdir()] == ["mine"]
