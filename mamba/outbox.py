"""What is still to be sent: to all players side by side, by one thread.

A long message takes as long as its connection does. Were messages sent one after the other, each
would wait for those before it, and every connection would begin slowly when the last one is done.
"""

import contextlib
import selectors
import socket
import threading
from collections import deque
from typing import Any

_SMALL = 1 << 15  # bytes that are sent at once, when nothing is before them
_PIECE = 1 << 16  # bytes for one player before it is another one's turn


class Outbox:
    """Sends messages, each whole, in their order.

    Parameters
    ----------
    connections : dict of int to mamba.connection.Connection
        By player; may grow.

    Attributes
    ----------
    broken_player : int or None
        The first player that could not be sent something.
    """

    def __init__(self, connections):
        self.broken_player: int | None = None
        self._error: OSError | None = None
        self._connections = connections
        # For each player, what is to be sent: (bytes, whether a message ends with them).
        self._waiting: dict[int, deque] = {}
        self._begun = set()  # players that have a part of their first message already
        self._dead = set()
        self._news = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._alarm: Any = None  # a pair of sockets that wakes the thread up
        self._ring: Any = None

    def put(self, player, header, payload):
        """Send a message, soon; OSError when this one, or one before it to anybody, cannot be sent:
        those to other players are."""
        with self._news:
            if len(payload) <= _SMALL:
                parts = [(memoryview(header + bytes(payload)), True)]
            else:
                parts = [(memoryview(header), False), (memoryview(payload).cast("B"), True)]
            self._put(player, parts, at_once=len(payload) <= _SMALL)
            if self._error is not None:
                raise self._error

    def wait_for_room(self, most, seconds):
        """Wait until no more than so many bytes wait to be sent, or they cannot be, but no longer
        than that: who waits for somebody notices whether it has ended, too."""
        with self._news:
            self._news.wait_for(lambda: self._error or self._size() <= most, seconds)

    def leave(self, messages, seconds):
        """Send these last words, dict of int to bytes, in place of what has not been begun, where
        that can be done within so many seconds."""
        with self._news:
            for player, message in messages.items():
                waiting = self._waiting.get(player, deque())
                kept: deque = deque()
                while player in self._begun and waiting:
                    kept.append(waiting.popleft())
                    if kept[-1][1]:
                        break
                self._waiting[player] = kept
                self._put(player, [(memoryview(message), True)], at_once=True)
            self._news.wait_for(lambda: not any(self._waiting.values()), seconds)

    def close(self, seconds):
        """Wait until all is sent, or cannot be, but no longer than that; then send no more."""
        with self._news:
            self._news.wait_for(lambda: self._error or not any(self._waiting.values()), seconds)
            self._closed = True
            self._wake_up()
        if self._thread:
            self._thread.join()
            self._alarm.close()
            self._ring.close()

    def _size(self):
        return sum(len(part) for parts in self._waiting.values() for part, _ in parts)

    def _put(self, player, parts, at_once):
        waiting = self._waiting.setdefault(player, deque())
        is_first = not waiting
        waiting.extend(parts)
        if is_first and at_once:
            self._send(player)
        if self._waiting[player]:
            self._wake_up()

    def _send(self, player):
        """As much as the connection takes at once, but only so much."""
        waiting, sent = self._waiting[player], 0
        if player in self._dead:
            waiting.clear()
        try:
            while waiting and sent < _PIECE:
                part, is_last = waiting[0]
                self._begun.add(player)  # also when TLS has taken it and not sent it yet
                count = self._connections[player].write(part[:_PIECE])
                if count is None:
                    return
                sent += count
                if count < len(part):
                    waiting[0] = part[count:], is_last
                    continue
                waiting.popleft()
                if is_last:
                    self._begun.discard(player)
        except OSError as error:
            waiting.clear()
            self._dead.add(player)
            if self._error is None:
                self.broken_player, self._error = player, error

    def _wake_up(self):
        if self._thread is None and not self._closed:
            self._alarm, self._ring = socket.socketpair()
            self._ring.setblocking(False)
            self._thread = threading.Thread(target=self._send_waiting, daemon=True)
            self._thread.start()
        elif self._thread:
            with contextlib.suppress(BlockingIOError):  # it rings already
                self._ring.send(b"!")

    def _send_waiting(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._alarm, selectors.EVENT_READ)
            watched: dict = {}
            while True:
                with self._news:
                    if self._closed:
                        return
                    players = [player for player, parts in self._waiting.items() if parts]
                wanted = {player: self._connections[player] for player in players}
                for player in watched.keys() - wanted.keys():
                    selector.unregister(watched.pop(player))
                for player in wanted.keys() - watched.keys():
                    watched[player] = wanted[player]
                    selector.register(watched[player], selectors.EVENT_WRITE, player)
                ready = [key.data for key, _ in selector.select()]
                with self._news:
                    for player in ready:
                        if player is None:
                            self._alarm.recv(1 << 10)
                        elif self._waiting[player]:
                            self._send(player)
                    self._news.notify_all()
