"""``python -m fl_krum key``: this host's own key, and what the others need to know of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..players import roster
from . import options as shared

SUMMARY = "make this host's key, for players on several hosts"
DETAILS = """\
Writes NAME.key, the private key, which stays on this host and which nobody else can read, and
NAME.json: name, address and certificate, which go to all the others. Compare the fingerprint that
this prints with what the others have, by telephone for instance.

examples:
  python -m fl_krum key hospital-a 192.0.2.17:7100
  python -m fl_krum key hospital-b "[2001:db8::5]:7100" --folder ~/keys
  python -m fl_krum key hospital-c 192.0.2.19:7100 --engine scale-mamba
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="this party's name in the roster")
    parser.add_argument(
        "address", metavar="HOST:PORT", help="the address at which all others reach its player"
    )
    parser.add_argument(
        "--folder", default=".", metavar="DIR", help="folder to write to (default: here)"
    )
    parser.add_argument(
        "--days", type=int, default=roster.DAYS, metavar="N",
        help=f"how long the key is valid, up to {roster.MOST_DAYS} (default {roster.DAYS})",
    )  # fmt: skip
    parser.add_argument(
        "--engine", action="append", default=[], choices=roster.ENGINES,
        help="make a key for players of this installation, too",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    folder = Path(options.folder)
    member = roster.make_key(options.name, options.address, folder, options.days, options.engine)
    print(f"{member.name} {member.address} {member.fingerprint}")
    shared.say(
        f"{folder / member.name}.key stays here; give {folder / member.name}.json to the others, "
        f"and compare the fingerprint. It is good until {member.expires:%Y-%m-%d}."
    )
    return 0
