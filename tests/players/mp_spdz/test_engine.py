"""The MP-SPDZ engine with a stand-in installation that fails as the real one does."""

import os
import re
import shutil
import stat
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from cryptography import x509
from fake_engine import V1
from fake_installation import install_mp_spdz
from sessions import Sessions

from fl_krum.players import certificates
from fl_krum.players.find_engine import find_engine
from fl_krum.players.local_players import LocalPlayers, PlayerError
from fl_krum.players.mp_spdz import installation, player_files
from fl_krum.players.mp_spdz.engine import MpSpdzEngine
from fl_krum.players.mp_spdz.installation import MP_SPDZ_HOME
from fl_krum.players.mp_spdz.protocols import VARIABLE
from fl_krum.players.scale_mamba import SCALE_MAMBA_HOME
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram

pytestmark = pytest.mark.skipif(os.name != "posix", reason="MP-SPDZ runs on POSIX systems only")


# --- The installation -----------------------------------------------------------------------------


def reason(engine=None):
    status = (engine or find_engine("mp-spdz")).status()
    assert not status.usable
    return status.reason


def test_a_complete_installation(mp_spdz_home):
    status = find_engine("mp-spdz").status()
    assert status.usable and not status.reason
    assert status.version == f"MP-SPDZ 0.4.2 in {mp_spdz_home}, shamir-party.x"
    assert status.security == "Shamir shares, honest majority, semi-honest (FL_KRUM_MP_SPDZ=shamir)"


def test_the_environment_picks_the_protocol(mp_spdz_home, monkeypatch):
    monkeypatch.setenv(VARIABLE, "sy-shamir")
    status = find_engine("mp-spdz").status()
    assert status.version.endswith("sy-shamir-party.x")
    assert "active security with abort (FL_KRUM_MP_SPDZ=sy-shamir)" in status.security
    assert "atlas-party.x" in MpSpdzEngine("atlas").status().version  # or the one who asks
    monkeypatch.setenv(VARIABLE, "mascot")
    assert reason() == (
        "FL_KRUM_MP_SPDZ=mascot: choose one of shamir, atlas, sy-shamir, malicious-shamir"
    )
    with pytest.raises(ValueError, match="protocol 'mascot': choose one of shamir, atlas, "):
        MpSpdzEngine("mascot")


def test_auto_does_not_take_it(mp_spdz_home, monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    assert find_engine("auto").name == "embedded"


def test_no_installation_is_named(monkeypatch):
    monkeypatch.delenv(MP_SPDZ_HOME, raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert reason() == f"{MP_SPDZ_HOME} does not name an installation of MP-SPDZ"
    monkeypatch.setenv(MP_SPDZ_HOME, "/nowhere/at/all")
    assert reason() == f"{MP_SPDZ_HOME}=/nowhere/at/all: there is no such folder"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (
            "shamir-party.x",
            "the player, shamir-party.x, is missing: run `make shamir-party.x` there",
        ),
        ("shamir-party.x", r"what is there is atlas, sy-shamir \(FL_KRUM_MP_SPDZ\)"),
        ("compile.py", "the compiler, compile.py and Compiler/, is missing"),
        ("Compiler/__init__.py", "the compiler, compile.py and Compiler/, is missing"),
    ],
)
def test_whatever_is_missing_is_named(mp_spdz_home, missing, words):
    (mp_spdz_home / missing).unlink()
    assert reason().startswith(f"{MP_SPDZ_HOME}={mp_spdz_home}: ")
    assert re.search(words, reason())


def test_all_that_is_missing_is_told_at_once(mp_spdz_home):
    (mp_spdz_home / "shamir-party.x").chmod(0o644)
    (mp_spdz_home / "compile.py").unlink()
    assert re.search("chmod.*; the compiler", reason())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("library", "shamir-party.x does not run: .*libSPDZ.so: cannot open shared object"),
        ("processor", "shamir-party.x crashes at once: it may be built for another processor"),
    ],
)
def test_a_player_that_does_not_start(mp_spdz_home, monkeypatch, fault, words):
    monkeypatch.setenv("FAKE_FAULT", fault)
    assert re.search(words, reason())


def test_a_player_for_another_kind_of_machine(mp_spdz_home):
    (mp_spdz_home / "shamir-party.x").write_bytes(b"\x7fELF of something else")
    assert "shamir-party.x does not run: " in reason()


# --- Protocols ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["shamir", "sy-shamir"])
def test_vectors_that_are_too_long_to_be_checked_are_refused(mp_spdz_home, own_folder, name):
    with pytest.raises(ValueError, match="up to 1000 words, not d=1001; use engine='embedd"):
        LocalPlayers(KrumProgram(n=7, f=2, d=1001), MpSpdzEngine(name)).start()
    assert list(own_folder.iterdir()) == []


