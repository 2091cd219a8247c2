"""Player processes: what they print, how they end, and what a mistake looks like from outside."""

import json
import os
import re
import socket

import pytest
from mamba_players import finish, player, run_processes, running

from fl_krum.players.certificates import issue
from fl_krum.players.embedded import free_ports

ADD = """\
a = sint.get_private_input_from(1, size=2)
b = sint.get_private_input_from(2, size=2)
(a + b).reveal_to(0)
"""
WORDS = ["", "20 3\n", "4 5\n"]


# --- a run that goes well ---------------------------------------------------------------------


def test_what_players_print_does_not_depend_on_any_input(tmp_path):
    runs = [run_processes(tmp_path, ADD, ["", first, "4 5"]) for first in ("20 3", "999999 0")]
    assert [e.outputs for e in (runs[0][0], runs[1][0])] == [[24, 8], [1000003, 5]]
    for me, (one, other) in enumerate(zip(*runs, strict=True)):
        assert one.status == other.status == 0
        assert one.stderr == other.stderr
        ready, sent = one.stderr.splitlines()
        assert ready == f"Player {me} ready: 3 players, threshold 1, holders 0 1 2"
        assert re.fullmatch(r"Sent \d+ bytes in \d+ rounds", sent)
        if me:
            assert one.stdout == other.stdout == "End of prog\n"
    assert runs[0][0].stdout == "Output channel 0 : 24\nOutput channel 0 : 8\nEnd of prog\n"


def test_rounds_of_a_loop_take_inputs_and_give_outputs_in_turn(tmp_path):
    """Each round's result is there before the next round's inputs are."""
    program = "@for_range(3)\ndef turn(t):\n" + "".join(
        f"    {line}\n" for line in ADD.splitlines()
    )
    with running(tmp_path, program, 3) as processes:
        for t in range(3):
            for me in (1, 2):
                processes[me].stdin.write(f"{t} {10 * me}\n")
                processes[me].stdin.flush()
            lines = [processes[0].stdout.readline() for _ in range(2)]
            assert lines == [f"Output channel 0 : {v}\n" for v in (2 * t, 30)]
        said = processes[0].stdout.read()  # all: of its lines some may have been read ahead
        ended = finish(processes, [""] * 3)
    assert [said, *(e.stdout for e in ended[1:])] == ["End of prog\n"] * 3
    assert [len(re.findall("Sent", e.stderr)) for e in ended] == [3] * 3


def test_views_show_own_words_and_received_shares(tmp_path):
    ended = run_processes(tmp_path, ADD, WORDS, views=True)
    assert [e.status for e in ended] == [0] * 3
    views = [json.loads((tmp_path / f"view{i}.json").read_text()) for i in range(3)]
    assert [view["words"] for view in views] == [[], [20, 3], [4, 5]]
    dealers = [{dealer for _, dealer, _, _ in view["shares"]} for view in views]
    assert dealers == [{1, 2}, {2}, {1}]
    for view in views:
        for number, _dealer, kind, value in view["shares"]:
            assert (number, kind) == (2, "prime")
            assert 0 <= int(value) < 2**127 - 1
    # The result is opened to player 0 alone, in the round after.
    assert [view["opened"] for view in views] == [
        [[3, "prime", "24"], [3, "prime", "8"]],
        [],
        [],
    ]


def test_views_show_what_is_opened_to_everybody(tmp_path):
    text = "a = sint.get_private_input_from(1, size=300)\na.reveal()\na.reveal_to(2)\n"
    words = list(range(300))
    ended = run_processes(tmp_path, text, ["", " ".join(map(str, words)), ""], views=True)
    assert [e.status for e in ended] == [0] * 3
    for me in range(3):
        opened = json.loads((tmp_path / f"view{me}.json").read_text())["opened"]
        sample = words[:256]
        assert opened[:256] == [[3, "prime", str(word)] for word in sample]
        assert opened[256:] == [[4, "prime", str(word)] for word in sample if me == 2]


