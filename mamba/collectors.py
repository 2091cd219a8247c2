"""Products back to degree t by way of collectors: for many holders with many products.

Where every holder deals its share of a product to all others (`mamba.protocols.Protocols.reduce`),
each sends t messages. Here each sends a few, whatever t is, in three rounds instead of one (Damgard
and Nielsen, CRYPTO 2007):

1. *Double sharings.* Holders make random numbers r that nobody knows, each shared twice, by degree
   t and by degree 2t. Every holder deals numbers of its own in both degrees; of the numbers that
   2t + 1 holders have dealt, the t + 1 rows of a Vandermonde matrix make t + 1 new ones.
2. *Collect.* For a product z, shared by degree 2t, holders send their shares of z + r to one of
   them, the collector, who puts e = z + r together. Each is the collector of other products.
3. *Return.* The collector tells all holders e. They go on with e - r, by degree t.

Why nobody learns anything. Let t holders pool what they see, all of whom follow the protocol. The
t + 1 others have dealt uniform numbers, by uniform polynomials. Their t + 1 columns of the matrix
are a Vandermonde matrix of different points, which has an inverse: so whatever the t have dealt,
the t + 1 new double sharings are as uniform and independent as those of the others are. For the t,
r is then uniform, since they see t shares of it by either degree; and the t + 1 other shares by
degree 2t are uniform, with r for their value at 0. So the shares of z + r that a collector is sent
are those of a uniform polynomial of degree 2t, whatever the polynomial of z is: they say nothing
but e. And e is z plus a number that is uniform for the t and used once, so e is uniform, too. The
sharing e - r is as random as that of r, which is used once: a fresh one of z.

All this is for players that follow the protocol, as `mamba.protocols.Protocols.reduce` is. What t
others can do is add numbers that they know to products, there and here (Genkin, Ishai, Prabhakaran,
Sahai and Tromer, STOC 2014). Whatever they deal, what hides z is as uniform as above, for that
takes only the t + 1 honest dealers. And if a collector tells holders different e, or a dealer deals
what is no double sharing: the shares of the t + 1 honest holders still lie on one polynomial of
degree t, as any t + 1 numbers do, and by how much its value at 0 differs from z follows from what
was told and dealt wrongly. (Fewer than t liars learn no more than t of whom some change nothing.)
Such an error can be used to learn something later: it makes a number outgrow the mask that hides it
when it is opened. Where players may deviate, products are verified before that, and holders compare
what collectors have told them (`mamba.agreement`).
"""

import numpy as np

from mamba import field as prime
from mamba import gf256, shamir

PORTION = 1 << 21  # bytes of products that are worked on at once
_PIECE = 1 << 16  # bytes for one collector, while there are enough of them
_WORTH = 1 << 21  # bytes saved that are worth two rounds more


def pay(threshold, size):
    """Whether to reduce `size` bytes of products, as one holder has them, here: the other way
    2t (t + 1) bytes are sent for each, here about 6t."""
    return 2 * threshold * (threshold - 2) * size > _WORTH


def reduce(protocols, parts, continued=False):
    """Products, pairs (field, array) of degree 2t, as a list of arrays of degree t, and for each
    None, since its terms were not dealt one by one; called by holders.

    Three rounds, or further messages of these where `continued`.
    """
    fields = [f for f in (prime, gf256) if any(f is field for field, _ in parts)]
    products = [np.concatenate([a for g, a in parts if g is f], axis=-1) for f in fields]
    shape = [(f, f.length(array)) for f, array in zip(fields, products, strict=True)]
    doubles = _double_sharings(protocols, shape, continued)
    masked = [
        f.add(product, high)
        for f, product, (_, high) in zip(fields, products, doubles, strict=True)
    ]
    opened = _open(protocols, shape, masked, continued)
    fresh = {
        f: f.sub(array, low) for f, array, (low, _) in zip(fields, opened, doubles, strict=True)
    }
    return _split(parts, fresh), [None] * len(parts)


# --- double sharings --------------------------------------------------------------------------


