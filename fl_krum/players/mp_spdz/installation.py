"""An installation of MP-SPDZ: whether it can be used, what it lacks, and how its compiler is used.

The environment variable ``MP_SPDZ_HOME`` names the folder in which the user has built MP-SPDZ, or
unpacked a release of it. Nothing is ever written there: all that a run needs goes to a folder of
its own (`player_files`), in which the compiler is run. It is a program in Python, run by this one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..problems import CompilerError
from .protocols import PROTOCOLS, VARIABLE, Protocol
from .protocols import find as find_protocol

MP_SPDZ_HOME = "MP_SPDZ_HOME"

PRIME = 2**127 - 1  # as krum.mpc expects
PROGRAM = (
    "krum"  # Programs/Source/krum.mpc, Programs/Schedules/krum.sch, Programs/Bytecode/krum-*.bc
)

COMPILER = "compile.py"
LIBRARY_PATH = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"

PROBE_SECONDS = 20.0  # for a player to say what it is
COMPILER_SECONDS = 600.0  # it takes a second for 7 clients


@dataclass(frozen=True)
class Installation:
    """An installation with nothing missing; `find` makes one.

    Attributes
    ----------
    home : Path
    protocol : Protocol
        That players are to run.
    """

    home: Path
    protocol: Protocol

    @property
    def version(self) -> str:
        """What would run, for a person to read."""
        found = re.search(r"^## ([\d.]+)", _text(self.home / "CHANGELOG.md"), re.MULTILINE)
        number = f" {found[1]}" if found else ""
        return f"MP-SPDZ{number} in {self.home}, {self.protocol.player}"

    @property
    def player(self) -> Path:
        """The program that is one player."""
        return self.home / self.protocol.player

    @property
    def environment(self) -> dict[str, str]:
        """What players need in their environment: where their library lies."""
        return library_path(self.home)

    def compile(self, folder: Path, bits: int) -> None:
        """Compile ``folder``/Programs/Source/krum.mpc for numbers of up to that many bits.

        The prime is not named here: the compiler would take bits apart by it, where numbers that
        are known to be short are compared with half as many multiplications.
        """
        argv = [sys.executable, str(self.home / COMPILER), "-F", str(bits), PROGRAM]
        # What this Python's user has set up is not for the compiler.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
        try:
            run = subprocess.run(
                argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMPILER_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            message = f"MP-SPDZ's compiler did not end within {COMPILER_SECONDS:.0f} s"
            raise ValueError(message) from None
        said = run.stdout.decode("utf-8", "replace")
        if run.returncode != 0:
            raise CompilerError(
                f"MP-SPDZ's compiler failed with exit status {run.returncode} "
                f"({' '.join(argv)}):\n{_last_lines(said)}",
                said,
            )
        if not (folder / "Programs" / "Schedules" / f"{PROGRAM}.sch").is_file():
            raise ValueError(f"MP-SPDZ's compiler wrote no program:\n{_last_lines(said)}")


def find(
    protocol: Protocol | None = None, environ: Mapping[str, str] | None = None
) -> Installation:
    """The installation that `MP_SPDZ_HOME` names, for the protocol, or the one `environ` names.

    Raises
    ------
    ValueError
        Telling all that is missing, and how to mend it.
    """
    environ = os.environ if environ is None else environ
    protocol = protocol or find_protocol(environ)
    named = environ.get(MP_SPDZ_HOME)
    if not named:
        raise ValueError(f"{MP_SPDZ_HOME} does not name an installation of MP-SPDZ")
    if os.name != "posix":
        raise ValueError("MP-SPDZ runs under Linux and macOS; on Windows, use it inside WSL")
    home = Path(named).expanduser().absolute()
    if not home.is_dir():
        raise ValueError(f"{MP_SPDZ_HOME}={named}: there is no such folder")
    found = Installation(home, protocol)
    problems = [*_missing_parts(found), *_unloadable(found)]
    if problems:
        raise ValueError(f"{MP_SPDZ_HOME}={named}: " + "; ".join(problems))
    return found


def library_path(home: Path) -> dict[str, str]:
    """The environment in which players of an installation built from source find libSPDZ."""
    others = os.environ.get(LIBRARY_PATH)
    return {LIBRARY_PATH: os.pathsep.join(filter(None, [str(home), others]))}


def _missing_parts(found: Installation) -> list[str]:
    problems, player = [], found.protocol.player
    if not found.player.is_file():
        there = [one.name for one in PROTOCOLS.values() if (found.home / one.player).is_file()]
        others = f"; what is there is {', '.join(there)} ({VARIABLE})" if there else ""
        problems.append(
            f"the player, {player}, is missing: run `make {player}` there, or Scripts/tldr.sh in a "
            f"release{others}"
        )
    elif not os.access(found.player, os.X_OK):
        problems.append(f"the player, {player}, is not executable: run `chmod +x {player}` there")
    compiler = (found.home / COMPILER, found.home / "Compiler" / "__init__.py")
    if not all(file.is_file() for file in compiler):
        problems.append(
            f"the compiler, {COMPILER} and Compiler/, is missing: take it from a new clone"
        )
    return problems


def _unloadable(found: Installation) -> list[str]:
    """Why the player does not even start: another kind of machine, a library is gone."""
    name = found.protocol.player
    if not os.access(found.player, os.X_OK):
        return []  # `_missing_parts` tells
    try:
        # Without arguments it only says which ones it needs.
        run = subprocess.run(
            [str(found.player)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=PROBE_SECONDS, env={**os.environ, **found.environment},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"{name} does not run: {error}"]
    said = run.stderr.decode("utf-8", "replace")
    if re.search(r"shared librar|dyld|GLIBC", said):
        return [f"{name} does not run: {_last_lines(said, 1)} (install it, or build again)"]
    if run.returncode < 0:
        return [f"{name} crashes at once: it may be built for another processor, so build it here"]
    return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _last_lines(said: str, count: int = 5) -> str:
    return "\n".join([line for line in said.splitlines() if line.strip()][-count:])
