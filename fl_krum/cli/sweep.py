"""``python -m fl_krum sweep``: all sessions of an experiment, and one table of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from . import options as shared

SUMMARY = "run many sessions, described in files, and make one table of each file"
DETAILS = """\
The file says, in TOML, what all sessions have in common and what differs: rules, attacks, f,
partitions and seeds, of which every combination is run. Every run is kept as soon as it is over, so
that a sweep that was interrupted goes on where it was, and a grid may grow.

an experiment:
  title = "Handwritten digits"
  [session]
  dataset = "digits"
  dimension = 650
  rounds = 10
  [grid]
  rule = ["alone", "mean", "krum", "multi-krum", "pooled"]
  attack = ["none", "sign-flip"]
  partition = ["iid", {name = "dirichlet", alpha = 0.5}]
  seeds = 10

Everything is computed in the clear, which gives the players' result bit for bit. With a section
[players], which says engine = "embedded" for instance, real players compute what they can: krum,
multi-krum, mixed-krum and clipped-krum. Data and models of your own: docs/own-data.md.

written to the folder:
  runs.csv              one row a run
  table.csv, table.md   mean and standard deviation over seeds
  figure.png            the same, drawn
  experiment.json       all settings
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiments", metavar="FILE.toml", nargs="+", help="experiments, one after the other"
    )
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        help="where to write what one file brings (default FILE-results, beside the file)",
    )
    parser.add_argument(
        "--workers", type=int, metavar="COUNT", help="processes side by side (default: one a core)"
    )


def run(options: argparse.Namespace) -> int:
    from ..experiments.experiment import Experiment

    files = [Path(file) for file in options.experiments]
    if options.output and len(files) > 1:
        raise ValueError(f"--output is for one experiment; {len(files)} are written beside theirs")
    folders = [Path(options.output or file.with_name(f"{file.stem}-results")) for file in files]
    for file, folder in zip(files, folders, strict=True):  # the last one too, before any runs
        Experiment.read(file)
        shared.check_folder(folder)
    failed = 0
    for file, folder in zip(files, folders, strict=True):
        failed |= _sweep(file, folder, options.workers)
    return failed


def _sweep(file: Path, folder: Path, workers: int | None) -> int:
    from ..experiments.sweep import sweep

    look = "  {desc}|{bar:24}| {n_fmt} of {total_fmt} runs  {elapsed}, {remaining} to go"
    with tqdm(total=1, bar_format=look, disable=None, leave=False, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            if bar.n == 0 and done:
                bar.initial = done
            bar.update(done - bar.n)

        result = sweep(file, folder, workers, progress)
    paths = result.write(folder)
    print(f"{result.experiment.title}\n\n{result.markdown()}")
    for failed in result.failed[:10]:
        what = failed["error"] or "the players' result differs from Krum in the clear"
        where = ", ".join(f"{key} {failed[key]}" for key in ("rule", "attack", "seed"))
        print(f"fl_krum: failed: {where}: {what}", file=sys.stderr)
    if len(result.failed) > 10:
        print(f"fl_krum: and {len(result.failed) - 10} more failed", file=sys.stderr)
    runs, names = len(result.runs), ", ".join(path.name for path in paths)
    print(f"{runs} run{'s' * (runs != 1)}; written: {folder}/runs.csv, {names}")
    return 1 if result.failed else 0
