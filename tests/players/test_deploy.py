"""One folder a host: what is in it, and that its commands work, with stand-in installations."""

import os
import re
import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest
from cryptography import x509

from fl_krum.cli import main
from fl_krum.cli.check import INSTALLED
from fl_krum.players import host_guard
from fl_krum.players.deploy import deploy, find_hosts, read_hosts
from fl_krum.players.mp_spdz import engine as mp_spdz_engine
from fl_krum.players.mp_spdz.installation import MP_SPDZ_HOME
from fl_krum.players.scale_mamba import engine as scale_mamba_engine
from fl_krum.players.scale_mamba.installation import SCALE_MAMBA_HOME
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram

pytestmark = pytest.mark.skipif(os.name != "posix", reason="they run on POSIX systems only")

HOSTS = ["server.example.org", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]
FILES = {
    "scale-mamba": """\
Cert-Store/Player{i}.crt Cert-Store/Player{i}.key Cert-Store/RootCA.crt
Data/ConversionCircuit-LSSS_to_GC.txt Data/MKey-{i}.key Data/NetworkData.txt Data/SharingData.txt
Programs/krum/krum-0.bc Programs/krum/krum.mpc Programs/krum/krum.sch README.txt guard.py run.sh""",
    "mp-spdz": """\
Player-Data/P{i}.pem Player-Data/P{i}.key Player-Data/0eeb4864.0 hosts.txt
Programs/Bytecode/krum-0.bc Programs/Bytecode/krum-LTZ(21)_63-3.bc Programs/Schedules/krum.sch
Programs/Source/krum.mpc krum.mpc README.txt guard.py run.sh""",
}
OF_A_CLIENT = """\
mamba/client.py mamba/field.py mamba/input_proof.py mamba/input_words.py mamba/program_error.py
words.py"""
SOURCE = {"scale-mamba": "Programs/krum/krum.mpc", "mp-spdz": "Programs/Source/krum.mpc"}


@pytest.fixture(autouse=True)
def python_of_the_hosts(monkeypatch):
    """One that has NumPy."""
    monkeypatch.setenv("PYTHON", sys.executable)


@pytest.fixture
def hosts(tmp_path):
    file = tmp_path / "hosts.txt"
    file.write_text("# the server first\n" + "\n\n".join(HOSTS) + "  # the last one\n")
    return file


@pytest.fixture(params=FILES)
def engine(request):
    """Both kinds of folder, with a stand-in installation of the kind."""
    request.getfixturevalue({"scale-mamba": "home", "mp-spdz": "mp_spdz_home"}[request.param])
    return request.param


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
def folders(engine, tmp_path):
    return deploy(program(), HOSTS, tmp_path / "players", engine=engine)


def test_a_folder_for_every_player(folders, tmp_path):
    names = [f"player{i}-{host}" for i, host in enumerate(HOSTS)]
    assert [folder.name for folder in folders] == names
    assert sorted(p.name for p in (tmp_path / "players").iterdir()) == ["README.txt", *names]


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_exactly_the_files_that_a_player_needs(folders, engine):
    for i, folder in enumerate(folders):
        own = OF_A_CLIENT if i else "numbers.awk"
        assert files_of(folder) == {*FILES[engine].format(i=i).split(), *own.split()}


def test_clients_that_are_believed_have_no_companion(engine, tmp_path):
    folder = deploy(program(check=False), HOSTS, tmp_path / "players", engine=engine)[2]
    assert files_of(folder) == {*FILES[engine].format(i=2).split(), "words.py"}
    assert "mamba.client" not in (folder / "run.sh").read_text()
    assert "NumPy" not in (folder / "README.txt").read_text()


def test_no_key_is_in_two_folders_and_none_is_readable_by_others(folders, tmp_path):
    keys = [path for path in (tmp_path / "players").rglob("*.key") if path.stat().st_size > 1]
    assert len(keys) == 6 == len({path.read_bytes() for path in keys})
    for path in [tmp_path / "players", *(tmp_path / "players").rglob("*")]:
        private = 0o700 if path.is_dir() or path.name == "run.sh" else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == private, path


