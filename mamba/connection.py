"""A connection to one player, with TLS, that two threads may use: one reads, the other one writes.

OpenSSL keeps one state for both directions, and Python lets go of its own lock inside. So each
call of it has the lock of this connection, and none of them waits for the network: the socket is
not blocking. Whoever waits holds no lock, so nobody waits for somebody who waits.

Players never ask for new keys, so reading never has to write, nor writing to read. With one that
does as if, it may come to that: then it is lost, like any player that breaks TLS.
"""

import contextlib
import errno
import os
import selectors
import socket
import ssl
import threading

# Of one connection, and without a file descriptor of its own where there is such a thing.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
_PIECE, _MOST_LEFT = 1 << 16, 1 << 23  # bytes of what may be unread in the end
_LATER = ssl.SSLWantReadError, BlockingIOError


class Connection:
    """What is beyond the handshake.

    Parameters
    ----------
    tls : ssl.SSLSocket

    Raises
    ------
    OSError
        Of all methods but `close`: it is lost. What has come before is read first.
    """

    def __init__(self, tls):
        tls.setblocking(False)
        self._tls, self._lock = tls, threading.Lock()
        self._error: OSError | None = None  # what the system has found
        self._selector = None

    def fileno(self):
        return self._tls.fileno()

    def pending(self):
        """Bytes that can be read though nothing comes."""
        with self._lock:
            return self._tls.pending()

    def read(self, room):
        """Into ``room``, which has some: how many bytes; None when there is nothing yet."""
        with self._lock:
            self._look()
            try:
                got = self._tls.recv_into(room)
            except _LATER:
                if self._error is None:
                    return None
                got = 0
        if not got:
            raise self._error or BrokenPipeError(errno.EPIPE, "it has ended")
        return got

    def write(self, data):
        """How many of these bytes are on their way; None when there is no room yet."""
        with self._lock:
            self._look()
            if self._error is not None:
                raise self._error
            try:
                return self._tls.send(data)
            except (ssl.SSLWantWriteError, BlockingIOError):
                return None
            except ValueError as error:  # a closed one has no file descriptor
                raise OSError(errno.EBADF, str(error)) from None

    def wait(self, seconds):
        """Whether there may be something to read within that time; None is for ever."""
        if self._selector is None:
            self._selector = _Selector()
            self._selector.register(self._tls, selectors.EVENT_READ)
        return bool(self._selector.select(seconds))

    def close(self):
        """Close it. What has been written still arrives, but not if anything is left unread: the
        system breaks such a connection off."""
        with self._lock, contextlib.suppress(OSError):
            with contextlib.suppress(OSError):
                self._tls.shutdown(socket.SHUT_WR)  # what is read from now on stays encrypted
                for _ in range(_MOST_LEFT // _PIECE):
                    if not self._tls.recv(_PIECE):
                        break
            self._tls.close()

    def _look(self):
        """Whether the system has found that it is lost. Who reads by way of TLS is told of its end
        alone, as if the other side had closed it."""
        if number := self._tls.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._error = OSError(number, os.strerror(number))
