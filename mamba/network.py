"""The connections of one player: mutually authenticated TLS 1.3 to every other player, on
loopback.

Between two players there are two connections, one for each direction, so that sending and
receiving never wait for each other: what is long is sent by a thread of its own. A certificate
must be signed by this run's own authority and must name the very player that is expected at the
other end; a caller who cannot show one is turned away. Messages are raw bytes behind a header
(round, length); nothing that arrives is ever unpickled or evaluated.
"""

import contextlib
import queue
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

HOST = "127.0.0.1"
_HEADER = struct.Struct("<QQ")
_SMALL = 1 << 15  # what a socket takes without waiting for its reader


class NetworkError(Exception):
    """The conversation with another player broke; the message says which one and in which
    round."""


class Network:
    """Connections of player `me` to all the others.

    Parameters
    ----------
    me : int
        Number of this player.
    ports : sequence of int
        Port of every player on loopback; there are ``len(ports)`` players.
    certificates : path
        Folder with ``RootCA.crt``, ``Player<me>.crt`` and ``Player<me>.key``.
    patience : float
        Seconds to wait for the others to be there.

    Raises
    ------
    NetworkError
        A player cannot be reached, or shows another certificate than its own; or this player's
        own is not there.
    OSError
        This player's port is taken.
    """

    def __init__(self, me, ports, certificates, patience=60.0):
        self.me, self.players = me, len(ports)
        self.rounds = self.bytes_sent = 0
        self._deadline = time.monotonic() + patience
        folder = Path(certificates)
        client, server = (
            self._context(purpose, folder)
            for purpose in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)
        )
        listener = socket.create_server((HOST, ports[me]), backlog=2 * self.players)
        with listener:
            caller = threading.Thread(target=self._call_all, args=(ports, client), daemon=True)
            self._outgoing, self._call_error = {}, None
            caller.start()
            self._incoming = self._answer_all(listener, server)
            caller.join()
        if self._call_error:
            raise self._call_error
        self._queue: queue.SimpleQueue[tuple | None] = queue.SimpleQueue()
        # Messages put and sent: each is written by one thread only, so that neither needs a lock.
        self._queued, self._sent, self._send_error = 0, 0, None
        self._sender = threading.Thread(target=self._send_queued, daemon=True)
        self._sender.start()

    def exchange(self, outgoing, expected, continued=False):
        """One round: send to some players, receive from some.

        Parameters
        ----------
        outgoing : dict of int to bytes
            What each player is sent.
        expected : dict of int to int
            How many bytes each player is expected to send.
        continued : bool
            Whether these are further messages of the round before, which need not wait for it.

        Returns
        -------
        dict of int to memoryview

        Raises
        ------
        NetworkError
            A connection was lost, or the other player is somewhere else in the program.
        """
        self.rounds += not continued
        for player, payload in outgoing.items():
            self._send(player, _HEADER.pack(self.rounds, len(payload)), payload)
        return {player: self._receive(player, count) for player, count in expected.items()}

    def close(self):
        """Send what is queued, then close every connection."""
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

    def _receive(self, player, count):
        number, length = _HEADER.unpack(self._read(player, _HEADER.size))
        if (number, length) != (self.rounds, count):
            raise NetworkError(
                f"round {self.rounds}: {count} bytes of player {player} were expected, and "
                f"{length} of its round {number} came; all players must run the same program"
            )
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

    # --- the first contact -----------------------------------------------------------------------

    def _context(self, purpose, folder):
        context = ssl.SSLContext(purpose)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # the name to check is the player's, see _check_name
        context.verify_mode = ssl.CERT_REQUIRED
        name = folder / f"Player{self.me}"
        try:
            context.load_verify_locations(folder / "RootCA.crt")
            context.load_cert_chain(name.with_suffix(".crt"), name.with_suffix(".key"))
        except OSError as error:
            raise NetworkError(
                f"cannot use RootCA.crt, {name.name}.crt and {name.name}.key in {folder}: {error}"
            ) from None
        if purpose is ssl.PROTOCOL_TLS_SERVER:
            context.num_tickets = 0  # connections are never resumed
        return context

    def _call_all(self, ports, context):
        try:
            # Each player starts with the one after itself, so that not all of them call player 0
            # first.
            for step in range(1, self.players):
                player = (self.me + step) % self.players
                self._outgoing[player] = self._call(player, ports[player], context)
        except (OSError, NetworkError) as error:
            self._call_error = NetworkError(f"cannot reach the other players: {error}")

    def _call(self, player, port, context):
        while True:
            try:
                plain = socket.create_connection((HOST, port), timeout=self._remaining())
                break
            except ConnectionRefusedError:
                if time.monotonic() > self._deadline:
                    raise NetworkError(f"player {player} does not answer") from None
                time.sleep(0.01)  # it has not opened its port yet
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = context.wrap_socket(plain)
        if _peer_name(connection) != f"Player{player}":
            raise NetworkError(f"port {port} is held by another than player {player}")
        connection.settimeout(None)
        return connection

    def _answer_all(self, listener, context):
        expected = {
            f"Player{player}": player for player in range(self.players) if player != self.me
        }
        incoming: dict[int, ssl.SSLSocket] = {}
        while len(incoming) < self.players - 1:
            if self._call_error:
                raise self._call_error
            listener.settimeout(min(1.0, self._remaining()))
            try:
                plain, _ = listener.accept()
            except TimeoutError:
                if time.monotonic() > self._deadline:
                    missing = sorted(set(expected.values()) - set(incoming))
                    raise NetworkError(f"players {missing} did not connect in time") from None
                continue
            plain.settimeout(min(5.0, self._remaining()))
            try:
                connection = context.wrap_socket(plain, server_side=True)
            except OSError:  # no certificate of this run: a stranger, who gets no answer
                plain.close()
                continue
            player = expected.get(_peer_name(connection))
            if player is None or player in incoming:
                connection.close()
                continue
            connection.settimeout(None)
            incoming[player] = connection
        return incoming

    def _remaining(self):
        return max(0.1, self._deadline - time.monotonic())


def _peer_name(connection):
    subject = connection.getpeercert().get("subject", ())
    return dict(pair for entry in subject for pair in entry).get("commonName")
