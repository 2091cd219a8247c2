"""Exercises of the notebook that generates krum.mpc: computing with secrets, and cheating."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .. import toy_shares
from ..secret_ledger import Ledger, Secret
from .exercise import Wrong, exercise, numbers


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
