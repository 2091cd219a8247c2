"""Whom a player calls, at which address and when: again and again, until somebody answers."""

import errno
import socket
import time

from mamba import addresses

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1  # seconds until a player is called again
ELSEWHERE_PAUSE = 0.5  # and one that is there for something else
_NEVER = float("inf")  # while it is being called
_UNDER_WAY = {
    errno.EINPROGRESS,
    errno.EWOULDBLOCK,
    getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK),
}
# Its player has not opened its port yet, or its host is not up, or not to be reached for now.
_NOT_THERE = {errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED)}
_NOT_THERE |= addresses.UNREACHABLE


class Calls:
    """What one player knows of its calls.

    Parameters
    ----------
    places : dict of int to (str, int)
        Host and port of each player that it may have to call.

    Attributes
    ----------
    unknown : dict of int to str
        What is wrong with the hosts that nobody knows.
    """

    def __init__(self, places):
        self._addresses, self.unknown = {}, {}
        self._next = {}  # of each that has not answered, when it is called, and the pause then
        for player, (host, port) in places.items():
            try:
                self._addresses[player] = addresses.resolve(host, port)
            except OSError as error:
                self.unknown[player] = f"its host {host} is not known: {error.strerror}"

    def __contains__(self, player):
        """Whether it is to be called, or being called."""
        return player in self._next

    def begin(self, players):
        """Call those of these players that are this one's to call."""
        self._next = {p: (0.0, FIRST_PAUSE) for p in players if p in self._addresses}

    def again(self, player, pause):
        """Call it again after so many seconds, if it is this one's to call."""
        if player in self._addresses:
            self._next[player] = time.monotonic() + pause, pause

    def due(self, now):
        """Whom to call now."""
        return [player for player, (when, _) in self._next.items() if when <= now]

    def pause(self, now, most):
        """Seconds until somebody is to be called, but no more than that."""
        return max(0.0, min([most, *(when - now for when, _ in self._next.values())]))

    def call(self, player):
        """A socket that is not blocking, and what has come of its call so far: an error's number,
        as for the three methods below."""
        family, address = self._addresses[player][0]
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.setblocking(False)
        return plain, plain.connect_ex(address)

    def is_under_way(self, player, error):
        """Whether it is still being called."""
        if error in _UNDER_WAY:
            self._next[player] = _NEVER, self._next[player][1]
        return error in _UNDER_WAY

    def is_not_there(self, player, error):
        """Whether that may change; then it is called again, perhaps at its next address."""
        if error in _NOT_THERE:
            known, (_, pause) = self._addresses[player], self._next[player]
            known.append(known.pop(0))
            self.again(player, min(2 * pause, LONGEST_PAUSE))
        return error in _NOT_THERE

    def has_answered(self, player):
        """It is not called any more."""
        del self._next[player]
