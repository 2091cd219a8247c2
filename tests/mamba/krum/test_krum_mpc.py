"""krum.mpc itself: what player 0 gets is the vector that plaintext Krum chooses, exactly."""

import json
import re
from itertools import cycle

import numpy as np
import pytest
from clear_language import run_clear
from mamba_players import run_processes, run_program
from repository import VECTORS

from fl_krum.aggregators.krum import krum
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import TEMPLATE, KrumProgram

CASES = json.loads((VECTORS / "krum.json").read_text(encoding="utf-8"))
FROZEN = CASES["cases"] + CASES["ties"]
AMONG_PLAYERS = [case for case in FROZEN if case["name"] in ("V1", "V2", "V3")] + CASES["ties"]
OFFSET = FixedPoint().offset


def inputs(rounds):
    """The words of every player, player 0 first, from an array of shape (rounds, n, d)."""
    return [[]] + [rounds[:, i].ravel().tolist() for i in range(rounds.shape[1])]


def chosen(program, rounds, run=run_program):
    """What player 0 gets of the given words, shape (rounds, d); the others get nothing."""
    seen = run(program.source(), inputs(rounds))
    results = [getattr(player, "outputs", player) for player in seen]
    assert results[1:] == [[]] * program.n
    results = np.array(results[0]).reshape(program.rounds, 1 + program.d)
    assert (results[:, 0] == 1).all()  # how many vectors these are the sum of
    return results[:, 1:]


def expected(rounds, f):
    return np.array([krum(X, f).vector for X in rounds])


def frozen(case):
    """The program, the words of its one round, and the right answer of a frozen case."""
    words = np.array(case["vectors"])
    if words.min() < 0:
        words += OFFSET
    program = KrumProgram(n=len(words), f=case["f"], d=words.shape[1])
    return program, words[np.newaxis], words[case["index"]]


@pytest.mark.parametrize("case", AMONG_PLAYERS, ids=lambda case: case["name"])
def test_frozen_vectors(case):
    program, words, answer = frozen(case)
    assert (chosen(program, words)[0] == answer).all()


@pytest.mark.parametrize("case", FROZEN, ids=lambda case: case["name"])
def test_the_text_means_krum_in_the_clear_too(case):
    """As plain arithmetic, without any protocol: the program itself is right."""
    program, words, answer = frozen(case)
    assert (chosen(program, words, run_clear)[0] == answer).all()


@pytest.mark.parametrize(
    "name", ["V1", *(pytest.param(v, marks=pytest.mark.long) for v in ("V2", "V3"))]
)
def test_frozen_vectors_by_real_processes(tmp_path, name):
    (case,) = (case for case in FROZEN if case["name"] == name)
    program, words, answer = frozen(case)
    texts = ["\n".join(map(str, row)) for row in inputs(words)]
    ended = run_processes(tmp_path, program.source(), texts, forked=name != "V1")
    assert [e.status for e in ended] == [0] * program.players
    assert ended[0].outputs == [1, *answer.tolist()]
    assert all(e.stdout == "End of prog\n" for e in ended[1:])


def test_the_file_has_the_defaults_and_parts_only_stand_in_place_of_their_lines():
    lines = TEMPLATE.read_text(encoding="utf-8").splitlines()
    source = KrumProgram(portable=True).source().splitlines()
    changed = {"portable = 0": "portable = 1"}
    kept = [line for line in lines if not line.startswith("#include ")]
    kept = [line.replace(*change) for change in changed.items() for line in kept]
    parts = [line.split()[1] for line in lines if line.startswith("#include ")]
    assert len(parts) > 3 and all((TEMPLATE.parent / part).is_file() for part in parts)
    assert len(lines) - len(kept) == len(parts) == len({*parts})
    assert not any("#include" in line for line in source[20:])
    rest = iter(source)
    assert all(line in rest for line in kept)  # in this order


def test_other_parameters_leave_the_comments_in_their_column():
    for program in (KrumProgram(), KrumProgram(30, 13, 650, rounds=100), KrumProgram(d=10**6)):
        lines = program.source().splitlines()
        block = [line for line in lines[:30] if re.match(r"\w+ *= \d", line)]
        assert len(block) == 12 and {line.index("#") for line in block} == {19}
        assert f"d = {program.d}" in {line[:19].rstrip() for line in block}


def test_without_the_check_players_get_no_line_of_it():
    parts = TEMPLATE.with_name("parts")
    believing = KrumProgram(check=False).source().splitlines()
    for name in ("check.mpc", "check_sizes.mpc", "portable.mpc", "portable_check.mpc"):
        lines = (parts / name).read_text(encoding="utf-8").splitlines()
        own = {line for line in lines if len(line) > 30 and not line.startswith("#include")}
        assert len(own) > 10 and not own & set(believing), name
        both = KrumProgram(check=True, portable=True).source().splitlines()
        assert own <= set(both), name


