"""Logic on shared bits: carries of additions, and which of two numbers is smaller.

In the field of 256 elements XOR is addition, which is local, and AND is multiplication, which
takes a round; circuits here are flat rather than small. Numbers are ``uint8`` arrays of shape
(bits, width), lowest bit first: `width` numbers side by side, each bit a share.

A run of neighbouring bits of two numbers generates a carry (g) or propagates one that comes in
(p). Two neighbouring runs make one, (g, p) = (g_high + p_high g_low, p_high p_low), with + for XOR,
since both are never 1 together (Ladner and Fischer, Journal of the ACM, 1980). Comparing digit by
digit works the same way: a run of digits is smaller (g), or equal (p).
"""

import numpy as np

from mamba import gf256

_DIGIT = 4  # bits
_FEWEST_DIGITS = 17  # so that numbers of up to 128 bits take as many rounds, whatever their length


def carry_out(protocols, s, t):
    """Carry out of the sum of two shared numbers, by a tree over their bits.

    The lowest level joins three bits at once: p = s + t is there before g = s t is, so that the
    products of two p can be formed in the round that forms the g. This makes seven rounds of any
    length from 49 to 96 bits, and so the same number of rounds for models of any size.
    """
    width = s.shape[1]
    fill = np.zeros((-len(s) % 3, width), np.uint8)  # no carry comes from below
    s, t = np.concatenate([fill, s]), np.concatenate([fill, t])
    p = (s ^ t).reshape(-1, 3, width)
    g, p_top = _multiply_rows(protocols, (s, t), (p[:, 2], p[:, 1]))
    g = g.reshape(p.shape)
    from_middle, from_low, p_all = _multiply_rows(
        protocols, (p[:, 2], g[:, 1]), (p_top, g[:, 0]), (p_top[1:], p[1:, 0])
    )
    return _join_all(protocols, g[:, 2] ^ from_middle ^ from_low, p_all)


def carries(protocols, s, t):
    """Carries into every bit of the sum of two shared numbers, modulo 2^k.

    Every bit begins a run of its own downwards, of 3 bits after two rounds as in `carry_out`, then
    of 6, 12, ... (Kogge and Stone, IEEE Transactions on Computers, 1973).
    """
    p = (s ^ t)[:-1]  # what the highest bit does is not asked for
    g, p_pair = _multiply_rows(protocols, (s[:-1], t[:-1]), (p[1:], p[:-1]))
    from_one, from_two, p_three = _multiply_rows(
        protocols, (p[1:], g[:-1]), (p_pair[1:], g[:-2]), (p_pair[2:], p[1:-2])
    )
    g[1:] ^= from_one
    g[2:] ^= from_two
    run, p = 3, p_three  # p of the bits from `run` on; the runs of lower ones end at bit 0
    while run < len(g):
        passed, p = _multiply_rows(protocols, (p, g[:-run]), (p[run:], p[:-run]))
        g[run:] ^= passed
        run *= 2
    return np.concatenate([np.zeros_like(g[:1]), g])


def all_ones(protocols, bits):
    """Whether all bits of each number are 1: a tree of ANDs."""
    while len(bits) > 1:
        half = len(bits) // 2
        (both,) = _multiply_rows(protocols, (bits[:half], bits[half : 2 * half]))
        bits = np.concatenate([both, bits[2 * half :]])
    return bits[0]


def highest_one(protocols, bits):
    """Only the highest bit that is 1 of each number: first the OR of all bits from each one on
    upwards, in runs of 1, 2, 4, ... bits as in `carries`."""
    zeros = 1 ^ bits
    run = 1
    while run < len(zeros):
        (both,) = _multiply_rows(protocols, (zeros[:-run], zeros[run:]))
        zeros = np.concatenate([both, zeros[-run:]])
        run *= 2
    return zeros ^ np.concatenate([zeros[1:], np.ones_like(zeros[:1])])


