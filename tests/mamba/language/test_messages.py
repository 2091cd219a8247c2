"""Errors in the words of the language, with the line that they belong to."""

import linecache

import pytest
from mamba_players import run_program

from mamba.language.messages import explain

NAME = "test.mpc"  # what `run_program` compiles a text as

MESSAGES = [
    ("sint(1) % 3.5", "sint % float is not possible: a sint is an integer"),
    ("sint(1) / 0.5", "sint / float is not possible"),
    ("'a' + sint(1)", "text is not a number; print_ln('%s', x) fills it in"),
    ("sint(1) + sint(1).reveal_to(0)", "one side is None, what a function gives that returns"),
    ("sint(1) + sint(1).reveal", "one side is a function; are its () missing?"),
    ("[1, 2][sint(1)]", "a sint is secret, so it cannot be an index, a range or a size"),
    ("(1, 2)[sint(1)]", "a sint is secret, so it cannot be an index"),
    ("range(sint(3))", "a sint is secret, so it cannot be an index, a range"),
    ("int(sint(3))", "a sint is secret: nothing in Python's hands is made of it before x.reveal()"),
    ("'%d' % sint(1)", "a sint is secret: nothing in Python's hands"),
    ("abs(sint(1))", "abs of a sint is not known to the embedded players: (x < 0).if_else"),
    ("{}['a']", "the key 'a' is not there"),
    ("[1, 2][3]", "there is no item with that index (list index out of range)"),
    ("sint(1, 2, 3)", "sint takes from 0 to 2 positional arguments but 3 were given"),
    ("sint(1).if_else(2)", "if_else missing 1 required positional argument: 'no'"),
    ("sint.get_private_input_from()", "sint.get_private_input_from missing 1 required"),
    ("max(sint(1), sint(2))", "a sint cannot decide an if, a while, a max or a sort: it is secret"),
    ("if sint(1).reveal(): pass", "the program is compiled before there are values. if_then,"),
    ("sint(2) ** sint(3)", "an exponent is a Python integer from 0 on, not "),
    ("range(7 / 2.0)", "write // for a division of integers"),
    ("range(cint(3))", "a cint has its value only when the players run"),
    ("[1, 2][regint(1)]", "a regint has its value only when the players run"),
    ("sint(1) == None", "a sint cannot be compared with None"),
    ("x = sint(1)\nx(2)", "a sint cannot be called like a function: is an operator missing"),
    ("x = sint(1).reveal_to(0)\nx.reveal()", "there is no 'reveal' of None"),
    ("x = sint(1)\nx.store_in_mem(0)\nx.imag", "'sint.imag' is not known to the embedded players"),
    ("def f():\n    return f()\nf()", "a function calls itself without end"),
    ("print_ln('%s', x)\nx = 1", "'x' has no value here: it is given one in line 2, later or"),
    ("total = 0\n@for_range(3)\ndef body(i):\n    total = total + i",
     "'total' has no value yet in this function, which gives it one: the body of a loop is a"),
    ("raise ValueError", "ValueError"),
    ("1 // 0", "division"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MESSAGES)
def test_what_an_error_says(text, message):
    linecache.cache[NAME] = len(text), None, text.splitlines(keepends=True), NAME
    with pytest.raises(Exception) as caught:
        run_program(text, [(), (), ()])
    line = explain(caught.value, NAME)
    assert message in line and line.startswith(f"{NAME}, line ")
    assert line.endswith(f"(in: {line.rpartition('(in: ')[2]}") and "\n" not in line


def test_an_error_outside_of_the_program_has_no_line():
    assert explain(ValueError("too late"), NAME) == "too late"
