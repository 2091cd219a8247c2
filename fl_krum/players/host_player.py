"""The player of one party, on a host of its own: started for one run, watched, and gone after it.

It is an embedded player, ``python -m mamba.player``, a process that is told everything on standard
input. When the server has all players begin again without somebody that was not there, this starts
the next one, with the words that it was given, if the party's limits allow it and these words have
not been shared yet: nobody shares the same words twice.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..program.krum_program import KrumProgram
from . import chosen, embedded, installed_party, launching, run_folder
from .agreement import EMBEDDED, Agreement, Limits
from .engine import ACTIVE, RunPlan
from .host_error import Ending, HostError
from .player import PlayerProcess
from .ports import is_free
from .process import Command, PlayerError, Process, SpawnedProcess
from .program_result import read_transcript
from .roster import Roster, check_dates, read_key
from .wire_text import in_pieces

PATIENCE, DEADLINE = 60.0, 600.0  # seconds, where nobody says otherwise
_PORT_PAUSE = 0.5
_GRACE = 10.0  # seconds after the deadline in which a player ends by itself


class HostPlayer:
    """One party's player, for one run.

    Parameters
    ----------
    roster : Roster
    name : str
        Of this party.
    key : path
        Its private key, as `fl_krum.players.roster.make_key` wrote it.
    agreement : Agreement
    limits : Limits, optional
        What this party insists on.
    patience : float
        Seconds that the server waits for the others before it goes on without them. The others
        wait for the server until the deadline.
    deadline : float
        Seconds from the start until all is over.
    listen : str, optional
        Address of this host to listen at, "" for every one; by default that of the roster, or every
        one when that is a name.
    say : callable, optional
        Given lines of news.
    absent : sequence of str
        Parties that will not come: the server begins without them when all others are there.
    start : callable
        Starts the player's process, given its `Command`: `SpawnedProcess`, a fork server
        (`fl_krum.players.fork_server.Forks`), or `fl_krum.players.process.behind` something.

    Attributes
    ----------
    agreement : Agreement
        What is computed now: without those that were left out.
    missing : tuple of str
        Who was left out, since it was not there before it had shared anything.
    excluded : tuple of str
        Clients that were left out of the last result, since they shared more than agreed; the
        server is told.
    printed : str
        What the server's player of a program of one's own printed, when it has ended.
    told : list of int
        What a program of one's own has told this party.

    Raises
    ------
    ValueError
        This party refuses the agreement, or key, certificates or address cannot be used. Nothing
        was started.
    """

    def __init__(
        self,
        roster: Roster,
        name: str,
        key,
        agreement: Agreement,
        limits: Limits | None = None,
        patience: float = PATIENCE,
        deadline: float = DEADLINE,
        listen: str | None = None,
        say: Callable[[str], object] = lambda line: None,
        start: Callable[[Command], Process] = SpawnedProcess,
        absent: Sequence[str] = (),
    ):
        self._start, self._absent = start, tuple(absent)
        for what, seconds in (("patience", patience), ("deadline", deadline)):
            if not seconds > 0:
                raise ValueError(f"{what} is a positive number of seconds, not {seconds}")
        self._limits = limits or Limits()
        self._limits.check(agreement, roster, name)
        self.roster, self.name, self.agreement = roster, name, agreement
        self._key_path, self._key = Path(key), read_key(Path(key), roster, name)
        if agreement.engine != EMBEDDED:
            installed_party.check(agreement, roster, name, self._key_path)
        check_dates(roster, agreement.parties)
        self._patience, self._seconds, self._listen, self._say = patience, deadline, listen, say
        self._all = agreement.parties
        self._until = 0.0
        self._changed = threading.Condition()
        self._player: PlayerProcess | None = None
        self._given: list[bytes] = []
        self._rounds_given = self._rounds_done = 0
        self._error: HostError | None = None
        self._ended = self._stopped = False
        self.excluded: tuple[str, ...] = ()
        self.printed = ""
        self.told: list[int | float] = []

    def __enter__(self) -> HostPlayer:
        self.start()
        return self

    def __exit__(self, kind, error, traceback) -> None:
        self.stop()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in self._all if name not in self.agreement.parties)

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self._ended

    @property
    def exchanges(self) -> list[int]:
        """Rounds of communication that its player has had by the end of each result, and of all."""
        player = self._player
        return [] if player is None else [rounds for _, _, rounds in player.reports]

    def start(self) -> None:
        """Start it, and return at once."""
        self._until = time.monotonic() + self._seconds
        threading.Thread(target=self._run, name=f"player of {self.name}", daemon=True).start()

    def wait(self, timeout: float) -> bool:
        """Whether it has ended, within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout)

    def stop(self) -> None:
        """End it at once; does nothing when it has ended."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self.wait(5.0)

    def wait_ready(self, timeout: float) -> bool:
        """Whether it is connected to all it will talk to, within so many seconds."""
        with self._changed:
            return (
                self._changed.wait_for(
                    lambda: self._error or (self._player is not None and self._player.ready),
                    timeout,
                )
                and not self._error
            )

    def give(self, vector) -> None:
        """A client's vector of one round, shape (d,).

        Raises
        ------
        ValueError
            Wrong shape, or a value out of range: which coordinate, and not what it is.
        """
        program = self._krum("vectors")
        values = np.asarray(vector, dtype=np.float64)
        if values.shape != (program.d,):
            raise ValueError(f"a vector has the shape ({program.d},), not {values.shape}")
        low, high = program.fixed_point.range()
        with np.errstate(invalid="ignore"):
            wrong = ~((values >= low) & (values <= high))
        if wrong.any():
            raise ValueError(
                f"coordinate {int(np.argmax(wrong))} is not within [{low:.10g}, {high:.10g}]"
            )
        self.give_words(program.fixed_point.encode(values[None])[0])

    def give_words(self, words) -> None:
        """A party's words, unsigned integers of 64 bits: a client's d of one round, or all of a
        program of one's own."""
        words = np.asarray(words, dtype=np.uint64)
        if self.agreement.is_krum:
            program = self._krum("words")
            if self.name == self.agreement.server:
                raise ValueError("the server gives no words")
            if self._rounds_given == program.rounds or words.shape != (program.d,):
                raise ValueError(f"{program.rounds} times {program.d} words are expected")
        with self._changed:
            self._rounds_given += 1
            self._given += in_pieces(words) if len(words) else []
            if not self.agreement.is_krum:
                self._given.append(embedded.END_OF_INPUT)
            self._changed.notify_all()

    def result(self) -> np.ndarray | None:
        """Wait for the next round's result: the vector at the server, None at the others.

        Raises
        ------
        HostError
            There is none, and why.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._error or self._ended or self._has_result())
            if self._has_result():
                return self._take_result()
            if self._error:
                raise self._error
        program, server = self.agreement.program, self.name == self.agreement.server
        if server and isinstance(program, KrumProgram) and self._rounds_done < program.rounds:
            raise HostError(f"{self.name}: its player has ended without a result")
        return None

    # --- results ---------------------------------------------------------------------------------

    def _has_result(self) -> bool:
        """Of the last round only when the player has ended well, since it may still find that
        something was wrong."""
        program, player = self.agreement.program, self._player
        if not isinstance(program, KrumProgram) or self.name != self.agreement.server:
            return False
        if player is None or self._error or len(player.outputs) < 1 + program.d:
            return False
        return self._rounds_done + 1 < program.rounds or self._ended

    def _take_result(self) -> np.ndarray:
        program, player = self._krum("results"), self._player
        assert player is not None, "it has results"
        count, clients = 1 + program.d, program.n
        outputs, player.outputs = player.outputs[:count], player.outputs[count:]
        passed, player.passed = player.passed[:clients], player.passed[clients:]
        liars = [self.agreement.parties[client] for client, well in passed if not well]
        self.excluded = tuple(liars)
        self._rounds_done += 1
        try:
            return chosen.decode(program, outputs, self.excluded)
        except PlayerError as error:
            raise HostError(f"{self.name}: {' '.join(str(error).split())}") from None

    def _krum(self, what: str) -> KrumProgram:
        program = self.agreement.program
        if not isinstance(program, KrumProgram):
            raise ValueError(f"{what} of a program of one's own are words")
        return program

    # --- processes -------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while True:
                with contextlib.ExitStack() as resources:
                    if not self._attempt(resources):
                        break
        except (OSError, ValueError) as error:
            self._error = HostError(f"{self.name}: {' '.join(str(error).split())}")
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _attempt(self, resources: contextlib.ExitStack) -> bool:
        """One player, to its end; whether there is to be another one."""
        number = self.agreement.parties.index(self.name)
        if not self._waits_for_all:
            plan, command = self._plan(), self._command(number)
        else:
            self._wait_for_port()
            folder, _ = run_folder.make(resources)
            plan, command = installed_party.prepare(
                self.agreement, self.roster, self.name, self._key_path, folder
            )
        player = PlayerProcess(number, self._start(command), plan, self._changed)
        with self._changed:
            self._player = player
        player.send(self._pieces(player, command.first_input))
        limit = self._until + _GRACE
        if self._waits_for_all:
            limit = self._until if self._is_connected(player) else 0.0
        with self._changed:
            self._changed.wait_for(
                lambda: player.status is not None or self._stopped, limit - time.monotonic()
            )
        if player.status is None:
            player.end(force=True)
            with self._changed:
                self._changed.wait_for(lambda: player.status is not None, 5.0)
        player.close()
        harmless = player.status and plan.read_exit(player.status, player.last_words).is_harmless
        if player.status == 0 or harmless:
            if not self.agreement.is_krum:
                self.printed, self.told = read_transcript(bytes(player.said), plan)
            return False
        return self._begins_again(player)

    @property
    def _waits_for_all(self) -> bool:
        """Whether its player is one of an installation, which can leave nobody out."""
        return self.agreement.engine != EMBEDDED

    def _wait_for_port(self) -> None:
        """An installation's player of the round before may be there still, in wait for somebody."""
        while not is_free(self.roster[self.name].port):
            with self._changed:
                if self._changed.wait_for(lambda: self._stopped, _PORT_PAUSE):
                    return
            if time.monotonic() > self._until:
                return  # the installation tells

    def _is_connected(self, player: PlayerProcess) -> bool:
        """Whether an installation's player has found all others. They wait for ever; here they have
        twice the patience, since the server's player comes when its own patience is over."""
        until = min(self._until, time.monotonic() + 2 * self._patience)
        with self._changed:
            self._changed.wait_for(
                lambda: player.ready or player.status is not None or self._stopped,
                until - time.monotonic(),
            )
        return player.ready or player.status is not None

    def _pieces(self, player: PlayerProcess, first: bytes) -> Iterator[bytes]:
        """What the player reads: as it comes, for as long as it is there."""
        yield first
        for written in itertools.count():
            with self._changed:
                while len(self._given) <= written:
                    if player.status is not None or self._stopped:
                        return
                    self._changed.wait(1.0)
                piece = self._given[written]
            yield piece

    def _begins_again(self, player: PlayerProcess) -> bool:
        """Whether the round begins again without somebody; else there is an error."""
        ending = Ending.of(player, self.agreement.parties)
        again = ending.again
        if not again or self._stopped:
            otherwise = "it was stopped" if self._stopped else ""
            if not otherwise and self._waits_for_all and player.status == -9 and not player.ready:
                otherwise = f"not all players were there within {2 * self._patience:g} s"
            if not otherwise and time.monotonic() > self._until:
                otherwise = f"nothing has come of it within {self._seconds:g} s"
            port = self.roster[self.name].port
            self._error = ending.error(self.name, otherwise, port)
            return False
        names = ", ".join(again)
        if self.name in again:
            self._error = HostError(
                f"{self.name}: the others begin the round again without this party", again
            )
            return False
        if not ending.may_begin_again:
            self._error = HostError(
                f"{self.name}: the server begins the round again without {names}, but this party "
                "has shared its words, and does not share them twice",
                again,
            )
            return False
        try:
            agreement = self.agreement.without(again)
            self._limits.check(agreement, self.roster, self.name)
        except ValueError as error:
            self._error = HostError(f"{self.name}: {error}", again)
            return False
        self._say(f"{self.name}: the round begins again without {names}")
        with self._changed:
            self.agreement = agreement
        return True

    def _plan(self) -> RunPlan:
        own_text = not self.agreement.is_krum
        return RunPlan(
            commands=list,
            ready=embedded.READY,
            start_deadline=self._seconds,
            round_deadline=self._seconds,
            any_output=own_text,
            own_words=embedded.OWN_WORDS,
        )

    def _command(self, number: int) -> Command:
        agreement, program = self.agreement, self.agreement.program
        left = max(1.0, self._until - time.monotonic())
        options = ["--given-on-stdin", "--end-with-stdin", "--threshold", str(program.threshold)]
        options += ["--patience", f"{min(self._patience, left):g}", "--deadline", f"{left:.1f}"]
        options += ["--checked" if agreement.is_krum else "--inputs-end"]
        options += ["--active"] if agreement.security == ACTIVE else []
        name = "krum.mpc" if agreement.is_krum else "program.mpc"
        arguments = (str(number), name, *options)
        argv = (sys.executable, "-m", "mamba.player", *arguments)
        given = json.dumps(self._what_it_is_given(program)).encode()
        first = b"%08d" % len(given) + given
        return Command(argv, Path(launching.ROOT), launching.environment(), arguments, first)

    def _what_it_is_given(self, program) -> dict:
        agreement, roster = self.agreement, self.roster
        members = [roster[name] for name in agreement.parties]
        own = roster[self.name]
        listen = self._listen
        if listen is None:
            listen = own.host if re.fullmatch(r"[\d.]+|.*:.*", own.host) else ""
        return {
            "program": program.source() if isinstance(program, KrumProgram) else program.text,
            "root": "".join(member.certificate for member in members),
            "certificate": own.certificate,
            "key": self._key.decode("ascii"),
            "peers": [[member.host, member.port, member.fingerprint] for member in members],
            "listen": listen,
            "absent": [i for i, one in enumerate(agreement.parties) if one in self._absent],
            "meeting": {
                "run": f"run {agreement.session}",
                "number": agreement.number,
                "parties": " ".join(agreement.parties),
                "roster": roster.digest,
            },
        }
