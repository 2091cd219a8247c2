"""The connections of one player: mutually authenticated TLS 1.3 to every other player, on
loopback.

Between two players there are two connections, one for each direction, so that sending and
receiving never wait for each other: what is long is sent by a thread of its own. A certificate
must be signed by this run's own authority and must name the very player that is expected at the
other end; a caller who cannot show one is turned away. Messages are raw bytes behind a header
(round, place, length); nothing that arrives is ever unpickled or evaluated. The place is where in
the program its sender is. It can be compared with a player that sits out the steps of the others:
it counts the steps of all players, and within one those of the holders of shares among themselves.
"""

import contextlib
import queue
import struct
import threading

from mamba.credentials import Credentials
from mamba.handshakes import Handshakes, NetworkError

_HEADER = struct.Struct("<IIQ")
_PLACES = 1 << 32
_INNER = 12  # bits of a place that count the holders' steps
_SMALL = 1 << 15  # what a socket takes without waiting for its reader


class Network:
    """Connections of player `me` to others.

    Parameters
    ----------
    me : int
        Number of this player.
    ports : sequence of int
        Port of every player on loopback; there are ``len(ports)`` players.
    certificates : path or mamba.credentials.Credentials
        Folder with ``RootCA.crt``, ``Player<me>.crt`` and ``Player<me>.key``, or what is in them.
    patience : float
        Seconds to wait for the others to be there.
    say : callable, optional
        Given one line of news when that takes long.
    at_once : bool
        Whether to connect to everybody now; else it is said whom to `connect` to.
    meeting : str
        What all players must name: `mamba.holders.meeting`.

    Attributes
    ----------
    rounds, bytes_sent : int
        So far. A player that sits out rounds of the holders learns their number with the next
        message from one of them.

    Raises
    ------
    NetworkError
        A player cannot be reached, shows another certificate than its own, or names another
        meeting; or this player's own certificate is not there.
    OSError
        This player's port is taken.
    """

    def __init__(
        self,
        me,
        ports,
        certificates,
        patience=60.0,
        say=lambda line: None,
        at_once=True,
        meeting="",
    ):
        self.me, self.players = me, len(ports)
        self.rounds = self.bytes_sent = self._step = self._inner = 0
        try:
            if not isinstance(certificates, Credentials):
                certificates = Credentials.read(certificates, me)
            self._handshakes = Handshakes(me, ports, certificates, patience, say, meeting)
        except (OSError, ValueError) as error:
            what = f"RootCA.crt, Player{me}.crt and Player{me}.key"
            if not isinstance(certificates, Credentials):
                what += f" in {certificates}"
            raise NetworkError(f"cannot use {what}: {error}") from None
        self._outgoing, self._incoming = self._handshakes.outgoing, self._handshakes.incoming
        self._queue: queue.SimpleQueue[tuple | None] = queue.SimpleQueue()
        # Messages put and sent: each is written by one thread only, so that neither needs a lock.
        self._queued, self._sent, self._send_error = 0, 0, None
        self._sender = threading.Thread(target=self._send_queued, daemon=True)
        self._sender.start()
        if at_once:
            self.connect(range(len(ports)))

    def connect(self, others, more=False):
        """Have connections with these players, who call this one too; afterwards nobody is let in,
        unless there is `more` to come."""
        try:
            self._handshakes.run([player for player in others if player != self.me])
        except BaseException:
            self.close()
            raise
        if not more:
            self._handshakes.close()

    def exchange(self, outgoing, expected, continued=False, inner=False):
        """One round: send to some players, receive from some.

        Parameters
        ----------
        outgoing : dict of int to bytes
            What each player is sent.
        expected : dict of int to int
            How many bytes each player is expected to send.
        continued : bool
            Whether these are further messages of the round before, which need not wait for it.
        inner : bool
            Whether only the holders of shares take part; the others do not call this then.

        Returns
        -------
        dict of int to memoryview

        Raises
        ------
        NetworkError
            A connection was lost, or the other player is somewhere else in the program.
        """
        self.rounds += not continued
        if inner:
            self._inner += 1
        elif not continued:
            self._step, self._inner = self._step + 1, 0
        for player, payload in outgoing.items():
            header = _HEADER.pack(self.rounds % _PLACES, self._place(), len(payload))
            self._send(player, header, payload)
        return {player: self._receive(player, count) for player, count in expected.items()}

    def tell(self, outgoing):
        """Send players that do not know of this round what has come of it."""
        self._step, self._inner = self._step + 1, 0
        self.exchange(outgoing, {}, continued=True)

    def close(self):
        """Send what is queued, then close every connection."""
        self._handshakes.close()
        self._queue.put(None)
        self._sender.join(timeout=30)
        for connection in [*self._outgoing.values(), *self._incoming.values()]:
            with contextlib.suppress(OSError):
                connection.close()

    # --- one message -----------------------------------------------------------------------------

    def _send(self, player, header, payload):
        self.bytes_sent += len(header) + len(payload)
        if self._send_error:
            raise self._send_error
        if len(payload) <= _SMALL:
            if self._queued == self._sent:
                self._send_now(player, header + bytes(payload))
                return
            payload, header = header + bytes(payload), b""
        self._queued += 1
        self._queue.put((player, header, payload))

    def _send_now(self, player, data):
        try:
            self._outgoing[player].sendall(data)
        except OSError as error:
            raise self._lost(player, error) from None

    def _send_queued(self):
        while (message := self._queue.get()) is not None:
            player, header, payload = message
            try:
                if header:
                    self._send_now(player, header)
                self._send_now(player, payload)
            except NetworkError as error:
                self._send_error = error
                return
            self._sent += 1

    def _place(self):
        return (self._step << _INNER | self._inner % (1 << _INNER)) % _PLACES

    def _receive(self, player, count):
        number, place, length = _HEADER.unpack(self._read(player, _HEADER.size))
        if (place, length) != (self._place(), count):
            raise NetworkError(
                f"round {self.rounds}: {count} bytes of player {player} were expected, and "
                f"{length} of its round {number} came; all players must run the same program"
            )
        self.rounds = max(self.rounds, number)  # those in between were the holders' own
        return self._read(player, count)

    def _read(self, player, count):
        data = memoryview(bytearray(count))
        done = 0
        try:
            while done < count:
                got = self._incoming[player].recv_into(data[done:])
                if not got:
                    raise OSError("it closed the connection")
                done += got
        except OSError as error:
            raise self._lost(player, error) from None
        return data

    def _lost(self, player, error):
        return NetworkError(
            f"round {self.rounds}: lost the connection to player {player} ({error})"
        )