def one_hot_digits(protocols, numbers):
    """Shared numbers in digits of four bits, each digit as sixteen bits of which one is 1; in two
    rounds. The result has the shape (16, digits, width)."""
    digits = max(_FEWEST_DIGITS, -(-len(numbers) // _DIGIT))
    bits = np.zeros((digits, _DIGIT, numbers.shape[1]), np.uint8)
    bits.reshape(digits * _DIGIT, -1)[: len(numbers)] = numbers
    a, b = bits[:, 0::2], bits[:, 1::2]  # the bits of two halves of a digit
    (both,) = _multiply_rows(protocols, (a, b))
    quarters = np.stack([1 ^ a ^ b ^ both, a ^ both, b ^ both, both])
    low, high = quarters[:, :, 0], quarters[:, :, 1]
    pair = np.broadcast_arrays(high[:, None], low[None, :])
    (digit,) = _multiply_rows(protocols, pair)
    return digit.reshape(16, *digit.shape[2:])


def smaller(protocols, digits, left, right):
    """[x_i < x_j] for many pairs of shared numbers in `one_hot_digits`.

    Parameters
    ----------
    digits : array of shape (16, digits, width)
    left, right : int arrays
        The pairs: positions i and j among the `width` numbers.

    Returns
    -------
    array of shares of 0 or 1, in the field of 256 elements

    Notes
    -----
    To compare two digits takes one product, however many values a digit has: a sum of products is
    brought back to degree t as one.
    """
    above = np.bitwise_xor.accumulate(digits[:0:-1])[::-1]  # [digit > v] for v = 0 ... 14
    g, p = protocols.multiply_pairs(
        [(digits[:-1], above, left, right), (digits[:, 1:], digits[:, 1:], left, right)]
    )
    return _join_all(protocols, g, p)


def at_least(protocols, bits, least):
    """[at least so many of the bits are 1], for the columns of an array of shape (count, width) and
    a number `least` from 1 to count.

    The bits and the public number 2^k - least are added up, where 2^k is more than there are bits:
    the sum reaches 2^k where at least `least` of them are 1, and never 2^(k + 1). Three bits of one
    place become one there and a carry, by one product, for all places side by side, until no more
    than two are left anywhere (Wallace, IEEE Transactions on Electronic Computers, 1964); then
    these two numbers are added. Of all the carries out of the highest place one at most is 1.
    """
    count, width = bits.shape
    places = count.bit_length()
    public = 2**places - least
    rows = [np.ones((public >> place & 1, width), np.uint8) for place in range(places)]
    rows[0] = np.concatenate([bits, rows[0]])
    out = np.zeros(width, np.uint8)
    while max(map(len, rows)) > 2:
        triples = [row[: len(row) // 3 * 3].reshape(3, -1, width) for row in rows]
        products = _multiply_rows(protocols, *((x ^ z, y ^ z) for x, y, z in triples))
        carries = [product ^ z for product, (_, _, z) in zip(products, triples, strict=True)]
        out ^= np.bitwise_xor.reduce(carries.pop())
        kept = [
            np.concatenate([x ^ y ^ z, row[3 * len(x) :]])
            for row, (x, y, z) in zip(rows, triples, strict=True)
        ]
        rows = kept[:1] + [np.concatenate(pair) for pair in zip(kept[1:], carries, strict=True)]
    rows = [np.concatenate([row, np.zeros((2 - len(row), width), np.uint8)]) for row in rows]
    s, t = np.stack(rows, axis=1)
    return out ^ carry_out(protocols, s, t)


def _join_all(protocols, g, p):
    """g of all runs as one. p is that of the runs but the lowest, which nothing comes into."""
    while len(g) > 1:
        odd = len(g) % 2  # a lone run at the low end waits for the next level
        passed, p_joined = _multiply_rows(
            protocols, (p[odd::2], g[odd::2]), (p[2 - odd :: 2], p[1 - odd :: 2])
        )
        g, p = np.concatenate([g[:odd], g[odd + 1 :: 2] ^ passed]), p_joined
    return g[0]


def _multiply_rows(protocols, *factors):
    """Products of pairs of arrays of equal shape, all in one round."""
    return protocols.multiply([(gf256, a, b) for a, b in factors])
