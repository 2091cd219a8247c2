"""The round as a picture: who holds what, what travels, and what stays secret."""

from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from fl_krum.krum import check_parameters
from fl_krum.plots.style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    MUTED,
    SERVER,
    SMPC,
    glyph,
    new_figure,
    role,
    styled,
)

_SHOWN = 12  # more clients than these would be too small to see
_LEFT, _WIDTH = 2.2, 12.0  # of the box of the clients and that of the computation
_MIDDLE = _LEFT + _WIDTH / 2


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
    figure = new_figure(14, 8)
    figure.suptitle(
        "One round: of all the clients' vectors, only the one that Krum picks is ever seen.",
        fontsize=20, weight="bold", x=0.012, ha="left",
    )  # fmt: skip
    axes = figure.add_subplot()
    axes.set(xlim=(0.9, 17.1), ylim=(0, 8.3), aspect="equal")
    axes.set_axis_off()
    _draw_server(axes)
    _draw_computation(axes, clients)
    _draw_clients(axes, clients, range(clients - byzantine, clients))
    return figure


def _draw_server(axes) -> None:
    _box(axes, (_MIDDLE - 2.5, 7.1), 5, 1.1, SERVER)
    axes.text(_MIDDLE, 7.65, "Server (player 0)", fontsize=20, weight="bold", color="white",
              **_CENTRED)  # fmt: skip
    axes.text(_MIDDLE + 2.8, 7.65, "sees one vector a round,\nnot whose it is", va="center")
    down = [(_MIDDLE - 2.55, 7.65), (1.2, 7.65), (1.2, 1.5), (_LEFT - 0.05, 1.5)]
    _arrow(axes, down, SERVER)
    _step(axes, 1, (1.75, 6.5), "global model", SERVER)


def _draw_computation(axes, clients) -> None:
    _box(axes, (_LEFT, 4.1), _WIDTH, 1.8, SMPC, alpha=0.35)
    axes.text(_MIDDLE, 5.45, "Krum in secure multiparty computation (SMPC)", fontsize=20,
              weight="bold", **_CENTRED)  # fmt: skip
    axes.text(
        _MIDDLE, 4.7, f"all {clients + 1} players compute on shares: distances, scores, choice;\n"
        "nobody sees a vector, a distance, a score or who is chosen", **_CENTRED,
    )  # fmt: skip
    _arrow(axes, [(_MIDDLE, 5.95), (_MIDDLE, 7.05)], CHOSEN, width=6)
    _step(axes, 4, (_MIDDLE + 0.65, 6.5), "the chosen vector: next global model", CHOSEN)


def _draw_clients(axes, clients, byzantine) -> None:
    _box(axes, (_LEFT, 0.1), _WIDTH, 2.75, "none", edgecolor=MUTED)
    pitch = _WIDTH / clients
    for client in range(clients):
        x, colour = _LEFT + pitch * (client + 0.5), role(client, byzantine)
        axes.plot(x, 2.2, glyph(client, byzantine), color=colour, markersize=40)
        axes.text(x, 2.2, str(client + 1), color="white", fontsize=19, weight="bold",
                  ha="center", va="center_baseline")  # fmt: skip
        _arrow(axes, [(x, 2.9), (x, 4.05)], colour)
    honest = clients - len(byzantine)
    axes.text(_LEFT + pitch * honest / 2, 1.4, "honest clients (players)", color=HONEST, **_CENTRED)
    if byzantine:
        middle = _LEFT + pitch * (honest + clients) / 2
        axes.text(middle, 1.4, "Byzantine: may\nsend anything", color=BYZANTINE, **_CENTRED)
    _step(axes, 2, (_LEFT + 0.5, 0.55), "each trains on its own data, which stay with it", SERVER)
    _step(axes, 3, (_LEFT + _WIDTH + 0.4, 3.45), "secret shares\nof its vector", SERVER)


_CENTRED = {"ha": "center", "va": "center"}


def _box(axes, corner, width, height, colour, edgecolor="none", alpha=None) -> None:
    shape = "round,pad=0,rounding_size=0.25"
    axes.add_patch(
        FancyBboxPatch(corner, width, height, shape, facecolor=colour, edgecolor=edgecolor,
                       linewidth=2, alpha=alpha)
    )  # fmt: skip


def _arrow(axes, corners, colour, width=3.5) -> None:
    axes.add_patch(
        FancyArrowPatch(path=Path(corners), arrowstyle="-|>", color=colour, fill=True,
                        linewidth=width, mutation_scale=24, joinstyle="round")
    )  # fmt: skip


def _step(axes, number, place, text, colour) -> None:
    """Write a step of the round, its number in a disc at `place`."""
    axes.add_patch(Circle(place, 0.26, color=colour))
    axes.text(*place, str(number), color="white", weight="bold", **_CENTRED)
    axes.text(place[0] + 0.42, place[1], text, va="center")
