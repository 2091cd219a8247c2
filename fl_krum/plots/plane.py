"""Clients in the plane, and where the rules put the next global model among them."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..aggregators.rules import AGGREGATORS, rules_for
from .clients import draw_clients
from .style import (
    BYZANTINE,
    HONEST,
    KRUM,
    MEAN,
    SERVER,
    new_figure,
    styled,
)

# Marker and colour of the result of each rule; a name that is not here gets the last.
_MARKS: dict[str, dict] = {
    "krum": {"marker": "o", "color": KRUM, "fillstyle": "none", "markersize": 34},
    "multi-krum": {"marker": "P", "color": SERVER},
    "bulyan": {"marker": "p", "color": SERVER},
    "trimmed-mean": {"marker": "v", "color": SERVER},
    "median": {"marker": "D", "color": SERVER, "markersize": 13},
    "geometric-median": {"marker": "d", "color": SERVER},
    "centred-clipping": {"marker": "^", "color": SERVER},
    "mean": {"marker": "X", "color": MEAN, "markersize": 22},
    "": {"marker": "*", "color": SERVER},
}


@styled
def rules_figure(X, f, byzantine=(), rules=None) -> Figure:
    """Draw n clients in the plane, and what each rule makes of them: all, and close up.

    Parameters
    ----------
    X : array_like, shape (n, 2)
    f : int
        As for `fl_krum.krum`.
    byzantine : collection of int
        Rows of the Byzantine clients.
    rules : sequence of str, optional
        Names in `AGGREGATORS`; by default all that can be used with so many clients.
    """
    rules = rules_for(len(X), f) if rules is None else rules
    X = np.asarray(X, dtype=np.float64)
    figure = new_figure(19, 7.5)
    everything, close = figure.subplots(1, 2)
    for axes, size in ((everything, 23.0), (close, 34.0)):
        draw_clients(axes, X, byzantine, size)
        for name in rules:
            draw_result(axes, AGGREGATORS[name](X, f), name)
    _show_all(close, np.delete(X, list(byzantine), axis=0))
    handles = [_key("honest", HONEST, "o"), _key("Byzantine", BYZANTINE, "s")]
    handles += [Line2D([], [], linestyle="", label=name, **_mark(name, 17)) for name in rules]
    figure.legend(handles=handles, loc="outside right center", frameon=False, labelspacing=1.1)
    everything.set_title("Where each rule puts the next global model")
    close.set_title("The same, close up on the honest clients")
    return figure


@styled
def mean_figure(honest, lies) -> Figure:
    """Draw the mean of the plane's clients twice: all of them honest, and the last ones lying.

    Parameters
    ----------
    honest : array_like, shape (n, 2)
        What all clients would send.
    lies : array_like, shape (f, 2)
        What the last f of them send instead.
    """
    honest = np.asarray(honest, dtype=np.float64)
    sent = np.vstack([honest[: len(honest) - len(lies)], lies])
    byzantine = range(len(honest) - len(lies), len(honest))
    figure = new_figure(17, 7.5)
    left, right = figure.subplots(1, 2)
    draw_clients(left, honest, size=17)
    draw_clients(right, sent, byzantine, size=17)
    before, after = honest.mean(axis=0), sent.mean(axis=0)
    draw_result(left, before, "mean")
    draw_result(right, after, "mean")
    right.annotate("", after, before, zorder=2,
                   arrowprops={"arrowstyle": "-|>", "color": MEAN, "linewidth": 3,
                               "linestyle": "--", "shrinkB": 12, "mutation_scale": 22})  # fmt: skip
    left.set_title("All clients are honest")
    who = f"Client {len(honest)} lies" if len(lies) == 1 else f"The last {len(lies)} clients lie"
    right.set_title(f"{who}: the mean moves by {np.linalg.norm(after - before):.1f}")
    handles = [
        _key("honest", HONEST, "o"),
        _key("Byzantine", BYZANTINE, "s"),
        Line2D([], [], linestyle="", label="mean of all", **_mark("mean", 17)),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=3, frameon=False)
    everything = np.vstack([honest, lies])
    for axes in (left, right):
        _show_all(axes, everything)
    return figure


def _show_all(axes, points) -> None:
    """Make room for all of `points` with the same scale in both directions."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = 0.12 * max((high - low).max(), 1e-9)
    axes.set_aspect("equal", adjustable="box")
    axes.set(xlim=(low[0] - room, high[0] + room), ylim=(low[1] - room, high[1] + room))


def draw_result(axes, vector, name) -> None:
    """Draw the result of the rule called `name` as its mark."""
    axes.plot(*vector, linestyle="", zorder=5, **_mark(name))


def _mark(name, size=None) -> dict:
    mark = {"markersize": 17, **_MARKS.get(name, _MARKS[""])}
    mark |= {"markeredgewidth": 4} if "fillstyle" in mark else {"markeredgecolor": "white"}
    return mark | ({"markersize": size} if size else {})


def _key(label, colour, marker) -> Line2D:
    return Line2D([], [], linestyle="", label=label, color=colour, marker=marker, markersize=17)
