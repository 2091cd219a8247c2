"""Figures of a session and of one choice of Krum, made for a projector.

The `…_figure` functions give a `matplotlib.figure.Figure`; the `draw_…` functions draw one panel on
given axes. In figures clients count from 1, as players do (player 0 is the server); arguments count
rows from 0, as everywhere else in the code.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fl_krum.krum import krum
from fl_krum.style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    KRUM,
    MEAN,
    MUTED,
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
def session_figure(records, settings, simulation=False) -> Figure:
    """Draw a session: accuracy after each round on the left, seconds of each round on the right.

    Made to be drawn again after every round: the axes are those of all rounds from the start.

    Parameters
    ----------
    records : sequence of RoundRecord
        The rounds so far; there may be none.
    settings : mapping
        ``FederatedSession.settings``; its "engine" is None when no players aggregate.
    simulation : bool
        Whether to add what only a simulation can know: what Krum in the clear reaches, and whose
        vector it chose.
    """
    figure = new_figure(16, 8.8 if simulation else 8)
    rows = [["accuracy", "seconds"]] + [["chosen", "."]] * simulation
    axes = figure.subplot_mosaic(rows, width_ratios=(2.2, 1), height_ratios=(1, 0.1)[: len(rows)])
    draw_accuracy(axes["accuracy"], records, settings, simulation)
    draw_seconds(axes["seconds"], records, settings)
    if simulation:
        draw_chosen(axes["chosen"], records, settings)
    figure.suptitle(_headline(records, settings), fontsize=20, weight="bold", x=0.012, ha="left")
    note, colour = _verdict(records)
    figure.supxlabel(note, fontsize=17, color=colour, x=0.012, ha="left")
    return figure


def draw_accuracy(axes, records, settings, simulation=False) -> None:
    """Draw the test accuracy after each round, with Krum and with the plain mean."""
    rounds = [0] + [record.round for record in records]
    with_krum = [settings["start_accuracy"]] + [record.accuracy for record in records]
    with_mean = [settings["start_accuracy"]] + [record.accuracy_mean for record in records]
    axes.plot(rounds, with_mean, "s--", color=MEAN, clip_on=False)
    axes.plot(rounds, with_krum, "o-", color=KRUM, clip_on=False, zorder=3)
    if simulation:
        plain = [record.accuracy_krum for record in records]
        axes.plot(
            rounds[1:], plain, "o", markersize=20, fillstyle="none", color=SERVER,
            markeredgewidth=2, clip_on=False,
        )  # fmt: skip
    krum_at, mean_at = _apart(with_krum[-1], with_mean[-1], 0.15 if simulation else 0.08)
    name = "Krum in SMPC" if settings.get("engine") else "Krum"
    ring = "\n(ring: in the clear)" if simulation else ""
    for text, value, height, colour in (
        (f"{name}{ring}", with_krum[-1], krum_at, KRUM),
        ("plain mean", with_mean[-1], mean_at, MEAN),
    ):
        axes.text(
            rounds[-1] + 0.05 * settings["rounds"], height, f"{value:.0%} {text}",
            color=colour, weight="bold", va="center",
        )  # fmt: skip
    axes.set(title="Accuracy after each round", ylim=(0, 1))
    axes.set_ylabel("Test samples classified correctly")
    axes.hlines(np.linspace(0.2, 1, 5), 0, settings["rounds"], color="#E3E3E3", linewidth=1.2, zorder=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    _round_axis(axes, settings)


def draw_seconds(axes, records, settings) -> None:
    """Draw the wall-clock time of the aggregation in each round."""
    players = settings.get("engine") is not None
    unit, factor = ("Seconds", 1) if players else ("Milliseconds", 1000)
    times = [factor * record.seconds for record in records]
    bars = axes.bar([record.round for record in records], times, width=0.62, color=SMPC)
    if settings["rounds"] <= 8:
        axes.bar_label(bars, fmt="%.2f", padding=4)
    what = "secure multiparty\ncomputation (SMPC)" if players else "the aggregation,\nin the clear"
    axes.set(title=f"Time of {what}", xlabel="Round", ylabel=unit)
    axes.set_xlim(0.4, settings["rounds"] + 0.6)
    axes.set_xticks(_round_ticks(settings, first=1))
    axes.set_ylim(0, 1.15 * max(times, default=1))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def draw_chosen(axes, records, settings) -> None:
    """Draw which client Krum chose in each round: a simulation knows, nobody else does."""
    size = min(16, 220 / settings["rounds"])
    for record in records:
        byzantine = record.byzantine_chosen
        axes.text(
            record.round, 0, str(record.chosen + 1), color="white", weight="bold", fontsize=size,
            ha="center", va="center_baseline",
            bbox={"boxstyle": "square" if byzantine else "circle",
                  "color": BYZANTINE if byzantine else HONEST},
        )  # fmt: skip
    axes.text(
        1.05 * settings["rounds"], 0, "chosen client (only\na simulation knows)", va="center",
        fontsize=14, color=MUTED,
    )  # fmt: skip
    _round_axis(axes, settings)
    axes.set_ylim(-1, 1)
    axes.set_axis_off()


def _round_axis(axes, settings) -> None:
    room = 1.42  # on the right, for the names of the lines
    axes.set_xlim(0, room * settings["rounds"])
    axes.set_xticks(_round_ticks(settings, first=0))
    axes.spines["bottom"].set_bounds(0, settings["rounds"])
    axes.set_xlabel("Round", x=0.5 / room)


def _round_ticks(settings, first) -> np.ndarray:
    return np.arange(first, settings["rounds"] + 1, max(1, settings["rounds"] // 8))


def _apart(one, other, gap) -> tuple[float, float]:
    """Move two heights apart until `gap` is between them, inside 0 … 1."""
    missing = max(0.0, gap - abs(one - other)) / 2 * (1 if one >= other else -1)
    middle = np.clip((one + other) / 2, gap / 2, 1 - gap / 2) - (one + other) / 2
    shift = middle if missing else 0.0
    return one + missing + shift, other - missing + shift


def _headline(records, settings) -> str:
    n, f = settings["clients"], settings["byzantine"]
    who = f"{f} of {n} clients are malicious (Byzantine; attack: {settings['attack']})"
    if f == 0 or settings["attack"] == "none":
        who = f"All {n} clients are honest"
    if not records:
        return f"{who}.\nThe first round is running."
    last = records[-1]
    rule = "Krum in SMPC" if settings.get("engine") else "Krum"
    return (
        f"{who}. After round {last.round}, the model is right on\n"
        f"{last.accuracy:.0%} of the test samples with {rule}, "
        f"on {last.accuracy_mean:.0%} with the plain mean."
    )


def _verdict(records) -> tuple[str, str]:
    wrong = [str(record.round) for record in records if record.matches_plaintext is False]
    if wrong:
        return f"✗ Not the result of Krum in the clear: round {', '.join(wrong)}.", BYZANTINE
    if records and records[-1].matches_plaintext:
        return "✓ In every round the result is that of Krum in the clear, bit for bit.", CHOSEN
    return " ", MUTED


@styled
def krum_figure(X, f, byzantine=(), client=None) -> Figure:
    """Draw one choice of Krum: the points (when d = 2), their distances, their scores.

    Parameters
    ----------
    X, f
        As for `fl_krum.krum.krum`, and so are the errors.
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
    for neighbour in result.neighbours[client]:
        axes.plot(*X[[client, neighbour]].T, color=MUTED, linewidth=2.5, zorder=1)
    axes.plot(*X[result.index], "o", color="white", markeredgecolor=CHOSEN, markersize=38,
              markeredgewidth=5, zorder=2)  # fmt: skip
    for row, point in enumerate(X):
        axes.plot(*point, glyph(row, byzantine), color=role(row, byzantine), markersize=25,
                  markeredgecolor="white", zorder=3)  # fmt: skip
        axes.annotate(str(row + 1), point, color="white", weight="bold", fontsize=14,
                      ha="center", va="center_baseline", zorder=4)  # fmt: skip
    axes.set_title(f"Client {client + 1} and its {result.neighbours.shape[1]} nearest others")
    axes.set(xlabel="First coordinate", ylabel="Second coordinate")
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.12)


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
    if _is_wide(scores):
        axes.set_xscale("log")
    axes.set_title(f"Score: sum over the {result.neighbours.shape[1]} nearest")
    axes.set(xlabel="Sum of squared distances", ylabel="Client", ylim=(len(scores) - 0.4, -0.6))
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
            ("chosen", {"marker": "o", "color": "white", "markeredgecolor": CHOSEN,
                        "markeredgewidth": 4}),
        )
    ]  # fmt: skip
