"""Slides and a page in a real browser: nothing is asked of the network, and all is drawn.

Needs Chromium and its driver, and selenium; skipped, with the reason, where one is missing.
"""

import json
import shutil

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from repository import ROOT

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from fl_krum.lesson.export import exporters  # noqa: E402

BROWSERS = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
DRIVER = shutil.which("chromedriver")
LESSON = next(ROOT.glob("notebooks/02_*.ipynb"))
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-dev-shm-usage --window-size=1024,900"
).split()

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(DRIVER is None, reason="no chromedriver on this machine"),
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def opened(driver, make, path, folder):
    """Open what an exporter makes of a notebook; gives the addresses that it asked for."""
    file = folder / "file.html"
    file.write_text(make(path), encoding="utf-8")
    driver.get_log("performance")
    driver.get(file.as_uri())
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [message["params"]["request"]["url"] for message in messages
             if message["method"] == "Network.requestWillBeSent"]  # fmt: skip
    return [url for url in asked if not url.startswith("data:") and url != file.as_uri()]


def test_slides_are_shown_without_network(chromium, tmp_path):
    assert opened(chromium, exporters.slides, LESSON, tmp_path) == []
    assert chromium.get_log("browser") == []
    count = chromium.execute_script("return Reveal.getTotalSlides()")
    assert count > 60
    too_tall = []
    for number in range(1, count + 1):
        height = chromium.execute_script(
            "const s = Reveal.getCurrentSlide(); return s.getBoundingClientRect().height"
        )
        if height > 800:
            too_tall.append(number)
        chromium.execute_script("Reveal.next()")
    assert too_tall == []
    assert chromium.execute_script("return Reveal.isLastSlide()")


def test_a_page_is_shown_without_network(chromium, tmp_path):
    assert opened(chromium, exporters.page, LESSON, tmp_path) == []
    images = "return Array.from(document.images).filter(i => i.naturalWidth < 50).length"
    assert chromium.execute_script(images) == 0


def test_formulas_are_drawn(chromium, tmp_path):
    formula = r"$$\frac{1}{n} \sum_{i=1}^n \lVert w_i - w \rVert^2$$"
    notebook = new_notebook(cells=[new_markdown_cell(f"Here $x$ is short.\n\n{formula}")])
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    for make in (exporters.page, exporters.slides):
        assert opened(chromium, make, tmp_path / "mine.ipynb", tmp_path) == []
        short, long = chromium.execute_script(
            """return Array.from(document.querySelectorAll("math")).map(
            element => element.querySelector("mrow").getBoundingClientRect().width)"""
        )
        assert 5 < short < 40 < long
