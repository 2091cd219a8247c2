"""``python -m fl_krum session``: a whole federated session, every round aggregated inside SMPC."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ..federation.attacks import ATTACKS
from ..players.local_players import LocalPlayers
from ..program.krum_program import KrumProgram
from . import options as shared

if TYPE_CHECKING:  # scikit-learn and matplotlib take a second to import: only when they are needed
    from ..federation.session import FederatedSession, RoundRecord

SUMMARY = "train a model in T rounds, Krum in SMPC against the plain mean"
DETAILS = """\
Trains a model on real data, shared out among n clients, f of them Byzantine. In every round the
next model is chosen by Krum inside secure multiparty computation among n + 1 processes. Nothing
is downloaded. The same seed gives the same run.

examples:
  python -m fl_krum session
  python -m fl_krum session --attack alie --rounds 10 --json out.json --figure out.png
  python -m fl_krum session --clients 10 --byzantine 3 --dataset digits --dimension 650
"""

HEADING = """
              test accuracy with             time of
  round   {:>18}   plain mean       SMPC   equal in the clear"""


def configure(parser: argparse.ArgumentParser) -> None:
    shared.add_krum(parser, rounds=5)
    group = parser.add_argument_group("what is learnt")
    group.add_argument(
        "--attack",
        default="sign-flip",
        metavar="NAME",
        help=f"what Byzantine clients do: {', '.join(ATTACKS)} (default sign-flip)",
    )
    group.add_argument(
        "--dataset",
        default="breast_cancer",
        metavar="NAME",
        help="breast_cancer or digits, both from scikit-learn (default breast_cancer)",
    )
    group.add_argument(
        "--alpha",
        type=float,
        metavar="A",
        help="deal the data out with label skew, Dirichlet(A), rather than evenly (IID)",
    )
    group.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
    shared.add_players(parser)
    shared.add_fixed_point(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--json", metavar="FILE", help="write settings and rounds to FILE")
    group.add_argument("--figure", metavar="FILE", help="draw the session: .png, .svg or .pdf")


def run(options: argparse.Namespace) -> int:
    report = options.json and shared.output_path(options.json)
    figure = options.figure and shared.figure_path(options.figure)
    players, session = _prepare(options)
    print(_introduction(players, session.settings))
    records = _run_rounds(players, session)
    if report:
        report.write_text(_as_json(players, session.settings, records), encoding="utf-8")
    if figure:
        _draw(records, session.settings, figure)
    print(_summary(_short_rule(players), records, report, figure))
    return 0 if all(record.matches_plaintext for record in records) else 1


def _prepare(options: argparse.Namespace) -> tuple[LocalPlayers, FederatedSession]:
    """Check all arguments; nothing is started yet."""
    from ..federation.session import FederatedSession

    program = KrumProgram(
        n=options.clients,
        f=options.byzantine,
        d=options.dimension,
        rounds=options.rounds,
        average=options.average,
        fixed_point=shared.fixed_point(options),
        threshold=options.threshold,
        holders=options.holders,
    )
    players = LocalPlayers(program, options.engine, options.deadline)
    skew = {} if options.alpha is None else {"partition": "dirichlet", "alpha": options.alpha}
    session = FederatedSession(
        clients=program.n,
        byzantine=program.f,
        dimension=program.d,
        rounds=program.rounds,
        attack=options.attack,
        dataset=options.dataset,
        aggregate=players,
        seed=options.seed,
        **skew,
    )
    return players, session


def _introduction(players: LocalPlayers, settings: dict) -> str:
    p = players.program
    if p.average == 1:
        revealed = """one vector a round, the chosen update, to the server alone;
              not whose it is, no distance and no score"""
    else:
        revealed = f"""one vector a round, the mean of the {p.average} best updates, to the server
              alone; none of them, not whose they are, no distance and no score"""
    return f"""\
