"""What connected players say while others are still missing: what they are ahead with, or why they
end.

It is kept, so that last words are heard behind it, too: else one that lets this player wait could
have it left out, since it seems to say nothing.
"""

import contextlib
import selectors

from mamba.farewell import look_for_farewell

_MOST = 1 << 16  # bytes that are kept of a player


class Early:
    """Listens to connected players.

    Parameters
    ----------
    connections : dict of int to mamba.connection.Connection
        By player.
    selector : selectors.BaseSelector
        Has the player's number for the data of each that is listened to.

    Attributes
    ----------
    heard : dict of int to bytes
    """

    def __init__(self, connections, selector):
        self._connections, self._selector = connections, selector
        self.heard = {}

    def listen_to(self, player):
        """From now on."""
        self.heard[player] = b""
        self._selector.register(self._connections[player], selectors.EVENT_READ, player)

    def hear(self, player):
        """What it says now; whether it is still there. NetworkError when these are last words."""
        heard = self.heard[player]
        room = bytearray(_MOST - len(heard))
        try:
            got = self._connections[player].read(room)
        except OSError:
            return False
        if got is not None:
            self.heard[player] = heard = heard + room[:got]
            if len(heard) == _MOST:
                self._ignore(player)  # the rest can wait
            if look_for_farewell(player, heard):
                self._ignore(player)  # that it closes its connection now is no loss
        return True

    def forget(self, player):
        """Close its connection, and forget what it has said."""
        self._ignore(player)
        self._connections.pop(player).close()
        self.heard.pop(player, None)

    def end(self):
        """Others read the connections from now on."""
        for player in self._connections:
            self._ignore(player)

    def _ignore(self, player):
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(self._connections[player])
