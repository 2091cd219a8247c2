"""``python -m fl_krum aggregate``: one secure Krum of the vectors in a file."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np

from ..aggregators.krum import krum
from ..aggregators.weights import weighted_sum
from ..federation.report import write_whole
from ..players.local_players import LocalPlayers
from ..program.krum_program import KrumProgram
from . import options as shared
from .vectors import read_updates

SUMMARY = "one aggregation of the vectors in a file, inside SMPC or in the clear"
DETAILS = """\
The vector that --rule and --average give, by default Krum's, goes to standard output as one row of
comma-separated values, everything else to standard error.

examples:
  python -m fl_krum aggregate updates.npy --byzantine 2
  python -m fl_krum aggregate updates.csv --byzantine 2 --plain
  python -m fl_krum aggregate updates.csv --byzantine 2 --output chosen.npy
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "updates",
        metavar="UPDATES",
        help="one client's vector a row: a .npy, .npz or .csv file, gzipped or not, or - for "
        "standard input",
    )
    parser.add_argument(
        "--byzantine",
        type=int,
        required=True,
        metavar="F",
        help="Byzantine clients to tolerate, f, with 2f + 2 < n",
    )
    shared.add_rule(parser)
    shared.add_threshold(parser)
    parser.add_argument(
        "--plain", action="store_true", help="compute in the clear, and print scores and choice"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="write the vector to FILE, .npy or .csv, instead of standard output",
    )
    parser.add_argument(
        "--without",
        type=shared.players,
        default=(),
        metavar="I,J,...",
        help="clients to leave out, by row from 1, for instance those that a failed run named",
    )
    shared.add_players(parser)
    shared.add_fixed_point(parser)


def run(options: argparse.Namespace) -> int:
    output = None if options.output is None else shared.output_path(options.output)
    if output is not None and output.suffix.lower() not in (".npy", ".csv"):
        raise ValueError(f"{output} is neither a .npy nor a .csv file")
    updates = _without(read_updates(Path(options.updates)), options.without)
    n, d = updates.shape
    program = shared.krum_program(options, n=n, d=d, rounds=1, holders=options.holders)
    program.fixed_point.check_range(updates)  # wrong values are found before anything is started
    if options.plain:
        chosen = _in_the_clear(updates, program)
    else:
        chosen = _among_players(updates, program, options)
    with shared.begun():
        _write(chosen, output)
    return 0


def _without(updates: np.ndarray, clients: tuple[int, ...]) -> np.ndarray:
    """The rows of all other clients."""
    if not clients:
        return updates
    if not all(1 <= client <= len(updates) for client in clients):
        raise ValueError(f"--without: clients are 1 to {len(updates)}, one a row")
    left = [row for row in range(len(updates)) if row + 1 not in clients]
    shared.say("without client " + ", ".join(map(str, clients)) + ": the others are now clients "
               f"1 to {len(left)}, in their order")  # fmt: skip
    return updates[left]


def _in_the_clear(updates: np.ndarray, program: KrumProgram) -> np.ndarray:
    """The rule on the words that the players would compute with, so that both agree exactly."""
    fixed_point, words = program.fixed_point, program.fixed_point.encode(updates)
    weights, total = program.weights(words), program.total()
    scores = [float(score) * fixed_point.resolution**2 for score in krum(words, program.f).scores]
    shared.say(
        f"{program.title} in the clear: n = {program.n}, f = {program.f}, d = {program.d}",
        f"  scores  {' '.join(f'{score:.6g}' for score in scores)}",
        *(
            f"  weight  row {row} (client {row + 1}): {weight} of {total}"
            for row, weight in enumerate(weights.tolist())
            if weight
        ),
    )
    return fixed_point.decode(weighted_sum(words, weights), total)


def _among_players(updates: np.ndarray, program: KrumProgram, options) -> np.ndarray:
    players = LocalPlayers(program, options.engine, options.deadline, security=options.security)
    shared.say(
        f"{program.title} inside SMPC: n = {program.n}, f = {program.f}, d = {program.d}; "
        f"{program.players} players, threshold t = {program.threshold}, {players.engine} engine",
        f"  {players.privacy}",
    )
    with shared.begun(), players:
        shared.say(*(f"  holders {line}" for line in [shared.holders_line(players)] if line))
        chosen = players.aggregate(updates)
        statistics = players.statistics()
    for client in players.excluded:
        shared.say(f"  client {client} failed the check of its input and was left out")
    shared.say(
        f"  start   {players.startup_seconds:.2f} s",
        f"  result  {players.seconds:.2f} s{_communication(statistics)}",
    )
    return chosen


def _communication(statistics: list[dict]) -> str:
    """Rounds, and what all players have sent, where they have said so by now."""
    if not all("rounds" in one for one in statistics):
        return ""
    unit = "bytes" if "bytes" in statistics[0] else "elements"
    total = sum(one[unit] for one in statistics)
    return f"   ({statistics[0]['rounds']} rounds, {total:,} {unit} sent by all players)"


def _write(chosen: np.ndarray, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(_row(chosen))
    elif output.suffix.lower() == ".npy":
        content = io.BytesIO()
        np.save(content, chosen)
        write_whole(output, content.getvalue())
    else:
        write_whole(output, _row(chosen))


def _row(values: np.ndarray) -> str:
    return ",".join(map(repr, values.tolist())) + "\n"