Federated learning with {p.rule} inside secure multiparty computation (SMPC)

  clients     n = {p.n}, f = {p.f} of them Byzantine (attack: {settings["attack"]})
  model       d = {p.d} weights, learnt from {settings["dataset"]} ({settings["partition"]} split)
  rounds      T = {p.rounds}, seed {settings["seed"]}
  players     {p.players} processes on this machine: the server and {p.n} clients
  engine      {players.engine}
  security    {players.security}
  threshold   t = {p.threshold}: {_wrapped(players.privacy)}
  revealed    {revealed}

  start       {settings["start_accuracy"]:.1%} test accuracy before the first round"""


def _wrapped(text: str) -> str:
    """In the second column, in lines of a terminal's width."""
    lines = textwrap.wrap(text, 79, initial_indent=" " * 21, subsequent_indent=" " * 14)
    return "\n".join(lines).lstrip()


def _run_rounds(players: LocalPlayers, session: FederatedSession) -> list[RoundRecord]:
    """Go through all rounds: a progress bar on a terminal, and a line as soon as each is over."""
    records = []
    total = players.program.rounds
    look = "  {desc} |{bar:24}| {n_fmt} of {total_fmt} rounds  {elapsed}"
    with tqdm(total=total, bar_format=look, disable=None, leave=False, file=sys.stderr) as bar:
        bar.set_description_str(f"starting {players.program.players} players")
        with players:
            heading = HEADING.format(f"{_short_rule(players)} in SMPC")
            ready = f"  ready       after {players.startup_seconds:.2f} s"
            if line := shared.holders_line(players):
                ready += f"\n  holders     {line}"
            bar.write(f"{ready}\n{heading}", sys.stdout)
            bar.set_description_str("training and aggregating")
            for record in session.rounds():
                records.append(record)
                bar.write(_line(record), sys.stdout)
                sys.stdout.flush()
                bar.update()
    return records


def _short_rule(players: LocalPlayers) -> str:
    return "Krum" if players.program.average == 1 else "Multi-Krum"


def _line(record: RoundRecord) -> str:
    clients, several = " and ".join(map(str, record.excluded)), len(record.excluded) > 1
    who = f"clients {clients}" if several else f"client {clients}"
    left_out = f"   ({who} failed the check and {'were' if several else 'was'} left out)"
    return (
        f"  {record.round:5d}   {record.accuracy:18.1%}   {record.accuracy_mean:10.1%}   "
        f"{record.seconds:6.2f} s   {'yes' if record.matches_plaintext else 'NO'}"
        f"{left_out if clients else ''}"
    )


def _summary(
    rule: str, records: list[RoundRecord], report: Path | None, figure: Path | None
) -> str:
    last = records[-1]
    wrong = [record.round for record in records if not record.matches_plaintext]
    lines = [
        "",
        f"Test accuracy at the end: {last.accuracy:.1%} with {rule} in SMPC, "
        f"{last.accuracy_mean:.1%} with the plain mean.",
        f"To compare with: {last.accuracy_alone:.1%} alone (honest clients, mean), "
        f"{last.accuracy_pooled:.1%} pooled (their data in one place).",
        f"The SMPC result DIFFERS from {rule} in the clear in round {', '.join(map(str, wrong))}."
        if wrong
        else f"Every SMPC result equals {rule} in the clear on the same words, bit for bit.",
    ]
    lines += [f"Written: {path}" for path in (report, figure) if path]
    return "\n".join(lines)


def _as_json(players: LocalPlayers, settings: dict, records: list[RoundRecord]) -> str:
    keys = (
        "round", "accuracy", "accuracy_mean", "accuracy_alone", "accuracy_pooled", "seconds",
        "matches_plaintext", "excluded", "vector",
    )  # fmt: skip
    content = {
        "settings": settings,
        "threshold": players.program.threshold,
        "holders": players.holders,
        "startup_seconds": players.startup_seconds,
        "rounds": [{key: getattr(record, key) for key in keys} for record in records],
        "statistics": players.statistics(),
    }
    return json.dumps(content, indent=2) + "\n"


def _draw(records: list[RoundRecord], settings: dict, path: Path) -> None:
    from ..plots import session_figure

    session_figure(records, settings).savefig(path)
