"""A built SCALE-MAMBA on this machine: where it is, what it lacks, and how its two tools are used.

The environment variable ``SCALE_MAMBA_HOME`` names the folder in which the user has built
SCALE-MAMBA 1.14. Nothing is ever written there: all that a run needs goes to a folder of its own
(`player_files`), in which the installation's tools are run. Its compiler is a program in
Python 2.7; ``SCALE_MAMBA_PYTHON`` names the interpreter, or else it is looked for on PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..built_programs import (
    PROBE_SECONDS,
    home_folder,
    last_lines,
    missing_program,
    run_tool,
    text_of,
    unloadable,
)
from . import SCALE_MAMBA_HOME

PYTHON = "SCALE_MAMBA_PYTHON"

PRIME = 2**127 - 1  # one limb less than SCALE-MAMBA's default of 129 bits: a quarter less work
PROGRAM = "Programs/krum"  # folder and files have one name: krum/krum.mpc, krum.sch, krum-0.bc

PLAYER = "PlayerBinary.x"
SETUP = "SetupBinary.x"
COMPILER = "compile-mamba.py"
CIRCUITS = "Circuits"
# A player does not start without these, though Krum uses no binary circuit.
BASE_CIRCUITS = ("adder64", "sub64", "mult2_64", "mult64", "divide64", "neg64", "zero_equal")
CONVERSION = "ConversionCircuit-LSSS_to_GC.txt"
CONVERSION_FOLDERS = ("Auto-Test-Data/1", "Data")  # shipped, or made there by SetupBinary.x

TOOL_SECONDS = 300.0  # for the compiler, which takes three seconds for 20 clients


@dataclass(frozen=True)
class OfflineNeeds:
    """Offline material that one start of a program uses up, as the compiler counts it."""

    triples: int
    squares: int
    bits: int


@dataclass(frozen=True)
class Installation:
    """An installation with nothing missing; `find` makes one.

    Attributes
    ----------
    home : Path
    python : str
        An interpreter of Python 2.7 for the compiler.
    python_version : str
    """

    home: Path
    python: str
    python_version: str

    @property
    def version(self) -> str:
        """What would run: version of the documentation, commit, and the compiler's interpreter."""
        changes = text_of(self.home / "Documentation" / "Changes.tex")
        found = re.search(r"version ([\d.]*\d)", changes)
        number = f" {found[1]}" if found else ""
        commit = _commit(self.home / ".git")
        at = f" (commit {commit[:7]})" if commit else ""
        return f"SCALE-MAMBA{number}{at} in {self.home}, compiler on Python {self.python_version}"

    @property
    def player(self) -> Path:
        """The program that is one player."""
        return self.home / PLAYER

    @property
    def circuits(self) -> Path:
        """The folder of binary circuits, which players look for under the same name."""
        return self.home / CIRCUITS

    @property
    def conversion_circuit(self) -> Path:
        """A file that players read and Krum does not use; it may be for another prime."""
        return _conversion_circuit(self.home)

    def set_up_sharing(self, folder: Path, threshold: int) -> None:
        """Write SharingData.txt and MKey-i.key to ``folder``/Data, where NetworkData.txt lies.

        SetupBinary.x asks for the kind of sharing (1 is Shamir), the prime and the threshold t.
        """
        answers = f"1\n{PRIME}\n{threshold}\n"
        self._run([str(self.home / SETUP), "2"], folder, "set-up program", answers)
        if not (folder / "Data" / "SharingData.txt").is_file():
            raise ValueError(f"{self.home / SETUP} 2 wrote no SharingData.txt")

    def compile(self, folder: Path) -> OfflineNeeds:
        """Compile ``folder``/Programs/krum/krum.mpc, for the prime in ``folder``/Data.

        ``-M`` keeps loads and stores in order, ``-s`` stops at a register that is read too early.
        """
        argv = [self.python, str(self.home / COMPILER), "-s", "-M", PROGRAM]
        said = self._run(argv, folder, "compiler")
        compiled = [folder / PROGRAM / name for name in ("krum.sch", "krum-0.bc")]
        if not all(path.is_file() for path in compiled):
            raise ValueError(f"SCALE-MAMBA's compiler wrote no program:\n{last_lines(said)}")
        return parse_needs(said)

    def _run(self, argv: list[str], folder: Path, what: str, answers: str = "") -> str:
        """Run one of the two tools in ``folder``; return what it said."""
        what = f"SCALE-MAMBA's {what}"
        return run_tool(argv, folder, what, TOOL_SECONDS, self.home, answers)


