"""Exercises of the notebook on shares by hand, its second half: to choose, and to compare.

What is computed without looking is judged by its result and by what it has opened on the way. Last,
the bits are counted that a masked number takes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2
from random import Random

from ..toy_comparison import Mask, bits_value, borrow, make_mask
from ..toy_shares import Computation, SharedNumber
from .exercise import Wrong, compare, exercise, numbers


def _by_value(given, mistakes, run) -> None:
    """Raise `Wrong` with the sentence of the mistake that gives the same values as the student."""
    for sentence, mistake in mistakes.items():
        try:
            if run(mistake) == given:
                raise Wrong(sentence)
        except (TypeError, ValueError, AttributeError):
            continue


def _shared(value, case) -> SharedNumber:
    if not isinstance(value, SharedNumber):
        raise Wrong(f"For {case} you return {value!r:.40}, which is not a shared number.")
    return value


_CHOICES = [(1, 3, 5), (0, 3, 5), (1, 5, 3), (0, 0, 8), (1, 9, 0)]
_CHOOSE = {
    "The wrong way round: 1 means a, and 0 means b.": lambda bit, a, b: a + bit * (b - a),
    "That is a or 0. If the bit is 0, b must be left: add (1 - bit) * b.": (
        lambda bit, a, b: bit * a + 0 * b
    ),
    "That is the sum of both. Multiply the second one by 1 - bit.": (
        lambda bit, a, b: a + b + 0 * bit
    ),
    "bit * (a - b) is how far a is from b. Add b to it.": lambda bit, a, b: bit * (a - b),
    "You add b also where the bit is 1. Multiply it by 1 - bit.": (lambda bit, a, b: bit * a + b),
    "The sign is wrong: from b to a it is a - b.": lambda bit, a, b: b + bit * (b - a),
}


@exercise(
    "choose(bit, a, b)",
    praise="Right: one of them is there, and nobody knows which.",
    hints=(
        "bit * a is a or 0. What is b or 0, the other way round?",
        "bit * a + (1 - bit) * b. With one product: b + bit * (a - b).",
    ),
    mistakes=_CHOOSE,
)
def check_choose(choose: Callable) -> None:
    """Check ``choose(bit, a, b)``: a where the secret bit is 1, b where it is 0."""
    computations = [Computation(7, rng=Random(k)) for k in range(len(_CHOICES))]
    given = [
        choose(*map(computation.share, case))
        for case, computation in zip(_CHOICES, computations, strict=True)
    ]
    for case, computation in zip(_CHOICES, computations, strict=True):
        if computation.opened:
            raise Wrong(f"For {case} you opened {computation.opened}: now everybody knows it.")
    values = [_shared(one, case).open() for one, case in zip(given, _CHOICES, strict=True)]
    _by_value(values, _CHOOSE, lambda wrong: [wrong(*case) % 101 for case in _CHOICES])
    for case, value in zip(_CHOICES, values, strict=True):
        if value != (right := case[1] if case[0] else case[2]):
            raise Wrong(f"For {case} the right choice is {right}; yours is {value}.")


_K, _P = 5, 2**61 - 1
_NUMBERS = (-16, -7, -1, 0, 1, 9, 15)


def _signs(function: Callable) -> list:
    """Run a `less_than_zero` for all `_NUMBERS`: what it returns, and what was opened."""
    runs = []
    for seed, x in enumerate(_NUMBERS):
        computation = Computation(5, p=_P, rng=Random(seed))
        mask = make_mask(computation, _K, 20)
        shared = computation.share(x)
        runs.append((function(shared, _K, mask), computation.opened))
    return runs


def _compared(x, k, mask: Mask, shift=None, half=None, low_bits=None, top=False, borrowed=True):
    """Do what `less_than_zero` does, with the mistakes that the arguments ask for."""
    half = 2 ** (k - 1) if half is None else half
    y = x + (2 ** (k - 1) if shift is None else shift)
    c = (y + mask.number).open()
    bits = mask.bits[: k - 1 if low_bits is None else low_bits]
    low = c % half - bits_value(bits) + (half * borrow(c % half, bits) if borrowed else 0)
    highest = (y - low) * pow(half, -1, x.computation.p)
    return highest if top else 1 - highest


_LESS = {
    "That is the highest bit itself: 1 where x >= 0. Take 1 minus it.": (
        lambda x, k, mask: _compared(x, k, mask, top=True)
    ),
    "The shift by 2 ** (k - 1) is missing: without it a negative x has no highest bit.": (
        lambda x, k, mask: _compared(x, k, mask, shift=0)
    ),
    "Nothing is borrowed: where the mask's low bits are larger than c's, add 2 ** (k - 1).": (
        lambda x, k, mask: _compared(x, k, mask, borrowed=False)
    ),
    "You take away all k bits of the mask, the highest too, and that is the one you want. Use the "
    "k - 1 low ones.": lambda x, k, mask: _compared(x, k, mask, half=2**k, low_bits=k),
    "You shift by 2 ** k. The range of x begins at -2 ** (k - 1).": (
        lambda x, k, mask: _compared(x, k, mask, shift=2**k)
    ),
}


@exercise(
    "less_than_zero(x, k, mask)",
    praise="Right: one masked number is opened, and the sign stays a secret.",
    hints=(
        "Five lines: shift x to y >= 0; open c = y + mask.number; half = 2 ** (k - 1); low is "
        "c % half minus the mask's k - 1 low bits, plus half where something is borrowed; what is "
        "left of y is 0 or half.",
        "low = c % half - bits_value(bits) + half * borrow(c % half, bits) with "
        "bits = mask.bits[:k - 1]. Then (y - low) / half is the highest bit.",
    ),
    mistakes=_LESS,
)
def check_less_than_zero(less_than_zero: Callable) -> None:
    """Check ``less_than_zero(x, k, mask)``: the secret bit [x < 0]; only y + r is opened."""
    runs = _signs(less_than_zero)
    for x, (_, opened) in zip(_NUMBERS, runs, strict=True):
        if not opened:
            continue
        if set(opened) & {x % _P, x + 2 ** (_K - 1), x % 2**_K}:
            raise Wrong(f"For x = {x} you opened {opened[0]}: that is x without a mask.")
        if len(opened) > 1:
            raise Wrong(f"For x = {x} you opened {len(opened)} numbers; one is enough: y + r.")
    values = [
        _shared(value, f"x = {x}").open() for x, (value, _) in zip(_NUMBERS, runs, strict=True)
    ]
    right = [int(x < 0) for x in _NUMBERS]
    if values == right:
        return
    if values[1:] == [int(x <= 0) for x in _NUMBERS[1:]]:  # the first may be out of range then
        raise Wrong("For x = 0 you say 1: that is [x <= 0].")
    _by_value(values, _LESS, lambda wrong: [value.open() for value, _ in _signs(wrong)])
    for x, value, bit in zip(_NUMBERS, values, right, strict=True):
        if value != bit:
            said = value if value < 2**20 else "a long number, no bit"
            raise Wrong(f"For x = {x} the bit should be {bit}; yours is {said}.")


def _needed(bits, d, near, kappa, masks) -> int:
    return 2 * bits + ceil(log2(d)) + ceil(log2(near)) + 1 + kappa + ceil(log2(masks))


@exercise(
    "bits_needed(bits, d, near, kappa, masks)",
    praise="Right. For n = 7, d = 5 that is 104, each logarithm rounded up by itself (103 if their "
    "sum is), and p = 2^127 - 1 has room for 126.",
    hints=(
        "A product is as long as both factors together. A sum of d numbers is ceil(log2(d)) bits "
        "longer than each.",
        "Square: 2 * bits. Sum of d, sum of near: + ceil(log2(…)) each. Sign of a difference: + 1. "
        "Mask: + kappa + ceil(log2(masks)).",
    ),
    mistakes={
        "A square is twice as long as the number: 2 * bits.": lambda bits, d, near, kappa, masks: (
            _needed(bits, d, near, kappa, masks) - bits
        ),
        "The sign of a difference takes one bit more.": lambda bits, d, near, kappa, masks: (
            _needed(bits, d, near, kappa, masks) - 1
        ),
        "The mask is missing: it is kappa bits longer than what it hides.": (
            lambda bits, d, near, kappa, masks: _needed(bits, d, near, 0, 1)
        ),
        "The mask is a sum, too: ceil(log2(masks)) bits more.": (
            lambda bits, d, near, kappa, masks: _needed(bits, d, near, kappa, 1)
        ),
        "A sum of d numbers is not d bits longer, but ceil(log2(d)).": (
            lambda bits, d, near, kappa, masks: (
                _needed(bits, 1, 1, kappa, masks) + d + near
            )
        ),
        "A score is a sum of `near` distances: ceil(log2(near)) bits more.": (
            lambda bits, d, near, kappa, masks: _needed(bits, d, 1, kappa, masks)
        ),
        "A squared distance is a sum of d squares: ceil(log2(d)) bits more.": (
            lambda bits, d, near, kappa, masks: _needed(bits, 1, near, kappa, masks)
        ),
        "You round the logarithms down. Five numbers need 3 bits more, not 2: round up.": (
            lambda bits, d, near, kappa, masks: (
                2 * bits + int(log2(d)) + int(log2(near)) + 1 + kappa + int(log2(masks))
            )
        ),
        "You do not round the logarithms. Bits are whole: ceil(log2(d)).": (
            lambda bits, d, near, kappa, masks: (
                2 * bits + log2(d) + log2(near) + 1 + kappa + log2(masks)
            )
        ),
    },
)  # fmt: skip
def check_bits_needed(bits_needed: Callable) -> None:
    """Check ``bits_needed(bits, d, near, kappa, masks)``: a masked difference of two scores.

    Logarithms may be rounded up one by one, as `KrumProgram` does, or their sum, which is exact.
    """
    cases = [(28, 5, 3, 40, 4), (28, 650, 5, 40, 6), (16, 1, 1, 40, 2), (20, 10**6, 9, 30, 7)]
    given = {case: numbers(bits_needed(*case), ()) for case in cases}

    def right(bits, d, near, kappa, masks):
        most = _needed(bits, d, near, kappa, masks)
        fewest = 2 * bits + ceil(log2(d * near * masks)) + 1 + kappa
        value = given[bits, d, near, kappa, masks]
        return value if value == int(value) and fewest <= value <= most else most

    compare(bits_needed, right, cases)