def test_long_vectors_where_somebody_asks_for_no_check(mp_spdz_home, own_folder):
    with LocalPlayers(KrumProgram(n=3, f=0, d=1001, check=False), "mp-spdz") as players:
        assert (players.aggregate(np.ones((3, 1001))) == 1).all()


# --- The folder of a run --------------------------------------------------------------------------


@pytest.fixture
def prepared(mp_spdz_home, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    program = KrumProgram(n=5, f=1, d=2, rounds=3)
    return folder, program, MpSpdzEngine().prepare(program, folder)


def test_files_of_a_run(prepared):
    folder, program, _ = prepared
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
    masks = [f"Player-Data/Input-Binary-P{i}-0" for i in range(6)]
    players = [f"Player-Data/P{i}.{kind}" for i in range(6) for kind in ("key", "pem")]
    assert files == [
        "Player-Data/0eeb4864.0", *masks, *players,
        "Programs/Bytecode/krum-0.bc", "Programs/Bytecode/krum-LTZ(21)_63-3.bc",
        "Programs/Schedules/krum.sch", "Programs/Source/krum.mpc", "krum.mpc",
    ]  # fmt: skip
    assert {os.readlink(folder / link) for link in masks} == {"/dev/urandom"}
    text = (folder / player_files.SOURCE).read_text()
    program = replace(program, portable=True)
    assert text == player_files.PRELUDE.read_text() + "\n\n" + program.source()
    assert (folder / "krum.mpc").read_text() == program.source()


def test_keys_of_a_run(prepared):
    folder = prepared[0] / "Player-Data"
    for i in range(6):
        assert stat.S_IMODE((folder / f"P{i}.key").stat().st_mode) == 0o600
        certificate = x509.load_pem_x509_certificate((folder / f"P{i}.pem").read_bytes())
        assert certificate.subject.rfc4514_string() == f"CN=P{i}"
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [f"P{i}"]


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to compare with")
@pytest.mark.parametrize("name", ["RootCA", "P0", "a", "Some Authority 17"])
def test_openssl_finds_the_authority(tmp_path, name):
    key = certificates._new_key("ec")
    subject = certificates._name(name)
    made = certificates._builder(subject, subject, key.public_key(), key.public_key(), 1)
    pem = made.sign(key, certificates.hashes.SHA256()).public_bytes(
        certificates.serialization.Encoding.PEM
    )
    said = subprocess.run(
        ["openssl", "x509", "-hash", "-noout"], input=pem, capture_output=True, check=True
    )
    assert player_files.authority_file(name) == said.stdout.decode().strip() + ".0"


def test_commands_of_a_run(prepared, mp_spdz_home):
    folder, _, run = prepared
    commands = run.commands()
    hosts = (folder / "hosts.txt").read_text()
    for i, command in enumerate(commands):
        assert command.cwd == folder
        assert command.env["LD_LIBRARY_PATH"].split(":")[0] == str(mp_spdz_home)
        assert " ".join(command.argv).endswith(
            f"{mp_spdz_home}/shamir-party.x -N 6 -T 2 -P {2**127 - 1} -I -ip hosts.txt "
            f"-o no_memory_output -p {i} krum"
        )
    assert re.fullmatch(r"(127\.0\.0\.1:\d{5}\n){6}", hosts)
    run.commands()
    assert (folder / "hosts.txt").read_text() != hosts  # other ports for another attempt


def test_longer_numbers_are_announced_to_the_compiler(mp_spdz_home, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(
        installation.Installation, "compile", lambda self, folder, bits: told.append(bits)
    )
    for bits in (28, 36):
        program = KrumProgram(n=5, f=1, d=2, fixed_point=FixedPoint(bits=bits, fraction=16))
        player_files.write(installation.find(), program, tmp_path / str(bits))
    assert told == [64, program.budget.score_bits] and told[1] > 64


def test_the_installation_stays_as_it_is_and_gets_no_settings_of_this_python(
    sessions, mp_spdz_home, monkeypatch
):
    monkeypatch.setenv("PYTHONSTARTUP", "/somewhere/else.py")  # the stand-in looks
    before = sorted(mp_spdz_home.rglob("*"))
    with sessions.start() as players:
        assert players.aggregate(V1).tolist() == [1, 2]
    assert sorted(mp_spdz_home.rglob("*")) == before


def test_views_are_for_embedded_players(sessions, own_folder):
    with pytest.raises(ValueError, match="only embedded players record what they see"):
        sessions.start(views=True).start()
    assert list(own_folder.iterdir()) == []


# --- Sessions -------------------------------------------------------------------------------------


@pytest.fixture
def sessions(mp_spdz_home, own_folder):
    return Sessions("mp-spdz", own_folder)


def test_rounds_on_the_same_players(sessions):
    assert sessions.rounds("*.key") == {
        "player": 5,
        "holder": True,
        "rounds": 120,
        "bytes": 4_500_000,
    }


def test_a_client_that_lies_is_left_out_and_more_than_are_tolerated_are_an_error(sessions):
    words = np.full((5, 2), 2**27, np.uint64)
    words[3, 1] = 2**32
    with (
        pytest.raises(PlayerError, match="clients 1, 2 shared more than a"),
        sessions.start(rounds=3, check=True) as players,
    ):
        players.aggregate_words(words)
        assert players.excluded == (4,)
        words[3, 1] = 0
        players.aggregate_words(words)
        assert players.excluded == ()
        words[:2] = 2**28
        players.aggregate_words(words)


def test_a_vector_of_one_number(mp_spdz_home, own_folder):
    """Which is printed without brackets."""
    with LocalPlayers(KrumProgram(n=3, f=0, d=1, check=False), "mp-spdz") as players:
        assert players.aggregate([[1], [1], [3]]).tolist() == [1]


def test_a_killed_player_is_named(sessions, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "die 0 2")
    assert "player 0 was killed by SIGKILL in round 2 of 3" in str(sessions.failure(rounds=3))


def test_a_player_that_is_missing_ends_at_the_deadline(sessions, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "missing 2")
    error = sessions.failure(deadline=1.5)
    assert "was not ready before the deadline (not ready: 0, 1, 2, 3, 4, 5)" in str(error)


def test_players_that_give_up_waiting(sessions, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "missing 2")
    monkeypatch.setenv("FAKE_PATIENCE", "0.5")
    assert "Timed out waiting for peer" in str(sessions.failure())


def test_a_cheater_who_is_caught_in_a_round(sessions, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "caught 4 2")
    error = sessions.failure(rounds=3, check=True)
    assert "in round 2 of 3" in str(error) and "inconsistent Shamir secret sharing" in str(error)
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
        ("compiler", "compiler failed with exit status 1(.|\n)*NameError: name 'sint'"),
        ("compiler-writes-nothing", "compiler wrote no program:\nCompiling file"),
        ("compiler-hangs", "compiler did not end within 1 s"),
    ],
)
def test_a_compiler_that_fails(sessions, own_folder, monkeypatch, fault, words):
    monkeypatch.setenv("FAKE_FAULT", fault)
    if fault == "compiler-hangs":
        monkeypatch.setattr(installation, "COMPILER_SECONDS", 1.0)
    with pytest.raises(ValueError, match=words):
        sessions.start().start()
    assert list(own_folder.iterdir()) == []


