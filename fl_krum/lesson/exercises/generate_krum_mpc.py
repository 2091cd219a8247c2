"""Exercises of the notebook that generates krum.mpc: words, costs, who sees what, and cheating."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from ...program.fixed_point import FixedPoint
from ...program.krum_program import KrumProgram
from .. import toy_shares
from ..secret_ledger import Ledger, Secret
from .exercise import Wrong, compare, exercise, listed, numbers


def _word(weight, bits, fraction):
    return round(weight * 2**fraction) + 2 ** (bits - 1)


@exercise(
    "word(weight, bits, fraction)",
    praise="Right: a whole number without a sign, and half a step is the most that is lost.",
    hints=(
        "Multiply by 2 ** fraction, round, and add what makes negative numbers positive.",
        "round(weight * 2**fraction) + 2 ** (bits - 1)",
    ),
    mistakes={
        "Players read numbers without a sign: add 2 ** (bits - 1).": (
            lambda weight, bits, fraction: round(weight * 2**fraction)
        ),
        "2 ** bits is twice too much: half of the words stand for negative numbers.": (
            lambda weight, bits, fraction: _word(weight, bits, fraction) + 2 ** (bits - 1)
        ),
        "`int` cuts off what stands behind the point. Take the nearest whole number: `round`.": (
            lambda weight, bits, fraction: int(weight * 2**fraction) + 2 ** (bits - 1)
        ),
        "You always round down. Take the nearest whole number: `round`.": (
            lambda weight, bits, fraction: math.floor(weight * 2**fraction) + 2 ** (bits - 1)
        ),
        "A word is a whole number: round it.": (
            lambda weight, bits, fraction: weight * 2**fraction + 2 ** (bits - 1)
        ),
        "Too much is rounded off: multiply by 2 ** fraction before you round.": (
            lambda weight, bits, fraction: round(weight) + 2 ** (bits - 1)
        ),
        "First multiply by 2 ** fraction, then add.": (
            lambda weight, bits, fraction: round((weight + 2 ** (bits - 1)) * 2**fraction)
        ),
    },
)
def check_word(word: Callable) -> None:
    """Check ``word(weight, bits, fraction)``: a real number as players read it."""
    cases = [(0.0, 28, 16), (1.0, 28, 16), (math.pi, 28, 16), (-1 / 3, 28, 16), (-2.7, 20, 10)]
    compare(word, lambda w, *both: FixedPoint(*both).encode([[w]])[0, 0], cases)


def _couples(count):
    return count * (count - 1) // 2


@exercise(
    "comparisons(n)",
    praise="Right. n enters with its third power, and d not at all.",
    hints=(
        "There are m (m - 1) / 2 couples of m things.",
        "A client has n - 1 distances: (n - 1)(n - 2) / 2 couples. And there are n clients.",
        "n * (n - 1) * (n - 2) // 2 + n * (n - 1) // 2",
    ),
    mistakes={
        "The scores are compared as well: add the couples of n scores.": (
            lambda n: n * _couples(n - 1)
        ),
        "That is one client's distances. Each of the n clients has its own.": (
            lambda n: _couples(n - 1) + _couples(n)
        ),
        "You count each couple twice: a < b says whether b < a, too.": (
            lambda n: 2 * (n * _couples(n - 1) + _couples(n))
        ),
        "A client has n - 1 distances: its distance from itself is 0.": (
            lambda n: n * _couples(n) + _couples(n)
        ),
        "That compares each distance with every other. Only those of one client meet.": (
            lambda n: _couples(_couples(n)) + _couples(n)
        ),
        "Scores are not compared one after the other, which would take n - 1 turns: all couples "
        "are compared at once.": lambda n: n * _couples(n - 1) + n - 1,
    },
)
def check_comparisons(comparisons: Callable) -> None:
    """Check ``comparisons(n)``: how many a program makes that compares couples of distances."""
    compare(
        comparisons,
        lambda n: KrumProgram(n, 0, 5).cost().comparisons,
        [(n,) for n in (3, 5, 7, 10)],
    )


@exercise(
    "can_open(together, holders, t)",
    praise="Right: t + 1 holders are enough, t learn nothing, and others count for nothing.",
    hints=(
        "Count those of them that hold shares.",
        "A polynomial of degree t is known from t + 1 points: more than t.",
        "len(set(together) & set(holders)) > t",
    ),
    mistakes={
        "t holders are one too few: a polynomial of degree t takes t + 1 points.": (
            lambda together, holders, t: len(set(together) & set(holders)) >= t
        ),
        "Only holders count. Some of these players hold no shares.": (
            lambda together, holders, t: len(together) > t
        ),
        "It takes t + 1 holders, not all 2t + 1: these are needed for products.": (
            lambda together, holders, t: len(set(together) & set(holders)) >= 2 * t + 1
        ),
        "That is the other way round: True if they can.": (
            lambda together, holders, t: len(set(together) & set(holders)) <= t
        ),
        "Whether all of them hold shares is not asked, but whether enough of them do.": (
            lambda together, holders, t: set(together) <= set(holders) and len(together) > t
        ),
        "That is how many of them hold shares. Compare it with t.": (
            lambda together, holders, t: len(set(together) & set(holders))
        ),
    },
)
def check_can_open(can_open: Callable) -> None:
    """Check ``can_open(together, holders, t)``: which players together know a secret?"""
    seven = {1, 2, 3, 4, 5, 6, 7}
    cases = [
        ({1, 4, 5, 7}, seven, 3, True),
        ({1, 4, 5}, seven, 3, False),
        ({0, 2, 3, 6}, seven, 3, False),
        ({0, 1, 2, 3, 6}, seven, 3, True),
        ({1, 2, 3, 4, 5, 6, 7}, seven, 3, True),
        ({0, 1, 2, 3, 4, 5}, {2, 4, 7, 8, 9}, 2, False),
        ({4, 8, 9, 11}, {2, 4, 7, 8, 9}, 2, True),
    ]
    given = [can_open(set(together), set(holders), t) for together, holders, t, _ in cases]
    for (together, holders, t, right), result in zip(cases, given, strict=True):
        if numbers(result, ()) not in (0, 1):
            raise Wrong(f"Return True or False; you return {result!r:.40}.")
        if bool(result) != right:
            raise Wrong(
                f"With t = {t}, {sorted(together)} together {'can' if right else 'cannot'} open a "
                f"secret that {sorted(holders)} hold; you return {bool(result)}."
            )


def _digits(word, count, base=4):
    return [word // base**place % base for place in range(count)]


@exercise(
    "digits(word, count)",
    praise="Right. Whoever shows that these are digits has shown that the word is short.",
    hints=(
        "The lowest digit is word % 4; the rest is word // 4.",
        "[word // 4**k % 4 for k in range(count)]",
    ),
    mistakes={
        "The lowest digit comes first.": lambda word, count: _digits(word, count)[::-1],
        "These are bits. In base 4 a digit is 0, 1, 2 or 3.": (
            lambda word, count: _digits(word, count, base=2)
        ),
        "These are decimal digits. In base 4 a digit is 0, 1, 2 or 3.": (
            lambda word, count: _digits(word, count, base=10)
        ),
        "Zeros in front are missing: a small word has as many digits as a large one, or their "
        "number would tell.": lambda word, count: _digits(
            word, next(k for k in range(count + 1) if word < 4**k)
        ),
        "That is what is left at each place. Its last digit is what is wanted: % 4.": (
            lambda word, count: [word // 4**place for place in range(count)]
        ),
    },
)
def check_digits(digits: Callable) -> None:
    """Check ``digits(word, count)``: a word in base 4, the lowest digit first."""
    cases = [(27, 5), (134119931, 14), (2**28 - 1, 14), (0, 4), (6, 2)]
    given = [digits(*case) for case in cases]
    for (word, count), result in zip(cases, given, strict=True):
        found = listed(result, "[3, 2, 1]")
        if found != _digits(word, count):
            raise Wrong(
                f"digits({word}, {count}) is {_digits(word, count)}; you return {found!r:.80}."
            )


@exercise(
    "smaller(a, b)",
    praise="Right, and nobody knows which one it is.",
    hints=(
        "`a < b` is a secret bit. A bit times a number is the number, or 0.",
        "One of bit * a and (1 - bit) * b is 0, and the other one is the answer.",
    ),
    mistakes={
        "That is the larger one.": lambda a, b: (a < b) * b + (1 - (a < b)) * a,
        "That is the bit, 1 or 0, and not the number.": lambda a, b: a < b,
        "That is the smaller one or 0: if the bit is 0, nothing is left. Add (1 - bit) * b.": (
            lambda a, b: (a < b) * a
        ),
        "That is the sum of both. Multiply the second one by 1 - bit.": lambda a, b: a + b,
    },
)
def check_smaller(smaller: Callable) -> None:
    """Check ``smaller(a, b)``: the smaller one of two secrets, with nothing opened."""
    cases, ledgers = ((3, 5), (5, 3), (4, 4), (-7, 2)), [Ledger(open_branches=True) for _ in "1234"]
    results = [smaller(*ledger.secrets(case)) for case, ledger in zip(cases, ledgers, strict=True)]
    for case, ledger, result in zip(cases, ledgers, results, strict=True):
        if ledger.opened:
            raise Wrong(
                f"For {case} you opened {ledger.opened}: everybody knows now which one is "
                "smaller. An `if`, `min` and `sorted` open bits, too."
            )
        if not isinstance(result, Secret):
            raise Wrong(f"For {case} you return {result!r}, which is not a secret.")
        if (value := result.open()) != min(case):
            raise Wrong(f"For {case} the smaller one is {min(case)}; yours is {value}.")


@exercise(
    "add_to_product(share, weight, error, p)",
    praise="Right. The cheat knows neither factor, and yet chooses how wrong the product is.",
    hints=(
        "The product is the sum of weight times share. Only your term is yours to change.",
        "weight * new_share must be weight * share + error. Divide by the weight, modulo p.",
        "(share + error * pow(weight, -1, p)) % p",
    ),
    mistakes={
        "The weight is missing: the product becomes larger by weight times error.": (
            lambda share, weight, error, p: (share + error) % p
        ),
        "You multiply by the weight. The others do so again: divide by it.": (
            lambda share, weight, error, p: (share + error * weight) % p
        ),
        "That is your whole term of the sum. The others multiply it by the weight once more.": (
            lambda share, weight, error, p: (share * weight + error) % p
        ),
        "That is only what is to be added. Your own share belongs to it.": (
            lambda share, weight, error, p: error * pow(weight, -1, p) % p
        ),
        "Modulo p there are no fractions: to divide by b means to multiply by pow(b, -1, p).": (
            lambda share, weight, error, p: share + error / weight
        ),
        "`//` drops the remainder. To divide by b modulo p, multiply by pow(b, -1, p).": (
            lambda share, weight, error, p: (share + error // weight) % p
        ),
    },
)
def check_add_to_product(add_to_product: Callable) -> None:
    """Check ``add_to_product(share, weight, error, p)``: a holder that makes a product wrong."""
    rng, cases = Random(8), []
    for player, error, p in ((7, 1, 101), (3, 40, 101), (1, 10**6, 2**61 - 1)):
        product = {i: rng.randrange(p) for i in range(1, 8)}  # of degree 6: any seven numbers are
        weight = toy_shares.weights(product, p)[player]
        cases.append((product, player, weight, error, p))
    given = [
        add_to_product(product[player], weight, error, p)
        for product, player, weight, error, p in cases
    ]
    for (product, player, _, error, p), result in zip(cases, given, strict=True):
        if numbers(result, ()) != int(result):
            raise Wrong("Return one of the numbers 0 … p - 1. Divide by pow(…, -1, p).")
        before = toy_shares.reconstruct(product, p)
        after = toy_shares.reconstruct({**product, player: int(result)}, p)
        if (after - before - error) % p:
            raise Wrong(
                f"Modulo {p} the product is {before}. With your share it becomes {after}, and not "
                f"{before} + {error}."
            )
