"""One folder a host: what is in it, and that its commands work, with a stand-in installation."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fl_krum.cli import main
from fl_krum.players.scale_mamba import installation
from fl_krum.players.scale_mamba.deploy import deploy, read_hosts
from fl_krum.players.scale_mamba.installation import SCALE_MAMBA_HOME
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SCALE-MAMBA runs on POSIX systems only")

HOSTS = ["server.example.org", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]
FILES = """\
Cert-Store/Player{i}.crt Cert-Store/Player{i}.key Cert-Store/RootCA.crt
Data/ConversionCircuit-LSSS_to_GC.txt Data/MKey-{i}.key Data/NetworkData.txt Data/SharingData.txt
Programs/krum/krum-0.bc Programs/krum/krum.mpc Programs/krum/krum.sch README.txt run.sh"""


@pytest.fixture
def hosts(tmp_path):
    file = tmp_path / "hosts.txt"
    file.write_text("# the server first\n" + "\n\n".join(HOSTS) + "  # the last one\n")
    return file


def program(**others):
    return KrumProgram(**{"n": 5, "f": 1, "d": 2, "rounds": 2, **others})


# --- hosts.txt ------------------------------------------------------------------------------------


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


# --- The folders ----------------------------------------------------------------------------------


@pytest.fixture
def folders(home, tmp_path):
    return deploy(program(), HOSTS, tmp_path / "players")


def test_a_folder_for_every_player(folders, tmp_path):
    names = [f"player{i}-{host}" for i, host in enumerate(HOSTS)]
    assert [folder.name for folder in folders] == names
    assert sorted(p.name for p in (tmp_path / "players").iterdir()) == ["README.txt", *names]


def test_exactly_the_files_that_a_player_needs(folders):
    for i, folder in enumerate(folders):
        files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert files == {*FILES.format(i=i).split(), *(["words.py"] if i else [])}


def test_no_key_is_in_two_folders_and_none_is_readable_by_others(folders, tmp_path):
    keys = [path for path in (tmp_path / "players").rglob("*.key") if path.stat().st_size > 1]
    assert len(keys) == 6 == len({path.read_bytes() for path in keys})
    for path in [tmp_path / "players", *(tmp_path / "players").rglob("*")]:
        private = 0o700 if path.is_dir() or path.name == "run.sh" else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == private, path


def test_what_all_players_have_in_common(folders):
    network = folders[3] / "Data" / "NetworkData.txt"
    assert network.read_text().split("\n")[:3] == [
        "RootCA.crt",
        "6",
        "0 server.example.org Player0.crt Player0",
    ]
    for name in ("Data/NetworkData.txt", "Data/SharingData.txt", "Cert-Store/RootCA.crt"):
        assert len({(folder / name).read_bytes() for folder in folders}) == 1
    assert (folders[0] / "Programs/krum/krum.mpc").read_text() == program().source()


def test_the_command_of_a_host(folders, home):
    command = (folders[2] / "run.sh").read_text()
    assert str(home) not in command  # another host has its own
    options = "-dOT -f 1 -min 700,15,600 -max 1400,30,1200 -maxI 24 -pnb 14000"
    player = '"$SCALE_MAMBA_HOME/PlayerBinary.x"'
    assert " ".join(command.replace("\\\n", "").split()).endswith(
        f"exec {player} {options} 2 Programs/krum"
    )
    assert "ln -sf /dev/null Data/Memory-P2" in command


def test_instructions_name_host_port_and_role(folders):
    text = (folders[2] / "README.txt").read_text()
    assert "Player 2 of the 6 players 0 to 5: client 2 of 5, on 10.0.0.2." in text
    assert "TCP port 14002" in text
    overview = (folders[0].parent / "README.txt").read_text()
    assert "scp -pr player2-10.0.0.2 10.0.0.2:\n" in overview


def test_a_host_without_an_installation_says_so(folders):
    environment = {key: value for key, value in os.environ.items() if key != SCALE_MAMBA_HOME}
    run = subprocess.run(
        [folders[1] / "run.sh"], env=environment, capture_output=True, text=True, timeout=20
    )
    assert run.returncode != 0
    assert f"{SCALE_MAMBA_HOME}: has to name the folder of SCALE-MAMBA" in run.stderr


# --- Words ----------------------------------------------------------------------------------------


def encode(folder, numbers):
    return subprocess.run(
        [sys.executable, "words.py"], cwd=folder, input=numbers,
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip


def test_words_are_those_that_fl_krum_sends(folders):
    rng = np.random.default_rng(0)
    numbers = [-2048.0, 2047.99998, *rng.normal(scale=100, size=8), 0.5**17, 3 * 0.5**17]
    run = encode(folders[1], "\n".join(map(str, numbers)))
    expected = FixedPoint().encode(np.reshape(numbers, (1, -1)))[0]
    assert list(map(int, run.stdout.split())) == expected.tolist()


@pytest.mark.parametrize("wrong", ["2048 0", "0 -2048.1", "nan 0", "inf 0", "1 2 3", "", "abc 1"])
def test_wrong_numbers_give_no_words_at_all(folders, wrong):
    run = encode(folders[1], f"1 2\n{wrong}" if wrong else "")
    assert run.returncode != 0 and run.stdout == "" and run.stderr


# --- All together ---------------------------------------------------------------------------------


def test_the_hosts_commands_give_the_chosen_vectors(folders, tmp_path, monkeypatch):
    """As each README.txt tells; the second round's numbers stand in the same files."""
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    assert run_hosts(folders) == [1, 2, 1.5, 2.5]
    assert not [path for path in folders[0].parent.rglob("Memory-P*") if not path.is_symlink()]


