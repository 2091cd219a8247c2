"""A panel: choose how a player cheats, and see what comes of it with either security.

What it shows is made by `fl_krum.lesson.cheating.watch_cheat`, which needs no front end.
"""

from __future__ import annotations

import html

import ipywidgets as widgets

from ..cheating import CHEATS, watch_cheat
from .controls import LABEL, WIDE, mimebundle, notice

_HEADINGS = {"semi-honest": "Players that are believed", "active": "Players that verify"}


class CheatPanel:
    """Kinds of cheating, a button, and two columns of what came of it.

    Attributes
    ----------
    kind : ipywidgets.Dropdown
    run : ipywidgets.Button
    text : ipywidgets.HTML
    box : ipywidgets.VBox
    """

    def __init__(self, kind: str = "product", player: int = 7, vectors=None):
        self._player, self._vectors = player, vectors
        options = [(f"{name}: {what}", name) for name, what in CHEATS.items()]
        self.kind = widgets.Dropdown(
            options=options, value=kind, description=f"Player {player}", style=LABEL,
            layout={**WIDE, "width": "48em"},
        ).add_class("krum-cheat")  # fmt: skip
        self.run = widgets.Button(description="Cheat").add_class("krum-run")
        self.text = widgets.HTML().add_class("krum-text")
        self.box = widgets.VBox([widgets.HBox([self.kind, self.run]), self.text])
        self.run.on_click(lambda button: self.watch())

    def watch(self) -> None:
        """Run the cheat that is chosen, twice."""
        self.run.disabled = True
        self.text.value = notice("Two runs of eight players …", "note")
        try:
            outcomes = watch_cheat(self.kind.value, self._player, self._vectors)
            self.text.value = "".join(_column(outcome) for outcome in outcomes)
        except Exception as problem:  # whatever it is, no traceback
            self.text.value = notice(str(problem), "problem")
        finally:
            self.run.disabled = False

    def _repr_mimebundle_(self, **options):
        text = "Choose how a player cheats, and run Krum with it twice.\n" + "\n".join(
            f"  {name}: {what}" for name, what in CHEATS.items()
        )
        return mimebundle(self.box, f"{text}\n(Run this cell in Jupyter to get the panel.)")


def _column(outcome) -> str:
    did = "".join(f"<br>{html.escape(line)}" for line in outcome.said)
    shown = notice(outcome.what, "problem" if outcome.harm else "good")
    return f"<p><b>{_HEADINGS[outcome.security]}</b>{did}</p>{shown}"
