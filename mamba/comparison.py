"""Less-than on shared integers.

The players open a number hidden by a random mask (`mamba.masks`), of which they hold the bits as
shares, and subtract the mask again on shared bits (`mamba.circuits`): the outline of Catrina and
de Hoogh (SCN 2010). A mask's part that t players together do not know is uniform on k + kappa
bits, which hides k bits up to a statistical distance of 2^-kappa.

Whether x < y is the highest bit of x - y + 2^(k-1), and to get at one bit, only the last borrow of
the subtraction matters: `less_than_zero`. When few numbers are compared in many pairs, as the
distances of n clients are, each number is opened once, c_i = x_i + R_i with a mask of its own, and

    x_i - x_j = (c_i - c_j) - (R_i - R_j),

where c_i - c_j is public. So a comparison of a pair is the same subtraction, by the bits of
R_i - R_j, which depend on no input and are made ahead: `less_than_among`. It takes as many rounds,
fewer masks, and tells less: c_i - c_j follows from what was opened, and each c_i is hidden as
before. Which numbers are the smallest of several is found on the bits of every number, by digits,
and counted before any of it is brought back to the large field: `smallest_among`. That takes more
rounds and, for many clients, far less logic.

Everything here works on vectors: a vector of comparisons takes as many rounds as one. Semi-honest,
like `mamba.protocols`.
"""

from dataclasses import dataclass

import numpy as np

from mamba import circuits, gf256
from mamba import field as prime
from mamba.masks import Demand, double


def less_than_zero(protocols, x, bits, mask):
    """Sharing of [x < 0] for shared integers -2^(bits-1) <= x < 2^(bits-1).

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    x : field array of `width` elements, shares of degree t
    bits : int
        Length of x with its sign.
    mask : mamba.masks.Mask
        For this width and these bits, never used before.

    Returns
    -------
    field array of `width` elements, shares of 0 or 1
    """
    return _is_below(protocols, unmask(protocols, x, bits, mask), mask)


def _is_below(protocols, addends, mask):
    """Whether the highest bit of the sum of two numbers is 0, in the prime field."""
    s, t = addends
    not_below = s[-1] ^ t[-1] ^ circuits.carry_out(protocols, s[:-1], t[:-1])
    return to_prime(protocols, 1 ^ not_below, mask)


def equal_to_zero(protocols, x, bits, mask):
    """Sharing of [x = 0], with the parameters of `less_than_zero`.

    Two numbers whose sum is x - 1 modulo 2^bits: x is 0 where the sum is all ones, and so where
    every bit is 1 in exactly one of the two. Only this AND is left to compute.
    """
    s, t = unmask(protocols, x, bits, mask, 2 ** (bits - 1) - 1)
    return to_prime(protocols, circuits.all_ones(protocols, s ^ t), mask)


def less_than_among(protocols, pairs, bits, mask):
    """Sharing of [x < y] for many pairs of few shared integers, -2^(bits-1) <= x, y < 2^(bits-1).

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    pairs : Pairs
    bits : int
        Length of the numbers, and of their differences, with their sign.
    mask : mamba.masks.Mask
        For ``pairs.demand``, never used before.

    Returns
    -------
    field array with one element a pair, shares of 0 or 1

    Notes
    -----
    Where players may deviate, holders have compared which pairs a mask is for when it was made, and
    what is opened here carries a digest of the pairs again. If two honest holders have found other
    pairs, they open numbers under masks that are not the same, so each number stays hidden, and
    both end before they go on.
    """
    is_told = protocols.active and protocols.is_holder
    alike = np.array([pairs.left, pairs.right], np.int64).tobytes() if is_told else b""
    offset = prime.from_ints([2 ** (bits - 1)])
    positive = prime.add(pairs.numbers, offset)
    hidden = protocols.open_masked(prime.add(positive, mask.number), alike)
    c = prime.from_bits(prime.low_bits(hidden, bits))  # what is above does not matter
    c = prime.add(prime.sub(c[:, pairs.left], c[:, pairs.right]), offset)
    c = prime.add(c, prime.from_ints([2**bits]))  # positive again
    return _is_below(protocols, _without(prime.low_bits(c, bits), mask), mask)