# --- mistakes in a program or its input -------------------------------------------------------


def assert_clean(ended):
    """Every player has ended by itself, with one line of error once ready and no traceback."""
    for me, e in enumerate(ended):
        assert e.status == 1, (me, e)
        assert "End of prog" not in e.stdout
        lines = [line for line in e.stderr.splitlines() if not line.startswith("Sent")]
        assert len(lines) <= 2, e.stderr
        assert lines[-1].startswith(f"Player {me}: error: ")


MISTAKES = {
    "name": ("x = sint(1)\ny = sintt(2)", 2, "'sintt' is not defined: did you mean 'sint'?"),
    "method": ("sint(1).bit_decomposed(5)", 1, "'sint.bit_decomposed' is not known"),
    "class method": ("sint.load_file(5)", 1, "'sint.load_file' is not known to the embedded"),
    "keyword": ("sint(1, bits=5)", 1, "unexpected keyword argument 'bits'"),
    "sizes": ("\n\nsint(1, size=3) * sint(1, size=2)", 3, "vectors of 3 and 2 elements"),
    "secret if": ("x = sint(1)\nif x < 2:\n    pass", 2, "a sint cannot decide an if"),
    "player": ("sint.get_private_input_from(3)", 1, "there is no player 3"),
    "nested": ("def f():\n    return 1 / 0\n\nf()", 2, "by zero"),
    "index": ("Array(3, sint)[3]", 1, "index 3 is outside an Array of 3 elements"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_program_is_one_line_with_file_and_line(tmp_path, mistake):
    source, number, message = MISTAKES[mistake]
    ended = run_processes(tmp_path, source, ["", "", ""])
    assert_clean(ended)
    line = source.splitlines()[number - 1].strip()
    for me, e in enumerate(ended):
        assert e.last_line.startswith(f"Player {me}: error: test.mpc, line {number}: ")
        assert message in e.last_line
        assert e.last_line.endswith(f"(in: {line})")


def test_a_wrong_format_is_a_mistake_on_all_players(tmp_path):
    """Only player 0 prints, and all tell the same."""
    source = "x = sint.get_private_input_from(1)\nprint_ln('%s %s', 1)\nx.reveal_to(0)\n"
    ended = run_processes(tmp_path, source, ["", "1", ""])
    assert_clean(ended)
    words = "test.mpc, line 2: the text has 2 times %s, and 1 values are given"
    assert all(words in e.last_line for e in ended)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("20 secret", "input word 2 is not an unsigned 64-bit integer"),
        ("20 -3", "input word 2 is not an unsigned 64-bit integer"),
        ("20", "the input ended 1 word early: this player was given 1 word"),
    ],
)
def test_a_mistake_in_the_input_is_told_without_the_word(tmp_path, words, message):
    ended = run_processes(tmp_path, ADD, ["", words, "4 5"])
    assert_clean(ended)
    assert message in ended[1].last_line
    assert "test.mpc, line 1" in ended[1].last_line  # which asked, not line 3, which waits for it
    for me in (0, 2):
        assert "lost the connection to player" in ended[me].last_line
    assert not any(re.search("secret|-3|20", e.stdout + e.stderr) for e in ended)


def test_other_players_programs_that_differ_are_an_error(tmp_path):
    other = ADD.replace("size=2", "size=3")
    ended = run_processes(tmp_path, [ADD, other, ADD], ["", "1 2 3", "4 5 6"])
    assert_clean(ended)
    who = ["player 1", "this player", "player 1"]
    for me, e in enumerate(ended):
        assert f"error: {who[me]} has another program or threshold than most" in e.last_line
        assert "ready" not in e.stderr


def test_a_killed_player_is_named_by_the_others(tmp_path):
    with running(tmp_path, ADD, 3) as processes:
        for me, process in enumerate(processes):
            assert process.stderr.readline().startswith(f"Player {me} ready")
        processes[1].kill()
        ended = finish(processes, ["", None, "4 5"])
    assert ended[1].status != 0
    assert ended[0].status == ended[2].status == 1
    assert "exchange 2: lost the connection to player 1" in ended[2].last_line
    assert "lost the connection to player" in ended[0].last_line


