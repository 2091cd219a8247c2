"""Pictures of a session that goes on, one after every round, each at a fraction of the first one's
cost: where things are is found out once, and what is the same in every round is drawn once.

The places are found anew only when a text needs more room than before, so such a picture can differ
from that of `session_figure` by a pixel or two.
"""

from __future__ import annotations

import io

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imsave
from matplotlib.text import Text

from .session import draw_rounds, empty_figure, write_texts
from .style import QUICK_PNG, styled


class SessionPicture:
    """Draws one session again and again; arguments as for `session_figure`."""

    def __init__(self, settings, simulation=False):
        self._settings, self._simulation = settings, simulation
        self._axes: dict[str, Axes] = {}
        self._texts: tuple[Text, ...] = ()
        self._of_rounds: list[Artist] = []
        self._room: tuple[int, int] | None = None

    @styled
    def png(self, records) -> bytes:
        """Draw the rounds so far.

        Parameters
        ----------
        records : sequence of RoundRecord

        Returns
        -------
        bytes
            A picture in the form PNG, as large as that of `session_figure`.
        """
        if self._axes:
            self._draw_rounds(records)
        if self._room is None or self._room != self._needed_room():
            self._begin(records)
        self._canvas.restore_region(self._background)
        renderer = self._canvas.get_renderer()
        for artist in sorted(self._changing(), key=Artist.get_zorder):
            artist.draw(renderer)
        buffer = io.BytesIO()
        imsave(buffer, self._canvas.buffer_rgba(), format="png", pil_kwargs=QUICK_PNG)
        return buffer.getvalue()

    def _draw_rounds(self, records) -> None:
        for artist in self._of_rounds:
            artist.remove()
        before = {*self._children()}
        draw_rounds(self._axes, records, self._settings)
        self._of_rounds = [artist for artist in self._children() if artist not in before]
        places = [text.get_position() for text in self._texts]
        self._texts = write_texts(self._canvas.figure, records, self._settings)
        for text, place in zip(self._texts, places, strict=False):
            text.set_position(place)

    def _begin(self, records) -> None:
        """Find out where everything is, and draw what stays."""
        figure, self._axes = empty_figure(self._settings, self._simulation)
        self._canvas, self._texts, self._of_rounds = FigureCanvasAgg(figure), (), []
        self._draw_rounds(records)
        self._room = self._needed_room()
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for artist in self._changing():
            artist.set_animated(True)  # so that it is left out
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(figure.bbox)

    def _needed_room(self) -> tuple[int, int]:
        """How wide the seconds are, and how many lines stand below."""
        labels = self._axes["seconds"].yaxis.get_ticklabels()
        return max(len(one.get_text()) for one in labels), self._texts[1].get_text().count("\n")

    def _children(self) -> list[Artist]:
        return [artist for axes in self._axes.values() for artist in axes.get_children()]

    def _changing(self) -> list[Artist]:
        """What is drawn anew: what the rounds bring, and the lines that lie upon it."""
        drawn = [axes for axes in self._axes.values() if axes.axison]
        lines = [line for axes in drawn for line in axes.spines.values()]
        return [*self._of_rounds, *lines, self._axes["seconds"].yaxis, *self._texts]
