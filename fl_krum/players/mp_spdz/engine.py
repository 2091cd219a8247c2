"""The engine of real MP-SPDZ players: ``shamir-party.x`` or another of its programs, one process
each.

For those who let ``MP_SPDZ_HOME`` name an installation of MP-SPDZ 0.4.2. The program is the one
that the embedded players run, after a short prelude (mamba/mp_spdz_prelude.mpc), compiled by the
installation's own compiler. `protocols` says which protocol it can be, and docs/engines.md when to
take it.

Random material is made when it is used up, not ahead, so players are ready as soon as they are
connected, and each round makes its own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from .. import companions
from ..engine import EngineStatus, Exit, MambaProgram, RunPlan
from ..ports import free_ports
from ..problems import CompilerError, Problem, ProgramError
from ..process import WITHOUT_CORE_DUMP, Command
from . import installation, player_files
from .installation import PRIME, PROGRAM, Installation
from .protocols import PROTOCOLS, Protocol

READY = re.compile(rb"Player ready")  # printed by the prelude

# What a player says when it ends because another one has, or was never there.
LOST = re.compile(
    r"Fatal error in communication|Fatal communication error|Connection closed down"
    r"|Timed out waiting for peer|cannot connect|handshake with"
)
# What it says when values that were opened, random material or programs do not fit together.
CAUGHT = re.compile(
    r"inconsistent Shamir secret sharing|MacCheck Failure|Offline-Check-Error"
    r"|mismatch in private output|check hash mismatch|Inconsistent broadcast"
    r"|program differs between parties"
)
ADVICE = {
    -4: "It may be built for another processor: build MP-SPDZ on this machine.",
    127: "`python -m fl_krum check` tells what is wrong with the installation.",
}


class MpSpdzEngine:
    """Starts ``shamir-party.x`` or its like; see `fl_krum.players.engine.Engine`.

    Parameters
    ----------
    protocol : {"shamir", "atlas", "sy-shamir", "malicious-shamir"}, optional
        By default what the environment variable ``FL_KRUM_MP_SPDZ`` names, or shamir.
    """

    name = "mp-spdz"

    def __init__(self, protocol: str | None = None):
        if protocol is not None and protocol not in PROTOCOLS:
            raise ValueError(f"protocol {protocol!r}: choose one of {', '.join(PROTOCOLS)}")
        self._protocol = PROTOCOLS[protocol] if protocol else None

    def status(self) -> EngineStatus:
        try:
            found = installation.find(self._protocol)
        except ValueError as error:
            return EngineStatus(False, str(error))
        return EngineStatus(True, version=found.version, security=found.protocol.security)

    def prepare(self, program, folder: Path | None, views: bool = False) -> RunPlan:
        folder = _private_folder(folder, views)
        found = installation.find(self._protocol)
        program = companions.checked_digit_by_digit(program)
        player_files.write(found, program, folder)
        return _plan(found, program, folder, _round_deadline(found.protocol, program))

    def prepare_any(
        self, program: MambaProgram, folder: Path | None, views: bool = False
    ) -> RunPlan:
        """The same for any other program; what only SCALE-MAMBA knows is its compiler's error."""
        folder = _private_folder(folder, views)
        found = installation.find(self._protocol)
        try:
            player_files.write(found, program, folder)
        except CompilerError as error:
            problem = error.problem("krum.mpc", player_files.lines_before())
            if problem is None:
                raise
            raise ProgramError([problem], program.text, program.name) from None
        return replace(
            _plan(found, program, folder, 300.0),
            any_output=True,
            end_of_input=None,
            read_problems=_read_problems,
            own_words=re.compile(rb"(?m)^(?:Player ready|Please input \w+:)\n"),
        )


def _private_folder(folder: Path | None, views: bool) -> Path:
    if views:
        raise ValueError("only embedded players record what they see; engine='embedded' does")
    assert folder is not None  # its players need files
    return folder


def _plan(found: Installation, program, folder: Path, round_deadline: float) -> RunPlan:
    """How the players of a compiled program run, with new keys."""
    from .. import certificates  # which takes longer to import than all else here

    player_files.link(folder, program.players)
    issued = certificates.issue(program.players, "ec", prefix="P")
    keys = player_files.write_certificates(issued, folder)
    return RunPlan(
        commands=lambda: _commands(found, program, folder),
        ready=READY,
        start_deadline=60.0 + 2.0 * program.players,
        round_deadline=round_deadline,
        stop_deadline=20.0,
        read_exit=read_exit,
        disposable=tuple(keys),
    )


def player_options(program) -> tuple[str, ...]:
    """Options of a player, the same for all of them; its number and the program follow."""
    return (
        *("-N", str(program.players)),
        *("-T", str(program.threshold)),
        *("-P", str(PRIME)),
        "-I",  # input comes from standard input, when the program wants it
        *("-ip", player_files.HOSTS),
        # At its end a player writes its memory, full of shares, to a file, unless told not to.
        *("-o", "no_memory_output"),
    )


def _commands(found: Installation, program, folder: Path) -> list[Command]:
    """One command a player, on ports that are free now."""
    ports = free_ports(program.players)
    lines = player_files.host_lines(["127.0.0.1"] * program.players, ports)
    (folder / player_files.HOSTS).write_text(lines, encoding="ascii")
    start = (*WITHOUT_CORE_DUMP, str(found.player), *player_options(program))
    commands = [
        Command((*start, "-p", str(i), PROGRAM), folder, found.environment)
        for i in range(program.players)
    ]
    return companions.beside(commands, program, folder / player_files.PROGRAM_TEXT)


def _round_deadline(protocol: Protocol, program) -> float:
    """Seconds: some twenty times what one round takes on 2 quiet cores."""
    comparisons = program.n**3 / 2
    products = program.n**2 * program.d
    slow = 4 if protocol.active else 1
    return 60.0 + slow * program.players * (0.02 * comparisons + 1e-5 * products)


def _read_problems(said: str) -> list[Problem]:
    """What a player says that stops a program; the place is one in the compiled program."""
    return [Problem(words) for words in re.findall(r"Fatal error at \S+ \(\w+\): (.+)", said)]


def read_exit(status: int, last_words: str) -> Exit:
    if CAUGHT.search(last_words):
        advice = (
            "What the players have does not fit together: one of them computes, or computed, "
            "something else than agreed. No result of these players can be trusted."
        )
        return Exit(is_alarm=True, advice=advice)
    return Exit(
        is_consequence=status == 1 and LOST.search(last_words) is not None,
        advice=ADVICE.get(status, ""),
    )
