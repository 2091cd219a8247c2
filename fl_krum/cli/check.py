"""``python -m fl_krum check``: what is installed here, and whether the engines work."""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from ..players.engine import Engine
from ..players.find_engine import ENGINES, find_engine
from ..players.installed import INSTALLED, print_versions
from ..players.local_players import LocalPlayers, PlayerError
from ..program.krum_program import KrumProgram

SUMMARY = "what is installed here, which engines work, and why others do not"
DETAILS = """\
Runs one tiny aggregation, four clients and the server, with each engine that can be used.

examples:
  SCALE_MAMBA_HOME=~/SCALE-MAMBA python -m fl_krum check
  MP_SPDZ_HOME=~/MP-SPDZ FL_KRUM_MP_SPDZ=sy-shamir python -m fl_krum check
"""

# A square, so that all rows tie, and row 0 is chosen. Four of them, so that the number of players
# is odd, as MP-SPDZ's actively secure protocols want it.
UPDATES = np.array([[1.0, 2.0], [1.0, 2.5], [1.5, 2.0], [1.5, 2.5]])


def configure(parser: argparse.ArgumentParser) -> None:
    del parser  # no options


def run(options: argparse.Namespace) -> int:
    print_versions()
    problems = [problem for name in ENGINES if (problem := _check_engine(name))]
    if problems:
        raise problems[0]
    return 0


def _check_engine(name: str) -> Exception | None:
    """Print what can be said about an engine; return the error if it should work and does not."""
    print(f"\nengine {name}")
    engine = find_engine(name)
    status = engine.status()
    for label in ("version", "security"):
        if value := getattr(status, label):
            print(f"  {label:<10}  {value}")
    if not status.usable:
        print(f"  not usable  {status.reason}", flush=True)
        nobody_asked = name in INSTALLED and not os.environ.get(INSTALLED[name])
        return None if nobody_asked else ValueError(f"the {name} engine: {status.reason}")
    try:
        print(f"  works       {_try(engine)}", flush=True)
    except (PlayerError, ValueError) as error:
        print("  fails       " + str(error).replace("\n", "\n              "), flush=True)
        return PlayerError(f"the {name} engine fails")
    return None


def _try(engine: Engine) -> str:
    """One aggregation of four clients; how long it took."""
    program = KrumProgram(n=len(UPDATES), f=0, d=2, rounds=1)
    begin = time.perf_counter()
    with LocalPlayers(program, engine) as players:
        chosen = players.aggregate(UPDATES)
    total = time.perf_counter() - begin
    if not np.array_equal(chosen, UPDATES[0]):
        raise PlayerError(f"the players chose {chosen.tolist()}, not {UPDATES[0].tolist()}")
    return (
        f"{program.n} clients and the server: ready in {players.startup_seconds:.2f} s, "
        f"aggregated in {players.seconds:.2f} s, {total:.2f} s in all"
    )
