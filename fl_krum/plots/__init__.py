"""Figures, made for a projector: of a session, of one choice of Krum, and of the round as such.

The `…_figure` functions give a `matplotlib.figure.Figure`; the `draw_…` functions draw one panel on
given axes. In figures clients count from 1, as players do (player 0 is the server); arguments count
rows from 0, as everywhere else in the code.
"""

from fl_krum.plots.choice import draw_distances, draw_points, draw_scores, krum_figure
from fl_krum.plots.round import round_figure
from fl_krum.plots.session import draw_accuracy, draw_chosen, draw_seconds, session_figure
from fl_krum.plots.style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    KRUM,
    MEAN,
    MUTED,
    SERVER,
    SMPC,
    new_figure,
    png,
    styled,
)

__all__ = [
    "BYZANTINE",
    "CHOSEN",
    "HONEST",
    "KRUM",
    "MEAN",
    "MUTED",
    "SERVER",
    "SMPC",
    "draw_accuracy",
    "draw_chosen",
    "draw_distances",
    "draw_points",
    "draw_scores",
    "draw_seconds",
    "krum_figure",
    "new_figure",
    "png",
    "round_figure",
    "session_figure",
    "styled",
]
