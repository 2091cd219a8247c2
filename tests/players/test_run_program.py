"""`run_program` with embedded players: what comes back, and what is said when it cannot."""

import contextlib
import os
import signal
import threading

import numpy as np
import psutil
import pytest
from patience import patiently

from fl_krum import ProgramError, run_program
from fl_krum.players import embedded, launching
from fl_krum.players.process import PlayerError
from fl_krum.players.program_inputs import count_players, words_of_players

SUM = """\
a = sint.get_private_input_from(0)
b = sint.get_private_input_from(1, size=2)
print_ln("two inputs <b> & more")
a.reveal_to(2)
(a < sint(8)).reveal_to(2)
b.reveal_to(1)
(-b).reveal_to(1)
print_ln("%s", (a * a).reveal())
"""


@pytest.fixture(autouse=True)
def no_player_is_left():
    yield
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            name = " ".join([process.name(), *process.cmdline()])
            assert not ("player" in name and "mamba" in name), name


def test_what_comes_back():
    result = run_program(SUM, {0: 7, 1: np.array([[9], [2**64 - 1]], np.uint64)})
    assert result.told == ([], [9, 2**64 - 1, -9, -(2**64 - 1)], [7, 1])
    assert result.printed == "two inputs <b> & more\n49\n"
    assert result.players == 3 and result.engine == "embedded" and result.text == SUM
    assert result.rounds > 10 and result.bytes > 1000 and 0 < result.seconds < 60
    lines = repr(result).splitlines()
    assert lines[:2] == ["two inputs <b> & more", "49"]
    assert lines[2].startswith("player 1: 9, 1844") and lines[3] == "player 2: 7, 1"
    assert lines[4].startswith(f"{result.rounds} exchanges, {result.bytes:,} bytes, ")
    page = result._repr_html_()
    assert "&lt;b&gt; &amp; more" in page and "player 2</b>: 7, 1" in page
    colours = {page.split(f"player {i}<")[0].rpartition("solid ")[2][:7] for i in (1, 2)}
    assert len(colours) == 2
    assert result.views == ()


def test_players_may_be_more_than_have_inputs_and_views_are_on_request():
    text = "x = sint.get_private_input_from(3)\nx.reveal_to(4)\n"
    result = run_program(text, [(), (), (), [5]], players=5, views=True, threshold=1)
    assert result.told[4] == [5] and len(result.views) == 5
    assert result.views[0]["shares"] == []  # of four clients three are drawn to hold shares
    assert [view["shares"] == [] for view in result.views[1:]].count(True) in (1, 2)
    assert [view["words"] for view in result.views] == [[], [], [], [5], []]


def test_players_that_are_started_one_by_one(monkeypatch):
    monkeypatch.setattr(embedded, "_start_deadline", lambda players: 200.0)
    monkeypatch.setenv(launching.FORK_SERVER, "no")
    assert run_program("sint(3).reveal_to(1)").told == ([], [3], [])


def test_a_program_that_opens_nothing_has_a_cost_too():
    result = run_program('print_ln("nothing")')
    assert result.told == ([], [], []) and result.rounds >= 1 and result.printed == "nothing\n"


@pytest.mark.parametrize(
    ("inputs", "players", "message"),
    [
        ([1], 2, "3 to 100 players, not 2"),
        ([1], 101, "3 to 100 players, not 101"),
        ([1], "three", "'three'"),
        ([1], True, "True"),
        ({3: 1}, 3, "there is no player 3 to have an input: there are players 0 to 2"),
        ({-1: 1}, 3, "there is no player -1"),
        ({"a": 1}, 3, "not to 'a'"),
        ({0: -5}, 3, "player 0, input 1 is -5: an input is an integer from 0 to 2^64 - 1; add an"),
        ({1: [1, 2**64]}, 3, "player 1, input 2 is 18446744073709551616: an input"),
        ({1: [1, 2.5]}, 3, "player 1, input 2 is 2.5, not an integer: scale it"),
        ({1: np.array([0.5])}, 3, "player 1, input 1 is 0.5, not an integer"),
        ({1: "12"}, 3, "player 1, input 1 is '12', not an integer"),
        ({1: {"a": 1}}, 3, "not an integer"),
        ({1: None}, 3, "None, not an integer"),
        ({1: "x" * 1000}, 3, "xx…, not an integer"),
    ],
)
def test_inputs_that_make_no_sense_are_refused_at_the_door(inputs, players, message):
    with pytest.raises(ValueError) as caught:
        words_of_players(inputs, count_players(inputs, players))
    assert message in str(caught.value)


