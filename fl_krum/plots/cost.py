"""What secure Krum costs as n and d grow: counted from the protocols, nothing is run."""

import dataclasses

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from .style import MUTED, SERVER, SMPC, new_figure, styled

_MOST = 20  # clients
_LONGEST = 10**6


@styled
def cost_figure(program) -> Figure:
    """Draw what one aggregation costs when n grows, and when d does: megabytes, and exchanges.

    Two n with the same threshold t are joined by a line: from one pair to the next one more player
    may collude, which costs more than one more client. f is left out, since it changes next to
    nothing.

    Parameters
    ----------
    program : KrumProgram
        Its n and d are marked; each column keeps the other one, and its f as far as that fits.
    """
    figure = new_figure(16, 8.6)
    (more, longer), below = figure.subplots(2, 2, sharex="col", sharey="row", height_ratios=(2, 1))
    for name, upper, lower in zip("nd", (more, longer), below, strict=True):
        programs = curves(program)[name]
        places = [getattr(one, name) for one in programs]
        costs = [one.cost() for one in programs]
        groups = [one.threshold for one in programs]
        _draw(upper, places, [cost.bytes / 1e6 for cost in costs], groups, SMPC, "o")
        _draw(lower, places, [len(cost.rounds) for cost in costs], groups, SERVER, "s")
        if name == "n":
            _mark_the_other_way(more, programs, costs)
        for axes in (upper, lower):
            axes.axvline(getattr(program, name), color=MUTED, linewidth=1.5, zorder=0)
            axes.grid(axis="y", color="#E3E3E3")
        lower.set_xlabel(f"{name}, now {getattr(program, name):,}")
    more.set_title(f"More clients (d = {program.d:,}); joined: the same t")
    longer.set_title(f"Longer vectors (n = {program.n})")
    _scale(more, longer, *below)
    here = program.cost()
    figure.suptitle(
        f"Now: {_plain(here.bytes / 1e6)} MB sent by all players, in {len(here.rounds)} exchanges "
        f"of messages; {here.comparisons:,} comparisons.",
        fontsize=19, weight="bold", x=0.012, ha="left",
    )  # fmt: skip
    return figure


def curves(program) -> dict[str, list]:
    """For n and d, the programs that differ from `program` in this parameter only.

    Where n leaves no room for f or the average, these are as large as they can be.
    """
    lengths = {int(length) for length in np.geomspace(1, max(_LONGEST, program.d), 13)}
    most = max(_MOST, program.n)
    fs = {n: min(program.f, (n - 3) // 2) for n in range(3, most + 1)}
    changed = {
        "n": [{"n": n, "f": f, "average": min(program.average, n - f)} for n, f in fs.items()],
        "d": [{"d": d} for d in sorted(lengths | {program.d})],
    }
    return {
        name: [one for values in settings if (one := _changed(program, values))]
        for name, settings in changed.items()
    }


def _changed(program, values):
    """The program with other values, or None where its numbers would not fit the field."""
    largest = program.threshold == program.n // 2  # then it follows n
    try:
        return dataclasses.replace(program, **values, **({"threshold": None} if largest else {}))
    except ValueError:
        return None


def _draw(axes, places, amounts, groups, colour, marker) -> None:
    for group in dict.fromkeys(groups):
        own = [k for k, one in enumerate(groups) if one == group]
        axes.plot([places[k] for k in own], [amounts[k] for k in own], marker=marker, color=colour,
                  markeredgecolor=SERVER, markersize=10)  # fmt: skip


def _mark_the_other_way(axes, programs, costs) -> None:
    """Say where it is cheaper to compare all distances by their bits."""
    first = next((k for k, cost in enumerate(costs) if cost.by_bits), 0)
    if first:
        place = programs[first].n - 0.5
        axes.axvline(place, color=MUTED, linewidth=2, linestyle=":")
        axes.text(place + 0.2, 0.04, f"from n = {programs[first].n}:\nthe other way\nto compare",
                  transform=axes.get_xaxis_transform(), fontsize=15)  # fmt: skip


def _scale(more, longer, *below) -> None:
    more.set(ylabel="Megabytes", yscale="log")
    below[0].set(ylabel="Exchanges", ylim=(0, 1.12 * below[0].get_ylim()[1]))
    more.yaxis.set_major_formatter(FuncFormatter(_plain))
    more.yaxis.set_minor_locator(NullLocator())
    below[0].xaxis.set_major_locator(MaxNLocator(8, integer=True))
    longer.set_xscale("log")
    below[1].xaxis.set_major_locator(LogLocator(base=100, numticks=5))
    below[1].xaxis.set_major_formatter(FuncFormatter(lambda d, position: f"{d:,.0f}"))
    below[1].xaxis.set_minor_locator(NullLocator())


def _plain(number, position=None) -> str:
    """A number as one reads it out: 1,200, 36, 2.1, 0.05."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
