"""The round as a picture: who holds what, what travels, and what stays secret (or does not)."""

from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from ..aggregators.parameters import check_parameters
from .style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    MUTED,
    SERVER,
    SMPC,
    as_letters,
    glyph,
    new_figure,
    role,
    styled,
)

_SHOWN = 12  # more clients than these would be too small to see
_LEFT, _WIDTH = 2.2, 12.0  # of the box of the clients and that of the computation
_MIDDLE = _LEFT + _WIDTH / 2
_CENTRED = {"ha": "center", "va": "center"}


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
    axes = _new_axes(
        clients,
        byzantine,
        "One round: of all the clients' vectors, only the one that Krum picks is ever seen.",
    )
    _draw_server(axes, "Server (player 0)", "is sent one vector a round,\nand not told whose it is")
    _draw_computation(axes, clients)
    _draw_clients(axes, clients, byzantine, "clients (players)", tops=(_LEFT, _LEFT + _WIDTH, 4.05))
    _draw_step(axes, 3, (_LEFT + _WIDTH + 0.4, 3.45), "secret shares\nof its vector", SERVER)
    return axes.figure


@styled
def ordinary_round_figure(clients=7, byzantine=0) -> Figure:
    """Draw one round of ordinary federated learning: the server sees every vector and averages.

    Arguments and errors are those of `round_figure`.
    """
    title = "One round of ordinary federated learning: the server sees every client's vector."
    axes = _new_axes(clients, byzantine, title)
    _draw_server(axes, "Server", "takes the mean of the vectors:\nthe next global model")
    _draw_clients(axes, clients, byzantine, "clients", tops=(_MIDDLE - 2.2, _MIDDLE + 2.2, 7.05))
    _draw_step(axes, 3, (_LEFT + _WIDTH - 1.6, 4.8), "its vector,\nnot its data", SERVER)
    return axes.figure


def _new_axes(clients, byzantine, title):
    check_parameters(clients, byzantine)
    if clients > _SHOWN:
        raise ValueError(f"clients must be at most {_SHOWN} to be drawn, got {clients}")
    figure = new_figure(14, 8)
    figure.suptitle(title, fontsize=20, weight="bold", x=0.012, ha="left")
    axes = figure.add_subplot()
    axes.set(xlim=(0.9, 17.1), ylim=(0, 8.3), aspect="equal")
    axes.set_axis_off()
    return axes


def _draw_server(axes, name, task) -> None:
    _draw_box(axes, (_MIDDLE - 2.5, 7.1), 5, 1.1, SERVER)
    axes.text(_MIDDLE, 7.65, name, fontsize=20, weight="bold", color="white", **_CENTRED)
    axes.text(_MIDDLE + 2.8, 7.65, task, va="center")
    down = [(_MIDDLE - 2.55, 7.65), (1.2, 7.65), (1.2, 1.5), (_LEFT - 0.05, 1.5)]
    _draw_arrow(axes, down, SERVER)
    _draw_step(axes, 1, (1.75, 6.5), "global model", SERVER)


def _draw_computation(axes, clients) -> None:
    _draw_box(axes, (_LEFT, 4.1), _WIDTH, 1.8, SMPC, alpha=0.35)
    axes.text(_MIDDLE, 5.45, "Krum in secure multiparty computation (SMPC)", fontsize=20,
              weight="bold", **_CENTRED)  # fmt: skip
    axes.text(
        _MIDDLE,
        4.7,
        f"all {clients + 1} players compute on shares: distances, scores, choice;\n"
        "no player is shown a vector, a distance, a score or the choice",
        **_CENTRED,
    )
    _draw_arrow(axes, [(_MIDDLE, 5.95), (_MIDDLE, 7.05)], CHOSEN, width=6)
    _draw_step(axes, 4, (_MIDDLE + 0.65, 6.5), "the chosen vector: next global model", CHOSEN)


def _draw_clients(axes, clients, byzantine, name, tops) -> None:
    """Draw the clients, and an arrow from each; `tops` is where they end: left, right, height."""
    left, right, height = tops
    byzantine = range(clients - byzantine, clients)
    _draw_box(axes, (_LEFT, 0.1), _WIDTH, 2.75, "none", edgecolor=MUTED)
    pitch = _WIDTH / clients
    for client in range(clients):
        x, colour = _LEFT + pitch * (client + 0.5), role(client, byzantine)
        axes.plot(x, 2.2, glyph(client, byzantine), color=colour, markersize=40)
        axes.text(x, 2.2, str(client + 1), color="white", fontsize=19, weight="bold",
                  ha="center", va="center_baseline")  # fmt: skip
        end = left + (right - left) * (client + 0.5) / clients
        _draw_arrow(axes, [(x, 2.9), (end, height)], colour)
    honest = clients - len(byzantine)
    axes.text(_LEFT + pitch * honest / 2, 1.4, f"honest {name}", color=HONEST, **_CENTRED)
    if byzantine:
        middle = _LEFT + pitch * (honest + clients) / 2
        axes.text(
            middle, 1.4, "Byzantine: may\nsend anything", color=as_letters(BYZANTINE), **_CENTRED
        )
    trains = "each trains on its own data, which stay with it"
    _draw_step(axes, 2, (_LEFT + 0.5, 0.55), trains, SERVER)


def _draw_box(axes, corner, width, height, colour, edgecolor="none", alpha=None) -> None:
    """Draw a box with round corners, `corner` being the lower left one."""
    shape = "round,pad=0,rounding_size=0.25"
    axes.add_patch(
        FancyBboxPatch(corner, width, height, shape, facecolor=colour, edgecolor=edgecolor,
                       linewidth=2, alpha=alpha)
    )  # fmt: skip


def _draw_arrow(axes, corners, colour, width=3.5) -> None:
    """Draw an arrow along `corners`, with its head at the last."""
    axes.add_patch(
        FancyArrowPatch(path=Path(corners), arrowstyle="-|>", color=colour, fill=True,
                        linewidth=width, mutation_scale=24, joinstyle="round")
    )  # fmt: skip


def _draw_step(axes, number, place, text, colour) -> None:
    """Write a step of the round, its number in a disc at `place`."""
    axes.add_patch(Circle(place, 0.26, color=colour))
    axes.text(*place, str(number), color="white", weight="bold", **_CENTRED)
    axes.text(place[0] + 0.42, place[1], text, va="center")
