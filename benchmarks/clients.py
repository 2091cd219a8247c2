"""``python -m benchmarks clients``: seconds against the number of clients, at two thresholds.

Every player that holds shares talks to every other one, so the cost of many clients is that of the
threshold: with t = ⌊n/2⌋ all of them compute, with t = 3 seven do. Other frameworks, where they are
named, run with the same thresholds; among their players all hold shares.

Writes clients.json, clients.md and clients.png.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from math import log10
from pathlib import Path

from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks import cases, machine
from benchmarks.cases import Case, Unavailable
from benchmarks.local_players import LocalEngine
from benchmarks.peers import PEERS
from benchmarks.peers.processes import PeerError
from benchmarks.plot import spread
from benchmarks.report import medians, number, table
from fl_krum.players.local_players import PlayerError
from fl_krum.plots import CHOSEN, new_figure, styled

CLIENTS = (7, 10, 15, 20, 30, 50, 100)
D = 100
THRESHOLDS = (3, None)  # None is the largest, ⌊n/2⌋
LONGEST = 60.0  # seconds of one aggregation, after which a line ends
RIVALS = ("mp-spdz", "mp-spdz-atlas")
FILES = "clients"
FAILURES = (Unavailable, PeerError, PlayerError, OSError, ValueError)
RIVAL = "#D55E00"


def main(arguments) -> int:
    options = _options(arguments)
    engines = [LocalEngine("embedded")]
    for name in options.peers:
        try:
            engines.append(PEERS[name]())
        except Unavailable as error:
            _say(f"{name} is not measured: {error}")
    points = measure(options.n, options.d, engines, options.repeat, options.longest)
    results = {"machine": machine.describe(), "d": options.d, "points": points}
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{FILES}.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    (folder / f"{FILES}.md").write_text(markdown(points), encoding="utf-8")
    clients_figure(results).savefig(folder / f"{FILES}.png", dpi=80)
    print(markdown(points))
    _say(f"written: {FILES}.json, {FILES}.md and {FILES}.png in {folder}")
    return 0 if all(sample["correct"] for point in points for sample in point["samples"]) else 1


def measure(clients, d: int, engines, repeat: int, longest: float) -> list[dict]:
    """Every engine at every n and threshold, in turns; a line ends where one run took too long."""
    points, ended = [], set()
    for n in sorted(clients):
        for threshold in THRESHOLDS:
            task = cases.make_task(Case(n, d, threshold))
            samples: dict[str, list] = {engine.name: [] for engine in engines}
            for _ in range(repeat):
                for engine in engines:
                    line = engine.name, threshold
                    if line in ended:
                        continue
                    try:
                        sample = _measure(engine, task)
                    except FAILURES as error:
                        _say(f"{engine.name}, {task.case}: {error}")
                        ended.add(line)
                        continue
                    samples[engine.name].append(asdict(sample))
                    _say(f"{task.case}  {engine.name:14} {sample.running:.2f} s")
                    if sample.running > longest:
                        ended.add(line)
            points += [
                {"engine": name, "n": n, "threshold": threshold, "samples": some}
                for name, some in samples.items()
                if some
            ]
    return points


def _measure(engine, task) -> cases.Sample:
    """Of our own players only the aggregations on players that are up; a peer as a whole."""
    return engine.session(task) if isinstance(engine, LocalEngine) else engine.measure(task)


def curves(points: list[dict]) -> dict[tuple[str, int | None], list[tuple[int, float]]]:
    """Points (n, seconds) of ours and of the best of the others, for each threshold."""
    best: dict[tuple[str, int | None], dict[int, float]] = {}
    for point in points:
        who = "fl_krum" if point["engine"] == "embedded" else "MP-SPDZ"
        line = best.setdefault((who, point["threshold"]), {})
        seconds = medians(point["samples"])["running"]
        line[point["n"]] = min(seconds, line.get(point["n"], seconds))
    return {key: sorted(line.items()) for key, line in best.items()}


@styled
def clients_figure(results: dict):
    """Seconds against n on logarithmic scales, a line for each threshold, ours and the best rival.

    Parameters
    ----------
    results : dict
        As in clients.json.

    Returns
    -------
    matplotlib Figure
    """
    figure = new_figure(13, 7)
    axes = figure.subplots()
    lines = curves(results["points"])
    heights = _heights([line[-1] for line in lines.values()])
    for ((who, threshold), line), height in zip(lines.items(), heights, strict=True):
        colour = CHOSEN if who == "fl_krum" else RIVAL
        filled = colour if threshold is None else "white"
        axes.plot(
            *zip(*line, strict=True), color=colour, marker="o" if who == "fl_krum" else "s",
            markerfacecolor=filled, linestyle="-" if threshold is None else "--",
        )  # fmt: skip
        name = "t = ⌊n/2⌋" if threshold is None else f"t = {threshold}"
        axes.annotate(f"{who}, {name}", (line[-1][0], 10**height), (10, 0), color=colour,
                      textcoords="offset points", va="center", weight="bold")  # fmt: skip
    ticks = sorted({n for line in lines.values() for n, _ in line})
    axes.set(xscale="log", yscale="log", xlabel="Clients, n", ylabel="Seconds")
    axes.set_xticks(ticks, ticks)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y", color="#E3E3E3", linewidth=1.2)
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, 10 ** (max(heights) + 0.15)))
    axes.set_xlim(ticks[0] / 1.1, ticks[-1] * 2.6)
    axes.set_title(
        f"One secure Krum of n vectors with {results['d']} values, players up", loc="left"
    )
    return figure


def _heights(ends: list[tuple[int, float]]) -> list[float]:
    """Where the names of lines stand that end there: those that end at the same n, apart."""
    heights = [log10(seconds) for _, seconds in ends]
    for n in {n for n, _ in ends}:
        same = [k for k, (end, _) in enumerate(ends) if end == n]
        for k, height in zip(same, spread([heights[k] for k in same], 0.15), strict=True):
            heights[k] = height
    return heights


def markdown(points: list[dict]) -> str:
    """A line for each point, medians."""
    lines = []
    for point in points:
        middle = medians(point["samples"])
        lines.append([
            point["n"], "⌊n/2⌋" if point["threshold"] is None else point["threshold"],
            point["engine"], number(middle["start"]), number(middle["running"]),
            number(middle["after_pause"]), number(middle["cpu_running"]),
            number(middle["sent"], 1e6), number(middle["memory"], 1e6),
            number(middle["rounds"]), len(point["samples"]),
        ])  # fmt: skip
    header = ["n", "t", "engine", "start, s", "running, s", "after pause, s", "CPU-s, running",
              "MB sent", "MB a player", "rounds", "runs"]  # fmt: skip
    return table(header, lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks clients",
        description="Seconds of one aggregation against n, for t = 3 and t = ⌊n/2⌋.",
    )
    parser.add_argument("--n", type=int, nargs="+", default=list(CLIENTS), metavar="N")
    parser.add_argument("--d", type=int, default=D, help=f"words in a vector (default {D})")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument(
        "--longest", type=float, default=LONGEST, metavar="SECONDS",
        help=f"a line ends where an aggregation took longer (default {LONGEST:.0f})",
    )  # fmt: skip
    parser.add_argument(
        "--peers", nargs="*", default=list(RIVALS), choices=PEERS, metavar="NAME",
        help=f"others to measure beside ours (default {' '.join(RIVALS)}, where they are)",
    )  # fmt: skip
    parser.add_argument("--output", default="out/benchmark", metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: measure at least once")
    try:
        for n in options.n:
            for threshold in THRESHOLDS:
                Case(n, options.d, threshold).program()
    except ValueError as error:
        parser.error(str(error))
    return options
