"""The panels of notebooks 2 and 5 in a real browser, served by Voilà: sliders, Run, Stop, and what
stays behind.

Served are the cells that import and that show widgets; that all cells run is tested where the
notebooks are executed. Needs Chromium and its driver (Debian: chromium, chromium-driver), selenium
and voila; skipped, with the reason, where one of them is missing.
"""

import time

import nbformat
import pytest

By = pytest.importorskip("selenium.webdriver.common.by", reason="selenium is not installed").By
psutil = pytest.importorskip("psutil")
pytest.importorskip("voila", reason="voila is not installed")

from notebook_server import PATIENCE, Page, Server, excerpt  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402

pytestmark = pytest.mark.browser
OWN = [
    "%load_ext fl_krum",
    "%%mamba --players 3 --inputs [7, 9] --show opened\n"
    "a, b = sint.get_private_input_from(0), sint.get_private_input_from(1)\n"
    'print_ln("Who is <b>richer</b>?")\n'
    "for i in range(3):\n    (a < b).reveal_to(i)\n",
]


@pytest.fixture(scope="module")
def server(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voila")
    cells = [nbformat.v4.new_code_cell(text) for text in OWN]
    for name, notebook in (
        ("explorer", excerpt("02", ("predict(", "PlaintextExplorer("))),
        ("session", excerpt("05", ("predict(", "SessionPanel("))),
        ("own", nbformat.v4.new_notebook(cells=cells)),
    ):
        nbformat.write(notebook, folder / f"{name}.ipynb")
    chromium.set_window_size(1500, 1400)
    one = Server(folder)
    try:
        one.wait()
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def explorer(chromium, server):
    return Page(chromium, server, "explorer.ipynb", ".krum-n input")


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


def test_a_cell_tells_each_player_in_its_own_colour(chromium, server):
    page = Page(chromium, server, "own.ipynb", "body")
    page.wait(lambda: "embedded players" in page.text("body"), "the result")
    said = page.text("body")
    assert "Who is <b>richer</b>?" in said and "line 5 opens to player 2: 1" in said
    names = chromium.find_elements(By.XPATH, "//div[b[starts-with(text(), 'player ')]]")
    assert [one.text for one in names] == [f"player {i}: 1" for i in range(3)]
    assert len({one.value_of_css_property("border-left-color") for one in names}) == 3
    assert server.players() == [] and page.errors() == []


@pytest.fixture(scope="module")
def runner(chromium, server):
    return Page(chromium, server, "session.ipynb", ".krum-n input")


def test_a_session_is_run_to_its_end(runner, server):
    page = runner
    page.type(".krum-n", 5)
    page.wait(lambda: page.limit(".krum-f-slider") == (1, 1), "f <= 1 at n = 5")
    page.type(".krum-d", 4)
    reach_by_keyboard(page, ".krum-run").send_keys(Keys.ENTER)
    page.wait(lambda: "Done: 5 rounds" in page.text(".krum-status"), "the end of the session")
    assert page.figure()
    assert page.errors() == [] and server.players() == []


def test_a_forbidden_session_cannot_be_run(runner):
    page = runner
    page.type(".krum-n", 7)
    page.type(".krum-f", 3)
    page.wait(lambda: "2f + 2 < n" in page.text(".krum-problem"), "the explanation")
    assert page.find(".krum-run").get_property("disabled")
    page.type(".krum-f", 2)
    page.wait(lambda: not page.find(".krum-run").get_property("disabled"), "Run to be allowed")


def test_another_data_set_brings_its_own_d(runner):
    page = runner
    choice = Select(page.find(".krum-dataset select"))
    for name, d, most in (("digits", 650, 650), ("breast_cancer", 5, 31)):
        choice.select_by_visible_text(name)
        page.wait(lambda d=d, m=most: page.limit(".krum-d-slider") == (m, d), f"d of {name}")
        time.sleep(0.5)  # a late answer of the browser would change it again
        assert (page.number(".krum-d"), page.limit(".krum-d-slider")) == (d, (most, d))


def test_stop_leaves_no_player(runner, server):
    page = runner
    start_a_long_session(page)
    page.wait(lambda: "round 3" in page.text(".krum-status"), "the third round")
    assert len(server.players()) == 13
    page.click(".krum-stop")
    page.wait(lambda: "Stopped after" in page.text(".krum-status"), "the session to stop")
    assert server.players() == []
    page.wait(lambda: not page.find(".krum-run").get_property("disabled"), "Run to be allowed")
    assert page.errors() == []


def test_closing_the_server_leaves_no_player(runner, server):
    start_a_long_session(runner)
    runner.wait(lambda: len(server.players()) == 13, "the players")
    running = server.players()
    server.process.terminate()
    _, alive = psutil.wait_procs(running, PATIENCE)
    assert alive == []


def reach_by_keyboard(page, selector):
    """Go from the first field to an element with the tabulator alone; its focus must be seen."""
    page.find(".krum-n input").click()
    for _ in range(40):
        element = page.driver.switch_to.active_element
        if element == page.find(selector):
            shown = element.value_of_css_property("outline-style")
            assert shown != "none" or element.value_of_css_property("box-shadow") != "none"
            return element
        element.send_keys(Keys.TAB)
    raise AssertionError(f"{selector} is not reached with the tabulator")


def start_a_long_session(page):
    """Start one of so many clients and rounds that it is not over before the test is."""
    page.type(".krum-n", 12)
    for _ in range(15):
        page.push(".krum-rounds", Keys.RIGHT)
    page.wait(lambda: page.text(".krum-rounds .widget-readout") == "20", "T = 20")
    page.click(".krum-run")
