"""What holders must have seen alike: compared with the next message that they send each other.

A player that departs from the protocol can tell others different things. Where that would do harm,
what was told is noted here, and whatever the holders send each other next carries what it takes to
compare: no round and hardly a byte more. Until then honest holders only deal, which gives nothing
away whatever they were told; before they open anything they compare, in rounds of their own where
no message has come by (`compare`).
"""

import hashlib
from typing import Any

from mamba import field as prime
from mamba.protocol_error import ProtocolError


class Agreement:
    """What one holder has been told, and not compared yet."""

    # Of the coin that was announced last: this player's share, what it is said to be, and who alone
    # has dealt each number of it, or None.
    coin: Any = None
    # Whether since a coin was compared some holders may have ended the run.
    unheard = False
    # What goes to all other holders with the next message, and what came with theirs.
    rider: bytes | None = None
    arrived: Any = None

    def __init__(self):
        self._told, self._is_new = hashlib.sha256(), False

    def note(self, data):
        """All holders must have these bytes."""
        self._told.update(len(data).to_bytes(8, "little") + bytes(data))
        self._is_new = True

    def take_digest(self):
        """Of all that was ever noted; b"" when nothing was since the last time."""
        is_new, self._is_new = self._is_new, False
        return self._told.digest() if is_new else b""

    @property
    def is_due(self):
        """Whether there is something to compare."""
        return self._is_new or self.coin is not None


def exchange(protocols, outgoing, expected, continued=False, inner=False):
    """One round of the network, `mamba.network.Network.exchange`. Holders add to what they send
    each other a digest of what was noted, their shares of a coin that was announced, and what else
    was attached.

    Raises
    ------
    ProtocolError
        They were told different things, or the coin is not what was dealt.
    """
    agreement, network = protocols.agreement, protocols.network
    others = protocols.all_but_me(protocols.holders)
    if not agreement.is_due and agreement.rider is None:
        received = network.exchange(outgoing, expected, continued, inner)
        agreement.unheard &= not received.keys() >= {*others}
        return received
    digest, (share, coin, dealers) = (
        agreement.take_digest(),
        agreement.coin or (prime.zeros(0), None, None),
    )
    rider, agreement.rider, agreement.coin = agreement.rider, None, None
    compared = digest + prime.to_bytes(share)
    data = compared + (rider or b"")
    outgoing = {p: bytes(outgoing.get(p, b"")) + data for p in others}
    lengths = {p: expected.get(p, 0) for p in {*expected, *others}}
    wanted = {p: n + len(data) * (p in protocols.holders) for p, n in lengths.items()}
    received = network.exchange(outgoing, wanted, continued, inner)
    told = {p: received[p][lengths[p] :] for p in others}
    if rider is not None:
        agreement.arrived = {p: bytes(one[len(compared) :]) for p, one in told.items()}
        told = {p: one[: len(compared)] for p, one in told.items()}
    _compare_digests(protocols, digest, {p: bytes(one[: len(digest)]) for p, one in told.items()})
    if coin is not None:
        shares = {p: one[len(digest) :] for p, one in told.items()}
        dealt = protocols.join(prime, share, shares, prime.length(share), dealers)
        if (is_false := (dealt != coin).any(axis=0)).any():
            liars = [] if dealers is None else sorted({*dealers[is_false].tolist()})
            raise ProtocolError(
                f"exchange {network.rounds}: a random number is not the sum of what players have "
                f"told of it; {', and '.join(f'player {one}' for one in liars) or 'a player'} "
                "departed from the protocol"
            )
    agreement.unheard = coin is not None
    return {player: received[player][: lengths[player]] for player in expected}


def _compare_digests(protocols, own, said):
    """All honest holders send theirs to all others, so whatever two of them have differently, both
    find here; who else is told a false digest by a liar is the only one that ends."""
    others = [str(player) for player, digest in said.items() if digest != own]
    if others:
        raise ProtocolError(
            f"exchange {protocols.network.rounds}: what player {protocols.me} has been told is not "
            f"what player{'s' * (len(others) > 1)} {', '.join(others)} say; a player departed from "
            "the protocol"
        )


def compare(protocols):
    """Before anything is opened: rounds for the comparison alone, where one is due.

    Who finds that the digests of all are its own knows that all honest holders have been told the
    same. A coin is another thing: a player that was told the true one must still hear from all
    others that they compared, too; its share and those of t liars would do to open what another one
    has dealt to a false coin.
    """
    if protocols.agreement.is_due:
        protocols.exchange({}, {}, inner=True)
    if protocols.agreement.unheard:
        protocols.confirm()
