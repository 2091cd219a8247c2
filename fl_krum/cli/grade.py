"""``python -m fl_krum grade``: the results files of a class, as one table."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from ..federation.report import write_whole
from ..lesson.grading import as_csv, exercises_table, read_class, students_table, tasks_of
from ..lesson.lab_copies import course_root
from . import options as shared

SUMMARY = "make one table of the results that students hand in"
DETAILS = """\
While students work in the copies that `lab` makes, every check of an exercise writes into
results.json beside the notebooks: the exercise, whether it was passed, and after how many tries.
FOLDER has these files, one a student, as NAME.json or as NAME/results.json. A student who has put a
name into the file is called by it.

The first table has a line a student: exercises passed in each notebook, points, tries. The second
has a line an exercise, and shows what was hard. What could not be counted is listed, and the exit
status is 1 then.

The file is a text that anybody can change. To have the answers themselves run again, see
`python -m fl_krum otter --help`.

examples:
  python -m fl_krum grade hand-ins
  python -m fl_krum grade hand-ins --csv class.csv
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="the students' results files")
    parser.add_argument("--csv", metavar="FILE", help="write every exercise of everybody to FILE")


def run(options: argparse.Namespace) -> int:
    path = shared.output_path(options.csv) if options.csv else None
    tasks = tasks_of(course_root())
    found = read_class(Path(options.folder), tasks)
    if found.students:
        print(students_table(found.students, tasks))
        print()
        print(exercises_table(found.students, tasks))
    if path:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(as_csv(found.students, tasks))
        with shared.begun():
            write_whole(path, text.getvalue())
        shared.say(f"Written: {path}")
    if found.not_counted:
        shared.say("not counted:", *(f"  {line}" for line in found.not_counted))
    return 1 if found.not_counted else 0
