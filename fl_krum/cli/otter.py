"""``python -m fl_krum otter``: assignments of otter-grader, out of the notebooks."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..lesson.assignment import make_assignment, plan
from ..lesson.lab_copies import course_root
from . import options as shared

SUMMARY = "make assignments of otter-grader out of the notebooks"
DETAILS = """\
otter-grader runs the answers of students again and counts points; it has to be installed here
(pip install 'otter-grader>=7'). FOLDER gets a folder for each notebook that has exercises:

  student/      what you hand out: the notebook without solutions, with a cell below each exercise
                that tells whether it is passed
  autograder/   what you keep: the notebook with solutions, and a zip file for `otter run`,
                `otter grade` or Gradescope

fl_krum has to be installed where the answers are graded.

examples:
  python -m fl_krum otter assignments
  otter run -a assignments/01_use_case/autograder/*.zip ada.ipynb
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="where to write them")


def run(options: argparse.Namespace) -> int:
    targets = plan(course_root(), Path(options.folder))
    with shared.begun():
        for path, target in targets.items():
            make_assignment(path, target)
            shared.say(f"Written: {target}")
    return 0
