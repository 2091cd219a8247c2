"""Less-than on shared numbers, as in a textbook: open the number under a mask, then subtract.

Players cannot look at the sign of a secret x. But they may look at c = x + r, where r is a random
number, the mask, which is so much longer than x that c hardly depends on x. They hold r and its low
bits as shares; so they subtract r again, bit by bit, on shares, and what is left is the bit that
they want (Catrina, de Hoogh, "Improved Primitives for Secure Multiparty Integer Computation", SCN
2010, protocols 3.1 and 3.3).

A mask's upper part is kappa bits longer than x: what c tells of x is worth 2^-kappa at most. The
numbers here are those of `fl_krum.lesson.toy_shares`, over a prime in which nothing wraps round.
`mamba.comparison` does the same for whole vectors, with the bits in a field of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .toy_shares import Computation, SharedNumber

SECURITY = 40


@dataclass(frozen=True)
class Mask:
    """A random number r that nobody knows.

    Attributes
    ----------
    number : SharedNumber
        r itself.
    bits : list of SharedNumber
        Its k low bits, the lowest first.
    """

    number: SharedNumber
    bits: list[SharedNumber]


def make_mask(computation: Computation, k: int, security: int = SECURITY) -> Mask:
    """Let t + 1 players make a mask for numbers of k bits; t of them do not know it.

    Each bit is the exclusive or of one random bit from each of them. To the upper part, from 2^k
    on, each adds a random number of `security` bits.
    """
    dealers = range(computation.t + 1)
    random = computation.rng.getrandbits
    bits = []
    for _ in range(k):
        bit = computation.share(random(1))
        for _ in dealers[1:]:
            other = computation.share(random(1))
            bit = bit + other - 2 * (bit * other)
        bits.append(bit)
    upper = sum(computation.share(random(security) if security else 0) for _ in dealers)
    return Mask(bits_value(bits) + 2**k * upper, bits)


def bits_value(bits: Sequence[SharedNumber]) -> SharedNumber:
    """Return the number that has these bits, the lowest first."""
    return sum(2**place * bit for place, bit in enumerate(bits))


def borrow(public: int, bits: Sequence[SharedNumber]) -> SharedNumber | int:
    """Return [public < number], for a secret number of which the bits are shared, lowest first.

    This is what is still borrowed when the secret number has been subtracted from the public one,
    as at school: at a place where the public bit is 0 something is borrowed if the secret bit is 1
    *or* the place before has borrowed, where it is 1 only if both are so. One product a bit.
    """
    borrowed: SharedNumber | int = 0
    for place, bit in enumerate(bits):
        both = bit * borrowed
        borrowed = both if public >> place & 1 else bit + borrowed - both
    return borrowed


def less_than_zero(x: SharedNumber, k: int, mask: Mask) -> SharedNumber:
    """Return [x < 0] for a secret -2^(k-1) <= x < 2^(k-1).

    Parameters
    ----------
    x : SharedNumber
    k : int
        Length of x in bits, its sign included.
    mask : Mask
        For k bits, never used before.

    Returns
    -------
    SharedNumber
        1 or 0. Besides c, nothing is opened.
    """
    half, p = 2 ** (k - 1), x.computation.p
    y = x + half  # 0 … 2^k - 1, and its highest bit is 0 exactly when x < 0
    c = (y + mask.number).open()
    low_bits = mask.bits[: k - 1]
    low = c % half - bits_value(low_bits) + half * borrow(c % half, low_bits)  # y modulo 2^(k-1)
    highest = (y - low) * pow(half, -1, p)
    return 1 - highest


def less_than(
    a: SharedNumber | int, b: SharedNumber | int, k: int, security: int = SECURITY
) -> SharedNumber:
    """Return [a < b] for two numbers that differ by less than 2^(k-1), at least one of them shared.

    Raises
    ------
    ValueError
        The field has no room for a number of k bits and its mask.
    """
    difference = a - b
    if not isinstance(difference, SharedNumber):
        raise TypeError("one of the two numbers must be shared")
    computation = difference.computation
    needed = k + security + computation.t.bit_length()
    if 2**needed > computation.p:
        raise ValueError(
            f"a comparison of {k} bits needs {needed} bits of the field ({security} of them for "
            f"security, {computation.t.bit_length()} for the sum of {computation.t + 1} players' "
            f"numbers); a number modulo {computation.p} has room for "
            f"{computation.p.bit_length() - 1}"
        )
    return less_than_zero(difference, k, make_mask(computation, k, security))
