"""Assignments of otter-grader: what a master says, and what otter itself makes and grades of it."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from repository import ROOT

from fl_krum.cli import main
from fl_krum.lesson.assignment import make_assignment, master
from fl_krum.lesson.grading import tasks_of

TASKS = tasks_of(ROOT)
NOTEBOOKS = [path for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb"))
             if path.name[:2] in {task.notebook for task in TASKS}]  # fmt: skip
RIGHT = {
    "largest_f": "    return (n - 3) // 2",
    "multi": "    return X[np.argsort(krum_scores(X, f), kind='stable')[:m]].mean(axis=0)",
}


def text_of(cell):
    return "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_exercise_is_a_question_with_its_points_a_solution_and_a_test(path):
    own = [task for task in TASKS if task.notebook == path.name[:2]]
    cells = master(path)["cells"]
    questions = [n for n, cell in enumerate(cells) if text_of(cell).startswith("# BEGIN QUESTION")]
    assert len(questions) == len(own)
    for n, task in zip(questions, own, strict=True):
        assert text_of(cells[n]) == (f"# BEGIN QUESTION\nname: {task.name}\npoints: {task.points}")
        marks = [text_of(cells[n + k]) for k in (1, 3, 4, 6, 7)]
        assert marks == ["# BEGIN SOLUTION", "# END SOLUTION", "# BEGIN TESTS", "# END TESTS",
                         "# END QUESTION"]  # fmt: skip
        answer, solved, rest = re.split("# BEGIN SOLUTION NO PROMPT\n|# END SOLUTION\n",
                                        text_of(cells[n + 2]))  # fmt: skip
        assert rest.startswith((f"check_{task.name}(", f"print(check_{task.name}("))
        assert len(solved) > 20 and solved not in answer
        test = cells[n + 5]
        assert test["outputs"][0]["data"] == {"text/plain": ["True"]}
        scope = {}
        module, _, _ = text_of(test).partition("\n")
        exec(module, scope)  # the check is there
        assert f"check_{task.name}" in scope
    everything = "\n".join(map(text_of, cells))
    assert "<summary>Solution" not in everything and "](../" not in everything


def test_without_otter_one_line_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("fl_krum.lesson.assignment.find_spec", lambda name: None)
    assert main(["otter", str(tmp_path / "new")]) == 2
    message = capsys.readouterr().err
    assert "pip install 'otter-grader>=7'" in message and message.count("\n") == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("made", "words"), [("file", "is a file; name a folder"), ("folder", "is there already")]
)
def test_what_is_there_is_not_written_over(tmp_path, monkeypatch, capsys, made, words):
    monkeypatch.setattr("fl_krum.lesson.assignment.find_spec", lambda name: name)
    target = tmp_path / "assignments"
    if made == "file":
        target.touch()
    else:
        (target / NOTEBOOKS[0].stem).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    assert main(["otter", str(target)]) == 2
    assert words in capsys.readouterr().err and sorted(tmp_path.rglob("*")) == before


# --- With otter itself ----------------------------------------------------------------------------


@pytest.fixture
def assignment(tmp_path):
    """What otter makes of a small notebook with two exercises."""
    pytest.importorskip("otter", reason="otter-grader is not installed")
    cells = json.loads((ROOT / "notebooks/02_krum_in_plaintext.ipynb").read_text("utf-8"))["cells"]
    kept = []
    for cell, below in zip(cells, cells[1:], strict=False):
        if any(f"\ncheck_{name}(" in text_of(cell) for name in RIGHT):
            kept += [cell, below]
    imports = (
        "import numpy as np\nfrom fl_krum import krum_scores\n"
        "from fl_krum.lesson.exercises.krum_in_plaintext import check_largest_f, check_multi"
    )
    first = {"cell_type": "code", "metadata": {}, "source": imports, "outputs": [],
             "execution_count": None, "id": "first"}  # fmt: skip
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks/02_small.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": [first, *kept], "metadata": {"kernelspec": kernel}, "nbformat": 4,
               "nbformat_minor": 5}  # fmt: skip
    path.write_text(json.dumps(content))
    make_assignment(path, tmp_path / "made")
    return tmp_path / "made"


def graded(assignment, folder, answers):
    """What otter counts for a student who has written these lines into the functions."""
    folder.mkdir()
    content = json.loads((assignment / "student/02_small.ipynb").read_text(encoding="utf-8"))
    for cell in content["cells"]:
        for name, line in answers.items():
            if f"\ncheck_{name}(" in text_of(cell):
                cell["source"] = text_of(cell).replace("    ...", line)
    (folder / "02_small.ipynb").write_text(json.dumps(content))
    (archive,) = assignment.glob("autograder/*.zip")
    shutil.copy(archive, folder / "autograder.zip")
    done = subprocess.run(
        [sys.executable, "-m", "otter", "run", "02_small.ipynb", "--no-logo"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return {test["name"].split()[0]: (test["score"], test["max_score"])
            for test in results["tests"] if "score" in test and test["max_score"]}  # fmt: skip


def test_otter_itself_gives_points_to_what_is_right_and_none_to_what_is_wrong(assignment, tmp_path):
    student = (assignment / "student/02_small.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in student and "Solution" not in student
    wrong = {"largest_f": "    return n // 2", "multi": RIGHT["multi"]}
    points = {name: (1, 1) for name in RIGHT}
    assert graded(assignment, tmp_path / "right", RIGHT) == points
    assert graded(assignment, tmp_path / "wrong", wrong) == points | {"largest_f": (0, 1)}
