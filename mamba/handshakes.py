"""The first contact of one player with all the others: it calls each of them, and each calls it.

All calls and answers go on side by side in one thread, so nobody waits for somebody else's silence:
a connection that says nothing is an open file and no more, until it is dropped. What does not show
a certificate of this run is counted, to tell of it when the players do not find each other. Behind
TLS the two say what they are there for (`mamba.meeting`), and the one that was called says that it
takes the call: only then is the caller connected, too. Players of other runs are called again, for
they will be gone some time; and so is a player that was connected, and ends before all have met.
"""

import contextlib
import errno
import selectors
import socket
import ssl
import time
from typing import Any

from mamba import addresses, meeting
from mamba.contact import Contact, has_hung_up, refusal
from mamba.farewell import Farewell, Reason, look_for_farewell
from mamba.meeting import Meeting, Verdict
from mamba.network_error import NetworkError
from mamba.whereabouts import Whereabouts

SERVER = 0
STRANGERS = 128  # connections that may be open besides those of the players
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1  # seconds until a player is called again
_AHEAD = 1 << 16  # bytes that are kept of a player which is ahead
_ELSEWHERE_PAUSE = 0.5  # and one that is there for another run
_UNDER_WAY = {
    errno.EINPROGRESS,
    errno.EWOULDBLOCK,
    getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK),
}
# Its player has not opened its port yet, or its host is not up, or not to be reached for now.
_NOT_THERE = {errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED)}
_NOT_THERE |= addresses.UNREACHABLE


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
    outgoing, incoming : dict of int to ssl.SSLSocket
        The connections by player; on one machine those that are read block when `run` returns. Who
        has called before it is wanted is there too.
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
        self._known = Whereabouts(me, self.ports)
        self._known.given_up.update(dict.fromkeys(absent, Reason.ABSENT))
        self._addresses = [
            self._resolve(player, *place) if player != me else []
            for player, place in enumerate(places)
        ]
        self.others = []
        self.outgoing, self.incoming, self.early = {}, {}, {}
        # Both are open between runs, too, so that nobody calls in vain.
        self._listener: Any = None
        self._selector: Any = None
        self._client = credentials.context(ssl.PROTOCOL_TLS_CLIENT)
        self._server = credentials.context(ssl.PROTOCOL_TLS_SERVER)
        self._begin, self._patience, self._say = time.monotonic(), patience, say
        self._server_since = None  # when it was there first
        self._calls = {}  # when a player is called, and the pause after that
        self._contacts = set()
        self._for_a_caller = max(5.0, patience / 12)  # seconds to show a certificate
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
        finally:
            self._stop_watching()

    def close(self):
        """Listen no more."""
        for contact in self._contacts:
            contact.socket.close()
        self._contacts.clear()
        for used in filter(None, (self._listener, self._selector)):
            used.close()

    def _resolve(self, player, host, port):
        try:
            return addresses.resolve(host, port)
        except OSError as error:
            self._known.trouble[player] = f"its host {host} is not known: {error.strerror}"
            return []

    def _listen(self):
        backlog, port = 2 * len(self.ports) + STRANGERS, self.ports[self.me]
        while self._listener is None:
            try:
                self._listener = addresses.listen(self._listen_at, port, backlog)
            except OSError as error:
                # The player of the round before may be here still; it will hear that it is stale.
                is_taken = self._meeting.run and error.errno == errno.EADDRINUSE
                if not is_taken or time.monotonic() > self._begin + self._patience:
                    raise
                time.sleep(_LONGEST_PAUSE)
        if self._selector is None:
            self._listener.setblocking(False)
            self._selector = selectors.DefaultSelector()
            self._selector.register(self._listener, selectors.EVENT_READ)

    def _is_connected(self):
        wanted = set(self.others)
        return self.outgoing.keys() >= wanted and self.incoming.keys() >= wanted

    def _step(self):
        now = time.monotonic()
        absent = {*self.others} - (self.incoming.keys() & self.outgoing.keys())
        if now > self._limit() or (self.me == SERVER and absent <= self._known.given_up.keys()):
            reasons = {p: self._known.given_up.get(p, Reason.ABSENT) for p in sorted(absent)}
            claims = [Farewell(reason, player, self.me) for player, reason in reasons.items()]
            raise NetworkError(self._what_is_missing(), *claims)
        for player in [player for player, (when, _) in self._calls.items() if when <= now]:
            self._call(player)
        pause = min((when for when, _ in self._calls.values()), default=now + 1) - now
        for key, _ in self._selector.select(min(max(0.0, pause), 1.0)):
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.data, int):
                self._hear_early(key.data)
            elif key.data in self._contacts:  # else it was dropped a moment ago
                self._go_on(key.data)
        if now > self._next_look:
            self._next_look = now + 1.0
            self._drop_the_late(now)

    def _limit(self):
        if not self._meeting.run or self.me == SERVER:
            return min(self._begin + self._patience, self._deadline)
        since = self._server_since
        return min(self._deadline, float("inf") if since is None else since + self._patience + 5)

    # --- calling ---------------------------------------------------------------------------------

    def _call(self, player):
        _, pause = self._calls.pop(player)
        if not self._addresses[player]:
            self._calls[player] = float("inf"), pause
            return
        family, address = self._addresses[player][0]
        plain = socket.socket(family, socket.SOCK_STREAM)
        contact = Contact(plain, player, self._begin + self._patience)
        self._calls[player] = time.monotonic() + pause, min(2 * pause, _LONGEST_PAUSE)
        self._is_called(contact, plain.connect_ex(address))

    def _is_called(self, contact, error):
        if error in _UNDER_WAY:
            self._calls[contact.player] = float("inf"), self._calls[contact.player][1]
            self._wait(contact, selectors.EVENT_WRITE)
        elif error in _NOT_THERE:  # perhaps at its next address
            known = self._addresses[contact.player]
            known.append(known.pop(0))
            self._call_later(contact.player, self._calls[contact.player][1])
            self._forget(contact)
        elif error:
            self._forget(contact)
            self._fail(contact.player, OSError(error, errno.errorcode.get(error, "")))
        else:
            del self._calls[contact.player]
            contact.is_open = True
            contact.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._shake_hands(contact)

    def _call_later(self, player, pause):
        self._calls[player] = time.monotonic() + pause, pause

    # --- being called ----------------------------------------------------------------------------

    def _accept(self):
        for _ in self.ports:  # a flood of callers does not keep it from going on with the others
            try:
                plain, _ = self._listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            contact = Contact(plain, None, time.monotonic() + self._for_a_caller)
            if len(self._contacts) >= 2 * len(self.ports) + STRANGERS:
                self._turn_away(self._oldest_stranger())
            self._wait(contact, selectors.EVENT_READ)

    def _oldest_stranger(self):
        """Who is dropped to make room: best of all somebody who has not said a word."""
        callers = [contact for contact in self._contacts if contact.player is None]
        return min(callers, key=lambda contact: (not contact.is_silent, contact.until))

    def _turn_away(self, contact):
        self._known.strangers += contact.is_stranger
        self._leave(contact)
        contact.hang_up()

    def _drop_the_late(self, now):
        for contact in [one for one in self._contacts if one.until < now and one.player is None]:
            self._turn_away(contact)
        if news := self._known.news_of_strangers():
            self._say(news)

    # --- both ------------------------------------------------------------------------------------

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
                self._turn_away(contact)
            else:
                self._is_broken(contact, error)
            return
        if event:
            self._wait(contact, event)
        else:
            self._is_known(contact)

    def _is_broken(self, contact, error):
        """A call has come to nothing."""
        self._forget(contact)
        if has_hung_up(error):  # perhaps it has ended, for a reason that others know better
            self._call_later(contact.player, _LONGEST_PAUSE)
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

    def _give_up(self, player, problem, reason=Reason.DIFFERENT):
        """A player has said that it and this one do not meet.

        On several hosts the server waits for all the others first, so that they hear what follows;
        and the others leave it to the server.
        """
        if not self._meeting.run or player == SERVER:
            raise NetworkError(f"player {player} {problem}", Farewell(reason, player, self.me))
        self._known.trouble[player], self._known.given_up[player] = problem, reason
        self._call_later(player, _ELSEWHERE_PAUSE)

    def _fail(self, player, problem):
        """A player cannot be called. On one machine that will not change; on several, somebody may
        see to it, and the others may go on without that player."""
        if not self._meeting.run:
            raise NetworkError(
                f"cannot reach player {player}: {problem}",
                Farewell(Reason.ABSENT, player, self.me),
            )
        self._known.trouble[player] = str(problem)
        self._call_later(player, _ELSEWHERE_PAUSE)

    def _is_known(self, contact):
        """It has shown a certificate of this run. Is it that of the player it should be?"""
        number = self._credentials.number(contact.socket)
        is_player = number is not None and number < len(self.ports) and number != self.me
        if contact.player is not None:
            if number != contact.player:
                port = self.ports[contact.player]
                self._forget(contact)
                problem = f"port {port} is held by another than player {contact.player}"
                self._fail(contact.player, problem)
                return
            try:
                contact.socket.send(self._meeting.words())  # so few bytes always find room
            except OSError as error:
                self._is_broken(contact, error)
                return
        elif not is_player:
            self._turn_away(contact)
            return
        contact.caller, contact.is_secure = number, True
        self._hear(contact)

    def _hear(self, contact):
        """What the other one is there for."""
        try:
            event = contact.hear()
        except OSError as error:
            if contact.player is None:
                self._turn_away(contact)
            else:
                self._is_broken(contact, error)
            return
        if event:
            self._wait(contact, event)
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
        self._forget(contact)
        if verdict in (Verdict.DIFFERENT, Verdict.AFTER):
            self._give_up(player, verdict.value.format(what))
            return
        self._known.trouble[player] = f"it {verdict.value}"
        if contact.player is not None:
            self._call_later(player, _ELSEWHERE_PAUSE)

    def _is_connected_to(self, contact, player):
        self._leave(contact)
        is_caller = contact.player is not None
        connections = self.outgoing if is_caller else self.incoming
        if old := connections.pop(player, None):  # it has been started anew
            self._close(old)
        self._known.is_met(player)
        addresses.notice_silence(contact.socket)
        if player == SERVER and self._server_since is None:
            self._server_since = time.monotonic()
        connections[player] = contact.socket
        if is_caller:
            return
        if self._meeting.run:  # on one machine, whoever starts the players watches over them
            self.early[player] = b""
            self._selector.register(contact.socket, selectors.EVENT_READ, player)
        if player in self._calls and self._calls[player][0] < float("inf"):
            self._calls[player] = 0.0, _FIRST_PAUSE  # who calls can be called

    def _hear_early(self, player):
        """A connected player says something: why it ends, or what it is ahead with; or it ends.

        What it is ahead with is kept, so that its last words are heard behind that, too: else one
        that lets this player wait could have it left out, since it seems to say nothing.
        """
        connection, heard = self.incoming[player], self.early[player]
        try:
            said = connection.recv(_AHEAD - len(heard))
        except (ssl.SSLWantReadError, BlockingIOError):
            return
        except OSError:
            said = b""
        if not said:
            self._lose(player)
            return
        self.early[player] = heard = heard + said
        if len(heard) == _AHEAD:
            self._selector.unregister(connection)  # the rest can wait
        try:
            look_for_farewell(player, heard)
        except NetworkError as error:
            if player == SERVER:  # it will say what is to become of the round
                raise
            self._lose(player)
            self._give_up(player, str(error).split(" ", 2)[2], Reason.FAILED)

    def _lose(self, player):
        """It has ended, and may be started again; it is called again then."""
        self._close(self.incoming.pop(player))
        self.early.pop(player)
        if player in self.outgoing:
            self._close(self.outgoing.pop(player))
            self._call_later(player, _LONGEST_PAUSE)

    def _stop_watching(self):
        """Connections are read by others from now on."""
        for connection in self.incoming.values():
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(connection)
            connection.setblocking(not self._meeting.run)

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

    def _close(self, connection):
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()

    def _what_is_missing(self):
        return self._known.what_is_missing(
            self.others, self.outgoing, self.incoming,
            silent={contact.player for contact in self._contacts} - {*self._calls},
            open_strangers=sum(contact.is_stranger for contact in self._contacts),
        )  # fmt: skip
