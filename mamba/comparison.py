"""Less-than on shared integers.

Whether x < 0 is one bit of x + 2^(k-1), its highest. To get at it, the players open the number
hidden by a random mask R whose bits they hold as shares, and subtract R again on shared bits,
where only the last borrow matters: the outline of Catrina and de Hoogh (SCN 2010), with the masks
of Escudero, Ghosh, Keller, Rachuri and Scholl (edaBits, CRYPTO 2020), which are cheap because the
bits live in the field of 256 elements, where a share is one byte and XOR costs nothing.

The mask is a sum of t + 1 numbers, one from each of t + 1 players, so that t players together
still miss one of them. That one is uniform on k + kappa bits, which hides k bits up to a
statistical distance of 2^-kappa. Everything here works on vectors: a vector of comparisons takes
as many rounds as one.

Semi-honest, like `mamba.protocols`. Bits are ``uint8`` arrays of shape (bits, width), lowest bit
first, flattened where they meet a protocol.
"""

from dataclasses import dataclass

import numpy as np

from mamba import field as prime
from mamba import gf256


@dataclass(frozen=True)
class Mask:
    """Shares of random masks R, one for each of `width` comparisons of k bits.

    R modulo 2^k is a + b; `both` is a AND b, bit by bit. `coin` is one random bit in both fields,
    which brings the result back from the small field to the large one.
    """

    number: np.ndarray  # R, in the prime field
    a: np.ndarray  # (k, width), in the field of 256 elements, as are all but `coin`
    b: np.ndarray
    both: np.ndarray
    small_coin: np.ndarray  # (width,)
    coin: np.ndarray  # in the prime field


def less_than_zero(protocols, x, bits, mask):
    """Sharing of [x < 0] for shared integers -2^(bits-1) <= x < 2^(bits-1).

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    x : field array of `width` elements, shares of degree t
    bits : int
        Length of x with its sign.
    mask : Mask
        Made by `make_masks` for this width and these bits, never used before.

    Returns
    -------
    field array of `width` elements, shares of 0 or 1
    """
    width = prime.length(x)
    offset = prime.from_ints([2 ** (bits - 1)])
    hidden = protocols.open(prime, prime.add(prime.add(x, offset), mask.number))
    top = _highest_bit(protocols, _plus_two(prime.low_bits(hidden, bits)), mask)
    # top is 1 where x >= 0. Open it hidden by the coin: XOR with a public bit is linear in either
    # field.
    public = protocols.open(gf256, top ^ mask.small_coin)
    ones = prime.from_words(np.ones(width, np.uint64))
    same = prime.sub(ones, mask.coin)
    flipped = public.astype(bool)
    return np.where(flipped, mask.coin, same)


