"""A browser for the tests of several files."""

import shutil

import pytest

BROWSERS = "chromium", "chromium-browser", "google-chrome"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --window-size=1500,1400"
).split()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Chromium and its driver, with a log of what it asks of the network; nothing is downloaded.

    Where one of them is missing the test is skipped, with the reason.
    """
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    program = shutil.which("chromedriver")
    if browser is None:
        pytest.skip("no chromium on this machine")
    if program is None:
        pytest.skip("no chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(program))
    yield driver
    driver.quit()
