"""``python -m benchmarks``: measure, and write benchmark.json, benchmark.md and benchmark.png.

``python -m benchmarks classroom`` measures what a class takes; ``python -m benchmarks language``
counts how much of MAMBA the embedded players run; ``python -m benchmarks check`` measures what the
check of the clients' inputs costs, ``python -m benchmarks rules`` what mixing and clipping cost,
``python -m benchmarks security`` what it costs that players may deviate,
``python -m benchmarks clients`` many clients, ``python -m benchmarks floor`` where all of the time
goes, ``python -m benchmarks hosts`` what a network between the players adds,
``python -m benchmarks net`` a net of 10^5 weights, and ``python -m benchmarks record`` vectors of
1.1 * 10^7. The other half, not how fast but how well
it learns, is ``python -m fl_krum sweep benchmarks/accuracy.toml``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks import (
    cases,
    check,
    classroom,
    clients,
    floor,
    hosts,
    language,
    machine,
    net,
    plain,
    plot,
    record,
    report,
    rules,
    security,
    stages,
)
from benchmarks.cases import Unavailable
from benchmarks.local_players import LocalEngine
from benchmarks.peers import PEERS
from benchmarks.peers.processes import PeerError
from fl_krum.players.engine import SECURITIES, SEMI_HONEST
from fl_krum.players.local_players import PlayerError

ENOUGH = 120.0  # seconds on one engine and size, after which it is not measured again
OTHERS = {
    "check": check,
    "classroom": classroom,
    "clients": clients,
    "floor": floor,
    "hosts": hosts,
    "language": language,
    "net": net,
    "record": record,
    "rules": rules,
    "security": security,
}
TRACES = 3  # runs of which the stages are taken
FAILURES = (Unavailable, PeerError, PlayerError, OSError, ValueError, subprocess.CalledProcessError)


def main(arguments=None) -> int:
    """Run the benchmark; the exit status is 1 when a result was wrong."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in OTHERS:
        return OTHERS[arguments[0]].main(arguments[1:])
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        chosen = cases.choose(options.d, options.n, options.quick)
    except ValueError as error:
        parser.error(str(error))
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: measure at least once")
    repeat = min(options.repeat, 2) if options.quick else options.repeat
    results = measure(chosen, options.peers, repeat, options.security)
    write(results, Path(options.output))
    return 0 if all(s["correct"] for entry in results["secure"] for s in entry["samples"]) else 1


def measure(chosen, peers, repeat: int, securities=(SEMI_HONEST,)) -> dict:
    """All measurements, as they go to the JSON file."""
    # Players keep compiled modules, as Python does by default; else each start compiles them.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    results = {
        "made": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "secure": [],
        "stages": [],
        "plain": [],
        "notes": [],
    }
    engines = _engines(peers, securities, results["notes"])
    for case in chosen:
        results["secure"] += measure_case(case, engines, repeat, results["notes"])
        results["stages"] += measure_stages(case, min(repeat, TRACES), results["notes"])
    results["plain"] = measure_plain(repeat, results["notes"])
    results["machine"]["load_after"] = machine.load()
    return results


def measure_case(case, engines, repeat: int, notes: list[str]) -> list[dict]:
    """Every engine on one size. They take turns, so that a busy machine is unfair to none."""
    task = cases.make_task(case)
    samples, spent = {engine.name: [] for engine in engines}, dict.fromkeys(engines, 0.0)
    for turn in range(repeat):
        for engine in engines:
            if spent[engine] > ENOUGH:
                continue
            begin = time.perf_counter()
            try:
                sample = engine.measure(task)
            except FAILURES as error:
                _note(notes, f"{engine.name}, {case}: {error}")
                spent[engine] = float("inf")
                continue
            spent[engine] += time.perf_counter() - begin
            samples[engine.name].append(asdict(sample))
            _say(
                f"{case}  {engine.name:12} run {turn + 1}: with start {sample.with_start:.2f} s, "
                f"running {sample.running:.2f} s"
            )
    return [
        {"engine": engine.name, "version": engine.version, "n": case.n, "f": case.f, "d": case.d,
         "samples": samples[engine.name]}
        for engine in engines
        if samples[engine.name]
    ]  # fmt: skip


