"""``python -m fl_krum roster``: put the parties together, or show who they are."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..players.program_inputs import FEWEST
from ..players.roster import Roster, read_member
from . import options as shared

SUMMARY = "make or show the roster of the parties on several hosts"
DETAILS = """\
Makes one roster from the files that `key` wrote on each host, the server's first. Anybody can make
it from the same files in the same order, or get it from somebody: what counts is that all have the
same digest. Compare the digest over another channel than the one by which the file came.

examples:
  python -m fl_krum roster roster.json                      who is in it, and its digest
  python -m fl_krum roster roster.json --of server.json hospital-a.json hospital-b.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("roster", metavar="ROSTER", help="the file of the roster")
    parser.add_argument(
        "--of", nargs="+", metavar="FILE", help="make it from these files, the server's first"
    )


def run(options: argparse.Namespace) -> int:
    if options.of:
        path = Path(options.roster)
        if path.exists():
            raise ValueError(f"{path} is there already")
        members = [read_member(file) for file in options.of]
        if len(members) < FEWEST:
            raise ValueError(
                f"--of names {len(members)}: a roster has {FEWEST} parties at least, the "
                "server's file first"
            )
        Roster.of(members).write(path)
    roster = Roster.read(options.roster)
    width = max(len(member.name) for member in roster)
    for member in roster:
        print(f"{member.name:<{width}}  {member.address}  {member.fingerprint}")
    print(f"digest {roster.digest}")
    shared.say("All parties must have this digest: compare it, by telephone for instance.")
    return 0
