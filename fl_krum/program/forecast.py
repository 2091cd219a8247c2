"""How long an aggregation on the embedded players will take, roughly, and how much memory.

Fitted to measurements on two cores with n from 7 to 100, t from 3 to 25 and d up to 1.1 * 10^7:
right within a factor of two or so, which is enough to warn of a run that nobody wants to wait for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

LONG = 30.0  # seconds of one aggregation; what is longer is announced
_PER_BYTE = 6e-8  # CPU-seconds of all players, to compute, send and read it; not of clients' words,
_PER_WORD = 2.2e-7  # but for each of these and each holder of shares, whatever is done with it
_SHARE = 16  # bytes
_PLAYER, _HOLDER = 40e6, 35e6  # bytes of a player, and what a holder works on at once


@dataclass(frozen=True)
class Forecast:
    """What to expect of one aggregation on this machine.

    Attributes
    ----------
    seconds : float
    memory, available : float
        Bytes that all players need together, and that this machine has; 0 where it does not say.
    """

    seconds: float
    memory: float
    available: float

    @property
    def is_long(self) -> bool:
        return self.seconds > LONG

    @property
    def fits(self) -> bool:
        return not self.available or self.memory < self.available


def forecast(program) -> Forecast:
    """The `Forecast` for a `KrumProgram`."""
    holders, words = program.holder_count, program.n * program.d
    others = program.cost().bytes - _SHARE * (program.threshold + 1) * words  # t draw their shares
    used = max(0, others) * _PER_BYTE + words * holders * _PER_WORD
    comparisons = program.n * (program.n - 1) * (program.n - 2) / 2
    masks = program.n**2 * program.budget.distance_bits * (program.threshold + 1)
    own = _HOLDER + 20 * words + 230 * comparisons + masks
    memory = program.players * _PLAYER + holders * own
    return Forecast(used / (os.cpu_count() or 1), memory, _memory_here())


def warning(program) -> str:
    """What to tell before a run that cannot fit here, or whose rounds are long; "" else."""
    expected = forecast(program)
    if expected.fits and not expected.is_long:
        return ""
    parts = [f"one aggregation takes about {_time(expected.seconds)}"]
    if not expected.fits:
        parts.append(
            f"about {expected.memory / 1e9:.0f} GB for {program.holder_count} holders of shares, "
            f"where this machine has {expected.available / 1e9:.0f} GB"
        )
    text = f"n = {program.n}, d = {program.d}, t = {program.threshold}: {' and '.join(parts)}."
    if program.threshold > 3:
        text += " A smaller threshold, --threshold 3, means less of both, and is safe from fewer."
    else:
        text += " Fewer clients, or shorter vectors, mean less of both."
    return text


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _memory_here() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # Windows
        return 0.0
