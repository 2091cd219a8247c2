"""An attack that knows the rule: it tries steps on it, and sends the one that harms most.

Fang's attack searches for the longest step that Krum still chooses. A rule that averages, mixes or
clips lets nearly every step through, some of it; what counts is how far the result moves. So this
one applies the very rule of the session to the honest vectors and f copies of a candidate, for
steps of every length along the directions of three other attacks:

    the signs of the mean update, backwards, from the old model   (Fang et al.)
    the spread of each coordinate, from the honest mean           (Min-Max, ALIE)
    the mean update, backwards, from the honest mean              (inner product, sign flip)

Source of the idea, to maximise the distance of a known rule's result from the honest mean:
Shejwalkar, Houmansadr, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks and Defenses
for Federated Learning", NDSS 2021, "AGR-tailored attacks".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..aggregators.distances import squared_distances
from ..aggregators.krum import krum

#: Lengths that are tried first, as multiples of how far the honest vectors and the old model lie
#: apart: four to an octave.
LENGTHS = 2.0 ** np.arange(-6, 4.01, 0.25)
REFINED = 7  # lengths that are tried next, between the neighbours of the best one; twice


def tailored(
    honest, f: int, rng, previous, rule: Callable = krum, harm: str = "distance"
) -> np.ndarray:
    """Send the step that does `rule` the most harm, of all lengths along three directions.

    Parameters
    ----------
    rule : callable
        ``rule(X, f)``, as in `fl_krum.aggregators.rules.AGGREGATORS`; a session gives its own.
    harm : {"distance", "progress"}
        What is harm: that the result is far from the honest mean, as in the paper; or that it has
        moved little along the honest mean update, or backwards.
    """
    if harm not in _HARMS:
        raise ValueError(f"harm must be one of {', '.join(_HARMS)}; got {harm!r}")
    mean = honest.mean(axis=0)

    def measure(sent) -> float:
        result = rule(np.vstack([honest, np.tile(sent, (f, 1))]), f)
        return _HARMS[harm](getattr(result, "vector", result), previous, mean)

    unit = np.sqrt(float(squared_distances(np.vstack([honest, previous])).max()))
    worst, sent = -np.inf, mean  # which stays where nobody has moved, and all agree
    for start, way in _directions(honest, previous, mean):
        done, length = _worst_length(measure, start, way, unit)
        if done > worst:
            worst, sent = done, start + length * way
    return sent


_HARMS: dict[str, Callable[..., float]] = {
    "distance": lambda result, previous, mean: float(np.linalg.norm(result - mean)),
    "progress": lambda result, previous, mean: float((previous - result) @ (mean - previous)),
}


def _directions(honest, previous, mean) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Where each line begins, and a vector of length 1 along it."""
    update = mean - previous
    for start, way in (
        (previous, np.where(update < 0, 1.0, -1.0)),
        (mean, -honest.std(axis=0)),
        (mean, -update),
    ):
        if way.any():
            yield start, way / np.linalg.norm(way)


def _worst_length(measure: Callable, start, way, unit: float) -> tuple[float, float]:
    """The largest harm found along a line, and the length of the step that does it."""
    lengths = unit * LENGTHS
    best = (-np.inf, 0.0)
    for _ in range(3):
        harms = [measure(start + length * way) for length in lengths]
        at = int(np.argmax(harms))
        best = max(best, (harms[at], float(lengths[at])))
        low, high = lengths[max(at - 1, 0)], lengths[min(at + 1, len(lengths) - 1)]
        lengths = np.linspace(low, high, REFINED)
    return best
