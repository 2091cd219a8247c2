"""A player that deviates at one place of a run, whichever: the result is right, or the run ends.

`make explore` goes through all places; here one of each kind does, the same every time.
"""

import os
import random

import numpy as np
import pytest
from deviating import KINDS, Deviation, blamed, run

from fl_krum.aggregators.krum import krum
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram
from mamba import collectors
from mamba.network import NetworkError
from mamba.protocol_error import ProtocolError

FEW = 1  # place of each kind and liar
PRODUCTS = """
a = sint.get_private_input_from(1, size=4)
b = sint.get_private_input_from(2, size=4)
d = a * b * (a < b) + a
print_ln('%s', d.reveal())
(d * d).reveal_to(0)
"""
FIXED = """
sfix.set_precision(12, 30)
cfix.set_precision(12, 30)
x, y = sfix(0), sfix(0)
a = sint.get_private_input_from(1)
x.load_int(a)
y.load_int(sint.get_private_input_from(2))
print_ln('%s', (x * y / (y + 1)).reveal())
print_ln('%s', ((a >> 2) + a % 4).reveal())
(a == 9).reveal_to(2)
"""
VECTORS = """
rows = Array(6, sint)
for i in range(2):
    sint.get_private_input_from(i + 1, size=3).store_in_mem(rows.address + 3 * i)
c = (D := squared_distances(rows, 2, 3, [(0, 1)])).less_than(100, 40)
s = sint.get_random_bit()
(c * D + (1 - c) * 7 + s * (1 - s)).reveal_to(1)
print_ln('%s', (c * c).reveal())
"""


def words(players, first, second):
    return [[], first, second, *([[]] * (players - 3))]


def krum_words(n, d):
    return np.random.default_rng(5).integers(0, 2**28, (n, d))


# Players, threshold, holders (or who is drawn), liars: holders, dealers, others, the server.
PROGRAMS = {
    "products, t = 1, N odd": (PRODUCTS, words(3, [3, 9, 1, 5], [7, 2, 1, 8]), {}, (0,)),
    "products, N = 5": (PRODUCTS, words(5, [3, 9, 1, 5], [7, 2, 1, 8]), {}, (3, 4)),
    "fixed point, N even": (FIXED, words(4, [9], [4]), {}, (3, 0)),
    "vectors, collectors": (
        VECTORS,
        words(8, [1, 2, 3], [4, 6, 8]),
        {"threshold": 2, "holders": (1, 3, 4, 6, 7)},
        (4, 7, 5),
    ),
}


def assert_harmless(source, inputs, choice, liar, accepted):
    """Go through places of a run in which `liar` deviates; `accepted(player, seen)` says whether
    what a player has at the end is right. Returns how many runs ended with an error."""
    probe = Deviation()
    seen, errors = run(source, inputs, liar, probe, active=True, **choice)
    assert not errors and all(accepted(player, one) for player, one in seen.items())
    aborts = 0
    for deviation in places(probe.seen, liar):
        seen, errors = run(source, inputs, liar, deviation, active=True, **choice)
        for player, one in seen.items():
            assert accepted(player, one), (liar, deviation, player, one.outputs, one.lines)
        for error in errors.values():
            assert isinstance(error, (ProtocolError, NetworkError)), (liar, deviation, error)
            assert blamed(error) <= {liar}, (liar, deviation, error)
        aborts += bool(errors)
    return aborts


def places(seen, liar):
    """The deviations to try: all, or a few."""
    for kind in KINDS:
        every = range(seen.get(kind, -1) + 1)
        if not os.environ.get("FL_KRUM_EXPLORE"):
            every = random.Random(f"{kind} {liar}").sample(every, min(FEW, len(every)))
        for place in every:
            yield Deviation(kind, place, random.Random(f"{kind} {place} {liar}").randrange(1000))


def result(seen):
    """Of a fixed-point number the last places depend on chance (`mamba.truncation`)."""
    return seen.outputs, [round(float(line), 2) for line in seen.lines]


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_of_ones_own(name, monkeypatch):
    source, inputs, choice, liars = PROGRAMS[name]
    if "collectors" in name:
        monkeypatch.setattr(collectors, "_WORTH", -(2**60))
    honest, _ = run(source, inputs, None, Deviation(), active=True, **choice)
    right = {player: result(one) for player, one in honest.items()}
    for liar in liars:
        aborts = assert_harmless(
            source,
            inputs,
            choice,
            liar,
            lambda player, one: result(one) == right[player],
        )
        assert aborts


@pytest.mark.parametrize(
    ("n", "f", "d", "choice", "liars"),
    [
        (5, 1, 2, {}, (5,)),
        (6, 1, 2, {"threshold": 1, "holders": (2, 4, 6)}, (6, 0)),
    ],
)
def test_krum_mpc(n, f, d, choice, liars):
    """A client that deviates while it shares its own words may be found out and left out."""
    vectors = krum_words(n, d)
    program = KrumProgram(n, f, d, fixed_point=FixedPoint(28, 0), threshold=choice.get("threshold"))
    best = krum(vectors.astype(object), f).vector.tolist()

    def accepted(liar):
        def check(player, one):
            passed = [int(line[-1]) for line in one.lines]
            failed = [client for client, sign in enumerate(passed, 1) if not sign]
            others = [v.tolist() for i, v in enumerate(vectors, 1) if i != liar]
            if player:
                return one.outputs == []
            return (
                one.outputs[1:] == best
                if not failed
                else (failed == [liar] and one.outputs[1:] in others)
            )

        return check

    for liar in liars:
        inputs = [[], *vectors.tolist()]
        assert assert_harmless(program.source(), inputs, choice, liar, accepted(liar))
