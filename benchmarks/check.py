"""``python -m benchmarks check``: what the check of the clients' inputs costs.

Players with the check and players without it aggregate in turns, so that the ratio holds even when
the machine is busy and the seconds do not.
"""

from __future__ import annotations

import argparse
from statistics import mean, median
from typing import NamedTuple

from benchmarks import cases
from benchmarks.turns import in_turns
from fl_krum import KrumProgram

LENGTHS = (5, 1000, 10**5, 10**6)


class Cost(NamedTuple):
    """Of players without the check, and with it.

    Attributes
    ----------
    seconds : tuple of float
        Medians of one aggregation, right after another.
    ratio : float
        Median of the ratios of two aggregations in turn.
    cpu : tuple of float, or None
        CPU-seconds of one player in one aggregation, means; None without psutil.
    rounds, bytes : tuple of int
        Of communication, of all players together.
    """

    seconds: tuple[float, float]
    ratio: float
    cpu: tuple[float, float] | None
    rounds: tuple[int, int]
    bytes: tuple[int, int]


def measure(d: int, repeat: int, n: int = 7) -> Cost:
    """Aggregate `repeat` times on both kinds of players, in turns, after once to warm up."""
    task = cases.make_task(cases.Case(n, d))
    programs = [
        KrumProgram(n, task.case.f, d, rounds=repeat + 2, check=check) for check in (False, True)
    ]
    without, checked = in_turns(programs, task.updates, repeat)
    costs = [program.cost() for program in programs]
    return Cost(
        (median(without.seconds), median(checked.seconds)),
        median(b / a for a, b in zip(without.seconds, checked.seconds, strict=True)),
        (mean(without.cpu), mean(checked.cpu)) if without.cpu and checked.cpu else None,
        (len(costs[0].rounds), len(costs[1].rounds)),
        (costs[0].bytes, costs[1].bytes),
    )


def line(d: int, cost: Cost) -> str:
    """One row of the table."""
    cpu = "" if cost.cpu is None else f"{1000 * cost.cpu[0]:8.0f} → {1000 * cost.cpu[1]:.0f}"
    rounds = f"{cost.rounds[0]} → {cost.rounds[1]}"
    return (
        f"{d:>9,}{cost.seconds[0]:>9.3f} → {cost.seconds[1]:.3f}{cost.ratio:>8.2f}{cpu:>18}"
        f"{rounds:>12}{(cost.bytes[1] - cost.bytes[0]) / 1e6:>11.2f}"
    )


def main(arguments) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks check",
        description="One aggregation without the check of the clients' inputs → with it, in turns.",
    )
    return print_table(parser, arguments, measure)


def print_table(parser: argparse.ArgumentParser, arguments, measure) -> int:
    """Measure pairs of aggregations for several lengths, and print a row for each."""
    parser.add_argument("--d", type=int, nargs="+", default=list(LENGTHS), metavar="D")
    parser.add_argument("--n", type=int, default=7, help="clients (default 7)")
    parser.add_argument("--repeat", type=int, default=5, help="pairs for each length (default 5)")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: measure at least once")
    try:
        for d in options.d:
            cases.Case(options.n, d).program()
    except ValueError as error:
        parser.error(str(error))
    print(
        f"{'d':>9}{'seconds':>17}{'ratio':>8}{'CPU-ms a player':>18}{'rounds':>12}{'MB more':>11}"
    )
    for d in options.d:
        print(line(d, measure(d, options.repeat, options.n)), flush=True)
    return 0
