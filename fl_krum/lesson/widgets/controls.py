"""What the widgets of all notebooks share: linked controls for n, f and d, and plain explanations.

A widget never shows a traceback. `parameter_problem` says in words why a combination cannot be;
`KrumControls` keeps the sliders within what can be, and shows these words when somebody types a
number that cannot. Both work without a front end, as the tests and the notebooks use them.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Callable

import ipywidgets as widgets

from ...aggregators.parameters import check_parameters, largest_f
from ...federation.attacks import ATTACKS
from ...plots.style import BYZANTINE, CHOSEN, MUTED

#: Style and layout of everything with a label in front of it, so that all of it lines up.
LABEL, WIDE = {"description_width": "7.5em"}, {"width": "24em"}

_CLIENTS = range(3, 21)
_DIMENSIONS = range(1, 32)
_LABELS = {"n": "Clients n", "f": "Byzantine f", "d": "Dimension d"}
_TONES = {"problem": BYZANTINE, "good": CHOSEN, "note": MUTED}  # of a bar; letters are black


def parameter_problem(n, f, d=1, dimensions=None, check=None) -> str | None:
    """Say in words why these parameters cannot be used, or return None when they can.

    Parameters
    ----------
    n, f, d : int
        Clients, Byzantine clients, length of a client's vector.
    dimensions : range, optional
        The lengths d that are possible here, for instance ``DATASETS["digits"]``.
    check : callable, optional
        Called as ``check(n=n, f=f, d=d)`` after all else is in order; the text of a ValueError that
        it raises is the problem. `KrumProgram` is one: it knows the bit budget.
    """
    try:
        check_parameters(n, f)
    except ValueError as error:
        return f"{error}.{_why(n, f)}"
    if d < 1:
        return f"A client's vector has at least one coordinate; got d = {d}."
    if dimensions is not None and d not in dimensions:
        step = f" in steps of {dimensions.step}" if dimensions.step > 1 else ""
        return f"d must be {dimensions[0]} to {dimensions[-1]}{step} here; got d = {d}."
    try:
        if check is not None:
            check(n=n, f=f, d=d)
    except ValueError as error:
        return f"{error}."
    return None


def _why(n, f) -> str:
    """Say what would go wrong with too large an f."""
    count = n - f - 2
    if n < 3 or f < 0 or 2 * f + 2 < n:
        return ""
    if count < 1:
        return f" A score sums n - f - 2 = {count} distances: no neighbour would be left to sum."
    others = "1 nearest other" if count == 1 else f"{count} nearest others"
    if count < f:
        why = "a liar can have as many accomplices, all at its own place, and a score of 0"
    else:
        why = "all of these may be Byzantine, and Krum needs one that is not"
    return f" A score looks at the n - f - 2 = {others}; with f = {f}, {why}."


def notice(text: str | None, tone: str = "problem") -> str:
    """Return `text` as HTML with a coloured bar; tone "problem", "good" or "note"; "" for none."""
    if not text:
        return ""
    return (
        f'<div style="border-left: 6px solid {_TONES[tone]}; padding: 2px 12px; '
        f'line-height: 1.5">{html.escape(text)}</div>'
    )


def attack_choice(value="sign-flip") -> widgets.Dropdown:
    """Make a dropdown with all attacks by name."""
    return widgets.Dropdown(
        options=list(ATTACKS), value=value, description="Attack", style=LABEL, layout=WIDE
    ).add_class("krum-attack")


class KrumControls:
    """A slider and a number field each for n, f and d, and a line that explains what cannot be.

    The number fields hold the truth. The sliders move only where something is possible: f's maximum
    follows n, and f is lowered when n leaves no room for it. Whoever types a number that cannot be
    reads why below, and the sliders wait.

    Parameters
    ----------
    n, f, d : int
        Where the controls begin.
    clients, dimensions : range
        Where the sliders of n and d can go; other d are refused, other n >= 3 are not.
    check : callable, optional
        As for `parameter_problem`.

    Attributes
    ----------
    n, f, d : ipywidgets.IntText
        Set or read ``.value``.
    sliders : dict of ipywidgets.IntSlider
        By the names "n", "f", "d".
    message : ipywidgets.HTML
        The explanation, empty when all is well.
    box : ipywidgets.VBox
        All of these, to be shown.
    """

    def __init__(self, n=7, f=2, d=5, clients=_CLIENTS, dimensions=_DIMENSIONS, check=None):
        self._clients, self._dimensions, self._check = clients, dimensions, check
        self._callbacks: list[Callable[[], object]] = []
        self._busy = False
        limits = {"n": clients, "f": range(largest_f(n) + 1), "d": dimensions}
        self.n, self.f, self.d = (
            _field(name, value) for name, value in (("n", n), ("f", f), ("d", d))
        )
        self.sliders = {name: _slider(name, limits[name]) for name in limits}
        self.message = widgets.HTML(layout={"max_width": "31em"}).add_class("krum-problem")
        rows = [widgets.HBox([self.sliders[name], getattr(self, name)]) for name in limits]
        self.box = widgets.VBox([*rows, self.message])
        for name in limits:
            self._field(name).observe(lambda change, name=name: self._typed(name), "value")
            self.sliders[name].observe(lambda change, name=name: self._slid(name), "value")
        self._settle()

    @property
    def values(self) -> dict[str, int]:
        """The three numbers by name, possible together or not."""
        return {name: self._field(name).value for name in ("n", "f", "d")}

    @property
    def problem(self) -> str | None:
        """Why these numbers cannot be used together; None when they can."""
        return parameter_problem(**self.values, dimensions=self._dimensions, check=self._check)

    @property
    def disabled(self) -> bool:
        """Whether the controls are locked, as they should be while something runs."""
        return self.n.disabled

    @disabled.setter
    def disabled(self, locked: bool) -> None:
        for control in (self.n, self.f, self.d, *self.sliders.values()):
            control.disabled = locked

    def observe(self, callback: Callable[[], object]) -> None:
        """Call ``callback()`` once after every change, however many controls move with it."""
        self._callbacks.append(callback)

    def set(self, **values: int) -> None:
        """Set several of n, f, d as one change; forbidden values are kept and explained."""
        self._busy = True
        try:
            for name, value in values.items():
                self._field(name).value = value
        finally:
            self._busy = False
        self._changed()

    def set_dimensions(self, dimensions: range) -> None:
        """Let d go elsewhere, as another data set needs; d moves to the nearest possible length."""
        self._dimensions = dimensions
        self.sliders["d"].step = dimensions.step
        self.set(d=min(dimensions, key=lambda d: abs(d - self.d.value)))

    def _field(self, name) -> widgets.IntText:
        return getattr(self, name)

    def _slid(self, name) -> None:
        if not self._busy:
            self._field(name).value = self.sliders[name].value  # goes on in _typed

    def _typed(self, name) -> None:
        if self._busy:
            return
        if name == "n":
            self.set(f=min(self.f.value, largest_f(self.n.value)))
        else:
            self._changed()

    def _changed(self) -> None:
        self._settle()
        for callback in self._callbacks:
            callback()

    def _settle(self) -> None:
        """Bring the sliders to the numbers, as far as they can go, and explain the numbers."""
        values, lengths = self.values, self._dimensions
        self._busy = True
        try:
            _bring(self.sliders["n"], values["n"], self._clients[0], self._clients[-1])
            _bring(self.sliders["f"], values["f"], 0, largest_f(values["n"]))
            _bring(self.sliders["d"], values["d"], lengths[0], lengths[-1])
        finally:
            self._busy = False
        self.message.value = notice(self.problem)


class Picture(widgets.HTML):
    """A figure in a panel, with words for those who do not see it, which an `Image` cannot have.

    Parameters
    ----------
    widest : str
        With its unit, for instance "1200px".
    display : str, optional
        "none" as long as there is no figure.

    Attributes
    ----------
    png : bytes
        The picture that is shown.
    """

    def __init__(self, widest: str, display: str | None = None):
        super().__init__(layout={"width": "100%", "max_width": widest, "display": display})
        self.add_class("krum-figure")
        self.png = b""

    def show(self, picture: bytes, words: str) -> None:
        """Show a PNG; `words` say what is to be seen on it."""
        self.png = picture
        data, said = base64.b64encode(picture).decode("ascii"), html.escape(words)
        look = 'style="width: 100%"'
        self.value = f'<img {look} alt="{said}" src="data:image/png;base64,{data}">'


def mimebundle(box: widgets.Widget, text: str, picture: bytes | None = None) -> dict:
    """Return what Jupyter is to show of a panel: the live widget, or a still picture, or a line.

    For ``_repr_mimebundle_``. A page without a kernel, as where the repository is read on the web,
    shows the first of these that it can; `picture` is a PNG.
    """
    bundle = {**box._repr_mimebundle_(), "text/plain": text}
    if picture is not None:
        bundle["image/png"] = base64.b64encode(picture).decode("ascii")
    return bundle


def _bring(slider, value, least, most) -> None:
    with slider.hold_trait_notifications():
        slider.min, slider.max = least, most
        slider.value = min(max(value, least), most)


def _slider(name, limits) -> widgets.IntSlider:
    return widgets.IntSlider(
        value=limits[0],
        min=limits[0],
        max=limits[-1],
        step=limits.step,
        description=_LABELS[name],
        readout=False,
        continuous_update=False,
        style=LABEL,
        layout=WIDE,
    ).add_class(f"krum-{name}-slider")


def _field(name, value) -> widgets.IntText:
    return widgets.IntText(
        value=value, layout={"width": "5.5em"}, tooltip=_LABELS[name], continuous_update=False
    ).add_class(f"krum-{name}")
