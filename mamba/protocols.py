"""Input, multiply and open: what players do together with shares.

Semi-honest players, honest majority: of 2t + 1 *holders* of shares, any t may pool what they see
without learning anything about the others' secrets (Ben-Or, Goldwasser and Wigderson, STOC 1988).
There may be more players than these. The others deal secrets of their own, and are told what is
opened to all: the values, never a share. They add nothing to what t holders know, so any set of
players of whom at most t are holders learns nothing. The threshold t is (N - 1) // 2 of N players
when it is not given: then all hold shares, but the server, player 0, of an even number. Where t
leaves a choice, all players together draw the holders (`mamba.holders`).

Assumes private, authenticated channels (`mamba.network`). All players call the same methods in the
same order with the same lengths; each works on its own shares.

A `part` is a pair (field, array), where the field is the module `mamba.field` or `mamba.gf256`.
Several parts share one round of communication.

Dealing and multiplying is here. The other protocols are chapters of their own, functions of an
object of this class; it has the most used of them for its methods.
"""

import hashlib

import numpy as np

from mamba import (
    agreement,
    coins,
    collectors,
    common_keys,
    multiplication,
    openings,
    shamir,
    verification,
)
from mamba import holders as drawing
from mamba.claims import Claims, Dealing
from mamba.protocol_error import ProtocolError
from mamba.randomness import Randomness

SECURITY = 40  # default statistical security, in bits
_PORTION = 1 << 24  # bytes of shares that a player works on at once when products are reduced


