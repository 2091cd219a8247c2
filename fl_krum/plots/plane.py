"""Clients in the plane, and where the rules put the next global model among them."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..aggregators.rules import AGGREGATORS, rules_for
from .clients import draw_clients
from .marks import marks_on
from .style import (
    BYZANTINE,
    HONEST,
    KRUM,
    MEAN,
    MUTED,
    SERVER,
    new_figure,
    styled,
)

# Marker and colour of the result of each rule; a name that is not here gets the last.
_MARKS: dict[str, dict] = {
    "krum": {"marker": "o", "color": KRUM, "fillstyle": "none", "markersize": 34},
    "multi-krum": {"marker": "P", "color": SERVER},
    "mixed-krum": {"marker": "h", "color": SERVER},
    "clipped-krum": {"marker": ">", "color": SERVER},
    "bulyan": {"marker": "p", "color": SERVER},
    "trimmed-mean": {"marker": "v", "color": SERVER},
    "median": {"marker": "D", "color": SERVER, "markersize": 13},
    "geometric-median": {"marker": "d", "color": SERVER},
    "centred-clipping": {"marker": "^", "color": SERVER},
    "mean": {"marker": "X", "color": MEAN, "markersize": 22},
    "": {"marker": "*", "color": SERVER},
}


@styled
def rules_figure(X, f, byzantine=()) -> Figure:
    """Draw n clients in the plane, and what each rule for so many makes of them: all, and close up.

    Parameters
    ----------
    X : array_like, shape (n, 2)
    f : int
        As for `fl_krum.krum`.
    byzantine : collection of int
        Rows of the Byzantine clients.
    """
    rules = rules_for(len(X), f)
    X = np.asarray(X, dtype=np.float64)
    figure = new_figure(14, 8.6)
    everything, close = figure.subplots(1, 2, width_ratios=(1, 1.5))
    honest = np.delete(X, list(byzantine), axis=0)
    draw_clients(everything, X, byzantine, size=22.0)
    draw_clients(close, X, byzantine, size=30.0)
    _show_all(everything, X)
    _show_all(close, honest)
    for name in rules:
        result = AGGREGATORS[name](X, f)
        draw_result(everything if _is_off(result, close) else close, result, name)
    everything.xaxis.set_major_locator(MaxNLocator(4))  # it is narrow
    everything.indicate_inset_zoom(close, edgecolor=MUTED, alpha=1)
    handles = [_key("honest", HONEST, "o"), _key("Byzantine", BYZANTINE, "s")]
    handles += [Line2D([], [], linestyle="", label=name, **_mark(name, 17)) for name in rules]
    figure.legend(handles=handles, loc="outside lower left", ncols=4, frameon=False)
    everything.set_title("All clients")
    close.set_title("Close up: the next global model of each rule")
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
    figure = new_figure(14, 7.4)
    left, right = figure.subplots(1, 2)
    before, after = honest.mean(axis=0), sent.mean(axis=0)
    draw_clients(left, honest)
    draw_clients(right, sent, byzantine, size=22)
    draw_result(left, before, "mean")
    draw_result(right, after, "mean")
    _show_all(left, honest)
    _show_all(right, np.vstack([honest, lies]))
    right.annotate("", after, before,
                   arrowprops={"arrowstyle": "-|>", "color": SERVER, "linewidth": 3,
                               "linestyle": "--", "shrinkB": 14, "mutation_scale": 24},
                   zorder=6)  # fmt: skip
    right.indicate_inset_zoom(left, edgecolor=MUTED, alpha=1)
    left.set_title("All clients are honest (close up)")
    who = f"Client {len(honest)} lies" if len(lies) == 1 else f"The last {len(lies)} clients lie"
    right.set_title(f"{who}: the mean moves by {np.linalg.norm(after - before):.1f}")
    handles = [
        _key("honest", HONEST, "o"),
        _key("Byzantine", BYZANTINE, "s"),
        Line2D([], [], linestyle="", label="mean of all", **_mark("mean", 17)),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=3, frameon=False)
    return figure


def _show_all(axes, points) -> None:
    """Make room for all of `points` with the same scale in both directions."""
    low, high = points.min(axis=0), points.max(axis=0)
    (x, y), half = (low + high) / 2, 0.62 * max((high - low).max(), 1e-9)
    axes.set_aspect("equal", adjustable="box")
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half))


def _is_off(point, axes) -> bool:
    """Whether a point lies outside of what the axes show."""
    limits = np.transpose([axes.get_xlim(), axes.get_ylim()])
    return bool(np.any(point < limits[0]) or np.any(point > limits[1]))


def draw_result(axes, vector, name) -> None:
    """Draw the result of the rule called `name` as its mark; a client's vector gets a ring."""
    marks, look = marks_on(axes), _mark(name)
    client = marks.at(vector)
    if client is not None:
        marks.surround(client, look["color"])
    else:
        marks.add(vector, look["marker"], look["color"], look["markersize"])


def _mark(name, size=None) -> dict:
    mark = {"markersize": 17, **_MARKS.get(name, _MARKS[""])}
    mark |= {"markeredgewidth": 4} if "fillstyle" in mark else {"markeredgecolor": "white"}
    return mark | ({"markersize": size} if size else {})


def _key(label, colour, marker) -> Line2D:
    return Line2D([], [], linestyle="", label=label, color=colour, marker=marker, markersize=17)
