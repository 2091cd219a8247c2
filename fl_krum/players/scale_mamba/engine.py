"""The engine of real SCALE-MAMBA players: ``PlayerBinary.x``, one process each.

For those who have built SCALE-MAMBA 1.14 and let ``SCALE_MAMBA_HOME`` name its folder. The program
is the one that the embedded players run, compiled by the installation's own compiler.
docs/scale-mamba.md tells, step by step, what is done here, and how to do it by hand or on several
machines.

Nearly all the time of a run goes into the offline phase, which makes random triples, squares and
bits in large batches. So players are started once for all T rounds: they are ready when there is
material for the first round, and make that of the later ones while clients train.
"""

from __future__ import annotations

import re
from pathlib import Path

from .. import companions
from ..engine import EngineStatus, Exit, MambaProgram, RunPlan
from ..ports import free_ports
from ..problems import CompilerError, ProgramError
from ..process import WITHOUT_CORE_DUMP, Command
from . import installation, player_files
from .installation import PROGRAM, Installation, OfflineNeeds

# The offline phase (src/config.h) makes this many at a time, and pauses while a queue is longer.
BATCH = OfflineNeeds(triples=29952, squares=30208, bits=59904)
QUEUE = OfflineNeeds(triples=5_000_000, squares=100_000, bits=5_000_000)

READY = re.compile(rb"Signal online thread ready")

LARGEST_OPTION = 2**31 - 1  # options are read as C integers
SECURITY = "Shamir shares, honest majority, active security with abort"

SIGABRT, SIGPIPE = -6, -13
# Names of what takes binary circuits, and oblivious transfers for them.
BINARY = re.compile(r"\b(sregint|sbit|LF|GC|\w*[Cc]ircuit\w*)\b")

# What a player prints before a program runs, while it does, and after it.
OWN_WORDS = re.compile(
    rb"(?s)\A.*?(?:Starting online phase 0\n|\Z)|Waiting for all clients to finish\n.*\Z"
    rb"|Set up player \d+ in thread \d+ \n|(?:Opening|Closing) channel \d+\n"
)

# What a player says when it ends because another one has.
LOST = re.compile(r"receiving_error|sending_error|Networking_error|SSL_error")
# What it says when values that were opened, or offline material, do not fit together.
CAUGHT = re.compile(
    r"Hash Fail|hash_fail|mac_fail|Sacrifice|invalid_commitment|inconsistent_inputs"
)
ADVICE = {
    -9: "If the system killed it for want of memory: each player takes 0.3 to 1 GB.",
    127: "`python -m fl_krum check` tells what is wrong with the installation.",
}


class ScaleMambaEngine:
    """Starts ``PlayerBinary.x``; see `fl_krum.players.engine.Engine`."""

    name = "scale-mamba"

    def status(self) -> EngineStatus:
        try:
            version = installation.find().version
        except ValueError as error:
            return EngineStatus(False, str(error))
        return EngineStatus(
            True,
            version=version,
            security=SECURITY,
        )

    def prepare(self, program, folder: Path | None, views: bool = False) -> RunPlan:
        from .. import certificates  # which takes longer to import than all else here

        assert folder is not None  # its players need files
        if views:
            raise ValueError("only embedded players record what they see; engine='embedded' does")
        found = installation.find()
        program = companions.checked_digit_by_digit(program)
        needs = player_files.write(found, program, folder, ["127.0.0.1"] * program.players)
        options = player_options(program, needs)
        certificates.issue(program.players, "rsa").write(folder / player_files.CERTIFICATES)
        player_files.link(found, folder, program.players)
        patience = _patience(program, needs)
        return RunPlan(
            commands=lambda: _commands(found, program, folder, options),
            ready=READY,
            start_deadline=60.0 + patience,
            round_deadline=60.0 + patience,
            stop_deadline=60.0,
            read_exit=read_exit,
            disposable=(folder / player_files.CERTIFICATES,),
        )

    def prepare_any(
        self, program: MambaProgram, folder: Path | None, views: bool = False
    ) -> RunPlan:
        """The same for a program whose need of offline material nobody knows."""
        from .. import certificates

        assert folder is not None
        if views:
            raise ValueError("only embedded players record what they see; engine='embedded' does")
        found = installation.find()
        try:
            player_files.write(found, program, folder, ["127.0.0.1"] * program.players)
        except CompilerError as error:
            problem = error.problem("krum.mpc")
            if problem is None:
                raise
            raise ProgramError([problem], program.text, program.name) from None
        certificates.issue(program.players, "rsa").write(folder / player_files.CERTIFICATES)
        player_files.link(found, folder, program.players)
        options = (*(() if BINARY.search(program.text) else ("-dOT",)), "-f", "1")
        return RunPlan(
            commands=lambda: _commands(found, program, folder, options),
            ready=READY,
            start_deadline=60.0 + program.players**2,
            round_deadline=300.0,
            stop_deadline=60.0,
            read_exit=read_exit,
            disposable=(folder / player_files.CERTIFICATES,),
            any_output=True,
            prompt=re.compile(rb"(?:Input channel|Enter value on channel) \d+ : "),
            own_words=OWN_WORDS,
        )


