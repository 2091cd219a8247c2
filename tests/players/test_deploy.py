"""One folder a host: what is in it, with stand-in installations."""

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from deployed import HOSTS, program
from repository import ROOT

from fl_krum.players.deploy import deploy, find_hosts
from fl_krum.players.installed import INSTALLED
from fl_krum.players.roster import Roster, read_key
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="they run on POSIX systems only"),
    pytest.mark.usefixtures("python_of_the_hosts"),
]

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
mamba/client.py mamba/field.py mamba/input_proof.py mamba/input_words.py mamba/run_error.py
words.py"""
SOURCE = {"scale-mamba": "Programs/krum/krum.mpc", "mp-spdz": "Programs/Source/krum.mpc"}


# --- The folders ----------------------------------------------------------------------------------


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
    portable = replace(program(), portable=True)
    assert (folders[0] / SOURCE[engine]).read_text().endswith(portable.source())


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
        [folders[1] / "run.sh"], env=environment, capture_output=True, text=True, timeout=120
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


def test_the_server_divides_by_the_weights_of_those_who_passed(tmp_path, engine):
    """With clipping by 16 m for each client that passed; with mixing by m (n - f), whoever did."""
    for rule, total in (("mixed-krum", 2 * 4), ("clipped-krum", 16 * 2 * 4)):
        made = program(average=2, rule=rule)
        folder = deploy(made, HOSTS, tmp_path / rule, engine=engine)[0]
        assert (made.n, made.f, made.total(1)) == (5, 1, total)
        words = [total * 2**27 + 2**17, total * 2**27]
        said = ["Client 2 passed : 0", *(f"Output channel 0 : {n}" for n in [total, *words])]
        for count, status in ((total, 0), (total + 1, 1)):
            said[1] = f"Output channel 0 : {count}"
            ended = subprocess.run(
                ["awk", "-f", folder / "numbers.awk"],
                input="\n".join(said) + "\n", capture_output=True, text=True,
            )  # fmt: skip
            assert ended.returncode == status, ended.stderr
            if status == 0:
                assert list(map(float, ended.stdout.split())) == [2 / total, 0.0]
            else:
                assert f"not {total} vectors were added up" in ended.stderr


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


def test_a_list_of_hosts_that_is_too_short(home, tmp_path):
    with pytest.raises(ValueError, match="6 players cannot run on a list of 5 hosts"):
        deploy(program(), HOSTS[:5], tmp_path / "players")


def test_engines_that_run_on_one_machine_only():
    with pytest.raises(ValueError, match="unheard players do not run on several machines: embedd"):
        find_hosts("unheard")


# --- Embedded players -----------------------------------------------------------------------------


@pytest.mark.parametrize("own_keys", [False, True])
def test_folders_of_embedded_players_need_nothing_else(tmp_path, own_keys):
    """Started as their README.txt tells."""
    krum = KrumProgram(n=3, f=0, d=2)
    port = 15000 + os.getpid() % 15000  # below those that systems give out
    folders = deploy(krum, ["127.0.0.1"] * 4, tmp_path / "p", port, "embedded", own_keys)
    env = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == 0o700
    if own_keys:
        assert not list(tmp_path.glob("p/*/*.key"))
        for folder in folders:
            subprocess.run([folder / "make_key.sh"], env=env, check=True, capture_output=True)
        for made, folder in permutations(folders, 2):
            for file in (made / "certificates").iterdir():
                shutil.copy(file, folder / "certificates")
        for folder in folders:
            subprocess.run([folder / "make_roster.sh"], env=env, check=True, capture_output=True)
    keys = [sorted(path.name for path in folder.glob("*.key")) for folder in folders]
    assert keys == [["server.key"], ["client1.key"], ["client2.key"], ["client3.key"]]
    assert len({(folder / "roster.json").read_bytes() for folder in folders}) == 1
    roster = Roster.read(folders[0] / "roster.json")
    for name, folder in zip(roster.names, folders, strict=True):
        read_key(folder / f"{name}.key", roster, name)
    if own_keys:  # the rest is as without
        return
    started = []
    for folder, vector in zip(folders, ["", "1 2", "1.5,2.5", "9 9"], strict=True):
        (folder / "numbers.txt").write_text(vector)
        argv = [folder / "run.sh", "--deadline", "100", "--input", "numbers.txt"]
        out = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(argv, env=env, text=True, **out))
    said = [one.communicate(timeout=120) for one in started]
    assert [one.returncode for one in started] == [0] * 4, said
    assert said[0][0] in ("1.0,2.0\n", "1.5,2.5\n")
    assert [out for out, _ in said[1:]] == [""] * 3


# --- Words ----------------------------------------------------------------------------------------


def encode(folder, numbers):
    return subprocess.run(
        [sys.executable, "words.py"], cwd=folder, input=numbers,
        capture_output=True, text=True, timeout=120,
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
