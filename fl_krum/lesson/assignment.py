"""Notebooks of the lesson as assignments of otter-grader, which runs students' answers again.

otter makes two notebooks of a *master*: the one for students, and the one with solutions that the
autograder is tested with. Here a notebook of the lesson becomes a master: each exercise is a
question, worth the points of ``grading.py``; its solution, which is folded up in the text below,
goes before the call of the check; the test is that the check passes. So students still read what
is wrong with an answer, and otter counts points.

Written for otter-grader 7. The format: https://otter-grader.readthedocs.io, Otter Assign.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .grading import tasks_of
from .lab_copies import READING, copy_reading, find_notebooks, fit, without_outputs
from .lab_copies import without_solutions as strip_solutions

_CHECK = re.compile(r"^(?:print\()?check_(\w+)\((\w+)\)", re.M)
_SOLUTION = re.compile(r"<details>\s*<summary>Solution.*?```(python|mpc)\n(.*?)```", re.S)
_CONFIGURATION = """\
# ASSIGNMENT CONFIG
init_cell: true
export_cell:
  pdf: false
  run_tests: false
"""
_FILES = f"files:\n  - {READING}\n"


def plan(root: Path, folder: Path) -> dict[Path, Path]:
    """Which notebooks have exercises, and the folder that the assignment of each will be in.

    Raises
    ------
    ValueError
        otter-grader is not installed, or one of the folders is there already.
    """
    if find_spec("otter") is None:
        raise ValueError("otter-grader is missing: pip install 'otter-grader>=7'")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder")
    graded = {task.notebook for task in tasks_of(root)}
    targets = {path: folder / path.stem for path in find_notebooks(root) if path.name[:2] in graded}
    for target in targets.values():
        if target.exists():
            raise ValueError(f"{target} is there already; name another folder")
    return targets


def make_assignment(path: Path, target: Path) -> None:
    """Have otter make an assignment of a notebook: the folders ``student`` and ``autograder``.

    Raises
    ------
    ChildProcessError
        otter refuses the master; with its words.
    """
    with tempfile.TemporaryDirectory() as work:
        copy_reading(path.parent.parent, Path(work))
        source = Path(work, path.name)
        source.write_text(json.dumps(master(path)), encoding="utf-8")
        _assign(source, target)


def master(path: Path) -> dict[str, Any]:
    """The master of one notebook, as Otter Assign reads it."""
    points = {task.name: task.points for task in tasks_of(path.parent.parent)}
    notebook = without_outputs(json.loads(path.read_text(encoding="utf-8")))
    modules = _modules_of_checks(notebook)
    links = any("](../" in "".join(cell["source"]) for cell in notebook["cells"])
    cells, result = notebook["cells"], [_raw(_CONFIGURATION + (_FILES if links else ""))]
    for cell, below in zip(cells, [*cells[1:], _raw("")], strict=True):
        text = "".join(cell["source"])
        found = _CHECK.search(text) if cell["cell_type"] == "code" else None
        if not found:
            result.append(cell)
            continue
        name, answer = found.groups()
        solution = _SOLUTION.search("".join(below["source"]))
        if not solution:
            raise ValueError(f"{path.name}: there is no solution below check_{name}")
        test = f"from {modules[name]} import check_{name}\n\nbool(check_{name}({answer}).passed)"
        result += [
            _raw(f"# BEGIN QUESTION\nname: {name}\npoints: {points[name]}"),
            _raw("# BEGIN SOLUTION"),
            _code(_with_solution(text, found.start(), answer, *solution.groups())),
            _raw("# END SOLUTION"),
            _raw("# BEGIN TESTS"),
            _code(test, "True"),
            _raw("# END TESTS"),
            _raw("# END QUESTION"),
        ]
    notebook["cells"] = result
    notebook = strip_solutions(notebook)
    fit(notebook, lambda text: text)
    return notebook


def _with_solution(text: str, call: int, answer: str, language: str, solution: str) -> str:
    """A student's cell with the solution before the call of the check, to be taken out by otter."""
    if language == "mpc":  # a program that is in no cell of its own
        solution = f'{answer} = """\n{solution}"""\n'
    marked = f"# BEGIN SOLUTION NO PROMPT\n{solution.rstrip()}\n# END SOLUTION\n"
    return text[:call] + marked + text[call:]


def _modules_of_checks(notebook: dict[str, Any]) -> dict[str, str]:
    """Which module each check is imported from, as the notebook's own cells say it."""
    found = {}
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code" and not text.startswith("%%"):
            for node in ast.walk(ast.parse(re.sub(r"^%.*$", "", text, flags=re.M))):
                if isinstance(node, ast.ImportFrom) and node.module:
                    for alias in node.names:
                        found[alias.name.removeprefix("check_")] = node.module
    return found


def _raw(text: str) -> dict[str, Any]:
    return {"cell_type": "raw", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str, result: str = "") -> dict[str, Any]:
    shown = {"output_type": "execute_result", "data": {"text/plain": [result]}, "metadata": {},
             "execution_count": None}  # fmt: skip
    return {"cell_type": "code", "metadata": {}, "source": text.splitlines(keepends=True),
            "outputs": [shown] if result else [], "execution_count": None}  # fmt: skip


def _assign(source: Path, target: Path) -> None:
    command = [sys.executable, "-m", "otter", "assign", "--no-run-tests", "--no-pdfs"]
    done = subprocess.run(
        [*command, source.name, str(target.resolve())],
        cwd=source.parent, capture_output=True, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
        raise ChildProcessError(f"otter makes no assignment of {source.name}: {said}")
