"""Figures, made for a projector: of a session, of one choice of Krum, and of the round as such.

The `…_figure` functions give a `matplotlib.figure.Figure`; the `draw_…` functions draw one panel on
given axes. In figures clients count from 1, as players do (player 0 is the server); arguments count
rows from 0, as everywhere else in the code.
"""

from .choice import draw_distances, draw_points, draw_scores, krum_figure
from .clients import draw_clients
from .images import images_figure
from .leaderboard import leaderboard_figure, matches_figure
from .plane import draw_result, mean_figure, rules_figure
from .round import ordinary_round_figure, round_figure
from .session import draw_accuracy, draw_chosen, draw_seconds, session_figure
from .style import (
    BYZANTINE,
    CHOSEN,
    HONEST,
    KRUM,
    MEAN,
    MUTED,
    SERVER,
    SMPC,
    new_figure,
    panel,
    png,
    styled,
)
from .sweep import sweep_figure
from .table import accuracy_table_figure

__all__ = [
    "BYZANTINE",
    "CHOSEN",
    "HONEST",
    "KRUM",
    "MEAN",
    "MUTED",
    "SERVER",
    "SMPC",
    "accuracy_table_figure",
    "draw_accuracy",
    "draw_chosen",
    "draw_clients",
    "draw_distances",
    "draw_points",
    "draw_result",
    "draw_scores",
    "draw_seconds",
    "images_figure",
    "krum_figure",
    "leaderboard_figure",
    "matches_figure",
    "mean_figure",
    "new_figure",
    "ordinary_round_figure",
    "panel",
    "png",
    "round_figure",
    "rules_figure",
    "session_figure",
    "styled",
    "sweep_figure",
]
