"""The first contact of one player with all others: it calls those before it, the rest call it.

All calls and answers go on side by side in one thread, so nobody waits for somebody else's silence:
a connection that says nothing is an open file and no more, until it is dropped. What does not show
a certificate of this run is counted, to tell of it when the players do not find each other. Behind
TLS the two say what they are there for (`mamba.meeting`), and the one that was called says that it
takes the call: only then is the caller connected, too. Players of other runs are called again, for
they will be gone some time; and so is a player that was connected, and ends before all have met.
One that says why it ends stays connected until it has heard what is to become of the round.
Everybody calls the server, so each is told by the server itself when the two do not fit together.
"""

import contextlib
import errno
import selectors
import socket
import ssl
import time
from typing import Any

from mamba import addresses, meeting
from mamba.calls import ELSEWHERE_PAUSE, LONGEST_PAUSE, Calls
from mamba.connection import Connection
from mamba.contact import Contact, has_hung_up, refusal
from mamba.contacts import Contacts
from mamba.early import Early
from mamba.meeting import Meeting, Verdict
from mamba.network_error import NetworkError
from mamba.whereabouts import SERVER, Whereabouts

STRANGERS = 128  # connections that may be open besides those of the players


class Handshakes:
    """Connects player `me` to others: to all, or to some and later to more.

    Parameters
    ----------
    me : int
    ports : sequence
        Where each player is: a port on loopback, or (host, port).
    credentials : mamba.credentials.Credentials
    patience : float
        Seconds until all must be connected, of each `run`. On several hosts the server goes on then
        without those that are missing. So the others count from when the server is there, and a
        little longer, to hear it; for the server they wait until the `deadline`.
    say : callable
        Given one line, when strangers have been waited for in vain.
    meeting : mamba.meeting.Meeting, or str
        What this player is there for; a text is the `holders` of one without a run.
    listen : str
        Address of this host to listen at; "" is every one.
    deadline : float, optional
        Until when (`time.monotonic`) all must be over.
    absent : sequence of int
        Players that the server need not wait for, since they will not come.

    Attributes
    ----------
    connections : dict of int to mamba.connection.Connection
        By player. Who has called before it is wanted is there too.
    early : dict of int to bytes
        What connected players have sent before all were connected, up to 64 KB of each.

    Raises
    ------
    OSError, ValueError
        The credentials are none.
    """

    def __init__(
        self,
        me,
        ports,
        credentials,
        patience,
        say=lambda line: None,
        meeting="",
        listen=addresses.LOOPBACK,
        deadline=None,
        absent=(),
    ):
        self._deadline = float("inf") if deadline is None else deadline
        self.me, self._credentials, self._listen_at = me, credentials, listen
        places = [port if isinstance(port, tuple) else (addresses.LOOPBACK, port) for port in ports]
        self.ports = [port for _, port in places]
        self._meeting = meeting if isinstance(meeting, Meeting) else Meeting(meeting)
        self._known = Whereabouts(me, self.ports, bool(self._meeting.run), absent)
        self._calls = Calls({p: place for p, place in enumerate(places) if p < me})
        self._known.trouble.update(self._calls.unknown)
        self._wanted, self._in_use = set(), set()  # in use: since a run before
        self._client = credentials.context(ssl.PROTOCOL_TLS_CLIENT)
        self._server = credentials.context(ssl.PROTOCOL_TLS_SERVER)
        # Both are open between runs, too, so that nobody calls in vain.
        self._selector = selectors.DefaultSelector()
        self._listener: Any = None
        self._backlog = 2 * len(self.ports) + STRANGERS
        self._contacts = Contacts(self._selector, self._backlog)
        self.connections: dict[int, Connection] = {}
        self._early = Early(self.connections, self._selector)
        self.early = self._early.heard
        self._begin, self._patience, self._say = time.monotonic(), patience, say
        self._server_since = None  # when it was there first
        self._for_a_caller = max(5.0, patience / 12)  # seconds to show a certificate
        self._next_look = self._begin + self._for_a_caller

    def run(self, others=None):
        """Return when these players, by default all, are connected; NetworkError when that fails,
        OSError when the port is taken."""
        self._wanted = {*(range(len(self.ports)) if others is None else others)} - {self.me}
        self._in_use = {*self.connections}
        self._begin = time.monotonic()
        self._calls.begin(sorted(self._missing))
        try:
            self._listen()
            while self._missing:
                self._step()
        finally:
            self._early.end()

    def close(self):
        """Listen no more."""
        self._contacts.close()
        if self._listener is not None:
            self._listener.close()
        self._selector.close()

    def _listen(self):
        while self._listener is None:
            try:
                self._listener = addresses.listen(
                    self._listen_at, self.ports[self.me], self._backlog
                )
                self._listener.setblocking(False)
                self._selector.register(self._listener, selectors.EVENT_READ)
            except OSError as error:
                # The player of the round before may be here still; it will hear that it is stale.
                is_taken = self._meeting.run and error.errno == errno.EADDRINUSE
                if not is_taken or time.monotonic() > self._begin + self._patience:
                    raise
                time.sleep(LONGEST_PAUSE)

    @property
    def until(self):
        """Until when the others wait for players that are missing, as far as this one knows."""
        if not self._meeting.run or self.me == SERVER:
            return min(self._begin + self._patience, self._deadline)
        since = self._server_since
        return min(self._deadline, float("inf") if since is None else since + self._patience + 5)

    @property
    def _missing(self):
        """Those that are not connected, or have said that they end."""
        return self._wanted - (self.connections.keys() - self._known.given_up.keys())

    def _step(self):
        now = time.monotonic()
        absent = self._missing
        if now > self.until or (self.me == SERVER and absent <= self._known.given_up.keys()):
            raise self._known.missing(
                sorted(absent),
                silent={one.player for one in self._contacts if one.player not in self._calls},
                strangers=self._contacts.strangers + sum(c.is_stranger for c in self._contacts),
            )
        for player in self._calls.due(now):
            plain, error = self._calls.call(player)
            self._is_called(Contact(plain, player, self._begin + self._patience), error)
        for key, _ in self._selector.select(self._calls.pause(now, most=1.0)):
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.data, int):
                self._hear_early(key.data)
            elif key.data in self._contacts:  # else it was dropped a moment ago
                self._go_on(key.data)
        if now > self._next_look:
            self._next_look = now + 1.0
            self._contacts.drop_the_late(now)
            if news := self._known.news_of_strangers(self._contacts.strangers):
                self._say(news)

    # --- calling ---------------------------------------------------------------------------------

    def _is_called(self, contact, error):
        if self._calls.is_under_way(contact.player, error):
            self._contacts.wait(contact, selectors.EVENT_WRITE)
        elif error:
            self._contacts.forget(contact)
            if not self._calls.is_not_there(contact.player, error):
                self._fail(contact.player, OSError(error, errno.errorcode.get(error, "")))
        else:
            self._calls.has_answered(contact.player)
            contact.is_open = True
            self._shake_hands(contact)

    # --- being called ----------------------------------------------------------------------------

    def _accept(self):
        for _ in self.ports:  # a flood of callers does not keep it from going on with the others
            try:
                plain, _ = self._listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            contact = Contact(plain, None, time.monotonic() + self._for_a_caller)
            self._contacts.make_room()
            self._contacts.wait(contact, selectors.EVENT_READ)

    # --- either way ------------------------------------------------------------------------------

    def _go_on(self, contact):
        if contact.is_secure:
            self._hear(contact)
        elif contact.is_open:
            self._shake_hands(contact)
        else:
            self._selector.unregister(contact.socket)
            self._is_called(contact, contact.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _shake_hands(self, contact):
        if contact.is_silent and contact.socket in self._selector.get_map():
            self._selector.unregister(contact.socket)  # TLS makes another object of it
        try:
            event = contact.shake_hands(self._server if contact.player is None else self._client)
        except (OSError, ValueError) as error:
            if contact.player is None:  # no certificate of this run: a stranger, who gets no answer
                self._contacts.turn_away(contact)
            else:
                self._is_broken(contact, error)
            return
        if event:
            self._contacts.wait(contact, event)
        else:
            self._is_known(contact)

    def _is_broken(self, contact, error):
        """A call has come to nothing."""
        self._contacts.forget(contact)
        if has_hung_up(error):  # perhaps it has ended, for a reason that others know better
            self._calls.again(contact.player, LONGEST_PAUSE)
        elif isinstance(error, ssl.SSLCertVerificationError):
            self._fail(contact.player, f"it shows a certificate that nobody agreed on: {error}")
        elif alert := refusal(error):
            problem = f"refuses this player's certificate ({alert})"
            if contact.is_secure:  # so it is not a stranger's word
                self._give_up(contact.player, problem)
            else:
                self._fail(contact.player, f"it {problem}")
        else:
            self._fail(contact.player, error)

    def _give_up(self, player, problem):
        self._known.give_up(player, problem)
        self._calls.again(player, ELSEWHERE_PAUSE)

    def _fail(self, player, problem):
        self._known.fail(player, problem)
        self._calls.again(player, ELSEWHERE_PAUSE)

    def _is_known(self, contact):
        """It has shown a certificate of this run. Is it that of the player it should be?"""
        number = self._credentials.number(contact.socket)
        is_caller = number in range(self.me + 1, len(self.ports))  # those before it are called
        is_caller = is_caller and number not in self._in_use  # others read and write there
        if contact.player is not None:
            if number != contact.player:
                port = self.ports[contact.player]
                self._contacts.forget(contact)
                problem = f"port {port} is held by another than player {contact.player}"
                self._fail(contact.player, problem)
                return
            try:
                contact.socket.send(self._meeting.words())  # so few bytes always find room
            except OSError as error:
                self._is_broken(contact, error)
                return
        elif not is_caller:
            self._contacts.turn_away(contact)
            return
        contact.caller, contact.is_secure = number, True
        self._hear(contact)

    def _hear(self, contact):
        """What the other one is there for."""
        try:
            event = contact.hear()
        except OSError as error:
            if contact.player is None:
                self._contacts.turn_away(contact)
            else:
                self._is_broken(contact, error)
            return
        if event:
            self._contacts.wait(contact, event)
        else:
            self._have_met(contact)

    def _have_met(self, contact):
        player, said = contact.caller, contact.heard[: meeting.LENGTH]
        verdict, what = self._meeting.compare(said)
        is_taken = verdict is Verdict.SAME
        if contact.player is None:
            answer = self._meeting.words() + (meeting.TAKEN if is_taken else meeting.NOT_TAKEN)
            with contextlib.suppress(OSError):  # that it has gone is noticed soon enough
                contact.socket.send(answer)
        else:
            is_taken = is_taken and contact.heard[meeting.LENGTH :] == meeting.TAKEN
        if is_taken:
            self._is_connected_to(contact, player)
            return
        self._contacts.forget(contact)
        if verdict in (Verdict.DIFFERENT, Verdict.AFTER):
            self._give_up(player, verdict.value.format(what))
            return
        self._known.trouble[player] = f"it {verdict.value}"
        self._calls.again(player, ELSEWHERE_PAUSE)

    def _is_connected_to(self, contact, player):
        self._contacts.leave(contact)
        if player in self.connections:  # it has been started anew
            self._early.forget(player)
        self._known.is_met(player)
        addresses.notice_silence(contact.socket)
        if player == SERVER and self._server_since is None:
            self._server_since = time.monotonic()
        self.connections[player] = Connection(contact.socket)
        if self._meeting.run:  # on one machine, whoever starts the players watches over them
            self._early.listen_to(player)

    def _hear_early(self, player):
        """A connected player says something, or ends."""
        try:
            is_there = self._early.hear(player)
        except NetworkError as error:
            if player == SERVER:  # it will say what is to become of the round
                raise
            self._known.give_up(player, str(error).split(" ", 2)[2], error.claims[0])
        else:
            if not is_there:
                self._lose(player)

    def _lose(self, player):
        """It has ended, and may be started again; it is called again then."""
        self._early.forget(player)
        self._calls.again(player, LONGEST_PAUSE)
