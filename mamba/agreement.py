"""What holders must have seen alike: compared with the next message that they send each other.

A player that departs from the protocol can tell others different things. Where that would do harm,
what was told is noted here, and whatever the holders send each other next carries what it takes to
compare: no round and hardly a byte more. Until then honest holders only deal, which gives nothing
away whatever they were told; before they open anything they compare, in rounds of their own where
no message has come by (`compare`).
"""

from typing import Any

from mamba import field as prime
from mamba.protocol_error import ProtocolError


class Agreement:
    """What one holder has been told, and not compared yet."""

    def __init__(self):
        self.coin: Any = (
            None  # announced last: this player's share of it, and what it is said to be
        )
        self.unheard = (
            False  # whether since the last comparison some holders may have ended the run
        )


def exchange(protocols, outgoing, expected, continued=False, inner=False):
    """One round of the network, `mamba.network.Network.exchange`; after a coin was announced
    holders add their shares of it to what they send each other.

    Raises
    ------
    ProtocolError
        The coin is not what was dealt.
    """
    agreement, network = protocols.agreement, protocols.network
    others = protocols.all_but_me(protocols.holders)
    if agreement.coin is None:
        received = network.exchange(outgoing, expected, continued, inner)
        agreement.unheard &= not received.keys() >= {*others}
        return received
    (share, coin), agreement.coin = agreement.coin, None
    data, count = prime.to_bytes(share), prime.length(share)
    outgoing = {p: bytes(outgoing.get(p, b"")) + data for p in others}
    lengths = {p: expected.get(p, 0) for p in {*expected, *others}}
    wanted = {p: n + len(data) * (p in protocols.holders) for p, n in lengths.items()}
    received = network.exchange(outgoing, wanted, continued, inner)
    shares = {p: received[p][lengths[p] :] for p in others}
    if (protocols.join(prime, share, shares, count) != coin).any():
        raise ProtocolError(
            f"round {network.rounds}: a random number is not the sum of what players have told of "
            "it; a player departed from the protocol"
        )
    agreement.unheard = True
    return {player: received[player][: lengths[player]] for player in expected}


def compare(protocols):
    """Before anything is opened: rounds for the comparison alone, where one is due.

    A player that finds nothing wrong must still hear from all others that they compared, too: its
    share and those of t liars would do to open what another one has dealt to a false coin.
    """
    if protocols.agreement.coin is not None:
        protocols.exchange({}, {}, inner=True)
    if protocols.agreement.unheard:
        protocols.confirm()