def smallest_among(protocols, columns, bits, mask):
    """Sharing of [x is one of the `most` smallest of its column], for every number of a table. Of
    equal numbers, that of the earlier row is the smaller one.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    columns : Columns
    bits : int
        Length of the numbers with their sign.
    mask : mamba.masks.Mask
        For as many numbers as there are, and a result for every place of the table, never used
        before.

    Returns
    -------
    field array with one element a place, row by row, shares of 0 or 1

    Notes
    -----
    Every two numbers of a column are compared. For each of them, how many are smaller is the sum of
    such bits, and it is compared with `most`, all on bits shared in the field of 256 elements
    (`mamba.circuits.at_least`). Nothing is opened there: every product is brought back to degree t
    by `mamba.protocols.Protocols.reduce`, which shares it anew, so shares of any t holders are
    uniform whatever the bits are (Ben-Or, Goldwasser and Wigderson, STOC 1988). What is opened is
    one masked number for each number, uniform up to 2^-kappa, and at the end one byte for each
    place, which is the XOR of a result and a random byte of its own: uniform. So it opens less than
    the comparisons one by one would, which open a masked bit each.
    """
    _note_places(protocols, columns.places)
    digits = _digits(protocols, columns.numbers, bits, mask)
    places, rows = columns.places, len(columns.places)
    couples = [(a, a + shift) for shift in range(1, rows) for a in range(rows - shift)]
    earlier, later = (np.array(side) for side in zip(*couples, strict=True))
    nearer = circuits.smaller(protocols, digits, places[later].ravel(), places[earlier].ravel())
    nearer = nearer.reshape(len(couples), -1)  # 1 where the later one of a couple is smaller
    smaller = np.empty((rows - 1, *places.shape), np.uint8)
    smaller[later - 1, earlier] = nearer
    smaller[earlier, later] = 1 ^ nearer
    far = circuits.at_least(protocols, smaller.reshape(rows - 1, -1), columns.most)
    return to_prime(protocols, 1 ^ far, mask)


def _note_places(protocols, *places):
    """Which sharings are equal all holders must have found alike, see `pair_up`."""
    if protocols.active and protocols.is_holder:
        protocols.agreement.note(b"".join(np.int64(one).tobytes() for one in places))


def _digits(protocols, numbers, bits, mask):
    s, t = unmask(protocols, numbers, bits, mask)
    return circuits.one_hot_digits(protocols, s ^ t ^ circuits.carries(protocols, s, t))


@dataclass(frozen=True)
class Columns:
    """A table of shared numbers: their `places`, row by row, in a field array of shares. Of every
    column the `most` smallest are wanted."""

    numbers: np.ndarray
    places: np.ndarray
    most: int


def tabulate(x, columns, most):
    """The `Columns` of a field array of shares that stand row by row, every sharing listed once, as
    in `pair_up`."""
    numbers, places = _distinct(x)
    return Columns(numbers, places.reshape(-1, columns), most)


@dataclass(frozen=True)
class Pairs:
    """Pairs of shared numbers: positions `left` and `right` in a field array of shares."""

    numbers: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @property
    def are_many(self):
        """Whether `less_than_among` is the better way to compare them: it takes masks for the
        numbers, not for the pairs."""
        return self.numbers.shape[1] < len(self.left)

    def demand(self, bits, security):
        """The `mamba.masks.Demand` of their comparison."""
        couples = tuple(zip(self.left.tolist(), self.right.tolist(), strict=True))
        return Demand(self.numbers.shape[1], bits, security, len(couples), pairs=couples)


def pair_up(x, y):
    """The `Pairs` of the elements of two field arrays of shares, every sharing listed once.

    Equal shares belong to the same constant, or to the same sum of the same sharings, such as a
    copy: two sharings that were dealt separately have equal shares with probability 2^-127. So
    all holders find the same ones. A dealer that departs from the protocol can deal two sharings
    that are equal for some holders only; where players may deviate, holders compare what they have
    found. krum.mpc compares only products that holders have shared anew, whose shares no client
    decides.
    """
    numbers, places = _distinct(np.concatenate([x, y], axis=1))
    return Pairs(numbers, places[: x.shape[1]], places[x.shape[1] :])


def _distinct(shares):
    """The different elements of a field array, and for each of its elements the place there."""
    keys = np.ascontiguousarray(shares.T).view(np.dtype((np.void, prime.BYTES))).ravel()
    _, first, positions = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(
        first
    )  # of the first occurrence: the same for all, unlike that of the shares
    places = np.argsort(order)[positions.ravel()]
    return shares[:, first[order]], places


def unmask(protocols, x, bits, mask, more=0):
    """Two shared numbers in bits whose sum is x + 2^(bits-1) + more, modulo 2^bits.

    It is c - a - b for a public c, or c + 2 + ~a + ~b. A full adder brings the three to two, and
    with c + 2 public and a AND b at hand its carries cost nothing: ~a AND ~b where its bit is 0,
    ~a OR ~b where it is 1.
    """
    offset = prime.from_ints([2 ** (bits - 1)])
    hidden = protocols.open_masked(prime.add(prime.add(x, offset), mask.number))
    c = prime.low_bits(prime.add(hidden, prime.from_ints([2 + more])), bits)
    return _without(c, mask)


def _without(c, mask):
    """Two shared numbers in bits whose sum is c - 2 - a - b, for public bits c."""
    either = mask.a ^ mask.b
    return c ^ either, double(1 ^ mask.both ^ ((1 ^ c) & 1) * either)


def to_prime(protocols, bits, mask):
    """Shared bits of the small field in the large one. They are opened, hidden by random bytes of
    which the lowest bits are the coins: XOR with a public bit is linear in either field."""
    coin, small_coin = mask.coin[:, : len(bits)], mask.small_coin[: len(bits)]
    public = protocols.open_among_holders(gf256, bits ^ small_coin) & 1
    protocols.claims.converted = True
    ones = prime.from_words(np.ones(len(bits), np.uint64))
    return np.where(public.astype(bool), prime.sub(ones, coin), coin)
