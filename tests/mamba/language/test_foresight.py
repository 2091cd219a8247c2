"""Masks that a program foresees are made beside its inputs; a wrong guess does no harm."""

import pytest
from mamba_players import run_program

from mamba.language.machine import Machine
from mamba.masks import Demand, make_beside
from mamba.network import NetworkError
from mamba.protocol_error import ProtocolError

COMPARE = """
first = [sint.get_private_input_from(i) for i in (1, 2)]
smaller = first[0].less_than(first[1], 40)
FORESIGHT
a = [sint.get_private_input_from(i) for i in (1, 2, 3)]
sint(sum(a) * sum(a)).reveal()
print_ln('%s', smaller.reveal())
print_ln('%s', a[0].less_than(a[1], 40).reveal())
print_ln('%s', a[0].less_than(a[2], 40).reveal())
"""
WORDS = [[], [0, 3], [1, 4], [2]]
ONE = "lambda: sint(0).less_than(1, 40)"
RIGHT = f"foresee({ONE}, {ONE})"
WRONG = """
    for k in range(12): foresee(lambda: sint(0, size=2) == sint(k, size=2))
    foresee(lambda: (sint(0).less_than(1, 40), sint(1).less_than(2, 40)))
    foresee(lambda: sint(0).less_than(1, 41)); foresee()
    foresee(lambda: sint(7) * sint(7) + 1)
"""


def run(foresight, active=False, liars=(), **choice):
    """What is printed, and how many exchanges it took."""
    text = COMPARE.replace("FORESIGHT", foresight)
    seen = run_program(text, WORDS, liars=liars, active=active, **choice)
    return seen[0].lines, max(one.rounds for one in seen)


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("choice", [{}, {"threshold": 1, "holders": (0, 2, 3)}])
def test_what_is_foreseen_takes_fewer_exchanges_and_a_wrong_guess_does_no_harm(active, choice):
    right, many = run("", active, **choice)
    assert right == ["1", "1", "0"]
    found, few = run(RIGHT, active, **choice)
    assert found == right and few < many
    for foresight in map(str.strip, WRONG.strip().splitlines()):
        assert run(foresight, active, **choice)[0] == right, foresight


def test_nothing_is_compared_while_a_program_foresees():
    """Nor are masks made of which nothing is waited for."""
    text = f"foresee(lambda: print_ln('%s', 5), {ONE})"
    seen = run_program(text, [[], [], []])
    assert seen[0].lines == ["5"] and max(one.rounds for one in seen) == 1  # keys


def foreseeing(demands):
    """A player that foresees these demands, whatever the text says."""

    class Foresees(Machine):
        def foresee(self, *parts):
            if demands:
                self._coming = demands, make_beside(self.protocols, demands)

    return None, Foresees, None


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("demands", [[], [Demand(2, 40, 40, 2)]])
def test_players_that_foresee_different_things_end_with_an_error(active, demands):
    with pytest.raises((NetworkError, ProtocolError)):
        run(RIGHT, active, {2: foreseeing(demands)})


def test_so_do_those_that_foresee_other_pairs_before_they_open_anything():
    """The messages are as long, so it takes the digests to notice."""
    pairs = [((0, 1), (0, 2), (1, 2), (1, 0)), ((0, 1), (0, 2), (1, 2), (2, 0))]
    some, others = (foreseeing([Demand(3, 40, 40, 4, pairs=one)]) for one in pairs)
    with pytest.raises(ProtocolError, match="what player . has been told"):
        run(RIGHT, True, {0: some, 1: some, 2: others, 3: some})
