"""Colours, type and making of all figures: one meaning, one colour, everywhere.

The colours are those of Okabe and Ito, which most colour-blind people can tell apart ("Color
Universal Design", 2008); where it matters, a shape or a word says the same as the colour. Sizes are
made for a projector. Figures are plain `matplotlib.figure.Figure` objects, without pyplot: they
need no screen and no window, and are gone when nobody holds them.
"""

import functools
import io
import threading
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

HONEST = "#0072B2"  # blue
BYZANTINE = "#D55E00"  # vermilion
CHOSEN = "#009E73"  # green: the client that Krum chooses, and ...
KRUM = CHOSEN  # ... what is learnt from such choices
MEAN = "#CC79A7"  # reddish purple
SERVER = "#333333"
SMPC = "#56B4E9"  # sky blue: what happens inside secure multiparty computation
MUTED = "#767676"  # axes, notes and all that is not the message

# The same colours as letters, darker: what is enough for a line or a mark is too pale to be read.
_AS_LETTERS = {BYZANTINE: "#B34F00", CHOSEN: "#007A59", MEAN: "#A65485"}

_SETTINGS: dict[Any, object] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same figure everywhere
    "font.size": 16,
    "axes.titlesize": 17,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
    "axes.labelsize": 16,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 1.2,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": SERVER,
    "ytick.labelcolor": SERVER,
    "text.color": SERVER,
    "axes.labelcolor": SERVER,
    "lines.linewidth": 3.5,
    "lines.markersize": 11,
    "figure.dpi": 80,
    "savefig.facecolor": "white",
}

QUICK_PNG = {"compress_level": 1}  # a tenth more bytes, in two thirds of the time

_SETTINGS_IN_USE = threading.RLock()  # they are global; a session may be drawn in the background


def styled(function):
    """Make a function draw with the settings of this file, and leave the caller's alone."""

    @functools.wraps(function)
    def draw(*args, **keywords):
        with _SETTINGS_IN_USE, matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_SETTINGS)
            return function(*args, **keywords)

    return draw


def new_figure(width=16.0, height=8.0, **spaces) -> Figure:
    """Make an empty figure; `width` and `height` in inches, texts arranged without overlap.

    `spaces` are those of matplotlib's `ConstrainedLayoutEngine`, where they are to differ.
    """
    figure = Figure(figsize=(width, height))
    spaces = {"w_pad": 0.2, "h_pad": 0.15, "wspace": 0.04, **spaces}
    figure.set_layout_engine("constrained", **spaces)
    return figure


def png(figure, dpi=80) -> bytes:
    """Render a figure, for instance as the value of an `ipywidgets.Image`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, pil_kwargs=QUICK_PNG)
    return buffer.getvalue()


def role(client, byzantine=()) -> str:
    """Give the colour of a client by what it is; being chosen is shown by an outline in CHOSEN."""
    return BYZANTINE if client in byzantine else HONEST


def glyph(client, byzantine=()) -> str:
    """Give the shape that says the same as `role`, as a matplotlib marker."""
    return "s" if client in byzantine else "o"


def as_letters(colour) -> str:
    """Give a colour of this file as text on white has it, with a contrast of 4.5 at least."""
    return _AS_LETTERS.get(colour, colour)


def contrast(one, other) -> float:
    """Contrast of two colours, 1 to 21; letters need 4.5, large ones 3 (WCAG 2.2, 1.4.3)."""
    dark, light = sorted(_luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour) -> float:
    values = np.array(to_rgb(colour))
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def ink_on(shade) -> str:
    """Give the colour of letters on a shade: white or nearly black, whichever is read better."""
    return max("white", SERVER, key=lambda ink: contrast(ink, shade))


@styled
def panel(draw, *arguments, width=10.0, height=7.0, **keywords) -> Figure:
    """Make a figure of ``draw(axes, *arguments, **keywords)``, any of the ``draw_…`` functions.

    Parameters
    ----------
    draw : callable
    width, height : float
        Size of the figure in inches.
    """
    figure = new_figure(width, height)
    draw(figure.add_subplot(), *arguments, **keywords)
    return figure
