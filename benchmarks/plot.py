"""The picture of a benchmark: ``python -m benchmarks.plot [benchmark.json [picture.png]]``.

Left, the seconds of one aggregation against the length of a vector, for every engine that was
measured; right, where they go on the embedded players.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.report import NAMES, medians
from fl_krum.plots import CHOSEN, HONEST, SERVER, new_figure, styled

RESULTS = Path("out/benchmark/benchmark.json")
PICTURE = Path("docs/images/benchmark.png")

# Colour and shape of an engine's line; ours is the one that is looked for.
LOOKS = {
    "embedded": (CHOSEN, "o"),
    "embedded-active": ("#0072B2", "P"),
    "mp-spdz": ("#D55E00", "s"),
    "mp-spdz-atlas": ("#7F4F24", "v"),
    "mp-spdz-sy": ("#B8860B", "<"),
    "mp-spdz-malicious": ("#8B1A1A", ">"),
    "mpyc": (HONEST, "^"),
    "scale-mamba": ("#CC79A7", "D"),
}
UNDER = "embedded-active"  # the line that is named below it: another one is just above
# Stages of cost() that the picture joins, with a name, a colour (dark enough for white words) and a
# hatch.
GROUPS = {
    "input": (("input",), "clients share\ntheir vectors", HONEST, ""),
    "check": (("check",), "check of\nthe inputs", "#5D5A88", ".."),
    "distances": (("distances",), "distances", "#B35900", "//"),
    "comparisons": (
        ("masks", "neighbours", "scores", "choice"),
        "comparisons\nand scores",
        "#007A59",
        "",
    ),
    "output": (("output",), "result to\nthe server", "#9C4F7A", "\\\\"),
}


def save(results: dict, file: Path) -> None:
    """Draw the picture of the results to a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    benchmark_figure(results).savefig(file, dpi=80)


@styled
def benchmark_figure(results: dict):
    """Draw the results of ``python -m benchmarks`` as a matplotlib Figure.

    Parameters
    ----------
    results : dict
        As in benchmark.json; of its sizes, those with the smallest n are drawn.
    """
    figure = new_figure(17, 7.5)
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    n = min(entry["n"] for entry in results["secure"])
    draw_seconds(left, [entry for entry in results["secure"] if entry["n"] == n])
    draw_stages(right, [entry for entry in results["stages"] if entry["n"] == n])
    figure.suptitle(headline(results), fontsize=21, weight="bold", x=0.012, ha="left")
    return figure


def headline(results: dict) -> str:
    """What the picture says, in a sentence or two."""
    lines = curves(results["secure"])
    d, seconds = lines["embedded"][-1]
    text = (
        f"Secure Krum of {_count(results)} vectors with {_million(d)} values takes {seconds:.2g} s"
    )
    peer = dict(lines.get("mp-spdz", []))
    if d in peer:
        factor = peer[d] / seconds
        text += (
            f",\n{factor:.1f} times as fast as MP-SPDZ"
            if factor > 1
            else (f",\n{1 / factor:.1f} times as long as MP-SPDZ")
        )
        text += " (C++), which runs the same algorithm"
    return text + "."


def curves(entries: list[dict]) -> dict[str, list[tuple[int, float]]]:
    """For every engine its points (d, seconds running), at the smallest n, in the order of d."""
    n = min(entry["n"] for entry in entries)
    lines: dict[str, list[tuple[int, float]]] = {}
    for entry in sorted(entries, key=lambda entry: entry["d"]):
        if entry["n"] == n:
            point = entry["d"], medians(entry["samples"])["running"]
            lines.setdefault(entry["engine"], []).append(point)
    return lines


def draw_seconds(axes, entries: list[dict]) -> None:
    """Draw seconds against d, both on logarithmic scales, one line an engine."""
    lines = curves(entries)
    over = [engine for engine in lines if engine != UNDER]
    heights = spread([np.log10(lines[engine][0][1]) for engine in over], 0.22)
    labels = {engine: (height, 12) for engine, height in zip(over, heights, strict=True)}
    if UNDER in lines:  # its name is where the other's would be, which goes below its numbers
        labels["embedded"] = (np.log10(lines["embedded"][0][1]), -44)
    for engine, points in lines.items():
        colour, marker = LOOKS[engine]
        axes.plot(*zip(*points, strict=True), marker=marker, color=colour, zorder=3)
        height, up = labels.get(engine, (np.log10(points[0][1]), -28))
        axes.annotate(NAMES[engine], (points[0][0], 10**height), (-6, up), color=colour,
                      textcoords="offset points", weight="bold")  # fmt: skip
        for d, seconds in points if engine == "embedded" else []:
            axes.annotate(f"{seconds:.2g}", (d, seconds), (0, -26), textcoords="offset points",
                          ha="center", color=colour, weight="bold")  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="Values in a client's vector, d", ylabel="Seconds")
    if UNDER in lines:
        axes.set_ylim(bottom=0.55 * axes.get_ylim()[0])
    axes.set_title("One aggregation, on players that are up")
    axes.xaxis.set_major_locator(LogLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y", color="#E3E3E3", linewidth=1.2)
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.6, high * 1.6)
    axes.xaxis.set_minor_formatter(NullFormatter())


def draw_stages(axes, entries: list[dict]) -> None:
    """Draw one bar a size: the shares of the stages in one aggregation, start not counted."""
    entries = sorted(entries, key=lambda entry: -entry["d"])
    shares = np.array([stage_shares(entry["stages"]) for entry in entries])
    left = np.zeros(len(entries))
    for (_, label, colour, hatch), share in zip(GROUPS.values(), shares.T, strict=True):
        axes.barh(range(len(entries)), share, left=left, color=colour, hatch=hatch,
                  edgecolor="white", label=label, height=0.62)  # fmt: skip
        for row, (begin, width) in enumerate(zip(left, share, strict=True)):
            if width > 0.09:
                axes.text(begin + width / 2, row, f"{width:.0%}", color="white", weight="bold",
                          ha="center", va="center", bbox={"color": colour, "pad": 2})  # fmt: skip
        left += share
    axes.set_yticks(range(len(entries)), [f"d = {entry['d']:,}" for entry in entries])
    axes.tick_params(left=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xticks([])
    axes.set_xlim(0, 1)
    axes.set_title("Where the time goes")
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False, labelcolor=SERVER
    )


def stage_shares(stages: dict[str, dict]) -> list[float]:
    """Parts of the time, in the order of `GROUPS`; the start of the players is left out."""
    seconds = [
        sum(stages[name]["seconds"] for name in names if name in stages)
        for names, *_ in GROUPS.values()
    ]
    return [value / sum(seconds) for value in seconds]


def spread(heights: list[float], gap: float) -> list[float]:
    """Move heights apart, upwards, until there is a gap between any two of them."""
    result = list(heights)
    order = sorted(range(len(heights)), key=heights.__getitem__)
    for below, above in zip(order, order[1:], strict=False):
        result[above] = max(result[above], result[below] + gap)
    return result


def _count(results: dict) -> int:
    return min(entry["n"] for entry in results["secure"])


def _million(d: int) -> str:
    return "a million" if d == 10**6 else f"{d:,}"


def main(arguments=None) -> int:
    """Draw a picture again from its JSON file."""
    paths = [*map(Path, sys.argv[1:] if arguments is None else arguments)]
    source, target = (*paths, *(RESULTS, PICTURE)[len(paths) :])
    save(json.loads(source.read_text(encoding="utf-8")), target)
    print(f"written: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
