"""``python -m fl_krum program``: write krum.mpc for given n, f, d and T."""

from __future__ import annotations

import argparse
import sys

from ..federation.report import write_whole
from . import options as shared

SUMMARY = "write the MAMBA program for given n, f, d and T"
DETAILS = """\
example:
  python -m fl_krum program --clients 10 --byzantine 3 --dimension 1000 --output krum.mpc
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", metavar="FILE", help="write it to FILE instead of standard output"
    )
    parser.add_argument(
        "--portable",
        action="store_true",
        help="in plain MAMBA, as SCALE-MAMBA and MP-SPDZ need it: longer, and slower on embedded "
        "players, since it uses none of their own functions",
    )
    shared.add_krum(parser, rounds=1)
    shared.add_fixed_point(parser)


def run(options: argparse.Namespace) -> int:
    program = shared.krum_program(options, portable=options.portable)
    if options.output is None:
        sys.stdout.write(program.source())
        return 0
    path = shared.output_path(options.output)
    with shared.begun():
        write_whole(path, program.source())
    shared.say(
        f"{path}: Krum for n = {program.n}, f = {program.f}, d = {program.d}, "
        f"T = {program.rounds}; {program.players} players, threshold t = {program.threshold}"
    )
    return 0
