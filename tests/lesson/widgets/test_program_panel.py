"""The generator's panel without a front end."""

import base64
import html
import re

import pytest

from fl_krum.lesson.program_sections import sections
from fl_krum.lesson.widgets.program_panel import ProgramPanel, program_page
from fl_krum.program.krum_program import KrumProgram


def plain(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def test_a_page_holds_the_program():
    page = program_page(9, 3, 650)
    assert page.problem is None and page.program == KrumProgram(9, 3, 650)
    parts = sections(page.program.source())
    assert all(part.text.strip() in plain(page.listing) for part in parts)
    assert all(part.explanation in plain(page.listing) for part in parts)
    assert "+ n = 9 " in plain(page.changed) and "- n = 7 " in plain(page.changed)
    assert "in all" in page.cost


def test_the_download_is_the_program():
    data = re.search(r'base64,([^"]+)"', program_page(9, 3, 650).changed)[1]
    assert base64.b64decode(data).decode() == KrumProgram(9, 3, 650).source()


@pytest.mark.parametrize(
    ("n", "f", "d", "said"),
    [
        (7, 3, 5, "2f + 2 < n"),
        (2, 0, 5, "at least n = 3 clients"),
        (7, -1, 5, "f >= 0"),
        (7, 2, 0, "at least one coordinate"),
        (300, 2, 5, "too many"),
        (7, 2, 2**40, "bit budget"),
    ],
)
def test_what_cannot_be_is_explained(n, f, d, said):
    page = program_page(n, f, d)
    assert said in page.problem
    assert page.program is None and page.listing == page.changed == page.cost == ""


def test_the_panel_follows_its_controls():
    panel = ProgramPanel()
    assert panel.page.program == KrumProgram()
    panel.controls.set(n=9, f=3)
    assert panel.page.program == KrumProgram(9, 3, 5)
    assert "+ n = 9 " in plain(panel.tabs.children[0].value)


def test_the_panel_explains_and_recovers():
    panel = ProgramPanel()
    panel.controls.set(f=3)
    assert "2f + 2 &lt; n" in panel.controls.message.value
    assert panel.page.program is None
    assert all("no such program" in child.value for child in panel.tabs.children[:2])
    panel.controls.set(f=1)
    assert panel.controls.message.value == "" and "+ f = 1 " in plain(panel.tabs.children[0].value)


def test_curves_are_drawn_where_they_are_looked_at():
    panel = ProgramPanel()
    picture = panel.tabs.children[2].children[1]
    assert picture.value == ""
    panel.tabs.selected_index = 2
    first = picture.value
    assert (
        first.startswith("<img ")
        and 'alt="Megabytes and' in first
        and picture.layout.display is None
    )
    panel.controls.set(n=9)
    assert picture.value != first
    panel.controls.set(f=4)
    assert picture.layout.display == "none"


def test_what_jupyter_shows():
    bundle = ProgramPanel(n=9, f=3)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("krum.mpc for n = 9, f = 3, d = 5\n")
    # Its numbers are in words, too: nbval compares words, and does not look at pictures.
    cost = KrumProgram(9, 3, 5).cost()
    assert f"  exchanges of messages: {len(cost.rounds)}\n" in bundle["text/plain"]
    assert f"  bytes sent by all players: {cost.bytes:,}\n" in bundle["text/plain"]
    assert bundle["image/png"].startswith("iVBORw0KGgo")


def test_a_program_that_cannot_be_has_no_picture():
    panel = ProgramPanel()
    panel.controls.set(f=3)
    assert "image/png" not in panel._repr_mimebundle_()