@pytest.mark.skipif(
    not os.environ.get(SCALE_MAMBA_HOME),
    reason=f"{SCALE_MAMBA_HOME} names no installation of SCALE-MAMBA",
)
@pytest.mark.timeout(900)
def test_the_hosts_commands_on_a_real_installation(tmp_path):
    """Every player in a folder of its own, on this machine."""
    installation.find()
    assert run_hosts(deploy(program(), ["127.0.0.1"] * 6, tmp_path / "players", 15200)) == [
        *(1, 2),
        *(1.5, 2.5),
    ]


def run_hosts(folders):
    """Run the commands that the READMEs give, and return the numbers that the server prints."""
    vectors = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # Krum chooses row 2
    commands = []
    for folder, vector in zip(folders, [None, *vectors], strict=True):
        if vector:
            later = [number + 0.5 for number in vector]
            numbers = "\n".join(map(str, [*vector, *later]))
            (folder / "numbers.txt").write_text(numbers)
        lines = (folder / "README.txt").read_text().split("\n")
        commands.append(next(line for line in lines if "./run.sh" in line))
    players = [
        subprocess.Popen(command, shell=True, cwd=folder, stdout=subprocess.PIPE, text=True)
        for command, folder in zip(commands, folders, strict=True)
    ]
    printed = [player.communicate(timeout=600)[0] for player in players]
    return [float(number) for number in printed[0].split()]


# --- The command ----------------------------------------------------------------------------------


def test_the_command_line(home, hosts, tmp_path, capsys):
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


def test_no_installation_here(hosts, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    output = tmp_path / "players"
    assert main(["deploy", "--hosts", str(hosts), "--output", str(output)]) == 2
    assert f"{SCALE_MAMBA_HOME} does not name an installation" in capsys.readouterr().err
    assert not output.exists()


def test_a_tool_that_fails_writes_nothing(home, hosts, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "compiler")
    output = tmp_path / "players"
    assert main(["deploy", "--hosts", str(hosts), "--output", str(output)]) == 2
    assert "compiler failed" in capsys.readouterr().err
    assert not output.exists()


def test_folders_that_are_there_are_kept(folders, hosts, capsys):
    output = folders[0].parent
    before = sorted(output.rglob("*"))
    assert main(["deploy", "--hosts", str(hosts), "--output", str(output)]) == 2
    assert "give the name of a new folder" in capsys.readouterr().err
    assert sorted(output.rglob("*")) == before


def test_a_list_of_hosts_that_is_too_short(home, tmp_path):
    with pytest.raises(ValueError, match="6 players cannot run on a list of 5 hosts"):
        deploy(program(), HOSTS[:5], tmp_path / "players")


def test_keys_are_written_where_they_belong_and_nowhere_else(home, tmp_path, monkeypatch):
    """Not to the temporary folder, which a killed process would leave behind for a year."""
    written, write = [], os.open
    monkeypatch.setattr(
        os, "open", lambda path, *a, **o: written.append(path) or write(path, *a, **o)
    )
    deploy(program(), HOSTS, tmp_path / "players")
    keys = [Path(path) for path in written if str(path).endswith(".key") and "Player" in str(path)]
    assert len(keys) == 6
    assert all(path.is_relative_to(tmp_path / "players") for path in keys)
