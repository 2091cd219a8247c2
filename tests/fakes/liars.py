"""Clients that lie in krum.mpc's check of the inputs, and runs of the check among threads.

A liar runs other software than the rest: a machine that shares what it likes, a prover that claims
what it likes, protocols that deal or open wrong shares. The others run as ever.
"""

import numpy as np
from mamba_players import WatchedProtocols, run_program

from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram
from mamba import field
from mamba.input_proof import InputProver
from mamba.language.machine import Machine

ROUNDS = "\n@for_range(rounds)\n"


def random_words(n, d, bits=28, seed=0):
    return np.random.default_rng([n, d, bits, seed]).integers(0, 2**bits, (n, d))


def run(X, f, liars=(), source=None, **parameters):
    """(who passed, how many were added up, the words) of one round, from integer rows X."""
    bits = parameters.pop("bits", 28)
    n, d = np.shape(X)
    program = KrumProgram(n, f, d, fixed_point=FixedPoint(bits, 0), **parameters)
    text = source(program.source()) if source else program.source()
    words = [[], *[[int(word) for word in row] for row in X]]
    choice = {"threshold": program.threshold, "holders": program.holders or None}
    seen = run_program(text, words, liars=liars, **choice)
    assert all(player.outputs == [] for player in seen[1:])
    (passed,) = _passed(seen, n)
    return passed, seen[0].outputs[0] if seen[0].outputs else None, seen[0].outputs[1:]


def check(X, liars=(), source=None, bits=28, portable=False, **choice):
    """Who passed in every round, from integers of shape (rounds, n, d): krum.mpc as far as its
    check goes, which is where the time of a round is not spent."""
    rounds, n, d = np.shape(X)
    program = KrumProgram(
        n, 0, d, rounds=rounds, fixed_point=FixedPoint(bits, 0), portable=portable
    )
    text = program.source()
    assert text.count(ROUNDS) == 1
    text = text.replace(ROUNDS, f"\ndel stages[1 + stages.index(check_vectors) :]{ROUNDS}")
    words = [[], *[[int(word) for row in X for word in row[i]] for i in range(n)]]
    return _passed(run_program(source(text) if source else text, words, liars=liars, **choice), n)


def _passed(seen, n):
    passed = []
    for k, line in enumerate(seen[0].lines):
        assert line in (f"Client {k % n + 1} passed : 0", f"Client {k % n + 1} passed : 1")
        passed.append(int(line[-1]))
    return [passed[k : k + n] for k in range(0, len(passed), n)] or [[]]


# --- what a liar does in one round ----------------------------------------------------------------


class Lie:
    """What a client does in one round besides what is agreed; without arguments, nothing.

    Parameters
    ----------
    words : dict of int to int
        Field elements that it shares in place of some of its words.
    **methods : digits, quotient, squares, long_numbers
        Functions in place of those of `InputProver`; their first argument is the prover.
    """

    digits, quotient = staticmethod(InputProver.digits), staticmethod(InputProver.quotient)
    squares = staticmethod(InputProver.squares)
    long_numbers = staticmethod(InputProver.long_numbers)

    def __init__(self, words=(), **methods):
        self.words = dict(words)
        self.__dict__.update(methods)


def telling(lies, protocols=None):
    """The software of a client that tells these lies, one in each round, for `run_program`."""

    class Shares(Machine):
        count = -1

        def secret(self, entry):
            secret = super().secret(entry)
            if entry.player is None or entry.channel != 0:
                return secret
            self.count += 1
            secret = np.array(secret)
            for place, value in lies[self.count].words.items():
                secret[:, place] = field.from_ints([value])[:, 0]
            return secret

    class Proves(InputProver):
        count = -1

        def _round(self):
            self.count += 1
            yield from super()._round()

        def digits(self, *arguments):
            return lies[self.count].digits(self, *arguments)

        def quotient(self, *arguments):
            return lies[self.count].quotient(self, *arguments)

        def squares(self, *arguments):
            return lies[self.count].squares(self, *arguments)

        def long_numbers(self, *arguments):
            return lies[self.count].long_numbers(self, *arguments)

    return protocols, Shares, Proves


def shares_instead(value, place=0):
    """A client whose player shares a field element in place of one of its words."""
    return telling([Lie({place: value})])


def proves(**methods):
    """A client whose side of the check has other methods."""
    return telling([Lie(**methods)])


class CancelsItsLie(WatchedProtocols):
    """Changes its own shares of what only it has dealt, so that an opening may come out right."""

    def open(self, module, array, *dealers):
        if (dealers[0] >= 0).all():
            array = np.array(array)
            own = dealers[0] == self.me
            array[:, own] = field.random(self.randomness, int(own.sum()))
        return super().open(module, array, *dealers)


# --- false proofs ---------------------------------------------------------------------------------


def one_digit(self, numbers):
    """All of a number in its lowest digit: the sum is right, the digit is none."""
    return field.from_ints(numbers + [0] * ((self.sizes.digits - 1) * len(numbers)))


def all_zero(self, numbers):
    return field.zeros(len(numbers) * self.sizes.digits)


def digit_at(place, value):
    """One digit that is another one than it should be."""

    def digits(self, numbers):
        result = np.array(InputProver.digits(self, numbers))
        result[:, place] = field.from_ints([value])[:, 0]
        return result

    return digits


def no_quotient(self, *_):
    return field.zeros(self.sizes.quotient)


def quotient_off(place, by=1):
    """One value of the quotient is wrong."""

    def quotient(self, *arguments):
        result = np.array(InputProver.quotient(self, *arguments))
        there = field.add(result[:, place : place + 1 or None], field.from_ints([by]))
        result[:, place : place + 1 or None] = there
        return result

    return quotient


def small_squares(self, sums):
    """Says that all squares are 0, and so is their sum."""
    first, values = InputProver.squares(self, sums)
    return first, field.scale(values, 0)


def squares_off(place, by=1):
    """One value of the sum of the squares is wrong."""

    def squares(self, sums):
        first, values = InputProver.squares(self, sums)
        values = np.array(values)
        values[:, place] = field.add(values[:, [place]], field.from_ints([by]))[:, 0]
        return first, values

    return squares


def rest_of_nothing(self, sums):
    """Says that the sum of all squares is 0."""
    numbers, parts = InputProver.long_numbers(self, sums)
    base = 4**self.sizes.digits
    rest = [self.sizes.most // base**e for e in range(self.sizes.extra)]
    return numbers[: self.sizes.ranged] + rest, parts


def small_sums(self, sums):
    """Says that the sums whose size is looked at are 0."""
    numbers, parts = InputProver.long_numbers(self, sums)
    return [self.sizes.offset] * self.sizes.ranged + numbers[self.sizes.ranged :], parts
