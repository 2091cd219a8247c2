"""What is lost when real vectors are rounded to fixed point, and which fixed point serves them.

Rounding is not an error that anybody notices: values below half the resolution become 0, clients
whose vectors differ by less become equal, and Krum then chooses among what is left. So this file
measures the loss on the way in, says it in one sentence when it matters, and names a cure.

It matters when a tenth of the values vanish, or most of them lie below the resolution; when all
values of a client vanish; and when rounding moves vectors by a quarter of the distance to their
nearest other, since distances are what Krum compares. For ordinary models and updates none of this
is near: with 28 bits, 16 of them after the point, it takes values of about 10^-4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..aggregators.distances import squared_distances

SAMPLED = 1 << 14  # coordinates that are looked at, evenly spread: a share needs no more
NOISE = 2.0**-40  # of a row's largest value: what is smaller is left over from float64 arithmetic
VANISH, COARSE, MOVED = 0.1, 0.5, 0.25  # shares from which on it is told
STEPS = 3  # bits that a typical value or distance should have at least


class PrecisionWarning(UserWarning):
    """Vectors lose so much when they are rounded to fixed point that a result may mean little."""


@dataclass(frozen=True)
class Loss:
    """What rounding does to the vectors of one round.

    Attributes
    ----------
    vanished, coarse : float
        Share of the non-zero values that become 0, and that lie below the resolution.
    emptied : int or None
        First row, not all 0, of which nothing is left.
    moved : float
        How far rounding moves a vector, as a part of the distance to its nearest other: the median
        of all vectors.
    largest : float
        Largest magnitude.
    needed : int
        The fraction with which none of this would matter.
    """

    vanished: float
    coarse: float
    emptied: int | None
    moved: float
    largest: float
    needed: int

    @property
    def matters(self) -> bool:
        some = self.vanished >= VANISH or self.coarse > COARSE or self.emptied is not None
        return some or self.moved >= MOVED


def measure(values: np.ndarray, fraction: int) -> Loss:
    """The `Loss` of float64 vectors, shape (n, d), that are rounded to multiples of 2^-fraction."""
    values = values[:, :: -(-values.shape[1] // SAMPLED)]
    sizes = np.abs(values)
    tops = sizes.max(axis=1, keepdims=True)
    counts = sizes > NOISE * tops
    steps = np.ldexp(sizes, fraction)
    vanish = counts & (steps <= 0.5)
    total = max(1, int(counts.sum()))
    emptied = np.flatnonzero(counts.any(axis=1) & (vanish | ~counts).all(axis=1))
    moved, gap = _against_distances(values, fraction, tops)
    some = sizes[counts]
    needed = [_fraction_for(gap, STEPS), _fraction_for(tops[tops > 0].min(initial=np.inf), 0)]
    if len(some):
        needed += [_fraction_for(_quantile(some, VANISH), 0)]
        needed += [_fraction_for(_quantile(some, COARSE), STEPS)]
    return Loss(
        vanished=float(vanish.sum() / total),
        coarse=float((counts & (steps < 1)).sum() / total),
        emptied=int(emptied[0]) if len(emptied) else None,
        moved=moved,
        largest=float(tops.max()),
        needed=max(needed),
    )


def _fraction_for(size: float, more: int) -> int:
    """The fraction with which `size` is at least 2^more steps; 0 for what is 0."""
    return 1 + more - math.frexp(size)[1] if size and math.isfinite(size) else 0


def _against_distances(values, fraction, tops) -> tuple[float, float]:
    scaled = np.ldexp(values, fraction)
    errors = np.square(scaled - np.rint(scaled)).sum(axis=1)
    with np.errstate(over="ignore"):
        smallest = np.square(np.ldexp(NOISE * tops, fraction)) * values.shape[1]
    distances = squared_distances(scaled)
    distances = np.where(distances > np.maximum(smallest, smallest.T), distances, np.inf)
    nearest = distances.min(axis=1)
    differ = np.isfinite(nearest)
    if not differ.any():  # all are equal, and stay so
        return 0.0, 0.0
    moved = math.sqrt(_quantile(errors[differ] / nearest[differ], 0.5))
    gap = math.sqrt(_quantile(nearest[differ], 0.5) / values.shape[1])
    return moved, math.ldexp(gap, -fraction)


def _quantile(values, part: float) -> float:
    """As `numpy.quantile`, which imports NumPy's masked arrays first: that takes longer than a
    small command has."""
    between, below = math.modf(part * (len(values) - 1))
    low, high = int(below), min(int(below) + 1, len(values) - 1)
    ordered = np.partition(values, [low, high])
    return float(ordered[low] + between * (ordered[high] - ordered[low]))


def complaint(values: np.ndarray, bits: int, fraction: int) -> str:
    """What is lost of these vectors, and what would help; "" unless it matters."""
    loss = measure(values, fraction)
    if not loss.matters:
        return ""
    resolution = f"{f'2^-{fraction}' if fraction else 1} (bits={bits}, fraction={fraction})"
    if loss.vanished >= VANISH:
        said = f"{loss.vanished:.0%} of the non-zero values become 0 at the resolution {resolution}"
    elif loss.coarse > COARSE:
        said = f"{loss.coarse:.0%} of the non-zero values lie below the resolution {resolution}"
    elif loss.emptied is not None:
        client = f"client {loss.emptied + 1} (row {loss.emptied})"
        said = f"all values of {client} become 0 at the resolution {resolution}"
    else:
        said = (
            f"rounding to the resolution {resolution} moves vectors by {loss.moved:.0%} of the "
            "distance to their nearest other"
        )
    return f"{said}: {_cure(loss, bits, fraction)}"


def _cure(loss: Loss, bits: int, fraction: int) -> str:
    wanted = best_fraction(loss.largest, bits)
    if min(wanted, bits - 1) >= loss.needed:
        return cure(loss.largest, bits, fraction)
    if wanted >= loss.needed:
        return _scale(wanted - fraction)
    more = bits + loss.needed - wanted
    less = "send updates rather than whole models, or clip the largest values"
    if more > 53:
        return less
    finest = min(loss.needed, more - 1)
    first = "" if finest == loss.needed else f"{_scale(loss.needed - finest)}; then "
    return (
        f"{first}bits={more} with fraction={finest} would do, where the field has room; or {less}"
    )


def best_fraction(largest: float, bits: int) -> int:
    """The fraction with which values up to `largest` fit twice over; may be out of range."""
    return bits - 2 - math.frexp(largest)[1] if largest else bits - 1


def cure(largest: float, bits: int, fraction: int) -> str:
    """Which fraction, or which factor, lets values up to `largest` use all of the bits."""
    wanted = best_fraction(largest, bits)
    if wanted < 0:
        return _scale(wanted - fraction)
    wanted = min(wanted, bits - 1)
    return f"fraction={wanted} (--fraction {wanted}) would do, or {_scale(wanted - fraction)}"


def _scale(shift: int) -> str:
    factor = f"2^{abs(shift)}" + (f" = {2 ** abs(shift)}" if abs(shift) <= 20 else "")
    return f"{'multiply' if shift > 0 else 'divide'} all vectors by {factor}"
