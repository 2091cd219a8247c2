"""Figures of opened numbers: how well a mask hides what it is added to.

Numbers come in as plain integers, so that nothing here knows how they were masked.
"""

import numpy as np
from matplotlib.figure import Figure

from .style import BYZANTINE, HONEST, MUTED, SERVER, new_figure, styled

_BINS = 32


@styled
def masked_figure(samples, bits, security) -> Figure:
    """Draw histograms of secret + mask, for two secrets and a mask of bits + security bits.

    Parameters
    ----------
    samples : dict of str to sequence of int
        By what the secret is, the opened numbers c; for two secrets.
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
                    linewidth=width, label=f"secret {secret}")  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 2.2), ylabel="Density", yticks=[0, 1, 2])
    axes.set_xticks([0, 0.5, 1], ["0", "half", "largest c"])
    axes.set_xlabel("The opened number c: secret + mask")
    axes.legend(loc="upper center", frameon=False, ncols=2, fontsize=18)
    figure.suptitle(
        f"κ = {security}: the mask has {bits + security} bits, the secret {bits}.",
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


@styled
def opened_figure(runs) -> Figure:
    """Draw what comparisons open: masked numbers, and masked bits, in two runs.

    Parameters
    ----------
    runs : dict of str to (sequence of int, sequence of int)
        By what was compared, the opened numbers, and the opened bytes; for two runs. The masked
        bit is the lowest one of a byte.
    """
    figure = new_figure(15, 6.5)
    numbers, bits = figure.subplots(1, 2, width_ratios=(2, 1))
    longest = max(max(opened) for opened, _ in runs.values())
    edges = np.linspace(0, 1, 13)
    looks = ((HONEST, "-", 5, ""), (BYZANTINE, (0, (2, 1)), 4, "//"))
    for k, ((name, (opened, ones)), look) in enumerate(zip(runs.items(), looks, strict=True)):
        colour, line, width, hatch = look
        heights = np.histogram([number / longest for number in opened], edges)[0]
        numbers.stairs(heights, edges, color=colour, linestyle=line, linewidth=width, label=name)
        counts = np.bincount(np.asarray(ones) & 1, minlength=2)
        bars = bits.bar(np.arange(2) + 0.4 * k - 0.2, counts, 0.36, color=colour, hatch=hatch,
                        edgecolor="white")  # fmt: skip
        bits.bar_label(bars, fontsize=15)
    numbers.set(xlim=(0, 1), ylim=(0, None), xlabel="Opened number c, as a part of the largest")
    numbers.set(ylabel="How many")
    numbers.set_title("Masked numbers")
    bits.set_xticks([0, 1], ["0", "1"])
    bits.set(xlabel="Opened bit", ylim=(0, 1.2 * bits.get_ylim()[1]))
    bits.set_title("Masked bits")
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=17)
    return figure