def test_what_all_players_have_in_common(folders, engine):
    mine = {i: files_of(folder) for i, folder in enumerate(folders)}
    for name in mine[1] & mine[2] - {"README.txt", "run.sh"}:
        assert (
            len({(folder / name).read_bytes() for folder in folders if (folder / name).exists()})
            == 1
        )
    assert (folders[0] / SOURCE[engine]).read_text().endswith(program().source())


def test_where_players_find_each_other(home, mp_spdz_home, tmp_path):
    folder = deploy(program(), HOSTS, tmp_path / "a", engine="scale-mamba")[3]
    assert (folder / "Data" / "NetworkData.txt").read_text().split("\n")[:3] == [
        "RootCA.crt",
        "6",
        "0 server.example.org Player0.crt Player0",
    ]
    folder = deploy(program(), HOSTS, tmp_path / "b", 9000, engine="mp-spdz")[3]
    assert (folder / "hosts.txt").read_text().split("\n")[:2] == [
        "server.example.org:9000",
        "10.0.0.1:9001",
    ]


COMMANDS = {
    "scale-mamba": '"${PYTHON:-python3}" guard.py "${DEADLINE:-3600}" "player 2" '
    '"${PYTHON:-python3}" -m mamba.client Programs/krum/krum.mpc '
    '"$SCALE_MAMBA_HOME/PlayerBinary.x" '
    "-dOT -f 1 -min 700,15,600 -max 1400,30,1200 -maxI 876 -pnb 14000 2 Programs/krum",
    "mp-spdz": '"${PYTHON:-python3}" guard.py "${DEADLINE:-3600}" "player 2" '
    '"${PYTHON:-python3}" -m mamba.client krum.mpc "$MP_SPDZ_HOME/shamir-party.x" '
    f"-N 6 -T 2 -P {2**127 - 1} -I -ip hosts.txt -o no_memory_output -p 2 krum",
}


def test_the_command_of_a_host(folders, engine):
    command = (folders[2] / "run.sh").read_text()
    assert os.environ[INSTALLED[engine]] not in command  # another host has its own
    assert " ".join(command.replace("\\\n", "").split()).endswith(f"exec {COMMANDS[engine]}")
    assert engine == "mp-spdz" or "ln -sf /dev/null Data/Memory-P2" in command


def test_instructions_name_host_port_and_role(folders):
    text = (folders[2] / "README.txt").read_text()
    assert "Player 2 of the 6 players 0 to 5: client 2 of 5, on 10.0.0.2." in text
    assert "TCP port 14002" in text
    overview = (folders[0].parent / "README.txt").read_text()
    assert "scp -pr player2-10.0.0.2 10.0.0.2:\n" in overview


def test_a_host_without_an_installation_says_so(folders, engine):
    variable = INSTALLED[engine]
    environment = {key: value for key, value in os.environ.items() if key != variable}
    run = subprocess.run(
        [folders[1] / "run.sh"], env=environment, capture_output=True, text=True, timeout=20
    )
    assert run.returncode != 0
    assert re.search(
        f"{variable}: has to name the folder of (SCALE-MAMBA 1.14|MP-SPDZ 0.4.2)", run.stderr
    )


def test_the_servers_words_are_decoded(folders, tmp_path, engine):
    """Sums of several clients' words for Multi-Krum; one a line, or a vector of them."""
    for average, words in [(1, [2**27 + 2**16, 2**27 - 2**15]), (3, [3 * 2**27 + 2**17, 0])]:
        output = tmp_path / f"average{average}"
        folder = deploy(program(average=average), HOSTS, output, engine=engine)[0]
        lines = [f"Output channel 0 : {word}\n" for word in [average, *words]]
        vector = f"Player ready\n{lines[0]}Output channel 0 : [{', '.join(map(str, words))}]\n"
        for text in ("".join(lines), vector):
            said = subprocess.run(
                ["awk", "-f", folder / "numbers.awk"], input=text, capture_output=True, text=True
            )
            expected = FixedPoint().decode(np.array(words), average)
            assert np.allclose(list(map(float, said.stdout.split())), expected, rtol=1e-8)


SAID = """\
\x1b[0mClient 1 passed : 1
Client 2 passed : 0
Client 4 passed : {}
Output channel 0 : 1
Output channel 0 : [134217728, 134217728]
Client 1 passed : 1
Output channel 0 : 1
Output channel 0 : [134217728, 134217728]
"""


