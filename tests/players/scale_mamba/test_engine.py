"""The SCALE-MAMBA engine with a stand-in installation that fails as the real one does."""

import os
import re
import stat
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fake_engine import V1
from fake_installation import executable, python
from sessions import Sessions

from fl_krum.players.find_engine import find_engine
from fl_krum.players.local_players import LocalPlayers, PlayerError
from fl_krum.players.scale_mamba import engine as scale_mamba
from fl_krum.players.scale_mamba import installation, player_files
from fl_krum.players.scale_mamba.installation import (
    PYTHON,
    SCALE_MAMBA_HOME,
    OfflineNeeds,
    parse_needs,
)
from fl_krum.program.krum_program import KrumProgram

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SCALE-MAMBA runs on POSIX systems only")

# Said by the compiler of SCALE-MAMBA 1.14 (commit c111516) about krum.mpc, n=7, f=2, d=10000, T=5.
COMPILER_SAID = """\
Program requires 1 rounds of communication
Program requires 14 invocations
Tape requires 434175 triples in modp, 1050000 squares in modp, 70140 bits in modp
Tape requires prime bit length 114
Program requires: {('modp', 'triple'): 434175, ('modp', 'square'): 1050000, ('modp', 'bit'): 70140}
Memory size: defaultdict(<function <lambda> at 0x7f201e>, {'sr': 8192, 'c': 8192, 's': 358787})
Writing to Programs/krum/krum.sch
"""


# --- The installation -----------------------------------------------------------------------------


def reason():
    status = find_engine("scale-mamba").status()
    assert not status.usable
    return status.reason


def test_a_complete_installation(home):
    status = find_engine("auto").status()
    assert status.usable and not status.reason
    assert status.version == (
        f"SCALE-MAMBA 1.14 (commit c111516) in {home}, compiler on Python 2.7.18"
    )
    assert "active security" in status.security


@pytest.mark.parametrize("head", [None, "0123456789abcdef"])
def test_versions_that_cannot_be_told(home, head):
    (home / "Documentation" / "Changes.tex").unlink()
    git = home / ".git" / "HEAD"
    git.write_text(head) if head else git.unlink()
    commit = " (commit 0123456)" if head else ""
    version = find_engine("scale-mamba").status().version
    assert version.startswith(f"SCALE-MAMBA{commit} in ")


def test_no_installation_is_named(monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    assert reason() == f"{SCALE_MAMBA_HOME} does not name an installation of SCALE-MAMBA"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("PlayerBinary.x", "the player, PlayerBinary.x, is missing: run `make progs` there"),
        ("SetupBinary.x", "the set-up program, SetupBinary.x, is missing: run `make progs`"),
        ("compile-mamba.py", "the compiler, compile-mamba.py and Compiler/, is missing"),
        ("Compiler/__init__.py", "the compiler, compile-mamba.py and Compiler/, is missing"),
        ("Circuits/Bristol/mult64.txt", "mult64.txt missing in Circuits/Bristol"),
        ("Auto-Test-Data/1/ConversionCircuit-LSSS_to_GC.txt", "the conversion circuit, "),
        ("python2.7", "does not run; the compiler needs Python 2.7"),
    ],
)
def test_whatever_is_missing_is_named(home, missing, words):
    (home / missing).unlink()
    assert reason().startswith(f"{SCALE_MAMBA_HOME}={home}: ")
    assert words in reason()


def test_all_that_is_missing_is_told_at_once(home):
    (home / "SetupBinary.x").unlink()
    (home / "PlayerBinary.x").chmod(0o644)
    (home / "python2.7").unlink()
    assert re.search("chmod.*; .*make progs.*; .*Python 2.7", reason())


def test_a_conversion_circuit_that_somebody_made(home):
    name = "ConversionCircuit-LSSS_to_GC.txt"
    (home / "Data").mkdir()
    (home / "Auto-Test-Data" / "1" / name).rename(home / "Data" / name)
    assert installation.find().conversion_circuit == home / "Data" / name


def test_a_player_that_lacks_a_library(home, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "library")
    assert "PlayerBinary.x does not run: " in reason()
    assert "libmpir.so.23: cannot open shared object file" in reason()


