"""``python -m fl_krum export``: slides or pages of the notebooks, for a room without network."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..federation.report import write_whole
from ..lesson.lab_copies import course_root, find_notebooks
from . import options as shared

SUMMARY = "make slides, or pages to read, of the lesson's notebooks"
DETAILS = """\
Writes one HTML file for each notebook, as it is committed, with its outputs. All that a browser
needs is in the file, formulas and reveal.js too: it asks the network for nothing.

A slide is a cell with a sentence, "slide", in its metadata: this sentence, and below it the cell's
figure, table or printed lines, or the question that it asks.

In slides, the arrow keys go on and back, Esc shows all, and F fills the screen.

examples:
  python -m fl_krum export                                  # slides of all notebooks
  python -m fl_krum export --form page --output pages
  python -m fl_krum export my-notebook.ipynb
"""
FORMS = ("slides", "page")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebooks", metavar="NOTEBOOK", nargs="*", help="which ones (default: all of the lesson)"
    )
    parser.add_argument(
        "--form", choices=FORMS, default="slides", help="slides or page (default slides)"
    )
    parser.add_argument(
        "--output", metavar="FOLDER", help="where to write them (default: out/slides or out/page)"
    )


def run(options: argparse.Namespace) -> int:
    paths = [Path(name) for name in options.notebooks]
    paths = paths or find_notebooks(course_root())
    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            raise ValueError(f"{path} is not a notebook")
    folder = shared.check_folder(Path(options.output or f"out/{options.form}"))
    from ..lesson.export import exporters  # nbconvert takes a second to import

    make = getattr(exporters, options.form)
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        target = folder / f"{path.stem}.html"
        content = make(path)  # what is not a notebook is found before anything is written
        with shared.begun():
            write_whole(target, content)
        shared.say(f"Written: {target}")
    return 0
