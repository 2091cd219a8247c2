"""``python -m benchmarks rules``: what mixing and clipping cost, against Krum, in turns.

All three average n - f vectors, and work on words of the same length: as long as fits the field
with clipping, whose numbers are the longest.
"""

from __future__ import annotations

import argparse
from statistics import mean, median

from benchmarks import cases
from benchmarks.turns import in_turns
from fl_krum import FixedPoint, KrumProgram
from fl_krum.aggregators.weights import WEIGHTS

LENGTHS = (5, 10**5)


def programs(n: int, d: int, threshold: int | None, rounds: int) -> list[KrumProgram]:
    """One of each rule, Krum first, with the longest words of up to 28 bits that fit."""
    f = cases.Case(n, d).f
    for bits in range(28, 1, -1):
        try:
            return [
                KrumProgram(
                    n, f, d, rounds, n - f, FixedPoint(bits, min(16, bits - 1)), rule=rule,
                    **({} if threshold is None else {"threshold": threshold}),
                )
                for rule in WEIGHTS
            ]  # fmt: skip
        except ValueError as error:
            refused = error
            if "bit budget" not in str(error):
                break
    raise refused


def rows(n: int, d: int, threshold: int | None, repeat: int) -> list[str]:
    """One line for each rule."""
    made = programs(n, d, threshold, repeat + 2)
    found = in_turns(made, cases.make_task(cases.Case(n, d)).updates, repeat)
    lines = []
    for program, measured in zip(made, found, strict=True):
        ratios = zip(measured.seconds, found[0].seconds, strict=True)
        cpu = f"{1000 * mean(measured.cpu):.0f}" if measured.cpu else ""
        cost = program.cost()
        lines.append(
            f"{n:>4}{program.threshold:>4}{d:>9,}  {program.rule:<13}"
            f"{median(measured.seconds):>8.2f}{median(a / b for a, b in ratios):>7.2f}{cpu:>8}"
            f"{len(cost.rounds):>8}{cost.bytes / 1e6:>8.1f}{program.fixed_point.bits:>6}"
        )
    return lines


def main(arguments) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks rules",
        description="One aggregation by Krum, with mixing and with clipping, in turns.",
    )
    parser.add_argument("--n", type=int, default=7, help="clients (default 7)")
    parser.add_argument("--d", type=int, nargs="+", default=list(LENGTHS), metavar="D")
    parser.add_argument("--threshold", type=int, metavar="K", help="t (default n / 2)")
    parser.add_argument("--repeat", type=int, default=5, help="aggregations each (default 5)")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: measure at least once")
    n = options.n
    sizes = [(n, d) for d in options.d]
    try:
        for size in sizes:
            programs(*size, options.threshold, options.repeat)
    except ValueError as error:
        parser.error(str(error))
    print(
        f"{'n':>4}{'t':>4}{'d':>9}  {'rule':<13}{'seconds':>8}{'ratio':>7}{'CPU-ms':>8}"
        f"{'rounds':>8}{'MB':>8}{'bits':>6}"
    )
    for size in sizes:
        for line in rows(*size, options.threshold, options.repeat):
            print(line, flush=True)
    return 0
