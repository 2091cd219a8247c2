"""Products of the prime field are verified together, at the price of very few of them.

Given sharings of degree t of vectors X and Y and of a number Z, is Z = <X, Y>? This is the protocol
of Boneh, Boyle, Corrigan-Gibbs, Gilboa and Ishai (CRYPTO 2019) in the form of Goyal and Song
(CRYPTO 2020, section 5.2), with what it takes to be secure among 2t + 1 holders of whom t deviate:

1. *One claim of many.* For claims z_i = x_i y_i, public weights rho_i come from a coin that is
   tossed when all z_i are shared. With X_i = rho_i x_i, Y = y and Z = sum rho_i z_i there is one
   claim left; a false one of the many makes it false but with a chance of 1/p.
2. *Shorter.* X and Y are cut into k blocks each. Let f be the vector of polynomials of degree k - 1
   that is block a of X at the point a, for a = 1 ... k; g likewise for Y. Then h(x) = <f(x), g(x)>
   has the degree 2k - 2, and Z = h(1) + ... + h(k). The holders multiply for h at 1 ... k - 1 and
   k + 1 ... 2k - 1, h(k) is Z less the first ones, and all these values fix h. A coin r is tossed,
   and what is left to verify is h(r) = <f(r), g(r)>, of vectors k times as short. If the claim was
   false, so is h, whatever was dealt for it, and it differs from <f, g> at r but for 2k - 2 of the
   p values that r can have.
3. *The end.* The last level has one block more, of random numbers that nobody knows, so f(r) and
   g(r) are uniform. They are opened with h(r), and compared in the open.

Why nothing leaks: f(r) and g(r) are uniform, and h(r) is their product plus what was added to
values of h and to products before, which whoever added it knows. So acceptance says nothing that
is not known either, which is why an abort tells nothing.

Soundness: with L levels of at most 2k - 2 bad coins, (1 + L (2k - 2)) / p, below 2^-116 for any
length that there can be. Long vectors are cut into 8 blocks, since k^2 inner products are formed;
shorter ones into up to 64, which saves levels, since a level takes two rounds. The last one may
leave more than the few elements that it could: up to 32,000 claims take this level alone.
"""

from functools import lru_cache
from math import ceil, factorial

import numpy as np

from mamba import field
from mamba.long_sum import LongSum

SHORT = 512  # elements that may be opened at the end
_AIM = 64  # elements that the last level should leave, where that takes few blocks
_WIDTH = 1 << 13  # elements that the levels before it should leave
_FEW_BLOCKS, _MANY_BLOCKS = 8, 64
_LONG = 1 << 17  # elements from which on inner products of many blocks take too long
_APART = 1 << 12  # elements from which on pairs of vectors stay apart: to join them is to copy them


