"""Notebooks 2 and 5 in a real browser, served by Voilà: sliders, Run, Stop, and what stays behind.

Needs Chromium and its driver (Debian: chromium, chromium-driver), selenium and voila; skipped, with
the reason, where one of them is missing. Nothing is downloaded.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import time

import nbformat
import pytest
from repository import ROOT

By = pytest.importorskip("selenium.webdriver.common.by", reason="selenium is not installed").By
psutil = pytest.importorskip("psutil")
pytest.importorskip("voila", reason="voila is not installed")

from selenium import webdriver  # noqa: E402
from selenium.common.exceptions import StaleElementReferenceException  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
BROWSERS = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
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
    """Serve a notebook by Voilà; yields its address, its log, and the server's process."""
    log = folder / "voila.log"
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(NOTEBOOKS / notebook), "--no-browser",
               f"--port={port}", "--Voila.ip=127.0.0.1"]  # fmt: skip
    with open(log, "w") as file:
        server = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        until = time.monotonic() + PATIENCE
        while not answers(port):
            assert server.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/", log, psutil.Process(server.pid)
    finally:
        kernels = []
        with contextlib.suppress(psutil.NoSuchProcess):
            kernels = psutil.Process(server.pid).children(recursive=True)
        server.terminate()
        server.wait(20)
        for process in kernels:  # should the server not have ended them
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Page:
    """A notebook in the browser, by the classes that the widgets carry."""

    def __init__(self, driver, address, log):
        self.driver, self.log = driver, log
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
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center'})", self.find(selector)
        )
        self.find(selector).click()

    def figure(self):
        """Where the picture of the panel comes from; it changes whenever the picture does."""
        image = self.find("img.krum-figure")
        drawn = (
            image is not None and image.is_displayed() and int(image.get_property("naturalWidth"))
        )
        return image.get_attribute("src") if drawn else None

    def errors(self):
        """What a cell or a widget has said, here or to the server, and a reader should not see."""
        said = f"{self.text('body')}\n{self.log.read_text()}".split("\n")
        signs = "Traceback", "There was an error when executing", "Error displaying widget"
        return [line for line in said if any(sign in line for sign in signs)]


def players(server):
    """The player processes that have come out of a server's kernels."""
    found = []
    for process in server.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.name().startswith("player ") or "mamba.player" in process.cmdline():
                found.append(process)
    return found


@pytest.fixture(scope="module")
def explorer(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voila")
    with served("02_krum_in_plaintext.ipynb", folder) as (address, log, _):
        yield Page(chromium, address, log)


def test_the_figure_follows_n_f_and_d(explorer):
    page = explorer
    page.wait(page.figure, "the first figure")
    for name, key in (("n", Keys.RIGHT), ("f", Keys.LEFT), ("d", Keys.RIGHT)):
        before = page.figure()
        page.push(f".krum-{name}-slider", key)
        page.wait(lambda before=before: page.figure() not in (before, None), f"{name} to redraw")
    assert page.errors() == []


def test_the_limit_of_f_follows_n(explorer):
    page = explorer
    for n, most in ((9, 3), (5, 1), (13, 5)):
        page.type(".krum-n", n)
        page.wait(lambda m=most: page.limit(".krum-f-slider")[0] == m, f"f <= {most} at n = {n}")
    for f in (2, 3, 4, 5):
        page.push(".krum-f-slider", Keys.RIGHT)
        page.wait(lambda f=f: page.number(".krum-f") == f, f"f = {f}")
    page.push(".krum-f-slider", Keys.RIGHT)  # there is no further
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
    folder = tmp_path_factory.mktemp("voila")
    with served("05_federated_session.ipynb", folder) as (address, log, server):
        yield Page(chromium, address, log), server


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


def test_another_data_set_brings_its_own_d(runner):
    page, _ = runner
    choice = Select(page.find(".krum-dataset select"))
    for name, d, most in (("digits", 650, 650), ("breast_cancer", 5, 31)):
        choice.select_by_visible_text(name)
        page.wait(lambda d=d, m=most: page.limit(".krum-d-slider") == (m, d), f"d of {name}")
        time.sleep(0.5)  # a late answer of the browser would change it again
        assert (page.number(".krum-d"), page.limit(".krum-d-slider")) == (d, (most, d))


def test_stop_leaves_no_player(runner):
    page, server = runner
    start_a_long_session(page)
    page.wait(lambda: "round 3" in page.text(".krum-status"), "the third round")
    assert len(players(server)) == 13
    page.click(".krum-stop")
    page.wait(lambda: "Stopped after" in page.text(".krum-status"), "the session to stop")
    assert players(server) == []
    assert not page.find(".krum-run").get_property("disabled") and page.errors() == []


def test_closing_the_server_leaves_no_player(runner):
    page, server = runner
    start_a_long_session(page)
    page.wait(lambda: len(players(server)) == 13, "the players")
    running = players(server)
    server.terminate()
    _, alive = psutil.wait_procs(running, PATIENCE)
    assert alive == []


OWN = [
    f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n%load_ext fl_krum",
    "%%mamba --players 3 --inputs [7, 9] --show opened\n"
    "a, b = sint.get_private_input_from(0), sint.get_private_input_from(1)\n"
    'print_ln("Who is <b>richer</b>?")\n'
    "for i in range(3):\n    (a < b).reveal_to(i)\n",
]


def test_a_cell_tells_each_player_in_its_own_colour(chromium, tmp_path):
    cells = [nbformat.v4.new_code_cell(text) for text in OWN]
    path = tmp_path / "own.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    with served(path, tmp_path) as (address, log, server):
        chromium.get(address)
        WebDriverWait(chromium, PATIENCE, 0.1).until(
            lambda driver: "embedded players" in driver.find_element(By.TAG_NAME, "body").text
        )
        said = chromium.find_element(By.TAG_NAME, "body").text
        assert "Who is <b>richer</b>?" in said and "line 5 opens to player 2: 1" in said
        names = chromium.find_elements(By.XPATH, "//div[b[starts-with(text(), 'player ')]]")
        assert [one.text for one in names] == [f"player {i}: 1" for i in range(3)]
        assert len({one.value_of_css_property("border-left-color") for one in names}) == 3
        assert players(server) == [] and "Traceback" not in log.read_text()


def start_a_long_session(page):
    """Start one of so many clients and rounds that it is not over before the test is."""
    page.type(".krum-n", 12)
    for _ in range(15):
        page.push(".krum-rounds", Keys.RIGHT)
    page.wait(lambda: page.text(".krum-rounds .widget-readout") == "20", "T = 20")
    page.click(".krum-run")
