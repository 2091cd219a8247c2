"""The package as it is installed: a wheel is built, and works away from the sources."""

import os
import shutil
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from repository import ROOT

from fl_krum import KrumProgram
from fl_krum.lesson.lab_copies import make_copies

pytest.importorskip("setuptools", reason="setuptools builds the wheel")

BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
SOURCES = ("fl_krum", "mamba")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the files of the wheel, made of a copy, for setuptools writes beside them."""
    copy, target = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("installed")
    for name in ("pyproject.toml", "setup.py", "requirements.txt", "README.md", "LICENSE"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for name in ("notebooks", "docs"):
        shutil.copytree(ROOT / name, copy / name)
    for file in files_of(ROOT):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_bytes((ROOT / file).read_bytes())
    build = [sys.executable, "-c", BUILD, str(target)]
    done = subprocess.run(build, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    wheel.unlink()
    return target


def files_of(folder):
    """All that the packages there consist of, compiled modules left out."""
    found = (path for name in SOURCES for path in (folder / name).rglob("*"))
    return {
        path.relative_to(folder)
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def run(installed, *arguments):
    """``python -m fl_krum`` of the wheel, in a folder where no source is."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "fl_krum", *arguments]
    done = subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_every_file_of_the_packages(installed):
    lesson = {file for file in files_of(installed) if "course" in file.parts}
    assert files_of(installed) - lesson == files_of(ROOT)


def test_the_lesson_comes_along_as_it_is_in_the_checkout(installed, tmp_path):
    of_the_wheel, of_the_checkout = tmp_path / "wheel", tmp_path / "checkout"
    run(installed, "lab", str(of_the_wheel), "--copy-only")
    make_copies(ROOT, of_the_checkout, package=installed)
    copies, expected = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (of_the_wheel, of_the_checkout)
    )
    assert copies == expected and len(copies) > 12


def test_a_session_runs_from_the_wheel(installed):
    assert "equal in the clear" in run(installed, "session", "--rounds", "1")


def test_the_wheel_generates_the_same_program(installed):
    assert run(installed, "program") == KrumProgram().source()


def test_the_wheel_tells_its_engines_and_version(installed):
    assert "embedded" in run(installed, "check")
    (metadata,) = Path(installed).glob("*.dist-info/METADATA")
    fields = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
    assert run(installed, "--version").split() == ["fl_krum", fields["Version"]]
    required = "\n".join(fields.get_all("Requires-Dist"))
    assert "numpy>=" in required and 'jupyterlab>=4.1; extra == "notebooks"' in required
