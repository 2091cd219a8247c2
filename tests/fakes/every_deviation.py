"""All places of some runs at which a player can deviate, one run each: `make explore`.

Every run has to end with the right result or with an error, and no honest player may be named as
the one that deviated. What has been tried stands in a file, so that it can go on another time:

    python tests/fakes/every_deviation.py --state FILE [--seconds S] [--seeds N]
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[2])]

from deviating import KINDS, Deviation, accused, run  # noqa: E402

from fl_krum.aggregators.krum import krum  # noqa: E402
from fl_krum.program.fixed_point import FixedPoint  # noqa: E402
from fl_krum.program.krum_program import KrumProgram  # noqa: E402
from mamba import collectors  # noqa: E402
from mamba.network import NetworkError  # noqa: E402
from mamba.protocol_error import ProtocolError  # noqa: E402

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
SUMS = """
a = sint.get_private_input_from(1, size=3)
b = sint.get_private_input_from(2, size=3)
words = Array(6, sint)
(a * b).store_in_mem(words.address)
(a * 2).store_in_mem(words.address + 3)
mixed = sint.load_mem(words.address + 1, size=4)
print_ln('%s', (5 - mixed * 7 + mixed).reveal())
c = a.square()[1] * cint(3) - cint(4) * b[2]
print_ln('%s', (sint(c) - c).reveal())
print_ln('%s', inner(sint.load_mem(words.address, size=6), powers_of(cint(2), 3), 2).reveal())
x, y, z = sint.get_random_triple(size=2)
print_ln('%s', (x * y - z).reveal())
(a * b + cint(1)).reveal_to(2)
rows = Array(6, sint)
a.store_in_mem(rows.address)
b.store_in_mem(rows.address + 3)
near = squared_distances(rows, 2, 3, [(0, 1), (0, 1)])
numbers = Array(2, sint)
sint(1).store_in_mem(numbers.address)
(near[0] * near[1] - near[0] * near[0]).store_in_mem(numbers.address + 1)
select(numbers, rows, 2, 3).reveal_to(0)
(near[0] * b[1]).reveal_to(0)
"""


def result(seen):
    """Of a fixed-point number the last places depend on chance (`mamba.truncation`)."""
    lines = [round(float(line), 2) if "." in line else line for line in seen.lines]
    return seen.outputs, lines


@dataclass(frozen=True)
class Case:
    """A run of which players deviate.

    Attributes
    ----------
    liars : tuple of int
        Holders, dealers, players that hold no shares, the server: one deviates at a time.
    choice : dict
        Threshold and holders.
    accepted : callable, optional
        ``accepted(liar, player, seen)``: whether what an honest player has at the end is right; by
        default, whether it is what it has when all are honest.
    by_collectors : bool
    """

    source: str
    words: list
    liars: tuple
    choice: dict = field(default_factory=dict)
    accepted: Callable | None = None
    by_collectors: bool = False

    @contextmanager
    def ready(self):
        """With collectors from the first product on, where it says so."""
        before = collectors._WORTH
        try:
            if self.by_collectors:
                collectors._WORTH = -(2**60)
            yield
        finally:
            collectors._WORTH = before

    def run(self, liar, deviation):
        """As `deviating.run`."""
        with self.ready():
            return run(self.source, self.words, liar, deviation, active=True, **self.choice)

    def probe(self, liar):
        """What is accepted of the honest players, ``accepted(liar, player, seen)``, and how many
        places of each kind there are at which this player could deviate."""
        deviation = Deviation()
        honest, errors = self.run(liar, deviation)
        assert not errors, errors
        right = {player: result(seen) for player, seen in honest.items()}
        usual = lambda liar, player, seen: result(seen) == right[player]  # noqa: E731
        return self.accepted or usual, deviation.seen


def words(players, first, second):
    return [[], first, second, *([[]] * (players - 3))]


def krum_case(n, f, d, liars, **choice):
    """A client that deviates while it shares its own words may be found out and left out."""
    vectors = np.random.default_rng(5).integers(0, 2**28, (n, d))
    program = KrumProgram(n, f, d, fixed_point=FixedPoint(28, 0), threshold=choice.get("threshold"))
    best = krum(vectors.astype(object), f).vector.tolist()

    def accepted(liar, player, seen):
        if player:
            return seen.outputs == []
        passed = [int(line[-1]) for line in seen.lines]
        failed = [client for client, sign in enumerate(passed, 1) if not sign]
        others = [v.tolist() for i, v in enumerate(vectors, 1) if i != liar]
        if not failed:
            return seen.outputs[1:] == best
        return failed == [liar] and seen.outputs[1:] in others

    return Case(program.source(), [[], *vectors.tolist()], liars, choice, accepted)


_TURN = 8.0  # seconds of work on one case, before the next one's
FOUR = [3, 9, 1, 5], [7, 2, 1, 8]
CASES = {
    "products, t = 1, N odd": Case(PRODUCTS, words(3, *FOUR), (0, 1, 2)),
    "products, N = 5": Case(PRODUCTS, words(5, *FOUR), (3, 4, 1, 0)),
    "products, n = 7, t = 3": Case(PRODUCTS, words(8, *FOUR), (7, 1, 3)),
    "products, drawn": Case(PRODUCTS, words(5, *FOUR), (4, 1, 0), {"threshold": 1}),
    "sums of products, N even": Case(SUMS, words(4, [2, 3, 4], [5, 6, 7]), (3, 2)),
    "fixed point, N even": Case(FIXED, words(4, [9], [4]), (3, 0, 2)),
    "vectors, collectors": Case(
        VECTORS,
        words(8, [1, 2, 3], [4, 6, 8]),
        (4, 7, 5, 1),
        {"threshold": 2, "holders": (1, 3, 4, 6, 7)},
        by_collectors=True,
    ),
    "vectors, N = 4": Case(VECTORS, words(4, [1, 2, 3], [4, 6, 8]), (1, 3)),
    "Krum, n = 5": krum_case(5, 1, 2, (5, 0)),
    "Krum, n = 6, t = 1": krum_case(6, 1, 2, (6, 0), threshold=1, holders=(2, 4, 6)),
    "Krum, n = 7, t = 3": krum_case(7, 2, 1, (7,)),
}


def outcome(case, judge, liar, deviation):
    """What came of a run, in words; AssertionError if it is not harmless."""
    seen, errors = case.run(liar, deviation)
    for player, one in seen.items():
        assert judge(liar, player, one), ("wrong", player, one.outputs, one.lines)
    suspects = []
    for player, error in errors.items():
        assert isinstance(error, (ProtocolError, NetworkError)), ("traceback", player, repr(error))
        for some in accused(error):
            assert liar in some, ("honest blamed", player, str(error))
            suspects.append(some)
    if not errors:
        return "right result"
    end = "some right, some errors: " if any(one.outputs for one in seen.values()) else "error: "
    if not suspects:
        return end + "nobody named"
    return end + ("the one named" if {liar} in suspects else "one of two named")


def places(case, liar, seen, seeds, kinds=KINDS):
    """All deviations of one player, in the order of a lot that is always the same; `seen` is what
    its probe has counted.

    A player may choose its input: what it deals first is that, and no deviation, where nothing in
    the program checks inputs.
    """
    inputs = {("deals", 0)} if case.words[liar] and case.accepted is None else set()
    every = [
        (kind, place, seed)
        for kind in kinds
        for place in range(seen.get(kind, -1) + 1)
        for seed in range(seeds)
        if (kind, place) not in inputs
    ]
    random.Random(liar).shuffle(every)
    return every


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--state", type=Path, required=True, help="what has been tried")
    parser.add_argument("--seconds", type=float, default=1e9, help="when to stop")
    parser.add_argument("--seeds", type=int, default=1, help="changes to try at each place")
    options = parser.parse_args()
    options.state.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + options.seconds
    lines = options.state.read_text().splitlines() if options.state.exists() else []
    done = {tuple(place): told for place, told in map(json.loads, lines)}
    left = [(name, liar) for name, case in CASES.items() for liar in case.liars]
    random.shuffle(left)
    with options.state.open("a") as state:
        while left and time.monotonic() < until:
            # In turn, some time for each.
            name, liar = turn = left.pop(0)
            stop = time.process_time() + _TURN
            judge, seen = CASES[name].probe(liar)
            todo = places(CASES[name], liar, seen, options.seeds)
            todo = [one for one in todo if (*turn, *one) not in done]
            while todo and time.process_time() < stop and time.monotonic() < until:
                one = todo.pop(0)
                try:
                    told = outcome(CASES[name], judge, liar, Deviation(*one))
                except (AssertionError, TimeoutError) as fault:
                    told = f"FAULT: {fault}"
                done[(*turn, *one)] = told
                state.write(json.dumps([[*turn, *one], told]) + "\n")
                state.flush()
            left += [turn] if todo else []
    for told, count in Counter(done.values()).most_common():
        print(f"{count:6} {told}")
    return any(told.startswith("FAULT") for told in done.values())


if __name__ == "__main__":
    sys.exit(main())
