"""``python -m fl_krum deploy``: one folder a host, for real players on several machines."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..aggregators.parameters import largest_f
from ..players import deploy
from ..players.roster import Roster
from . import options as shared
from .options import add_integer

SUMMARY = "write one folder a host, for players on several machines"
DETAILS = f"""\
HOSTS has one name or IPv4 address a line: first the server's, then those of the clients. With
--engine embedded every host needs fl_krum and no more. The other engines need an installation of
SCALE-MAMBA or MP-SPDZ here, which compiles the program, and one on every host, which runs it.

example:
  python -m fl_krum deploy --hosts hosts.txt --dimension 100 --rounds 10 --output players
Player i listens on port {deploy.PORT} + i; each folder's README.txt tells how to start it.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--hosts", metavar="HOSTS", help="file of the hosts' names")
    who.add_argument("--roster", metavar="FILE",
                     help="the roster whose hosts run the players of --engine scale-mamba or "
                     "mp-spdz; its keys and ports are the embedded players'")  # fmt: skip
    parser.add_argument("--output", required=True, metavar="DIR", help="the new folder to write to")
    most = "as many as Krum can, 2f + 2 < n"
    add_integer(parser, "--byzantine", "F", f"{shared.BYZANTINE} (default: {most})")
    add_integer(parser, "--dimension", "D", f"{shared.LENGTH} (default 5)", 5)
    add_integer(parser, "--rounds", "T", "rounds in one start of the players, T (default 1)", 1)
    listens = f"player i listens on port P + i (default {deploy.PORT})"
    add_integer(parser, "--port", "P", listens, deploy.PORT)
    shared.add_rule(parser)
    shared.add_threshold(parser)
    parser.add_argument(
        "--engine", default="auto", metavar="NAME",
        help=f"{deploy.EMBEDDED}, {', '.join(deploy.ENGINES)}, or auto: the one of the last two "
        "that is installed (default auto)",
    )  # fmt: skip
    parser.add_argument(
        "--own-keys", action="store_true",
        help="let each host make its own private key; by default this machine makes all of them",
    )  # fmt: skip
    shared.add_fixed_point(parser)


def run(options: argparse.Namespace) -> int:
    hosts = _hosts(options)
    clients = len(hosts) - 1
    f = largest_f(clients) if options.byzantine is None else options.byzantine
    program = shared.krum_program(options, n=clients, f=f)
    folders = deploy.deploy(
        program, hosts, Path(options.output), options.port, options.engine, options.own_keys
    )
    for folder in folders:
        print(folder)
    shared.say(
        f"Krum for n = {program.n}, f = {program.f}, d = {program.d}, T = {program.rounds}: "
        f"{program.players} folders, threshold t = {program.threshold}; "
        f"{Path(options.output) / 'README.txt'} tells what to do with them"
    )
    return 0


def _hosts(options: argparse.Namespace) -> list[str]:
    if options.hosts:
        return deploy.read_hosts(Path(options.hosts))
    if options.engine == deploy.EMBEDDED:
        raise ValueError(
            "with a roster embedded players need no folders: each host starts its own, python -m "
            f"fl_krum player --roster {options.roster} --name ..."
        )
    return Roster.read(options.roster).hosts()
