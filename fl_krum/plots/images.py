"""Rows of small pictures: training examples, what a vector gave away, and the vector itself."""

import numpy as np
from matplotlib.figure import Figure

from .style import MUTED, new_figure, styled

_INK = "Greys"  # of pixels, 0 (paper) to 1 (ink)
# Of weights, which have a sign: dark blue below 0, grey, light yellow above. The lightness alone
# tells, so it does in grey too; white in the middle would not.
_SIGNED = "cividis"
_WIDEST = 14.0  # inches: what a projector still shows large enough


@styled
def images_figure(rows, captions=(), size=1.45) -> Figure:
    """Draw rows of pictures with a name in front of each row.

    Parameters
    ----------
    rows : mapping of str to array, shape (pictures, height, width)
        The pictures of each row. A row with a negative value is drawn as weights, all such rows on
        one scale; any other as ink on paper, 0 to 1. NaN leaves a place empty.
    captions : sequence of str
        What stands above each column; or above each picture, if there are as many.
    size : float
        Width of a picture in inches.
    """
    most = max(len(pictures) for pictures in rows.values())
    size = min(size, (_WIDEST - 3.4) / most)
    each = len(captions) > most  # then every row has a line of its own above it
    height = size * len(rows) + 0.3 + 0.4 * (len(rows) if each else bool(captions))
    figure = new_figure(size * most + 3.4, height, h_pad=0.04, hspace=0.03)
    grid = figure.subplots(len(rows), most, squeeze=False)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    signed = [row for row in rows.values() if np.nanmin(row) < 0]
    heaviest = max((np.nanmax(np.abs(row)) for row in signed), default=1.0)
    drawn = None
    for line, (name, pictures) in zip(grid, rows.items(), strict=True):
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=14)
        drawn = _draw_row(line, np.asarray(pictures, dtype=np.float64), heaviest) or drawn
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=list(grid.flat), shrink=0.9, pad=0.01, ticks=[])
        bar.ax.set_ylabel("− 0 +", rotation=90, weight="bold")
    for axes, caption in zip(grid.flat if each else grid[0], captions, strict=False):
        axes.set_title(caption, loc="center", pad=8)
    return figure


def _draw_row(line, pictures, heaviest):
    """Draw one row; return what a key of its colours can be made of, if it needs one."""
    weights = np.nanmin(pictures) < 0
    most, drawn = heaviest if weights else 1.0, None
    for axes, picture in zip(line, pictures, strict=False):
        if np.isnan(picture).all():
            axes.text(
                0.5, 0.5, "–", color=MUTED, transform=axes.transAxes, ha="center", va="center"
            )
            continue
        drawn = axes.imshow(
            picture, cmap=_SIGNED if weights else _INK, vmin=-most if weights else 0, vmax=most
        )
        axes.spines[:].set(visible=True, color=MUTED)
    return drawn if weights else None
