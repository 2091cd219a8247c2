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
"""

import hashlib
from collections import Counter

import numpy as np

from mamba import collectors, shamir
from mamba import field as prime
from mamba import holders as drawing
from mamba.randomness import Randomness

SECURITY = 40  # default statistical security, in bits
_KEY_BYTES = _DIGEST_BYTES = 32
_PORTION = 1 << 24  # bytes of shares that a player works on at once when products are reduced


class ProtocolError(Exception):
    """What the other players sent cannot be right; the message names the round or the players."""


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

    Attributes
    ----------
    holders : tuple of int
        The 2t + 1 players that hold shares. Player ``holders[k]`` has the point k + 1. A player
        that is none has zeros where the others have shares, so that it may run the same program;
        they are never sent.
    bystanders : tuple of int
        The other players.
    peers : list of int
        Whom this player is connected to: all others, or all holders when it is none.

    Raises
    ------
    ProgramError
        Threshold or holders cannot be these.
    ProtocolError
        Players are about to run different things, or cheat when holders are drawn.
    """

    def __init__(self, network, view=None, program="", threshold=None, holders=None):
        self.network = network
        self.me, self.players = network.me, network.players
        self.threshold = drawing.check_threshold(self.players, threshold)
        self.randomness = Randomness()
        about = f"{self.players} players, threshold {self.threshold}, holders {holders}\n{program}"
        self.holders, about = self._find_holders(holders, about.encode())
        self.bystanders = tuple(p for p in range(self.players) if p not in self.holders)
        self.is_holder = self.me in self.holders
        self.view = view
        self._sent, self._drawn = self.holders[self.threshold :], self.holders[: self.threshold]
        self._announced = None  # of the last coin: this player's share, and what it is said to be
        # Only a holder has anything to say to everybody.
        self.peers = self._all_but_me(range(self.players) if self.is_holder else self.holders)
        self.network.connect(self.peers)
        self._agree_on_keys(about)

    def _find_holders(self, named, about):
        """The holders, and what players have to agree on."""
        if named is not None:
            return drawing.check_named(self.players, self.threshold, named), about
        holders = drawing.fixed(self.players, self.threshold)
        if holders is not None:
            return holders, about
        server = drawing.SERVER
        self.network.connect(range(self.players) if self.me == server else [server], more=True)
        digest = hashlib.sha256(about).digest()
        try:
            holders, seen = drawing.draw(
                self.network, self.threshold, digest, self._compare_programs
            )
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
        split = [
            self._split(field, secret)
            for (field, _), secret in zip(shapes.get(self.me, []), secrets, strict=True)
        ]
        outgoing = {
            player: b"".join(
                field.to_bytes(shares[self.holders.index(player)])
                for (field, _), shares in zip(shapes[self.me], split, strict=True)
            )
            for player in self._sent
            if self.me in shapes and player != self.me
        }
        others = {dealer: shape for dealer, shape in shapes.items() if dealer != self.me}
        inner = not set(self.bystanders) & set(shapes)
        if not self.is_holder:
            if not inner:
                self.network.exchange(outgoing, {}, continued)
            return {dealer: _zeros(shape) for dealer, shape in shapes.items()}
        if self.me in self._sent:
            expected = {dealer: _size(shape) for dealer, shape in others.items()}
            received = self._exchange(outgoing, expected, continued, inner)
            dealt = {
                dealer: self._unpack(shapes[dealer], data, dealer)
                for dealer, data in received.items()
            }
        else:
            self._exchange(outgoing, {}, continued, inner)
            dealt = {dealer: _random(shape, self._from[dealer]) for dealer, shape in others.items()}
        for dealer, arrays in dealt.items():
            self._note(dealer, shapes[dealer], arrays)
        if self.me in shapes:
            dealt[self.me] = [shares[self.holders.index(self.me)] for shares in split]
        return dealt

    # --- coins: random numbers that nobody knows before all have what was dealt ------------------

    def confirm(self):
        """Holders wait until all who are sent shares have theirs; one round of empty messages.

        The first t holders draw their shares and wait for nothing. Did they open a coin at once, a
        dealer that sends late would know it, from their shares and its own, before it has dealt
        what the coin is to test. So no holder goes on before every other one says that it has all:
        then the shares of the honest ones, t + 1 at least, fix what was dealt. Players that hold
        no shares need not wait: without the holders' shares there is no coin to know.
        """
        if not self.is_holder:
            return
        self._exchange(
            dict.fromkeys(self._all_but_me(self.holders), b"") if self.me in self._sent else {},
            {player: 0 for player in self._all_but_me(self._sent)},
            inner=True,
        )

    def announce(self, part, share):
        """A coin in one round, to be used by dealers only until it is compared in the next one.

        The coin is the sum of what the last t + 1 holders have dealt. Here each of them tells its
        own part, as soon as it is sent all other shares: so nobody knows the coin before the last
        honest one of them has all, which fixes what was dealt, as in `confirm`. But who tells its
        part last could choose it, or tell players different ones. So their next messages carry
        shares of the coin as it was dealt, which nobody can choose any more: a player that finds
        another number in them than it was told departs. Until then honest players have only dealt
        something because of this coin, and so have given nothing away, whatever it was.

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
            return self.network.exchange(outgoing, expected, continued, inner)
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
        return {player: received[player][: lengths[player]] for player in expected}

    def _compare_announced(self):
        """A round for it alone, where something is to be opened next."""
        if self._announced is not None:
            self._exchange({}, {}, inner=True)

    def _split(self, field, secret):
        """The holders' shares of a secret; those of the first t come from keys agreed with them."""
        count = field.length(secret)
        first = [
            field.random(self._to.get(player, self.randomness), count) for player in self._drawn
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
            way, room = self._collectors, collectors.PORTION
        else:
            way, room = None, _PORTION // (3 * self.threshold + 2)
        reduced: list[list] = [[field.zeros(0)] for field, _ in parts]
        for number, portion in enumerate(list(_portions(shape, room)) or [[]]):
            some = [(parts[k][0], parts[k][1][..., part]) for k, part in portion]
            products = (way.reduce if way else self._reduce_by_all)(some, number > 0)
            for (k, _), product in zip(portion, products, strict=True):
                reduced[k].append(product)
        return [one[-1] if len(one) < 3 else np.concatenate(one, axis=-1) for one in reduced]

    def _reduce_by_all(self, parts, continued=False):
        """In one round. Each of the 2t + 1 holders deals its share of the product; the product is a
        linear function of these shares, so the same function of the dealt sharings is a fresh
        sharing of it (Gennaro, Rabin and Rabin, PODC 1998)."""
        shape, own = [(field, field.length(array)) for field, array in parts], [a for _, a in parts]
        dealt = self.deal(dict.fromkeys(self.holders, shape), own, continued)
        return [
            shamir.reconstruct(
                field, [dealt[dealer][k] for dealer in self.holders], 2 * self.threshold
            )
            for k, (field, _) in enumerate(shape)
        ]

    def multiply(self, field, a, b):
        """Sharing of a * b, element by element; one round."""
        return self.reduce([(field, field.mul(a, b))])[0]

    # --- opening ---------------------------------------------------------------------------------

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
        elements open as 1. What a holder that deviates can do is have honest dealers left out.
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

    # --- common keys -----------------------------------------------------------------------------

    def _agree_on_keys(self, about):
        """Every holder agrees on a key with every other player. From it both draw the same random
        elements, in three streams: what the one deals to the other, the other way round, and terms
        of shares of zero. Before the key comes a digest of what the sender is about to run."""
        digest = hashlib.sha256(about).digest()
        keys = {player: self.randomness.bytes(_KEY_BYTES) for player in self.peers}
        received = self.network.exchange(
            {player: digest + key if player > self.me else digest for player, key in keys.items()},
            {p: _DIGEST_BYTES + (_KEY_BYTES if p < self.me else 0) for p in self.peers},
        )
        digests = {player: bytes(data[:_DIGEST_BYTES]) for player, data in received.items()}
        self._compare_programs({**digests, self.me: digest})
        keys |= {p: bytes(data[_DIGEST_BYTES:]) for p, data in received.items() if p < self.me}
        self._to = {player: Randomness(key, f"{self.me} deals") for player, key in keys.items()}
        self._from = {player: Randomness(key, f"{player} deals") for player, key in keys.items()}
        self._zero = {player: Randomness(key, "zero") for player, key in keys.items()}
        if self.is_holder:
            self._collectors = collectors.Collectors(
                self.me,
                self.holders,
                (self._to, self._from),
                self.randomness,
                lambda outgoing, expected, continued: self._exchange(
                    outgoing, expected, continued, inner=True
                ),
                self._unpack,
                self._note,
                self._note_opened,
            )

    def _compare_programs(self, digests):
        """ProtocolError unless all digests are the same, naming the players that the most differ
        from."""
        players: dict[bytes, list[int]] = {}
        for player, digest in sorted(digests.items()):
            players.setdefault(digest, []).append(player)
        if len(players) == 1:
            return
        groups = sorted(players.values(), key=len)
        if 2 * len(groups[-1]) <= len(digests):
            who = "the players have different programs or thresholds: " + " / ".join(
                map(_names, groups)
            )
        else:
            odd = sorted(player for group in groups[:-1] for player in group)
            verb = "has" if self.me in odd or len(odd) == 1 else "have"
            subject = "this player" if self.me in odd else _names(odd)
            who = f"{subject} {verb} another program or threshold than most players"
        raise ProtocolError(f"{who}; all players must run the same program")

    def _terms_of_zero(self, count):
        """This holder's part of a random sum of zero, as signs and numbers: every two holders draw
        one number, one adds it and the other subtracts it (Cramer, Damgard and Ishai, TCC 2005,
        for two-element sets)."""
        others = self._all_but_me(self.holders)
        signs = [1 if self.me < player else -1 for player in others]
        return signs, [prime.random(self._zero[player], count) for player in others]

    # --- bytes -----------------------------------------------------------------------------------

    def _all_but_me(self, players):
        return [player for player in players if player != self.me]

    def _unpack(self, shape, data, player):
        arrays, start = [], 0
        for field, count in shape:
            end = start + field.BYTES * count
            arrays.append(self._decode(field, data[start:end], count, player))
            start = end
        return arrays

    def _decode(self, field, data, count, player):
        try:
            return field.from_bytes(data, count)
        except ValueError as error:
            sender = "a player" if player is None else f"player {player}"
            raise ProtocolError(
                f"round {self.network.rounds}: {sender} sent no shares: {error}"
            ) from None


def _names(players):
    return ("player " if len(players) == 1 else "players ") + ", ".join(map(str, players))


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
