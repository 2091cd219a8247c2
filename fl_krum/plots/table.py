"""Tables as figures: accuracies, where the bad ones stand out, and numbers by their names."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from .style import BYZANTINE, as_letters, ink_on, new_figure, styled

LOSS = LinearSegmentedColormap.from_list("loss", ["#FFFFFF", "#FBE3D2", as_letters(BYZANTINE)])
_MOST = 0.7  # of accuracy lost; what is worse is not darker


@styled
def accuracy_table_figure(accuracy, rules, attacks, title="") -> Figure:
    """Draw accuracies, one row an attack, one column a rule: the darker, the more is lost.

    Parameters
    ----------
    accuracy : array_like, shape (rules, attacks) or (rules, attacks, seeds)
        0 … 1. Of several seeds the mean is printed, and their standard deviation (n - 1).
    rules, attacks : sequence of str
    title : str
    """
    seeds = np.asarray(accuracy, dtype=np.float64).reshape(len(rules), len(attacks), -1)
    mean = seeds.mean(axis=2).T
    spread = seeds.std(axis=2, ddof=1).T if seeds.shape[2] > 1 else np.full(mean.shape, np.nan)
    figure = new_figure(2.0 * len(rules) + 2.6, 0.72 * len(attacks) + 2.3)
    draw_accuracy_table(figure.add_subplot(), mean, spread, rules, attacks)
    figure.suptitle(title, fontsize=19, weight="bold", x=0.012, ha="left")
    return figure


def draw_accuracy_table(axes, mean, spread, rules, attacks, what="Attack") -> None:
    """Draw accuracies and their standard deviations on given axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    mean : ndarray, shape (attacks, rules)
        0 … 1; NaN where a run has failed.
    spread : ndarray, shape (attacks, rules)
        NaN where there is one seed.
    rules, attacks : sequence of str
    what : str
        What the rows are, where they are not attacks.
    """
    best, several = np.nanmax(mean, initial=0), bool(np.isfinite(spread).any())
    axes.imshow(best - mean, cmap=LOSS, vmin=0, vmax=_MOST, aspect="auto")
    for (row, column), value in np.ndenumerate(mean):
        lost = best - value > 0.5
        look: dict = {"va": "center_baseline", "color": ink_on(shade_of(best - value))}
        axes.text(column + 0.03 * several, row, f"{value:.0%}" if value == value else "failed",
                  fontsize=20, ha="right" if several else "center",
                  weight="bold" if lost else "normal", **look)  # fmt: skip
        if np.isfinite(spread[row, column]):
            axes.text(column + 0.09, row, f"± {100 * spread[row, column]:.0f}", ha="left",
                      fontsize=16, **look)  # fmt: skip
    axes.set_xticks(range(len(rules)), rules)
    axes.set_yticks(range(len(attacks)), attacks)
    axes.set_ylabel(what)
    axes.set_xlabel("Rule of the server", labelpad=12)
    axes.tick_params(length=0, labelsize=16)
    axes.xaxis.set(ticks_position="top", label_position="top")
    axes.spines[:].set_visible(False)


def shade_of(lost) -> tuple:
    """The colour of a cell of these tables where so much is lost; NaN: nothing is known."""
    return LOSS(np.nan_to_num(lost) / _MOST)


@styled
def facts_figure(facts, title="") -> Figure:
    """Draw numbers with their names, one a line, large enough for the back row.

    Parameters
    ----------
    facts : mapping of str to int
    title : str
    """
    figure = new_figure(11, 0.62 * len(facts) + 1.3)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(len(facts) - 0.4, -0.6))
    for row, (name, number) in enumerate(facts.items()):
        axes.axhline(row + 0.5, color="#E3E3E3", linewidth=1.2)
        axes.text(0, row, name, va="center", fontsize=18)
        axes.text(0.98, row, f"{number:,}", va="center", ha="right", fontsize=18, weight="bold")
    figure.suptitle(title, fontsize=19, weight="bold", x=0.012, ha="left")
    return figure
