"""``python -m benchmarks hosts``: what a network adds to an aggregation among players on hosts.

Every player has a network namespace of its own, and a bridge between these delays what it carries
(`fl_krum.players.namespaces`). The same players on loopback run in turns with them. All of them
share this machine's processors, which real hosts do not: so the processor time of all players is in
the table, too, and what is left of the seconds after exchanges × delay is mostly that.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import cases, machine, usage
from benchmarks.report import number, table
from fl_krum.players import namespaces
from fl_krum.players.agreement import Agreement
from fl_krum.players.embedded import free_ports
from fl_krum.players.engine import ACTIVE, SECURITIES
from fl_krum.players.host_player import HostPlayer
from fl_krum.players.process import behind
from fl_krum.players.roster import Roster, make_key

DIMENSIONS = (5, 1000, 100_000)
PORT = 7100
LOOPBACK, NETWORK = "loopback", "network"
PATIENCE, DEADLINE = 60.0, 300.0


@dataclass(frozen=True)
class Sample:
    """One run of all parties.

    Attributes
    ----------
    start : float
        Seconds until all players are connected to each other.
    first : float
        Seconds of the first aggregation, from the first client's words to the server's result.
    later : list of float
        Of those right after it.
    exchanges : float
        Rounds of communication that one of these took, on average.
    cpu : float or None
        Processor seconds of all players in one of these, on average.
    correct : bool
        Whether all results are those of Krum in the clear, bit for bit.
    """

    start: float
    first: float
    later: list[float]
    exchanges: float
    cpu: float | None
    correct: bool


def measure(task, where: str, lab, folder: Path, repeat: int, security: str) -> Sample:
    """Start the parties of a case in `where`, aggregate, and end them."""
    roster = _roster(task.case.n, lab if where == NETWORK else None, folder)
    agreement = Agreement(
        roster.names, f=task.case.f, d=task.case.d, rounds=repeat + 2, security=security,
        session=f"benchmark {time.time()}",
    )  # fmt: skip
    with _all_parties(roster, agreement, folder, lab if where == NETWORK else None) as parties:
        begin = time.perf_counter()
        for party in parties:
            party.start()
        if not all(party.wait_ready(PATIENCE) for party in parties):
            parties[0].result()  # raises, and says why
        start, (server, *clients) = time.perf_counter() - begin, parties
        processes, spent, seconds, results = usage.running(), [], [], []
        for _ in range(repeat + 1):
            spent.append(usage.cpu(processes))
            begin = time.perf_counter()
            for client, words in zip(clients, task.words, strict=True):
                client.give_words(words)
            results.append(server.result())
            seconds.append(time.perf_counter() - begin)
        spent.append(usage.cpu(processes))
        reported = _reported(server, repeat + 1)
    expected = agreement.fixed_point.decode(task.words[task.chosen])
    return Sample(
        start, seconds[0], seconds[1:], (reported[repeat] - reported[0]) / repeat,
        None if spent[-1] is None else (spent[-1] - spent[1]) / repeat,
        all(np.array_equal(result, expected) for result in results),
    )  # fmt: skip


def _reported(server: HostPlayer, count: int) -> list[int]:
    """Its exchanges by the end of each result; it reports them a moment after the result."""
    until = time.perf_counter() + PATIENCE
    while len(server.exchanges) < count and time.perf_counter() < until:
        time.sleep(0.01)
    return server.exchanges


@contextlib.contextmanager
def _all_parties(roster, agreement, folder, lab) -> Iterator[list[HostPlayer]]:
    parties = [
        HostPlayer(
            roster, name, folder / f"{name}.key", agreement, None, PATIENCE, DEADLINE,
            start=behind(lab.prefix(host) if lab else ()),
        )
        for host, name in enumerate(roster.names)
    ]  # fmt: skip
    try:
        yield parties
    finally:
        for party in parties:
            party.stop()


def _roster(n: int, lab, folder: Path) -> Roster:
    if lab:
        places = [f"{host}:{PORT}" for host in lab.addresses]
    else:
        places = [f"127.0.0.1:{port}" for port in free_ports(n + 1)]
    names = ["server", *(f"client{i}" for i in range(1, n + 1))]
    for old in folder.iterdir():
        old.unlink()
    return Roster.of(
        make_key(name, place, folder) for name, place in zip(names, places, strict=True)
    )


def main(arguments) -> int:
    options = _options(arguments)
    if why_not := namespaces.why_not():
        print(f"hosts are not measured: {why_not}", file=sys.stderr)
        return 0
    results, delay = [], options.delay / 1000
    count = options.n + 1
    with namespaces.hosts(count, delay, 1e6 * options.rate) as lab, _folder() as folder:
        for d in options.d:
            task = cases.make_task(cases.Case(options.n, d))
            samples: dict[str, list[Sample]] = {LOOPBACK: [], NETWORK: []}
            for _ in range(options.repeat):
                for where, some in samples.items():
                    some.append(measure(task, where, lab, folder, options.later, options.security))
            results.append({"d": d, **{w: list(map(asdict, some)) for w, some in samples.items()}})
    content = {
        "machine": machine.describe(), "n": options.n, "security": options.security,
        "delay": delay, "rate": 1e6 * options.rate, "results": results,
    }  # fmt: skip
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    text = markdown(content)
    (folder / "hosts.md").write_text(text, encoding="utf-8")
    print(text)
    every = [sample for one in results for where in (LOOPBACK, NETWORK) for sample in one[where]]
    return 0 if all(sample["correct"] for sample in every) else 1


def markdown(content: dict) -> str:
    """A line for each d: medians of all runs, "first, later" where there are two."""
    lines = []
    for one in content["results"]:
        middle = {where: _medians(one[where]) for where in (LOOPBACK, NETWORK)}
        there, here = middle[NETWORK], middle[LOOPBACK]
        waits = there["exchanges"] * content["delay"]
        lines.append([
            f"{one['d']:,}", number(there["start"]), number(here["first"]), number(here["later"]),
            number(there["first"]), number(there["later"]), f"{there['exchanges']:.0f}",
            number(waits), number(there["later"] - waits), number(there["cpu"]),
        ])  # fmt: skip
    header = ["d", "start, s", "loopback: first", "later", "network: first", "later", "exchanges",
              "× delay", "the rest", "CPU-s of all players"]  # fmt: skip
    return table(header, lines)


def _medians(samples: list[dict]) -> dict:
    cpu = [sample["cpu"] for sample in samples if sample["cpu"] is not None]
    middle = {key: median(s[key] for s in samples) for key in ("start", "first", "exchanges")}
    later = median(seconds for sample in samples for seconds in sample["later"])
    return {**middle, "later": later, "cpu": median(cpu) if cpu else None}


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fl_krum-hosts-") as folder:
        yield Path(folder)


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks hosts",
        description="One aggregation among players in network namespaces, and on loopback.",
    )
    parser.add_argument("--d", type=int, nargs="+", default=list(DIMENSIONS), metavar="D")
    parser.add_argument("--n", type=int, default=7, metavar="N", help="clients (default 7)")
    parser.add_argument("--delay", type=float, default=10.0, metavar="MS", help="one way")
    parser.add_argument("--rate", type=float, default=100.0, metavar="MBIT", help="to each host")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--later", type=int, default=2, metavar="K",
                        help="aggregations of a run after its first one (default 2)")  # fmt: skip
    parser.add_argument("--security", choices=SECURITIES, default=ACTIVE)
    parser.add_argument("--output", default="out/benchmark", metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.repeat < 1 or options.later < 1:
        parser.error("--repeat and --later: measure at least once")
    try:
        for d in options.d:
            cases.Case(options.n, d).program()
    except ValueError as error:
        parser.error(str(error))
    return options
