"""Notebooks 2 and 4 in a real browser, served by Voilà: sliders, Run, Stop, and what stays behind.

Needs Chromium and its driver (Debian: chromium, chromium-driver), selenium and voila; skipped, with the
reason, where one of them is missing. Nothing is downloaded.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

By = pytest.importorskip("selenium.webdriver.common.by", reason="selenium is not installed").By
psutil = pytest.importorskip("psutil")
pytest.importorskip("voila", reason="voila is not installed")

from selenium import webdriver  # noqa: E402
from selenium.common.exceptions import StaleElementReferenceException  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --window-size=1500,1400"
).split()
PATIENCE = 120.0  # seconds; machines of continuous integration pause

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
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@contextlib.contextmanager
def served(notebook, folder):
    """Serve a notebook by Voilà; yields the address and the server's process."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(NOTEBOOKS / notebook), "--no-browser",
               f"--port={port}", "--Voila.ip=127.0.0.1"]  # fmt: skip
    with open(folder / "voila.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + PATIENCE
        while not answers(port):
            assert server.poll() is None and time.monotonic() < until, log_of(folder)
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/", psutil.Process(server.pid)
    finally:
        left = psutil.Process(server.pid).children(recursive=True)
        server.terminate()
        server.wait(20)
        for process in left:  # the kernels
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def log_of(folder):
    return (folder / "voila.log").read_text()


class Page:
    """A notebook in the browser, by the classes that the widgets carry."""

    def __init__(self, driver, address):
        self.driver = driver
        driver.get(address)
        self.wait(lambda: self.find(".krum-n input"), "the panel")

    def wait(self, condition, what):
        def met(driver):
            try:
                return condition()
            except StaleElementReferenceException:
                return False

        return WebDriverWait(self.driver, PATIENCE, 0.1).until(met, f"waiting for {what}")

    def find(self, selector):
        return next(iter(self.driver.find_elements(By.CSS_SELECTOR, selector)), None)

    def text(self, selector):
        element = self.find(selector)
        return element.text if element else ""

    def type(self, selector, number):
        """Type a number into a field over the one that is there, and leave the field."""
        field = self.find(f"{selector} input")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(str(number), Keys.TAB)

    def number(self, selector):
        return int(self.find(f"{selector} input").get_property("value"))

    def limit(self, selector):
        """The largest value of a slider, and its present one."""
        handle = self.find(f"{selector} .noUi-handle")
        return tuple(int(float(handle.get_attribute(f"aria-value{a}"))) for a in ("max", "now"))

    def push(self, selector, key):
        """Move a slider by a key of the keyboard."""
        self.find(f"{selector} .noUi-handle").send_keys(key)

    def click(self, selector):
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.find(selector))
        self.find(selector).click()

    def figure(self):
        """Where the picture of the panel comes from; it changes whenever the picture does."""
        image = self.find("img.krum-figure")
        drawn = image is not None and image.is_displayed() and int(image.get_property("naturalWidth"))
        return image.get_attribute("src") if drawn else None

    def errors(self):
        """What a cell or a widget has said that a reader should never see."""
        shown = self.driver.find_elements(
            By.CSS_SELECTOR, "[data-mime-type='application/vnd.jupyter.error'], .jp-RenderedText "
            "[data-mime-type='application/vnd.jupyter.stderr'], .jupyter-widgets-error-widget"
        )  # fmt: skip
        return [element.text for element in shown] + [
            line for line in self.find("body").text.split("\n") if "Traceback" in line
        ]


def players(server):
    """The player processes that have come out of a server's kernels."""
    found = []
    for process in server.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "mamba.player" in process.cmdline():
                found.append(process)
    return found


@pytest.fixture(scope="module")
def explorer(chromium, tmp_path_factory):
    with served("02_krum_in_plaintext.ipynb", tmp_path_factory.mktemp("voila")) as (address, _):
        yield Page(chromium, address)


def test_the_figure_follows_n_f_and_d(explorer):
    page = explorer
    page.wait(page.figure, "the first figure")
    for selector, key in ((".krum-n-slider", Keys.RIGHT), (".krum-f-slider", Keys.LEFT), (".krum-d-slider", Keys.RIGHT)):
        before = page.figure()
        page.push(selector, key)
        page.wait(lambda before=before: page.figure() not in (before, None), f"{selector} to redraw")
    assert page.errors() == []


def test_the_limit_of_f_follows_n(explorer):
    page = explorer
    for n, most in ((9, 3), (5, 1), (13, 5)):
        page.type(".krum-n", n)
        page.wait(lambda most=most: page.limit(".krum-f-slider")[0] == most, f"f <= {most} at n = {n}")
    page.push(".krum-f-slider", Keys.END)
    page.wait(lambda: page.number(".krum-f") == 5, "f at its limit")
    page.type(".krum-n", 7)
    page.wait(lambda: page.number(".krum-f") == 2, "f lowered to what n = 7 allows")
    assert page.text(".krum-problem") == ""


def test_what_cannot_be_is_explained(explorer):
    page = explorer
    page.type(".krum-n", 7)
    page.type(".krum-f", 3)
    page.wait(lambda: "2f + 2 < n" in page.text(".krum-problem"), "the explanation")
    page.type(".krum-f", 1)
    page.wait(lambda: page.text(".krum-problem") == "", "the explanation to go")
    assert page.errors() == []


@pytest.fixture(scope="module")
def runner(chromium, explorer, tmp_path_factory):
    with served("04_federated_session.ipynb", tmp_path_factory.mktemp("voila")) as (address, server):
        yield Page(chromium, address), server


def test_a_session_is_run_to_its_end(runner):
    page, server = runner
    page.type(".krum-n", 5)
    page.wait(lambda: page.limit(".krum-f-slider") == (1, 1), "f <= 1 at n = 5")
    page.type(".krum-d", 4)
    page.click(".krum-run")
    page.wait(lambda: "Done: 5 rounds" in page.text(".krum-status"), "the end of the session")
    assert page.figure()
    assert page.errors() == [] and players(server) == []


def test_a_forbidden_session_cannot_be_run(runner):
    page, _ = runner
    page.type(".krum-n", 7)
    page.type(".krum-f", 3)
    page.wait(lambda: "2f + 2 < n" in page.text(".krum-problem"), "the explanation")
    assert page.find(".krum-run").get_property("disabled")
    page.type(".krum-f", 2)
    page.wait(lambda: not page.find(".krum-run").get_property("disabled"), "Run to be allowed")


def test_stop_leaves_no_player(runner):
    page, server = runner
    start_a_long_session(page)
    page.wait(lambda: "round 3" in page.text(".krum-status"), "the third round")
    assert len(players(server)) == 8
    page.click(".krum-stop")
    page.wait(lambda: "Stopped after" in page.text(".krum-status"), "the session to stop")
    assert players(server) == []
    assert not page.find(".krum-run").get_property("disabled") and page.errors() == []


def test_leaving_the_page_leaves_no_player(runner):
    page, server = runner
    start_a_long_session(page)
    page.wait(lambda: len(players(server)) == 8, "the players")
    page.driver.get("about:blank")
    page.wait(lambda: players(server) == [], "the players to end")


def start_a_long_session(page):
    rounds = page.find(".krum-rounds .noUi-handle")
    rounds.send_keys(Keys.END)
    page.click(".krum-run")