def test_words_of_players_in_all_forms():
    words = words_of_players([3, [True, np.int8(2)], np.arange(4).reshape(2, 2), ((1, [2]), 3)], 5)
    assert [one.tolist() for one in words] == [[3], [1, 2], [0, 1, 2, 3], [1, 2, 3], []]
    assert count_players([1], None) == 3 and count_players({6: 1}, None) == 7


@pytest.mark.parametrize("options", [{"deadline": 0}, {"engine": "none"}, {"text": 7}])
def test_other_arguments_that_make_no_sense(options):
    with pytest.raises(ValueError):
        run_program(**{"text": "", **options})


def test_a_name_that_is_not_known_is_underlined_and_said_once():
    text = "total = sint(1)\nx = ttoal + sfloat(1)\ny = zqx\n"
    with pytest.raises(ProgramError) as caught:
        run_program(text, name="mine.mpc")
    error = caught.value
    assert [problem.line for problem in error.problems] == [2, 2, 3] and not error.started
    assert str(error).splitlines()[:3] == [
        "mine.mpc, line 2: 'ttoal' is not defined: did you mean 'total'?",
        "    x = ttoal + sfloat(1)",
        "        ^^^^^",
    ]
    assert str(error).count("ttoal' is not defined") == 1
    assert error._render_traceback_() == str(error).splitlines()


MISTAKES = [  # text, inputs, line, message
    ("x = sint(1)\nif x < 2:\n    pass", [], 2, "a sint cannot decide an if"),
    ("print_ln('a')\nraise ValueError('enough')", [], 2, "enough"),
    ("a = sint.get_private_input_from(1)\nb = a + 1\nb.reveal_to(0)", [], 1,
     "the input ended 1 word early: player 1 was given 0 words"),
    ("a = sint.get_private_input_from(0)", [[5, 6, 7]], None,
     "player 0 was given 3 words, of which the program reads 1"),
    ("answer = sint(1) + 'connect'", [], 1, "text is not a number"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "line", "message"), MISTAKES)
def test_a_program_that_cannot_go_on(text, inputs, line, message):
    with pytest.raises(ProgramError) as caught:
        run_program(text, inputs)
    (problem,) = caught.value.problems
    assert problem.line == line and message in problem.message and caught.value.started
    assert caught.value.printed == ("a\n" if "print_ln('a')" in text else "")


@pytest.mark.skipif(os.name != "posix", reason="a killed player cannot say where it was")
@pytest.mark.parametrize("body", ["pass", "x.reveal()"])
@patiently(1.5, 6.0, 60.0)
def test_a_program_that_never_ends(body, patience):
    text = f"x = sint(1)\nprint_ln('here')\nwhile True:\n    {body}\n"
    with pytest.raises(ProgramError) as caught:
        run_program(text, deadline=patience)
    (problem,) = caught.value.problems
    assert problem.line in (3, 4) and caught.value.printed == "here\n"
    late = f"the program did not end within {patience:g} s"
    assert problem.message == f"{late}; this line was at work"


def test_a_program_that_prints_without_end(monkeypatch):
    monkeypatch.setattr("fl_krum.players.player.MOST_OUTPUT", 1 << 20)
    with pytest.raises(PlayerError, match="player 0 printed more than 1 MB while"):
        run_program("while True:\n    print_ln('x' * 1000)", deadline=250)


def test_a_player_that_is_killed_is_named_and_not_taken_for_a_mistake():
    text = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    with pytest.raises(PlayerError, match="player . was killed by SIGKILL") as caught:
        run_program(text)
    assert not isinstance(caught.value, ProgramError)


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_an_interrupt_leaves_no_player():
    over = threading.Event()

    def interrupt():
        while not over.wait(0.05) and not any(
            process.name().startswith("player 2") and process.status() != psutil.STATUS_ZOMBIE
            for process in psutil.Process().children(recursive=True)
        ):
            pass
        if not over.wait(0.3):  # else it would hit another test
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_program("while True:\n    pass", deadline=250)
    finally:
        over.set()
