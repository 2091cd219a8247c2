"""A student's copies: nothing shown beforehand, nothing written over, and they run anywhere."""

import json
import os
import re
import stat
import subprocess
import sys

import pytest
from repository import ROOT

from fl_krum.cli import main
from fl_krum.lesson.lab_copies import make_copies


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def code(source, output="42"):
    shown = {"output_type": "stream", "name": "stdout", "text": [output]}
    return {"cell_type": "code", "source": [source], "metadata": {}, "outputs": [shown],
            "execution_count": 1}  # fmt: skip


@pytest.fixture
def checkout(tmp_path):
    """A small checkout with one notebook that links to one document."""
    root = tmp_path / "checkout"
    (root / "notebooks").mkdir(parents=True)
    (root / "docs").mkdir()
    (root / "docs/glossary.md").write_text("# Words\n")
    text = {"cell_type": "markdown", "metadata": {},
            "source": "See [words](../docs/glossary.md#x) and [2](02_b.ipynb)."}  # fmt: skip
    write(root, notebook(text, code("6 * 7")))
    return root


def write(root, content):
    (root / "notebooks/01_a.ipynb").write_text(json.dumps(content))


def test_copies_of_the_lesson_show_no_output_and_keep_all_else(tmp_path):
    for one in make_copies(ROOT, tmp_path):
        copied = json.loads(one.path.read_text(encoding="utf-8"))
        original = json.loads((ROOT / "notebooks" / one.notebook).read_text(encoding="utf-8"))
        assert one.is_new and len(copied["cells"]) == len(original["cells"])
        for cell in copied["cells"]:
            assert cell.get("outputs", []) == [] and cell.get("execution_count") is None
        text = "".join("".join(c["source"]) for c in copied["cells"] if c["cell_type"] != "code")
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)\)", text):
            assert (tmp_path / target).exists(), f"{one.notebook}: {target}"
        folded = sum("<details>" in "".join(cell["source"]) for cell in original["cells"])
        assert text.count("<details>") >= folded  # solutions stay folded up


def test_a_copy_finds_the_package_from_its_own_folder(tmp_path):
    copies = make_copies(ROOT, tmp_path)
    cells = json.loads(copies[0].path.read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    script = re.sub(r"^%.*$", "", first, flags=re.M) + "\nimport fl_krum, mamba"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True)


def test_links_lead_into_the_folder_of_reading(checkout, tmp_path):
    (copy,) = make_copies(checkout, tmp_path)
    assert "[words](reading/docs/glossary.md#x) and [2](02_b.ipynb)" in "".join(
        json.loads(copy.path.read_text())["cells"][0]["source"]
    )


def test_work_is_left_alone_and_a_new_version_is_put_beside_it(checkout, tmp_path):
    mine = tmp_path / "mine"
    (first,) = make_copies(checkout, mine)
    work = json.loads(first.path.read_text())
    work["cells"][1]["source"] = ["my own answer"]
    first.path.write_text(json.dumps(work))
    kept = first.path.read_bytes()

    (again,) = make_copies(checkout, mine)
    assert (again.path, again.is_new, again.beside) == (first.path, False, None)

    write(checkout, notebook(code("another")))
    (new,) = make_copies(checkout, mine)
    assert (new.path.name, new.is_new, new.beside) == ("01_a-2.ipynb", True, first.path)
    (once_more,) = make_copies(checkout, mine)
    assert (once_more.path, once_more.is_new) == (new.path, False)
    assert first.path.read_bytes() == kept
    assert {path.name for path in mine.glob("*.ipynb")} == {"01_a.ipynb", "01_a-2.ipynb"}


def test_outputs_alone_make_no_new_version(checkout, tmp_path):
    make_copies(checkout, tmp_path / "mine")
    content = json.loads((checkout / "notebooks/01_a.ipynb").read_text())
    content["cells"][1]["outputs"][0]["text"] = ["43"]
    write(checkout, content)
    assert not make_copies(checkout, tmp_path / "mine")[0].is_new


