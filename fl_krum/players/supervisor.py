"""One pair of eyes on all players of a run: start them, feed them, and end them together.

Players wait for each other, so the trouble of one soon is the trouble of all: a player that was
killed leaves the others with a broken connection, or waiting for ever. Whatever happens, the
supervisor therefore ends every player and raises one `PlayerError` about the one that began it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from . import fork_server
from .engine import Exit, RunPlan
from .guard import Guard
from .player import PlayerProcess, describe_exit
from .process import Command, PlayerError, Process, SpawnedProcess

ATTEMPTS = 5  # to start, when other programs take the ports
GRACE = 0.3  # seconds given to the other players' ends to arrive before one is blamed
TERMINATION = 0.25  # seconds between asking a player to end and killing it
ENDED_AS_TOLD = 0, -signal.SIGTERM  # the status of a player after its last round, or before


class Supervisor:
    """Runs the players of one `RunPlan`; a guard is told of each that no fork server ends.

    All methods but `close` belong to one thread at a time; `close` may be called from anywhere,
    more than once.
    """

    def __init__(self, run: RunPlan, guard: Guard | None = None):
        self.run = run
        self._guard = guard
        self.players: list[PlayerProcess] = []
        self._changed = threading.Condition()
        self._last_round = False
        self._allowed = 0  # outputs of player 0 that may be there by now
        self._started = self._closed = False
        self._fork_server: fork_server.ForkServer | None = None

    def start(self, deadline: float) -> None:
        """Start all players and return when each is connected to all the others."""
        until = time.monotonic() + deadline
        try:
            if self.run.fork_server:
                self._fork_server = self._launch(self.run.fork_server)
            for attempt in range(1, ATTEMPTS + 1):
                self._start_processes()
                try:
                    self._wait("while starting", until, lambda: all(p.ready for p in self.players))
                    self._started = True
                    return
                except PlayerError as error:
                    if error.status not in self.run.ports_taken or attempt == ATTEMPTS:
                        raise
                    if any(player.has_drawn for player in self.players):
                        raise _after_the_draw(error) from None
        except BaseException:
            self._end_fork_server()  # `close` may have come from another thread before it was there
            raise

    def exchange(
        self,
        inputs: Iterable[Iterable[bytes]],
        count: int,
        deadline: float,
        phase: str,
        last: bool = False,
    ) -> list[int]:
        """Give player i its words, the i-th of ``inputs``, and return player 0's ``count`` outputs.

        The words come as pieces of text, taken when the player is ready for more. ``phase`` says
        in an error when it happened; ``last`` that players may end afterwards.
        """
        self._check(phase)
        self._allowed = count
        self._last_round = last
        for player, pieces in zip(self.players, inputs, strict=True):
            player.send(pieces)
        server = self.players[0]
        self._wait(phase, time.monotonic() + deadline, lambda: len(server.outputs) >= count)
        with self._changed:
            outputs, server.outputs = server.outputs[:count], server.outputs[count:]
        self._allowed = 0
        return outputs

    def run_to_end(
        self, inputs: Iterable[Iterable[bytes]], deadline: float, watch: Callable[[], None]
    ) -> None:
        """Give player i its words, the i-th of ``inputs``, and wait until all players have ended.

        For a program that nobody here knows (`RunPlan.any_output`). ``watch`` is called now and
        then, and raises a PlayerError when it sees that this is of no use.
        """
        phase = "while the program ran"
        self._last_round = True
        for player, pieces in zip(self.players, inputs, strict=True):
            player.send(pieces, close=self.run.end_of_input is None)

        def all_ended() -> bool:
            watch()
            return self._all_ended()

        until = time.monotonic() + deadline
        self._wait(phase, until, all_ended, lambda: self._endless(deadline))
        self._check(phase)

    def _endless(self, deadline: float) -> PlayerError:
        """The error for a program that does not end, with what players say of where they are."""
        self._end_all()
        player = next((p for p in self.players if self.run.read_problems(p.complaints)), None)
        what = f"the program did not end within {deadline:g} s; all players have been ended."
        words = player.last_words if player else self.players[0].last_words
        index = player.index if player else None
        return _error(what, words, "If it merely takes long, set a larger deadline.", player=index)

    def take_passed(self) -> dict[int, bool]:
        """What player 0 has said of the check of each client's input since the last time."""
        with self._changed:
            passed, self.players[0].passed = dict(self.players[0].passed), []
        return passed

    def wait_for_reports(self, rounds: int, seconds: float) -> None:
        """Wait until every player has reported that often what it sent, and all are equally far.

        With each report goes a view, when there are any.
        """

        def complete():
            if self.run.views and any(p.view_count < len(p.reports) for p in self.players):
                return False
            # Who holds no shares does not count the rounds of those who do.
            holders = [p for p in self.players if p.holders is None or p.index in p.holders]
            far = {player.reports[-1][2] if player.reports else 0 for player in holders}
            return len(far) == 1 and all(len(p.reports) >= rounds for p in self.players)

        with self._changed:
            self._changed.wait_for(complete, seconds)

    def finish(self) -> list[str]:
        """Let the players end by themselves after the last round; return what was odd about it."""
        with self._changed:
            self._changed.wait_for(self._all_ended, self.run.stop_deadline)
        self._check_outputs("after the last round")
        for player in self.players:
            if player.status and self._exit(player).is_alarm:
                end = describe_exit(player.status)
                self._fail(self._error(player, end, "after the last round"))
        if self._fork_server and self._fork_server.lost is not None:
            end = describe_exit(self._fork_server.lost)
            return [f"the players' fork server {end} after the result was complete"]
        return [
            f"player {p.index} {describe_exit(p.status)} after the result was complete"
            if p.status is not None
            else f"player {p.index} did not end after the last round"
            for p in self.players
            if not self._ended_well(p)
        ]

    def close(self) -> None:
        """End every player, at once, and wait until none is left; from now on none is started."""
        self._closed = True
        try:
            self._end_all()
            if self._started and all(p.status in ENDED_AS_TOLD for p in self.players):
                server, self._fork_server = self._fork_server, None
                if server is not None:
                    fork_server.keep(server)
        finally:
            self._end_fork_server()

    def _end_fork_server(self) -> None:
        if self._fork_server is not None:
            self._fork_server.close()

    def _end_all(self) -> None:
        for player in self.players:
            player.end()
        try:
            with self._changed:
                self._changed.wait_for(self._all_ended, TERMINATION)
        finally:  # also when Ctrl-C is pressed once more
            for player in self.players:
                player.end(force=True)
        with self._changed:
            self._changed.wait_for(self._all_ended, 5.0)
        for player in self.players:
            player.close()

    def _all_ended(self) -> bool:
        return all(player.status is not None for player in self.players)

    def _start_processes(self) -> None:
        self.players = []
        for index, command in enumerate(self.run.commands()):
            try:
                process = self._start_process(command)
            except OSError as error:
                self._end_all()
                raise PlayerError(f"player {index} could not be started: {error}", index) from None
            try:
                self.players.append(PlayerProcess(index, process, self.run, self._changed))
            except BaseException:  # nobody would know of it any more
                process.end(force=True)
                process.wait()
                raise
            if command.first_input:
                self.players[-1].send([command.first_input])
            if self._closed:  # in another thread, which may not have seen this player yet
                self._fail(PlayerError("the players were ended while they were being started"))

    @staticmethod
    def _launch(command: Command) -> fork_server.ForkServer:
        try:
            return fork_server.take(command)
        except OSError as error:
            raise PlayerError(f"the players' fork server could not be started: {error}") from None

    def _start_process(self, command: Command) -> Process:
        if self._fork_server:
            return self._fork_server.start(command.player_arguments)
        process = SpawnedProcess(command)
        if self._guard:  # at once: it may be that this process is killed before it comes to more
            self._guard.watch(process=process.pid)
        return process

    def _wait(
        self,
        phase: str,
        until: float,
        done: Callable[[], bool],
        stall: Callable[[], PlayerError] | None = None,
    ) -> None:
        """Wait until ``done()``; end all players and raise when that will not happen."""
        with self._changed:
            while not done():
                self._check(phase)
                remaining = until - time.monotonic()
                if remaining <= 0:
                    self._fail(stall() if stall else self._stall(phase))
                # In short steps: on Windows a wait without end does not hear Ctrl-C.
                self._changed.wait(min(remaining, 0.2))
            self._check_outputs(phase)

    def _check(self, phase: str) -> None:
        """Raise when a player has said what it should not have, or has ended too early."""
        self._check_outputs(phase)
        self._check_fork_server(phase)
        if any(self._ended_badly(player) for player in self.players):
            # The first end that is noticed need not be the first: hear the others out.
            with self._changed:
                self._changed.wait_for(self._all_ended, GRACE)
            player = self._culprit()
            assert player.status is not None, "it has ended"
            self._fail(self._error(player, describe_exit(player.status), phase))

    def _check_fork_server(self, phase: str) -> None:
        if self._fork_server and self._fork_server.lost is not None:
            end = describe_exit(self._fork_server.lost)
            what = f"the players' fork server {end} {phase}; all players have been ended."
            self._fail(
                _error(what, self._fork_server.last_words, _general_advice(self._fork_server.lost))
            )

    def _check_outputs(self, phase: str) -> None:
        """Only player 0 may print results, integers, and no more of them than are expected."""
        for player in self.players:
            if player.complaint:
                what = "" if self.run.any_output else ", not an integer"
                self._fail(self._error(player, f"printed {player.complaint}{what}", phase))
            allowed = self._allowed if player.index == 0 else 0
            if len(player.outputs) > allowed:
                expected = f"{allowed} are expected" if allowed else "none is expected"
                said = f"printed {len(player.outputs)} result(s) where {expected}"
                self._fail(self._error(player, said, phase))

    def _ended_badly(self, player: PlayerProcess) -> bool:
        if player.status is None:
            return False
        if player.index == 0 and len(player.outputs) < self._allowed:
            return True
        return not (self._last_round and self._ended_well(player))

    def _ended_well(self, player: PlayerProcess) -> bool:
        """Whether its exit is one of those that may follow a complete result."""
        if player.status is None:
            return False
        return player.status == 0 or self._exit(player).is_harmless

    def _exit(self, player: PlayerProcess) -> Exit:
        assert player.status is not None, "it has ended"
        return self.run.read_exit(player.status, player.last_words)

    def _culprit(self) -> PlayerProcess:
        """The player whose end came first, among those that did not just lose another one."""

        def innocence(player):
            by_itself = player.status >= 0  # unlike a signal, which comes from outside
            is_consequence = self._exit(player).is_consequence
            return is_consequence, not self._ended_badly(player), by_itself, player.ended_at

        return min((p for p in self.players if p.status is not None), key=innocence)

    def _stall(self, phase: str) -> PlayerError:
        """The error for a deadline that has passed, about the player that the others wait for."""
        slow = "If the machine is merely slow, set a larger deadline."
        for player in self.players:
            if player.is_stopped():
                return self._error(player, "was suspended", phase, "The others waited for it.")
        unready = [player for player in self.players if not player.ready]
        if unready:
            # One that has said something best tells why; silence may well mean a slow machine.
            player = next((player for player in unready if player.last_words), unready[0])
            missing = ", ".join(str(player.index) for player in unready)
            what = f"was not ready before the deadline (not ready: {missing})"
            return self._error(player, what, phase, "" if player.last_words else slow)
        server = self.players[0]
        given = f"player {server.index} gave {len(server.outputs)} of {self._allowed} values"
        what = f"{given} before the deadline {phase}; all players have been ended."
        words = server.last_words
        return _error(what, words, f"{self._places()}{slow}", player=server.index)

    def _places(self) -> str:
        """Where in the program all players were, if they say so when they are ended."""
        self._end_all()
        at_work: dict[int, list[str]] = {}
        for player in self.players:
            for problem in self.run.read_problems(player.complaints):
                if problem.line is not None:
                    at_work.setdefault(problem.line, []).append(str(player.index))
        places = [f"{', '.join(players)} in line {line}" for line, players in at_work.items()]
        return f"Players were at work: {'; '.join(places)}. " if places else ""

    def _error(self, player: PlayerProcess, what: str, phase: str, advice: str = "") -> PlayerError:
        """What happened, what the player said last, and what can be done about it."""
        suspects: tuple[int, ...] = ()
        words = player.last_words
        if player.status is not None:
            end = self._exit(player)
            advice = end.advice or _general_advice(player.status)
            what, suspects = end.finding or what, end.suspects
        what = f"player {player.index} {what} {phase}; all players have been ended."
        about = {"player": player.index, "status": player.status, "suspects": suspects}
        return _error(what, words, advice, **about)

    def _fail(self, error: PlayerError) -> None:
        self._end_all()
        raise error


def _error(what: str, words: str, advice: str, **about: Any) -> PlayerError:
    parts = [what]
    if words:
        parts.append("It said last:\n" + "\n".join(f"  | {line}" for line in words.split("\n")))
    if advice:
        parts.append(advice)
    return PlayerError("\n".join(parts), last_words=words, **about)


def _after_the_draw(error: PlayerError) -> PlayerError:
    """The same for a player that might have wanted other holders."""
    advice = (
        "The holders of shares had been drawn, and a player that wants other ones could end like "
        "this. So the start was not repeated; each new one draws anew."
    )
    return PlayerError(f"{error}\n{advice}", error.player, error.status, error.last_words)


def _general_advice(status: int) -> str:
    if status == -9:
        return "Something outside killed it, as the system does when memory runs out."
    return ""
