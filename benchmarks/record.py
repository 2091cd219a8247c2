"""``python -m benchmarks record``: one aggregation of vectors as long as a large model.

By default Multi-Krum of ten vectors of 1.1 * 10^7 words, the weights of a ResNet-18, among players
of which t = 3 of seven holders of shares may deviate. Nothing is warmed up: it is the first
aggregation, from the inputs to the result, masks included. The result is compared with Multi-Krum
in the clear, word by word.

It takes 2 GB for each holder of shares, and 3 GB besides.
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

import numpy as np

from benchmarks import usage
from benchmarks.local_players import total
from fl_krum import FixedPoint, KrumProgram, krum_scores
from fl_krum.aggregators.parameters import largest_f
from fl_krum.players.engine import ACTIVE, SECURITIES
from fl_krum.players.local_players import LocalPlayers

LONGEST = 3600.0  # seconds until players are given up
_BITS = 28  # of a word, or as many fewer as the field takes


class Record(NamedTuple):
    """One aggregation.

    Attributes
    ----------
    program : KrumProgram
    start, seconds : float
        Until all players are connected; from the inputs to the result.
    cpu, memory : float or None
        CPU-seconds of all players; the peak of the largest, in bytes.
    sent : float
        Bytes of all players.
    rounds : int
    correct : bool
    """

    program: KrumProgram
    start: float
    seconds: float
    cpu: float | None
    memory: float | None
    sent: float
    rounds: int
    correct: bool


def make_program(n: int, d: int, threshold: int | None) -> KrumProgram:
    """Multi-Krum of as many vectors as can be, with the longest words that fit, two rounds: players
    end after the last one, and cannot be asked then."""
    f = largest_f(n)
    sizes = {"n": n, "f": f, "d": d, "average": n - f, "rounds": 2, "threshold": threshold}
    for bits in range(_BITS, 16, -1):
        try:
            return KrumProgram(**sizes, fixed_point=FixedPoint(bits, min(16, bits - 1)))
        except ValueError:  # too long for the field
            continue
    return KrumProgram(**sizes, fixed_point=FixedPoint(16, 15))


def measure(program: KrumProgram, security: str) -> Record:
    """Start players, and aggregate once."""
    bits = program.fixed_point.bits
    words = np.random.default_rng(0).integers(0, 2**bits, (program.n, program.d), np.uint64)
    with LocalPlayers(program, security=security, deadline=LONGEST) as players:
        processes = usage.running()
        before, begin = usage.cpu(processes), time.perf_counter()
        chosen = players.aggregate_words(words)
        seconds = time.perf_counter() - begin
        after, memory = usage.cpu(processes), usage.largest(processes)
        statistics, start = players.statistics(), players.startup_seconds
    return Record(
        program,
        start,
        seconds,
        None if after is None else after - before,
        memory,
        total(statistics, "bytes") or 0.0,
        max(one.get("rounds", 0) for one in statistics),
        is_right(chosen, words, program),
    )


def is_right(chosen: np.ndarray, words: np.ndarray, program: KrumProgram) -> bool:
    """Whether a mean of vectors is Multi-Krum's of these words, exactly."""
    scores, m = krum_scores(words, program.f), program.average
    best = np.argsort(scores, kind="stable")[:m]
    sums = words[best].sum(axis=0).astype(np.int64) - m * 2 ** (program.fixed_point.bits - 1)
    return np.array_equal(np.rint(chosen * m * 2.0**program.fixed_point.fraction), sums)


def table(record: Record, security: str) -> str:
    """Two lines."""
    program = record.program
    cpu = "–" if record.cpu is None else f"{record.cpu:.0f} CPU-s"
    memory = "–" if record.memory is None else f"{record.memory / 1e9:.2f} GB the largest player"
    return (
        f"Multi-Krum, n={program.n} f={program.f} m={program.average} d={program.d:,} "
        f"t={program.threshold}, words of {program.fixed_point.bits} bits, {security}\n"
        f"{record.seconds:.1f} s after a start of {record.start:.1f} s; {cpu}, {memory}, "
        f"{record.sent / 1e9:.2f} GB sent by all, {record.rounds} rounds; "
        f"{'right' if record.correct else 'WRONG'}\n"
    )


def main(arguments) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks record",
        description="One aggregation of very long vectors: Multi-Krum, inputs checked.",
    )
    parser.add_argument("--n", type=int, default=10, help="clients (default 10)")
    parser.add_argument("--d", type=int, default=11_000_000, help="words (default 11,000,000)")
    parser.add_argument("--threshold", type=int, default=3, metavar="T", help="default 3")
    parser.add_argument("--security", choices=SECURITIES, default=ACTIVE)
    options = parser.parse_args(arguments)
    try:
        program = make_program(options.n, options.d, options.threshold)
    except ValueError as error:
        parser.error(str(error))
    record = measure(program, options.security)
    print(table(record, options.security), flush=True)
    return not record.correct
