"""What SCALE-MAMBA costs: ``python -m benchmarks.scale_mamba`` prints docs/scale-mamba.md's tables.

Needs an installation (`SCALE_MAMBA_HOME`) and Linux, whose /proc tells what a player has sent. The
embedded players take turns with it, so that the ratio holds even when the machine is not quiet.
Every result is compared with Krum in the clear; the exit status is 1 when one differs.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import machine
from fl_krum import KrumProgram, krum
from fl_krum.players.local_players import LocalPlayers
from fl_krum.players.scale_mamba import installation, player_files

ELEMENT = 16  # bytes of a field element on the wire


@dataclass(frozen=True)
class Run:
    """One start of the players: seconds, CPU-seconds of all, and what player 0 has sent."""

    wall: float
    cpu: float
    start: float
    rounds: tuple[float, ...]
    communication: dict
    sent: int
    correct: bool


def measure(program: KrumProgram, engine: str) -> Run:
    """Start players, go through all rounds at once, one after the other, and end them."""
    updates = np.random.default_rng(0).normal(size=(program.n, program.d))
    words = program.fixed_point.encode(updates)
    expected = program.fixed_point.decode(krum(words, program.f).vector)
    before, begin = os.times(), time.perf_counter()
    seconds, correct = [], True
    with LocalPlayers(program, engine) as players:
        for _ in range(program.rounds):
            correct &= np.array_equal(players.aggregate(updates), expected)
            seconds.append(players.seconds)
        sent = written(players._supervisor.players[0]._process.pid)
    wall, after = time.perf_counter() - begin, os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    statistics = players.statistics()[0]
    return Run(wall, cpu, players.startup_seconds, tuple(seconds), statistics, sent, correct)


def written(pid: int) -> int:
    """Bytes that a process has written, nearly all of it to the other players."""
    return int(re.search(r"^wchar: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.M)[1])


def needs_of(program: KrumProgram):
    """The offline material of one start, from the installation's compiler."""
    with tempfile.TemporaryDirectory() as folder:
        hosts = ["127.0.0.1"] * program.players
        return player_files.write(installation.find(), program, Path(folder), hosts)


def by_dimension(n: int, f: int, dimensions: list[int]) -> bool:
    """One aggregation a start, for vectors of several lengths."""
    print(
        "| d | wall s | CPU-s | MB a player | triples / squares / bits | result after start, s "
        "| rounds | MB sent, online | MB sent, all | embedded, wall s | ratio |"
    )
    print("|" + "---|" * 11)
    correct = True
    for d in dimensions:
        program = KrumProgram(n=n, f=f, d=d)
        needs = needs_of(program)
        own, real = measure(program, "embedded"), measure(program, "scale-mamba")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        # Every opened element goes to t other players.
        online = real.communication["elements"] * ELEMENT * program.threshold / 1e6
        print(
            f"| {d} | {real.wall:.1f} | {real.cpu:.0f} | {memory:.0f} "
            f"| {needs.triples} / {needs.squares} / {needs.bits} | {real.rounds[0]:.2f} "
            f"| {real.communication['rounds']} | {online:.1f} | {real.sent / 1e6:.0f} "
            f"| {own.wall:.2f} | {real.wall / own.wall:.0f} |",
            flush=True,
        )
        correct &= own.correct and real.correct
    return correct


def by_rounds(n: int, f: int, d: int, sessions: list[int]) -> bool:
    """Sessions of several rounds, the next one right after the last."""
    print("\n| T | wall s | CPU-s | ready after, s | seconds of each round | embedded, wall s |")
    print("|" + "---|" * 6)
    correct = True
    for rounds in sessions:
        program = KrumProgram(n=n, f=f, d=d, rounds=rounds)
        own, real = measure(program, "embedded"), measure(program, "scale-mamba")
        each = ", ".join(f"{seconds:.2f}" for seconds in real.rounds)
        print(
            f"| {rounds} | {real.wall:.1f} | {real.cpu:.0f} | {real.start:.1f} | {each} "
            f"| {own.wall:.2f} |",
            flush=True,
        )
        correct &= own.correct and real.correct
    return correct


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale_mamba", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--d", type=int, nargs="*", default=[5, 100, 1000, 10000], metavar="D")
    parser.add_argument("--rounds", type=int, nargs="*", default=[1, 5], metavar="T")
    options = parser.parse_args(arguments)
    try:
        print(installation.find().version)
    except ValueError as error:
        parser.error(str(error))
    described = machine.describe()
    print(f"{described['processor']}, {described['cores']} cores, load {described['load']}\n")
    correct = by_dimension(7, 2, options.d) if options.d else True
    correct &= by_rounds(7, 2, 5, options.rounds) if options.rounds else True
    print(f"\nload {machine.load()}" + ("" if correct else "; A RESULT WAS WRONG"))
    return 0 if correct else 1


if __name__ == "__main__":
    sys.exit(main())
