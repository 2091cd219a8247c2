"""``python -m fl_krum player``: the player of this host, for one run with those of other hosts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..aggregators.parameters import largest_f
from ..players.agreement import EMBEDDED, Agreement, Limits
from ..players.engine import ACTIVE, SECURITIES
from ..players.host_player import DEADLINE, PATIENCE, HostError, HostPlayer
from ..players.roster import ENGINES, Roster
from ..program.krum_program import KrumProgram
from . import options as shared
from .options import add_integer

SUMMARY = "run this host's player, together with those of other hosts"
DETAILS = """\
All parties start this with the same roster and the same numbers, each with its own name and key.
The first party of the roster is the server: it is given no numbers, and it alone gets the result,
on standard output. A client reads its d numbers a round on standard input, or in a file, separated
by white space or commas; nobody can read what it shares. With --program the
parties run a program of their own, and inputs are integers from 0 to 2^64 - 1.

A client that is not there after the server's --patience, or is lost before all have shared their
numbers, is left out: it counts as one of the f. Whatever happens, one line says what it was.

examples:
  python -m fl_krum player --roster roster.json --name server --dimension 5 --byzantine 1
  python -m fl_krum player --roster roster.json --name hospital-a --dimension 5 --byzantine 1 \\
      --input numbers.txt --min-clients 4
  echo 7 | python -m fl_krum player --roster roster.json --name hospital-a \\
      --program millionaires.mpc
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--roster", required=True, metavar="FILE", help="who takes part")
    parser.add_argument("--name", required=True, help="which of them this host is")
    parser.add_argument("--key", metavar="FILE", help="its private key (default: NAME.key)")
    parser.add_argument(
        "--input", metavar="FILE", help="file with its numbers (default: standard input)"
    )
    parser.add_argument("--listen", metavar="HOST",
                        help="address of this host to listen at, 0.0.0.0 or :: for every one "
                        "(default: the roster's)")  # fmt: skip
    group = parser.add_argument_group("what all agree on")
    group.add_argument("--parties", metavar="NAME,...",
                       help="those of the roster that take part, the server first")  # fmt: skip
    most = (
        "Byzantine clients to tolerate, and clients that may be missing, f (default: the largest)"
    )
    add_integer(group, "--byzantine", "F", most)
    add_integer(group, "--dimension", "D", "length of a vector, d (default 5)", 5)
    add_integer(group, "--rounds", "T", "aggregations in this run, T (default 1)", 1)
    shared.add_rule(group)
    shared.add_threshold(group)
    group.add_argument("--program", metavar="FILE",
                       help="a program in the MAMBA language to run instead of Krum")  # fmt: skip
    group.add_argument("--security", choices=SECURITIES, default=ACTIVE,
                       help="active: a player that departs from the protocol ends the run "
                       f"(default {ACTIVE})")  # fmt: skip
    group.add_argument("--engine", choices=[EMBEDDED, *ENGINES], default=EMBEDDED,
                       help="whose players run Krum: installations are named by SCALE_MAMBA_HOME "
                       f"or MP_SPDZ_HOME on every host (default {EMBEDDED})")  # fmt: skip
    group.add_argument("--session", default="run", metavar="TEXT",
                       help="a name for this training, a new one for each")  # fmt: skip
    add_integer(group, "--round", "R", "which of its rounds this is (default 1)", 1)
    group.add_argument("--agreement", metavar="JSON", help="all of the above in one text")
    group = parser.add_argument_group("what this party insists on")
    add_integer(group, "--min-clients", "N", "at least", 2)
    add_integer(group, "--min-threshold", "T", "at least", 1)
    add_integer(group, "--min-average", "M", "at least", 1)
    add_integer(group, "--max-byzantine", "F", "at most")
    group.add_argument(
        "--digest", metavar="HEX", help="digest of the only roster that this party accepts"
    )
    group = parser.add_argument_group("how long to wait")
    group.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS",
                       help="how long the server waits before it goes on without missing clients "
                       f"(default {PATIENCE:g})")  # fmt: skip
    group.add_argument("--deadline", type=float, default=DEADLINE, metavar="SECONDS",
                       help=f"when everything must be over (default {DEADLINE:g})")  # fmt: skip
    shared.add_fixed_point(parser)


