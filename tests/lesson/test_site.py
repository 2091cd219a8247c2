"""The site that `make lite` has made: its pages open, and a kernel in the browser runs the package.

Skipped, with the reason, where there is no Chromium or no site in ``out/lite``
(``FL_KRUM_SITE`` names another). The kernel is tested where the site has Pyodide itself::

    npm install --no-save pyodide@314.0.6
    python tests/fakes/pyodide_wheels.py node_modules/pyodide
    make lite PYODIDE=node_modules/pyodide
"""

import functools
import http.server
import json
import os
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from repository import ROOT

wait = pytest.importorskip("selenium.webdriver.support.ui", reason="selenium is not installed")

pytestmark = pytest.mark.browser
SITE = Path(os.environ.get("FL_KRUM_SITE", ROOT / "out/lite"))
PATIENCE = 240  # seconds
#: The package from the site's own wheel. Without NumPy, shares need no more of it than its name.
CELL = """\
import importlib.util, sys, types
import piplite
await piplite.install("fl_krum", deps=False)
if not importlib.util.find_spec("numpy"):
    sys.modules["numpy"] = types.ModuleType("numpy")
    sys.modules["numpy"].ndarray = type("ndarray", (), {})
from fl_krum.lesson import toy_shares
shares = toy_shares.share(42, 3, range(1, 8))
print("secret", 1 + toy_shares.reconstruct({i: shares[i] for i in (2, 4, 5, 7)}))
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def address():
    """Where the site is served, on this machine alone."""
    if not (SITE / "jupyter-lite.json").is_file():
        pytest.skip(f"no site in {SITE}: make lite")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def see(driver, words):
    """Wait until all of these are on the page."""
    driver.set_script_timeout(PATIENCE)  # a page that loads a kernel answers late
    body = "return document.body ? document.body.innerText : ''"
    wait.WebDriverWait(driver, PATIENCE).until(
        lambda page: all(word in page.execute_script(body) for word in words),
        f"{words} in {driver.execute_script(body)[-500:]}",
    )


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/", ["01_use_case.ipynb", "04_generate_krum_mpc.ipynb"]),
        ("/tree/index.html", ["03_shares_by_hand.ipynb"]),
        ("/notebooks/index.html?path=02_krum_in_plaintext.ipynb", ["In five minutes"]),
    ],
)
def test_its_pages_open(chromium, address, page, words):
    chromium.get(address + page)
    see(chromium, words)


def test_a_kernel_in_the_browser_runs_the_package_and_asks_nothing_of_the_network(
    chromium, address
):
    site = json.loads((SITE / "jupyter-lite.json").read_text(encoding="utf-8"))
    settings = site["jupyter-config-data"]["litePluginSettings"]
    if "pyodideUrl" not in settings["@jupyterlite/pyodide-kernel-extension:kernel"]:
        pytest.skip("this site loads Pyodide from its CDN: make lite PYODIDE=FOLDER")
    chromium.get("about:blank")
    chromium.get_log("performance")
    chromium.get(f"{address}/repl/index.html?kernel=python&execute=1&code={quote(CELL)}")
    see(chromium, ["secret 43"])
    messages = [json.loads(one["message"])["message"] for one in chromium.get_log("performance")]
    asked = [message["params"]["request"]["url"] for message in messages
             if message["method"] == "Network.requestWillBeSent"]  # fmt: skip
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
