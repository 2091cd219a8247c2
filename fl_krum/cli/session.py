"""``python -m fl_krum session``: a whole federated session, every round aggregated inside SMPC."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ..aggregators.weights import short_title
from ..federation.attacks import ATTACKS
from ..federation.report import Report, Stored, read_report
from ..players.embedded import CHEATS, EmbeddedEngine
from ..players.engine import SEMI_HONEST
from ..players.local_players import LocalPlayers
from ..program.krum_program import KrumProgram
from . import options as shared
from .task_options import NAMES, add_task, settings_of, task_of

if TYPE_CHECKING:  # scikit-learn and matplotlib take a second to import: only when they are needed
    from ..federation.session import FederatedSession, RoundRecord

SUMMARY = "train a model in T rounds, Krum in SMPC against the plain mean"
DETAILS = """\
Trains a model on real data, divided among n clients, f of them Byzantine. In every round Krum
chooses the next model, inside secure multiparty computation among n + 1 processes. Nothing is
downloaded. The same seed gives the same run.

With --json every round is on disk before the next one begins, so its finished rounds are kept,
whatever ends a long session. --resume continues after them, bit for bit, with the settings in the
file.

examples:
  python -m fl_krum session
  python -m fl_krum session --attack alie --rounds 10 --json out.json --figure out.png
  python -m fl_krum session --clients 10 --byzantine 3 --dataset digits --dimension 650
  python -m fl_krum session --resume out.json --rounds 20
  python -m fl_krum session --data patients.csv --target diagnosis --figure patients.png
  python -m fl_krum session --client-data hospitals --target diagnosis