class ProductCheck:
    """One holder's side of it, for the claim that a shared number is the sum of inner products.

    Parameters
    ----------
    pairs : list of (field array, field array)
        X and Y, in pieces; of a square the same array twice, which is folded once then. Twice the
        same `mamba.long_sum.LongSum` where that would be very long.
    total : field array of one element
        Z.
    """

    def __init__(self, pairs, total):
        self.pairs, self.total = _joined(pairs), total
        self._k, self._is_blinded = 0, False
        self.levels = []  # (k, is_blinded, coin) of each one that was folded

    module = field

    @staticmethod
    def challenge(coin):
        """What a public coin is in this field."""
        return coin

    @property
    def is_last(self):
        """Whether the next level can be the last one."""
        return self._width <= SHORT * (_MANY_BLOCKS - 1)

    @property
    def _width(self):
        return sum(field.length(x) for x, _ in self.pairs)

    def divide(self, random=None):
        """The values of h that the holders multiply for, of degree 2t; at the last level with
        shared random numbers, as many as `blinds`, for a first block."""
        width = self._width
        if random is not None:
            k = last_blocks(width, SHORT)
            x, y = (np.concatenate(side, axis=1) for side in zip(*self.pairs, strict=True))
            x, y = _padded(x, y, k)
            length = field.length(x) // k
            half = field.length(random) // 2
            hidden = random[:, :length], random[:, half : half + length]
            self.pairs = [
                tuple(np.concatenate(s, axis=1) for s in zip(hidden, (x, y), strict=True))
            ]
            self._k = k + 1
        else:
            few = width > _LONG
            self._k = _FEW_BLOCKS if few else blocks(width / _WIDTH, _MANY_BLOCKS)
            self.pairs = [_padded(x, y, self._k) for x, y in self.pairs]
        self._is_blinded = random is not None
        return _values(self.pairs, self._k)

    def fold(self, values, coin):
        """Go on with the shorter vectors, when these values are shared by degree t."""
        self.levels.append((self._k, self._is_blinded, coin))
        self.total = _next_total(self.total, values, *self.levels[-1])
        weights = _weights(self._k, coin)
        self.pairs = _joined([_folded(x, y, weights) for x, y in self.pairs])

    def follow(self, levels, values):
        """Z at the end of levels that another check of as many claims went through, with these
        values at each of them; the vectors of this one do not matter (`mamba.blame`)."""
        total = self.total
        for level, of_level in zip(levels, values, strict=True):
            total = _next_total(total, of_level, *level)
        return total

    # --- the end ---------------------------------------------------------------------------------

    @staticmethod
    def blinds(claims):
        """How many random numbers the last level of these `mamba.claims.Claims` may need."""
        width = sum(field.length(claim.x) for claim in claims.products)
        for claim in claims.distances:
            width += len(claim.couples) * field.length(claim.vectors[0])
        return 2 * last_length(max(1, width), SHORT)

    def disclose(self):
        """f(r), g(r) and h(r) of the last level, to be opened."""
        ((x, y),) = self.pairs
        return np.concatenate([x, y, self.total], axis=1)

    size = 1  # elements of h(r)

    @staticmethod
    def split(numbers):
        """Of what is disclosed, f(r) and g(r), and h(r)."""
        return numbers[:, :-1], numbers[:, -1:]

    @staticmethod
    def product(factors):
        """<f(r), g(r)>."""
        count = field.length(factors) // 2
        return field.inner_products(factors[:, :count], factors[:, count:], count)

    @classmethod
    def holds(cls, numbers):
        """Whether h(r) is the product, of what was opened."""
        factors, total = cls.split(numbers)
        return bool((cls.product(factors) == total).all())


def blocks(ratio, most):
    """How many blocks to cut into, at most so many, where all levels together shall make a vector
    so many times as short: no more than it takes for the same number of levels."""
    levels = 1
    while most**levels < ratio:
        levels += 1
    return max(2, ceil(ratio ** (1 / levels)))