def _double_sharings(protocols, shape, continued):
    """For each (field, count): shares of random numbers, by degree t and by degree 2t."""
    few = [(f, -(-count // (protocols.threshold + 1))) for f, count in shape]
    dealt: dict[int, list] = {protocols.me: []}
    outgoing: dict[int, list] = {player: [] for player in protocols.all_but_me(protocols.holders)}
    for f, count in few:
        shares = _deal(protocols, f, count)
        dealt[protocols.me].append([of_one[protocols.place] for of_one in shares])
        for player, data in outgoing.items():
            place = protocols.holders.index(player)
            data += [f.to_bytes(shares[k][place]) for k in _sent(protocols, place)]
    sent = _sent(protocols, protocols.place)
    size = len(sent) * _bytes_of(few)
    received = protocols.exchange(
        {player: b"".join(data) for player, data in outgoing.items() if data},
        dict.fromkeys(protocols.all_but_me(protocols.holders), size) if sent else {},
        continued,
        inner=True,
    )
    for dealer in protocols.all_but_me(protocols.holders):
        dealt[dealer] = _take(protocols, dealer, few, received.get(dealer, b""))
    return [
        [
            _new(protocols, f, count, [dealt[player][number][k] for player in protocols.holders])
            for k in (0, 1)
        ]
        for number, (f, count) in enumerate(shape)
    ]


def _sent(protocols, place):
    """Which of its two shares, 0 by degree t and 1 by degree 2t, a holder is sent. The others
    are drawn: the first t + 1 fix a polynomial of degree t, and so a random number; with this
    number, 2t more fix one of degree 2t."""
    return (0,) * (place > protocols.threshold) + (1,) * (place == 2 * protocols.threshold)


def _deal(protocols, f, count):
    """All holders' shares of random numbers, by degree t and by degree 2t."""
    low: list[np.ndarray] = []
    high: list[np.ndarray] = []
    for place, player in enumerate(protocols.holders):
        stream = protocols.streams_to.get(player, protocols.randomness)
        for k, shares in enumerate((low, high)):
            if k not in _sent(protocols, place):
                shares.append(f.random(stream, count))
    points = shamir.points(len(protocols.holders))
    known = points[: protocols.threshold + 1]
    weights = [f.lagrange(known, x) for x in (0, *points[len(known) :])]
    secret, *more = f.combine_rows(weights, low)
    return low + more, high + shamir.complete(f, secret, high, len(protocols.holders))


def _take(protocols, dealer, few, data):
    """This holder's shares of what another one has dealt."""
    result, start = [], 0
    for f, count in few:
        sent, pair = _sent(protocols, protocols.place), []
        for k in (0, 1):
            if k in sent:
                stop = start + f.BYTES * count
                pair += protocols.unpack([(f, count)], data[start:stop], dealer)
                start = stop
            else:
                pair.append(f.random(protocols.streams_from[dealer], count))
        protocols.note(dealer, [(f, count)] * 2, pair)
        result.append(pair)
    return result


def _new(protocols, f, count, dealt):
    """Sharings that no t of the dealers know anything of."""
    rows = f.combine_rows(f.vandermonde(protocols.threshold + 1, len(dealt)), dealt)
    return np.concatenate(rows, axis=-1)[..., :count]


# --- collect and return -----------------------------------------------------------------------


def _open(protocols, shape, masked, continued):
    """What is shared by degree 2t, as collectors tell it to all holders."""
    fields = [f for f, _ in shape]
    number = min(len(protocols.holders), max(1, _bytes_of(shape) // _PIECE))
    turns = [(protocols.collector_turn + k) % len(protocols.holders) for k in range(number)]
    protocols.collector_turn = (turns[-1] + 1) % len(protocols.holders)
    pieces = {
        protocols.holders[turn]: [
            array[..., f.length(array) * k // number : f.length(array) * (k + 1) // number]
            for f, array in zip(fields, masked, strict=True)
        ]
        for k, turn in enumerate(turns)
    }
    shapes = {
        player: [(f, f.length(array)) for f, array in zip(fields, arrays, strict=True)]
        for player, arrays in pieces.items()
    }
    own = shapes.get(protocols.me)
    received = protocols.exchange(
        {
            player: _pack(fields, arrays)
            for player, arrays in pieces.items()
            if player != protocols.me
        },
        dict.fromkeys(protocols.all_but_me(protocols.holders), _bytes_of(own)) if own else {},
        continued,
        inner=True,
    )
    opened = {}
    if own:
        sent = {player: protocols.unpack(own, data, player) for player, data in received.items()}
        sent[protocols.me] = pieces[protocols.me]
        shares = zip(*(sent[player] for player in protocols.holders), strict=True)
        opened[protocols.me] = [
            shamir.reconstruct(f, arrays, 2 * protocols.threshold)
            for f, arrays in zip(fields, shares, strict=True)
        ]
    told = protocols.exchange(
        dict.fromkeys(protocols.all_but_me(protocols.holders), _pack(fields, opened[protocols.me]))
        if own
        else {},
        {player: _bytes_of(one) for player, one in shapes.items() if player != protocols.me},
        continued,
        inner=True,
    )
    opened |= {
        player: protocols.unpack(shapes[player], data, player) for player, data in told.items()
    }
    ordered = zip(*(opened[player] for player in pieces), strict=True)
    joined = [np.concatenate(arrays, axis=-1) for arrays in ordered]
    if protocols.active:
        protocols.agreement.note(_pack(fields, joined))
    return [protocols.note_opened(f, array) for f, array in zip(fields, joined, strict=True)]


def _bytes_of(shape):
    return sum(f.BYTES * count for f, count in shape)


def _pack(fields, arrays):
    return b"".join(f.to_bytes(array) for f, array in zip(fields, arrays, strict=True))


def _split(parts, joined):
    """The arrays of these parts, which are joined, one after the other, for each field."""
    start, result = dict.fromkeys(joined, 0), []
    for field, array in parts:
        stop = start[field] + field.length(array)
        result.append(joined[field][..., start[field] : stop])
        start[field] = stop
    return result
