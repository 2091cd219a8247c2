"""What secure Krum costs as n, f and d grow: counted from the protocols, nothing is run."""

import dataclasses

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from ..aggregators.parameters import largest_f
from .style import MUTED, SERVER, SMPC, new_figure, styled

_MOST = 20  # clients
_LONGEST = 10**6

# What is drawn: how to get it from a `Cost`, and its look.
_AMOUNTS = {
    "rounds": (lambda cost: len(cost.rounds), {"color": SERVER, "marker": "o", "ms": 15}),
    "secure comparisons": (
        lambda cost: cost.comparisons,
        {"color": MUTED, "marker": "s", "ms": 12},
    ),
    "megabytes": (lambda cost: cost.bytes / 1e6, {"color": SMPC, "marker": "^", "ms": 9}),
}


@styled
def cost_figure(program) -> Figure:
    """Draw how the cost of one aggregation changes when one of n, f, d changes.

    Parameters
    ----------
    program : KrumProgram
        Its cost counts as 1 in all panels; each panel keeps two of its three parameters.
    """
    here = program.cost()
    figure = new_figure(16, 7.5)
    panels = figure.subplots(1, 3, sharey=True)
    for axes, (name, programs) in zip(panels, curves(program).items(), strict=True):
        places, costs = [getattr(one, name) for one in programs], [one.cost() for one in programs]
        for label, (amount, look) in _AMOUNTS.items():
            axes.plot(places, [amount(cost) / amount(here) for cost in costs], **look,
                      label=f"{label}: {_plain(amount(here))}")  # fmt: skip
        axes.axvline(getattr(program, name), color=MUTED, linewidth=1.5, zorder=0)
        others = ", ".join(f"{o} = {getattr(program, o):,}" for o in "nfd" if o != name)
        axes.set(title=f"{name} grows ({others})", xlabel=f"{name}, now {getattr(program, name):,}")
    _scale(panels)
    figure.suptitle(
        "More clients cost rounds, comparisons and bytes; longer vectors cost bytes alone.",
        fontsize=20,
        weight="bold",
        x=0.012,
        ha="left",
    )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=3, frameon=False)
    return figure


def curves(program) -> dict[str, list]:
    """For n, f and d, the programs that differ from `program` in this parameter only."""
    n, f, d = program.n, program.f, program.d
    lengths = {int(length) for length in np.geomspace(1, max(_LONGEST, d), 13)} | {d}
    ranges = {
        "n": range(2 * f + 3, max(_MOST, n) + 1),
        "f": range(largest_f(n) + 1),
        "d": sorted(lengths),
    }
    return {
        name: [one for value in values if (one := _changed(program, name, value))]
        for name, values in ranges.items()
    }


def _changed(program, name, value):
    """The program with another value, or None where its numbers would not fit the field."""
    other = {name: value}
    if program.threshold == program.n // 2:  # the largest: it follows n
        other["threshold"] = None
    try:
        return dataclasses.replace(program, **other)
    except ValueError:
        return None


def _scale(panels) -> None:
    panels[0].set_ylabel("Times the cost now")
    panels[0].set_yscale("log")
    least, most = panels[0].get_ylim()
    panels[0].set_ylim(min(least, 0.5), max(most, 20))
    for axes in panels:
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", color="#E3E3E3")
    for axes in panels[:2]:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    panels[2].set_xscale("log")
    panels[2].xaxis.set_major_locator(LogLocator(numticks=5))
    panels[2].xaxis.set_minor_locator(NullLocator())


def _plain(number, position=None) -> str:
    """A number as one reads it out: 1,200, 36, 2.1, 0.05."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