def measure_stages(case, repeat: int, notes: list[str]) -> list[dict]:
    """The stages of the run that took the median time."""
    task, runs, begin = cases.make_task(case), [], time.perf_counter()
    try:
        while len(runs) < repeat and time.perf_counter() - begin < ENOUGH:
            runs.append(stages.measure(task))
    except FAILURES as error:
        _note(notes, f"stages, {case}: {error}")
        return []
    runs.sort(key=lambda run: sum(stage.seconds for stage in run.values()))
    middle = runs[(len(runs) - 1) // 2]
    described = {name: asdict(stage) for name, stage in middle.items()}
    return [{"n": case.n, "f": case.f, "d": case.d, "stages": described}]


def measure_plain(repeat: int, notes: list[str]) -> list[dict]:
    """Krum in the clear, of every library that is here."""
    X = plain.updates()
    rules = _available(plain.RULES, notes)
    expected = plain.ours()(X, plain.F)
    samples = {name: [] for name in rules}
    for _ in range(repeat):
        for name, rule in rules.items():
            samples[name].append(asdict(plain.measure(rule, X, plain.F, expected)))
    for name, some in samples.items():
        _say(f"plain Krum, {name}: {median(one['seconds'] for one in some):.3f} s")
    return [
        {"library": name, "n": plain.N, "f": plain.F, "d": plain.D, "samples": some}
        for name, some in samples.items()
    ]


def write(results: dict, folder: Path) -> None:
    """The three files."""
    folder.mkdir(parents=True, exist_ok=True)
    text = report.markdown(results)
    (folder / "benchmark.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    (folder / "benchmark.md").write_text(text, encoding="utf-8")
    plot.save(results, folder / "benchmark.png")
    print(text)
    _say(f"written: benchmark.json, benchmark.md and benchmark.png in {folder}")


def _engines(peers, securities, notes: list[str]) -> list:
    wanted = {name: PEERS[name] for name in PEERS if name in peers or "all" in peers}
    ours = [LocalEngine("embedded", security) for security in securities]
    return [*ours, *_available(wanted, notes).values()]


def _available(makers: dict, notes: list[str]) -> dict:
    """What can be made here, by name, with a note on what cannot."""
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except Unavailable as error:
            _note(notes, f"{name} was not measured: {error}")
    return found


def _note(notes: list[str], text: str) -> None:
    notes.append(text)
    _say(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure secure Krum on the embedded players, and plain Krum.",
        epilog="Without --d and --n: n = 7 at d = 5, 1000, 10^5, 10^6; n = 15 at d = 1000; n = 30 "
        "at d = 100. f is always the largest that n allows. "
        "What each rule learns: python -m fl_krum sweep benchmarks/accuracy.toml. What a class "
        "takes: python -m benchmarks classroom --help",
    )
    parser.add_argument("--quick", action="store_true", help="two small sizes, each twice")
    parser.add_argument(
        "--d",
        type=int,
        nargs="+",
        metavar="D",
        help="lengths of a vector (default, with --n: 1000)",
    )
    parser.add_argument(
        "--n", type=int, nargs="+", metavar="N", help="numbers of clients (default, with --d: 7)"
    )
    parser.add_argument(
        "--repeat",
        type=int,
        default=5,
        metavar="TIMES",
        help=f"measurements of each (default 5); fewer where they take over {ENOUGH:.0f} s in all",
    )
    parser.add_argument(
        "--peers", nargs="+", default=[], choices=[*PEERS, "all"], metavar="NAME",
        help=f"other frameworks, in turns with ours: {', '.join(PEERS)}, all; see README.md",
    )  # fmt: skip
    parser.add_argument(
        "--security", nargs="+", default=[SEMI_HONEST], choices=SECURITIES,
        help="of the embedded players: one line each (default semi-honest)",
    )  # fmt: skip
    parser.add_argument(
        "--output",
        default="out/benchmark",
        metavar="FOLDER",
        help="where to write the results (default out/benchmark)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
