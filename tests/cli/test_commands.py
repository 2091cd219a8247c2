"""The command line, as somebody at a terminal or in a script meets it."""

import json
import os
import re
import tempfile
import tracemalloc

import numpy as np
import pytest

from fl_krum.cli import COMMANDS, main, session
from fl_krum.cli.aggregate import read_updates
from fl_krum.federation.session import FederatedSession, RoundRecord
from fl_krum.players import local_players as players_module
from fl_krum.players.installed import engine_report
from fl_krum.players.mp_spdz.installation import MP_SPDZ_HOME
from fl_krum.players.roster import make_key
from fl_krum.players.scale_mamba import SCALE_MAMBA_HOME

V1 = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # f=1: row 2, scores 20 18 15 30 938
V2 = [
    [0, 2, 0, 0, -2],
    [0, 2, -4, -4, 2],
    [-1, 3, -4, 4, -3],
    [-1, 4, -4, 1, 2],
    [-1, -4, 0, -1, 3],
    [7, -6, -18, 4, -9],
    [8, 15, -6, 17, 1],
]  # f=2: row 3, scores 121 141 161 103 211 1361 1444


@pytest.fixture
def nothing_starts(monkeypatch):
    """Fail when wrong input gets as far as starting a player or making a folder for it."""

    def refuse(*arguments, **options):
        raise AssertionError("something was started")

    monkeypatch.setattr(players_module, "Supervisor", refuse)
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)


def write_csv(path, rows):
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def v1(tmp_path):
    return write_csv(tmp_path / "v1.csv", V1)


# --- Wrong input ----------------------------------------------------------------------------------


def complaint(capsys, *arguments):
    """The one line that wrong arguments get."""
    assert main(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("fl_krum: error: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "COMMAND"),
        ("train", "'train'"),
        ("session --clients 6", "2f + 2 < n"),
        ("session --clients 2 --byzantine 0", "n = 3"),
        ("session --byzantine -1", "f >= 0"),
        ("session --dimension 0", "dimension must be 1 to 31"),
        ("session --rounds 0", "rounds = 0"),
        ("session --average 0", "average = 0"),
        ("session --average 6", "average must be 1 to 5"),
        ("session --clients seven", "'seven'"),
        ("session --bits 45", "budget"),
        ("session --engine mpyc", "'mpyc'"),
        ("session --attack sneeze", "'sneeze'"),
        ("session --dataset iris", "'iris'"),
        ("session --dimension 400", "400"),
        ("session --alpha 0", "alpha"),
        ("session --seed -1", "seed must be 0 to 4294967295"),
        ("session --seed 99999999999999999999", "seed must be 0 to 4294967295"),
        ("session --deadline 0", "deadline"),
        ("session --json /no/such/folder/out.json", "no folder"),
        ("session --figure /no/such/folder/out.png", "no folder"),
        ("session --figure out.txt", "out.txt"),
        ("session --json .", "is a folder"),
        ("session --cli 9", "--cli"),
        ("session --engine scale-mamba", SCALE_MAMBA_HOME),
        ("session --security passive", "'passive'"),
        ("session --cheat 7", "write PLAYER:KIND"),
        ("session --cheat 8:product", "players 1 to 7"),
        ("session --cheat 7:sneeze", "choose one of product"),
        ("session --cheat 7:last --engine mp-spdz", "embedded players"),
        ("aggregate no-such-file.csv --byzantine 1", "no-such-file.csv: No such file"),
        ("aggregate no-such-file.txt --byzantine 1", "no-such-file.txt: No such file"),
        ("aggregate . --byzantine 1", "neither"),
        ("program --clients 4", "2f + 2 < n"),
        ("program --output /no/such/folder/krum.mpc", "no folder"),
    ],
)
def test_wrong_arguments_get_one_line(capsys, arguments, words):
    assert words in complaint(capsys, *arguments.split())


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("1,2\n3\n4,5\n6,7\n8,9\n", "line 2: 1 values where the first has 2"),
        ("1,2\n3,banana\n", "line 2: 'banana' is not a number"),
        ("1,2\n3,\n", "line 2: '' is not a number"),
        ("1,2\n3,4\n5,6\n", "n = 5 clients"),
        ("1,2\n" * 4 + "1,nan\n", "client 5 (row 4), coordinate 1: nan"),
        ("1,2\n" * 4 + "1,-inf\n", "client 5 (row 4), coordinate 1: -inf"),
        ("1,2\n" * 4 + "1e9,0\n", "client 5 (row 4), coordinate 0: 1000000000 is out of range"),
        (b"\xff\xfe\x00", "not a text file"),
    ],
)
def test_wrong_csv_files_get_one_line(capsys, tmp_path, content, words):
    path = tmp_path / "updates.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert words in complaint(capsys, "aggregate", str(path), "--byzantine", "1")


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(
    ("save", "words"),
    [
        (lambda path: path.write_bytes(b""), "not a .npy file"),
        (lambda path: path.write_bytes(b"1,2,3"), "not a .npy file"),
        (lambda path: np.save(path, np.array([{}], dtype=object), allow_pickle=True), "not a .npy"),
        (lambda path: np.save(path, np.array(["a", "b"])), "real numbers"),
        (lambda path: np.save(path, np.zeros(5)), "shape"),
        (lambda path: np.save(path, np.zeros((0, 5))), "shape"),
        (lambda path: np.savez(path.open("wb"), a=np.zeros(3), b=np.zeros(3)), "several arrays"),
    ],
)
def test_wrong_npy_files_get_one_line(capsys, tmp_path, save, words):
    path = tmp_path / "updates.npy"
    save(path)
    assert words in complaint(capsys, "aggregate", str(path), "--byzantine", "1")


