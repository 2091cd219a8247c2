"""Clients in the plane, as numbered marks."""

import numpy as np

from .marks import Mark, marks_on
from .style import glyph, role


def draw_clients(axes, X, byzantine=(), size=24.0) -> list[Mark]:
    """Draw clients of the plane: a disc is honest, a square Byzantine.

    Marks of clients that lie close together are moved apart; a line leads to where each belongs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    X : array_like, shape (n, 2)
    byzantine : collection of int
        Rows of the Byzantine clients.
    size : float
        Of a mark, in points.

    Returns
    -------
    list of Mark
        One for each client.
    """
    axes.set(xlabel="First coordinate", ylabel="Second coordinate")
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.16)
    return [
        marks_on(axes).add(
            point, glyph(client, byzantine), role(client, byzantine), size, str(client + 1)
        )
        for client, point in enumerate(np.asarray(X, dtype=np.float64))
    ]
