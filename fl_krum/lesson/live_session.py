"""`LiveSession`: a federated session with its players, made to be watched and stopped.

All settings are checked when it is made, and nothing is started. Then it runs once: here, with
`run`, or in a thread of its own, with `start`, so that a notebook stays usable and can `stop` it.
However it ends, no player process is left.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable

from ..federation.session import FederatedSession, RoundRecord
from ..players import fork_server, launching
from ..players.embedded import EmbeddedEngine
from ..players.local_players import LocalPlayers
from ..program.krum_program import KrumProgram

READY, STARTING, RUNNING, STOPPING = "ready", "starting", "running", "stopping"
DONE, STOPPED, FAILED = "done", "stopped", "failed"
ENDED = (DONE, STOPPED, FAILED)


class LiveSession:
    """One session: n clients, f of them Byzantine, T rounds of Krum in SMPC.

    Parameters
    ----------
    n, f, d, rounds, average : int
        As for `KrumProgram`, and so is `rule`.
    attack, dataset : str
        As for `FederatedSession`, and so are `seed` and all further keywords.
    engine : str or Engine
        As for `LocalPlayers`.

    Attributes
    ----------
    state : str
        "ready", "starting", "running", "stopping", and in the end "done", "stopped" or "failed".
    records : list of RoundRecord
        The rounds so far.
    settings : dict
        ``FederatedSession.settings``.
    error : str
        Why the session has failed, in words; else "".
    players : LocalPlayers
        Whose ``engine``, ``seconds`` and ``startup_seconds`` may be read at any time.
    statistics : list of dict
        What each player has sent, once the session is over; as ``LocalPlayers.statistics``.

    Raises
    ------
    ValueError
        The settings do not fit together, or the engine cannot be used here.

    Examples
    --------
    >>> session = LiveSession(rounds=2).run()
    >>> session.state, len(session.records)
    ('done', 2)
    """

    def __init__(
        self, n=7, f=2, d=5, rounds=5, attack="sign-flip", engine="auto",
        dataset="breast_cancer", seed=0, average=1, rule="krum", **more,
    ):  # fmt: skip
        program = KrumProgram(n, f, d, rounds, average, rule=rule)
        self.players = LocalPlayers(program, engine)
        self._session = FederatedSession(
            n, f, d, rounds,
            attack=attack, dataset=dataset, aggregate=self.players, seed=seed, **more,
        )  # fmt: skip
        self.settings = self._session.settings
        self.byzantine_clients = self._session.byzantine_clients
        self.state, self.error = READY, ""
        self.records: list[RoundRecord] = []
        self.statistics: list[dict] = []
        self._wanted = True
        self._turn = threading.Lock()  # of those who change `state` and `_wanted`
        self._thread: threading.Thread | None = None

    def run(self, watch: Callable[[LiveSession], object] | None = None) -> LiveSession:
        """Go through all rounds and return the session itself.

        Parameters
        ----------
        watch : callable, optional
            Called with this session whenever there is something new: when the players are being
            started, when they are ready, after every round, and once in the end.

        Raises
        ------
        PlayerError
            A player failed. (A session that was stopped ends without an error.)
        RuntimeError
            The session has run before.
        """
        watch = watch or _nobody
        with self._turn:
            if self.state != READY:
                raise RuntimeError(f"this session is {self.state}: make a new LiveSession")
            self.state = STARTING
        try:
            self._go_through(watch)
            self.state = DONE if len(self.records) == self.settings["rounds"] else STOPPED
        except BaseException as error:
            self.state, self.error = FAILED, str(error) or type(error).__name__
            if isinstance(error, KeyboardInterrupt):
                self.state, self.error = STOPPED, ""
            watch(self)
            raise
        watch(self)
        return self

    def start(self, watch: Callable[[LiveSession], object] | None = None) -> LiveSession:
        """Do the same in the background and return at once; an error is kept in `error`.

        `watch` is called in that thread.
        """
        if self._thread is not None or self.state != READY:
            raise RuntimeError(f"this session is {self.state}: make a new LiveSession")
        # In the caller's context, so that Jupyter knows where messages of this thread belong.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run_quietly, watch), name="session", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the players and the session; does nothing when it is over."""
        with self._turn:
            self._wanted = False
            active = self.state in (STARTING, RUNNING)
            self.state = {READY: STOPPED, STARTING: STOPPING, RUNNING: STOPPING}.get(
                self.state, self.state
            )
        if active:
            self.players.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of a session in the background; say whether it has come."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self.state in ENDED

    @property
    def progress(self) -> float:
        """How much is done, 0 … 1; starting the players counts as much as one round."""
        started = self.state in (RUNNING, DONE) or bool(self.records)
        return (len(self.records) + started) / (self.settings["rounds"] + 1)

    def _run_quietly(self, watch) -> None:
        try:
            self.run(watch)
        except Exception:  # it is kept in `error`, which whoever watches can see
            if self.state != FAILED:
                raise

    def _go_through(self, watch) -> None:
        if self.players.engine == EmbeddedEngine.name:  # beside the first picture, which takes long
            fork_server.launch(launching.fork_server_command())
        watch(self)
        try:
            with self.players:
                if not self._may_go_on():
                    return
                watch(self)
                for record in self._session.rounds():
                    self.records.append(record)
                    if not self._may_go_on():
                        break
                    watch(self)
                self.statistics = self.players.statistics()
        except Exception:
            if self._wanted:  # else the players have ended because they were told to
                raise

    def _may_go_on(self) -> bool:
        with self._turn:
            if self._wanted:
                self.state = RUNNING
            return self._wanted


def _nobody(session: LiveSession) -> None:
    """Watch a session and do nothing."""
