"""A Voilà server of a folder of notebooks, and pages of it in a real browser."""

import contextlib
import os
import socket
import subprocess
import sys
import time

import nbformat
import psutil
from repository import ROOT
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 240.0  # seconds; machines of continuous integration pause


def excerpt(notebook, words):
    """The cells of a lesson's notebook that import, and those that have one of these words."""
    (path,) = ROOT.glob(f"notebooks/{notebook}_*.ipynb")
    whole = nbformat.read(path, 4)
    code = [cell for cell in whole.cells if cell.cell_type == "code"]
    whole.cells = code[:2] + [c for c in code[2:] if any(word in c.source for word in words)]
    return whole


class Server:
    """Voilà with all notebooks of a folder; `process` is its process."""

    def __init__(self, folder):
        self._log = folder / "voila.log"
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self._port = one.getsockname()[1]
        command = [sys.executable, "-m", "voila", str(folder), "--no-browser",
                   f"--port={self._port}", "--Voila.ip=127.0.0.1"]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with open(self._log, "w") as file:
            self._server = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
        self.process = psutil.Process(self._server.pid)

    def address(self, notebook):
        return f"http://127.0.0.1:{self._port}/voila/render/{notebook}"

    def log(self):
        return self._log.read_text()

    def wait(self):
        """Wait until it answers."""
        until = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._server.poll() is None and time.monotonic() < until, self.log()
            time.sleep(0.1)

    def _answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return True
        return False

    def players(self):
        """The player processes that have come out of its kernels."""
        found = []
        for process in self.process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.name().startswith("player ") or "mamba.player" in process.cmdline():
                    found.append(process)
        return found

    def close(self):
        kernels = []
        with contextlib.suppress(psutil.NoSuchProcess):
            kernels = self.process.children(recursive=True)
        self._server.terminate()
        self._server.wait(20)
        for process in kernels:  # should the server not have ended them
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


class Page:
    """A notebook in the browser, by the classes that the widgets carry.

    Parameters
    ----------
    driver : selenium's WebDriver
    server : Server
    notebook : str
        The name of its file.
    shows : str
        A selector of what is on the page when all is.
    """

    def __init__(self, driver, server, notebook, shows):
        self.driver, self.server = driver, server
        # The widgets' own code waits four seconds for their state, and then says that it cannot
        # display them. On a busy machine that may be too short; what is really wrong stays wrong.
        for _ in range(3):
            driver.get(server.address(notebook))
            self.wait(lambda: self.find(shows), shows)
            if not self.errors():
                break

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
        image = self.find(".krum-figure img")
        drawn = (
            image is not None and image.is_displayed() and int(image.get_property("naturalWidth"))
        )
        return image.get_attribute("src") if drawn else None

    def errors(self):
        """What a cell or a widget has said, here or to the server, and a reader should not see."""
        said = f"{self.text('body')}\n{self.server.log()}".split("\n")
        signs = "Traceback", "There was an error when executing", "Error displaying widget"
        return [line for line in said if any(sign in line for sign in signs)]
