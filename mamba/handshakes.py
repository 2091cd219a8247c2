"""The first contact of one player with all the others: it calls each of them, and each calls it.

All calls and answers go on side by side in one thread, so nobody waits for somebody else's silence:
a connection that says nothing is an open file and no more, until it is dropped. What does not show
a certificate of this run is counted, to tell of it when the players do not find each other.
"""

import contextlib
import errno
import selectors
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from mamba.credentials import have_agreed, peer_name

HOST = "127.0.0.1"
STRANGERS = 128  # connections that may be open besides those of the players
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1  # seconds until a player is called again
_UNDER_WAY = {
    errno.EINPROGRESS,
    errno.EWOULDBLOCK,
    getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK),
}
_NOT_THERE = {errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED)}


class NetworkError(Exception):
    """The conversation with another player broke; the message says which one and in which
    round."""


@dataclass(eq=False)
class _Contact:
    """A connection that is not one yet."""

    socket: socket.socket
    player: int | None  # who is called; None when it is the other side that has called
    until: float
    is_open: bool = True  # False while it is being called
    is_silent: bool = True  # nothing has been said, so there is nothing of TLS yet


class Handshakes:
    """Connects player `me` to others: to all, or to some and later to more.

    Parameters
    ----------
    me : int
    ports : sequence of int
    credentials : mamba.credentials.Credentials
    patience : float
        Seconds until all must be connected, of each `run`.
    say : callable
        Given one line, when strangers have been waited for in vain.
    meeting : str
        What all players must name: `mamba.holders.meeting`.

    Attributes
    ----------
    outgoing, incoming : dict of int to ssl.SSLSocket
        The connections by player, in blocking mode; complete when `run` returns. Who has called
        before it is wanted is there too.
    """

    def __init__(self, me, ports, credentials, patience, say=lambda line: None, meeting=""):
        self.me, self.ports, self._meeting = me, list(ports), meeting
        self.others = []
        self.outgoing, self.incoming = {}, {}
        # Both are open between runs, too, so that nobody calls in vain.
        self._listener: Any = None
        self._selector: Any = None
        self._names = {f"Player{player}": player for player in range(len(ports)) if player != me}
        self._client = credentials.context(ssl.PROTOCOL_TLS_CLIENT, meeting)
        self._server = credentials.context(ssl.PROTOCOL_TLS_SERVER, meeting)
        self._begin, self._patience, self._say = time.monotonic(), patience, say
        self._calls = {}  # when a player is called, and the pause after that
        self._contacts = set()
        self._for_a_caller = max(5.0, patience / 12)  # seconds to show a certificate
        self._strangers = self._told = 0
        self._next_look = self._begin + self._for_a_caller

    def run(self, others=None):
        """Return when these players, by default all, are connected, both ways; NetworkError when
        that fails, OSError when the port is taken."""
        everybody = [player for player in range(len(self.ports)) if player != self.me]
        self.others = everybody if others is None else sorted(others)
        self._begin = time.monotonic()
        # Each player starts with the one after itself, so that not all of them call player 0 first.
        later = sorted(self.others, key=lambda player: (player < self.me, player))
        missing = [player for player in later if player not in self.outgoing]
        self._calls = dict.fromkeys(missing, (0.0, _FIRST_PAUSE))
        try:
            self._listen()
            while not self._is_connected():
                self._step()
        except BaseException:
            self.close()
            for connection in [*self.outgoing.values(), *self.incoming.values()]:
                connection.close()
            raise

    def close(self):
        """Listen no more."""
        for contact in self._contacts:
            contact.socket.close()
        self._contacts.clear()
        for used in filter(None, (self._listener, self._selector)):
            used.close()

    def _listen(self):
        if self._listener is None:
            backlog = 2 * len(self.ports) + STRANGERS
            self._listener = socket.create_server((HOST, self.ports[self.me]), backlog=backlog)
            self._listener.setblocking(False)
            self._selector = selectors.DefaultSelector()
            self._selector.register(self._listener, selectors.EVENT_READ)

    def _is_connected(self):
        wanted = set(self.others)
        return self.outgoing.keys() >= wanted and self.incoming.keys() >= wanted

    def _step(self):
        now = time.monotonic()
        if now > self._begin + self._patience:
            raise NetworkError(self._what_is_missing())
        for player in [player for player, (when, _) in self._calls.items() if when <= now]:
            self._call(player)
        pause = min((when for when, _ in self._calls.values()), default=now + 1) - now
        for key, _ in self._selector.select(min(max(0.0, pause), 1.0)):
            if key.fileobj is self._listener:
                self._accept()
            elif key.data in self._contacts:  # else it was dropped a moment ago
                self._go_on(key.data)
        if now > self._next_look:
            self._next_look = now + 1.0
            self._drop_the_late(now)

    # --- calling ---------------------------------------------------------------------------------

    def _call(self, player):
        plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        plain.setblocking(False)
        contact = _Contact(plain, player, self._begin + self._patience, is_open=False)
        _, pause = self._calls.pop(player)
        self._calls[player] = time.monotonic() + pause, min(2 * pause, _LONGEST_PAUSE)
        self._is_called(contact, plain.connect_ex((HOST, self.ports[player])))

    def _is_called(self, contact, error):
        if error in _UNDER_WAY:
            self._calls[contact.player] = float("inf"), self._calls[contact.player][1]
            self._wait(contact, selectors.EVENT_WRITE)
        elif error in _NOT_THERE:  # it has not opened its port yet
            pause = self._calls[contact.player][1]
            self._calls[contact.player] = time.monotonic() + pause, pause
            self._forget(contact)
        elif error:
            self._forget(contact)
            raise self._unreachable(OSError(error, errno.errorcode.get(error, "")))
        else:
            del self._calls[contact.player]
            contact.is_open = True
            contact.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._shake_hands(contact)

    # --- being called ----------------------------------------------------------------------------

    def _accept(self):
        for _ in self.ports:  # a flood of callers does not keep it from going on with the others
            try:
                plain, _ = self._listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            plain.setblocking(False)
            contact = _Contact(plain, None, time.monotonic() + self._for_a_caller)
            if len(self._contacts) >= 2 * len(self.ports) + STRANGERS:
                self._turn_away(self._oldest_stranger())
            self._wait(contact, selectors.EVENT_READ)

    def _oldest_stranger(self):
        """Who is dropped to make room: best of all somebody who has not said a word."""
        callers = [contact for contact in self._contacts if contact.player is None]
        return min(callers, key=lambda contact: (not contact.is_silent, contact.until))

    def _turn_away(self, contact):
        self._strangers += 1
        self._forget(contact)

    def _drop_the_late(self, now):
        for contact in [one for one in self._contacts if one.until < now and one.player is None]:
            self._turn_away(contact)
        if self._strangers > self._told:
            self._told = self._strangers
            self._say(f"Player {self.me}: {self._about_strangers(self._strangers)} so far")

    # --- both ------------------------------------------------------------------------------------

    def _go_on(self, contact):
        if contact.is_open:
            self._shake_hands(contact)
        else:
            self._selector.unregister(contact.socket)
            self._is_called(contact, contact.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _shake_hands(self, contact):
        try:
            if contact.is_silent:
                self._begin_tls(contact)
            contact.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._wait(contact, selectors.EVENT_READ)
        except ssl.SSLWantWriteError:
            self._wait(contact, selectors.EVENT_WRITE)
        except (OSError, ValueError) as error:
            if contact.player is None:  # no certificate of this run: a stranger, who gets no answer
                self._turn_away(contact)
                return
            self._forget(contact)
            if not isinstance(error, (ConnectionError, ssl.SSLEOFError)):
                raise self._unreachable(error) from None
            # It hung up. Perhaps it has ended, for a reason that others know better.
            self._calls[contact.player] = time.monotonic() + _LONGEST_PAUSE, _LONGEST_PAUSE
        else:
            self._is_known(contact)

    def _begin_tls(self, contact):
        if contact.socket in self._selector.get_map():
            self._selector.unregister(contact.socket)
        is_caller = contact.player is not None
        context = self._client if is_caller else self._server
        contact.is_silent = False
        contact.socket = context.wrap_socket(
            contact.socket, server_side=not is_caller, do_handshake_on_connect=False
        )

    def _is_known(self, contact):
        name = peer_name(contact.socket)
        if contact.player is not None:
            if name != f"Player{contact.player}":
                port = self.ports[contact.player]
                self._forget(contact)
                raise self._unreachable(
                    f"port {port} is held by another than player {contact.player}"
                )
            player, connections = contact.player, self.outgoing
        else:
            player = self._names.get(name)
            if player is None or player in self.incoming:
                self._turn_away(contact)
                return
            connections = self.incoming
            if player in self._calls and self._calls[player][0] < float("inf"):
                self._calls[player] = 0.0, _FIRST_PAUSE  # who calls can be called
        self._leave(contact)
        if not have_agreed(contact.socket, self._meeting):
            contact.socket.close()
            raise NetworkError(
                f"player {player} has another threshold than this player, or other holders; all "
                "players must have the same"
            )
        contact.socket.setblocking(True)
        connections[player] = contact.socket

    def _wait(self, contact, event):
        self._contacts.add(contact)
        try:
            self._selector.modify(contact.socket, event, contact)
        except KeyError:
            self._selector.register(contact.socket, event, contact)

    def _leave(self, contact):
        self._contacts.discard(contact)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(contact.socket)

    def _forget(self, contact):
        self._leave(contact)
        contact.socket.close()

    # --- in words --------------------------------------------------------------------------------

    @staticmethod
    def _unreachable(why):
        return NetworkError(f"cannot reach the other players: {why}")

    def _what_is_missing(self):
        said = [f"player {player} does not answer" for player in sorted(self._calls)]
        for contact in self._contacts:
            if contact.player is not None and contact.player not in self._calls:
                port = self.ports[contact.player]
                said.append(f"port {port} of player {contact.player} takes calls and says nothing")
        missing = sorted(set(self.others) - set(self.incoming))
        if missing:
            said.append(f"players {missing} did not connect in time")
        strangers = self._strangers + sum(contact.player is None for contact in self._contacts)
        if strangers:
            said.append(self._about_strangers(strangers))
        return "cannot reach the other players: " + "; ".join(said)

    def _about_strangers(self, count):
        connections = f"{count} connection{'s' * (count > 1)} that never showed a certificate"
        return f"port {self.ports[self.me]} of player {self.me}: {connections}"
