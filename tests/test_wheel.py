"""The package as it is installed: a wheel is built, and works away from the sources."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from repository import ROOT

from fl_krum import KrumProgram
from fl_krum.lesson.lab_copies import make_copies

pytest.importorskip("setuptools", reason="setuptools builds the wheel")

BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
SOURCES = ("fl_krum", "mamba")
#: Python in a browser, as the npm package `pyodide` has it: `npm install --no-save pyodide`.
PYODIDE = Path(os.environ.get("FL_KRUM_PYODIDE", ROOT / "node_modules/pyodide"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the files of the wheel, made of a copy, for setuptools writes beside them."""
    copy, target = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("installed")
    for name in ("pyproject.toml", "setup.py", "requirements.txt", "README.md", "LICENSE"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for name in ("notebooks", "docs", "examples"):
        shutil.copytree(ROOT / name, copy / name)
    for file in files_of(ROOT):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_bytes((ROOT / file).read_bytes())
    build = [sys.executable, "-c", BUILD, str(target)]
    done = subprocess.run(build, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    wheel.unlink()
    return target


def files_of(folder):
    """All that the packages there consist of, compiled modules left out."""
    found = (path for name in SOURCES for path in (folder / name).rglob("*"))
    return {
        path.relative_to(folder)
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def run(installed, *arguments):
    """``python -m fl_krum`` of the wheel, in a folder where no source is."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "fl_krum", *arguments]
    done = subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_every_file_of_the_packages(installed):
    lesson = {file for file in files_of(installed) if "course" in file.parts}
    assert files_of(installed) - lesson == files_of(ROOT)


def test_the_lesson_comes_along_as_it_is_in_the_checkout(installed, tmp_path):
    of_the_wheel, of_the_checkout = tmp_path / "wheel", tmp_path / "checkout"
    run(installed, "lab", str(of_the_wheel), "--copy-only")
    make_copies(ROOT, of_the_checkout, package=installed)
    copies, expected = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (of_the_wheel, of_the_checkout)
    )
    assert copies == expected and len(copies) > 12


def test_a_session_runs_from_the_wheel(installed):
    assert "equal in the clear" in run(installed, "session", "--rounds", "1")


def test_the_wheel_generates_the_same_program(installed):
    assert run(installed, "program") == KrumProgram().source()


def test_the_wheel_tells_its_engines_and_version(installed):
    assert "embedded" in run(installed, "check")
    (metadata,) = Path(installed).glob("*.dist-info/METADATA")
    fields = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
    assert run(installed, "--version").split() == ["fl_krum", fields["Version"]]
    required = "\n".join(fields.get_all("Requires-Dist"))
    assert "numpy>=" in required and 'jupyterlab>=4.1; extra == "notebooks"' in required


# --- In Pyodide, which is Python in a browser -----------------------------------------------------

#: Runs a text of Python in Pyodide, with the wheel on its path, and prints its value.
NODE = """
const [pyodide, wheel, text, numpy] = process.argv.slice(1);
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide();
if (numpy) await python.loadPackage("numpy");
python.FS.mkdir("/wheel");
python.FS.mount(python.FS.filesystems.NODEFS, { root: wheel }, "/wheel");
console.log(python.runPython(text));
"""
#: Solutions of exercises, put to their checks; toy shares; what the system refuses there.
IN_THE_BROWSER = """
import importlib, json, sys, threading, types
sys.path.insert(0, "/wheel")
if not NUMPY:  # the package has Python alone: checks of shares need no more of NumPy than this name
    sys.modules["numpy"] = types.ModuleType("numpy")
    sys.modules["numpy"].ndarray = type("ndarray", (), {})
from fl_krum.lesson import toy_comparison, toy_shares

result = {}
shares = toy_shares.share(42, 3, range(1, 8))
result["secret"] = toy_shares.reconstruct({player: shares[player] for player in (2, 4, 5, 7)})
computation = toy_shares.Computation(p=2**61 - 1)
small, large = computation.share(3), computation.share(40)
result["less"] = toy_comparison.less_than(small, large, 8).open()
try:
    threading.Thread(target=print).start()
except RuntimeError as error:
    result["thread"] = str(error)
for module, check, function, solution in SOLUTIONS:
    scope = {}
    exec(solution, scope)
    result[check] = getattr(importlib.import_module(module), check)(scope[function]).passed
wrong = importlib.import_module("fl_krum.lesson.exercises.shares_by_hand").check_share
result["wrong"] = wrong(lambda secret, t, players, p: {player: secret for player in players})
json.dumps(result)
"""
WITHOUT_NUMPY = ("check_share", "check_reduce", "check_choose", "check_less_than_zero")


def solutions_of_shares():
    """Module, check, function and solution of the exercises of notebook 3."""
    cells = json.loads((ROOT / "notebooks/03_shares_by_hand.ipynb").read_text("utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    for text, below in zip(texts, texts[1:], strict=False):
        call = re.search(r"^(check_\w+)\((\w+)\)", text, re.M)
        solution = re.search(r"<details>.*?```python\n(.*?)```", below, re.S)
        if call and solution:
            module = re.search(rf"from (\S+) import {call[1]}$", text, re.M)[1]
            yield module, call[1], call[2], solution[1]


def test_the_wheel_runs_in_pyodide(installed):
    node = shutil.which("node")
    if node is None or not (PYODIDE / "pyodide.mjs").is_file():
        pytest.skip("no Node, or no Pyodide: npm install --no-save pyodide")
    numpy = any(PYODIDE.glob("numpy-*.whl"))  # in the full distribution
    solutions = [one for one in solutions_of_shares() if numpy or one[1] in WITHOUT_NUMPY]
    text = f"NUMPY, SOLUTIONS = {numpy}, {solutions!r}\n{IN_THE_BROWSER}"
    done = subprocess.run(
        [node, "--input-type=module", "-e", NODE, str(PYODIDE), str(installed), text,
         "1" if numpy else ""],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert (found["secret"], found["less"], found["thread"]) == (42, 1, "can't start new thread")
    assert {name: found[name] for _, name, *_ in solutions} == {
        name: True for _, name, *_ in solutions
    }
    assert len(solutions) >= len(WITHOUT_NUMPY)
    assert found["wrong"] == "✗ Every player holds the secret itself."