def test_a_player_for_another_kind_of_machine(home):
    (home / "PlayerBinary.x").write_bytes(b"\x7fELF of something else")
    assert "PlayerBinary.x does not run: " in reason()


def test_the_interpreter_that_is_named_has_to_be_python_2(home, monkeypatch):
    monkeypatch.setenv(PYTHON, str(python(home / "python3", "3.11.7")))
    assert f"{PYTHON}={home}/python3 is Python 3.11.7; the compiler needs Python 2.7" in reason()


def test_the_interpreter_is_looked_for(home, monkeypatch, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir(), second.mkdir()
    monkeypatch.delenv(PYTHON)
    monkeypatch.setenv("PATH", f"{first}:{second}")
    assert "neither python2.7 nor python2 on PATH is one" in reason()
    executable(first / "python2.7", "exit 127")  # as pyenv's, when no version is chosen
    assert f"let {PYTHON} name its interpreter" in reason()
    python(second / "python2", "2.7.18")
    assert installation.find_python(os.environ) == (str(second / "python2"), "2.7.18")


# --- What the tools are told, and what they say ---------------------------------------------------


def test_needs_as_the_compiler_tells_them():
    assert parse_needs(COMPILER_SAID) == OfflineNeeds(434175, 1050000, 70140)


def test_needs_that_are_not_told():
    with pytest.raises(ValueError, match='did not say what "Program requires"'):
        parse_needs(COMPILER_SAID.replace("requires: {", "needs {"))


@pytest.mark.parametrize(
    ("rounds", "d", "needs", "options"),
    [
        (1, 5, (14224, 105, 12642), "-min 14224,105,12642 -max 14224,105,12642 -maxI 48"),
        (5, 5, (71120, 525, 63210), "-min 14224,105,12642 -max 71120,525,63210 -maxI 240"),
        # -min beyond the 100,000 squares that a queue holds would never be reached.
        (
            5,
            10000,
            (434175, 1050000, 70140),
            "-min 86835,100000,14028 -max 434175,1050000,70140 -maxI 400040",
        ),
        (3, 5, (10, 0, 7), "-min 4,1,3 -max 10,1,7 -maxI 144"),  # 0 would mean: no limit
    ],
)
def test_options_of_the_players(rounds, d, needs, options):
    program = KrumProgram(n=7, f=2, d=d, rounds=rounds, check=False)
    told = scale_mamba.player_options(program, OfflineNeeds(*needs))
    assert " ".join(told) == f"-dOT -f 1 {options}"


def test_what_clients_prove_takes_masks_too():
    needs = OfflineNeeds(1, 1, 1)
    believing = KrumProgram(n=7, f=2, d=5, check=False)
    options = [
        scale_mamba.player_options(p, needs) for p in (believing, KrumProgram(portable=True))
    ]
    # 14 digits of 5 words; 14 random numbers and 16 values of a quotient, in two words each.
    assert [int(told[-1]) for told in options] == [8 * 6, 8 * (6 + 5 * 14 + 2 * (14 + 16))]


def test_more_than_an_option_can_hold_is_refused():
    program = KrumProgram(n=7, f=2, d=100_000, rounds=3000)
    with pytest.raises(ValueError, match="T=3000 rounds with d=100000 are too much for one start"):
        scale_mamba.player_options(program, OfflineNeeds(1, 1, 1))


def test_network_data():
    assert player_files.network_data(["127.0.0.1", "10.0.0.7", "host.example.org"]) == (
        "RootCA.crt\n3\n0 127.0.0.1 Player0.crt Player0\n1 10.0.0.7 Player1.crt Player1\n"
        "2 host.example.org Player2.crt Player2\n0\n0\n"
    )


# --- The folder of a run --------------------------------------------------------------------------


@pytest.fixture
def prepared(home, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    program = KrumProgram(n=5, f=1, d=2, rounds=3)
    return folder, program, scale_mamba.ScaleMambaEngine().prepare(program, folder)


def test_files_of_a_run(prepared, home):
    folder, program, _ = prepared
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    players = [f"Cert-Store/Player{i}.{kind}" for i in range(6) for kind in ("crt", "key")]
    assert [name for name in files if not name.startswith("Circuits/")] == sorted([
        *players, "Cert-Store/RootCA.crt",
        *(f"Data/MKey-{i}.key" for i in range(6)),
        "Data/ConversionCircuit-LSSS_to_GC.txt", "Data/NetworkData.txt", "Data/SharingData.txt",
        "Programs/krum/krum-0.bc", "Programs/krum/krum.mpc", "Programs/krum/krum.sch",
    ])  # fmt: skip
    assert (folder / "Circuits").resolve() == home / "Circuits"
    portable = replace(program, portable=True)
    assert (folder / "Programs/krum/krum.mpc").read_text() == portable.source()
    assert (folder / "Programs/krum/krum.mpc").read_bytes().isascii()  # for Python 2
    sharing = (folder / "Data/SharingData.txt").read_text().split()
    assert sharing == [str(2**127 - 1), "1", "6", "2"]  # Shamir, N = 6, t = 2


def test_keys_of_a_run(prepared):
    folder = prepared[0] / "Cert-Store"
    for i in range(6):
        key = folder / f"Player{i}.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert load_pem_private_key(key.read_bytes(), None).key_size == 2048  # RSA
        certificate = x509.load_pem_x509_certificate((folder / f"Player{i}.crt").read_bytes())
        assert certificate.subject.rfc4514_string() == f"CN=Player{i}"
    assert not (folder / "RootCA.key").exists()


def test_players_leave_their_memory_nowhere(prepared):
    folder = prepared[0]
    assert all(os.readlink(folder / f"Data/Memory-P{i}") == "/dev/null" for i in range(6))


def test_commands_of_a_run(prepared, home):
    folder, _, run = prepared
    commands, again = run.commands(), run.commands()
    for i, command in enumerate(commands):
        line = " ".join(command.argv)
        assert command.cwd == folder
        assert re.search(
            rf"{home}/PlayerBinary.x -dOT -f 1 -min 700,15,600 -max 2100,45,1800 -maxI \d+ "
            rf"-pns \d+(,\d+){{5}} {i} Programs/krum$",
            line,
        )
    assert len({command.argv[-3] for command in commands}) == 1  # all know the same ports
    assert commands[0].argv != again[0].argv  # other ones for another attempt


def test_readiness_is_told_on_standard_error(prepared):
    run = prepared[2]
    assert run.ready.search(b"Waiting for thread 0 to be ready\nSignal online thread ready 0\n")
    assert not run.ready.search(b"All connections now done\nWaiting for thread 0 to be ready\n")


def test_the_installation_stays_as_it_is_and_gets_no_settings_of_this_python(
    home, own_folder, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")  # the stand-in looks
    monkeypatch.setenv("PYTHONSTARTUP", "/somewhere/else.py")
    before = sorted(home.rglob("*"))
    with LocalPlayers(KrumProgram(n=3, f=0, d=2, check=False), "scale-mamba") as players:
        assert players.aggregate([[1, 2], [1, 2], [3, 4]]).tolist() == [1, 2]
    assert sorted(home.rglob("*")) == before


def test_views_are_for_embedded_players(home, own_folder):
    with pytest.raises(ValueError, match="only embedded players record what they see"):
        LocalPlayers(KrumProgram(n=3, f=0, d=2, check=False), "scale-mamba", views=True).start()
    assert list(own_folder.iterdir()) == []


# --- Sessions -------------------------------------------------------------------------------------


@pytest.fixture
def sessions(home, own_folder):
    return Sessions("scale-mamba", own_folder)


def test_rounds_on_the_same_players(sessions):
    statistics = sessions.rounds("Player*.key")
    assert statistics == {"player": 5, "holder": True, "rounds": 90, "elements": 6000}


def test_words_that_players_would_misread_are_never_sent(sessions):
    with sessions.start() as players:
        for wrong in (-5000.0, float("nan"), 2048.0):
            with pytest.raises(ValueError, match="client 5"):
                players.aggregate([*V1[:4], [0, wrong]])
        with pytest.raises(ValueError, match="real numbers"):
            players.aggregate([*V1[:4], ["abc", 1]])
        assert players.aggregate(V1).tolist() == [1, 2]


def test_a_killed_player_is_named(sessions, monkeypatch):
    """Behind its companion."""
    monkeypatch.setenv("FAKE_FAULT", "die 3 2")
    error = sessions.failure(rounds=3, check=True)
    assert "player 3 was killed by SIGKILL in round 2 of 3" in str(error)
    assert "each player takes 0.3 to 1 GB" in str(error)


def test_a_player_that_is_missing_ends_at_the_deadline(sessions, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "missing 2")
    error = sessions.failure(deadline=1.5)
    assert "was not ready before the deadline (not ready: 0, 1, 2, 3, 4, 5)" in str(error)


def test_want_of_offline_material_ends_at_the_deadline(sessions, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "hungry")
    assert "not ready" in str(sessions.failure(deadline=1.0))


def test_a_file_that_is_missing(home, own_folder):
    engine = scale_mamba.ScaleMambaEngine()
    prepare = engine.prepare

    def without_program(program, folder, views=False):
        run = prepare(program, folder, views)
        (folder / "Programs/krum/krum.sch").unlink()
        return run

    engine.prepare = without_program
    with pytest.raises(PlayerError, match="SIGABRT while starting(.|\n)*File Error : .*krum.sch"):
        LocalPlayers(KrumProgram(n=3, f=0, d=2, check=False), engine).start()
    assert list(own_folder.iterdir()) == []


def test_a_bad_exit_after_the_result_is_absorbed(sessions, own_folder, monkeypatch, recwarn):
    monkeypatch.setenv("FAKE_FAULT", "late 3")
    with sessions.start() as players:
        assert players.aggregate(V1).tolist() == [1, 2]
    assert not recwarn.list
    assert list(own_folder.iterdir()) == []


def test_a_cheater_who_is_caught_in_a_round(sessions, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "caught 4 2")
    error = sessions.failure(rounds=3)
    assert "in round 2 of 3" in str(error) and "Hash Fail" in str(error)
    assert "No result of these players can be trusted" in str(error)


def test_a_cheater_who_is_caught_after_the_result(sessions, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "caught-late 4")
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    error = sessions.failure(received=tmp_path / "received")
    assert error.player == 4 and "after the last round" in str(error)
    assert "No result of these players can be trusted" in str(error)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("setup", "set-up program failed with exit status -6(.|\n)*File Error"),
        ("compiler", "compiler failed with exit status 1(.|\n)*NameError: name 'sint'"),
        ("compiler-warns", "compiler wrote no program:\nWARNING: Order of memory"),
        ("compiler-hangs", "compiler did not end within 4 s"),
    ],
)
def test_a_tool_that_fails(sessions, own_folder, monkeypatch, fault, words):
    monkeypatch.setenv("FAKE_FAULT", fault)
    if fault == "compiler-hangs":
        monkeypatch.setattr(installation, "TOOL_SECONDS", 4.0)
    with pytest.raises(ValueError, match=words):
        sessions.start().start()
    assert list(own_folder.iterdir()) == []


# What players said on a real installation when another one was killed (SIGPIPE has no words), when
# one had made its offline material a moment sooner, and when one computed something else.
LOST = "terminate called after throwing an instance of 'receiving_error'\nwhat():  Receiving error"
CAUGHT = "terminate called after throwing an instance of 'hash_fail'\nwhat():  Hash Fail"


@pytest.mark.parametrize(
    ("status", "words", "consequence", "alarm"),
    [
        (-13, "", True, False),
        (-6, LOST, True, False),
        (-6, CAUGHT, False, True),
        (-6, "what():  File Error : Programs/krum/krum.sch", False, False),
        (-9, "", False, False),
        (0, "", False, False),
    ],
)
def test_exits_are_read_as_what_they_mean(prepared, status, words, consequence, alarm):
    read = prepared[2].read_exit(status, words)
    assert (read.is_consequence, read.is_harmless) == (consequence, consequence)
    assert read.is_alarm == alarm
