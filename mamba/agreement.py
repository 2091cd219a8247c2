"""What holders must have seen alike: compared with the next message that they send each other.

A player that departs from the protocol can tell others different things. Where that would do harm,
what was told is noted here, and whatever the holders send each other next carries what it takes to
compare: no round and hardly a byte more. Until then honest holders only deal, which gives nothing
away whatever they were told; before they open anything they compare, in a round of its own where
no message has come by (`compare`). Where an opening tells nothing even if they were told different
things, what they compare may travel with it (`mamba.openings.show_parts`): who finds a difference
goes no further.
"""

import hashlib

from mamba.protocol_error import ProtocolError


class Agreement:
    """What one holder has been told, and not compared yet."""

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
        return self._is_new


def exchange(protocols, outgoing, expected, continued=False, inner=False):
    """One round of the network, `mamba.network.Network.exchange`. Holders add to what they send
    each other a digest of what was noted.

    Raises
    ------
    ProtocolError
        They were told different things.
    """
    agreement, network = protocols.agreement, protocols.network
    if not agreement.is_due:
        return network.exchange(outgoing, expected, continued, inner)
    digest, others = agreement.take_digest(), protocols.all_but_me(protocols.holders)
    outgoing = {p: bytes(outgoing.get(p, b"")) + digest for p in others}
    lengths = {p: expected.get(p, 0) for p in {*expected, *others}}
    wanted = {p: n + len(digest) * (p in protocols.holders) for p, n in lengths.items()}
    received = network.exchange(outgoing, wanted, continued, inner)
    _compare_digests(protocols, digest, {p: bytes(received[p][lengths[p] :]) for p in others})
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
    """Before anything is opened: a round for the comparison alone, where one is due.

    Who finds that the digests of all are its own knows that all honest holders have been told the
    same.
    """
    if protocols.agreement.is_due:
        protocols.exchange({}, {}, inner=True)
