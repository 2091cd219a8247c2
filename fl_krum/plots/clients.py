"""Clients in the plane, as numbered marks."""

import numpy as np

from .style import glyph, role


def draw_clients(axes, X, byzantine=(), size=23.0) -> None:
    """Draw clients of the plane: a disc is honest, a square Byzantine.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    X : array_like, shape (n, 2)
    byzantine : collection of int
        Rows of the Byzantine clients.
    size : float
        Of a mark, in points.

    Clients that stand at the same place share a mark, as accomplices often do: "6–7".
    """
    X = np.asarray(X, dtype=np.float64)
    for rows in _together(X, byzantine):
        label, point = _label(rows), X[rows[0]]
        axes.plot(*point, glyph(rows[0], byzantine), color=role(rows[0], byzantine),
                  markersize=size, markeredgecolor="white", zorder=2)  # fmt: skip
        font = 0.56 * size * min(1.0, 2.4 / len(label))
        axes.annotate(label, point, color="white", weight="bold", fontsize=font, ha="center",
                      va="center_baseline", zorder=3)  # fmt: skip
    axes.set(xlabel="First coordinate", ylabel="Second coordinate")
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.12)


def _together(X, byzantine) -> list[list[int]]:
    """Put the rows into groups of the same place and kind."""
    groups: dict[tuple, list[int]] = {}
    for row, point in enumerate(X):
        groups.setdefault((*point, row in byzantine), []).append(row)
    return list(groups.values())


def _label(rows) -> str:
    first, last = rows[0] + 1, rows[-1] + 1
    if len(rows) > 1 and last - first == len(rows) - 1:
        return f"{first}–{last}"
    return ",".join(str(row + 1) for row in rows)
