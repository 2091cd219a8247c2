"""A student's own copies of the notebooks: without outputs, and never written over.

The committed notebooks keep their outputs, which are read on the web and compared by tests. Whoever
learns with them wants none: a prediction is no prediction when the answer stands below it. So
`make_copies` writes copies without outputs into a folder of the student's own. The notebooks
themselves are only read, so one checkout that nobody can write to serves a whole class.

A copy knows the version it was made of, by a digest in its metadata. A new version of a notebook is
written beside the old copy, as ``01_use_case-2.ipynb``; no notebook that is there is ever touched.
The documents and programs that notebooks link to are copied into the folder ``reading``; one that
the student has changed is renamed before its new version takes its place.

The first cell of a copy also has each check of an exercise write its outcome into a results file
(``results.py``), which a teacher may collect.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READING = "reading"
_KEY = "fl_krum"  # of a copy's metadata
_LINK = re.compile(r"(\]\()\.\./([^)#\s]+)")  # ](../docs/glossary.md
_FOLDER_ABOVE = "str(Path.cwd().parent)"  # where a notebook's first cell finds the package
_SOLUTION = re.compile(r"<details>\s*<summary>Solution.*?</details>\s*", re.S)
_ABOUT_SOLUTIONS = (  # what notebooks say about them, and what they say instead
    (re.compile(r",?\s+and\s+the\s+solution\s+is\s+folded\s+up\s+below"), ""),
    (re.compile(r"\s+The\s+solution\s+is\s+folded\s+up\s+below,\s+and\s+later"), " Later"),
)
_KEEP_RESULTS = """

# Each check of an exercise notes in this file whether it was passed, after how many tries, and
# nothing else. Hand it in if you are asked to.
from fl_krum.lesson.prediction import keep_predictions
from fl_krum.lesson.results import keep_results

keep_results()
keep_predictions()  # they are there again after a restart; nobody else needs them
"""


@dataclass(frozen=True)
class Copied:
    """What became of one notebook: `path` is the student's copy of its present version.

    Attributes
    ----------
    notebook : str
        Name of the notebook.
    path : Path
    is_new : bool
        Whether it has been written now; else it was there already, with the student's work in it.
    beside : Path or None
        An older copy, which keeps its name.
    """

    notebook: str
    path: Path
    is_new: bool
    beside: Path | None


def course_root() -> Path:
    """Where the lesson's notebooks are: the checkout, or in an installed package a copy of it."""
    checkout = Path(__file__).resolve().parents[2]
    built_in = Path(__file__).resolve().parent / "course"  # setup.py puts it there
    return built_in if built_in.is_dir() else checkout


def find_notebooks(root: Path) -> list[Path]:
    """The notebooks of a checkout, in their order; ValueError when there are none."""
    found = sorted((root / "notebooks").glob("[0-9]*.ipynb"))
    if not found:
        raise ValueError(
            f"there are no notebooks in {root / 'notebooks'}: name a checkout of the repository "
            "with --checkout FOLDER"
        )
    return found


def make_copies(
    root: Path, folder: Path, package: Path | None = None, solutions: bool = True
) -> list[Copied]:
    """Copy the notebooks of a checkout into a student's folder, which is made if need be.

    Parameters
    ----------
    root : Path
        The checkout; nothing in it is written.
    folder : Path
        Any folder outside of ``root/notebooks``.
    package : Path, optional
        The folder that kernels are to find the package fl_krum in, where it is not installed; by
        default `root`.
    solutions : bool
        Whether the copies have the solutions of the exercises, folded up below them.

    Raises
    ------
    ValueError
        There are no notebooks, or `folder` is the one that holds them.
    OSError
        The folder cannot be written.
    """
    notebooks = find_notebooks(root)
    if folder.resolve() == (root / "notebooks").resolve():
        raise ValueError(f"{folder} holds the notebooks themselves; copies go elsewhere")
    folder.mkdir(parents=True, exist_ok=True)
    copy_reading(root, folder)
    return [_copy(path, folder, package or root, solutions) for path in notebooks]


def copy_reading(root: Path, folder: Path) -> None:
    """Copy what the notebooks of a checkout link to into the folder `READING` of a folder."""
    for file in sorted({file for path in find_notebooks(root) for file in _linked_files(path)}):
        _copy_reading(root / file, folder / READING / file)


def fit(notebook: dict[str, Any], first_cell: Callable[[str], str]) -> None:
    """Make a notebook work in another folder, beside what `copy_reading` has put there.

    Its links are changed, and the cell that finds the package becomes what `first_cell` makes of
    its text.
    """
    for cell in notebook["cells"]:
        text = "".join(cell["source"])  # a list of lines, or one text
        if cell["cell_type"] == "markdown":
            text = _LINK.sub(rf"\1{READING}/\2", text)
        elif _FOLDER_ABOVE in text:
            text = first_cell(text)
        cell["source"] = text.splitlines(keepends=True)


def without_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same notebook, as if none of its cells had been run."""
    result = copy.deepcopy(notebook)
    for cell in result["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return result


def without_solutions(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same notebook without the solutions that are folded up in it, and a word on them."""
    result = copy.deepcopy(notebook)
    for cell in result["cells"]:
        if cell["cell_type"] == "markdown":
            text = _SOLUTION.sub("", "".join(cell["source"]))
            for pattern, instead in _ABOUT_SOLUTIONS:
                text = pattern.sub(instead, text)
            cell["source"] = text.splitlines(keepends=True)
    result["cells"] = [cell for cell in result["cells"] if "".join(cell["source"]).strip()]
    return result


def _copy(path: Path, folder: Path, package: Path, solutions: bool) -> Copied:
    notebook = without_outputs(json.loads(path.read_text(encoding="utf-8")))
    if not solutions:
        notebook = without_solutions(notebook)
    digest = hashlib.sha256(json.dumps(notebook, sort_keys=True).encode()).hexdigest()
    older = None
    for candidate in _names(folder, path):
        if not candidate.exists():
            break
        if _digest_of(candidate) == digest:
            return Copied(path.name, candidate, False, None)
        older = candidate
    keep = _KEEP_RESULTS if solutions else _KEEP_RESULTS.replace("()", "(solutions=False)")
    fit(notebook, lambda text: text.replace(_FOLDER_ABOVE, repr(str(package))) + keep)
    notebook["metadata"][_KEY] = {"copy_of": path.name, "sha256": digest}
    with candidate.open("x", encoding="utf-8") as file:  # "x": never a file that is there
        json.dump(notebook, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return Copied(path.name, candidate, True, older)


def _names(folder: Path, path: Path) -> Iterator[Path]:
    yield folder / path.name
    number = 2
    while True:
        yield folder / f"{path.stem}-{number}{path.suffix}"
        number += 1


def _digest_of(path: Path) -> str | None:
    """What a copy says it was made of; None for a file that says nothing, or cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"][_KEY]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _linked_files(path: Path) -> Iterator[str]:
    """Files of the checkout that a notebook's text links to."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for link in _LINK.finditer("".join(cell["source"])):
                if (path.parent.parent / link[2]).is_file():
                    yield link[2]


def _copy_reading(source: Path, target: Path) -> None:
    content = source.read_bytes()
    if target.exists():
        if target.read_bytes() == content:
            return
        target.rename(_free_name(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _free_name(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"{path.stem}.previous-{number}{path.suffix}")).exists():
        number += 1
    return kept
