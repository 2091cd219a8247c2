"""Players that depart from the protocol in krum.mpc, to show what comes of it.

Each kind is what a player could do that has changed its own software, and no more than that: it
has its own shares and what it is sent. Among players that are believed to follow the protocol some
of them change the result unnoticed, or read what nobody should know; where all is verified
(`mamba.verification`) none of them does. ``python -m mamba.player --cheat KIND`` is such a player,
and says what it has learnt.
"""

from math import factorial

import numpy as np

from mamba import field as prime
from mamba import gf256, input_proof, shamir
from mamba.field import P
from mamba.protocols import Protocols


class Cheat(Protocols):
    """A player that deviates, by the methods of its kind."""

    def __init__(self, network, view=None, program="", *choice, **options):
        super().__init__(network, view, program, *choice, **options)
        self._program = program

    def _tell(self, what):
        self._say(f"Player {self.me} cheats: {what}")

    def _couples(self):
        """Of clients, as krum.mpc lists them."""
        n = self.players - 1
        return [(i, i + shift) for shift in range(1, n) for i in range(1, n - shift + 1)]

    def _added(self, field, array, error):
        """This holder's share of a product, so that `error` is added to the product."""
        weight = field.lagrange(shamir.points(len(self.holders)))[self.place]
        if field is prime:
            return prime.add(array, prime.scale(error, pow(weight, -1, P)))
        return array ^ gf256.scale(error, gf256._inverse(weight))


class AddsToProducts(Cheat):
    """Makes all distances longer but those to itself: then Krum takes its vector."""

    _done = False

    def reduce(self, parts):
        couples = self._couples()
        sizes = [(field, field.length(array)) for field, array in parts]
        if self.is_holder and sizes == [(prime, len(couples))] and not self._done:
            self._done = True
            far = input_proof.constants(self._program).farthest // 2
            more = [0 if self.me in couple else far for couple in couples]
            parts = [(prime, self._added(prime, parts[0][1], prime.from_ints(more)))]
            self._tell("made all distances longer but those to its own vector")
        return super().reduce(parts)

    def open_to_and_say_how(self, *arguments, **options):
        self._done = False  # in the next round again
        return super().open_to_and_say_how(*arguments, **options)


class ReadsDistances(Cheat):
    """Adds so much to a power of a rank that the last bit of a distance is the first one of what is
    opened under a mask.

    Whether a distance counts towards a score is a polynomial of a rank, and its higher half is a
    product: a power of the rank times the distance times a polynomial of the rank. So whatever is
    added to the power is multiplied by the distance and a number that is odd, whatever the rank is,
    where `_scale_of` finds one: with n = 7, f = 2, say. 2^126 times a number is 2^126 or 0 modulo p
    but for less than its half, and masks are shorter.
    """

    _aim = None

    def reduce(self, parts):
        sizes = input_proof.constants(self._program)
        width, half = sizes.slots * sizes.n, _half(sizes.slots)
        shape = [(field, field.length(array)) for field, array in parts]
        scale = _scale_of(sizes.near, sizes.slots) if sizes.ranked else None
        if self.is_holder and scale and shape == [(prime, (half // 2 + 1) * width)]:
            victim = 0 if self.me not in (1, 2) else 2
            self._aim = victim + 1, victim + 2  # the slot 0 of a client is the next client
            error = prime.zeros(prime.length(parts[0][1]))
            place = half // 2 * width + victim
            error[:, place : place + 1] = prime.from_ints([2**126 * scale])
            parts = [(prime, self._added(prime, parts[0][1], error))]
        return super().reduce(parts)

    def open_among_holders(self, field, array, *more):
        opened = super().open_among_holders(field, array, *more)
        if self._aim and field is prime and prime.length(array) == self.players - 1:  # scores
            (one, other), self._aim = self._aim, None
            bit = prime.to_ints(opened)[one - 2] >> 126  # that of client 1 is the last one
            self._tell(f"read that the squared distance of clients {one} and {other} "
                       f"is {'odd' if bit else 'even'}")  # fmt: skip
        return opened


def _half(count):
    """Where `where_among` of krum.mpc cuts a polynomial of so many coefficients in two."""
    half = 1
    while 2 * half < count:
        half *= 2
    return half


def _scale_of(first, count):
    """What makes an odd integer of the higher half of the polynomial that is 1 at 0 ... first - 1
    and 0 up to count - 1, at each of these points, modulo p; None where nothing does."""
    half = _half(count)
    higher = [
        sum(_coefficient(k, first, count) * x ** (k - half) for k in range(half, count))
        for x in range(count)
    ]
    scale = factorial(count - 1)
    numbers = [prime.signed_residue(number * scale % P) for number in higher]
    evenness = {number & -number for number in numbers}
    return scale * pow(evenness.pop(), -1, P) % P if len(evenness) == 1 and half > 1 else None


def _coefficient(power, first, count):
    """Of that polynomial."""
    total = 0
    for point in range(first):
        basis, scale = [1], 1
        for root in range(count):
            if root != point:
                shifted, kept = [0, *basis], [*basis, 0]
                basis = [low - root * high for low, high in zip(shifted, kept, strict=True)]
                scale = scale * (point - root) % P
        total += basis[power] * pow(scale, -1, P)
    return total % P


class WrongShare(Cheat):
    """Sends the others a wrong share of the first number that is opened under a mask."""

    def open_masked(self, array, *more):
        if self.is_holder:
            self._tell("sent a wrong share of masked numbers")
            array = prime.add(array, prime.from_ints([1]))
        return super().open_masked(array, *more)


class TwoStories(Cheat):
    """Tells one other player another coin than the rest."""

    _tosses = False

    def exchange(self, outgoing, expected, continued=False, inner=False):
        to = self.all_but_me(self.holders)[0]
        if self._tosses and to in outgoing:
            self._tell(f"told player {to} another random number than the others")
            other = bytes(byte ^ 1 for byte in outgoing[to])
            outgoing = {**outgoing, to: other}
        return super().exchange(outgoing, expected, continued, inner)

    def toss(self):
        self._tosses = True
        try:
            return super().toss()
        finally:
            self._tosses = False


class FalseMask(Cheat):
    """Deals masks whose bits are not those of the number: comparisons come out at random."""

    def deal(self, shapes, secrets=(), continued=False):
        own, secrets = shapes.get(self.me, []), list(secrets)
        is_mask = sum(field is gf256 for field, _ in own) and {*shapes} == {*self.sent}
        if secrets and is_mask:
            place = next(k for k, (field, _) in enumerate(own) if field is gf256)
            count = min(len(secrets[place]), 2000)
            secrets[place] = np.array(secrets[place])
            secrets[place][:count] ^= 1
            self._tell("dealt masks with false bits")
        return super().deal(shapes, secrets, continued)


class LastOpening(Cheat):
    """Adds 1, in fixed point, to every word of the result, when the server is sent it."""

    def open_to_and_say_how(self, player, array, degree, continued=False):
        if self.is_holder and player == 0:
            one = prime.from_ints([2**16] * prime.length(array))
            one[:, :1] = 0  # how many were chosen
            array = array.value()
            if degree == 2:
                array = self._added(prime, array, one)
            else:
                weight = prime.lagrange(shamir.points(len(self.holders)))[self.place]
                array = prime.add(array, prime.scale(one, weight))
            self._tell("added 1 to all words of the result that the server is sent")
        return super().open_to_and_say_how(player, array, degree, continued)


KINDS = {
    "product": AddsToProducts,
    "read": ReadsDistances,
    "share": WrongShare,
    "stories": TwoStories,
    "mask": FalseMask,
    "last": LastOpening,
}
