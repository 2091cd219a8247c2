"""The commands in the folders of several hosts, run together on this machine."""

import os
import stat
import subprocess
import sys

import pytest
from cryptography import x509
from deployed import HOSTS, end_of_hosts, exchange_certificates, program, run_hosts

from fl_krum.players import host_guard
from fl_krum.players.deploy import deploy
from fl_krum.players.installed import INSTALLED
from fl_krum.players.mp_spdz import engine as mp_spdz_engine
from fl_krum.players.scale_mamba import engine as scale_mamba_engine

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="they run on POSIX systems only"),
    pytest.mark.usefixtures("python_of_the_hosts"),
]


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
    """By the commands that README.txt gives. Without client 2, Krum chooses row 1 at first."""
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    encode = "python3 words.py < numbers.txt > words.txt"
    lie = "printf '134217728 4294967296\n134217728 134217728\n' > words.txt"
    said = []
    assert run_hosts(folders, {2: (encode, lie)}, said) == [4, 1, 1.5, 2.5]
    assert said == ["round 1: shared more than agreed, and left out: client 2"]


# --- Keys that hosts make themselves --------------------------------------------------------------


def test_each_host_makes_its_own_key(folders_of_own_keys, engine, tmp_path, monkeypatch):
    folders = folders_of_own_keys
    keys = [path for kind in ("P?.key", "Player?.key") for path in tmp_path.rglob(kind)]
    assert len(keys) == 6 == len({path.read_bytes() for path in keys})
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)
    again = subprocess.run([folders[1] / "make_key.sh"], capture_output=True, text=True)
    assert again.returncode == 1 and "is there already" in again.stderr
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    assert run_hosts(folders) == [1, 2, 1.5, 2.5]  # of the second round in the same files
    assert not [path for path in tmp_path.rglob("Memory-P*") if not path.is_symlink()]


def test_no_key_is_in_the_folders_of_hosts_that_make_their_own(engine, tmp_path):
    output = tmp_path / "players"
    deploy(program(), HOSTS, output, engine=engine, own_keys=True)
    kinds = ("*.pem", "*.crt", "P*.key", "*.0")
    assert not [path for kind in kinds for path in output.rglob(kind)]
    assert "There is no key in them" in (output / "README.txt").read_text()


def test_a_certificate_that_is_missing_is_named(folders_of_own_keys):
    (missing,) = (folders_of_own_keys[1] / "certificates").glob("P*3.*")
    missing.unlink()
    command = [folders_of_own_keys[1] / "run.sh"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 1
    assert run.stderr == f"certificates/{missing.name} is missing: player 3 on 10.0.0.3 makes it\n"


def test_no_player_can_vouch_for_another(folders_of_own_keys, engine):
    (mine,) = (folders_of_own_keys[0] / "certificates").glob("P*2.*")
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


def test_a_host_is_told_that_another_one_has_gone(believing_folders, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    monkeypatch.setenv("FAKE_FAULT", "die 3 2")
    ended = end_of_hosts(believing_folders)
    assert ended[3] == "player 3: error: it was killed by SIGKILL"
    lost = "error: it has lost another player, or never reached it: see what the other hosts say"
    assert ended[0] == f"player 0: {lost}"


def test_a_host_is_told_that_nothing_happens(believing_folders, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    monkeypatch.setenv("FAKE_FAULT", "missing 3")
    monkeypatch.setenv("DEADLINE", "2")
    for i, last in enumerate(end_of_hosts(believing_folders)):
        assert last.startswith(f"player {i}: error: nothing happened for 2 s: another host is late")


def test_a_host_is_told_of_a_cheater(believing_folders, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    monkeypatch.setenv("FAKE_FAULT", "caught 4 1")
    assert "No result of this run can be trusted" in end_of_hosts(believing_folders, first=4)[4]


def test_a_player_whose_output_nobody_reads_is_ended():
    player = subprocess.Popen(
        [sys.executable, host_guard.__file__, "60", "player 0", "sh", "-c", "echo; exec sleep 60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    player.stdout.close()
    assert player.stderr.read() == "player 0: error: nobody reads any more what it prints\n"
    player.stderr.close()
    assert player.wait(timeout=120) == 1