# --- mistakes on the command line -------------------------------------------------------------


def alone(folder, *arguments, forked=True):
    """One process, which is to end before it needs the others."""
    with player(folder, *arguments, forked=forked) as process:
        return finish([process], [""])[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read test.mpc: No such file or directory"),
        (b"x = 1\ny = = 2\n", "test.mpc, line 2: invalid syntax"),
        (b"x = 1\n  y = 2\n", "test.mpc, line 2: unexpected indent"),
        (b"\xff\xfe", "test.mpc is not a text file: "),
        (b"x = 1\0", "test.mpc"),
    ],
)
def test_a_program_that_cannot_be_read(tmp_path, content, message):
    if content is not None:
        (tmp_path / "test.mpc").write_bytes(content)
    ended = alone(
        tmp_path, 0, tmp_path / "test.mpc", "--ports", "1,2,3", "--certificates", tmp_path
    )
    assert (ended.status, ended.stdout) == (1, "")
    said = ended.stderr.replace(f"{tmp_path}{os.sep}", "")
    assert said.startswith(f"Player 0: error: {message}")
    assert ended.stderr.count("\n") == 1


def test_certificates_that_are_not_there(tmp_path):
    (tmp_path / "test.mpc").write_text("sint(1).reveal_to(0)")
    ended = alone(
        tmp_path, 0, tmp_path / "test.mpc", "--ports", "1,2,3", "--certificates", "nowhere"
    )
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Player 0: error: cannot use RootCA.crt, Player0.crt")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "ports", "message"),
    [
        ("3", "1,2,3", "player 3: there are players 0 to 2"),
        ("-1", "1,2,3", "players 0 to 2|unrecognized|required"),
        ("0", "1,2", "at least 3 players"),
        ("0", "1,2,x", "'x' is no HOST:PORT"),
        ("x", "1,2,3", "invalid int value: 'x'"),
    ],
)
def test_a_command_line_that_makes_no_sense(tmp_path, number, ports, message):
    ended = alone(
        tmp_path, number, tmp_path / "test.mpc", "--ports", ports, "--certificates", tmp_path
    )
    assert (ended.status, ended.stdout) == (2, "")
    assert re.search(message, ended.stderr)
    assert "Traceback" not in ended.stderr


def test_a_taken_port_has_a_status_of_its_own(tmp_path):
    issue(3).write(tmp_path)
    (tmp_path / "test.mpc").write_text("sint(1).reveal_to(0)")
    ports = free_ports(3)
    with socket.create_server(("127.0.0.1", ports[0])):
        text = ",".join(map(str, ports))
        ended = alone(
            tmp_path, 0, tmp_path / "test.mpc", "--ports", text, "--certificates", tmp_path
        )
    assert ended.status == 3
    assert "in use" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_help_warns_of_other_peoples_programs(tmp_path):
    said = " ".join(alone(tmp_path, "--help", forked=False).stdout.split())
    assert "a .mpc file is Python, and can do whatever you can do on this machine" in said


def test_views_are_for_their_owner_alone(tmp_path):
    run_processes(tmp_path, ADD, WORDS, views=True)
    if os.name == "posix":
        assert {(tmp_path / f"view{i}.json").stat().st_mode & 0o777 for i in range(3)} == {0o600}


def test_end_with_stdin(tmp_path):
    """Whoever started a player holds its standard input; when that is gone, so is the player."""
    issue(3).write(tmp_path)
    (tmp_path / "test.mpc").write_text(ADD)
    ports = ",".join(map(str, free_ports(3)))
    ended = alone(
        tmp_path,
        0,
        tmp_path / "test.mpc",
        "--ports",
        ports,
        "--certificates",
        tmp_path,
        "--end-with-stdin",
        forked=False,
    )
    assert ended.status == 1
    assert ended.stdout == ""
