"""Programs of an installation that a user has built: whether they load, and how they are run.

SCALE-MAMBA and MP-SPDZ are both found by an environment variable, have players of machine code and
a compiler in Python, and are never written to: a tool runs in the folder of the players.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .problems import CompilerError

PROBE_SECONDS = 20.0  # for a program to say what it is


def home_folder(variable: str, environ: Mapping[str, str], what: str, where: str) -> Path:
    """The folder that an environment variable names; ValueError without one, or on Windows.

    Parameters
    ----------
    variable : str
        Its name, such as ``MP_SPDZ_HOME``.
    environ : mapping
    what, where : str
        The system, and what it runs under.
    """
    named = environ.get(variable)
    if not named:
        raise ValueError(f"{variable} does not name an installation of {what}")
    if os.name != "posix":
        raise ValueError(f"{what} runs under {where}; on Windows, use it inside WSL")
    home = Path(named).expanduser().absolute()
    if not home.is_dir():
        raise ValueError(f"{variable}={named}: there is no such folder")
    return home


def run_tool(
    argv: Sequence[str],
    folder: Path,
    what: str,
    seconds: float,
    python_path: Path | None = None,
    answers: str = "",
) -> str:
    """Run a tool in ``folder``; return what it said.

    What this Python's user has set up is not for the tool: its Python may be another one.

    Raises
    ------
    CompilerError
        It failed.
    ValueError
        It did not end within so many seconds.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    if python_path is not None:
        environment["PYTHONPATH"] = str(python_path)
    try:
        run = subprocess.run(
            argv, cwd=folder, env=environment, input=answers.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ValueError(f"{what} did not end within {seconds:.0f} s") from None
    said = run.stdout.decode("utf-8", "replace")
    if run.returncode != 0:
        raise CompilerError(
            f"{what} failed with exit status {run.returncode} ({' '.join(argv)}):\n"
            f"{last_lines(said)}",
            said,
        )
    return said


def missing_program(path: Path, what: str, cure: str) -> list[str]:
    """What is wrong with a program's file, with what mends it."""
    if not path.is_file():
        return [f"{what}, {path.name}, is missing: {cure}"]
    if not os.access(path, os.X_OK):
        return [f"{what}, {path.name}, is not executable: run `chmod +x {path.name}` there"]
    return []


def unloadable(player: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """Why a player does not even start: another kind of machine, a library is gone."""
    if not os.access(player, os.X_OK):
        return []  # `missing_program` tells
    try:
        # Without arguments it only says which ones it needs.
        run = subprocess.run(
            [str(player)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=PROBE_SECONDS,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"{player.name} does not run: {error}"]
    said = run.stderr.decode("utf-8", "replace")
    if re.search(r"shared librar|dyld|GLIBC", said):
        return [f"{player.name} does not run: {last_lines(said, 1)} (install it, or build again)"]
    if run.returncode < 0:
        return [
            f"{player.name} crashes at once: it may be built for another processor, so build it "
            "here"
        ]
    return []


def text_of(path: Path) -> str:
    """The text of a file, or "" when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def last_lines(said: str, count: int = 5) -> str:
    """The last lines of a program's words that are not blank."""
    return "\n".join([line for line in said.splitlines() if line.strip()][-count:])
