"""An installation of MP-SPDZ: whether it can be used, what it lacks, and how its compiler is used.

The environment variable ``MP_SPDZ_HOME`` names the folder in which the user has built MP-SPDZ, or
unpacked a release of it. Nothing is ever written there: all that a run needs goes to a folder of
its own (`player_files`), in which the compiler is run. It is a program in Python, run by this one.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..built_programs import home_folder, last_lines, missing_program, run_tool, text_of, unloadable
from .protocols import PROTOCOLS, VARIABLE, Protocol
from .protocols import find as find_protocol

MP_SPDZ_HOME = "MP_SPDZ_HOME"

PRIME = 2**127 - 1  # as krum.mpc expects
PROGRAM = (
    "krum"  # Programs/Source/krum.mpc, Programs/Schedules/krum.sch, Programs/Bytecode/krum-*.bc
)

COMPILER = "compile.py"
LIBRARY_PATH = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"

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
        found = re.search(r"^## ([\d.]+)", text_of(self.home / "CHANGELOG.md"), re.MULTILINE)
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
        said = run_tool(argv, folder, "MP-SPDZ's compiler", COMPILER_SECONDS)
        if not (folder / "Programs" / "Schedules" / f"{PROGRAM}.sch").is_file():
            raise ValueError(f"MP-SPDZ's compiler wrote no program:\n{last_lines(said)}")


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
    home = home_folder(MP_SPDZ_HOME, environ, "MP-SPDZ", "Linux and macOS")
    found = Installation(home, protocol)
    problems = [*_missing_parts(found), *unloadable(found.player, found.environment)]
    if problems:
        raise ValueError(f"{MP_SPDZ_HOME}={environ[MP_SPDZ_HOME]}: " + "; ".join(problems))
    return found


def library_path(home: Path) -> dict[str, str]:
    """The environment in which players of an installation built from source find libSPDZ."""
    others = os.environ.get(LIBRARY_PATH)
    return {LIBRARY_PATH: os.pathsep.join(filter(None, [str(home), others]))}


def _missing_parts(found: Installation) -> list[str]:
    player = found.protocol.player
    there = [one.name for one in PROTOCOLS.values() if (found.home / one.player).is_file()]
    others = f"; what is there is {', '.join(there)} ({VARIABLE})" if there else ""
    cure = f"run `make {player}` there, or Scripts/tldr.sh in a release{others}"
    problems = missing_program(found.player, "the player", cure)
    compiler = (found.home / COMPILER, found.home / "Compiler" / "__init__.py")
    if not all(file.is_file() for file in compiler):
        problems.append(
            f"the compiler, {COMPILER} and Compiler/, is missing: take it from a new clone"
        )
    return problems
