"""Memory that is cleared, taken and given back while players run."""

import textwrap

import pytest
from mamba_players import run_program

from mamba.run_error import RunError


def numbers(source):
    """The numbers on the lines that player 0 prints."""
    lines = run_program(textwrap.dedent(source), [[7], [], []])[0].lines
    return [[int(word) for word in line.split()] for line in lines]


def test_memory_is_cleared():
    source = """\
        x, y = sint(5), cint(6)
        x.store_in_mem(3)
        sint.push(x)
        sint.get_private_input_from(0).store_in_mem(4)
        clear_memory()
        print_ln('%s %s', sint.load_mem(3).reveal(), sint.load_mem(4).reveal())
        print_ln('%s %s %s', x.reveal(), y, sint.pop().reveal())
    """
    assert numbers(source) == [[0, 0], [5, 6, 5]]


def test_words_given_back_are_taken_again_and_nothing_else_is():
    source = """\
        a, b, c = regint(), regint(), regint()
        news(a, 3)
        news(b, regint(3))
        deletes(a)
        news(c, 3)
        print_ln('%s %s', b - a, c - a)
        d = sint.Array(1)
        print_ln('%s', regint(d.address) >= b + 3)
    """
    assert numbers(source) == [[3, 0], [1]]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("deletec(regint(8192))", "nothing to delete at address 8192"),
        ("newc(cint(), 3)", "takes a regint"),
    ],
)
def test_mistakes_are_program_errors(source, message):
    with pytest.raises(RunError, match=message):
        numbers(source)
