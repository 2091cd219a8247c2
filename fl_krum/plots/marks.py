"""Marks in the plane that never cover each other: they are moved apart when the figure is drawn.

Honest vectors lie close together, accomplices at one and the same place. Each mark stays as near to
its point as the others let it; where it had to move, a thin line leads from it to a dot at its
point. How much room a mark takes on the paper is known only when the figure is drawn, so that is
when they are moved; matplotlib has no such thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from .style import MUTED, SERVER

_ROOM = 1.08  # between the middles of two marks, in their radii
_RING = 1.45  # a ring around a mark, in its size
_STEPS = 400


@dataclass(eq=False)
class Mark:
    """One mark: where it belongs, and how it looks.

    Attributes
    ----------
    point : ndarray, shape (2,)
        In the coordinates of the data.
    size : float
        In typographic points.
    symbol : Line2D
        The mark itself.
    text : Text
        What stands on it; may be empty.
    ring : Line2D or None
        A ring around it.
    place : ndarray, shape (2,)
        Where it was drawn last, in pixels; NaN if it was not.
    """

    point: np.ndarray
    size: float
    symbol: Line2D
    text: Text
    ring: Line2D | None = None
    place: np.ndarray = field(default_factory=lambda: np.full(2, np.nan))

    @property
    def radius(self) -> float:
        """Half of what it takes on the paper, in typographic points."""
        return (_RING if self.ring else 1.0) * self.size / 2


class Marks(Artist):
    """All marks of one pair of axes; `marks_on` makes it, or finds it.

    Attributes
    ----------
    marks : list of Mark
    links : list of (Mark, Mark)
        Pairs with a line between them.
    """

    def __init__(self, axes: Axes):
        super().__init__()
        self._on = axes
        self.set_zorder(4)
        self.set_in_layout(False)
        self.marks: list[Mark] = []
        self.links: list[tuple[Mark, Mark]] = []

    def add(self, point, marker, colour, size, label="", edge="white") -> Mark:
        """Add a mark at `point`, shape (2,), and make room for it on the axes."""
        look: dict = {"linestyle": "", "marker": marker, "markersize": size, "color": colour}
        font = size * (0.68 if len(label) < 2 else 0.56)
        mark = Mark(
            np.array(point, dtype=np.float64),
            size,
            self._own(Line2D([0], [0], markeredgecolor=edge, markeredgewidth=1.5, **look)),
            self._own(Text(0, 0, label, color="white", weight="bold", fontsize=font,
                           ha="center", va="center_baseline")),
        )  # fmt: skip
        self.marks.append(mark)
        self._on.update_datalim([mark.point])
        self._on.autoscale_view()
        return mark

    def surround(self, mark: Mark, colour) -> None:
        """Draw a ring around a mark."""
        look: dict = {"linestyle": "", "marker": "o", "fillstyle": "none", "markeredgewidth": 5}
        size = _RING * mark.size
        mark.ring = self._own(Line2D([0], [0], color=colour, markersize=size, **look))

    def link(self, one: Mark, other: Mark) -> None:
        """Draw a line between two marks, wherever they are."""
        self.links.append((one, other))

    def at(self, point) -> Mark | None:
        """Return the first mark that belongs to exactly this point."""
        return next((mark for mark in self.marks if np.array_equal(mark.point, point)), None)

    def get_children(self) -> list[Artist]:
        """Return all artists of which the marks consist."""
        parts = [(mark.ring, mark.symbol, mark.text) for mark in self.marks]
        return [part for group in parts for part in group if part is not None]

    def draw(self, renderer) -> None:
        """Move the marks apart and draw those whose points are on the axes."""
        shown = [mark for mark in self.marks if self._is_inside(mark.point)]
        if not shown:
            return
        pixels = self._on.figure.dpi / 72
        points = self._on.transData.transform([mark.point for mark in shown])
        places = apart(points, pixels * np.array([mark.radius for mark in shown]))
        for mark, place in zip(shown, places, strict=True):
            mark.place = place
        for one, other in self.links:
            self._line(renderer, one.place, other.place, color=MUTED, linewidth=3)
        for point, place in zip(points, places, strict=True):
            if np.linalg.norm(place - point) > pixels:
                self._line(renderer, point, place, color=SERVER, linewidth=1.5)
                self._line(renderer, point, point, color=SERVER, marker="o", markersize=5)
        for mark in shown:
            for part in (mark.ring, mark.symbol):
                if part is not None:
                    part.set_data(*mark.place[:, None])
                    part.draw(renderer)
            mark.text.set_position((mark.place[0], mark.place[1]))
            mark.text.draw(renderer)
        self.stale = False

    def _line(self, renderer, start, end, **look) -> None:
        self._own(Line2D(*np.transpose([start, end]), **look)).draw(renderer)

    def _own(self, part):
        """Let a part be drawn in pixels, on the figure of these axes."""
        part.set_figure(self._on.figure)
        part.set_transform(IdentityTransform())
        return part

    def _is_inside(self, point) -> bool:
        limits = np.transpose([sorted(self._on.get_xlim()), sorted(self._on.get_ylim())])
        return bool(np.all(limits[0] <= point) and np.all(point <= limits[1]))


def marks_on(axes) -> Marks:
    """Return the marks of these axes, which have none before the first call."""
    found = next((artist for artist in axes.artists if isinstance(artist, Marks)), None)
    return found or axes.add_artist(Marks(axes))


def apart(points, radii) -> np.ndarray:
    """Move discs away from each other, no farther than they must.

    Parameters
    ----------
    points : array_like, shape (k, 2)
        Where their middles belong.
    radii : array_like, shape (k,)

    Returns
    -------
    ndarray of float64, shape (k, 2)
        Where no two of them overlap.
    """
    radii = np.asarray(radii, dtype=np.float64)
    places = np.array(points, dtype=np.float64)
    turns = 2.4 * np.arange(len(places))  # those at one place leave it in different directions
    places += 1e-3 * np.column_stack([np.cos(turns), np.sin(turns)])
    needed = _ROOM * (radii[:, None] + radii)
    np.fill_diagonal(needed, 0)
    for _ in range(_STEPS):
        ways = places[:, None] - places
        distances = np.maximum(np.linalg.norm(ways, axis=2), 1e-9)
        missing = np.maximum(needed - distances, 0)
        if missing.max() < 0.02 * radii.max():
            break
        # A disc that others push is moved by the mean of what they ask for: the sum is too far.
        pushes = (missing > 0).sum(axis=1)
        share = 1 / np.maximum(np.maximum(pushes[:, None], pushes), 1)  # alike for both of a pair
        places += ((0.5 * share * missing / distances)[:, :, None] * ways).sum(axis=1)
    return places