class Protocols:
    """One player's side of the protocols.

    Parameters
    ----------
    network : mamba.network.Network
    view : mamba.view.View, optional
        Where samples are noted of the shares that it receives, and of what is opened to it.
    program : str
        Text of the program, which must be the same on all players.
    threshold : int, optional
        t, by default the largest.
    holders : sequence of int, optional
        The 2t + 1 players that are to hold shares, when somebody has named them.
    say : callable, optional
        Given one line before this player does what makes the holders known.
    active : bool
        Whether players may deviate: then products and masks are verified (`mamba.verification`).

    Attributes
    ----------
    holders : tuple of int
        The 2t + 1 players that hold shares. Player ``holders[k]`` has the point k + 1. A player
        that is none has zeros where the others have shares, so that it may run the same program;
        they are never sent.
    place : int or None
        Of this player among the holders.
    bystanders : tuple of int
        The other players.
    peers : list of int
        Whom this player is connected to: all others, or all holders when it is none.
    drawn, sent : tuple of int
        The first t holders, who draw their shares from keys that they have in common with the
        dealer, and the other t + 1, who are sent theirs.
    streams_to, streams_from, zero_streams : dict of int to mamba.randomness.Randomness
        `mamba.common_keys`.
    agreement : mamba.agreement.Agreement
    collector_turn : int
        Whose it is to collect next (`mamba.collectors`), the same for all holders.
    claims : mamba.claims.Claims
        Where players may deviate, what is still to be verified.
    coins : mamba.coins.Coins

    Raises
    ------
    RunError
        Threshold or holders cannot be these.
    ProtocolError
        Players are about to run different things, or cheat when holders are drawn.
    """

    def __init__(
        self,
        network,
        view=None,
        program="",
        threshold=None,
        holders=None,
        say=lambda line: None,
        active=False,
    ):
        self.network, self._say, self.active = network, say, active
        self.me, self.players = network.me, network.players
        self.threshold = drawing.check_threshold(self.players, threshold)
        self.randomness = Randomness()
        about = f"{self.players} players, threshold {self.threshold}, holders {holders}"
        about = f"{about}, active {active}\n{program}"
        self.holders, about = self._find_holders(holders, about.encode())
        self.bystanders = tuple(p for p in range(self.players) if p not in self.holders)
        self.is_holder = self.me in self.holders
        self.place = self.holders.index(self.me) if self.is_holder else None
        self.view = view
        self.sent, self.drawn = self.holders[self.threshold :], self.holders[: self.threshold]
        self.agreement, self.collector_turn = agreement.Agreement(), 0
        self.claims, self.coins = Claims(), coins.Coins(self.me, self.sent, self.randomness)
        # Only a holder has anything to say to everybody.
        self.peers = self.all_but_me(range(self.players) if self.is_holder else self.holders)
        self.network.connect(self.peers)
        # For what it deals to each other one, the other way round, and terms of shares of zero.
        streams, ends = common_keys.agree(
            self.network, self.peers, about, self.randomness, self.coins.end
        )
        self.streams_to, self.streams_from, self.zero_streams = streams
        if self.is_holder:
            self.coins.be_told(ends)

    exchange, compare = agreement.exchange, agreement.compare
    confirm, toss, toss_for_all = coins.confirm, coins.toss, coins.toss_for_all
    open, open_to = openings.open_to_all, openings.open_to
    open_to_and_say_how = openings.open_to_and_say_how
    open_among_holders, open_parts = openings.open_among_holders, openings.open_parts
    show_parts = openings.show_parts
    multiply, multiply_pairs = multiplication.multiply, multiplication.multiply_pairs
    verify, open_masked = verification.verify, verification.open_masked
    tell, hear, join = openings.tell, openings.hear, openings.join

    def _find_holders(self, named, about):
        """The holders, and what players have to agree on."""
        if named is not None:
            return drawing.check_named(self.players, self.threshold, named), about
        holders = drawing.fixed(self.players, self.threshold)
        if holders is not None:
            return holders, about
        server = drawing.SERVER
        self.network.connect(range(self.players) if self.me == server else [server], more=True)

        def compare(digests):
            common_keys.compare_programs(self.me, digests)
            # Whoever starts players must not do it again because somebody dislikes the holders.
            self._say(f"Player {self.me} draws holders")

        digest = hashlib.sha256(about).digest()
        try:
            holders, seen = drawing.draw(self.network, self.threshold, digest, compare)
        except drawing.DrawError as error:
            raise ProtocolError(f"the draw of the holders failed: {error}") from None
        return holders, about + seen

    # --- dealing ---------------------------------------------------------------------------------

    def deal(self, shapes, secrets=(), continued=False):
        """Dealers share secrets of their own with all holders, in one round.

        Parameters
        ----------
        shapes : dict of int to list of (field, count)
            For each dealer, what it deals.
        secrets : list of field arrays
            This player's own secrets, when it is a dealer.
        continued : bool
            Whether this belongs to the round before, since nothing in it depends on that one.

        Returns
        -------
        dict of int to list of field arrays
            For each dealer, this player's shares.

        Notes
        -----
        The shares of the first t holders are drawn from keys they have in common with the dealer,
        so only the other t + 1 are sent (pseudo-random shares, Cramer, Damgard and Ishai, TCC
        2005).
        """
        return self.deal_and_keep(shapes, secrets, continued)[1]

    def deal_and_keep(self, shapes, secrets=(), continued=False):
        """The shares of all holders of each secret that this player deals; and what `deal` gives.

        They are returned, and not kept in the object: protocols run beside each other.
        """
        split = [
            self._split(field, secret)
            for (field, _), secret in zip(shapes.get(self.me, []), secrets, strict=True)
        ]
        outgoing = {
            player: b"".join(
                field.to_bytes(shares[self.holders.index(player)])
                for (field, _), shares in zip(shapes[self.me], split, strict=True)
            )
            for player in self.sent
            if self.me in shapes and player != self.me
        }
        others = {dealer: shape for dealer, shape in shapes.items() if dealer != self.me}
        inner = not set(self.bystanders) & set(shapes)
        if not self.is_holder:
            if not inner:
                self.network.exchange(outgoing, {}, continued)
            return split, {dealer: _zeros(shape) for dealer, shape in shapes.items()}
        if self.me in self.sent:
            expected = {dealer: _size(shape) for dealer, shape in others.items()}
            received = self.exchange(outgoing, expected, continued, inner)
            dealt = {
                dealer: self.unpack(shapes[dealer], data, dealer)
                for dealer, data in received.items()
            }
        else:
            self.exchange(outgoing, {}, continued, inner)
            dealt = {
                dealer: _random(shape, self.streams_from[dealer])
                for dealer, shape in others.items()
            }
        for dealer, arrays in dealt.items():
            self.note(dealer, shapes[dealer], arrays)
        if self.me in shapes:
            dealt[self.me] = [shares[self.place] for shares in split]
        return split, dealt

    def _split(self, field, secret):
        """The holders' shares of a secret; those of the first t come from keys agreed with them."""
        count = field.length(secret)
        first = [
            field.random(self.streams_to.get(player, self.randomness), count)
            for player in self.drawn
        ]
        return first + shamir.complete(field, secret, first, len(self.holders))

    def reduce(self, parts):
        """Bring products back from degree 2t to degree t: in one round, or many of them, among many
        holders, in three (`mamba.collectors`)."""
        if not parts:
            return []
        shape = [(field, field.length(array)) for field, array in parts]
        if not self.is_holder:
            return _zeros(shape)
        # Shares of 2t + 1 players are here at once, so many products are done in portions.
        if collectors.pay(self.threshold, _size(shape)):
            way, room = collectors.reduce, collectors.PORTION
        else:
            way, room = reduce_by_all, _PORTION // (3 * self.threshold + 2)
        reduced: list[list] = [[] for _ in parts]
        dealings: list[list] = [[] for _ in parts]
        for number, portion in enumerate(list(_portions(shape, room)) or [[]]):
            some = [(parts[k][0], parts[k][1][..., part]) for k, part in portion]
            products, dealt = way(self, some, number > 0)
            for (k, _), product, dealing in zip(portion, products, dealt, strict=True):
                reduced[k].append(product)
                dealings[k].append(dealing)
        whole = [
            _joined(one) if one else field.zeros(0)
            for (field, _), one in zip(shape, reduced, strict=True)
        ]
        for z, some in zip(whole, dealings, strict=True) if self.active else ():
            if some and None not in some:
                self.claims.note_dealing(z, _joined_dealing(some))
        return whole

    # --- what the chapters have in common --------------------------------------------------------

    def all_but_me(self, players):
        """These players without this one."""
        return [player for player in players if player != self.me]

    def note(self, dealer, shape, arrays):
        """Shares that a dealer sent, for the view."""
        if self.view:
            self.view.note(self.network.rounds, dealer, shape, arrays)

    def note_opened(self, field, values):
        """What was opened, for the view; it is returned."""
        if self.view:
            self.view.note_opened(self.network.rounds, field, values)
        return values

    def unpack(self, shape, data, player):
        """The field arrays of this shape that a player has sent."""
        arrays, start = [], 0
        for field, count in shape:
            end = start + field.BYTES * count
            arrays.append(self.decode(field, data[start:end], count, player))
            start = end
        return arrays

    def decode(self, field, data, count, player):
        """One of them; ProtocolError when it is none."""
        try:
            return field.from_bytes(data, count)
        except ValueError as error:
            sender = "a player" if player is None else f"player {player}"
            raise ProtocolError(
                f"exchange {self.network.rounds}: {sender} sent no shares: {error}; {sender} "
                "departed from the protocol"
            ) from None


