"""krum.mpc that mixes or clips: player 0 gets the weighted sum that the rule in plain Python gives,
exactly, ties and liars included."""

from itertools import cycle

import numpy as np
import pytest
from clear_language import run_clear
from mamba_players import run_program
from plain_rules import clipped_weights, mixed_weights

from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram

PLAIN = {"mixed-krum": mixed_weights, "clipped-krum": clipped_weights}
RULES = pytest.mark.parametrize("rule", PLAIN)
OFFSET = FixedPoint().offset
DIMENSIONS = cycle([1, 2, 5, 17])

# As plain arithmetic 300 random cases of each rule: every n up to 9, and 12, with every f, m = 1,
# 2 and the largest. That proves the text. Protocols among players know no rule, so there four
# programs of each have to do: even and odd n, two rounds, neighbours that are ranked (up to 10
# clients) and not, both checks of the inputs.
IN_THE_CLEAR = [
    (n, f, m, next(DIMENSIONS), 14 if n <= 5 else 5)
    for n in (*range(3, 10), 12)
    for f in range((n - 3) // 2 + 1)
    for m in sorted({1, 2, n - f})
]
AMONG_PLAYERS = [
    ("mixed-krum", 3, 0, 3, 1, 2), ("clipped-krum", 4, 0, 1, 50, 1),
    ("mixed-krum", 6, 1, 2, 17, 1), ("clipped-krum", 5, 1, 4, 2, 2),
    ("mixed-krum", 7, 2, 1, 60, 1), ("clipped-krum", 8, 2, 6, 3, 1),
    ("mixed-krum", 11, 3, 8, 2, 1),
]  # fmt: skip


def random_words(n, f, m, d, rounds):
    """Half of them so small that distances and scores are often equal."""
    rng = np.random.default_rng([n, f, m, d])
    largest = rng.choice([1, 2, 3, 1000], size=(rounds, 1, 1))
    return rng.integers(0, largest + 1, size=(rounds, n, d)) + OFFSET


def sums(program, words, run, **more):
    """What player 0 is given in each round, the sum of the weights first."""
    texts = [[]] + [words[:, i].ravel().tolist() for i in range(program.n)]
    outputs = [getattr(one, "outputs", one) for one in run(program.source(), texts, **more)]
    assert outputs[1:] == [[]] * program.n
    return np.array(outputs[0]).reshape(len(words), 1 + program.d).tolist()


def expected(rule, X, f, m, excluded=()):
    weights = PLAIN[rule](X.tolist(), f, m, excluded)
    return [sum(weights), *(np.array(weights) @ X).tolist()]


def test_there_are_300_random_cases():
    assert sum(rounds for *_, rounds in IN_THE_CLEAR) >= 300


@RULES
@pytest.mark.parametrize(("n", "f", "m", "d", "rounds"), IN_THE_CLEAR)
def test_the_text_means_the_rule_in_random_cases(rule, n, f, m, d, rounds):
    words = random_words(n, f, m, d, rounds)
    program = KrumProgram(n, f, d, rounds, m, rule=rule, check=False)
    assert sums(program, words, run_clear) == [expected(rule, X, f, m) for X in words]


@pytest.mark.parametrize(("rule", "n", "f", "m", "d", "rounds"), AMONG_PLAYERS)
def test_random_cases_among_players(rule, n, f, m, d, rounds):
    words = random_words(n, f, m, d, rounds)
    program = KrumProgram(n, f, d, rounds, m, rule=rule)
    found = sums(program, words, run_program)
    assert found == [expected(rule, X, f, m) for X in words]
    assert {row[0] for row in found} == {program.total()}


@pytest.mark.long
@RULES
@pytest.mark.parametrize(("n", "f", "m", "d", "rounds"), IN_THE_CLEAR)
def test_300_random_cases_among_players(rule, n, f, m, d, rounds):
    rounds = min(rounds, 2) if n > 8 else rounds  # seconds of every core each
    words = random_words(n, f, m, d, rounds)
    program = KrumProgram(n, f, d, rounds, m, rule=rule)
    assert sums(program, words, run_program) == [expected(rule, X, f, m) for X in words]


@RULES
def test_the_text_in_mamba_alone_gives_the_same(rule):
    for n, f, m, d in ((5, 1, 1, 3), (6, 1, 5, 2)):
        words = random_words(n, f, m, d, 1)
        program = KrumProgram(n, f, d, 1, m, rule=rule, portable=True, check=False)
        assert sums(program, words, run_program) == [expected(rule, X, f, m) for X in words]


@RULES
@pytest.mark.parametrize(("n", "f"), [(5, 1), (6, 1), (7, 2), (8, 2), (12, 4)])
def test_clients_that_share_more_than_agreed_are_left_out(rule, n, f):
    """Of even and odd n, any of them, up to f."""
    rng = np.random.default_rng(n)
    for liars in range(1, f + 1):
        words = rng.integers(0, 50, size=(3, n, 4)) + OFFSET
        excluded = [sorted(rng.choice(n, liars, replace=False).tolist()) for _ in words]
        for X, rows in zip(words, excluded, strict=True):
            X[rows, 0] = 2**40
        program = KrumProgram(n, f, 4, 3, n - f, rule=rule)
        found = sums(program, words, run_clear)
        wanted = zip(words, excluded, strict=True)
        assert found == [expected(rule, X, f, n - f, rows) for X, rows in wanted]
        assert {row[0] for row in found} == {program.total(liars)}


@RULES
def test_a_liar_among_players_is_left_out(rule):
    words = random_words(7, 2, 5, 5, 1)
    words[0, 3, 2] = 2**40
    program = KrumProgram(7, 2, 5, average=5, rule=rule)
    assert sums(program, words, run_program) == [expected(rule, words[0], 2, 5, [3])]


@RULES
@pytest.mark.parametrize(("n", "f", "m", "d"), [(5, 1, 4, 47)])
def test_words_at_both_ends_of_their_range(rule, n, f, m, d):
    """The longest numbers that the bit budget has to hold."""
    top = 2**28 - 1
    words = np.random.default_rng([n, d]).choice([0, 1, top - 1, top], size=(2, n, d))
    words[0], words[0, n // 2 :] = 0, top  # two camps as far apart as can be
    program = KrumProgram(n, f, d, 2, m, rule=rule)
    assert sums(program, words, run_program) == [expected(rule, X, f, m) for X in words]


@RULES
def test_the_parts_stand_in_the_text_only_where_they_are_asked_for(rule):
    heading = {"mixed-krum": "# --- Mixing: ", "clipped-krum": "# --- Clipping: "}
    for other in ("krum", *PLAIN):
        assert (heading[rule] in KrumProgram(rule=other).source()) == (other == rule)


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="rule must be one of krum, mixed-krum, clipped-krum; got"):
        KrumProgram(rule="clipped_krum")
