"""Figures of one sharing: the polynomial that hides a secret, as a curve and modulo a prime.

Values come in as plain numbers, so that nothing here knows how shares are made.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from .style import HONEST, MUTED, SERVER, new_figure, styled


@styled
def polynomial_figure(
    curve: Mapping[int, float], shares: Mapping[int, int], p: int, known=(), title=""
) -> Figure:
    """Draw a sharing twice: over the real numbers, to see the idea, and as it is, modulo p.

    Parameters
    ----------
    curve : mapping of int to float
        Points of a polynomial over the real numbers, one more than its degree; the secret at 0.
    shares : mapping of int to int
        Points modulo p, the secret at 0, and the players' shares.
    p : int
    known : collection of int
        Players whose shares are known, and drawn full; the others are drawn hollow.
    title : str
    """
    figure = new_figure(15, 7)
    real, modular = figure.subplots(1, 2, sharey=True)
    points, values = np.array([*curve]), np.array([*curve.values()], dtype=float)
    x = np.linspace(0, max(shares) + 0.3, 400)
    coefficients = np.polyfit(points, values, len(points) - 1)
    real.plot(x, np.polyval(coefficients, x), color=MUTED, zorder=1)
    players = [player for player in shares if player]
    on_curve = {player: float(np.polyval(coefficients, player)) for player in (0, *players)}
    for axes, heights in ((real, on_curve), (modular, shares)):
        for player in players:
            filled = player in known
            axes.plot(player, heights[player], "o", markersize=17, markeredgewidth=3, zorder=3,
                      color=HONEST, markerfacecolor=HONEST if filled else "white")  # fmt: skip
        axes.plot(0, heights[0], "D", color=SERVER, markersize=16, clip_on=False, zorder=4)
        axes.set(xlim=(-0.35, max(shares) + 0.35), ylim=(-6, p + 5), xlabel="Number of the player")
        axes.set_xticks([0, *players], ["0:\nsecret", *map(str, players)])
        axes.set_yticks([*range(0, p - 10, 20), p - 1])
        axes.grid(axis="y", color="#E3E3E3")
    real.set_ylabel("Value")
    real.set_title("The idea: a smooth curve")
    modular.set_title(f"What players hold: the values modulo {p}")
    figure.suptitle(title, fontsize=20, weight="bold", x=0.012, ha="left")
    return figure