@pytest.mark.parametrize(
    ("check", "average", "n", "f", "d"),
    [(False, 1, 4, 0, 30_001), (False, 2, 11, 2, 2), (True, 2, 4, 0, 3)],
)
def test_the_text_in_mamba_alone_gives_the_same(check, average, n, f, d):
    """As SCALE-MAMBA and MP-SPDZ run it, also of words that take several pieces, among embedded
    players."""
    words = np.random.default_rng(0).integers(0, 2**28, size=(2 if d == 3 else 1, n, d))
    program = KrumProgram(n, f, d, rounds=len(words), check=check, average=average, portable=True)
    told = run_program(program.source(), inputs(words))[0].outputs
    best = [krum(X, f).ranking[:average] for X in words]
    sums = [X[rows].sum(axis=0) for X, rows in zip(words, best, strict=True)]
    assert told == [word for total in sums for word in (average, *total)]


# Random cases with ties. As plain arithmetic 200 of them: every n from 3 to 10 with every f. That
# proves the text. Protocols among players do not depend on f, so a dozen programs have to do there:
# even and odd n, vectors checked exactly (up to 46 words) and by random sums, several rounds.

DIMENSIONS = cycle([1, 2, 3, 5, 17, 31, 50])
IN_THE_CLEAR = [
    (check, n, f, next(DIMENSIONS), 14 if n <= 5 else 5)
    for n in range(3, 11)
    for f in range((n - 3) // 2 + 1)
    for check in (True, False)
]
SIZES_AMONG_PLAYERS = [
    (3, 0, 1, 3), (3, 0, 50, 2), (4, 0, 17, 2), (5, 0, 2, 2), (5, 1, 31, 2), (6, 0, 46, 1),
    (6, 1, 47, 1), (7, 1, 3, 1), (7, 2, 50, 1), (8, 2, 5, 1), (9, 3, 1, 1), (10, 3, 17, 1),
]  # fmt: skip


def test_there_are_200_random_cases():
    assert sum(rounds for *_, rounds in IN_THE_CLEAR) >= 200


def random_words(n, f, d, rounds):
    """Values are so small that distances and scores are often equal."""
    rng = np.random.default_rng([n, f, d])
    largest = rng.integers(1, 4, size=(rounds, 1, 1))
    return rng.integers(0, largest + 1, size=(rounds, n, d)) + OFFSET


@pytest.mark.parametrize(("n", "f", "d", "rounds"), SIZES_AMONG_PLAYERS)
def test_random_cases_with_ties_agree_with_plaintext_krum(n, f, d, rounds):
    words = random_words(n, f, d, rounds)
    program = KrumProgram(n=n, f=f, d=d, rounds=rounds)
    assert (chosen(program, words) == expected(words, f)).all()


@pytest.mark.parametrize(("check", "n", "f", "d", "rounds"), IN_THE_CLEAR)
def test_the_text_chooses_as_plaintext_krum_does_in_random_cases(check, n, f, d, rounds):
    words = random_words(n, f, d, rounds)
    program = KrumProgram(n=n, f=f, d=d, rounds=rounds, check=check)
    assert (chosen(program, words, run_clear) == expected(words, f)).all()


@pytest.mark.parametrize(("n", "f", "d"), [(3, 0, 1), (3, 0, 70), (5, 1, 130)])
def test_words_at_both_ends_of_their_range(n, f, d):
    """The longest distances and scores that the bit budget has to hold."""
    top = 2**28 - 1
    rng = np.random.default_rng([n, d])
    words = rng.choice([0, 1, top - 1, top], size=(3, n, d))
    words[0], words[0, n // 2 :] = 0, top  # two camps as far apart as can be
    words[1], words[1, 0] = top, 0  # and a single client far from all others
    program = KrumProgram(n=n, f=f, d=d, rounds=3)
    assert (chosen(program, words) == expected(words, f)).all()


@pytest.mark.parametrize(("bits", "n", "f", "d"), [(2, 4, 0, 3), (8, 5, 1, 3), (40, 3, 0, 8)])
def test_words_of_other_lengths(bits, n, f, d):
    rng = np.random.default_rng(bits)
    words = rng.integers(0, 2**bits, size=(3, n, d), dtype=np.uint64)
    words[0, 0], words[0, 1:] = 0, 2**bits - 1
    program = KrumProgram(n=n, f=f, d=d, rounds=3, fixed_point=FixedPoint(bits, 0))
    assert (chosen(program, words) == expected(words, f)).all()


def test_vectors_longer_than_one_chunk():
    """The program cuts vectors into chunks of 10,000 words."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**28, size=(2, 3, 20_003))
    program = KrumProgram(n=3, f=0, d=20_003, rounds=2)
    assert (chosen(program, words) == expected(words, 0)).all()


def test_all_vectors_alike():
    words = np.full((1, 5, 70), 12345)
    assert (chosen(KrumProgram(n=5, f=1, d=70), words) == 12345).all()


def test_rounds_of_communication_do_not_grow_with_the_dimension():
    def rounds(d):
        words = inputs(np.zeros((1, 5, d), int))
        return run_program(KrumProgram(n=5, f=1, d=d).source(), words)[0].rounds

    assert rounds(3) == rounds(4) == rounds(46)
    assert rounds(47) == rounds(70) == rounds(46) + 2  # a seed, once all have what it is to test
    assert rounds(300) == rounds(1000)
