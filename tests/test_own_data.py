"""Every block of docs/own-data.md runs, from top to bottom, on files made for it."""

import csv
import importlib.util
import re
import shlex
import sys
import types

import numpy as np
import pytest
from repository import ROOT
from sklearn.datasets import load_breast_cancer

from fl_krum.cli import main

PAGE = (ROOT / "docs/own-data.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^(<!-- needs torch -->\n)?```(python|console|toml)\n(.*?)^```", re.M | re.S)
HAS_TORCH = importlib.util.find_spec("torch") is not None


def write(path, names, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """patients.csv; the same with a column hospital; and a folder with a file for each hospital."""
    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names]
    hospital = np.random.default_rng(0).integers(7, size=len(data.target))
    rows = [
        [*x, "ABCDEFG"[h], data.target_names[y]]
        for x, h, y in zip(data.data, hospital, data.target, strict=True)
    ]
    write(tmp_path / "hospitals.csv", [*names, "hospital", "diagnosis"], rows)
    write(tmp_path / "patients.csv", [*names, "diagnosis"], [[*row[:30], row[31]] for row in rows])
    (tmp_path / "hospitals").mkdir()
    for letter in "ABCDEFG":
        own = [[*row[:30], row[31]] for row in rows if row[30] == letter]
        write(tmp_path / f"hospitals/{letter}.csv", [*names, "diagnosis"], own)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Recorder:
    """Stands in for a logger that is not installed: keeps what it is told."""

    told: list = []

    def __init__(self, *folder):
        pass

    def add_scalar(self, *what):
        self.told.append(what)

    def close(self):
        pass


def stand_in(monkeypatch, name, **content):
    module = types.ModuleType(name)
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, name, module)


def loggers(monkeypatch) -> list:
    """Stand-ins for TensorBoard's writer and MLflow; gives what MLflow is told."""
    Recorder.told = []
    if not HAS_TORCH:
        for name in ("torch", "torch.utils"):
            stand_in(monkeypatch, name, __path__=[])
    stand_in(monkeypatch, "torch.utils.tensorboard", SummaryWriter=Recorder)
    metrics: list = []

    class Run:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    stand_in(
        monkeypatch, "mlflow", start_run=Run,
        log_params=lambda settings: metrics.append(settings["clients"]),
        log_metric=lambda name, value, step: metrics.append((name, value, step)),
    )  # fmt: skip
    return metrics


def run_console(block):
    for line in block.splitlines():
        arguments = shlex.split(line, comments=True)
        assert arguments[:3] == ["python", "-m", "fl_krum"], line
        # Processes of its own would take longer to start than all runs of the page. One round of a
        # session among players shows as much as five.
        more = ["--workers", "1"] if arguments[3] == "sweep" else ["--rounds", "1"]
        assert main([*arguments[3:], *more]) == 0, line


def test_every_block_of_the_page_runs(folder, monkeypatch, capsys):
    metrics = loggers(monkeypatch)
    names: dict = {}
    kinds = []
    for needs_torch, kind, block in BLOCK.findall(PAGE):
        kinds.append(kind)
        if kind == "toml":
            (folder / "experiment.toml").write_text(block, encoding="utf-8")
        elif kind == "console":
            run_console(block)
        elif HAS_TORCH or not needs_torch:
            exec(compile(block, f"docs/own-data.md: {block[:60]}", "exec"), names)
            if "def middle" in block:  # the page's mine.py
                source = block[block.index("def") : block.index("\n\n\nFed")]
                (folder / "mine.py").write_text(f"import numpy as np\n\n\n{source}\n")
    assert kinds.count("python") > 12 and kinds.count("console") > 2 and "toml" in kinds
    assert (folder / "patients.png").exists()
    assert (folder / "experiment-results" / "figure.png").exists()
    told = [(tag, step) for tag, _, step in Recorder.told]
    assert told == [("accuracy", 1), ("accuracy", 2)]
    assert metrics[0] == 7 and [one[0::2] for one in metrics[1:]] == told
    # What the comments of the page promise.
    assert repr(names["data"]) in PAGE
    printed = capsys.readouterr().out
    for promised in ("d = 2049: coefs_[0] (30 x 64)", "1.0333333333333334 [1.1999999"):
        assert promised in printed
    assert not HAS_TORCH or "at home: 1.num_batches_tracked" in printed
