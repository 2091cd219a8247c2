"""Figures of a session: accuracy and time of its rounds, redrawn after each."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    KRUM,
    MEAN,
    MUTED,
    SERVER,
    SMPC,
    as_letters,
    new_figure,
    styled,
)


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
    figure, axes = empty_figure(settings, simulation)
    draw_rounds(axes, records, settings)
    write_texts(figure, records, settings)
    return figure


def empty_figure(settings, simulation=False) -> tuple[Figure, dict[str, Axes]]:
    """Make the figure of a session and its axes, by name, with nothing in them."""
    figure = new_figure(16, 8.8 if simulation else 8)
    simulation = simulation and settings.get("average", 1) is not None  # it speaks of Krum alone
    rows: list = [["accuracy", "seconds"]] + [["chosen", "."]] * simulation
    axes = figure.subplot_mosaic(rows, width_ratios=(2.2, 1), height_ratios=(1, 0.1)[: len(rows)])
    return figure, axes


def draw_rounds(axes, records, settings) -> None:
    """Draw everything on these axes."""
    draw_accuracy(axes["accuracy"], records, settings, "chosen" in axes)
    draw_seconds(axes["seconds"], records, settings)
    if "chosen" in axes:
        draw_chosen(axes["chosen"], records, settings)


def write_texts(figure, records, settings) -> tuple[Text, Text]:
    """Write what has been reached above, and how it compares below; give both texts."""
    title = figure.suptitle(
        _headline(records, settings), fontsize=20, weight="bold", x=0.012, ha="left"
    )
    note, colour = _verdict(records, settings)
    note = "\n".join(filter(None, [note, who_was_left_out(records)]))
    below = figure.supxlabel(note, fontsize=17, color=as_letters(colour), x=0.012, ha="left")
    return title, below


def draw_accuracy(axes, records, settings, simulation=False) -> None:
    """Draw the test accuracy after each round, by the session's rule and by the plain mean.

    Two thin lines say what to compare it with: honest clients alone, and their pooled data. Where
    clients have different numbers of samples, a third one is the mean that is weighted by them.
    """
    lines = [_line(axes, records, settings, "accuracy_mean", "plain mean", MEAN, "s--")]
    beside = [("accuracy_pooled", "pooled", ":"), ("accuracy_alone", "alone", "-.")]
    sizes = settings.get("samples", [0])
    if max(sizes) > min(sizes) + 1:
        beside.append(("accuracy_weighted", "weighted mean", "--"))
    for key, name, look in beside:
        lines.append(_line(axes, records, settings, key, name, MUTED, look, linewidth=2))
    name, colour = _rule(settings)
    if simulation:
        rounds = [record.round for record in records]
        plain = [record.accuracy_krum for record in records]
        if plain:  # a line without points would take room down to the corner of the figure
            axes.plot(
                rounds, plain, "o", markersize=20, fillstyle="none", color=SERVER,
                markeredgewidth=2, clip_on=False,
            )  # fmt: skip
        ring_at = plain[-1] if plain else settings["start_accuracy"]
        lines.append((ring_at, f"ring: {_in_the_clear(settings)}", MUTED))
    lines.append(_line(axes, records, settings, "accuracy", name, colour, "o-", zorder=3))
    x = len(records) + 0.05 * settings["rounds"]
    heights = _apart([height for height, *_ in lines], gap=0.068)
    for (_, label, color), height in zip(lines, heights, strict=True):
        small = {"weight": "normal"} if color == MUTED else {}
        axes.text(x, height, label, color=as_letters(color), **(_NAME | small))
    grid = np.linspace(0.2, 1, 5)
    axes.hlines(grid, 0, settings["rounds"], color="#E3E3E3", linewidth=1.2, zorder=0)
    axes.set(title="Accuracy after each round", ylim=(0, 1))
    axes.set_ylabel("Test samples classified correctly")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    _round_axis(axes, settings)


def draw_seconds(axes, records, settings) -> None:
    """Draw the wall-clock time of the aggregation in each round."""
    players = settings.get("engine") is not None
    unit, factor = ("Seconds", 1) if players else ("Milliseconds", 1000)
    times = [factor * record.seconds for record in records]
    bars = axes.bar(
        [record.round for record in records], times, width=0.62, color=SMPC if players else MUTED
    )
    if settings["rounds"] <= 8:
        axes.bar_label(bars, fmt="%.2f", padding=4)
    what = "secure multiparty\ncomputation (SMPC)" if players else "the aggregation,\nin the clear"
    axes.set(title=f"Time of {what}", xlabel="Round", ylabel=unit)
    axes.set_xlim(0.4, settings["rounds"] + 0.6)
    axes.set_xticks(_round_ticks(settings, first=1))
    axes.set_ylim(0, 1.15 * max(times, default=1))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def draw_chosen(axes, records, settings) -> None:
    """Draw whose vectors each new model is made of: a simulation knows, nobody else does."""
    if settings.get("rule") in _OF_NEARLY_ALL:
        draw_byzantine_share(axes, records, settings)
        return
    average = max((len(record.averaged) for record in records), default=1)
    size = min(16, 220 / settings["rounds"] / (1 + 0.55 * (average - 1)))
    honest_box = "circle" if average == 1 else "round"
    for record in records:
        byzantine = record.byzantine_chosen
        axes.text(
            record.round, 0, " ".join(str(row + 1) for row in sorted(record.averaged)),
            color="white", weight="bold", fontsize=size, ha="center", va="center_baseline",
            bbox={"boxstyle": "square" if byzantine else honest_box,
                  "color": BYZANTINE if byzantine else HONEST},
        )  # fmt: skip
    who, at = ("chosen client", 1.07) if average == 1 else ("averaged clients", 1.12)
    axes.text(
        at * settings["rounds"], 0, f"{who} (only\na simulation knows)", va="center",
        fontsize=14, color=MUTED,
    )  # fmt: skip
    _round_axis(axes, settings)
    axes.set_ylim(-1, 1)
    axes.set_axis_off()


def draw_byzantine_share(axes, records, settings) -> None:
    """Draw what share of each new model is what Byzantine clients sent."""
    for record in records:
        share = sum(record.weights[row] for row in settings["byzantine_clients"])
        axes.text(
            record.round, 0, f"{share:.0%}", color="white", weight="bold",
            fontsize=min(16, 160 / settings["rounds"]), ha="center", va="center_baseline",
            bbox={"boxstyle": "square" if share else "round",
                  "color": BYZANTINE if share else HONEST},
        )  # fmt: skip
    axes.text(
        1.07 * settings["rounds"], 0, "share of Byzantine\nvectors (only a\nsimulation knows)",
        va="center", fontsize=14, color=MUTED,
    )  # fmt: skip
    _round_axis(axes, settings)
    axes.set_ylim(-1, 1)
    axes.set_axis_off()


_OF_NEARLY_ALL = ("mixed-krum", "clipped-krum")  # rules whose results are made of nearly all
_NAMES = {
    "krum": "Krum", "multi-krum": "Multi-Krum",
    "mixed-krum": "mixed Krum", "clipped-krum": "clipped Krum",
}  # fmt: skip
_NAME = {"weight": "bold", "va": "center"}


def _round_axis(axes, settings) -> None:
    room = 1.42  # on the right, for the names of the lines
    axes.set_xlim(0, room * settings["rounds"])
    axes.set_xticks(_round_ticks(settings, first=0))
    axes.spines["bottom"].set_bounds(0, settings["rounds"])
    axes.set_xlabel("Round", x=0.5 / room)


def _round_ticks(settings, first) -> np.ndarray:
    return np.arange(first, settings["rounds"] + 1, max(1, settings["rounds"] // 8))


def _line(axes, records, settings, key, name, colour, look, **style) -> tuple[float, str, str]:
    """Draw one accuracy over the rounds; give where its label belongs, its text and its colour."""
    heights = [settings["start_accuracy"]] + [getattr(record, key) for record in records]
    axes.plot(range(len(heights)), heights, look, color=colour, clip_on=False, **style)
    return heights[-1], f"{heights[-1]:.0%} {name}", colour


def _apart(heights, gap) -> list[float]:
    """Move heights in 0 … 1 until `gap` is between any two; their order stays, none is outside."""
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(heights))
    lowest = np.maximum.accumulate(np.asarray(heights)[order] - steps)  # from below: pushed up ...
    lowest = np.minimum(lowest, 1 - gap * (len(heights) - 1) - gap / 2)  # ... but not out of 1
    moved = np.empty(len(heights))
    moved[order] = lowest + steps
    return moved.tolist()


def _rule(settings) -> tuple[str, str]:
    """Give the name and the colour of the rule that the session aggregates with."""
    rule = settings.get("rule", "krum")
    name = _NAMES.get(rule, rule)
    colour = KRUM if rule == "krum" else SERVER
    return f"{name} in SMPC" if settings.get("engine") else name, colour


def _headline(records, settings) -> str:
    n, f = settings["clients"], settings["byzantine"]
    who = f"{f} of {n} clients are Byzantine (attack: {settings['attack']})"
    if f == 0 or settings["attack"] == "none":
        who = f"All {n} clients are honest"
    if not records:
        return f"{who}.\nThe first round is running."
    last = records[-1]
    return (
        f"{who}. After round {last.round}, the model is right\n"
        f"on {last.accuracy:.0%} of the test samples with {_rule(settings)[0]}, "
        f"on {last.accuracy_mean:.0%} with the plain mean."
    )


def who_was_left_out(records) -> str:
    """Which clients failed the check of their input, and in which rounds; empty when none did."""
    rounds: dict[tuple[int, ...], list[str]] = {}
    for record in records:
        if record.excluded:
            rounds.setdefault(record.excluded, []).append(str(record.round))
    parts = [
        f"client{'s' * (len(clients) > 1)} {' and '.join(map(str, clients))} "
        f"(round{'s' * (len(when) > 1)} {', '.join(when)})"
        for clients, when in rounds.items()
    ]
    return f"Left out, for sharing more than agreed: {'; '.join(parts)}." if parts else ""


def _in_the_clear(settings) -> str:
    """What the players' result is compared with."""
    rule = settings.get("rule")
    return f"{_NAMES[rule] if rule in _OF_NEARLY_ALL else 'Krum'} in the clear"


def _verdict(records, settings) -> tuple[str, str]:
    clear = _in_the_clear(settings)
    wrong = [str(record.round) for record in records if record.matches_plaintext is False]
    if wrong:
        return f"✗ Not the result of {clear}: round {', '.join(wrong)}.", BYZANTINE
    if records and records[-1].matches_plaintext:
        return f"✓ In every round the result is that of {clear}, bit for bit.", CHOSEN
    return " ", MUTED
