"""The figure of a sweep: a table of accuracies for each partition and f, one below another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .style import new_figure, styled
from .table import draw_accuracy_table


@styled
def sweep_figure(
    panels: Mapping[str, Sequence[Mapping[str, Any]]], title: str = "", what: str = "Attack"
) -> Figure:
    """Draw mean and standard deviation of each cell: the darker, the more is lost.

    Parameters
    ----------
    panels : mapping of str to sequence of mapping
        The cells of each panel by its name; a cell has "rule", "against" (its other name in the
        panel, an attack as a rule), "mean" (None: failed) and "sd" (None: one seed).
    title : str
    what : str
        What the rows of a panel are.
    """
    rules = list(dict.fromkeys(cell["rule"] for cells in panels.values() for cell in cells))
    rows = [len({cell["against"] for cell in cells}) for cells in panels.values()]
    figure = new_figure(2.0 * len(rules) + 2.6, sum(0.72 * row + 2.1 for row in rows) + 0.4)
    axes = figure.subplots(len(panels), 1, height_ratios=rows, squeeze=False)[:, 0]
    for one, (name, cells) in zip(axes, panels.items(), strict=True):
        attacks = list(dict.fromkeys(cell["against"] for cell in cells))
        mean, spread = np.full((2, len(attacks), len(rules)), np.nan)
        for cell in cells:
            at = attacks.index(cell["against"]), rules.index(cell["rule"])
            mean[at] = np.nan if cell["mean"] is None else cell["mean"]
            spread[at] = np.nan if cell["sd"] is None else cell["sd"]
        draw_accuracy_table(one, mean, spread, rules, attacks, what)
        one.set_title(name)
    figure.suptitle(title, fontsize=19, weight="bold", x=0.012, ha="left")
    return figure
