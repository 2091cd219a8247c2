"""The connections of one player: mutually authenticated TLS 1.3 to every other player.

Two players have one connection (`mamba.connection`), on which sending and receiving never wait for
each other: what is long is sent by a thread of its own, to all players side by side, and read from
all side by side. A certificate must be signed by this run's own
authority and must name the very player that is expected at the other end, or be that player's
agreed one; a caller that cannot show it is turned away. Messages are raw bytes behind a header
(round, place, length); nothing that arrives is ever unpickled or evaluated. The place is where in
the program its sender is. It can be compared with a player that sits out the steps of the others:
it counts the steps of all players, and within one those of the holders of shares among themselves.

Who has to end says why (`leave`), and hears why the others do.
"""

import contextlib
import time
from dataclasses import replace

from mamba.addresses import LOOPBACK, why_lost
from mamba.credentials import Credentials
from mamba.farewell import FORM, MARK, Farewell, Reason, check_header
from mamba.handshakes import Handshakes
from mamba.inbox import Inbox
from mamba.last_words import SERVER, LastWords, LastWordsReader, packed
from mamba.meeting import Meeting
from mamba.network_error import NetworkError
from mamba.outbox import Outbox

_PLACES = MARK  # a place is less
_INNER = 12  # bits of a place that count the holders' steps
_BROKEN_OFF = (1 << 20) - 2  # in place of the step of all players
_LONG = 1 << 17  # bytes from which several messages are read side by side
_ROOM, _PATIENCE = 1 << 24, 10.0  # bytes that may wait before more of a round are made; seconds
_TO_TELL = 15.0  # seconds, when a player has broken off
# Seconds at the end to tell the others why, to hear why they end, and what the server makes of it.
_TO_SAY, _TO_HEAR, _FOR_THE_SERVER = 1.0, 1.5, 4.0


