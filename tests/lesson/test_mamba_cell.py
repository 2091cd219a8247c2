"""``%%mamba``: a program in a cell, by IPython itself, and in a real kernel that is interrupted."""

import builtins
import contextlib
import time

import numpy as np
import pytest
from repository import ROOT

psutil = pytest.importorskip("psutil")
IPython = pytest.importorskip("IPython")
manager = pytest.importorskip("jupyter_client.manager", reason="jupyter is not installed")

from IPython.core.interactiveshell import InteractiveShell  # noqa: E402

from fl_krum.players import fork_server  # noqa: E402
from fl_krum.players.scale_mamba.installation import SCALE_MAMBA_HOME  # noqa: E402

RICHER = """\
a = sint.get_private_input_from(0)
b = sint.get_private_input_from(1)
print_ln("who is richer?")
(a < b).reveal_to(2)
"""
PATIENCE = 200.0


@pytest.fixture(scope="module")
def shell():
    one = InteractiveShell()
    one.run_line_magic("load_ext", "fl_krum")
    yield one
    fork_server.discard()


@pytest.fixture(autouse=True)
def no_installation(monkeypatch):
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)


def run(shell, options, text):
    return shell.run_cell(f"%%mamba {options}\n{text}", store_history=True)


def test_a_cell_shows_and_keeps_its_result(shell, capsys, monkeypatch):
    monkeypatch.delattr(builtins, "_", raising=False)  # set by gettext, IPython would leave it
    shell.user_ns["salaries"] = np.array([7, 9])
    done = run(shell, "--input 0=salaries[0] --input 1=salaries[1] + 1 --output mine", RICHER)
    assert done.success and done.result.told == ([], [], [1])
    assert shell.user_ns["mine"] is done.result and shell.user_ns["_"] is done.result
    said = capsys.readouterr().out
    assert "who is richer?\nplayer 2: 1\n" in said and "3 embedded players" in said


def test_several_inputs_and_expressions_with_spaces(shell):
    text = "sint.get_private_input_from(1, size=4).reveal_to(0)"
    for options in (
        "--inputs [[], range(1, 5)]",
        "-i 1=[1, 2] -i 1=(3, 4)",
        "--input '1=[1, 2, 3, 4]'",
        '-i "1=range(1, 5)"',
    ):
        assert run(shell, f"{options} -n 4", text).result.told == ([1, 2, 3, 4], [], [], [])


def test_what_lines_open_and_players_see_is_shown_on_request(shell):
    options = "--input 0=7 --input 1=9 --show opened --show views"
    shown = run(shell, options, RICHER + "(a + b).reveal()\na.reveal_to(1)").result.shown
    assert shown[:3] == (
        "line 5 opens to player 2: 1",
        "line 6 opens to everybody: 16",
        "line 7 opens to player 1: 7",
    )
    assert [line.split(";")[0] for line in shown[3:]] == [
        "player 0 saw its own input: 7",
        "player 1 saw its own input: 9",
        "player 2 saw its own input: none",
    ]


def test_a_mistake_is_underlined_with_the_cells_own_line(shell, capsys):
    done = run(shell, "", "total = sint(1)\nx = ttoal\n")
    assert not done.success
    said = capsys.readouterr().out
    assert "cell, line 3: 'ttoal' is not defined: did you mean 'total'?" in said
    assert "\n    x = ttoal\n        ^^^^^\n" in said and "Traceback" not in said


def test_what_was_printed_before_a_mistake_is_shown(shell, capsys):
    done = run(shell, "", 'print_ln("before")\nif sint(1): pass\n')
    assert not done.success
    said = capsys.readouterr().out
    assert "before\n" in said and "cell, line 3: " in said


def test_a_player_that_is_killed_is_told_without_a_traceback(shell, capsys):
    assert not run(shell, "", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)").success
    said = capsys.readouterr().out
    assert "was killed by SIGKILL" in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--inputs 7", "a list with an item for each player"),
        ("--inputs [1, nothing]", "--inputs [1, nothing]: NameError"),
        ("--input 7", "write PLAYER=VALUE"),
        ("--input 0=nothing", "--input 0=nothing: NameError"),
        ("--input 0=1/0", "--input 0=1/0: ZeroDivisionError"),
        ("--input 0=-1", "an input is an integer from 0 to 2^64 - 1"),
        ("--input 0='text'", "not an integer"),
        ("--input 9=1 --players 3", "there is no player 9"),
        ("--players two", "two"),
        ("--threshold 0", "threshold"),
        ("--show everything", "everything"),
        ("--output 7up", "not the name of a variable"),
        ("--engine none", "unknown engine"),
        ("--deadline 0", "deadline"),
        ("--colour", "--colour"),
    ],
)
def test_wrong_options_are_one_line(shell, capsys, options, words):
    done = run(shell, options, "x = sint(1)")
    assert not done.success
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert said.startswith("UsageError: ") and words in said and said.count("\n") == 1


def test_the_next_cell_finds_a_fork_server_ready(shell):
    run(shell, "", "sint(1).reveal_to(0)")
    (ready,) = fork_server._early
    assert psutil.Process(ready.pid).is_running()


def test_interrupting_a_cell_leaves_no_player():
    one, client = manager.start_new_kernel(kernel_name="python3", cwd=str(ROOT))
    try:
        client.execute_interactive("%load_ext fl_krum", timeout=PATIENCE)
        asked = client.execute("%%mamba --deadline 60\nwhile True:\n    pass\n")
        players = players_of(one, 3)
        one.interrupt_kernel()
        reply = client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"].get("msg_id") != asked:
            reply = client.get_shell_msg(timeout=PATIENCE)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        _, alive = psutil.wait_procs(players, PATIENCE)
        assert alive == []
    finally:
        client.stop_channels()
        with contextlib.suppress(RuntimeError):
            one.shutdown_kernel(now=True)


def players_of(one, count):
    """The player processes of a kernel once there are so many."""
    until = time.monotonic() + PATIENCE
    found = []
    while time.monotonic() < until and len(found) != count:
        found = []
        for process in psutil.Process(one.provisioner.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.name().startswith("player ") or "mamba.player" in process.cmdline():
                    found.append(process)
        time.sleep(0.05)
    assert len(found) == count
    return found
