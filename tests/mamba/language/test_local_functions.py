"""LF: products and row reduction of matrices."""

import textwrap

import pytest
from mamba_players import run_program

from mamba.language.local_functions import reduced
from mamba.run_error import RunError


def numbers(source):
    """The numbers on the lines that player 0 prints."""
    lines = run_program(textwrap.dedent(source), [[7], [], []])[0].lines
    return [[int(word) for word in line.split()] for line in lines]


def test_local_functions_of_matrices():
    source = """\
        def push(kind, rows):
            regint.push(len(rows))
            regint.push(len(rows[0]))
            for row in rows:
                for value in row: kind.push(value)
        def show(kind):
            columns, rows = regint.pop(), regint.pop()
            print_ln('%s ' * (2 + SIZE), rows, columns, *kind.pop(size=SIZE).reveal()[:])
        A, B = [[1, 2, 3], [4, 5, 6]], [[7, 8], [9, 10], [11, 12]]
        SIZE = 4
        for number, left, right in (0, cint, cint), (1, sint, cint), (2, cint, sint):
            push(left, A)
            push(right, B)
            LF(number)
            show(sint if number else cint)
        SIZE = 6
        push(cint, A)
        LF(3)
        show(cint)
    """
    product = [2, 2, 58, 64, 139, 154]
    assert numbers(source) == [product] * 3 + [[2, 3, 1, 0, -1, 0, 1, 2]]


def test_row_reduction_finds_pivots_below_and_passes_columns_of_zeros():
    assert reduced([[0, 0, 2], [0, 3, 6], [0, 6, 1]]) == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert reduced([[0, 0]]) == [[0, 0]]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("LF(4)", "the local functions 0 to 3, not 4"),
        ("regint.push(0)\nregint.push(2)\nLF(3)", "no matrix of 0 rows and 2 columns"),
    ],
)
def test_mistakes_are_program_errors(source, message):
    with pytest.raises(RunError, match=message):
        numbers(source)