@pytest.mark.parametrize(
    ("fourth", "status", "told", "numbers"),
    [
        (1, 0, "round 1: shared more than agreed, and left out: client 2\n", 4),
        (
            0,
            1,
            "round 1: shared more than agreed, and left out: client 2 4\n"
            "these are more than f = 1, so no result can be trusted\n",
            0,
        ),
    ],
)
def test_the_server_is_told_who_was_left_out(folders, fourth, status, told, numbers):
    command = ["awk", "-f", folders[0] / "numbers.awk"]
    said = subprocess.run(command, input=SAID.format(fourth), capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (status, told)
    assert said.stdout == "0\n" * numbers


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


def named(name):
    there = bool(os.environ.get(INSTALLED[name]))
    reason = f"{INSTALLED[name]} names no installation"
    return pytest.param(name, marks=pytest.mark.skipif(not there, reason=reason))


@pytest.mark.parametrize("real", [named("scale-mamba"), named("mp-spdz")])
@pytest.mark.parametrize("own_keys", [False, True])
@pytest.mark.timeout(900)
def test_the_hosts_commands_on_a_real_installation(tmp_path, real, own_keys):
    """Every player in a folder of its own, on this machine."""
    hosts, output = ["127.0.0.1"] * 6, tmp_path / "players"
    folders = deploy(program(), hosts, output, 15200, engine=real, own_keys=own_keys)
    if own_keys:
        exchange_certificates(folders)
    assert run_hosts(folders) == [*(1, 2), *(1.5, 2.5)]
    assert not [path for path in output.rglob("*Memory*") if not path.is_symlink()]


def test_a_client_that_lies_is_left_out(folders, tmp_path, monkeypatch):
    """Without client 2, Krum chooses row 1 in the first round."""
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    encode = "python3 words.py < numbers.txt > words.txt"
    lie = "printf '134217728 4294967296\n134217728 134217728\n' > words.txt"
    said = []
    assert run_hosts(folders, {2: (encode, lie)}, said) == [4, 1, 1.5, 2.5]
    assert said == ["round 1: shared more than agreed, and left out: client 2"]


# --- Keys that hosts make themselves --------------------------------------------------------------

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl")


def exchange_certificates(folders):
    """As the hosts do, by whatever way."""
    for folder in folders:
        subprocess.run([folder / "make_key.sh"], check=True, capture_output=True)
    for folder in folders:
        for other in set(folders) - {folder}:
            shutil.copytree(other / "certificates", folder / "certificates", dirs_exist_ok=True)


@needs_openssl
def test_each_host_makes_its_own_key(engine, tmp_path, monkeypatch):
    output = tmp_path / "players"
    folders = deploy(program(), HOSTS, output, engine=engine, own_keys=True)
    kinds = ("*.pem", "*.crt", "P*.key", "*.0")
    assert not [path for kind in kinds for path in output.rglob(kind)]
    assert "There is no key in them" in (output / "README.txt").read_text()
    exchange_certificates(folders)
    keys = [path for kind in ("P?.key", "Player?.key") for path in output.rglob(kind)]
    assert len(keys) == 6 == len({path.read_bytes() for path in keys})
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)
    again = subprocess.run([folders[1] / "make_key.sh"], capture_output=True, text=True)
    assert again.returncode == 1 and "is there already" in again.stderr
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    assert run_hosts(folders) == [1, 2, 1.5, 2.5]


@needs_openssl
def test_a_certificate_that_is_missing_is_named(engine, tmp_path):
    folders = deploy(program(), HOSTS, tmp_path / "players", engine=engine, own_keys=True)
    exchange_certificates(folders)
    (missing,) = (folders[1] / "certificates").glob("P*3.*")
    missing.unlink()
    run = subprocess.run([folders[1] / "run.sh"], capture_output=True, text=True, timeout=20)
    assert run.returncode == 1
    assert run.stderr == f"certificates/{missing.name} is missing: player 3 on 10.0.0.3 makes it\n"