def test_a_program_that_is_missing(mp_spdz_home, own_folder):
    engine = MpSpdzEngine()
    prepare = engine.prepare

    def without_program(program, folder, views=False):
        run = prepare(program, folder, views)
        (folder / "Programs/Schedules/krum.sch").unlink()
        return run

    engine.prepare = without_program
    with pytest.raises(PlayerError, match="exit status 1 while starting(.|\n)*Did you compile"):
        LocalPlayers(KrumProgram(n=3, f=0, d=2, check=False), engine).start()
    assert list(own_folder.iterdir()) == []


# What players said on a real installation.
TRUNCATED = "Fatal error in communication: read_some: stream truncated\nThis is probably because"
PIPE = "Fatal error in communication: write_some: Broken pipe"
INPUT = "Fatal error at krum-0:5 (INPUTMIXED): not enough inputs in standard input"
CAUGHT = "Fatal error at krum-0:81 (PRIVATEOUTPUT): inconsistent Shamir secret sharing"


@pytest.mark.parametrize(
    ("status", "words", "consequence", "alarm"),
    [
        (1, TRUNCATED, True, False),
        (1, PIPE, True, False),
        (1, "Timed out waiting for peer. See https://mp-spdz", True, False),
        (1, INPUT, False, False),
        (1, CAUGHT, False, True),
        (-9, "", False, False),
    ],
)
def test_exits_are_read_as_what_they_mean(prepared, status, words, consequence, alarm):
    read = prepared[2].read_exit(status, words)
    assert (read.is_consequence, read.is_harmless, read.is_alarm) == (consequence, False, alarm)


def test_the_stand_in_is_complete(tmp_path):
    """Every part that the engine looks for is there, so that no test passes for want of it."""
    (environment,) = [install_mp_spdz(tmp_path / "home")]
    assert installation.find(environ=environment).home == tmp_path / "home"
