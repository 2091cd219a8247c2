"""The generator of ``krum.mpc`` as a panel: move n, f and d, and read what becomes of the program.

`program_page` makes all that is shown, and works without a front end.
"""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass

import ipywidgets as widgets

from ...plots import HONEST, png
from ...plots.cost import cost_figure
from ...plots.table import facts_figure
from ...program.krum_program import KrumProgram
from ..program_sections import changes, consequences, cost_table, highlighted, sections
from .controls import KrumControls, Picture, mimebundle, notice, parameter_problem

_DIMENSIONS = range(1, 1001)
_COST_TAB = 2


@dataclass(frozen=True)
class ProgramPage:
    """What the panel shows for one choice of n, f and d.

    Attributes
    ----------
    problem : str or None
        Why there is no such program, in words; then all else is empty.
    program : KrumProgram or None
    changed, listing, cost : str
        HTML: the parameters against the default and what follows from them; the program, section by
        section, each with its explanation; rounds and bytes of each section.
    """

    problem: str | None = None
    program: KrumProgram | None = None
    changed: str = ""
    listing: str = ""
    cost: str = ""


def program_page(n=7, f=2, d=5) -> ProgramPage:
    """Generate ``krum.mpc`` for n clients, f of them Byzantine, and vectors of length d.

    Parameters that cannot be are explained in `ProgramPage.problem`; there is no exception.
    """
    problem = parameter_problem(n, f, d, check=KrumProgram)
    if problem:
        return ProgramPage(problem)
    program = KrumProgram(n, f, d)
    return ProgramPage(
        program=program,
        changed=_changes_as_html(program) + _table(program) + _download(program),
        listing="".join(_section_as_html(section) for section in sections(program.source())),
        cost=_preformatted(cost_table(program)),
    )


class ProgramPanel:
    """Controls for n, f and d, and below them the program that they make.

    Attributes
    ----------
    controls : KrumControls
    page : ProgramPage
        What is shown at the moment.
    tabs : ipywidgets.Tab
        What changed; the program; its cost.
    box : ipywidgets.VBox
        All of it.
    """

    def __init__(self, n=7, f=2, d=5):
        self.controls = KrumControls(n, f, d, dimensions=_DIMENSIONS, check=KrumProgram)
        self._changed, self._listing, self._cost = (widgets.HTML() for _ in range(3))
        self._picture = Picture("1280px")
        cost = widgets.VBox([self._cost, self._picture])
        self.tabs = widgets.Tab([self._changed, self._listing, cost])
        self.tabs.titles = ("What changed", "The program", "What it costs")
        self.box = widgets.VBox([self.controls.box, self.tabs]).add_class("krum-program")
        self.controls.observe(self.update)
        self.tabs.observe(lambda change: self._draw(), "selected_index")
        self.update()

    def update(self) -> None:
        """Show the program of the present n, f and d, or nothing where there is none."""
        self.page = program_page(**self.controls.values)
        nothing = notice("There is no such program: the reason stands above.", "note")
        self._changed.value = self.page.changed or nothing
        self._listing.value = self.page.listing or nothing
        self._cost.value = self.page.cost or nothing
        self._draw()

    def _draw(self) -> None:
        """Draw the curves, which takes longer than all the text, only where they are looked at."""
        looked_at = self.tabs.selected_index == _COST_TAB and self.page.program is not None
        self._picture.layout.display = None if looked_at else "none"
        if looked_at:
            words = "Megabytes and exchanges of one aggregation against n, and against d."
            self._picture.show(png(cost_figure(self.page.program)), words)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        values = ", ".join(f"{name} = {value}" for name, value in self.controls.values.items())
        lines, picture = [f"krum.mpc for {values}"], None
        if self.page.program is not None:
            facts = consequences(self.page.program)
            lines += [f"  {name}: {number:,}" for name, number in facts.items()]
            picture = png(facts_figure(facts, lines[0]), dpi=64)
        text = "\n".join([*lines, "(Run this cell in Jupyter to move the sliders.)"])
        return mimebundle(self.box, text, picture)


def _changes_as_html(program) -> str:
    colours = {"+": "#D7F0E5", "-": "#FBE3D6"}
    lines = [
        f'<div style="background: {colours.get(line[0], "none")}">{html.escape(line)}</div>'
        for line in changes(program).split("\n")
    ]
    return _preformatted("".join(lines), escape=False)


def _table(program) -> str:
    """What follows from the parameters, beside what follows from the default ones."""
    cell = '<td style="padding: 2px 12px; text-align: {}">{}</td>'
    default = consequences(KrumProgram())
    rows = "".join(
        "<tr>"
        + cell.format("left", html.escape(name))
        + cell.format("right", f"{default[name]:,}")
        + cell.format("right", f"<b>{value:,}</b>" if value != default[name] else f"{value:,}")
        + "</tr>"
        for name, value in consequences(program).items()
    )
    head = "".join(cell.format("right", text) for text in ("", "default", "now"))
    return f'<table style="line-height: 1.4">{head}{rows}</table>'


def _download(program) -> str:
    """A link that holds the program itself, so that no file is written here."""
    data = base64.b64encode(program.source().encode()).decode()
    href = f"data:text/plain;charset=utf-8;base64,{data}"
    look = f"color: {HONEST}; text-decoration: underline"
    return f'<p><a download="krum.mpc" href="{href}" style="{look}">Download this krum.mpc</a></p>'


def _section_as_html(section) -> str:
    last = section.first_line + section.text.count("\n") - 1
    is_open = " open" if section.title == "Parameters" else ""
    return (
        f'<details{is_open} style="line-height: 1.5"><summary style="cursor: pointer">'
        f"<b>{section.title}</b> (lines {section.first_line}–{last})</summary>"
        f'<p style="margin: 4px 16px">{html.escape(section.explanation)}</p>'
        f'<div style="font-size: 90%; margin: 0 16px">{highlighted(section.text.strip())}</div>'
        "</details>"
    )


def _preformatted(text, escape=True) -> str:
    text = html.escape(text) if escape else text
    return f'<pre style="font-family: monospace; line-height: 1.4">{text}</pre>'
