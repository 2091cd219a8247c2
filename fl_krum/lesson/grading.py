"""A class's results files as one table: who passed what, and which exercises were hard.

The exercises and their order are those of the notebooks, which call their checks. Points say how
much work an exercise is beside the others: 1 for a line or two, 2 for a function that wants
thought, 3 for a program.
"""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from .lab_copies import find_notebooks
from .results import FILE, Results, read_results

#: Points of an exercise; 1 where it is not here.
POINTS = {
    "masks": 2, "attack": 2, "clip": 2, "fewest_honest": 2, "scores": 2, "smallest": 2,
    "reconstruct": 2, "reduce": 2, "less_than_zero": 2, "bits_needed": 2, "seconds_across": 2,
    "largest": 3, "majority": 3, "near": 3, "rank": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """An exercise of the lesson: its name, the notebook (``"03"``) and the points it is worth."""

    name: str
    notebook: str
    points: int


@dataclass(frozen=True)
class Student:
    """A student's results, and what of them counts: exercises that the lesson has."""

    name: str
    results: Results

    def tries(self, task: Task) -> int:
        """Tries at an exercise until it was passed, or in vain; 0 when it was not tried."""
        result = self.results.exercises.get(task.name)
        return result.tries if result else 0

    def passed(self, task: Task) -> bool:
        result = self.results.exercises.get(task.name)
        return result is not None and result.passed

    def points(self, tasks: list[Task]) -> int:
        return sum(task.points for task in tasks if self.passed(task))


@dataclass
class Class:
    """All that was handed in.

    Attributes
    ----------
    students : list of Student
        By name.
    not_counted : list of str
        A line for each file, or entry of a file, that is not in the table, with the reason.
    """

    students: list[Student] = field(default_factory=list)
    not_counted: list[str] = field(default_factory=list)


def tasks_of(root: Path) -> list[Task]:
    """The exercises of the notebooks below a folder, in the order in which they come."""
    found: dict[str, Task] = {}
    for path in find_notebooks(root):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                text = "".join(cell["source"])
                for name in re.findall(r"^(?:print\()?check_(\w+)\(", text, re.M):
                    found.setdefault(name, Task(name, path.name[:2], POINTS.get(name, 1)))
    return list(found.values())


def read_class(folder: Path, tasks: list[Task]) -> Class:
    """Read all results files of a folder, and of the folders in it.

    A student is called as the file says; where it says nothing, as the folder that it lies in, or,
    beside others, as the file itself.

    Raises
    ------
    ValueError
        There is no such folder, or no results file in it.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    paths = sorted(folder.rglob("*.json"))
    if not paths:
        raise ValueError(
            f"there is no results file in {folder}: each student hands in {FILE}, and here it is "
            f"called NAME.json or lies in a folder NAME"
        )
    result = Class()
    by_name: dict[str, list[tuple[Path, Student]]] = {}
    for path in paths:
        try:
            results = read_results(path)
        except (ValueError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            result.not_counted.append(f"{path.relative_to(folder)}: {reason}")
            continue
        name = results.name or (path.parent.name if path.parent != folder else path.stem)
        by_name.setdefault(name.casefold(), []).append((path, Student(name, results)))
    for same in by_name.values():
        files = [str(path.relative_to(folder)) for path, _ in same]
        if len(same) > 1:
            result.not_counted.append(
                f"{', '.join(files)}: all of one student, {same[0][1].name}; keep one of them"
            )
            continue
        result.students.append(same[0][1])
        if unknown := sorted(set(same[0][1].results.exercises) - {task.name for task in tasks}):
            result.not_counted.append(
                f"{files[0]}: not of this lesson, and left out: {', '.join(unknown)}"
            )
    result.students.sort(key=lambda one: one.name.casefold())
    return result


def students_table(students: list[Student], tasks: list[Task]) -> str:
    """One line a student: exercises passed in each notebook, points, and tries in all."""
    notebooks = sorted({task.notebook for task in tasks})
    total = sum(task.points for task in tasks)
    rows = [["student", *notebooks, "passed", "points", "tries"]]
    for one in students:
        per_notebook = []
        for number in notebooks:
            own = [task for task in tasks if task.notebook == number]
            per_notebook.append(f"{sum(map(one.passed, own))}/{len(own)}")
        rows.append([
            one.name, *per_notebook, f"{sum(map(one.passed, tasks))}/{len(tasks)}",
            f"{one.points(tasks)}/{total}", str(sum(map(one.tries, tasks))),
        ])  # fmt: skip
    return _aligned(rows)


def exercises_table(students: list[Student], tasks: list[Task]) -> str:
    """One line an exercise: how many tried and passed it, and after how many tries."""
    rows = [["exercise", "notebook", "points", "tried by", "passed by", "tries (median)"]]
    for task in tasks:
        tried = [one for one in students if one.tries(task)]
        passed = [one.tries(task) for one in tried if one.passed(task)]
        median = f"{statistics.median(passed):g}" if passed else "-"
        rows.append([
            task.name, task.notebook, str(task.points), str(len(tried)), str(len(passed)), median,
        ])  # fmt: skip
    return _aligned(rows)


def as_csv(students: list[Student], tasks: list[Task]) -> list[list[str]]:
    """Rows of a table for other programs: of each exercise whether it was passed, and the tries."""
    head = [column for task in tasks for column in (task.name, f"{task.name} tries")]
    rows = [["student", "points", *head]]
    for one in students:
        cells = [text for task in tasks
                 for text in (str(int(one.passed(task))), str(one.tries(task)))]  # fmt: skip
        rows.append([_plain(one.name), str(one.points(tasks)), *cells])
    return rows


def _plain(name: str) -> str:
    """A name that a spreadsheet takes for text: some begin a formula with these signs."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@") else name


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *rest = zip(row, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
