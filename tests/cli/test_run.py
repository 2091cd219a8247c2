"""``python -m fl_krum run``: a program of one's own at a terminal."""

import subprocess
import sys

import pytest
from repository import ROOT

from fl_krum.cli import main
from fl_krum.players import run_program as module
from fl_krum.players.scale_mamba import SCALE_MAMBA_HOME

MILLIONAIRES = """\
a = sint.get_private_input_from(0)
b = sint.get_private_input_from(1)
print_ln("who is richer?")
(a < b).reveal_to(0)
b.reveal_to(1)
b.reveal_to(1)
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "mine.mpc"
    path.write_text(MILLIONAIRES)
    return path


def test_a_program_in_a_process_of_its_own(program):
    command = [sys.executable, "-m", "fl_krum", "run", str(program), "--input", "0=7"]
    run = subprocess.run([*command, "--input", "1=9"], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout == "who is richer?\nplayer 0: 1\nplayer 1: 9\nplayer 1: 9\n"
    assert run.returncode == 0 and " exchanges, " in run.stderr and run.stderr.count("\n") == 1


def test_inputs_from_files_and_several_options(capsys, tmp_path):
    (tmp_path / "words.txt").write_text("1, 2\n3\n")
    path = tmp_path / "sum.mpc"
    path.write_text("sint.get_private_input_from(2, size=5).reveal_to(0)")
    inputs = [f"2=@{tmp_path / 'words.txt'}", "2=4,5"]
    assert main(["run", str(path), *(word for one in inputs for word in ("--input", one))]) == 0
    assert capsys.readouterr().out == "".join(f"player 0: {i}\n" for i in range(1, 6))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--input", "7"], "write PLAYER=WORDS"),
        (["--input", "a=7"], "write PLAYER=WORDS"),
        (["--input", "0=7,x"], "'x' is not an integer"),
        (["--input", "0=1.5"], "'1.5' is not an integer"),
        (["--input", "0=-1"], "an integer from 0 to 2^64 - 1; add an offset"),
        (["--input", "0=@no-such-file"], "no-such-file: No such file"),
        (["--input", "3=1", "--players", "3"], "there is no player 3"),
        (["--players", "2"], "3 to 100 players"),
        (["--players", "x"], "'x'"),
        (["--players", "7", "--threshold", "4"], "threshold must be 1 to 3"),
        (["--deadline", "0"], "deadline"),
        (["--holders", "1,2,3"], "--holders"),
        (["--engine", "none"], "'none'"),
        (["--engine", "scale-mamba"], SCALE_MAMBA_HOME),
    ],
)
def test_wrong_arguments_get_one_line_and_start_nothing(
    capsys, monkeypatch, program, arguments, words
):
    monkeypatch.setattr(module, "Supervisor", None)
    assert main(["run", str(program), *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith("fl_krum: error: ") and words in said.err


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file"), (b"\xff\xfe\xff", "is not a text file")]
)
def test_a_file_that_is_no_program(capsys, tmp_path, content, words):
    path = tmp_path / "x.mpc"
    if content:
        path.write_bytes(content)
    assert main(["run", str(path)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "status", "out", "err"),
    [
        ("total = sint(1)\nprint_ln('y')\ny = ttoal\n", 2, "",
         "fl_krum: error: x.mpc, line 3: 'ttoal' is not defined: did you mean 'total'?\n"
         "    y = ttoal\n        ^^^^^\n"),
        ("print_ln('y')\nsint(1) % 2.5\n", 1, "y\n",
         "fl_krum: error: x.mpc, line 2: sint % float is not possible: a sint is an integer; scale "
         "the number, or take sfix\n"
         "    sint(1) % 2.5\n    ^^^^^^^^^^^^^\n"),
    ],
)  # fmt: skip
def test_a_wrong_program(capsys, tmp_path, text, status, out, err):
    path = tmp_path / "x.mpc"
    path.write_text(text)
    assert main(["run", str(path)]) == status
    assert capsys.readouterr() == (out, err)
