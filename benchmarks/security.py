"""``python -m benchmarks security``: what it costs that players may depart from the protocol.

Semi-honest players and active ones aggregate in turns, so that the ratio holds even when the
machine is busy and the seconds do not. Rounds and bytes are those that players report.
"""

from __future__ import annotations

import argparse
from statistics import mean, median

from benchmarks import cases, check
from benchmarks.turns import in_turns
from fl_krum import KrumProgram
from fl_krum.players.engine import SECURITIES


def measure(d: int, repeat: int, n: int = 7) -> check.Cost:
    """Aggregate `repeat` times on both kinds of players, in turns, after once to warm up."""
    task = cases.make_task(cases.Case(n, d))
    program = KrumProgram(n, task.case.f, d, rounds=repeat + 2)
    believed, verified = both = in_turns([program] * 2, task.updates, repeat, SECURITIES)
    rounds, sent = zip(*(one.sent for one in both), strict=True)
    return check.Cost(
        (median(believed.seconds), median(verified.seconds)),
        median(b / a for a, b in zip(believed.seconds, verified.seconds, strict=True)),
        (mean(believed.cpu), mean(verified.cpu)) if believed.cpu and verified.cpu else None,
        rounds,
        sent,
    )


def main(arguments) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks security",
        description="One aggregation among semi-honest players → among active ones, in turns.",
    )
    return check.print_table(parser, arguments, measure)
