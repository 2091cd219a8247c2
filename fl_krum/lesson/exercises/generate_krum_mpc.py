"""Exercises of the notebook that generates krum.mpc: computing with secrets."""

from __future__ import annotations

from collections.abc import Callable

from ..secret_ledger import Ledger, Secret
from .exercise import Wrong, exercise


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