def npy(shape="(5, 2)", descr="'<f8'", version=1, data=bytes(80), length=None):
    """A .npy file with any header."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    length = len(header) if length is None else length
    size = length.to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(
    "content",
    [
        npy("(1000000, 1000000)"),
        npy("(4294967296, 4294967296)"),  # their product is 0 modulo 2^64
        npy(f"(1{'0' * 4000}, 2)"),
        npy("(-1, 2)"),
        npy("(0, 1180591620717411303424)"),
        npy("(1, 1)", descr="'<U1000000000'"),
        npy("(1, 1)", descr="('<f8', (1000000000,))"),
        npy("(100000000000, 5)", descr="'|O'"),
        npy(descr="'|O'"),
        npy(descr="'<f9'"),
        npy(data=bytes(79)),
        npy("(5, 2"),
        npy("(5L, 2L)", data=b""),
        npy("(" * 9000),
        npy("-" * 9000 + "1"),
        npy("(5, 2)" + " " * 50000),
        npy(version=2, length=2**32 - 1),
        npy(version=9),
        npy()[:20],
    ],
    ids=range(19),
)
def test_a_false_npy_header_gets_one_line_and_no_memory(capsys, tmp_path, content):
    path = tmp_path / "updates.npy"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:  # nobody asks for the array, or so many bytes
        patch.setattr("numpy.fromfile", None)
        tracemalloc.start()
        message = complaint(capsys, "aggregate", str(path), "--byzantine", "1")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert f"{path} is not a .npy file of numbers: " in message
    assert len(message) < 1000 and peak < 20e6


def test_npy_files_of_every_version_and_kind_are_read(tmp_path):
    path = tmp_path / "updates.npy"
    for values in (np.arange(10.0), np.arange(10, dtype=np.uint8), np.arange(10, dtype="f2")):
        for version in ((1, 0), (2, 0), (3, 0)):
            for order in "CF":
                with path.open("wb") as file:
                    matrix = np.asarray(values.reshape(5, 2), order=order)
                    np.lib.format.write_array(file, matrix, version)
                assert (read_updates(path) == matrix).all()


@pytest.mark.usefixtures("nothing_starts")
def test_an_installation_that_is_not_there(capsys, monkeypatch, v1):
    monkeypatch.setenv(SCALE_MAMBA_HOME, "/no/such/folder")
    for arguments in (["session"], ["aggregate", v1, "--byzantine", "1"]):
        assert f"{SCALE_MAMBA_HOME}=/no/such/folder" in complaint(capsys, *arguments)


@pytest.mark.usefixtures("nothing_starts")
def test_an_unwritable_output_is_found_first(capsys, tmp_path, v1):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    words = complaint(capsys, "aggregate", v1, "--byzantine", "1", "--output", f"{folder}/out.npy")
    assert "no permission" in words


# --- aggregate ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "f", "chosen"), [(V1, 1, 2), (V2, 2, 3)])
@pytest.mark.parametrize("how", [["--plain"], ["--engine", "embedded"]])
def test_aggregate_prints_the_chosen_row(capsys, tmp_path, rows, f, chosen, how):
    path = tmp_path / "updates.npy"
    np.save(path, np.array(rows))
    assert main(["aggregate", str(path), "--byzantine", str(f), *how]) == 0
    captured = capsys.readouterr()
    assert captured.out == ",".join(f"{value:.1f}" for value in rows[chosen]) + "\n"
    assert f"n = {len(rows)}" in captured.err


def test_in_the_clear_scores_and_choice_are_told(capsys, v1):
    assert main(["aggregate", v1, "--byzantine", "1", "--plain"]) == 0
    errors = capsys.readouterr().err
    assert "20 18 15 30 938" in errors
    assert "row 2 (client 3)" in errors


def test_inside_smpc_nothing_but_the_vector_is_told(capsys, v1):
    assert main(["aggregate", v1, "--byzantine", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "1.0,2.0\n"
    assert "score" not in captured.err and "row" not in captured.err


@pytest.mark.parametrize("name", ["chosen.npy", "chosen.csv"])
def test_aggregate_writes_a_file(capsys, tmp_path, v1, name):
    output = tmp_path / name
    arguments = ["aggregate", v1, "--byzantine", "1", "--plain", "--output", str(output)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == ""
    values = np.load(output) if output.suffix == ".npy" else np.loadtxt(output, delimiter=",")
    assert values.tolist() == [1.0, 2.0]


def test_a_spreadsheets_csv_is_read(capsys, tmp_path):
    path = tmp_path / "updates.csv"
    text = "\ufeff" + "\r\n".join(", ".join(map(str, row)) for row in V1) + "\r\n\r\n"
    path.write_bytes(text.encode())
    assert main(["aggregate", str(path), "--byzantine", "1", "--plain"]) == 0
    assert capsys.readouterr().out == "1.0,2.0\n"


def test_clients_that_an_ended_run_named_are_left_out(capsys, v1):
    """The others count from 1 again."""
    arguments = ["aggregate", v1, "--byzantine", "0", "--plain", "--without", "2,5"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert out == "4.0,1.0\n" and "without client 2, 5" in err
    assert "n = 3" in err
    assert "clients are 1 to 5" in complaint(capsys, *arguments[:-1], "6")


# --- session, program, check ----------------------------------------------------------------------


def test_a_session_reports_every_round(capsys, tmp_path):
    report, figure = tmp_path / "out.json", tmp_path / "out.png"
    arguments = "session --clients 5 --byzantine 1 --rounds 2 --attack outlier --seed 3"
    assert main([*arguments.split(), "--json", str(report), "--figure", str(figure)]) == 0
    printed = capsys.readouterr().out
    for expected in ("n = 5", "f = 1", "d = 5", "T = 2", "t = 2", "embedded", "outlier"):
        assert expected in printed
    content = json.loads(report.read_text())
    last = content["rounds"][-1]
    assert f"{last['accuracy_alone']:.1%} alone (honest clients, mean)" in printed
    assert f"{last['accuracy_pooled']:.1%} pooled" in printed
    assert content["settings"]["clients"] == 5
    assert content["settings"]["attack"] == "outlier"
    assert content["settings"]["seed"] == 3
    assert content["settings"]["engine"] == "embedded"
    assert [r["round"] for r in content["rounds"]] == [1, 2]
    for r in content["rounds"]:
        assert set(r) == {*RoundRecord.from_json(r).as_json()} and len(r) >= 13
        assert r["matches_plaintext"] is True
        assert len(r["vector"]) == 5
        assert all(0 <= r[key] <= 1 for key in r if key.startswith("accuracy"))
    assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("rule", ["Krum in SMPC", "clipped Krum in SMPC"])
def test_numbers_stand_below_their_heading(rule):
    (record,) = FederatedSession(5, 1, rounds=1).run()
    width = max(18, len(rule))
    _, above, heading = session._heading(rule, width).splitlines()
    line = session._line(record, width)
    for text, number in ((rule, record.accuracy), ("plain mean", record.accuracy_mean)):
        end = heading.index(text) + len(text)
        assert line[:end].endswith(f" {number:.1%}")
    assert above.index("accuracy with") + len("accuracy with") == 14 + width
    assert line[heading.index("equal") :] == "yes"


def test_a_session_that_was_ended_goes_on(capsys, tmp_path):
    report, figure = tmp_path / "out.json", tmp_path / "out.png"
    small = "--clients 5 --byzantine 1 --attack alie --seed 4 --threshold 1".split()
    assert main(["session", *small, "--rounds", "1", "--json", str(report)]) == 0
    before = json.loads(report.read_text())
    assert before["finished"] and before["threshold"] == 1
    for wrong, words in (
        ("--seed 3", "with seed = 4, not 3"),
        ("--attack fang", "with attack = alie, not fang"),
        ("--bits 24 --fraction 12", "with bits = 28, not 24"),
        ("", "has all rounds up to 1: --rounds 2 or more"),
    ):
        resume = ["session", "--resume", str(report), "--rounds", "2"][: 5 if wrong else 3]
        assert words in complaint(capsys, *resume, *wrong.split())
    resume = ["session", "--resume", str(report), "--rounds", "2", "--figure", str(figure)]
    assert main(resume) == 0
    printed = capsys.readouterr().out
    assert "T = 2, seed 4" in printed and "t = 1" in printed and "1 of 2 rounds are done" in printed
    after = json.loads(report.read_text())
    assert after["rounds"][0] == before["rounds"][0] and figure.exists()
    session = FederatedSession(5, 1, rounds=2, attack="alie", seed=4)
    assert [r["vector"] for r in after["rounds"]] == [r.vector for r in session.run()]
    security = after["settings"]["security"]
    assert "semi-honest" in security
    assert after["settings"] == {**session.settings, "engine": "embedded", "security": security}


def test_program_writes_what_krum_program_gives(capsys, tmp_path):
    from fl_krum.program.krum_program import KrumProgram

    output = tmp_path / "krum.mpc"
    arguments = "program --clients 9 --byzantine 3 --dimension 12 --rounds 4".split()
    assert main([*arguments, "--output", str(output)]) == 0
    assert "10 players, threshold t = 4" in capsys.readouterr().err
    assert output.read_text() == KrumProgram(n=9, f=3, d=12, rounds=4).source()
    assert main(arguments) == 0
    assert capsys.readouterr().out == output.read_text()
    assert main([*arguments, "--portable"]) == 0
    portable = KrumProgram(n=9, f=3, d=12, rounds=4, portable=True)
    assert capsys.readouterr().out == portable.source() != output.read_text()


def test_check_tries_what_can_be_used(capsys):
    assert main(["check"]) == 0
    printed = capsys.readouterr().out
    assert "numpy" in printed
    assert "works       4 clients and the server" in printed
    for variable in (SCALE_MAMBA_HOME, MP_SPDZ_HOME):
        assert os.environ.get(variable) or f"not usable  {variable}" in printed


def test_check_complains_of_an_installation_that_is_not_there(capsys, monkeypatch):
    monkeypatch.setenv(SCALE_MAMBA_HOME, "/no/such/folder")
    assert main(["check"]) == 2
    captured = capsys.readouterr()
    assert "/no/such/folder" in captured.err and captured.err.count("\n") == 1
    assert "works" in captured.out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_reads_well(capsys, command):
    with pytest.raises(SystemExit) as end:
        main([*command.split(), "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert "python -m fl_krum" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("lab", "lab [options] [FOLDER]"),
        ("export", "export [options] [NOTEBOOK ...]"),
        ("sweep", "sweep [options] FILE.toml [FILE.toml ...]"),
        ("player", "player [options] --roster FILE --name NAME"),
    ],
)
def test_usage_says_what_may_be_left_out(capsys, command, usage):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"usage: python -m fl_krum {usage}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", ["lab PATH --copy-only", "export --output PATH", "sweep ONE --output PATH"]
)
def test_a_file_is_no_folder_to_write_to(capsys, tmp_path, command):
    there, one = tmp_path / "there", tmp_path / "one.toml"
    there.touch()
    one.touch()
    for path in (there, there / "below"):
        words = command.replace("PATH", str(path)).replace("ONE", str(one)).split()
        assert "there is a file; give the name of a folder" in complaint(capsys, *words)


def test_a_roster_of_two_is_none(capsys, tmp_path):
    files = []
    for name in ("server", "a"):
        make_key(name, f"{name}.example:7100", tmp_path)
        files.append(str(tmp_path / f"{name}.json"))
    roster = tmp_path / "roster.json"
    error = complaint(capsys, "roster", str(roster), "--of", *files)
    assert "--of names 2: a roster has 3 parties at least" in error and not roster.exists()


def test_engines_found_and_not_found(monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
    monkeypatch.delenv(MP_SPDZ_HOME, raising=False)
    first, second, third = engine_report().splitlines()
    assert re.match(r"engine embedded +found, Python 3", first)
    assert re.match(r"engine scale-mamba +not found: SCALE_MAMBA_HOME", second)
    assert re.match(r"engine mp-spdz +not found: MP_SPDZ_HOME", third)
