"""Real vectors as words for the players, and back.

SMPC computes with the integers of a prime field, here p = 2^127 - 1. A real x therefore travels
as the *offset word*

    word = round(x * 2^fraction) + 2^(bits - 1),        0 <= word < 2^bits,

because the players read unsigned words and check nothing themselves: whatever is wrong with a
value has to be found here, before it is sent. Krum only looks at differences, so the common
offset changes neither a distance nor the choice, and the chosen words come back unchanged.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..aggregators.distances import as_matrix, layers_hint
from ..aggregators.parameters import check_integer
from . import precision
from .precision import PrecisionWarning

__all__ = ["FixedPoint", "PrecisionWarning", "real_matrix"]

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
        check_integer("bits", self.bits, 2, 53)
        check_integer("fraction", self.fraction, 0, self.bits - 1)

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

    def encode(self, updates: ArrayLike, warn: bool = True) -> np.ndarray:
        """Offset words of real vectors, rounded to the nearest representable value.

        Parameters
        ----------
        updates : array_like of real numbers, shape (n, d)
            Row i is the update of client i + 1 (player i + 1; player 0 is the server).
        warn : bool
            Whether a `PrecisionWarning` says that much is lost, as `complaint` does.

        Returns
        -------
        words : ndarray of uint64, shape (n, d), each in [0, 2^bits)

        Raises
        ------
        ValueError
            Wrong shape, not numbers, or a value that is NaN, infinite or out of range; the
            message names the first such client and coordinate, the range, and what would help.
        """
        values = real_matrix(updates)
        self.check_range(values)
        if warn and (text := self.complaint(values)):
            warnings.warn(text, PrecisionWarning, stacklevel=2)
        words = np.empty(values.shape, np.int64)
        for start in range(0, values.shape[1], COLUMNS):  # what fits the processor's cache
            part = np.s_[:, start : start + COLUMNS]
            # Exact, but for the rounding: everything in between is an integer below 2^53.
            words[part] = np.rint(values[part] * 2.0**self.fraction) + self.offset
        return words.view(np.uint64)

    def check_range(self, updates: ArrayLike) -> None:
        """Raise the ValueError that `encode` would, and do nothing else.

        Parameters
        ----------
        updates : array_like of real numbers, shape (n, d)
        """
        values = real_matrix(updates)
        # Both are NaN when any value is, and every comparison with NaN is false.
        if not self._fits(np.array([values.min(), values.max()])).all():
            row, column = np.argwhere(~self._fits(values))[0]
            largest = float(np.abs(values[np.isfinite(values)]).max(initial=0))
            raise ValueError(self._complaint(row, column, values[row, column], largest))

    def complaint(self, updates: ArrayLike) -> str:
        """What is lost when real vectors in range, shape (n, d), are rounded, and what would help;
        "" unless it matters. `fl_krum.program.precision` says when it does."""
        return precision.complaint(real_matrix(updates), self.bits, self.fraction)

    @classmethod
    def suggest(
        cls, updates: ArrayLike, bits: int = 28, most_bits: int | None = None
    ) -> FixedPoint:
        """A fixed point for vectors like these: as fine as it can be with room for twice as large.

        Parameters
        ----------
        updates : array_like of real numbers, shape (n, d)
            What clients send in a typical round.
        bits : int
        most_bits : int, optional
            How many bits may be taken where `bits` do not hold both the largest values and eight
            steps for the typical ones; by default no more. `KrumProgram.suggest` knows how many
            the field has room for.

        Returns
        -------
        FixedPoint
            If even that is too coarse, `complaint` says so.

        Raises
        ------
        ValueError
            The vectors are not a matrix of finite numbers.
        """
        values = real_matrix(updates)
        if not np.isfinite(values).all():
            raise ValueError(f"updates must be finite to suggest a fixed point: {values.max()}")
        loss = precision.measure(values, 0)
        wanted = precision.best_fraction(loss.largest, bits)
        more = min(max(0, loss.needed - wanted), max(bits, most_bits or bits) - bits)
        bits, wanted = bits + more, wanted + more
        return cls(bits, min(max(wanted, 0), bits - 1))

    def decode(self, words: ArrayLike, count: int = 1) -> np.ndarray:
        """Real values of offset words, exactly; or the mean of as many as were added up.

        Parameters
        ----------
        words : array_like of int, any shape, each in [0, 2^bits), or a sum of ``count`` such words

        Returns
        -------
        values : ndarray of float64, same shape
        """
        words = np.asarray(words)
        if words.dtype.kind not in "iuO":  # "O": Python integers beyond 64 bits
            raise ValueError(f"words are integers, not {words.dtype}")
        wrong = (words < 0) | (words > count * ((1 << self.bits) - 1))
        if wrong.any():
            raise ValueError(
                f"word {words[wrong].flat[0]} lies outside [0, {count} * 2^{self.bits})"
            )
        kind = np.int64 if count << self.bits <= 1 << 62 else object
        total = words.astype(kind) - count * self.offset
        return np.ldexp(total.astype(np.float64), -self.fraction) / count

    def _fits(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # an overflow becomes inf, which is out of range
            scaled = np.rint(values * 2.0**self.fraction)
        return (scaled >= -self.offset) & (scaled < self.offset)

    def _complaint(self, row: int, column: int, value: float, largest: float) -> str:
        low, high = self.range()
        where = f"client {row + 1} (row {row}), coordinate {column}"
        if not np.isfinite(value):
            return (
                f"{where}: {value} is not a finite number; values lie in [{low:.10g}, {high:.10g}]"
            )
        return (
            f"{where}: {value:.10g} is out of range [{low:.10g}, {high:.10g}] "
            f"(bits={self.bits}, fraction={self.fraction}); "
            + precision.cure(largest, self.bits, self.fraction)
        )


def real_matrix(updates) -> np.ndarray:
    """``updates`` as float64 of shape (n, d); ValueError for anything that is not such a matrix."""
    values = as_matrix(updates)
    if values.dtype.kind not in "iuf":
        hint = " (.astype(float) makes 0 and 1 of it)" if values.dtype.kind == "b" else ""
        raise ValueError(
            f"updates must be real numbers, not of type {values.dtype}{hint}{layers_hint(values)}"
        )
    if values.ndim != 2 or values.size == 0:
        raise ValueError(
            "updates must have the shape (clients, coordinates), with one of each at least, "
            f"not {values.shape}{layers_hint(values)}"
        )
    return values.astype(np.float64, copy=False)