class Network:
    """Connections of player `me` to others.

    Parameters
    ----------
    me : int
        Number of this player.
    ports : sequence
        Where each player is: a port on loopback, or (host, port).
    certificates : path or mamba.credentials.Credentials
        Folder with ``RootCA.crt``, ``Player<me>.crt`` and ``Player<me>.key``, or what is in them.
    patience : float
        Seconds to wait for the others to be there.
    say : callable, optional
        Given one line of news when that takes long.
    at_once : bool
        Whether to connect to everybody now; else it is said whom to `connect` to.
    meeting : mamba.meeting.Meeting, or str
        What all players must name.
    listen : str
        Address of this host to listen at; "" is every one.
    deadline : float, optional
        Until when (`time.monotonic`) everything has to be over.
    absent : sequence of int
        Players that the server need not wait for.

    Attributes
    ----------
    is_of_a_run : bool
        Whether the players are on several hosts, in one run of many.
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
        listen=LOOPBACK,
        deadline=None,
        absent=(),
    ):
        self.me, self.players = me, len(ports)
        self.is_of_a_run = isinstance(meeting, Meeting) and bool(meeting.run)
        self.rounds = self.bytes_sent = self._step = self._inner = 0
        self._inputs_at, self._has_left = None, False
        try:
            if not isinstance(certificates, Credentials):
                certificates = Credentials.read(certificates, me)
            self._handshakes = Handshakes(
                me, ports, certificates, patience, say, meeting, listen, deadline, absent
            )
        except (OSError, ValueError) as error:
            what = f"RootCA.crt, Player{me}.crt and Player{me}.key"
            if not isinstance(certificates, Credentials):
                what += f" in {certificates}"
            raise NetworkError(f"cannot use {what}: {error}") from None
        self._connections, early = self._handshakes.connections, self._handshakes.early
        self._outbox = Outbox(self._connections)
        self._inbox = Inbox(
            self._connections, early, self.is_of_a_run, deadline, self._lost, self._silent
        )
        if at_once:
            self.connect(range(len(ports)))

    def connect(self, others, more=False):
        """Have connections with these players; afterwards nobody is let in, unless there is `more`
        to come."""
        try:
            self._handshakes.run([player for player in others if player != self.me])
        finally:
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
        if continued and outgoing:  # who has nothing to receive would send all of it at once
            self._outbox.wait_for_room(_ROOM, _PATIENCE)
        if inner:
            self._inner += 1
        else:
            self._step, self._inner = self._step + (not continued), 0
        for player, payload in outgoing.items():
            self._send(player, payload)
        if len(expected) > 1 and sum(expected.values()) > _LONG:
            return self._inbox.read(expected, self._check)
        received: dict[int, memoryview] = {}
        for player, count in expected.items():
            received |= self._inbox.read({player: count}, self._check)
        return received

    def tell(self, outgoing):
        """Send players that do not know of this round what has come of it."""
        self._step, self._inner = self._step + 1, 0
        self.exchange(outgoing, {}, continued=True)

    def break_off(self):
        """From here on only those are understood that have broken off, too, to find out who
        departed from the protocol; the others hear that this player has found that somebody did.
        Whoever says nothing for `_TO_TELL` seconds is lost."""
        self.rounds, self._step, self._inner = self.rounds + 1, _BROKEN_OFF, 0
        self._inbox.hurry(_TO_TELL)

    def look(self):
        """Notice who has ended, while there is nothing to exchange."""
        self._inbox.look()

    def note_inputs(self):
        """From the next round on inputs are shared."""
        if self._inputs_at is None:
            self._inputs_at = self._step + 1, 0

    @property
    def is_late(self):
        """Whether this player has gone on after inputs were shared, or had none and cannot tell."""
        return self._inputs_at is not None and (self._step, self._inner) > self._inputs_at

    def leave(self, *claims):
        """Tell the others why this player has to end, and hear why they do.

        Parameters
        ----------
        *claims : Farewell
            Of this player; by default, that it has failed itself.

        Returns
        -------
        LastWords
        """
        self._handshakes.close()
        self._has_left = True
        said, has_failed = LastWords(self.me, self.players), not claims
        claims = claims or (Farewell(Reason.FAILED, self.me, self.me),)
        said.add(self.me, [replace(claim, late=self.is_late) for claim in claims])
        self._outbox.leave(dict.fromkeys(self._connections, packed(said.claims)), _TO_SAY)
        listener = LastWordsReader(self._connections, self._inbox.unread, self._inbox.early)
        listener.hear(said, _TO_HEAR)
        if self.me != SERVER:
            if SERVER not in said.late and not has_failed:  # it may wait for others still
                listener.hear(said, self._handshakes.until - time.monotonic(), [SERVER])
            listener.hear(said, _FOR_THE_SERVER, [SERVER])
        elif again := said.to_leave_out():
            orders = [Farewell(Reason.AGAIN, player, SERVER) for player in again]
            said.add(SERVER, orders)
            self._outbox.leave(dict.fromkeys(self._connections, packed(orders)), _TO_SAY)
        return said

    def close(self):
        """Send what is queued, then close every connection; to be called in the end, too, so that
        the others see no loss in it."""
        self._handshakes.close()
        if self.is_of_a_run and not self._has_left:
            goodbye = Farewell(Reason.DONE, None, self.me).pack()
            for player in self._connections:
                with contextlib.suppress(OSError):
                    self._outbox.put(player, goodbye, b"")
        self._outbox.close(30.0)
        self._inbox.close()
        for connection in self._connections.values():
            connection.close()

    # --- one message -----------------------------------------------------------------------------

    def _send(self, player, payload):
        header = FORM.pack(self.rounds % _PLACES, self._place(), len(payload))
        self.bytes_sent += len(header) + len(payload)
        try:
            self._outbox.put(player, header, payload)
        except OSError as error:
            raise self._lost(self._outbox.broken_player, error) from None

    def _place(self):
        return (self._step << _INNER | self._inner % (1 << _INNER)) % _PLACES

    def _check(self, player, header, count):
        number, place, length = check_header(player, header)
        if place == _BROKEN_OFF << _INNER and place != self._place():
            self._inbox.unread[player] = length
            claim = Farewell(Reason.DEVIATES, None, player)
            raise NetworkError(f"player {player} has ended: {claim}", claim)
        if (place, length) != (self._place(), count):
            self._inbox.unread[player] = length
            raise NetworkError(
                f"exchange {self.rounds}: {count} bytes of player {player} were expected, and "
                f"{length} of its exchange {number} came; all players must run the same program",
                Farewell(Reason.DIFFERENT, player, self.me, self.is_late),
            )
        self.rounds = max(self.rounds, number)  # those in between were the holders' own

    def _lost(self, player, error):
        return NetworkError(
            f"exchange {self.rounds}: lost the connection to player {player} ({why_lost(error)})",
            Farewell(Reason.LOST, player, self.me, self.is_late),
        )

    def _silent(self, player):
        return NetworkError(
            f"exchange {self.rounds}: the deadline is over, and player {player} says nothing",
            Farewell(Reason.SILENT, player, self.me, self.is_late),
        )
