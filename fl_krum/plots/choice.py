"""Figures of one choice of Krum: the points, their distances, their scores."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from ..aggregators.krum import krum
from .clients import draw_clients
from .marks import marks_on
from .style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    SERVER,
    SMPC,
    glyph,
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
    panels: list = (
        [["points", "distances"], ["scores", "scores"]] if plane else [["distances", "scores"]]
    )
    figure = new_figure(14, 11.2 if plane else 7)
    axes = figure.subplot_mosaic(panels, height_ratios=(1.3, 1)[: len(panels)])
    if plane:
        draw_points(axes["points"], X, result, byzantine, client)
    draw_distances(axes["distances"], result, byzantine)
    draw_scores(axes["scores"], result, byzantine)
    kind = "a Byzantine" if result.index in byzantine else "an honest"
    title = f"Krum chooses client {result.index + 1}, {kind} one."
    figure.suptitle(title, fontsize=20, weight="bold", x=0.012, ha="left")
    figure.legend(handles=_key(), loc="outside lower left", ncols=3, frameon=False)
    return figure


def draw_points(axes, X, result, byzantine=(), client=None) -> None:
    """Draw vectors of the plane, shape (n, 2), and lines from one client to its neighbours."""
    client = result.index if client is None else client
    size = 25 * min(1.0, np.sqrt(12 / len(X)))  # many clients, small marks
    marks = draw_clients(axes, X, byzantine, size)
    marks_on(axes).surround(marks[result.index], CHOSEN)
    for neighbour in result.neighbours[client]:
        marks_on(axes).link(marks[client], marks[neighbour])
    axes.set_title(f"Client {client + 1} and its {result.neighbours.shape[1]} nearest others")


def draw_distances(axes, result, byzantine=()) -> None:
    """Draw the squared distances of all pairs as a heat map, each row's neighbours dotted."""
    distances = np.array(result.distances, dtype=np.float64)
    n = len(distances)
    norm = LogNorm() if _is_wide(distances) else None
    image = axes.imshow(np.ma.masked_equal(distances, 0), cmap=_SHADES, norm=norm)
    rows = np.repeat(np.arange(n), result.neighbours.shape[1])
    axes.plot(result.neighbours.ravel(), rows, "o", color="white", markersize=100 / n,
              markeredgecolor=SERVER, markeredgewidth=2)  # fmt: skip
    axes.add_patch(Rectangle((-0.5, result.index - 0.5), n, 1, fill=False, edgecolor=CHOSEN,
                             linewidth=5, clip_on=False, zorder=3))  # fmt: skip
    axes.set_title("Squared distances (dots: nearest)")
    axes.set(xlabel="To client", ylabel="From client")
    _label_clients(axes.xaxis, n, byzantine)
    _label_clients(axes.yaxis, n, byzantine)
    axes.figure.colorbar(image, ax=axes, shrink=0.8)


def draw_scores(axes, result, byzantine=()) -> None:
    """Draw the scores with their numbers, the smallest marked.

    Bars begin at 0. Scores that differ too much for that are dots on a logarithmic scale, on which
    the length of a bar would mean nothing.
    """
    scores = np.array(result.scores, dtype=np.float64)
    axes.set_title(f"Score: sum over the {result.neighbours.shape[1]} nearest")
    axes.axhspan(result.index - 0.5, result.index + 0.5, color=CHOSEN, alpha=0.2, linewidth=0)
    draw = _draw_score_dots if _is_wide(scores) else _draw_score_bars
    draw(axes, scores, byzantine)
    left = axes.get_xlim()[0]
    for client, score in enumerate(scores):
        chosen, place = client == result.index, max(score, left)
        axes.annotate(f"{score:.3g}" + ": smallest" * chosen, (place, client), (12, 0),
                      textcoords="offset points", va="center_baseline",
                      fontsize=_font(len(scores)),
                      weight="bold" if chosen else "normal")  # fmt: skip
    axes.set(ylabel="Client", ylim=(len(scores) - 0.4, -0.6))
    _label_clients(axes.yaxis, len(scores), byzantine)


def _draw_score_bars(axes, scores, byzantine) -> None:
    for client, score in enumerate(scores):
        hatch = "//" if client in byzantine else ""
        axes.barh(client, score, color=role(client, byzantine), hatch=hatch, edgecolor="white")
    axes.set(xlim=(0, 1.45 * (scores.max() or 1.0)), xlabel="Sum of squared distances")
    axes.xaxis.set_major_locator(MaxNLocator(4))


def _draw_score_dots(axes, scores, byzantine) -> None:
    for client, score in enumerate(scores):
        axes.axhline(client, color="#DDDDDD", linewidth=1.5, zorder=0)
        axes.plot(score, client, glyph(client, byzantine), color=role(client, byzantine),
                  markersize=_font(len(scores)))  # fmt: skip
    least, most = scores[scores > 0].min(), scores.max()
    axes.set(xscale="log", xlabel="Sum of squared distances (logarithmic)")
    axes.set_xlim(least / (most / least) ** 0.1, most * (most / least) ** 0.45)


def _font(n) -> float:
    """Size of what is written for each of n clients, below each other, in points."""
    return min(16.0, 180 / n)


def _is_wide(values) -> bool:
    """Whether only a logarithmic scale shows the small ones of the values above 0."""
    positive = values[values > 0]
    return positive.size > 0 and positive.max() > _WIDE * np.quantile(positive, 0.25)


def _label_clients(axis, n, byzantine) -> None:
    clients = range(0, n, max(1, n // 15))
    axis.set_ticks(list(clients), [str(client + 1) for client in clients])
    for client, label in zip(clients, axis.get_ticklabels(), strict=True):
        shape = "square" if client in byzantine else "circle"
        label.set(color="white", fontweight="bold", fontsize=_font(n), bbox={
            "boxstyle": f"{shape},pad=0.2", "color": role(client, byzantine)
        })  # fmt: skip
    axis.set_tick_params(length=0, pad=10)
    axis.labelpad = 12  # the layout does not know of the boxes


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
