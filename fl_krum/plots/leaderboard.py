"""A contest's results: who is first among rules and attacks, and how every match went."""

import numpy as np
from matplotlib.figure import Figure

from .style import BYZANTINE, HONEST, SERVER, ink_on, new_figure, styled
from .table import LOSS, shade_of

_OURS = "#D0D0D0"  # lighter than any other colour, in greyscale too
_LONGEST = 20  # letters of a name; files may have any


@styled
def leaderboard_figure(rules, attacks, title="") -> Figure:
    """Draw both rankings as bars, students' in colour and bold, ours in light grey.

    Parameters
    ----------
    rules, attacks : sequence of Place
        Best first; `mean`, `extreme`, `name`, `ours` and `rank` are read.
    title : str
    """
    figure = new_figure(16, 0.6 * max(len(rules), len(attacks)) + 3)
    left, right = figure.subplots(1, 2)
    _bars(left, rules, HONEST, "Rules: accuracy that they keep", "worst match")
    _bars(right, attacks, BYZANTINE, "Attacks: accuracy that they leave", "best match")
    figure.suptitle(title, fontsize=20, weight="bold", x=0.012, ha="left")
    return figure


@styled
def matches_figure(rules, attacks, accuracy, title="") -> Figure:
    """Draw the accuracy of every match: the darker, the more is lost.

    Parameters
    ----------
    rules, attacks : sequence of str
    accuracy : array_like, shape (rules, attacks)
        0 … 1; nan where the attack has failed.
    title : str
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    figure = new_figure(1.05 * len(attacks) + 4.5, 0.62 * len(rules) + 3.5)
    axes = figure.add_subplot()
    lost = np.nan_to_num(np.nanmax(accuracy) - accuracy)
    axes.imshow(lost, cmap=LOSS, vmin=0, vmax=0.7, aspect="auto")
    for (row, column), value in np.ndenumerate(accuracy):
        text = "–" if np.isnan(value) else f"{100 * value:.0f}"
        axes.text(column, row, text, ha="center", va="center_baseline", fontsize=19,
                  color=ink_on(shade_of(lost[row, column])))  # fmt: skip
    names = list(map(_short, attacks))
    axes.set_xticks(range(len(attacks)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rules)), list(map(_short, rules)))
    axes.set_xlabel("accuracy in per cent; – where the attack failed", labelpad=12)
    axes.tick_params(length=0, labelsize=17)
    axes.spines[:].set_visible(False)
    figure.suptitle(title, fontsize=20, weight="bold", x=0.012, ha="left")
    return figure


def _bars(axes, places, colour, title, note) -> None:
    rows = np.arange(len(places))
    colours = [_OURS if place.ours else colour for place in places]
    axes.barh(rows, [place.mean for place in places], height=0.74, color=colours)
    axes.plot([place.extreme for place in places], rows, "D", color=SERVER, markersize=8,
              clip_on=False, zorder=3)  # fmt: skip
    for row, place in enumerate(places):
        axes.text(1.02, row, f"{place.mean:.0%}", va="center", fontsize=18)
    axes.set_yticks(rows, [f"{place.rank}. {_short(place.name)}" for place in places], fontsize=18)
    for label, place in zip(axes.get_yticklabels(), places, strict=True):
        label.set_weight("normal" if place.ours else "bold")
    axes.set(title=title, xlim=(0, 1), xlabel=f"mean;  ◆ {note};  light grey: ours")
    axes.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
    axes.tick_params(axis="x", labelsize=17)
    axes.xaxis.label.set_size(17)
    axes.invert_yaxis()


def _short(name) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
