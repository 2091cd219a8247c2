"""The round as a picture: who holds what, what travels, and what the computation keeps secret."""

from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from fl_krum.krum import check_parameters
from fl_krum.style import CHOSEN, MUTED, SERVER, SMPC, glyph, new_figure, role, styled

_SHOWN = 12  # more clients than these would be too small to see


@styled
def round_figure(clients=7, byzantine=2) -> Figure:
    """Draw one round: global model down, training, secret shares, Krum in SMPC, one vector up.

    Parameters
    ----------
    clients, byzantine : int
        n and f, 2f + 2 < n <= 12; the last f clients are drawn as Byzantine.

    Raises
    ------
    ValueError
        If n and f do not fit each other, or n is too large to draw.
    """
    check_parameters(clients, byzantine)
    if clients > _SHOWN:
        raise ValueError(f"clients must be at most {_SHOWN} to be drawn, got {clients}")
    figure = new_figure(16, 10)
    axes = figure.add_subplot()
    axes.set(xlim=(0, 16), ylim=(0, 10), aspect="equal")
    axes.set_axis_off()
    _draw_server(axes)
    _draw_computation(axes, clients)
    _draw_clients(axes, clients, range(clients - byzantine, clients))
    return figure


def _draw_server(axes) -> None:
    _box(axes, (5.5, 7.55), 5.0, 1.1, SERVER)
    axes.text(8, 8.1, "Server (player 0)", color="white", fontsize=21, weight="bold", **_CENTRED)
    axes.text(10.8, 8.1, "sees one model a round,\nnot whose it is", color=MUTED, va="center")


def _draw_computation(axes, clients) -> None:
    _box(axes, (2, 4.35), 12, 1.85, SMPC, alpha=0.3)
    axes.text(8, 5.75, "Krum in secure multiparty computation (SMPC)", fontsize=21, weight="bold",
              **_CENTRED)  # fmt: skip
    axes.text(
        8, 4.95, f"all {clients + 1} players compute on shares: distances, scores, choice;\n"
        "nobody sees a vector, a distance, a score or who is chosen", **_CENTRED,
    )  # fmt: skip
    _arrow(axes, (8, 6.3), (8, 7.5), CHOSEN, width=6)
    _step(axes, 4, (8.65, 6.88), "the chosen vector: next global model", CHOSEN)


def _draw_clients(axes, clients, byzantine) -> None:
    _box(axes, (2, 0.2), 12, 2.75, "white", edgecolor=MUTED)
    _arrow(axes, (5.4, 8.1), (0.9, 1.9), SERVER, style="-", bend="angle,angleA=180,angleB=90,rad=20")
    _arrow(axes, (0.9, 1.95), (1.95, 1.6), SERVER, bend="angle,angleA=-90,angleB=180,rad=20")
    _step(axes, 1, (1.35, 6.88), "global model", SERVER)
    _step(axes, 2, (2.5, 0.7), "each trains it on its own data, which never leave the client", SERVER)
    _step(axes, 3, (0, 3.65), "", SERVER)
    pitch = 12 / clients
    for client in range(clients):
        x = 2 + pitch * (client + 0.5)
        colour = role(client, byzantine)
        axes.plot(x, 2.0, glyph(client, byzantine), color=colour, markersize=46)
        axes.text(x, 2.0, str(client + 1), color="white", fontsize=20, weight="bold", **_CENTRED)
        _arrow(axes, (x, 2.75), (x, 4.25), colour)


_CENTRED = {"ha": "center", "va": "center"}


def _box(axes, corner, width, height, colour, **look) -> None:
    look = {"edgecolor": "none", "linewidth": 2, **look}
    axes.add_patch(FancyBboxPatch(corner, width, height, "round,pad=0,rounding_size=0.25",
                                  facecolor=colour, **look))  # fmt: skip


def _arrow(axes, start, end, colour, width=3.5, style="-|>", bend="arc3") -> None:
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle=style, connectionstyle=bend, color=colour,
                                   linewidth=width, mutation_scale=26, shrinkA=0, shrinkB=0))  # fmt: skip


def _step(axes, number, place, text, colour) -> None:
    """Write a numbered step, its number in a disc."""
    axes.add_patch(Circle(place, 0.27, color=colour))
    axes.text(*place, str(number), color="white", weight="bold", **_CENTRED)
    axes.text(place[0] + 0.42, place[1], text, va="center")
