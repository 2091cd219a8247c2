"""What comes from the other players: each message where it belongs, and who has gone meanwhile.

On several hosts a player that waits for one of the others listens to all of them: one that ends,
for whatever reason, is noticed by everybody at once, and not by those alone that wait for it. On
one machine somebody watches over all players, and a player may simply wait.
"""

import selectors
import time

from mamba.farewell import HEADER, Reason, check_header
from mamba.network_error import NetworkError

_LONG = 3.0  # seconds of waiting for somebody, after which that is worth telling


class Inbox:
    """Reads connections.

    Parameters
    ----------
    connections : dict of int to mamba.connection.Connection
        By player; may grow.
    early : dict of int to bytes
        What was read of them already: messages, or the beginning of one.
    watches : bool
        Whether to listen to all while waiting for one.
    deadline : float or None
        Until when (`time.monotonic`) to wait.
    lost, silent : callable
        ``lost(player, why)`` and ``silent(player)`` give the errors to raise.

    Attributes
    ----------
    unread : dict of int to int
        Bytes that are still to come of the message that was being read.
    early : dict of int to bytes
    """

    def __init__(self, connections, early, watches, deadline, lost, silent):
        self.unread, self.early = {}, early
        self._connections, self._watches, self._deadline = connections, watches, deadline
        self._lost, self._silent = lost, silent
        self._selector = selectors.DefaultSelector()
        self._watched = set()
        self._done = set()  # players that have ended well

    def read(self, expected, check):
        """A message of each of these players, dict of int to bytes, whatever comes first: so none
        has to wait on its way until those before it are here. ``check(player, header, count)``
        looks at each header."""
        data = {player: memoryview(bytearray(HEADER + n)) for player, n in expected.items()}
        done, missing = dict.fromkeys(expected, 0), set(expected)
        try:
            while missing:
                for player in self._ready(missing):
                    start = done[player]
                    end = HEADER if start < HEADER else len(data[player])
                    done[player] += self._read_some(player, data[player][start:end])
                    if start < HEADER == done[player]:
                        check(player, data[player][:HEADER], expected[player])
                    if done[player] >= HEADER:
                        self.unread[player] = len(data[player]) - done[player]
                    if done[player] == len(data[player]):
                        missing.remove(player)
        finally:
            for player in missing:
                if 0 < done[player] < HEADER:  # whoever reads on has the beginning
                    self.early[player] = bytes(data[player][: done[player]])
        return {player: data[player][HEADER:] for player in expected}

    def hurry(self, seconds):
        """From now on wait for nobody but the one that is read, and no longer than this: others may
        end, and what comes of the rest is still wanted."""
        self._watches, until = False, time.monotonic() + seconds
        self._deadline = until if self._deadline is None else min(until, self._deadline)

    def look(self):
        """Notice who has ended; waits for nothing."""
        if self._watches:
            self._watch(self._with_news(()))
            for key, _ in self._selector.select(0):
                self._peek(key.data)

    def close(self):
        self._selector.close()

    def _ready(self, players):
        """Those of the players that can be read; a single one is waited for when it is."""
        if len(players) == 1:
            return [*players]
        ready = [p for p in players if self.early.get(p) or self._connections[p].pending()]
        return ready or self._wait(players)

    def _read_some(self, player, room):
        """At least one byte into ``room``; how many."""
        if early := self.early.get(player):
            some = early[: len(room)]
            room[: len(some)], self.early[player] = some, early[len(some) :]
            return len(some)
        while (got := self._read_at_once(player, room)) is None:
            if self._watches:
                self._wait({player})
            elif not self._connections[player].wait(self._seconds_left()):
                raise self._silent(player)
        return got

    def _read_at_once(self, player, room):
        try:
            return self._connections[player].read(room)
        except OSError as error:
            raise self._lost(player, error) from None

    def _seconds_left(self):
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _wait(self, players):
        """Those of the players that say something; there is one at least."""
        self._watch(self._with_news(players) if self._watches else players)
        since = time.monotonic()
        while True:
            ready = {key.data for key, _ in self._selector.select(self._seconds_left())}
            if not ready:
                raise self._silent(min(players))
            try:
                for player in ready - players:
                    self._peek(player)
            except NetworkError as error:
                if time.monotonic() - since > _LONG:
                    error.claims += self._silent_too(error, players)
                raise
            if ready & players:
                return ready & players

    def _silent_too(self, error, players):
        """What to add when another player has waited until its deadline, perhaps for one that waits
        itself: for whom this one has waited all the while. So it is found who let all wait."""
        if not any(claim.reason is Reason.SILENT for claim in error.claims):
            return ()
        return tuple(claim for player in sorted(players) for claim in self._silent(player).claims)

    def _with_news(self, players):
        """These players, and all whose next header has not been read yet."""
        others = (p for p in self._connections if len(self.early.get(p, b"")) < HEADER)
        return {*players, *others}

    def _watch(self, players):
        """Listen to these, and to nobody else."""
        for player in self._watched - players:
            self._selector.unregister(self._connections[player])
        for player in players - self._watched - self._done:
            self._selector.register(self._connections[player], selectors.EVENT_READ, player)
        self._watched = set(players) - self._done

    def _peek(self, player):
        """A player that nobody waits for is ahead, or has ended."""
        early = self.early.get(player, b"")
        if len(early) >= HEADER:
            self._watch(self._watched - {player})
            return
        room = bytearray(HEADER - len(early))
        got = self._read_at_once(player, room)
        if got is None:
            return
        self.early[player] = early = early + room[:got]
        if len(early) == HEADER:
            self._watch(self._watched - {player})
            if check_header(player, early, may_be_done=True) is None:
                self._done.add(player)