"""


def configure(parser: argparse.ArgumentParser) -> None:
    shared.add_krum(parser, rounds=5, own_data=True)
    group = parser.add_argument_group("the training")
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
        help="partition the data with label skew, Dirichlet(A), instead of evenly (IID)",
    )
    group.add_argument("--seed", type=int, default=0, help="seed of everything random (default 0)")
    add_task(parser)
    parser.add_argument(
        "--dropout", type=float, default=0.0, metavar="P",
        help="probability that a client is missing from a round; it is left out and counts as "
        "one of the f (default 0)",
    )  # fmt: skip
    shared.add_players(parser)
    parser.add_argument(
        "--cheat", metavar="PLAYER:KIND",
        help="let a client's player deviate from the protocol, and see what happens with either "
        f"--security; KIND is one of {', '.join(CHEATS)}",
    )  # fmt: skip
    shared.add_fixed_point(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--json", metavar="FILE", help="write settings and rounds to FILE")
    group.add_argument(
        "--resume", metavar="FILE",
        help="continue after the last round in FILE, written by an earlier --json; new rounds go "
        "into FILE too, unless --json names another; --rounds is the number of the last round",
    )  # fmt: skip
    group.add_argument("--figure", metavar="FILE", help="draw the session: .png, .svg or .pdf")


def run(options: argparse.Namespace) -> int:
    stored = None if options.resume is None else _read(options)
    target = options.json or options.resume
    path = shared.output_path(target) if target else None
    figure = shared.figure_path(options.figure) if options.figure else None
    players, session = _prepare(options, stored)
    settings: dict = {**session.settings, **settings_of(options)}
    earlier: list[RoundRecord] = []
    if stored:
        earlier = stored.records
        _compare(stored, settings, options)
        settings = {**settings, **{key: stored.settings[key] for key in _OF_THE_START}}
    start = stored.start if stored else session.start
    report = Report(path, settings, start, earlier) if path else None
    records = list(earlier)
    with shared.begun():
        print(_introduction(players, settings, len(earlier)))
        try:
            _run_rounds(players, session, report, records)
        finally:  # whatever has ended it
            if figure and records:
                _draw(records, settings, figure)
            if len(earlier) < len(records) < settings["rounds"] and report and report.is_ours():
                done = f"{len(records)} of {settings['rounds']}"
                shared.say(f"fl_krum: {done} rounds are in {path}; --resume goes on")
        if report:
            report.finish(statistics=players.statistics())
        print(_summary(_short_rule(players), records, path, figure))
    return 0 if all(record.matches_plaintext for record in records) else 1


# Settings that --resume takes from the file, unless the same are given again; and those that tell
# of a session's start.
_STORED = (
    "clients", "byzantine", "dimension", "rounds", "attack", "dataset", "alpha", "seed", "rule",
    "dropout", "average", "bits", "fraction", "compare", *NAMES,
)  # fmt: skip
_OF_THE_START = ("first_round", "start_accuracy")
_MAY_DIFFER = {
    "version", "engine", "security", "rounds", "data", "client_data", *_OF_THE_START
}  # fmt: skip


def _read(options: argparse.Namespace) -> Stored:
    """The file to resume; its settings become those of the command where none are given."""
    stored = read_report(options.resume)
    if not stored.records:
        raise ValueError(f"{options.resume} has no finished round to go on from")
    for name in _STORED:
        if hasattr(options, name) and f"--{name.replace('_', '-')}" not in options.given:
            setattr(options, name, stored.settings.get(name))
    if options.rule == "multi-krum":  # which is krum with an average of more than 1
        options.rule = "krum"
    if "--threshold" not in options.given:
        options.threshold = stored.more.get("threshold")
    return stored


def _compare(stored: Stored, settings: dict, options: argparse.Namespace) -> None:
    """ValueError unless the session is the one that the file is of."""
    for name in [*filter(settings.get, _STORED), *settings]:  # first what may have been given
        value = settings[name]
        if name not in _MAY_DIFFER and (there := stored.settings.get(name)) != value:
            raise ValueError(f"{options.resume} is of a session with {name} = {there}, not {value}")


def _prepare(
    options: argparse.Namespace, stored: Stored | None
) -> tuple[LocalPlayers, FederatedSession]:
    """Check all arguments; nothing is started yet."""
    from ..federation.models import LogisticModel
    from ..federation.session import FederatedSession
    from ..federation.task import find_task

    done = stored.records[-1].round if stored else 0
    if done and options.rounds <= done:
        raise ValueError(
            f"{options.resume} has all rounds up to {done}: --rounds {done + 1} or more goes on"
        )
    task = task_of(options)
    data, model = find_task(
        task.get("data"), options.dataset, options.dimension, task.get("model"), options.seed
    )
    assert isinstance(model, LogisticModel), "the command line knows no other"
    clients = options.clients
    program = shared.krum_program(
        options,
        n=data.clients(task.get("partition")) if clients is None else clients,
        d=model.dimension,
        rounds=options.rounds - done,
        holders=options.holders,
    )
    engine = _cheating(options, program) if options.cheat else options.engine
    players = LocalPlayers(program, engine, options.deadline, security=options.security)
    skew = {} if options.alpha is None else {"partition": "dirichlet", "alpha": options.alpha}
    session = FederatedSession(
        clients=program.n,
        byzantine=program.f,
        dimension=options.dimension,
        rounds=options.rounds,
        attack=options.attack,
        dataset=options.dataset,
        aggregate=players,
        seed=options.seed,
        start=stored.records[-1] if stored else None,
        dropout=options.dropout or 0.0,
        **task,
        **skew,
    )
    return players, session


def _cheating(options: argparse.Namespace, program: KrumProgram) -> EmbeddedEngine:
    """Players of whom one cheats."""
    player, sign, kind = options.cheat.partition(":")
    if not sign or not player.isdecimal():
        raise ValueError(f"--cheat {options.cheat}: write PLAYER:KIND, as in 7:product")
    if options.engine not in ("auto", EmbeddedEngine.name):
        raise ValueError("--cheat is for the embedded players: --engine embedded")
    engine = EmbeddedEngine(options.security or SEMI_HONEST, (int(player), kind))
    engine.check_cheat(program)
    return engine


def _introduction(players: LocalPlayers, settings: dict, done: int) -> str:
    p = players.program
    start = f"{settings['start_accuracy']:.1%} test accuracy before the first round"
    if done:
        start += f"; {done} of {settings['rounds']} rounds are done"
    least, most = min(settings["samples"]), max(settings["samples"])
    sizes = f", {least} to {most} samples each" if most > least + 1 else ""
    learnt_from = f"{settings['dataset']} ({settings['partition']} split)"
    if "labels" in settings:
        shown = [f"{number} = {label}" for number, label in enumerate(settings["labels"])]
        shown = shown if len(shown) <= 6 else [*shown[:5], "..."]
        learnt_from += f"\n  labels      {', '.join(shown)}"
    if p.rule != "krum":
        revealed = """one vector a round, a weighted mean of the updates, to the server
              alone; not the weights, no update, no distance and no score"""
    elif p.average == 1:
        revealed = """one vector a round, the chosen update, to the server alone;
              not whose it is, no distance and no score"""
    else:
        revealed = f"""one vector a round, the mean of the {p.average} best updates, to the server
              alone; none of them, not whose they are, no distance and no score"""
    return f"""\
