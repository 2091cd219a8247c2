"""A student's results file: which exercises were passed, after how many tries, and nothing else.

A copy of a notebook that `fl-krum lab` makes calls `keep_results` in its first cell; from then on
each check of an exercise writes what it found into the file. All notebooks of a folder share one
file, and a kernel that is started anew goes on with it. It names neither the machine nor the
student, unless the student gives a name.

The file is a text that anybody can change: it is book-keeping for homework, and no exam. For that
an autograder runs the answers again (``otter.py``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..federation.report import write_whole

FORMAT = "fl_krum results"
SCHEMA = 1
FILE = "results.json"
_MOST = 1_000_000  # bytes of a file that is read: one with every exercise has 2000


@dataclass
class Result:
    """Of one exercise.

    Attributes
    ----------
    passed : bool
    tries : int
        Answers that were judged, up to the first right one and with it. A function that is still
        empty is no try, and what comes after the right answer does not count.
    """

    passed: bool = False
    tries: int = 0


@dataclass
class Results:
    """Of one student.

    Attributes
    ----------
    exercises : dict of str to Result
        By the exercise's name, that is its check's without ``check_``.
    name : str
        What the student wants to be called; mostly "".
    """

    exercises: dict[str, Result] = field(default_factory=dict)
    name: str = ""


_file: Path | None = None  # where this kernel keeps its results
_name = ""
_solutions_below = True


def keep_results(file: str | Path = FILE, name: str = "", solutions: bool = True) -> None:
    """Write what each check of an exercise finds into a file, from now on.

    Parameters
    ----------
    file : path
        One that is there already is gone on with.
    name : str
        Written into the file, if it is given.
    solutions : bool
        Whether the notebook has the solutions, so that a check may point to them.

    Raises
    ------
    ValueError
        The file that is there is not a results file; it is left as it is.
    OSError
        It cannot be read.
    """
    global _file, _name, _solutions_below
    path = Path(file).resolve()
    if path.exists():
        read_results(path)
    _file, _name, _solutions_below = path, name, solutions


def solutions_below() -> bool:
    """Whether the notebook of this kernel has the solutions, folded up below the exercises."""
    return _solutions_below


def note(exercise: str, passed: bool) -> str:
    """Count one try at an exercise; return what keeps it from being written, or "".

    Does nothing where no file is kept.
    """
    if _file is None:
        return ""
    try:
        results = read_results(_file) if _file.exists() else Results()
        result = results.exercises.setdefault(exercise, Result())
        results.name = _name or results.name
        if not result.passed:
            result.passed, result.tries = passed, result.tries + 1
        write_whole(_file, _as_text(results))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return f"{_file.name} is not written: {reason or error}"
    return ""


def read_results(path: Path) -> Results:
    """Read a results file.

    Raises
    ------
    ValueError
        It is not one; says why in a few words.
    OSError
        It cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(_MOST + 1)
    try:
        content = json.loads(data.decode("utf-8-sig")) if len(data) <= _MOST else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path.name} is not a results file of the lesson")
    if content.get("schema") != SCHEMA:
        raise ValueError(
            f"{path.name} has schema {content.get('schema')!r}, from another version of fl_krum; "
            f"this one reads {SCHEMA}"
        )
    return Results(_exercises(path, content.get("exercises")), _name_in(path, content))


def _exercises(path: Path, found: Any) -> dict[str, Result]:
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is broken: it has no list of exercises")
    return {name: _result(path, name, one) for name, one in found.items()}


def _result(path: Path, name: str, one: Any) -> Result:
    try:
        result = Result(**one)
    except TypeError:
        result = Result(tries=-1)
    if type(result.passed) is not bool or type(result.tries) is not int or result.tries < 1:
        raise ValueError(
            f"{path.name} is broken at the exercise {name!r}: passed is true or false, tries are 1 "
            "or more"
        )
    return result


def _name_in(path: Path, content: dict) -> str:
    name = content.get("name", "")
    if not isinstance(name, str) or not name.isprintable() or len(name) > 100:
        raise ValueError(f"{path.name} is broken: its name is not one line of text")
    return name.strip()


def _as_text(results: Results) -> str:
    content: dict[str, Any] = {"format": FORMAT, "schema": SCHEMA}
    if results.name:
        content["name"] = results.name
    content["exercises"] = {name: vars(one) for name, one in results.exercises.items()}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
