"""``python -m fl_krum contest``: students' attacks and rules, all against all."""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..contest.guest import Limits, limits_memory
from ..contest.hand_in import other_files, read_hand_ins
from ..contest.match import Setting
from ..contest.standings import Place, accuracies, as_json, attacks_ranked, rules_ranked
from ..contest.tournament import NO_ATTACK, Tournament, draw_seeds
from ..contest.tournament import run as run_tournament
from ..federation.report import write_whole
from ..program.krum_program import KrumProgram
from . import options as shared

SUMMARY = "let attacks and rules that students hand in meet, all against all"
DETAILS = """\
FOLDER has one file for each hand-in. A file defines one function, with NumPy and the standard
library to help it (import what you need):

  def rule(X, f)                          X: what n clients sent, a vector a row; returns one vector
  def attack(honest, f, rng, previous)    what the honest clients send, a vector a row; returns what
                                          the f Byzantine clients send: one vector, or f rows

Every rule meets every attack, ours too, in a federated session on each of the hidden seeds: the
digits, unevenly shared, d = 650. A rule is ranked by the mean accuracy that it keeps, an attack by
the mean accuracy that it leaves. The coordinates come in a hidden order and with hidden signs, so a
model that was trained beforehand is of no use. What fails loses that match; what fails already
against a harmless opponent is out, and the others play without it.

A file is Python written by somebody else, and it runs as you, on this machine. Every match runs it
in new processes, with limits on time and memory. They stop mistakes, and one hand-in cannot reach
another's or the referee's memory by way of Python. They do NOT stop malice: a file can read your
files, use the network, and end your other processes, this one included. Two hand-ins can agree on
a sign by which they know each other. Read the files first, or run the contest as a user, or in a
container, that has nothing to lose.

examples:
  python -m fl_krum contest hand-ins
  python -m fl_krum contest hand-ins --figure board.png --json board.json
  python -m fl_krum contest hand-ins --repeat board.json     # the same seeds again
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="the students' files, each ending in .py")
    group = parser.add_argument_group("the sessions")
    shared.add_integer(group, "--clients", "N", "n (default 7)", 7)
    shared.add_integer(group, "--byzantine", "F", "f (default 2)", 2)
    shared.add_integer(group, "--rounds", "T", "T (default 5)", 5)
    drawn = "hidden seeds, drawn anew each time (default 3)"
    shared.add_integer(group, "--seeds", "COUNT", drawn, 3)
    group.add_argument("--repeat", metavar="FILE", help="take the seeds of an earlier --json")
    group = parser.add_argument_group("limits of one hand-in against one opponent")
    limits = Limits()
    group.add_argument("--seconds", type=float, default=limits.seconds, metavar="S",
                       help=f"for all its calls together (default {limits.seconds:g})")  # fmt: skip
    memory = f"beyond Python and NumPy (default {limits.memory})"
    shared.add_integer(group, "--memory", "MB", memory, limits.memory)
    group = parser.add_argument_group("output")
    group.add_argument("--json", metavar="FILE", help="write places, matches and seeds to FILE")
    group.add_argument("--figure", metavar="FILE", help="draw the leaderboard: .png, .svg or .pdf")
    group.add_argument("--matches", metavar="FILE", help="draw a table of all matches")


def run(options: argparse.Namespace) -> int:
    report = shared.output_path(options.json) if options.json else None
    figure = shared.figure_path(options.figure) if options.figure else None
    matches = shared.figure_path(options.matches) if options.matches else None
    setting = _setting(options)
    hand_ins, unread = read_hand_ins(Path(options.folder))
    if others := other_files(Path(options.folder)):
        shared.say(f"not read, since a hand-in ends in .py: {', '.join(others)}")
    if not limits_memory():
        shared.say("memory is not limited on this system: pip install psutil")
    look = "  {desc} |{bar:24}| {n_fmt} of {total_fmt} matches  {elapsed}"
    try:
        with tqdm(bar_format=look, total=1, disable=None, leave=False, file=sys.stderr) as bar:
            result = run_tournament(hand_ins, setting, unread, lambda *now: _advance(bar, *now))
    except BrokenProcessPool:
        shared.say("fl_krum: error: a referee's process was ended; a hand-in can do that (--help)")
        return 1
    with shared.begun():
        print(leaderboard(result))
        if report:
            write_whole(report, json.dumps(as_json(result), indent=2) + "\n")
        for path, draw in ((figure, _leaderboard), (matches, _matches)):
            if path:
                shared.save_figure(draw(result), path)
        for path in filter(None, (report, figure, matches)):
            print(f"Written: {path}")
    return 0


def leaderboard(result: Tournament) -> str:
    """Both rankings, and who is out, as text."""
    setting = result.setting
    width = max(map(len, [*result.rules, *result.attacks, *(one.name for one in result.out)]))
    lines = [
        f"Contest: {len(result.outcomes)} matches, hidden seeds: {len(setting.seeds)}; "
        f"n = {setting.clients}, f = {setting.byzantine}, T = {setting.rounds}, uneven digits",
        "",
        "Rules, by the accuracy that they keep (mean of all attacks, and of none)",
        *_ranking(rules_ranked(result), width, "worst"),
        "",
        "Attacks, by the accuracy that they leave (mean of all rules)",
        *_ranking(attacks_ranked(result), width, "lowest"),
    ]
    if result.out:
        lines += ["", "Out of the contest", *(f"  {one}" for one in result.out)]
    return "\n".join(lines)


def _ranking(places: list[Place], width: int, extreme: str) -> list[str]:
    lines = [f"  rank  {'name':<{width}}     mean   {extreme:>6}"]
    for place in places:
        lines.append(
            f"  {place.rank:>4}  {place.name:<{width}}   {place.mean:6.1%}   {place.extreme:6.1%} "
            f"with {place.against}{'   (ours)' if place.ours else ''}"
        )
        if place.failures:
            more = f" (and {len(place.failures) - 1} more)" if len(place.failures) > 1 else ""
            lines.append(f"        lost {place.failures[0]}{more}")
    return lines


def _setting(options: argparse.Namespace) -> Setting:
    KrumProgram(options.clients, options.byzantine, 1)  # says what n and f may be
    if options.byzantine < 1:
        raise ValueError(f"a contest takes Byzantine clients, f >= 1; got f = {options.byzantine}")
    for name in ("rounds", "seeds"):
        if not 1 <= getattr(options, name) <= 1000:
            raise ValueError(f"{name} must be 1 to 1000; got {getattr(options, name)}")
    seeds = draw_seeds(options.seeds) if options.repeat is None else _seeds_of(options.repeat)
    limits = Limits(options.seconds, options.memory)
    return Setting(seeds, options.clients, options.byzantine, options.rounds, limits)


def _seeds_of(path: str) -> tuple[int, ...]:
    try:
        seeds = json.loads(Path(path).read_text(encoding="utf-8"))["seeds"]
        if not seeds or not all(type(seed) is int and 0 <= seed < 2**32 for seed in seeds):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path} is not the result of a contest: it has no list of seeds"
        ) from None
    return tuple(seeds)


def _advance(bar, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


def _leaderboard(result: Tournament):
    from ..plots import leaderboard_figure

    title = f"Contest: {len(result.rules)} rules, {len(result.attacks) - 1} attacks"
    return leaderboard_figure(rules_ranked(result), attacks_ranked(result), title)


def _matches(result: Tournament):
    from ..plots import matches_figure

    rules = [place.name for place in rules_ranked(result)]
    attacks = [place.name for place in attacks_ranked(result)] + [NO_ATTACK]
    rows, columns = map(result.rules.index, rules), map(result.attacks.index, attacks)
    table = accuracies(result)[np.ix_(list(rows), list(columns))]
    return matches_figure(rules, attacks, table, "Every match")
