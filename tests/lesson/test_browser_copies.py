"""Notebooks for a browser: no cell that needs a process is left, and all others run without."""

import json
import os
import re
import subprocess
import sys

import pytest
from repository import ROOT

from fl_krum.lesson.browser_copies import (
    NOTEBOOKS,
    browser_copy,
    make_browser_copies,
    need_processes,
)

#: Runs the code cells of a notebook where no thread and no process can be started, as in Pyodide.
RUN = """
import json, os, sys, threading, subprocess
import matplotlib
matplotlib.use("Agg")
import ipywidgets, numpy, sklearn.datasets
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

def no_thread(*arguments, **options):
    raise RuntimeError("can't start new thread")

def no_process(*arguments, **options):
    raise OSError("no processes here")

threading.Thread.start = no_thread
subprocess.Popen.__init__ = os.fork = no_process
settings = Config()
settings.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=settings)
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"][int(sys.argv[2]):]:
    if cell["cell_type"] == "code":
        done = shell.run_cell("".join(cell["source"]))
        if not done.success or "cannot be used here" in str(done.result):
            sys.exit(f"{''.join(cell['source'])}: {done.error_in_exec or done.result}")
"""


def text_of(cell):
    return "".join(cell["source"])


def code(text):
    return {"cell_type": "code", "metadata": {}, "source": [text], "outputs": [],
            "execution_count": 1}  # fmt: skip


def left_out(*texts):
    return sorted(need_processes([code(text) for text in texts]))


def test_what_starts_players_is_left_out_and_what_needs_its_result():
    assert left_out(
        "from fl_krum import LocalPlayers",  # imports nothing that is not there
        "x = predict('how many?')",
        "with LocalPlayers(p) as players:\n    y = players.aggregate(v)",
        "print(y)",
        "x.compare(y)",
        "def later():\n    return y + 1",
        "y = 2",
        "print(y, [y for _ in range(3)])",
    ) == [1, 2, 3, 4, 5]  # fmt: skip


def test_a_prediction_that_another_cell_compares_stays():
    assert left_out("x = predict('?')", "run_program(t)", "x.compare(3)") == [1]


def test_a_name_of_a_function_inside_is_its_own():
    assert left_out("views = LocalPlayers(p)", "def show(views):\n    return views") == [0]


def test_cells_of_mamba_are_programs_of_players():
    assert left_out("%%mamba --output best\na = sint(1)", "check_largest(best)") == [0, 1]


def test_a_sentence_stands_in_place_of_cells_and_says_where_they_run():
    places = [("Binder", "https://example.org/b"), ("Colab", "https://example.org/c")]
    cells = [code("run_program(a)"), code("run_program(b)"), code("1 + 1")]
    copied = browser_copy({"cells": cells, "metadata": {}}, places)
    sentence, rest = copied["cells"]
    assert text_of(rest) == "1 + 1" and rest["execution_count"] is None
    assert re.fullmatch(
        r"\*What follows here starts processes.* It runs on \[Binder\]\(https://example.org/b\), "
        r"\[Colab\]\(https://example.org/c\) or on your own machine.*\*",
        text_of(sentence),
    )
    assert "It runs on your own machine" in text_of(browser_copy({"cells": cells})["cells"][0])


def test_the_copies_of_the_lesson_install_the_wheel_and_lead_nowhere_outside(tmp_path):
    written = make_browser_copies(ROOT, tmp_path, {})
    assert [path.name[:2] for path in written] == list(NOTEBOOKS)
    for path in written:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first = next(text_of(cell) for cell in cells if cell["cell_type"] == "code")
        assert "await piplite.install" in first and "keep_results()" in first
        text = "\n".join(text_of(cell) for cell in cells if cell["cell_type"] == "markdown")
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)\)", text):
            if not re.match(
                r"0\d_\w+\.ipynb", target
            ):  # of another notebook, which may be elsewhere
                assert (tmp_path / target).exists(), f"{path.name}: {target}"


@pytest.mark.long  # it runs a whole notebook once more
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a part of what is refused is missing here")
def test_notebook_4_runs_where_neither_threads_nor_processes_can_be_started(tmp_path):
    pytest.importorskip("ipywidgets")
    written = make_browser_copies(ROOT, tmp_path, {})[3]
    cells = json.loads(written.read_text(encoding="utf-8"))["cells"]
    start = next(n for n, cell in enumerate(cells) if cell["cell_type"] == "code") + 1
    done = subprocess.run(
        [sys.executable, "-c", RUN, written.name, str(start)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
