"""`LocalPlayers`: one server and n clients as n+1 processes on this machine, and Krum among them.

Everything a run needs is made on the spot and removed again: keys and certificates, free ports, the
processes, and a private folder for players that need files. The caller gives real vectors and gets
a real vector.

This process feeds all clients, so it knows their updates, as a laboratory does. What is private
here is private *between the player processes*, each of which is given its own client's words only.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import warnings
import weakref

import numpy as np
from numpy.typing import ArrayLike

from ..program.fixed_point import real_matrix
from ..program.forecast import warning
from ..program.krum_program import KrumProgram
from . import chosen as chosen_vector
from . import fork_server, run_folder
from .engine import Engine
from .find_engine import choose_engine
from .process import PlayerError
from .supervisor import Supervisor
from .wire_text import in_pieces

__all__ = ["LocalPlayers", "PlayerError"]


class LocalPlayers:
    """The players of one `KrumProgram`, started once and used for up to ``program.rounds`` rounds.

    Parameters
    ----------
    program : KrumProgram
        For n clients with vectors of d coordinates, and T rounds.
    engine : {"auto", "embedded", "scale-mamba"} or Engine
        The kind of player, see `fl_krum.players.find_engine`.
    deadline : float, optional
        Seconds that starting, or one aggregation, may take; by default what the engine proposes.
    views : bool
        Whether to record what each player sees, for `views`. Costs time and memory.
    security : {"semi-honest", "active"}, optional
        Whether holders of shares may deviate from the protocol, which ends the run; by default the
        engine's own, semi-honest for embedded players. See docs/deviating-players.md.

    Attributes
    ----------
    engine, security : str
        Name of the engine in use, and the security that it gives; see also `privacy`.
    holders : tuple of int
        The players that hold shares, once all have started: 2t + 1 of the embedded ones, the same
        ones in every round.
    rounds_done : int
        How many aggregations these players have finished.
    excluded : tuple of int
        Numbers (1 ... n) of the clients that were left out of the last aggregation, each for one
        reason: its proof that its words are short is false, in shares that all fit together. (Where
        shares do not fit, the run ends, and the error says whose.)
    seconds, startup_seconds : float
        How long the last aggregation, and the start of the players, took.

    Raises
    ------
    ValueError
        The engine is unknown, or cannot be used here.

    Examples
    --------
    >>> with LocalPlayers(KrumProgram(n=5, f=1, d=2)) as players:
    ...     players.aggregate([[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]])
    array([1., 2.])
    """

    def __init__(
        self,
        program: KrumProgram,
        engine: str | Engine = "auto",
        deadline: float | None = None,
        views: bool = False,
        security: str | None = None,
    ):
        if deadline is not None and not deadline > 0:
            raise ValueError(f"deadline must be a positive number of seconds, not {deadline}")
        self.program = program
        self._engine = choose_engine(engine, security)
        self._some_hold_shares = getattr(self._engine, "some_hold_shares", False)
        status = self._engine.status()
        if not status.usable:
            raise ValueError(f"the {self._engine.name} engine cannot be used: {status.reason}")
        if program.holders and not self._some_hold_shares:
            raise ValueError(
                f"holders cannot be named: all {self._engine.name} players hold shares"
            )
        self.engine: str = self._engine.name
        self.security: str = status.security
        self.rounds_done = 0
        self.holders: tuple[int, ...] = ()
        self.excluded: tuple[int, ...] = ()
        self.seconds = self.startup_seconds = float("nan")
        self._deadline = deadline
        self._want_views = views
        self._last_views: list[dict] = []
        self._supervisor: Supervisor | None = None
        self._resources = contextlib.ExitStack()
        self._running = self._stopped = False
        self._lock = threading.RLock()  # one aggregation at a time
        # Runs when this object is forgotten, and when the interpreter or notebook kernel ends.
        weakref.finalize(self, _release, self._resources, os.getpid())

    def __enter__(self) -> LocalPlayers:
        self.start()
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if kind is None and self.rounds_done == self.program.rounds and self._running:
            self._finish()
        self.stop()

    def __repr__(self) -> str:
        p = self.program
        return (
            f"<LocalPlayers: n={p.n}, f={p.f}, d={p.d}, {self.engine} engine, "
            f"{'running' if self._running else 'not running'}, "
            f"{self.rounds_done} of {p.rounds} rounds done>"
        )

    @property
    def privacy(self) -> str:
        """The condition under which clients' vectors stay private, in one sentence."""
        p = self.program
        some = self._some_hold_shares
        count = p.holder_count if some else p.players
        text = f"private as long as at most {p.threshold} of the {count} holders of shares "
        text += "pool what they see"
        if some and not p.holders and count < p.n:
            text += f". All players draw the holders: if {p.f} clients were in league, they would "
            text += f"be too many among them with a chance of {_percent(p.exposure(p.f))} a start"
        return text

    def start(self) -> None:
        """Start all players and wait until they are connected; ``with`` does it for you."""
        if self._supervisor is not None:
            raise RuntimeError("these players were started before; make a new LocalPlayers")
        if self._some_hold_shares and (text := warning(self.program)):
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        begin = time.perf_counter()
        try:
            folder = guard = None
            if getattr(self._engine, "needs_folder", True):
                folder, guard = run_folder.make(self._resources)
            run = self._engine.prepare(self.program, folder, self._want_views)
            self._supervisor = Supervisor(run, guard)
            self._resources.callback(self._supervisor.close)
            if self._stopped:  # in another thread, before there was anything to end
                raise RuntimeError("the players were stopped while they were being started")
            self._supervisor.start(self._deadline or run.start_deadline)
            self.holders = _common_holders(self._supervisor.players)
            run_folder.dispose(run.disposable)
        except BaseException:
            self.stop()
            raise
        finally:
            fork_server.discard()  # what an engine may have launched in vain
        self._running = True
        self.startup_seconds = time.perf_counter() - begin

    def stop(self) -> None:
        """End all players at once and remove their files; does nothing when they have ended.

        May be called from another thread, also while the players are being started or compute.
        """
        self._stopped = True
        try:
            if self._running and self._want_views and self.rounds_done:
                self._last_views = self._read_views()
        finally:
            self._running = False
            self._resources.close()

    def aggregate(self, updates: ArrayLike) -> np.ndarray:
        """One round: the vector that Krum chooses, computed by the players.

        Parameters
        ----------
        updates : array_like of real numbers, shape (n, d)
            Row i is given to player i + 1, client i + 1, and to no other.

        Returns
        -------
        chosen : ndarray of float64, shape (d,)
            One of the rows, rounded to fixed point, or the mean of ``program.average`` of them.

        Raises
        ------
        ValueError
            Wrong shape or values; nothing has been sent, and the players still run.
        PlayerError
            A player ended, stalled or said something unexpected, or more than f clients failed the
            check of their input; all of them have been ended.
        RuntimeError
            The players do not run, or have done all their rounds.
        """
        return self._aggregate(self._encode(updates))

    def aggregate_words(self, words: ArrayLike) -> np.ndarray:
        """One round with words as they are, to show what a client that lies can do.

        The clients' own side does not check them, as it does in `aggregate`.

        Parameters
        ----------
        words : array_like of int, shape (n, d), each in [0, 2^64)

        Returns
        -------
        chosen : ndarray of float64, shape (d,)
            As for `aggregate`, and so are the errors.
        """
        words = np.asarray(words)
        wanted = (self.program.n, self.program.d)
        if words.shape != wanted or words.dtype.kind not in "iuO":
            raise ValueError(f"words are integers of the shape {wanted}, not {words.shape}")
        if words.min() < 0 or words.max() >= 1 << 64:
            raise ValueError("players read words of 64 bits: each is 0 to 2^64 - 1")
        return self._aggregate(words.astype(np.uint64, copy=False))

    def _aggregate(self, words: np.ndarray) -> np.ndarray:
        with self._lock:
            supervisor = self._require_round()
            begin = time.perf_counter()
            try:
                outputs = self._exchange(supervisor, words)
                chosen = chosen_vector.decode(self.program, outputs, self.excluded)
            except BaseException:  # Ctrl-C too: the players are in the middle of something
                self.stop()
                raise
            self.rounds_done += 1
            self.seconds = time.perf_counter() - begin
            return chosen

    def take_cheating(self) -> list[str]:
        """What a player that departs from the protocol on purpose says that it has done, or learnt,
        since the last time: see `fl_krum.players.embedded.CHEATS`."""
        players = [] if self._supervisor is None else self._supervisor.players
        if self._supervisor is not None and self._supervisor.run.reports_every_round:
            self._supervisor.wait_for_reports(self.rounds_done, 1.0)
        said = []
        for player in players:
            said += [f"player {player.index} {line}" for line in player.cheating]
            player.cheating = []
        return said

    def statistics(self) -> list[dict]:
        """What each player has sent to the others since the start, as the player itself reports it.

        Returns
        -------
        statistics : list of dict, one per player
            ``player``; ``holder``, whether it holds shares; ``rounds`` of communication that it
            took part in, and ``bytes`` (or ``elements``) sent, unless it has not reported yet, as
            SCALE-MAMBA's do at the very end only.
        """
        if self._supervisor is None:
            return []
        if self._supervisor.run.reports_every_round:
            self._supervisor.wait_for_reports(self.rounds_done, 1.0)
        statistics = []
        for player in self._supervisor.players:
            statistics.append({"player": player.index, "holder": player.index in self.holders})
            for amount, unit, rounds in player.reports[-1:]:
                statistics[-1] |= {"rounds": rounds, unit: amount}
        return statistics

    def views(self) -> list[dict]:
        """What each player has seen: samples of its own input, of the shares it received, and of
        what was opened to it.

        Returns
        -------
        views : list of dict, one per player
            As the player wrote it; needs ``views=True`` and at least one aggregation. ``holder``:
            whether it holds shares. ``words``: its own input. ``shares``: lists of (round, dealer,
            field, value). ``opened``: lists of (round, field, value). A field is "prime" or
            "gf256"; values are decimal text.
        """
        if not self._want_views:
            raise ValueError("views are recorded on request: LocalPlayers(program, views=True)")
        return self._read_views() if self._running and self.rounds_done else self._last_views

    def _encode(self, updates) -> np.ndarray:
        shape = (self.program.n, self.program.d)
        values = real_matrix(updates)
        if values.shape != shape:
            raise ValueError(
                f"updates have the shape {values.shape} where the program expects {shape}, "
                "one row a client"
            )
        return self.program.fixed_point.encode(values)

    def _require_round(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("the players have not been started: use `with LocalPlayers(…) as …`")
        if self.rounds_done == self.program.rounds:
            raise RuntimeError(
                f"the program is for T={self.program.rounds} rounds, and all are done: "
                "make a KrumProgram with more rounds"
            )
        if not self._running:
            raise RuntimeError("the players have ended: make a new LocalPlayers")
        return self._supervisor

    def _exchange(self, supervisor: Supervisor, words: np.ndarray) -> list[int]:
        current, total = self.rounds_done + 1, self.program.rounds
        outputs = supervisor.exchange(
            [(), *map(in_pieces, words)],  # the server, player 0, has no input
            1 + self.program.d,  # how many were chosen, and their sum
            self._deadline or supervisor.run.round_deadline,
            phase=f"in round {current} of {total}",
            last=current == total,
        )
        passed = supervisor.take_passed()
        self.excluded = tuple(sorted(client for client, well in passed.items() if not well))
        return outputs

    def _finish(self) -> None:
        assert self._supervisor is not None, "the players run"
        try:
            for oddity in self._supervisor.finish():
                warnings.warn(oddity, RuntimeWarning, stacklevel=3)
        except BaseException:
            self.stop()
            raise

    def _read_views(self) -> list[dict]:
        assert self._supervisor is not None, "the players run"
        self._supervisor.wait_for_reports(self.rounds_done, 1.0)
        return [
            json.loads(player.view or "{}") | {"holder": player.index in self.holders}
            for player in self._supervisor.players
        ]


def _percent(chance: float) -> str:
    if chance < 0.001:
        return "0" if chance == 0 else f"{chance:.0e}"
    return f"{100 * chance:.2g} %"


def _common_holders(players) -> tuple[int, ...]:
    """Who holds shares: all say the same."""
    told = {player.holders or tuple(range(len(players))) for player in players}
    if len(told) > 1:
        raise PlayerError("the players do not agree on who holds shares")
    return told.pop()


def _release(resources: contextlib.ExitStack, owner: int) -> None:
    """End the players and remove their folder, unless this is a forked child of their owner."""
    if os.getpid() == owner:
        resources.close()
