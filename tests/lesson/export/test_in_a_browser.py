"""Slides and a page in a real browser: nothing is asked of the network, and all is drawn.

Needs Chromium and its driver, and selenium; skipped, with the reason, where one is missing.
"""

import json
import shutil

import pytest
from repository import ROOT

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from fl_krum.lesson.export import exporters  # noqa: E402

BROWSERS = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
DRIVER = shutil.which("chromedriver")
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


def opened(driver, make, number, folder):
    """Open what an exporter makes of a notebook; gives the addresses that it asked for."""
    (path,) = ROOT.glob(f"notebooks/{number}_*.ipynb")
    file = folder / "file.html"
    file.write_text(make(path), encoding="utf-8")
    driver.get_log("performance")
    driver.get(file.as_uri())
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [message["params"]["request"]["url"] for message in messages
             if message["method"] == "Network.requestWillBeSent"]  # fmt: skip
    return [url for url in asked if not url.startswith("data:") and url != file.as_uri()]


WIDTHS = """return Array.from(document.querySelectorAll("math")).map(
    element => element.getBoundingClientRect().width)"""


def test_slides_are_shown_without_network(chromium, tmp_path):
    assert opened(chromium, exporters.slides, "02", tmp_path) == []
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


def test_a_page_and_its_formulas_are_shown_without_network(chromium, tmp_path):
    assert opened(chromium, exporters.page, "02", tmp_path) == []
    widths = chromium.execute_script(WIDTHS)
    assert len(widths) > 20 and min(widths) > 3
    images = "return Array.from(document.images).filter(i => i.naturalWidth < 50).length"
    assert chromium.execute_script(images) == 0
