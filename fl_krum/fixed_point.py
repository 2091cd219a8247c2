"""Real vectors as words for the players and back, and the bit budget of a program.

SMPC computes with the integers of a prime field, here p = 2^127 - 1. A real x therefore travels
as the *offset word*

    word = round(x * 2^fraction) + 2^(bits - 1),        0 <= word < 2^bits,

because the players read unsigned words and check nothing themselves: whatever is wrong with a
value has to be found here, before it is sent. Krum only looks at differences, so the common
offset changes neither a distance nor the choice, and the chosen words come back unchanged.

The bit budget answers the opposite question: do the numbers *inside* the computation, the scores
above all, still fit the field with room for the statistical masking of a comparison?
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FIELD_BITS = 127  # p = 2^127 - 1, the field of both engines
SECURITY = 40  # statistical security of a comparison, kappa in Catrina and de Hoogh (2010)
CAPACITY = FIELD_BITS - 1  # bits of a compared number and its mask together

COLUMNS = 1 << 13  # encoded at a time


@dataclass(frozen=True)
class FixedPoint:
    """Signed fixed-point numbers of ``bits`` bits, ``fraction`` of them after the point.

    Parameters
    ----------
    bits : int, 2 to 53
        Length of a value in bits, sign included. 53 is where float64 stops being exact.
    fraction : int, 0 to bits - 1
        Bits after the point: the resolution is 2^-fraction.

    Examples
    --------
    >>> FixedPoint().range()
    (-2048.0, 2047.999984741211)
    >>> FixedPoint(bits=8, fraction=4).encode([[0.0, -8.0, 1.5]])
    array([[128,   0, 152]], dtype=uint64)
    """

    bits: int = 28
    fraction: int = 16

    def __post_init__(self) -> None:
        _check_integer("bits", self.bits, 2, 53)
        _check_integer("fraction", self.fraction, 0, self.bits - 1)

    @property
    def offset(self) -> int:
        """The word that stands for 0."""
        return 1 << (self.bits - 1)

    @property
    def resolution(self) -> float:
        """Distance of two neighbouring values; rounding errs by at most half of it."""
        return 2.0**-self.fraction

    def range(self) -> tuple[float, float]:
        """Smallest and largest value that can be represented."""
        return -self.offset * self.resolution, (self.offset - 1) * self.resolution

    def encode(self, updates) -> np.ndarray:
        """Offset words of real vectors, rounded to the nearest representable value.

        Parameters
        ----------
        updates : array_like of real numbers, shape (n, d)
            Row i is the update of client i + 1 (player i + 1; player 0 is the server).

        Returns
        -------
        words : ndarray of uint64, shape (n, d), each in [0, 2^bits)

        Raises
        ------
        ValueError
            Wrong shape, not numbers, or a value that is NaN, infinite or out of range; the
            message names the first such client and coordinate, and the range.
        """
        values = real_matrix(updates)
        self.check(values)
        words = np.empty(values.shape, np.int64)
        for start in range(0, values.shape[1], COLUMNS):  # what fits the processor's cache
            part = np.s_[:, start : start + COLUMNS]
            # Exact, but for the rounding: everything in between is an integer below 2^53.
            words[part] = np.rint(values[part] * 2.0**self.fraction) + self.offset
        return words.view(np.uint64)

    def check(self, updates) -> None:
        """Raise the ValueError that `encode` would, and do nothing else.

        Parameters
        ----------
        updates : array_like of real numbers, shape (n, d)
        """
        values = real_matrix(updates)
        # Both are NaN when any value is, and every comparison with NaN is false.
        if not self._fits(np.array([values.min(), values.max()])).all():
            row, column = np.argwhere(~self._fits(values))[0]
            raise ValueError(self._complaint(row, column, values[row, column]))

    def decode(self, words) -> np.ndarray:
        """Real values of offset words, exactly.

        Parameters
        ----------
        words : array_like of int, any shape, each in [0, 2^bits)

        Returns
        -------
        values : ndarray of float64, same shape
        """
        words = np.asarray(words)
        if words.dtype.kind not in "iuO":  # "O": Python integers beyond 64 bits
            raise ValueError(f"words are integers, not {words.dtype}")
        wrong = (words < 0) | (words >= 1 << self.bits)
        if wrong.any():
            raise ValueError(f"word {words[wrong].flat[0]} lies outside [0, 2^{self.bits})")
        return np.ldexp((words.astype(np.int64) - self.offset).astype(np.float64), -self.fraction)

    def _fits(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # an overflow becomes inf, which is out of range
            scaled = np.rint(values * 2.0**self.fraction)
        return (scaled >= -self.offset) & (scaled < self.offset)

    def _complaint(self, row: int, column: int, value: float) -> str:
        low, high = self.range()
        where = f"client {row + 1} (row {row}), coordinate {column}"
        if not np.isfinite(value):
            return (
                f"{where}: {value} is not a finite number; values lie in [{low:.10g}, {high:.10g}]"
            )
        return (
            f"{where}: {value:.10g} is out of range [{low:.10g}, {high:.10g}] "
            f"(bits={self.bits}, fraction={self.fraction})"
        )


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
    n: int, f: int, d: int, fixed_point: FixedPoint | None = None, security: int = SECURITY
) -> BitBudget:
    """Bit budget of Krum for n clients, f of them Byzantine, d coordinates; refuse what cannot fit.

    Words differ by at most 2^bits - 1, so a squared distance is below d * 2^(2 bits) and a score,
    the sum of n-f-2 of them, below d (n-f-2) 2^(2 bits); the difference of two such numbers needs
    one bit more for its sign. A comparison hides it behind the sum of one random number from each
    of t + 1 players, each `security` bits longer.

    Raises
    ------
    ValueError
        When score_bits + mask_bits exceeds 126, the capacity of p = 2^127 - 1.
    """
    fixed_point = FixedPoint() if fixed_point is None else fixed_point
    if d < 1 or n - f - 2 < 1:
        raise ValueError(f"a bit budget needs d >= 1 and n-f-2 >= 1, not n={n}, f={f}, d={d}")
    distance = 2 * fixed_point.bits + _ceil_log2(d) + 1
    masks = n // 2 + 1  # t + 1, for the threshold t = n // 2 of n + 1 players
    budget = BitBudget(distance, distance + _ceil_log2(n - f - 2), security + _ceil_log2(masks))
    if budget.headroom < 0:
        largest = fixed_point.bits + budget.headroom // 2
        raise ValueError(
            f"the bit budget does not fit: a score takes {budget.score_bits} bits "
            f"(2*{fixed_point.bits} for bits={fixed_point.bits}, {_ceil_log2(d)} for d={d}, "
            f"{_ceil_log2(n - f - 2)} for n-f-2={n - f - 2}, 1 for the sign) and its mask "
            f"{budget.mask_bits} more (security {security}, {_ceil_log2(masks)} for {masks} "
            f"players' masks): {budget.score_bits + budget.mask_bits} of {CAPACITY}. "
            f"Use bits={largest} or fewer, or a smaller d or n"
        )
    return budget


def real_matrix(updates) -> np.ndarray:
    """``updates`` as float64 of shape (n, d); ValueError for anything that is not such a matrix."""
    try:
        values = np.asarray(updates)
    except ValueError:
        raise ValueError(
            "the rows of updates (one a client) must all have the same length"
        ) from None
    if values.dtype.kind not in "biuf":
        raise ValueError(f"updates must be real numbers, not of type {values.dtype}")
    if values.ndim != 2 or values.size == 0:
        raise ValueError(
            f"updates must have the shape (clients, coordinates), neither zero, not {values.shape}"
        )
    return values.astype(np.float64, copy=False)


def _ceil_log2(count: int) -> int:
    return (count - 1).bit_length()


def _check_integer(name: str, value, low: int, high: int) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise ValueError(f"{name} must be an integer, not {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must lie between {low} and {high}, not {value}")
