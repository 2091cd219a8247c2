"""The parser: the nearest name, help at any width and in any encoding; advice at every limit."""

import errno
import os
import re
import subprocess
import sys

import pytest
from repository import ROOT

from fl_krum.cli import COMMANDS, main
from fl_krum.players import local_players, packages
from fl_krum.players.process import PlayerError


def complaint(capsys, *arguments, status=2):
    assert main(list(arguments)) == status
    said = capsys.readouterr().err
    assert said.startswith("fl_krum: error: ") and said.count("\n") == 1
    return said


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("sesion", "session"),
        ("agregate x.csv", "aggregate"),
        ("session --atack alie", "--attack"),
        ("session --figur x.png", "--figure"),
        ("session --attack ALIE", "alie"),
        ("session --attack sign_flip", "sign-flip"),
        ("session --engine EMBEDDED", "embedded"),
        ("session --engine mp_spdz", "mp-spdz"),
        ("export --form slide", "slides"),
    ],
)
def test_the_nearest_name_is_asked_for(capsys, arguments, meant):
    assert f"(did you mean {meant}?)" in complaint(capsys, *arguments.split())


@pytest.mark.parametrize("arguments", ["xyzzy", "session --qqq 1", "session --attack 7"])
def test_nothing_is_asked_where_nothing_is_near(capsys, arguments):
    assert "did you mean" not in complaint(capsys, *arguments.split())


@pytest.mark.parametrize("columns", [60, 80, 132])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_the_terminal(capsys, monkeypatch, command, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= columns
    assert text.isascii()
    assert "\\\n" not in text.replace(" \\\n      ", "")  # a long command goes on in the next line


def test_examples_can_be_pasted_at_any_width(capsys, monkeypatch):
    def examples(columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit):
            main(["session", "--help"])
        text = capsys.readouterr().out.split("examples:\n")[1]
        return text.replace(" \\\n      ", " ").split("\n")

    assert examples(60) == examples(132)


@pytest.mark.parametrize(
    ("encoding", "arguments", "status"),
    [("ascii", "session --help", 0), ("latin-1", "aggregate größe４.csv --byzantine 1", 2)],
)
def test_output_in_any_encoding(encoding, arguments, status):
    process = subprocess.run(
        [sys.executable, "-m", "fl_krum", *arguments.split()], cwd=ROOT, capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert process.returncode == status and b"Traceback" not in process.stderr
    assert process.stdout or b"\\uff14.csv: No such file" in process.stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("can't start new thread"), "no more threads .*ulimit -v.*ulimit -u"),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files: .*ulimit -n"),
        (OSError(errno.EAGAIN, "Resource temporarily unavailable"), "no more processes .*ulimit"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "no more memory .*ulimit -v"),
        (MemoryError(), "more than the memory"),
        (ImportError("x.so: failed to map segment", name="numpy"), "failed to map .*ulimit -v"),
    ],
)
@pytest.mark.parametrize("by_a_player", [False, True])
def test_a_limit_is_one_line_and_status_1(capsys, monkeypatch, tmp_path, error, words, by_a_player):
    path = tmp_path / "v.csv"
    path.write_text("4,1\n2,4\n1,2\n3,-2\n-18,-8\n")

    def fail(*arguments):
        if not by_a_player:
            raise error
        try:
            raise error
        except type(error):
            raise PlayerError("player 3 could not be started") from None

    monkeypatch.setattr(local_players.Supervisor, "start", fail)
    assert main(["aggregate", str(path), "--byzantine", "1"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("fl_krum: error: ")
    assert ("player 3" in said) == by_a_player
    if not by_a_player:
        assert re.search(words, said)
    elif not isinstance(error, ImportError):
        assert "ulimit" in said


def test_a_fault_of_this_program_keeps_its_traceback(monkeypatch, tmp_path):
    path = tmp_path / "v.csv"
    path.write_text("4,1\n2,4\n1,2\n3,-2\n-18,-8\n")

    def fail(*arguments):
        raise RuntimeError("a fault")

    monkeypatch.setattr(local_players.Supervisor, "start", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        main(["aggregate", str(path), "--byzantine", "1"])


@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("jupyterlab", "pip install 'fl_krum[notebooks]'"),
        ("ipywidgets", "pip install 'fl_krum[notebooks]'"),
        ("nbconvert", "pip install 'fl_krum[slides]'"),
        ("sphinx_revealjs", "pip install 'fl_krum[slides]'"),
        ("sklearn", "pip install --force-reinstall fl_krum"),
    ],
)
def test_advice_fits_how_it_was_installed(monkeypatch, tmp_path, package, command):
    monkeypatch.chdir(tmp_path)
    assert packages.install(package) == f"pip install -r {ROOT / 'requirements.txt'}"
    monkeypatch.chdir(ROOT)
    assert packages.install(package) == "pip install -r requirements.txt"
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    required = [
        "numpy>=1.26", "scikit-learn>=1.4", "jupyterlab>=4.1; extra == 'notebooks'",
        'ipywidgets>=8.1; extra == "notebooks"', 'nbconvert>=7; extra == "slides"',
        'sphinx-revealjs>=3.2; extra == "slides"',
    ]  # fmt: skip
    monkeypatch.setattr("importlib.metadata.requires", lambda name: required)
    assert packages.install(package) == command


@pytest.mark.skipif(os.name != "posix", reason="needs ulimit")
@pytest.mark.parametrize("limit", ["-v 700000", "-n 20"])
def test_a_limit_of_the_shell_is_one_line(tmp_path, limit):
    path = tmp_path / "v.csv"
    path.write_text("4,1\n2,4\n1,2\n3,-2\n-18,-8\n")
    command = f"ulimit {limit}; exec {sys.executable} -m fl_krum aggregate {path} --byzantine 1"
    process = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode in (0, 1) and "Traceback" not in process.stderr
    assert process.returncode == 0 or "ulimit" in process.stderr
