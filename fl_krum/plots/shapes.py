"""Boxes, arrows and numbered steps: what the pictures of a round are drawn with."""

from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

CENTRED = {"ha": "center", "va": "center"}


def draw_box(axes, corner, width, height, colour, edgecolor="none", alpha=None) -> None:
    """Draw a box with round corners, `corner` being the lower left one."""
    shape = "round,pad=0,rounding_size=0.25"
    axes.add_patch(
        FancyBboxPatch(corner, width, height, shape, facecolor=colour, edgecolor=edgecolor,
                       linewidth=2, alpha=alpha)
    )  # fmt: skip


def draw_arrow(axes, corners, colour, width=3.5) -> None:
    """Draw an arrow along `corners`, with its head at the last."""
    axes.add_patch(
        FancyArrowPatch(path=Path(corners), arrowstyle="-|>", color=colour, fill=True,
                        linewidth=width, mutation_scale=24, joinstyle="round")
    )  # fmt: skip


def draw_step(axes, number, place, text, colour) -> None:
    """Write a step of the round, its number in a disc at `place`."""
    axes.add_patch(Circle(place, 0.26, color=colour))
    axes.text(*place, str(number), color="white", weight="bold", **CENTRED)
    axes.text(place[0] + 0.42, place[1], text, va="center")