@pytest.mark.parametrize("content", ["", "no notebook", "[]", '{"metadata": {"fl_krum": 3}}'])
def test_a_file_of_that_name_that_is_no_copy_stays(checkout, tmp_path, content):
    (tmp_path / "01_a.ipynb").write_text(content)
    (copy,) = make_copies(checkout, tmp_path)
    assert copy.path.name == "01_a-2.ipynb"
    assert (tmp_path / "01_a.ipynb").read_text() == content


def test_a_changed_document_keeps_what_a_student_wrote_into_it(checkout, tmp_path):
    make_copies(checkout, tmp_path)
    mine = tmp_path / "reading/docs/glossary.md"
    mine.write_text("my notes")
    make_copies(checkout, tmp_path)
    assert mine.read_text() == "# Words\n"
    assert (tmp_path / "reading/docs/glossary.previous-1.md").read_text() == "my notes"


def test_a_checkout_that_nobody_can_write_to_is_enough(checkout, tmp_path):
    everything = [checkout, *checkout.rglob("*")]
    before = {path: path.stat().st_mtime_ns for path in everything}
    for path in everything:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        (copy,) = make_copies(checkout, tmp_path / "mine")
    finally:
        for path in everything:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert copy.path.stat().st_mode & stat.S_IWUSR
    assert {path: path.stat().st_mtime_ns for path in everything} == before  # also as root


# --- The command ----------------------------------------------------------------------------------


@pytest.fixture
def fake_lab(tmp_path, monkeypatch):
    """A package jupyterlab that only notes how it is called."""
    package = tmp_path / "site/jupyterlab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "import fl_krum, os, sys\n"
        "from pathlib import Path\n"
        "Path(os.environ['NOTED']).write_text('\\n'.join(sys.argv[1:]))\n"
        "sys.exit(7)\n"
    )
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("NOTED", str(tmp_path / "noted"))
    return tmp_path / "noted"


def test_lab_opens_the_first_copy(fake_lab, checkout, tmp_path, capsys):
    mine = tmp_path / "my folder"
    arguments = [
        "lab",
        str(mine),
        "--checkout",
        str(checkout),
        "--jupyter=--no-browser --port=9000",
    ]
    assert main(arguments) == 7  # the lab's own exit status
    assert fake_lab.read_text().splitlines() == [
        f"--notebook-dir={mine}", "--LabApp.default_url=/lab/tree/01_a.ipynb", "--no-browser",
        "--port=9000",
    ]  # fmt: skip
    assert re.search(r"01_a.ipynb +copied", capsys.readouterr().err)


@pytest.mark.parametrize("option", ["--ServerApp.root_dir=/", "--notebook-dir=/"])
def test_which_folder_lab_opens_is_no_option_of_jupyters(tmp_path, capsys, option):
    assert main(["lab", str(tmp_path / "mine"), f"--jupyter={option}"]) == 2
    message = capsys.readouterr().err
    assert option in message and "FOLDER" in message and message.count("\n") == 1
    assert not (tmp_path / "mine").exists()


def test_lab_says_what_it_left_alone(checkout, tmp_path, capsys):
    arguments = ["lab", str(tmp_path / "mine"), "--checkout", str(checkout), "--copy-only"]
    assert main(arguments) == 0
    write(checkout, notebook(code("another")))
    assert main(arguments) == 0
    assert re.search(r"01_a-2.ipynb +new version; your work stays in 01_a.ipynb",
                     capsys.readouterr().err)  # fmt: skip
    assert main(arguments) == 0
    assert re.search(r"01_a-2.ipynb +yours, untouched", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("folder", "checkout_is", "words"),
    [("mine", "nowhere", "no notebooks in"), ("checkout/notebooks", "checkout", "go elsewhere")],
)
def test_folders_that_cannot_be_used(tmp_path, checkout, capsys, folder, checkout_is, words):
    arguments = [str(tmp_path / folder), "--checkout", str(tmp_path / checkout_is), "--copy-only"]
    assert main(["lab", *arguments]) == 2
    message = capsys.readouterr().err
    assert words in message and message.count("\n") == 1
