"""Figures of opened numbers: how well a mask hides what it is added to.

Numbers come in as plain integers, so that nothing here knows how they were masked.
"""

import numpy as np
from matplotlib.figure import Figure

from .style import BYZANTINE, HONEST, MUTED, SERVER, new_figure, styled

_BINS = 32


@styled
def masked_figure(samples, bits, security) -> Figure:
    """Draw histograms of c = x + r, for two secrets x and a mask r of bits + security bits.

    Parameters
    ----------
    samples : dict of str to sequence of int
        By what x is, the opened numbers c; for two secrets.
    bits, security : int
    """
    longest = 2 ** (bits + security) + 2**bits
    figure = new_figure(15, 6.5)
    axes = figure.add_subplot()
    looks = ((HONEST, "-", 5), (BYZANTINE, (0, (2, 1)), 4))
    edges = np.linspace(0, 1, _BINS + 1)
    for (secret, opened), (colour, line, width) in zip(samples.items(), looks, strict=True):
        heights = np.histogram([c / longest for c in opened], edges)[0]
        axes.stairs(heights / max(1, len(opened)) * _BINS, edges, color=colour, linestyle=line,
                    linewidth=width, label=f"x = {secret}")  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 2.2), ylabel="Density", yticks=[0, 1, 2])
    axes.set_xticks([0, 0.5, 1], ["0", "half", "largest c"])
    axes.set_xlabel("The opened number c = x + r")
    axes.legend(loc="upper center", frameon=False, ncols=2, fontsize=18)
    figure.suptitle(
        f"κ = {security}: the mask r has {bits + security} bits, the secret x has {bits}.",
        fontsize=20, weight="bold", x=0.012, ha="left",
    )  # fmt: skip
    return figure


@styled
def joint_figure(first, second, p, titles) -> Figure:
    """Draw two numbers that one player received: each for itself, and both together.

    Parameters
    ----------
    first, second : sequence of int
        Modulo p, of many runs.
    p : int
    titles : tuple of str
        What the first, the second, and both together are.
    """
    figure = new_figure(15, 6)
    panels = figure.subplots(1, 3)
    for axes, values, title in zip(panels, (first, second), titles, strict=False):
        heights = np.histogram(values, np.linspace(0, p, 21))[0]
        axes.stairs(heights / len(values) * 20, np.linspace(0, p, 21), fill=True, color=HONEST)
        axes.axhline(1, color=MUTED, linewidth=1.5)
        axes.set(title=title, xlim=(0, p), ylim=(0, 2), yticks=[0, 1], xlabel="Value")
    panels[0].set_ylabel("Density")
    panels[2].plot(first, second, ".", color=SERVER, markersize=7)
    panels[2].set(title=titles[2], xlim=(0, p), ylim=(0, p), aspect="equal")
    panels[2].set(xlabel=titles[0], ylabel=titles[1])
    return figure