def run(options: argparse.Namespace) -> int:
    roster = Roster.read(options.roster)
    agreement = _agreement(options, roster)
    limits = Limits(
        min_clients=options.min_clients,
        min_threshold=options.min_threshold,
        min_average=options.min_average,
        max_byzantine=options.max_byzantine,
        roster=options.digest,
    )
    player = HostPlayer(
        roster,
        options.name,
        options.key or f"{options.name}.key",
        agreement,
        limits,
        options.patience,
        options.deadline,
        options.listen,
        say=shared.say,
    )
    shared.say(_introduction(roster, agreement, options.name))
    try:
        with player:
            (_play_krum if agreement.is_krum else _play)(player, options)
    except HostError as error:
        shared.say(f"fl_krum: error: {error}")
        return 1
    if player.missing:
        shared.say(f"{options.name}: done, without {', '.join(player.missing)}")
    else:
        shared.say(f"{options.name}: done")
    return 0


def _agreement(options: argparse.Namespace, roster: Roster) -> Agreement:
    if options.agreement:
        return Agreement.from_json(options.agreement)
    parties = tuple(options.parties.split(",")) if options.parties else roster.names
    text, f = "", options.byzantine
    if options.program:
        text = Path(options.program).read_text(encoding="utf-8-sig")
    return Agreement(
        parties,
        f=largest_f(len(parties) - 1) if f is None and not text else f or 0,
        d=options.dimension,
        average=options.average,
        rule=options.rule,
        threshold=options.threshold,
        rounds=options.rounds,
        fixed_point=shared.fixed_point(options),
        session=options.session,
        round=options.round,
        text=text,
        security=options.security,
        engine=options.engine,
    )


def _introduction(roster: Roster, agreement: Agreement, name: str) -> str:
    program = agreement.program
    if isinstance(program, KrumProgram):
        what = f"{program.title} for n = {program.n}, f = {program.f}, d = {program.d}"
    else:
        what = f"a program of {len(agreement.parties)} players"
    return (
        f"{name}: {what}, threshold t = {program.threshold}, round {agreement.round} of "
        f"{agreement.session!r}; the roster's digest is {roster.digest}"
    )


def _play_krum(player: HostPlayer, options) -> None:
    rounds = player.agreement.rounds
    if options.name == player.agreement.server:
        for _ in range(rounds):
            vector = player.result()
            assert vector is not None, "the server is given one"
            print(",".join(map(repr, vector.tolist())), flush=True)
            for name in player.excluded:
                shared.say(f"{name} failed the check of its input and was left out")
        return
    for vector in _vectors(options.input, player.agreement.d, rounds):
        player.give(vector)
    player.result()


def _vectors(path, d: int, rounds: int) -> Iterator[np.ndarray]:
    """The numbers of one round after the other, each as soon as it is there."""
    with open(path, encoding="utf-8") if path else sys.stdin as lines:
        numbers: list[float] = []
        for number, line in enumerate(lines, start=1):
            try:
                numbers += map(float, line.replace(",", " ").split())
            except ValueError:
                raise ValueError(
                    f"{path or 'standard input'}, line {number} holds something that is no number"
                ) from None
            while len(numbers) >= d and rounds:
                yield np.array(numbers[:d])
                numbers, rounds = numbers[d:], rounds - 1
            if not rounds:
                break
    if numbers or rounds:
        raise ValueError(
            f"{path or 'standard input'}: {d} numbers a round are expected, and "
            + (f"{len(numbers)} are left over" if not rounds else f"{len(numbers)} are there")
        )


def _play(player: HostPlayer, options) -> None:
    """A program of one's own."""
    with open(options.input, encoding="utf-8") if options.input else sys.stdin as lines:
        words = lines.read().replace(",", " ").split()
    if any(not word.isdecimal() or len(word) > 20 or int(word) >= 2**64 for word in words):
        raise ValueError("inputs are integers from 0 to 2^64 - 1")
    player.give_words(np.array([int(word) for word in words], np.uint64))
    player.result()
    sys.stdout.write(player.printed)
    if player.printed and not player.printed.endswith("\n"):
        sys.stdout.write("\n")
    sys.stdout.writelines(f"{value}\n" for value in player.told)
    sys.stdout.flush()
