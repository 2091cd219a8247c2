"""Slides and a page in a real browser: nothing is asked of the network, and all is drawn.

Needs Chromium and its driver, and selenium; skipped, with the reason, where one is missing.
"""

import json

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from repository import ROOT

from fl_krum.lesson.export import exporters

pytestmark = pytest.mark.browser
LESSON = sorted(ROOT.glob("notebooks/*.ipynb"))


def opened(driver, make, path, folder):
    """Open what an exporter makes of a notebook; gives the addresses that it asked for."""
    file = folder / "file.html"
    file.write_text(make(path), encoding="utf-8")
    driver.set_window_size(1024, 900)
    driver.get("about:blank")  # a page that is left may still say something to its server
    for kind in ("performance", "browser"):
        driver.get_log(kind)  # forget what was before
    driver.get(file.as_uri())
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [message["params"]["request"]["url"] for message in messages
             if message["method"] == "Network.requestWillBeSent"]  # fmt: skip
    return [url for url in asked if not url.startswith("data:") and url != file.as_uri()]


@pytest.mark.parametrize("path", LESSON, ids=lambda path: path.stem)
def test_slides_are_shown_without_network_and_none_is_taller_than_the_page(
    chromium, tmp_path, path
):
    assert opened(chromium, exporters.slides, path, tmp_path) == []
    assert chromium.get_log("browser") == []
    for _ in range(chromium.execute_script("return Reveal.getTotalSlides()")):
        zoom, height, title = chromium.execute_script(
            """const slide = Reveal.getCurrentSlide();
            return [slide.style.zoom, slide.scrollHeight, slide.innerText.slice(0, 60)]"""
        )
        assert zoom == "1" and height <= exporters.HEIGHT, (title, height)
        chromium.execute_script("Reveal.next()")
    assert chromium.execute_script("return Reveal.isLastSlide()")


def test_a_page_is_shown_without_network(chromium, tmp_path):
    assert opened(chromium, exporters.page, LESSON[2], tmp_path) == []
    images = "return Array.from(document.images).filter(i => i.naturalWidth < 50).length"
    assert chromium.execute_script(images) == 0


def test_formulas_are_drawn(chromium, tmp_path):
    formula = r"$$\frac{1}{n} \sum_{i=1}^n \lVert w_i - w \rVert^2$$"
    cell = new_markdown_cell(formula, metadata={"slide": "Here $x$ is short."})
    for make, before in ((exporters.page, "Here $x$ is short.\n\n"), (exporters.slides, "")):
        cell.source = before + formula
        nbformat.write(
            new_notebook(cells=[new_markdown_cell("# Title"), cell]), tmp_path / "mine.ipynb"
        )
        assert opened(chromium, make, tmp_path / "mine.ipynb", tmp_path) == []
        chromium.execute_script("if (window.Reveal) Reveal.next()")
        short, long = chromium.execute_script(
            """return Array.from(document.querySelectorAll("math")).map(
            element => element.querySelector("mrow").getBoundingClientRect().width)"""
        )
        assert 5 < short < 40 < long