def player_options(program, needs: OfflineNeeds) -> tuple[str, ...]:
    """Options of ``PlayerBinary.x``, the same for all players; ports, number and program follow.

    Parameters
    ----------
    program : KrumProgram
    needs : OfflineNeeds
        Of all T rounds together.

    Raises
    ------
    ValueError
        There is too much to do in one start.
    """
    # A word of input and one of private output each take a mask; one batch of masks serves all.
    words = 1 + program.d + companions.proof_words(program)
    masks = program.players * words * program.rounds
    if max(needs.triples, needs.squares, needs.bits, masks) > LARGEST_OPTION:
        raise ValueError(
            f"T={program.rounds} rounds with d={program.d} are too much for one start of "
            f"SCALE-MAMBA's players: its options end at {LARGEST_OPTION}. Use fewer rounds"
        )
    first = _one_round(needs, program.rounds)
    return (
        "-dOT",  # no binary circuits: less memory, sooner ready
        *("-f", "1"),
        # The online phase begins with material for one round. More than a queue holds never comes.
        *("-min", _as_option(first, QUEUE)),
        # Production ends with exactly what T rounds use up. Any less, and the players hang.
        *("-max", _as_option(needs)),
        *("-maxI", str(masks)),
    )


def _one_round(needs: OfflineNeeds, rounds: int) -> OfflineNeeds:
    return OfflineNeeds(*(-(-n // rounds) for n in (needs.triples, needs.squares, needs.bits)))


def _as_option(needs: OfflineNeeds, most: OfflineNeeds | None = None) -> str:
    """ "triples,squares,bits"; at least 1 of each, since 0 means no limit."""
    counts = [needs.triples, needs.squares, needs.bits]
    limits = [most.triples, most.squares, most.bits] if most else counts
    return ",".join(str(max(1, min(pair))) for pair in zip(counts, limits, strict=True))


def _commands(found: Installation, program, folder: Path, options) -> list[Command]:
    """One command a player, on ports that are free now."""
    ports = ",".join(map(str, free_ports(program.players)))
    start = (*WITHOUT_CORE_DUMP, str(found.player), *options, "-pns", ports)
    commands = [Command((*start, str(i), PROGRAM), cwd=folder) for i in range(program.players)]
    return companions.beside(commands, program, folder / PROGRAM / "krum.mpc")


def _patience(program, needs: OfflineNeeds) -> float:
    """Seconds that one round's offline material may take, on a slow and busy machine."""
    first = _one_round(needs, program.rounds)
    batches = (
        first.triples / BATCH.triples + first.squares / BATCH.squares + 2 * first.bits / BATCH.bits
    )
    return program.players**2 * (1.0 + batches)


def read_exit(status: int, last_words: str) -> Exit:
    if CAUGHT.search(last_words):
        advice = (
            "Values that the players opened do not fit together: one of them computed something "
            "else than agreed. No result of these players can be trusted."
        )
        return Exit(is_alarm=True, advice=advice)
    if status == SIGPIPE or (status == SIGABRT and LOST.search(last_words)):
        # Harmless at the end: a player that has made enough offline material leaves that phase at
        # once, and one that was a moment slower waits for it there and finds the connection closed.
        return Exit(is_consequence=True, is_harmless=True)
    return Exit(advice=ADVICE.get(status, ""))
