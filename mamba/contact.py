"""A connection until it is one: TLS, and what the two players at its ends are there for.

A contact goes on as far as it can without waiting, and says what it waits for. What is to become of
it, `mamba.handshakes` decides.
"""

import contextlib
import selectors
import socket
import ssl

from mamba import meeting


class Contact:
    """A connection that is not one yet.

    Parameters
    ----------
    plain : socket.socket
    player : int or None
        Who is called; None when it is the other side that has called.
    until : float
        When it is dropped, by `time.monotonic`.

    Attributes
    ----------
    socket : socket.socket or ssl.SSLSocket
    is_open : bool
        False while it is being called.
    is_silent : bool
        Whether nothing has been said, so that there is nothing of TLS yet.
    is_secure : bool
        Whether both have shown certificates of this run.
    caller : int or None
        Who is at the other end, by its certificate.
    heard : bytes
        What it has said since.
    """

    def __init__(self, plain, player, until):
        plain.setblocking(False)
        self.socket, self.player, self.until = plain, player, until
        self.is_open = player is None
        self.is_silent, self.is_secure = True, False
        self.caller: int | None = None
        self.heard = b""

    @property
    def is_stranger(self):
        """Whether it has called, and shown no certificate so far."""
        return self.player is None and self.caller is None

    def shake_hands(self, context):
        """Go on with TLS: the event of a selector that it waits for, or None when it is done.
        OSError or ValueError when nothing can come of it."""
        if self.is_silent:
            self.is_silent = False
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # either side sends
            self.socket = context.wrap_socket(
                self.socket, server_side=self.player is None, do_handshake_on_connect=False
            )
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            return selectors.EVENT_WRITE
        return None

    def hear(self):
        """Go on reading what the other one is there for, in the same way."""
        wanted = meeting.LENGTH + (self.player is not None)  # the one that is called answers more
        try:
            while len(self.heard) < wanted:
                said = self.socket.recv(wanted - len(self.heard))
                if not said:
                    raise ConnectionResetError("it closed the connection")
                self.heard += said
        except ssl.SSLWantReadError:
            return selectors.EVENT_READ
        return None

    def hang_up(self):
        """Close it. TLS may have told the other one why: let that arrive."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.recv(1 << 14)
        self.socket.close()


def has_hung_up(error):
    """Whether a call came to nothing since the other side closed it."""
    return isinstance(error, (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError))


def refusal(error):
    """What the other side told of this player's certificate, in TLS's words; None for any other
    error."""
    is_alert = isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")
    return error.reason if is_alert else None