def reduce_by_all(protocols, parts, continued=False):
    """Products by degree t, in one round, and how each was dealt (`mamba.claims.Dealing`). Each of
    the 2t + 1 holders deals its share of the product; the product is a linear function of these
    shares, so the same function of the dealt sharings is a fresh sharing of it (Gennaro, Rabin and
    Rabin, PODC 1998)."""
    shape = [(field, field.length(array)) for field, array in parts]
    own = [array for _, array in parts]
    sent, dealt = protocols.deal_and_keep(dict.fromkeys(protocols.holders, shape), own, continued)
    received = [[dealt[dealer][k] for dealer in protocols.holders] for k in range(len(parts))]
    products = [
        shamir.reconstruct(field, shares, 2 * protocols.threshold)
        for (field, _), shares in zip(shape, received, strict=True)
    ]
    return products, list(map(Dealing, sent, received))


def _joined(arrays):
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=-1)


def _joined_dealing(dealings):
    """Of portions, one after the other."""
    sent, received = (
        [_joined(list(portions)) for portions in zip(*side, strict=True)]
        for side in zip(*dealings, strict=True)
    )
    return Dealing(sent, received)


def _size(shape):
    return sum(field.BYTES * count for field, count in shape)


def _portions(shape, room):
    """Lists of (number of a part, slice of it) that take so many bytes, together all parts."""
    portion, left = [], room
    for k, (field, count) in enumerate(shape):
        start = 0
        while start < count:
            stop = min(count, start + max(1, left // field.BYTES))
            portion.append((k, slice(start, stop)))
            left -= field.BYTES * (stop - start)
            start = stop
            if left < field.BYTES:
                yield portion
                portion, left = [], room
    if portion:
        yield portion


def _zeros(shape):
    return [field.zeros(count) for field, count in shape]


def _random(shape, randomness):
    return [field.random(randomness, count) for field, count in shape]
