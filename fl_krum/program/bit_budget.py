"""The bit budget of a program: how long the numbers inside the computation become.

The scores above all have to fit the field, with room for the statistical masking of a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..aggregators.clipping import STEPS
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
    radius_bits, clip_bits : int
        Of "clipped-krum": comparing two squared distances from the centre, and multiples of these;
        0 for other rules.
    """

    distance_bits: int
    score_bits: int
    mask_bits: int
    radius_bits: int = 0
    clip_bits: int = 0

    @property
    def longest(self) -> int:
        """The longest number that is compared."""
        return max(self.distance_bits, self.score_bits, self.clip_bits)

    @property
    def headroom(self) -> int:
        """Bits of the field left over; negative when the computation does not fit."""
        return CAPACITY - self.mask_bits - self.longest


def check_budget(
    n: int,
    f: int,
    d: int,
    fixed_point: FixedPoint | None = None,
    security: int = SECURITY,
    projected: bool = False,
    threshold: int | None = None,
    rule: str = "krum",
    average: int = 1,
) -> BitBudget:
    """Bit budget of Krum for n clients, f of them Byzantine, d coordinates; refuse what cannot fit.

    Words differ by at most 2^bits - 1, so a squared distance is below d * 2^(2 bits) and a score,
    the sum of n-f-2 of them, below d (n-f-2) 2^(2 bits); the difference of two such numbers needs
    one bit more for its sign. A comparison hides it behind the sum of one random number from each
    of t + 1 players, each `security` bits longer; the threshold t is n // 2 when it is not given.

    Where vectors are checked by random projections (``projected``), a client that lies may have a
    squared norm of up to 21.6 d 4^(bits-1), so a squared distance is below 87 d 4^(bits-1).

    Mixtures are n - f times as long as they should be, and two of them differ in f vectors on
    either side: their squared distances are up to f^2 times as long. A distance from the centre of
    clipping is `average` times as long, and compared as a multiple of up to 16^2 of its square.

    Raises
    ------
    ValueError
        When the longest number and its mask exceed 126 bits, the capacity of p = 2^127 - 1.
    """
    fixed_point = FixedPoint() if fixed_point is None else fixed_point
    if d < 1 or n - f - 2 < 1:
        raise ValueError(f"a bit budget needs d >= 1 and n-f-2 >= 1, not n={n}, f={f}, d={d}")
    near = n - f - 2
    farthest = d * 4**fixed_point.bits - 1
    if projected:
        farthest = 87 * d * 4 ** (fixed_point.bits - 1)
    masks = 1 + (n // 2 if threshold is None else threshold)
    budget = _budget(n, f, farthest, rule, average, projected, security + _ceil_log2(masks))
    if budget.headroom < 0:
        largest = fixed_point.bits + budget.headroom // 2
        raise ValueError(
            f"the bit budget does not fit: {_longest_in_words(budget, fixed_point, d, near)} and "
            f"its mask {budget.mask_bits} more (security {security}, {_ceil_log2(masks)} for "
            f"{masks} players' masks): {budget.longest + budget.mask_bits} of {CAPACITY}. "
            f"Use bits={largest} or fewer, or a smaller d or n"
        )
    return budget


def _budget(n, f, farthest, rule, average, projected, masks) -> BitBudget:
    near = n - f - 2
    if rule == "mixed-krum":  # a distance is compared with its client's number behind it
        farthest *= max(1, f) ** 2
        return BitBudget(_signed(n * (farthest + 1)), _signed(near * farthest), masks)
    distance = _signed(farthest)
    # Exact where vectors are projected, since every bit counts where d and n are large.
    score = _signed(near * farthest) if projected else distance + _ceil_log2(near)
    if rule != "clipped-krum":
        return BitBudget(distance, score, masks)
    radius = average**2 * farthest
    return BitBudget(distance, score, masks, _signed(radius), _signed(STEPS**2 * radius))


def _longest_in_words(budget: BitBudget, fixed_point: FixedPoint, d: int, near: int) -> str:
    given = f"bits={fixed_point.bits} and d={d}"
    if budget.clip_bits == budget.longest:
        return f"a multiple of a distance from the centre takes {budget.longest} bits with {given}"
    if budget.score_bits < budget.longest:
        return f"a distance of mixtures takes {budget.longest} bits with {given}"
    distance = budget.distance_bits
    return (
        f"a score takes {budget.score_bits} bits ({distance - 1} for a squared distance with "
        f"{given}, {budget.score_bits - distance} for n-f-2={near}, 1 for the sign)"
    )


def _signed(largest: int) -> int:
    return largest.bit_length() + 1


def _ceil_log2(count: int) -> int:
    return (count - 1).bit_length()
