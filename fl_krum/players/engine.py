"""What an engine hands to the supervisor, so that the supervisor need not know the engine.

Every kind of player takes words on its standard input and, if it is player 0, prints its results
as ``Output channel 0 : <signed integer>``. All that differs is written down here as plain data:
what to start, how a player says that it is ready, how long it may take, and how to read its exit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, cast

from ..aggregators.parameters import check_integer
from .problems import Problem
from .process import Command

# Secure against players that pool what they see, or also against such that depart from the
# protocol: then the run ends.
SECURITIES = SEMI_HONEST, ACTIVE = "semi-honest", "active"


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine can be used on this machine.

    Attributes
    ----------
    usable : bool
    reason : str
        Why it is not usable and what to do about it, in one line; empty when it is.
    version : str
        What would run, for a person to read.
    security : str
        The security it gives, in one line.
    """

    usable: bool
    reason: str = ""
    version: str = ""
    security: str = ""


@dataclass(frozen=True)
class MambaProgram:
    """A program in the MAMBA language that is not `KrumProgram`'s.

    Attributes
    ----------
    text : str
    players : int
        Players 0 ... players - 1 run it.
    name : str
        What messages call it.
    threshold : int
        t: any t holders of shares learn nothing from what they see together; by default the
        largest, of 2t + 1 players. On embedded players 2t + 1 hold shares, drawn where there is a
        choice; on all others everybody does.
    check : bool
        That clients prove something of their inputs: only krum.mpc asks for that.

    Raises
    ------
    ValueError
        The threshold cannot be kept among so many players.
    """

    text: str
    players: int
    name: str = "program.mpc"
    threshold: int = cast(int, None)  # until it is known how many players there are
    check: ClassVar[bool] = False

    def __post_init__(self) -> None:
        largest = (self.players - 1) // 2
        if cast("int | None", self.threshold) is None:
            object.__setattr__(self, "threshold", largest)
        why = f"2t + 1 of {self.players} players hold shares"
        check_integer("threshold", self.threshold, 1, largest, why)

    def source(self) -> str:
        """The text, as `KrumProgram.source` gives it."""
        return self.text

    def save(self, path: Path) -> None:
        """Write the text to a file."""
        path.write_text(self.text, encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Exit:
    """How the end of a player is to be read.

    Attributes
    ----------
    is_consequence : bool
        Whether it most likely ended because it lost another player.
    is_harmless : bool
        Whether an exit status other than 0 means nothing once the whole result has been given.
    is_alarm : bool
        Whether it has found out that another player cheats: an error whenever it comes.
    advice : str
        What the user can do about it, in one sentence, or "".
    finding : str
        Of an alarm: what it has found, in place of how it ended, "found that …".
    suspects : tuple of int
        Of an alarm: the players of whom one departed from the protocol, where that can be told.
    """

    is_consequence: bool = False
    is_harmless: bool = False
    is_alarm: bool = False
    advice: str = ""
    finding: str = ""
    suspects: tuple[int, ...] = ()


@dataclass(frozen=True)
class RunPlan:
    """Everything the supervisor has to know about one run of the players 0…N-1.

    Attributes
    ----------
    commands : callable () -> list of Command
        The N commands. Called once per attempt to start, since each attempt takes fresh ports.
    ready : pattern
        Found on a player's standard output or error once it is connected to all the others. Where
        it has a group, that finds the players that hold shares; else all do.
    start_deadline, round_deadline, stop_deadline : float
        Seconds until all are ready, for one aggregation, and for ending after the last one.
    ports_taken : set of int
        Exit statuses that mean "a port is in use", worth another attempt.
    draws : pattern or None
        Found on a player's standard error before it makes known who holds shares. From then on no
        attempt follows: whoever dislikes the holders could have them drawn again.
    read_exit : callable (status, last words) -> Exit
        How to read an exit status that is not 0, with what the player said last.
    disposable : tuple of Path
        Files and folders no player needs any more once all are ready, private keys above all.
    views : bool
        Whether players print what they saw after every aggregation, as a line "View {JSON}".
    fork_server : Command or None
        A process that forks the players, as `fork_server` asks it to; when there is none, each
        player is started by itself.
    reports_every_round : bool
        Whether players print "Sent … in R rounds" after every aggregation or only at the end.
    any_output : bool
        Whether all players may print what and as much as they like, and end by themselves: nobody
        here knows the program.
    end_of_input : bytes or None
        What a player of such a program reads after its last word; None closes the pipe.
    prompt : pattern or None
        What it prints on standard output for each word that it asks for, if it does.
    read_problems : callable (standard error of one player) -> list of Problem
        What it says of mistakes in the program.
    own_words : pattern or None
        What players print on standard output that is not the program's.
    """

    commands: Callable[[], list[Command]]
    ready: re.Pattern[bytes]
    start_deadline: float
    round_deadline: float
    stop_deadline: float = 10.0
    ports_taken: frozenset[int] = frozenset()
    draws: re.Pattern[bytes] | None = None
    read_exit: Callable[[int, str], Exit] = lambda status, last_words: Exit()
    disposable: tuple[Path, ...] = ()
    views: bool = False
    fork_server: Command | None = None
    reports_every_round: bool = False
    any_output: bool = False
    end_of_input: bytes | None = b""
    prompt: re.Pattern[bytes] | None = None
    read_problems: Callable[[str], list[Problem]] = lambda said: []
    own_words: re.Pattern[bytes] | None = None


class Engine(Protocol):
    """A kind of player. `LocalPlayers` takes one by its name, or any object of this form.

    Attributes
    ----------
    name : str
    some_hold_shares : bool, optional
        Whether only 2t + 1 of its players hold shares, which can be named; else all do.
    needs_folder : bool, optional
        Whether its players need files. When not, `prepare` is given no folder and nothing of a run
        is ever on a disk. True when it is not there.
    """

    name: str

    def status(self) -> EngineStatus:
        """Look at this machine, start nothing."""

    def prepare(self, program, folder: Path | None, views: bool = False) -> RunPlan:
        """Write what the players of ``program`` (a KrumProgram) need to the private ``folder``.

        ``folder`` is None for an engine that needs none.

        Raises ValueError when the program cannot run here, or ``views`` cannot be given.
        """

    def prepare_any(
        self, program: MambaProgram, folder: Path | None, views: bool = False
    ) -> RunPlan:
        """The same for any other program; ProgramError when a compiler refuses it."""