def find(environ: Mapping[str, str] | None = None) -> Installation:
    """The installation that `SCALE_MAMBA_HOME` names.

    Raises
    ------
    ValueError
        Telling all that is missing, and how to mend it.
    """
    environ = os.environ if environ is None else environ
    home = home_folder(SCALE_MAMBA_HOME, environ, "SCALE-MAMBA", "Linux")
    problems = [*_missing_parts(home), *unloadable(home / PLAYER)]
    python = version = ""
    try:
        python, version = find_python(environ)
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise ValueError(f"{SCALE_MAMBA_HOME}={environ[SCALE_MAMBA_HOME]}: " + "; ".join(problems))
    return Installation(home, python, version)


def find_python(environ: Mapping[str, str]) -> tuple[str, str]:
    """An interpreter of Python 2.7 and its version; ValueError telling how to get one."""
    named = environ.get(PYTHON)
    if named:
        version = _python_version(os.path.expanduser(named))
        if not version.startswith("2.7."):
            what = f"is Python {version}" if version else "does not run"
            raise ValueError(f"{PYTHON}={named} {what}; the compiler needs Python 2.7")
        return os.path.expanduser(named), version
    for name in ("python2.7", "python2"):
        path = shutil.which(name, path=environ.get("PATH"))
        # Asked, not trusted: pyenv puts a python2.7 on PATH that only says which to choose.
        version = _python_version(path) if path else ""
        if path and version.startswith("2.7."):
            return path, version
    raise ValueError(
        "the compiler needs Python 2.7, and neither python2.7 nor python2 on PATH is one: "
        f"install it (pyenv install 2.7.18, for instance) and let {PYTHON} name its interpreter"
    )


def parse_needs(said: str) -> OfflineNeeds:
    """Triples, squares and bits from the compiler's line "Program requires: {…}"."""
    line = re.search(r"^Program requires: \{(.*)\}", said, re.MULTILINE)
    if not line:
        raise ValueError(f'the compiler did not say what "Program requires":\n{last_lines(said)}')
    counts = {kind: int(count) for kind, count in re.findall(r"'(\w+)'\): (\d+)", line[1])}
    return OfflineNeeds(*(counts.get(kind, 0) for kind in ("triple", "square", "bit")))


def _missing_parts(home: Path) -> list[str]:
    problems = []
    for name, what in ((PLAYER, "the player"), (SETUP, "the set-up program")):
        problems += missing_program(home / name, what, "run `make progs` there")
    if not ((home / COMPILER).is_file() and (home / "Compiler" / "__init__.py").is_file()):
        problems.append(f"the compiler, {COMPILER} and Compiler/, is missing: {_RESTORE}")
    circuits = [home / CIRCUITS / "Bristol" / f"{name}.txt" for name in BASE_CIRCUITS]
    missing = [path.name for path in circuits if not path.is_file()]
    if missing:
        problems.append(f"{', '.join(missing)} missing in {CIRCUITS}/Bristol: {_RESTORE}")
    if not _conversion_circuit(home).is_file():
        problems.append(
            f"the conversion circuit, {_conversion_circuit(home)}, is missing: {_RESTORE}"
        )
    return problems


_RESTORE = "take it from a fresh clone of SCALE-MAMBA"


def _conversion_circuit(home: Path) -> Path:
    places = [home / folder / CONVERSION for folder in CONVERSION_FOLDERS]
    return next((path for path in places if path.is_file()), places[0])


def _python_version(interpreter: str) -> str:
    """ "2.7.18", or "" when there is no interpreter that runs."""
    argv = [interpreter, "-c", "import sys; print(sys.version.split()[0])"]
    try:
        run = subprocess.run(argv, capture_output=True, timeout=PROBE_SECONDS, text=True)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def _commit(git: Path) -> str:
    """The commit that is checked out, read without git, which refuses folders of other users."""
    head = text_of(git / "HEAD").strip()
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    packed = re.search(rf"^(\w+) {re.escape(name)}$", text_of(git / "packed-refs"), re.MULTILINE)
    return text_of(git / name).strip() or (packed[1] if packed else "")