def last_blocks(width, short):
    """How many blocks to cut into at the last level, besides the random one: as many as leave few
    elements to open, but not so many that to form them takes long; `short` may be left at most."""
    return max(1, -(-width // short), min(-(-width // _AIM), _MANY_BLOCKS))


def last_length(width, short):
    """How many elements that leaves at most, of so many or fewer."""
    return min(short, max(min(width, _AIM), -(-width // _MANY_BLOCKS)))


def of_products(claims, zeros, stream):
    """(X, Y) and Z of these `mamba.claims`, with weights rho from a stream of uniform bytes."""
    total = field.zeros(1)
    for claim in zeros:
        rho = field.random(stream, field.length(claim.z))
        total = field.add(total, field.inner_products(claim.z, rho, field.length(rho)))
    xs, ys, zs, weights, rhos = [], [], [], [], []
    for claim in claims:
        rhos.append(field.random(stream, field.length(claim.z)))
        terms = field.length(claim.x) // field.length(claim.z)
        if claim.owner is not None:
            weights.append(rhos[-1][:, claim.owner])
        else:
            weights.append(np.tile(rhos[-1], (1, terms)) if terms > 1 else rhos[-1])
        xs.append(claim.x)
        ys.append(claim.y)
        zs.append(claim.z)
    if not xs:
        return [], total
    x, y, z, weight, rho = (np.concatenate(one, axis=1) for one in (xs, ys, zs, weights, rhos))
    total = field.add(total, field.inner_products(z, rho, field.length(rho)))
    return [(field.mul(x, weight), y)], total


def _joined(pairs):
    """The same pairs, short ones put together."""
    short = [pair for pair in pairs if field.length(pair[0]) < _APART]
    if len(short) < 2:
        return pairs or [(field.zeros(1), field.zeros(1))]
    x, y = (np.concatenate(side, axis=1) for side in zip(*short, strict=True))
    return [(x, y), *(pair for pair in pairs if field.length(pair[0]) >= _APART)]


def _beside(a, b):
    return np.concatenate([a, b], axis=1)


def _padded(x, y, k):
    missing = -field.length(x) % k
    if isinstance(x, LongSum):
        return (x.padded(k),) * 2
    if not missing:
        return x, y
    longer = np.concatenate([x, field.zeros(missing)], axis=1)
    return longer, longer if y is x else np.concatenate([y, field.zeros(missing)], axis=1)


def _next_total(total, values, k, is_blinded, coin):
    """h(r), of Z and the values of h that were multiplied for."""
    known, more = values[:, : k - 1], values[:, k - 1 :]
    of_claim = known[:, is_blinded:]  # a random block adds nothing to Z
    values = np.concatenate([known, field.sub(total, _sum(of_claim)), more], axis=1)
    return field.inner_products(values, _weights(2 * k - 1, coin), 2 * k - 1)


def _values(pairs, k):
    """Shares, of degree 2t, of h at 1 ... k - 1, k + 1 ... 2k - 1.

    All inner products C_ab of blocks come from one matrix product; h(p) is then the sum of
    l_a(p) C_ab l_b(p), with Lagrange's weights l.
    """
    products = [
        x.products(k)
        if isinstance(x, LongSum)
        else field.inner_products(x, y, field.length(x) // k)
        for x, y in pairs
    ]
    c = field.combine([1] * len(products), products)
    at = _weights_beyond(k)  # row by row of the points k + 1 ... 2k - 1
    terms = field.mul(_times(c, at, k), at)
    beyond = field.sums(terms, np.arange(0, k * (k - 1), k))
    diagonal = c.reshape(4, k, k)[:, np.arange(k - 1), np.arange(k - 1)]
    return np.concatenate([diagonal, beyond], axis=1)


def _times(c, at, k):
    """For every point p and block a, the sum of C_ab l_b(p) over b, those of one point together."""
    by_block = field.inner_products(c, at, k)  # block by block
    return np.ascontiguousarray(by_block.reshape(4, k, k - 1).transpose(0, 2, 1)).reshape(4, -1)


@lru_cache
def _weights_beyond(k):
    rows = [_lagrange(k, point) for point in range(k + 1, 2 * k)]
    return field.from_ints(weight for row in rows for weight in row)


def _folded(x, y, weights):
    """f(r) and g(r)."""

    def fold(array):
        if isinstance(array, LongSum):
            return array.folded(weights)
        runs = array.reshape(4, field.length(weights), -1)
        return field.weighted_sum(weights, list(runs.transpose(1, 0, 2)))

    shorter = fold(x)
    return shorter, shorter if y is x else fold(y)


def _weights(count, at):
    return field.from_ints(_lagrange(count, at))


def _lagrange(count, at):
    """Weights that give f(at) from f(1), ..., f(count): `field.lagrange`, with products of all
    other (at - x) from a prefix and a suffix, which is quicker where there are many."""
    before, after = [1], [1]
    for x in range(1, count):
        before.append(before[-1] * (at - x) % field.P)
        after.append(after[-1] * (at - count - 1 + x) % field.P)
    pieces = zip(before, reversed(after), _scales(count), strict=True)
    return [low * high % field.P * scale % field.P for low, high, scale in pieces]


@lru_cache
def _scales(count):
    """For each x of 1 ... count, the inverse of the product of all x - y."""
    signs = [(-1) ** (count - x) for x in range(1, count + 1)]
    products = [factorial(x - 1) * factorial(count - x) for x in range(1, count + 1)]
    return [sign * pow(one, -1, field.P) for sign, one in zip(signs, products, strict=True)]


def _sum(array):
    """Of all elements; 0 of none."""
    return field.sums(array, [0]) if field.length(array) else field.zeros(1)
