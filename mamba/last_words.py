"""What all players say when one has to end, heard by each of them.

The server hears it, too, and makes the round begin again without a player that most of them say was
missing, if nobody has gone on after inputs were shared: nothing has been computed then.
"""

import selectors
import time
from collections import defaultdict

from mamba.farewell import HEADER, Reason, check_header
from mamba.network_error import NetworkError
from mamba.whereabouts import SERVER

_PIECE = 1 << 16


class LastWords:
    """Of one player and all that it hears.

    Parameters
    ----------
    me : int
    players : int
        How many there are; who names another one is not believed.

    Attributes
    ----------
    claims : list of Farewell
        What this player says first.
    late : dict of int to bool
        For each player that has said something, whether it has gone on after inputs were shared.
    again : list of int
        The players without which the server has all others begin again.
    """

    def __init__(self, me, players):
        self.claims, self.late, self.again = [], {}, []
        self._me, self._players, self._said = me, players, set()

    def add(self, sender, claims):
        """What one player says. Of what it has only heard itself it can convince nobody: else one
        that lies would speak with the voices of all."""
        for claim in claims:
            if claim.reason is Reason.DONE or (claim.culprit or 0) >= self._players:
                continue
            if claim.reason is not Reason.AGAIN:
                self.late[sender] = claim.late
                if claim.witness == sender or sender == self._me:
                    self._note(claim)
            elif sender == SERVER and claim.culprit and claim.culprit not in self.again:
                self.again.append(claim.culprit)

    def _note(self, claim):
        said = claim.reason, claim.culprit, claim.witness
        if claim.witness < self._players and said not in self._said:
            self._said.add(said)
            self.claims.append(claim)

    @property
    def missing(self):
        """Who is said to be missing, and by whom: dict of int to sorted list of witnesses. Who was
        silent until a deadline and speaks now has only waited itself, if there is anybody else."""
        said, only_silent = defaultdict(set), set(self.late)
        for claim in self.claims:
            if claim.culprit is not None:
                said[claim.culprit].add(claim.witness)
                if claim.reason is not Reason.SILENT:
                    only_silent.discard(claim.culprit)
        named = sorted({*said} - only_silent or said)
        return {culprit: sorted(said[culprit]) for culprit in named}

    def to_leave_out(self):
        """The players that most witnesses name; none when the round cannot begin again, since most
        have gone on, or the deadline is over, or it is the server that is missing.

        One that speaks itself is there. When few name it all the same, it is these that are left
        out: else a client that lies could have honest ones left out one by one, and f with them.
        When two name each other nobody can tell, and the round ends.
        """
        said = self.missing
        most = max((len(witnesses) for witnesses in said.values()), default=0)
        named = {culprit for culprit, witnesses in said.items() if len(witnesses) == most}
        disputed = {culprit for culprit in named if self._is_disputed(culprit, said[culprit])}
        accusers = {witness for culprit in disputed for witness in said[culprit]}
        named = named - disputed | accusers
        others = [late for player, late in self.late.items() if player not in (SERVER, *named)]
        is_over = any(claim.reason is Reason.SILENT for claim in self.claims)  # the time is up
        has_gone_on = 2 * sum(others) >= max(1, len(others))
        if is_over or has_gone_on or SERVER in named or accusers & disputed:
            return []
        return sorted(named)

    def _is_disputed(self, culprit, witnesses):
        speaks = culprit in self.late and culprit not in witnesses
        return speaks and SERVER not in witnesses and 2 * len(witnesses) <= len(self.late)


def packed(claims):
    """Claims as bytes, the last of them marked."""
    return b"".join(
        claim.followed_by(more=k + 1 < len(claims)).pack() for k, claim in enumerate(claims)
    )


class LastWordsReader:
    """Reads connections to their last words, past all that nobody wants any more.

    Parameters
    ----------
    connections : dict of int to mamba.connection.Connection
    unread : dict of int to int
        Bytes of the message that was being read which are still to come.
    begun : dict of int to bytes
        What was read of a header.
    """

    def __init__(self, connections, unread, begun):
        self._connections, self._skip, self._heard = connections, dict(unread), dict(begun)
        self._ended = set()

    def hear(self, said, seconds, players=None):
        """Add to `said` what these players, by default all, say until they have finished."""
        until = time.monotonic() + seconds
        wanted = {*self._connections} - self._ended
        wanted &= wanted if players is None else {*players}
        finished: set[int] = set()
        with selectors.DefaultSelector() as selector:
            for player in wanted:
                selector.register(self._connections[player], selectors.EVENT_READ, player)
            ready = list(wanted)  # of the server something may have been read already
            while wanted > finished and (left := until - time.monotonic()) > 0:
                for player in ready:
                    claims, is_end = self._read(player)
                    said.add(player, claims)
                    if is_end:
                        finished.add(player)
                        selector.unregister(self._connections[player])
                ready = [p for p in wanted - finished if self._connections[p].pending()]
                if not ready and wanted > finished:
                    ready = [key.data for key, _ in selector.select(left)]

    def _read(self, player):
        """Claims, and whether these are all: the last one is marked, or the connection closed."""
        room, got, is_closed = bytearray(_PIECE), None, False
        try:
            got = self._connections[player].read(room)
        except (OSError, ValueError):
            is_closed = True
            self._ended.add(player)
        heard = self._heard.pop(player, b"") + room[: got or 0]
        claims, is_end = self._parse(player, heard)
        return claims, is_end or is_closed

    def _parse(self, player, data):
        claims: list = []
        while data:
            skipped = min(self._skip.get(player, 0), len(data))
            data, self._skip[player] = data[skipped:], self._skip.get(player, 0) - skipped
            if len(data) < HEADER:
                break
            header, data = data[:HEADER], data[HEADER:]
            try:
                self._skip[player] = check_header(player, header)[2]
            except NetworkError as farewell:
                claims += farewell.claims
                if not (farewell.claims and farewell.claims[0].more):
                    self._heard[player] = data
                    return claims, True
        self._heard[player] = data
        return claims, False
