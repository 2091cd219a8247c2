"""Openings: secrets become known to all players, or to one.

What is opened to all is a sharing of degree t, and the shares of t + 1 honest holders fix it, so a
wrong share is noticed; with one dealer alone behind it, its sender is known.
"""

from collections import Counter
from typing import Any

import numpy as np

from mamba import field as prime
from mamba import shamir
from mamba.coins import Coins
from mamba.protocol_error import ProtocolError


class Openings(Coins):
    """What `mamba.protocols.Protocols` opens, after the coins that wait to be compared."""

    threshold: Any  # this and what follows is there in Protocols
    bystanders: Any
    view: Any
    _zero: Any

    def open(self, field, array, dealers=None):
        """The secrets themselves, to everybody; one round.

        Holders send each other their shares. The t + 1 honest ones of the 2t + 1 fix the
        polynomial, so t wrong ones cannot go unnoticed. Then every holder tells the other players
        what was opened, who believe what t + 1 of them say.

        Parameters
        ----------
        field : module
        array : field array
        dealers : int array, optional
            Of each element of the prime field: the only player that dealt anything it depends on,
            or -1. Where the shares do not fit together, that player's own share is left out. Where
            the others still do not, it has dealt shares of no polynomial, and all its elements open
            as 1: no ProtocolError, so that whoever wanted a 0 knows whom to leave out.

        Raises
        ------
        ProtocolError
            The shares received do not lie on one polynomial of degree t; or, on a player that holds
            none, no t + 1 holders say the same.

        Notes
        -----
        With `dealers`, no lie gets through at any t of 1 or more. Let at most t holders deviate. If
        all 2t + 1 shares fit together, the t + 1 honest ones among them fix the result. If not, and
        the dealer is a holder, the 2t others are looked at: where the dealer deviates, at most
        t - 1 of them do, so t + 1 honest ones are there and fix the result, be there any share to
        spare for a check (t of 2 or more) or none (t of 1: then these two are honest). A dealer
        that holds no share has none to leave out, and where 2t + 1 shares do not fit together its
        elements open as 1. What a holder that deviates can do is have honest dealers left out; by
        wrong shares for some holders only, in the eyes of these alone, and then what the holders
        make of it is no sharing of one number any more.
        """
        if self.is_holder:
            opened = self.open_among_holders(field, array, dealers)
            return self._tell(field, opened)
        return self._note_opened(field, self._hear(field, field.length(array)))

    def _tell(self, field, opened):
        """A holder's part in what the other players are told."""
        if self.bystanders:
            self.network.tell(dict.fromkeys(self.bystanders, field.to_bytes(opened)))
        return opened

    def _hear(self, field, count):
        """What all holders say, to a player that holds no shares: believed if t + 1 say it."""
        heard = self.network.exchange({}, dict.fromkeys(self.holders, field.BYTES * count))
        said, often = Counter(map(bytes, heard.values())).most_common(1)[0]
        if often <= self.threshold:
            raise ProtocolError(
                f"round {self.network.rounds}: what holders say was opened differs; a player "
                "departed from the protocol"
            )
        return self._decode(field, said, count, None)

    def open_among_holders(self, field, array, dealers=None):
        """The secrets, to the holders alone, as in `open`; the others have zeros."""
        if not self.is_holder:
            return field.zeros(field.length(array))
        self._compare_announced()
        data, others = field.to_bytes(array), self._all_but_me(self.holders)
        received = self.network.exchange(
            dict.fromkeys(others, data), dict.fromkeys(others, len(data)), inner=True
        )
        opened = self._join(field, array, received, field.length(array), dealers)
        return self._note_opened(field, opened)

    def open_to(self, player, array, degree, continued=False):
        """The secrets of the prime field, to one player alone; one round, in which only it
        receives.

        Parameters
        ----------
        player : int
        array : field array
        degree : int
            1 for a sharing of degree t, 2 for an unreduced product of degree 2t.
        continued : bool
            Whether this belongs to the round before.

        Returns
        -------
        field array, or None for the other players

        Notes
        -----
        A product that only one player sees needs no reduction. Every holder sends its Lagrange
        term, hidden by a share of zero; the terms add up to the secret and are otherwise uniform,
        so the polynomial of degree 2t, which is not random, stays hidden. There is no redundancy in
        2t + 1 terms: such an opening cannot be checked, one of degree t is. A player that holds no
        shares does not know the degree, so it is sent before them.
        """
        count, inner = prime.length(array), player in self.holders
        if inner and not self.is_holder:
            return None
        self._compare_announced()
        if degree == 2 and self.is_holder:
            weight = prime.lagrange(shamir.points(len(self.holders)))[self.holders.index(self.me)]
            signs, numbers = self._terms_of_zero(count)
            array = prime.combine([weight, *signs], [array, *numbers])
        first = b"" if inner else bytes([degree])
        if self.me != player:
            outgoing = {player: first + prime.to_bytes(array)} if self.is_holder else {}
            self.network.exchange(outgoing, {}, continued, inner)
            return None
        others = self._all_but_me(self.holders)
        size = len(first) + prime.BYTES * count
        received = self.network.exchange({}, dict.fromkeys(others, size), continued, inner)
        if first:
            degrees = {data[0] for data in received.values()}
            if degrees not in ({1}, {2}):
                raise self._departure()
            (degree,) = degrees
            received = {holder: data[1:] for holder, data in received.items()}
        if degree == 1:
            return self._note_opened(prime, self._join(prime, array, received, count))
        terms = [self._decode(prime, data, count, sender) for sender, data in received.items()]
        opened = prime.combine([1] * len(self.holders), terms + [array] * self.is_holder)
        return self._note_opened(prime, opened)

    def _note(self, dealer, shape, arrays):
        if self.view:
            self.view.note(self.network.rounds, dealer, shape, arrays)

    def _note_opened(self, field, values):
        if self.view:
            self.view.note_opened(self.network.rounds, field, values)
        return values

    def _join(self, field, array, received, count, dealers=None):
        """Check and reconstruct what the holders sent."""
        shares = [
            array if player == self.me else self._decode(field, received[player], count, player)
            for player in self.holders
        ]
        if shamir.consistent(field, shares, self.threshold):
            return shamir.reconstruct(field, shares, self.threshold)
        if dealers is None:
            raise self._departure()
        return self._join_without_dealers(field, shares, dealers)

    def _join_without_dealers(self, field, shares, dealers):
        """Reconstruct, for each dealer, from the others' shares; see `open`."""
        result, caught = field.zeros(len(dealers)), []
        for dealer in np.unique(dealers).tolist():
            own = dealers == dealer
            kept = [k for k, holder in enumerate(self.holders) if holder != dealer]
            at, others = tuple(k + 1 for k in kept), [shares[k][:, own] for k in kept]
            if shamir.consistent(field, others, self.threshold, at):
                result[:, own] = shamir.reconstruct(field, others, self.threshold, at)
            else:
                caught.append(dealer)
                result[:, own] = field.from_ints([1])
        # Any number of the other players may deviate, but no more than t holders: else it is what
        # they sent in this opening that is wrong.
        if -1 in caught or len(set(caught) & set(self.holders)) > self.threshold:
            raise self._departure()
        return result

    def _departure(self):
        return ProtocolError(
            f"round {self.network.rounds}: the shares received do not lie on one polynomial of "
            f"degree {self.threshold}; a player departed from the protocol"
        )

    def _terms_of_zero(self, count):
        """This holder's part of a random sum of zero, as signs and numbers: every two holders draw
        one number, one adds it and the other subtracts it (Cramer, Damgard and Ishai, TCC 2005,
        for two-element sets)."""
        others = self._all_but_me(self.holders)
        signs = [1 if self.me < player else -1 for player in others]
        return signs, [prime.random(self._zero[player], count) for player in others]
