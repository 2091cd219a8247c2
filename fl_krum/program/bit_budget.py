"""The bit budget of a program: how long the numbers inside the computation become.

The scores above all have to fit the field, with room for the statistical masking of a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

from .fixed_point import FixedPoint

FIELD_BITS = 127  # p = 2^127 - 1, the field of both engines
SECURITY = 40  # statistical security of a comparison, kappa in Catrina and de Hoogh (2010)
CAPACITY = FIELD_BITS - 1  # bits of a compared number and its mask together


@dataclass(frozen=True)
class BitBudget:
    """Lengths in bits of the numbers that one Krum computation compares.

    Attributes
    ----------
    distance_bits : int
        Comparing two squared distances, sign of the difference included.
    score_bits : int
        Comparing two scores (sums of n-f-2 distances), sign included.
    mask_bits : int
        How much longer than its operand the mask of a comparison is: the statistical security, and
        room for the sum of the t + 1 players' random numbers that make the mask.
    """

    distance_bits: int
    score_bits: int
    mask_bits: int

    @property
    def headroom(self) -> int:
        """Bits of the field left over; negative when the computation does not fit."""
        return CAPACITY - self.mask_bits - self.score_bits


def check_budget(
    n: int,
    f: int,
    d: int,
    fixed_point: FixedPoint | None = None,
    security: int = SECURITY,
    projected: bool = False,
    threshold: int | None = None,
) -> BitBudget:
    """Bit budget of Krum for n clients, f of them Byzantine, d coordinates; refuse what cannot fit.

    Words differ by at most 2^bits - 1, so a squared distance is below d * 2^(2 bits) and a score,
    the sum of n-f-2 of them, below d (n-f-2) 2^(2 bits); the difference of two such numbers needs
    one bit more for its sign. A comparison hides it behind the sum of one random number from each
    of t + 1 players, each `security` bits longer; the threshold t is n // 2 when it is not given.

    Where vectors are checked by random projections (``projected``), a client that lies may have a
    squared norm of up to 21.6 d 4^(bits-1), so a squared distance is below 87 d 4^(bits-1).

    Raises
    ------
    ValueError
        When score_bits + mask_bits exceeds 126, the capacity of p = 2^127 - 1.
    """
    fixed_point = FixedPoint() if fixed_point is None else fixed_point
    if d < 1 or n - f - 2 < 1:
        raise ValueError(f"a bit budget needs d >= 1 and n-f-2 >= 1, not n={n}, f={f}, d={d}")
    near = n - f - 2
    distance = 2 * fixed_point.bits + _ceil_log2(d) + 1
    score = distance + _ceil_log2(near)
    if projected:  # exact, since every bit counts where d and n are large
        farthest = 87 * d * 4 ** (fixed_point.bits - 1)
        distance, score = farthest.bit_length() + 1, (near * farthest).bit_length() + 1
    masks = 1 + (n // 2 if threshold is None else threshold)
    budget = BitBudget(distance, score, security + _ceil_log2(masks))
    if budget.headroom < 0:
        largest = fixed_point.bits + budget.headroom // 2
        raise ValueError(
            f"the bit budget does not fit: a score takes {budget.score_bits} bits "
            f"({distance - 1} for a squared distance with bits={fixed_point.bits} and d={d}, "
            f"{score - distance} for n-f-2={near}, 1 for the sign) and its mask "
            f"{budget.mask_bits} more (security {security}, {_ceil_log2(masks)} for {masks} "
            f"players' masks): {budget.score_bits + budget.mask_bits} of {CAPACITY}. "
            f"Use bits={largest} or fewer, or a smaller d or n"
        )
    return budget


def _ceil_log2(count: int) -> int:
    return (count - 1).bit_length()
