"""Coins: random numbers that nobody knows before all have what was dealt.

A coin tests what players have dealt, so nobody may know it while they could still deal something
else to suit it, and nobody may choose it. It is dealt with other random numbers, before anybody
knows what it is for, and then becomes known in one of two ways. Opened as any number is, after
`Coins.confirm`, it takes two rounds; announced, it takes one.
"""

from typing import Any

from mamba import field as prime
from mamba.protocol_error import ProtocolError


class Coins:
    """What `mamba.protocols.Protocols` does with coins."""

    network: Any  # this and what follows is there in Protocols
    me: Any
    holders: Any
    is_holder: Any
    _sent: Any
    _all_but_me: Any
    _decode: Any
    _join: Any
    _tell: Any
    _hear: Any
    _note_opened: Any

    _announced = None  # of the last coin: this player's share, and what it is said to be
    _unheard = False  # whether since the last comparison some holders may have ended the run

    def confirm(self):
        """Holders wait until all have what they are sent; one round of empty messages.

        The first t holders draw their shares and wait for nothing. Did they open a coin at once, a
        dealer that sends late would know it, from their shares and its own, before it has dealt
        what the coin is to test. So no holder goes on before every other one says that it has all:
        then the shares of the honest ones, t + 1 at least, fix what was dealt. Players that hold
        no shares need not wait: without the holders' shares there is no coin to know.
        """
        if not self.is_holder:
            return
        others = self._all_but_me(self.holders)
        self._exchange(dict.fromkeys(others, b""), dict.fromkeys(others, 0), inner=True)

    def announce(self, part, share):
        """A coin in one round, to be used by dealers only until it is compared in the next one.

        The coin is the sum of what the last t + 1 holders have dealt. Here each of them tells its
        own part, as soon as it is sent all other shares: so nobody knows the coin before the last
        honest one of them has all, which fixes what was dealt, as in `confirm`. But who tells its
        part last could choose it, or tell players different ones. So their next messages carry
        shares of the coin as it was dealt, which nobody can choose any more: a player that finds
        another number in them than it was told ends the run. Until then honest players have only
        dealt something because of this coin, and so have given nothing away, whatever it was.

        A player that was told the truth does not see this at once. It must not open what another
        one has dealt because of a false coin: its share and those of t liars would do. So before it
        opens anything it hears once more from all holders, who all have compared by then. In the
        check of krum.mpc this is when they `confirm`; where it has not happened, a round is added.

        Parameters
        ----------
        part : field array, or None
            What this player has dealt, when it is one of the last t + 1 holders.
        share : field array
            This player's share of the coin.

        Returns
        -------
        field array
        """
        if not self.is_holder:
            return self._note_opened(prime, self._hear(prime, prime.length(share)))
        others = self._all_but_me(self.holders)
        received = self._exchange(
            dict.fromkeys(others, prime.to_bytes(part)) if self.me in self._sent else {},
            dict.fromkeys(self._all_but_me(self._sent), prime.BYTES * prime.length(share)),
            inner=True,
        )
        parts = [
            self._decode(prime, data, prime.length(share), player)
            for player, data in received.items()
        ]
        parts += [part] if self.me in self._sent else []
        coin = prime.combine([1] * len(parts), parts)
        self._announced = share, coin
        return self._tell(prime, self._note_opened(prime, coin))

    def _exchange(self, outgoing, expected, continued=False, inner=False):
        """One round of the network; after `announce` holders add their shares of the coin to what
        they send each other."""
        if self._announced is None:
            received = self.network.exchange(outgoing, expected, continued, inner)
            self._unheard &= not received.keys() >= {*self._all_but_me(self.holders)}
            return received
        (share, coin), self._announced = self._announced, None
        size, count = prime.BYTES * prime.length(share), prime.length(share)
        data, others = prime.to_bytes(share), self._all_but_me(self.holders)
        outgoing = {p: bytes(outgoing.get(p, b"")) + data for p in others}
        lengths = {p: expected.get(p, 0) for p in {*expected, *others}}
        wanted = {p: n + size * (p in self.holders) for p, n in lengths.items()}
        received = self.network.exchange(outgoing, wanted, continued, inner)
        shares = {p: received[p][lengths[p] :] for p in self.holders if p != self.me}
        if (self._join(prime, share, shares, count) != coin).any():
            raise ProtocolError(
                f"round {self.network.rounds}: a random number is not the sum of what players have "
                "told of it; a player departed from the protocol"
            )
        self._unheard = True
        return {player: received[player][: lengths[player]] for player in expected}

    def _compare_announced(self):
        """Rounds for it alone, where something is to be opened next."""
        if self._announced is not None:
            self._exchange({}, {}, inner=True)
        if self._unheard:
            self.confirm()
