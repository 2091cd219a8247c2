"""Figures of secret sharing: what shares look like, and what a program that opens bits gives away.

Shares come in as plain integers, so that nothing here knows how they are made.
"""

import numpy as np
from matplotlib.figure import Figure

from ..program.bit_budget import FIELD_BITS
from .choice import draw_distances
from .style import HONEST, MUTED, SERVER, SMPC, new_figure, styled

PRIME = 2**FIELD_BITS - 1
_BINS = 20


@styled
def line_figure() -> Figure:
    """Draw sharing with t = 1: one share fits every secret, two shares fit one."""
    figure = new_figure(15, 7)
    one, two = figure.subplots(1, 2, sharex=True, sharey=True)
    for secret in range(1, 10, 2):
        one.plot([0, 3.4], [secret, secret + 3.4 * (4 - secret)], color=SMPC, linewidth=2.5)
        one.plot(0, secret, "o", color=SMPC, markersize=13, clip_on=False, zorder=3)
    two.plot([0, 3.4], [7, 7 - 3.4 * 3], color=SMPC)
    two.plot(0, 7, "o", color=SERVER, markersize=17, clip_on=False, zorder=3)
    two.annotate("the secret", (0, 7), (14, 12), textcoords="offset points", weight="bold")
    for axes, players in ((one, [1]), (two, [1, 2])):
        for player in players:
            share = 7 - 3 * player
            axes.plot(player, share, "o", color=HONEST, markersize=17, zorder=4)
            axes.annotate(f"share of player {player}", (player, share), (-8, 22), color=HONEST,
                          textcoords="offset points", weight="bold", zorder=5,
                          bbox={"color": "white", "pad": 2})  # fmt: skip
        axes.set(xlim=(0, 3.4), ylim=(-1.5, 10), xlabel="Point of the player (0: the secret)")
        axes.set_xticks([0, 1, 2, 3])
    one.set_ylabel("Value")
    one.set_title("One share: every secret is possible")
    two.set_title("Two shares: there is one line, and one secret")
    title = "The dealer hides the secret at 0 on a random line (t = 1) and gives away points."
    figure.suptitle(title, fontsize=20, weight="bold", x=0.012, ha="left")
    return figure


@styled
def leak_figure(result, order, byzantine=()) -> Figure:
    """Draw the secret distances, and beside them what an onlooker knows from the opened bits.

    Parameters
    ----------
    result : KrumResult
        Whose distances were secret.
    order : sequence of n sequences of n - 1 int
        For each client all others, nearest first, as the opened bits tell.
    byzantine : collection of int
        Rows of the Byzantine clients, which the onlooker is not told.
    """
    figure = new_figure(16, 8)
    secret, known = figure.subplots(1, 2)
    draw_distances(secret, result, byzantine)
    secret.set_title("Secret: the squared distances")
    n = len(order)
    for client, others in enumerate(order):
        for place, other in enumerate(others):
            near = place < result.neighbours.shape[1]
            known.text(other, client, str(place + 1), ha="center", va="center_baseline",
                       fontsize=19, weight="bold" if near else "normal",
                       color=SERVER if near else MUTED)  # fmt: skip
    nearest = f"Other client (bold: the nearest {result.neighbours.shape[1]})"
    known.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), aspect="equal", xlabel=nearest,
              ylabel="Client")  # fmt: skip
    clients = range(n)
    known.set_xticks(clients, [str(client + 1) for client in clients])
    known.set_yticks(clients, [str(client + 1) for client in clients])
    known.set_title("Public: who is nearest (1) to whom")
    figure.suptitle("No distance was opened, yet everybody knows their whole order.",
                    fontsize=20, weight="bold", x=0.012, ha="left")  # fmt: skip
    return figure


@styled
def views_figure(views) -> Figure:
    """Draw what each player saw: a histogram of the shares it received, from `LocalPlayers.views`.

    With an even number of embedded players, the server receives none, and the figure says so.
    """
    figure = new_figure(16, 3.9 * -(-len(views) // 4) + 0.8)
    figure.suptitle("Every share that a player received, taken by itself",
                    fontsize=19, weight="bold", x=0.012, ha="left")  # fmt: skip
    panels = figure.subplots(-(-len(views) // 4), 4, sharex=True, sharey=True, squeeze=False).flat
    for player, (axes, view) in enumerate(zip(panels, views, strict=False)):
        shares = [int(value) for _, _, kind, value in view["shares"] if kind == "prime"]
        if shares:
            heights = np.histogram(fractions(shares), _BINS, (0, 1))[0] / len(shares) * _BINS
            axes.stairs(
                heights, np.linspace(0, 1, _BINS + 1), fill=True, color=HONEST if player else SERVER
            )
            axes.axhline(1, color=MUTED, linewidth=1.5)
        else:
            axes.text(0.5, 0.85, "holds no shares", ha="center", va="center", color=SERVER)
        axes.set_title(f"player {player}" if player else "player 0 (server)")
        axes.set(xlim=(0, 1), ylim=(0, 1.7), yticks=[0, 1], xticks=[0, 0.5, 1])
    for axes in list(panels)[len(views) :]:
        axes.set_axis_off()
    figure.supxlabel("Received share, as a fraction of p", fontsize=16)
    figure.supylabel("Density", fontsize=16)
    return figure


def fractions(shares) -> np.ndarray:
    """Shares, integers of 127 bits, as numbers in [0, 1)."""
    return np.array([share / PRIME for share in shares])
