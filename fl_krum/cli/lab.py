"""``python -m fl_krum lab``: the lesson, in copies of the student's own."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from ..lesson.lab_copies import Copied, course_root, make_copies
from . import options as shared

SUMMARY = "open the lesson's notebooks, in copies of your own"
DETAILS = """\
Copies the notebooks without their outputs into FOLDER, and opens them in JupyterLab. Nothing in
FOLDER is ever overwritten: if a notebook has a new version, it is put beside your copy, and you are
told. The notebooks themselves are only read, so a whole class can use one installation.

examples:
  python -m fl_krum lab
  python -m fl_krum lab my-course --jupyter="--no-browser --port=9000"
  python -m fl_krum lab for-the-class --no-solutions --copy-only
  python -m fl_krum lab ~/fl_krum-lab --copy-only      # on a JupyterHub, which has a lab already
"""
FOLDER = "fl_krum-lab"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        help=f"where your copies are (default: {FOLDER} in your home folder)",
    )
    parser.add_argument("--copy-only", action="store_true", help="copy, and open nothing")
    parser.add_argument(
        "--no-solutions", action="store_true", help="leave out the solutions of the exercises"
    )
    parser.add_argument(
        "--jupyter", metavar="OPTIONS", default="", help="options of `jupyter lab`, in one text"
    )
    parser.add_argument(
        "--checkout",
        metavar="FOLDER",
        help="the repository with the notebooks (default: those that came with this package)",
    )


def run(options: argparse.Namespace) -> int:
    if re.search(r"root_dir|notebook[-_]dir", options.jupyter):
        raise ValueError(f"--jupyter {options.jupyter}: the folder to open is FOLDER of `lab`")
    if not options.copy_only and importlib.util.find_spec("jupyterlab") is None:
        raise ModuleNotFoundError("no jupyterlab", name="jupyterlab")
    root = Path(options.checkout).resolve() if options.checkout else course_root()
    folder = Path(options.folder or Path.home() / FOLDER).expanduser().resolve()
    shared.check_folder(folder)
    package = Path(__file__).resolve().parents[2]
    copies = make_copies(root, folder, package, solutions=not options.no_solutions)
    shared.say(*_report(copies, folder))
    return 0 if options.copy_only else _open(folder, copies[0].path.name, options)


def _report(copies: list[Copied], folder: Path) -> list[str]:
    lines = [f"Your notebooks are in {folder}"]
    for one in copies:
        if one.beside is not None:
            state = f"new version; your work stays in {one.beside.name}"
        else:
            state = "copied" if one.is_new else "yours, untouched"
        lines.append(f"  {one.path.name:<32}{state}")
    return lines


def _open(folder: Path, first: str, options: argparse.Namespace) -> int:
    """Run JupyterLab until it ends. Ctrl-C is for it: it asks, and we wait for its answer."""
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}"]
    command += [f"--LabApp.default_url=/lab/tree/{first}"]
    lab = subprocess.Popen(command + shlex.split(options.jupyter), env=_environment())
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return lab.wait()
    finally:
        signal.signal(signal.SIGINT, usual)
        if lab.poll() is None:
            lab.terminate()
            lab.wait()


def _environment() -> dict[str, str]:
    """Let kernels find the package that this command came out of."""
    here = str(Path(__file__).resolve().parents[2])
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [here, before]))}
