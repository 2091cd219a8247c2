"""The explorer of notebook 2: Krum in the clear, redrawn for other n, f, d, attacks and vectors.

`explore` is the whole of it, a plain function from settings to a figure and a sentence;
`PlaintextExplorer` puts sliders in front of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from ...aggregators.krum import krum
from ...aggregators.rules import mean
from ...federation.session import FederatedSession
from ...plots import krum_figure, png
from ..toy_vectors import example_vectors
from .controls import (
    LABEL,
    WIDE,
    KrumControls,
    Picture,
    attack_choice,
    mimebundle,
    notice,
    parameter_problem,
)

#: Where the vectors come from: drawn for a page, or trained on real data in the first round.
SOURCES = {"made up, to fit a page": "example", "trained: breast cancer data": "breast_cancer"}

_CLIENTS = range(3, 16)  # with more, the numbers in the figure become too small to read
_DIMENSIONS = range(1, 32)
_DPI = 72


@dataclass(frozen=True)
class Exploration:
    """What to show for one setting.

    Attributes
    ----------
    figure : Figure or None
        None where Krum cannot be used.
    text : str
        What the figure shows, or why there is none.
    possible : bool
    byzantine_chosen : bool
    """

    figure: Figure | None
    text: str
    possible: bool
    byzantine_chosen: bool = False


def explore(
    n=7, f=2, d=2, attack="sign-flip", source="example", draw=0, client=None
) -> Exploration:
    """Draw one choice of Krum, and say what it means.

    Parameters
    ----------
    n, f, d : int
        Clients, Byzantine clients, length of a vector. Impossible ones are explained, not raised.
    attack : str
        A name in `fl_krum.federation.attacks.ATTACKS`.
    source : {"example", "breast_cancer"}
        Vectors of `example_vectors`, or those of the first round of a `FederatedSession`.
    draw : int
        Seed: the same arguments give the same figure.
    client : int, optional
        Row whose neighbours are drawn when d = 2; by default the chosen one.
    """
    problem = parameter_problem(n, f, d, _DIMENSIONS)
    if problem:
        return Exploration(None, problem, possible=False)
    X, byzantine = _vectors(n, f, d, attack, source, draw)
    result = krum(X, f)
    return Exploration(
        krum_figure(X, f, byzantine, client),
        _sentence(X, result, byzantine),
        possible=True,
        byzantine_chosen=result.index in byzantine,
    )


def _vectors(n, f, d, attack, source, draw):
    if source == "example":
        return example_vectors(n, f, d, attack, draw)
    session = FederatedSession(
        clients=n, byzantine=f, dimension=d, rounds=1, attack=attack, dataset=source, seed=draw,
        aggregate=krum,
    )  # fmt: skip
    byzantine = () if attack == "none" else session.byzantine_clients
    return session.run()[0].updates, byzantine


def _sentence(X, result, byzantine) -> str:
    centre = np.delete(X, list(byzantine), axis=0).mean(axis=0)
    by_krum, by_mean = (np.linalg.norm(v - centre) for v in (result.vector, mean(X)))
    kind = "a Byzantine" if result.index in byzantine else "an honest"
    return (
        f"Krum chooses client {result.index + 1}, {kind} one, {by_krum:.3g} away from the mean of "
        f"the honest clients. The plain mean of all is {by_mean:.3g} away from it."
    )


class PlaintextExplorer:
    """Sliders for n, f and d, the attack and the vectors; the figure follows them.

    Arguments are those of `explore`, where the explorer begins.

    Attributes
    ----------
    controls : KrumControls
    attack, source, client : ipywidgets.Dropdown
        The client is that whose neighbours are drawn when d = 2: a row, or None for the chosen one.
    draw : ipywidgets.IntSlider
        The seed.
    image : Picture
    text : ipywidgets.HTML
    box : ipywidgets.VBox
    """

    def __init__(self, n=7, f=2, d=2, attack="sign-flip", source="example", draw=0):
        self.controls = KrumControls(n, f, d, clients=_CLIENTS, dimensions=_DIMENSIONS)
        self.attack = attack_choice(attack)
        self.source = widgets.Dropdown(
            options=SOURCES, value=source, description="Vectors", style=LABEL, layout=WIDE
        ).add_class("krum-source")
        self.draw = widgets.IntSlider(
            value=draw, max=20, description="Random draw", continuous_update=False, style=LABEL,
            layout=WIDE,
        ).add_class("krum-draw")  # fmt: skip
        self.client = widgets.Dropdown(
            options=_rows(n), description="Lines from", style=LABEL, layout=WIDE
        ).add_class("krum-client")
        self.image = Picture("1400px")
        self.text = widgets.HTML().add_class("krum-text")
        right = widgets.VBox([self.attack, self.source, self.draw, self.client])
        self.box = widgets.VBox(
            [widgets.HBox([self.controls.box, right]), self.text, self.image]
        ).add_class("krum-explorer")
        self._offering = False
        self._drawn = ""  # n, f and d of the figure that is shown
        self.controls.observe(self.redraw)
        for choice in (self.attack, self.source, self.draw, self.client):
            choice.observe(self._follow, "value")
        self.redraw()

    @property
    def settings(self) -> dict:
        """The arguments of `explore` that the controls stand for."""
        choices = {"attack": self.attack, "source": self.source, "draw": self.draw}
        chosen = {name: choice.value for name, choice in choices.items()}
        return {**self.controls.values, **chosen, "client": self.client.value}

    def redraw(self) -> None:
        """Show what `explore` gives; the last figure stays where Krum cannot be used."""
        self._offer_clients()
        shown = explore(**self.settings)
        if shown.figure is None:  # the controls say why
            self.text.value = notice(f"The figure still shows {self._drawn}.", "note")
            return
        self._drawn = ", ".join(
            f"{name} = {number}" for name, number in self.controls.values.items()
        )
        self.text.value = notice(shown.text, "problem" if shown.byzantine_chosen else "good")
        self.image.show(png(shown.figure, dpi=_DPI), shown.text)

    def _follow(self, change) -> None:
        if not self._offering:
            self.redraw()

    def _offer_clients(self) -> None:
        """Let the lines begin at any of the n clients, if there are lines at all."""
        rows, row = _rows(self.controls.n.value), self.client.value
        if self.controls.problem is None and rows != self.client.options:
            self._offering = True  # changes of the list are no wish of the reader
            self.client.options = rows
            self.client.value = row if row in dict(rows).values() else None
            self._offering = False
        self.client.disabled = self.controls.d.value != 2

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        said = explore(**self.settings).text
        text = f"{said}\n(Run this cell in Jupyter to move the sliders.)"
        return mimebundle(self.box, text, self.image.png)


def _rows(n) -> tuple[tuple[str, int | None], ...]:
    return (("the chosen client", None), *((f"client {row + 1}", row) for row in range(n)))