Federated learning with {p.title} inside secure multiparty computation (SMPC)

  clients     n = {p.n}, f = {p.f} of them Byzantine (attack: {settings["attack"]}){sizes}
  model       d = {p.d} weights, learnt from {learnt_from}
  rounds      T = {settings["rounds"]}, seed {settings["seed"]}
  players     {p.players} processes on this machine: the server and {p.n} clients
  engine      {players.engine}
  security    {players.security}
  threshold   t = {p.threshold}: {_wrapped(players.privacy)}
  revealed    {revealed}

  start       {start}"""


def _wrapped(text: str) -> str:
    """In the second column, in lines of a terminal's width."""
    lines = textwrap.wrap(text, 79, initial_indent=" " * 21, subsequent_indent=" " * 14)
    return "\n".join(lines).lstrip()


def _run_rounds(
    players: LocalPlayers,
    session: FederatedSession,
    report: Report | None,
    records: list[RoundRecord],
) -> None:
    """Go through all rounds: a progress bar on a terminal, and a line as soon as each is over.

    Each is in the report before it is told.
    """
    total = players.program.rounds
    look = "  {desc} |{bar:24}| {n_fmt} of {total_fmt} rounds  {elapsed}"
    with tqdm(total=total, bar_format=look, disable=None, leave=False, file=sys.stderr) as bar:
        bar.set_description_str(f"starting {players.program.players} players")
        with players:
            rule = f"{_short_rule(players)} in SMPC"
            width = max(18, len(rule))
            ready = f"  ready       after {players.startup_seconds:.2f} s"
            if line := shared.holders_line(players):
                ready += f"\n  holders     {line}"
            bar.write(f"{ready}\n{_heading(rule, width)}", sys.stdout)
            bar.set_description_str("training and aggregating")
            about = {
                "threshold": players.program.threshold,
                "holders": players.holders,
                "startup_seconds": players.startup_seconds,
            }
            for record in _watched(session.rounds(), players, bar):
                if report:
                    report.add(record, **about)
                records.append(record)
                bar.write(_line(record, width), sys.stdout)
                sys.stdout.flush()
                bar.update()


def _watched(rounds, players: LocalPlayers, bar) -> Iterator[RoundRecord]:
    """The rounds, and after each, also one that fails, what a player that cheats says it did."""
    while True:
        try:
            record = next(rounds, None)
            if record is None:
                return
            yield record
        finally:
            for line in players.take_cheating():
                bar.write(f"          {line}", sys.stdout)


def _short_rule(players: LocalPlayers) -> str:
    return short_title(players.program.rule, players.program.average)


def _heading(rule: str, width: int) -> str:
    return (
        f"\n{'test accuracy with':>{width + 14}}             time of\n"
        f"  round   {rule:>{width}}   plain mean       SMPC   equal in the clear"
    )


def _line(record: RoundRecord, width: int) -> str:
    clients, several = " and ".join(map(str, record.excluded)), len(record.excluded) > 1
    who = f"clients {clients}" if several else f"client {clients}"
    left_out = f"   ({who} failed the check and {'were' if several else 'was'} left out)"
    equal = {True: "yes", False: "NO", None: "-"}[record.matches_plaintext]
    missing = ", ".join(map(str, record.absent))
    return (
        f"  {record.round:5d}   {record.accuracy:{width}.1%}   {record.accuracy_mean:10.1%}   "
        f"{record.seconds:6.2f} s   {equal}{left_out if clients else ''}"
        f"{f'   (missing: {missing})' if missing else ''}"
    )


def _summary(
    rule: str, records: list[RoundRecord], report: Path | None, figure: Path | None
) -> str:
    last = records[-1]
    wrong = [record.round for record in records if record.matches_plaintext is False]
    weighted = ""
    if last.accuracy_weighted != last.accuracy_mean:
        weighted = f", {last.accuracy_weighted:.1%} with the mean weighted by samples"
    lines = [
        "",
        f"Test accuracy at the end: {last.accuracy:.1%} with {rule} in SMPC, "
        f"{last.accuracy_mean:.1%} with the plain mean{weighted}.",
        f"To compare with: {last.accuracy_alone:.1%} alone (honest clients, mean), "
        f"{last.accuracy_pooled:.1%} pooled (their data in one place).",
        f"The SMPC result DIFFERS from {rule} in the clear in round {', '.join(map(str, wrong))}."
        if wrong
        else f"Every SMPC result equals {rule} in the clear on the same words, bit for bit.",
    ]
    lines += [f"Written: {path}" for path in (report, figure) if path]
    return "\n".join(lines)


def _draw(records: list[RoundRecord], settings: dict, path: Path) -> None:
    from ..plots import session_figure

    shared.save_figure(session_figure(records, settings), path)