@dataclass(frozen=True)
class Demand:
    """What a vector comparison needs: a mask for `width` comparisons of `bits` bits."""

    width: int
    bits: int
    security: int

    def check(self, players):
        """ValueError when the field is too small for these masks among so many players."""
        needed = self.bits + self.security + ((players - 1) // 2).bit_length()
        if needed > 126:
            raise ValueError(
                f"a comparison of {self.bits} bits with security {self.security} needs {needed} bits among "
                f"{players} players; the field has room for 126"
            )


def make_masks(protocols, demands):
    """One `Mask` for each `Demand`, all in the same rounds.

    Masks depend on no input: they can be made ahead of time.
    """
    dealers = protocols.holders[protocols.threshold :]  # t + 1 of them, who need send the least
    shape, secrets = [], []
    for demand in demands:
        demand.check(protocols.players)
        width, bits = demand.width, demand.bits
        shape += [(prime, width), (gf256, bits * width), (gf256, width), (prime, width)]
        if protocols.me in dealers:
            secrets += _contribution(protocols.randomness, demand)
    dealt = protocols.deal({dealer: shape for dealer in dealers}, secrets)
    by_kind = list(zip(*(dealt[dealer] for dealer in dealers), strict=True))
    masks = [_assemble(demand, *by_kind[4 * k : 4 * k + 4]) for k, demand in enumerate(demands)]
    return _in_step(protocols, masks)


def _assemble(demand, numbers, summands, small_coins, coins):
    """Make one mask of what the dealers dealt: a task for `_in_step`."""
    summands = [summand.reshape(demand.bits, demand.width) for summand in summands]
    (a, b), coin = yield from _add_and_toss(summands, list(coins))
    (both,) = yield [(gf256, gf256.mul(a.ravel(), b.ravel()))]
    number = prime.combine([1] * len(numbers), numbers)
    return Mask(number, a, b, both.reshape(a.shape), np.bitwise_xor.reduce(small_coins), coin)


def _in_step(protocols, tasks):
    """Run generators side by side. Each yields products to reduce and is sent the reduced ones; a
    round serves all of them. What they return is returned as a list."""
    results, sends = [None] * len(tasks), dict.fromkeys(range(len(tasks)))
    while sends:
        wanted = {}
        for k, reduced in sends.items():
            try:
                wanted[k] = tasks[k].send(reduced)
            except StopIteration as end:
                results[k] = end.value
        reduced = iter(protocols.reduce([part for parts in wanted.values() for part in parts]))
        sends = {k: [next(reduced) for _ in parts] for k, parts in wanted.items()}
    return results


def _contribution(randomness, demand):
    """One player's random number, its low bits, and its coin in both fields."""
    width, bits = demand.width, demand.bits
    size = bits + demand.security
    random = (
        np.frombuffer(randomness.bytes((size + 1) * width), np.uint8).reshape(size + 1, width) & 1
    )
    coin = random[size]
    return [
        prime.from_bits(random[:size]),
        random[:bits].ravel(),
        coin,
        prime.from_words(coin.astype(np.uint64)),
    ]


def _add_and_toss(summands, coins):
    """Reduce many summands to two, and many coins to one, sharing rounds between them.

    Three summands become two by a full adder at every bit (a carry-save adder), without waiting
    for any carry. Two coins become one by XOR, c + d - 2cd in the prime field.
    """
    while len(summands) > 2 or len(coins) > 1:
        triples = len(summands) // 3
        groups = [summands[3 * g : 3 * g + 3] for g in range(triples)]
        pairs = list(zip(coins[0::2], coins[1::2], strict=False))
        parts = [(gf256, gf256.mul((x ^ z).ravel(), (y ^ z).ravel())) for x, y, z in groups]
        parts += [(prime, prime.mul(c, d)) for c, d in pairs]
        products = yield parts
        added = []
        for (x, y, z), product in zip(groups, products, strict=False):
            carries = product.reshape(x.shape) ^ z  # the majority of the three
            added += [x ^ y ^ z, _double(carries)]
        tossed = [
            prime.combine([1, 1, -2], [c, d, product])
            for (c, d), product in zip(pairs, products[triples:], strict=True)
        ]
        summands = added + summands[3 * triples :]
        coins = tossed + coins[2 * len(pairs) :]
    return summands, coins[0]


def _highest_bit(protocols, c, mask):
    """Highest bit of c - 2 - a - b for public bits c; which is c + ~a + ~b, modulo 2^k.

    A full adder brings the three to two numbers, s and t. With c public and a AND b at hand, its
    carries cost nothing: ~a AND ~b where the bit of c is 0, ~a OR ~b where it is 1.
    """
    either = mask.a ^ mask.b
    s = c ^ either  # the two complements cancel
    t = _double(1 ^ mask.both ^ ((1 ^ c) & 1) * either)
    return s[-1] ^ t[-1] ^ _carry_out(protocols, s[:-1], t[:-1])


def _carry_out(protocols, s, t):
    """Carry out of the sum of two shared numbers, by a tree over their bits.

    A run of bits generates a carry (g) or propagates one that comes in (p). Two neighbouring runs
    make one, (g, p) = (g_high + p_high g_low, p_high p_low), with + for XOR, since both are never
    1 together. The lowest level joins three bits at once: p = s + t is there before g = s t is, so
    that the products of two p can be formed in the round that forms the g. This makes seven rounds
    of any length from 49 to 96 bits, and so the same number of rounds for models of any size.
    """
    width = s.shape[1]
    fill = np.zeros((-len(s) % 3, width), np.uint8)  # no carry comes from below
    s, t = np.concatenate([fill, s]), np.concatenate([fill, t])
    p = (s ^ t).reshape(-1, 3, width)
    g, p_top = _multiply_rows(protocols, (s, t), (p[:, 2], p[:, 1]))
    g = g.reshape(p.shape)
    from_middle, from_low, p_all = _multiply_rows(
        protocols, (p[:, 2], g[:, 1]), (p_top, g[:, 0]), (p_top, p[:, 0])
    )
    g, p = g[:, 2] ^ from_middle ^ from_low, p_all
    while len(g) > 1:
        odd = len(g) % 2  # a lone run at the low end waits for the next level
        high, low = slice(odd + 1, None, 2), slice(odd, None, 2)
        passed, p_both = _multiply_rows(protocols, (p[high], g[low]), (p[high], p[low]))
        g = np.concatenate([g[:odd], g[high] ^ passed])
        p = np.concatenate([p[:odd], p_both])
    return g[0]


def _multiply_rows(protocols, *factors):
    """Products of pairs of (bits, width) arrays, all in one round."""
    parts = [(gf256, gf256.mul(a.ravel(), b.ravel())) for a, b in factors]
    products = protocols.reduce(parts)
    return [product.reshape(a.shape) for product, (a, _) in zip(products, factors, strict=True)]


def _double(bits):
    """Twice a number modulo 2^k: every bit moves up, the highest falls off."""
    return np.concatenate([np.zeros_like(bits[:1]), bits[:-1]])


def _plus_two(bits):
    """Public bits of c + 2, modulo 2^k."""
    result, carry = bits.copy(), np.ones(bits.shape[1], np.uint8)
    for row in result[1:]:
        row[:], carry = row ^ carry, row & carry
    return result
