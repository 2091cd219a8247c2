"""A table of accuracies as a figure: every number is printed, the bad ones stand out."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from .style import BYZANTINE, SERVER, new_figure, styled

_LOSS = LinearSegmentedColormap.from_list("loss", ["#FFFFFF", "#FBE3D2", BYZANTINE])


@styled
def accuracy_table_figure(accuracy, rules, attacks, title="") -> Figure:
    """Draw accuracies, one row a rule, one column an attack: the darker, the more is lost.

    Parameters
    ----------
    accuracy : array_like, shape (rules, attacks) or (rules, attacks, seeds)
        0 … 1. Of several seeds the mean is printed, and their standard deviation (n - 1) below.
    rules, attacks : sequence of str
    title : str
    """
    seeds = np.asarray(accuracy, dtype=np.float64).reshape(len(rules), len(attacks), -1)
    accuracy = seeds.mean(axis=2)
    several = seeds.shape[2] > 1
    spread = seeds.std(axis=2, ddof=1) if several else accuracy
    figure = new_figure(1.75 * len(attacks) + 2.6, 0.85 * len(rules) + 2.2)
    axes = figure.add_subplot()
    axes.imshow(accuracy.max() - accuracy, cmap=_LOSS, vmin=0, vmax=0.7, aspect="auto")
    for (row, column), value in np.ndenumerate(accuracy):
        lost = accuracy.max() - value > 0.5
        dark = accuracy.max() - value > 0.6
        look: dict = {"ha": "center", "color": "white" if dark else SERVER}
        axes.text(column, row - 0.12 * several, f"{value:.0%}", va="center", fontsize=18,
                  weight="bold" if lost else "normal", **look)  # fmt: skip
        if several:
            axes.text(column, row + 0.27, f"± {100 * spread[row, column]:.0f}", va="center",
                      fontsize=12, **look)  # fmt: skip
    axes.set_xticks(range(len(attacks)), attacks)
    axes.set_yticks(range(len(rules)), rules)
    axes.set(xlabel="Attack", ylabel="Rule of the server")
    axes.tick_params(length=0, labelsize=15)
    axes.spines[:].set_visible(False)
    figure.suptitle(title, fontsize=19, weight="bold", x=0.012, ha="left")
    return figure
