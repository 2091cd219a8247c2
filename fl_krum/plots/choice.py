"""Figures of one choice of Krum: the points, their distances, their scores."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from ..aggregators.krum import krum
from .clients import draw_clients
from .style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    MUTED,
    SERVER,
    SMPC,
    new_figure,
    role,
    styled,
)

_SHADES = LinearSegmentedColormap.from_list("distance", ["#FFFFFF", SMPC, HONEST, "#00263D"])
_WIDE = 30.0  # largest value over lower quartile that asks for a logarithmic scale


@styled
def krum_figure(X, f, byzantine=(), client=None) -> Figure:
    """Draw one choice of Krum: the points (when d = 2), their distances, their scores.

    Parameters
    ----------
    X, f
        As for `fl_krum.krum`, and so are the errors.
    byzantine : collection of int
        Rows of the Byzantine clients.
    client : int, optional
        Row whose neighbours are drawn; by default the chosen one.
    """
    result = krum(X, f)
    plane = np.shape(X)[1] == 2
    figure = new_figure(22 if plane else 15, 8)
    *first, distances, scores = figure.subplots(1, 3 if plane else 2)
    if plane:
        draw_points(first[0], X, result, byzantine, client)
    draw_distances(distances, result, byzantine)
    draw_scores(scores, result, byzantine)
    kind = "a Byzantine" if result.index in byzantine else "an honest"
    title = f"Krum chooses client {result.index + 1}, {kind} one."
    figure.suptitle(title, fontsize=20, weight="bold", x=0.012, ha="left")
    figure.legend(handles=_key(), loc="outside lower left", ncols=3, frameon=False)
    return figure


def draw_points(axes, X, result, byzantine=(), client=None) -> None:
    """Draw vectors of the plane, shape (n, 2), and lines from one client to its neighbours."""
    X = np.asarray(X, dtype=np.float64)
    client = result.index if client is None else client
    size = 25 * min(1.0, np.sqrt(12 / len(X)))  # many clients, small markers
    for neighbour in result.neighbours[client]:
        axes.plot(*X[[client, neighbour]].T, color=MUTED, linewidth=2.5, zorder=1)
    axes.plot(*X[result.index], "o", fillstyle="none", color=CHOSEN, markersize=1.5 * size,
              markeredgewidth=5, zorder=4)  # fmt: skip
    draw_clients(axes, X, byzantine, size)
    axes.set_title(f"Client {client + 1} and its {result.neighbours.shape[1]} nearest others")


def draw_distances(axes, result, byzantine=()) -> None:
    """Draw the squared distances of all pairs as a heat map, each row's neighbours dotted."""
    distances = np.array(result.distances, dtype=np.float64)
    n = len(distances)
    norm = LogNorm() if _is_wide(distances) else None
    image = axes.imshow(np.ma.masked_equal(distances, 0), cmap=_SHADES, norm=norm)
    rows = np.repeat(np.arange(n), result.neighbours.shape[1])
    axes.plot(result.neighbours.ravel(), rows, "o", color=SERVER, markersize=100 / n,
              markeredgecolor="white")  # fmt: skip
    axes.add_patch(Rectangle((-0.5, result.index - 0.5), n, 1, fill=False, edgecolor=CHOSEN,
                             linewidth=5, clip_on=False, zorder=3))  # fmt: skip
    axes.set_title("Squared distances (dots: nearest)")
    axes.set(xlabel="To client", ylabel="From client")
    _label_clients(axes.xaxis, n, byzantine)
    _label_clients(axes.yaxis, n, byzantine)
    axes.figure.colorbar(image, ax=axes, shrink=0.8)


def draw_scores(axes, result, byzantine=()) -> None:
    """Draw the scores as bars, the smallest outlined."""
    scores = np.array(result.scores, dtype=np.float64)
    clients = np.arange(len(scores))
    axes.axhspan(result.index - 0.5, result.index + 0.5, color=CHOSEN, alpha=0.2, linewidth=0)
    axes.barh(clients, scores, color=[role(client, byzantine) for client in clients])
    axes.text(0.98, result.index, "smallest: chosen", transform=axes.get_yaxis_transform(),
              color=CHOSEN, weight="bold", ha="right", va="center")  # fmt: skip
    axes.set_title(f"Score: sum over the {result.neighbours.shape[1]} nearest")
    axes.set(xlabel="Sum of squared distances", ylabel="Client", ylim=(len(scores) - 0.4, -0.6))
    if _is_wide(scores):
        axes.set(xscale="log", xlabel="Sum of squared distances (logarithmic)")
    _label_clients(axes.yaxis, len(scores), byzantine)


def _is_wide(values) -> bool:
    """Whether only a logarithmic scale shows the small ones of the values above 0."""
    positive = values[values > 0]
    return positive.size > 0 and positive.max() > _WIDE * np.quantile(positive, 0.25)


def _label_clients(axis, n, byzantine) -> None:
    clients = range(0, n, max(1, n // 12))
    axis.set_ticks(list(clients), [str(client + 1) for client in clients])
    for client, label in zip(clients, axis.get_ticklabels(), strict=True):
        label.set(color=role(client, byzantine), fontweight="bold")


def _key() -> list[Line2D]:
    """Say what the colours and shapes of clients mean."""
    return [
        Line2D([], [], linestyle="", markersize=17, label=label, **look)
        for label, look in (
            ("honest", {"marker": "o", "color": HONEST}),
            ("Byzantine", {"marker": "s", "color": BYZANTINE}),
            (
                "chosen",
                {"marker": "o", "color": "white", "markeredgecolor": CHOSEN, "markeredgewidth": 4},
            ),
        )
    ]