@needs_openssl
def test_no_player_can_vouch_for_another(engine, tmp_path):
    folders = deploy(program(), HOSTS, tmp_path / "players", engine=engine, own_keys=True)
    exchange_certificates(folders)
    (mine,) = (folders[0] / "certificates").glob("P*2.*")
    certificate = x509.load_pem_x509_certificate(mine.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical and not constraints.value.ca
    name = {"scale-mamba": "Player2", "mp-spdz": "P2"}[engine]
    assert certificate.subject.rfc4514_string() == f"CN={name}"


# --- When it goes wrong ---------------------------------------------------------------------------


def test_the_guard_knows_what_the_engines_know():
    """It stands alone on the hosts, so it cannot ask them."""
    for engine in (scale_mamba_engine, mp_spdz_engine):
        for name in ("LOST", "CAUGHT"):
            known = getattr(host_guard, name).pattern.split("|")
            assert set(getattr(engine, name).pattern.split("|")) <= set(known)


def test_a_host_is_told_that_another_one_has_gone(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    monkeypatch.setenv("FAKE_FAULT", "die 3 2")
    ended = end_of_hosts(folders)
    assert ended[3] == "player 3: error: it was killed by SIGKILL"
    lost = "error: it has lost another player, or never reached it: see what the other hosts say"
    assert ended[0] == f"player 0: {lost}"


def test_a_host_is_told_that_nothing_happens(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    monkeypatch.setenv("FAKE_FAULT", "missing 3")
    monkeypatch.setenv("DEADLINE", "2")
    for i, last in enumerate(end_of_hosts(folders)):
        assert last.startswith(f"player {i}: error: nothing happened for 2 s: another host is late")


def test_a_host_is_told_of_a_cheater(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    monkeypatch.setenv("FAKE_FAULT", "caught 4 1")
    monkeypatch.setenv("DEADLINE", "5")
    assert "No result of this run can be trusted" in end_of_hosts(folders)[4]


def test_a_player_whose_output_nobody_reads_is_ended():
    player = subprocess.Popen(
        [sys.executable, host_guard.__file__, "60", "player 0", "sh", "-c", "echo; exec sleep 60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    player.stdout.close()
    assert player.stderr.read() == "player 0: error: nobody reads any more what it prints\n"
    player.stderr.close()
    assert player.wait(timeout=20) == 1


def end_of_hosts(folders):
    """The last line on standard error of each."""
    words = "\n".join(["134217728"] * 4).encode()
    players = [
        subprocess.Popen(
            [folder / "run.sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for folder in folders
    ]
    for player in players:
        player.stdin.write(words + b"\n")
        player.stdin.flush()
    ended = [player.stderr.read() for player in players]
    for player in players:
        player.stdin.close()
        player.stdout.close()
        player.stderr.close()
        assert player.wait(timeout=20)
    return [said.decode().strip().split("\n")[-1] for said in ended]


# --- Running --------------------------------------------------------------------------------------


def run_hosts(folders, edits=None, told=None):
    """Run the commands that the READMEs give, and return the numbers that the server prints.

    ``edits`` gives a player another command: what in it is replaced, and by what; ``told`` is given
    the lines about who was left out.
    """
    vectors = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # Krum chooses row 2
    commands = []
    for i, (folder, vector) in enumerate(zip(folders, [None, *vectors], strict=True)):
        if vector:
            later = [number + 0.5 for number in vector]
            numbers = "\n".join(map(str, [*vector, *later]))
            (folder / "numbers.txt").write_text(numbers)
        lines = (folder / "README.txt").read_text().split("\n")
        command = next(line for line in lines if line.startswith("    ") and "./run.sh" in line)
        commands.append(command.replace(*(edits or {}).get(i, ("", ""))))
    players = [
        subprocess.Popen(
            command, shell=True, cwd=folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if i else subprocess.PIPE,
        )
        for i, (command, folder) in enumerate(zip(commands, folders, strict=True))
    ]  # fmt: skip
    printed = [player.communicate(timeout=600) for player in players]
    if told is not None:
        told += [line for line in printed[0][1].split("\n") if "left out" in line]
    return [float(number) for number in printed[0][0].split()]


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


def test_engines_that_run_on_one_machine_only():
    with pytest.raises(ValueError, match="embedded players do not run on several machines: scale-"):
        find_hosts("embedded")


def test_no_installation_here(hosts, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    monkeypatch.delenv(MP_SPDZ_HOME, raising=False)
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
