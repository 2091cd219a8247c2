"""Products of the small field are verified together, over the field of 2^72 elements.

The protocol is that of `mamba.product_check`; what differs is the field. A coin from 256 elements
is guessed too easily, so coins come from K = `mamba.gf2_72`, of which GF(256) is a subfield, and so
is what is shared for the proof. Blocks still stand at points of GF(256), up to 2k - 1 = 255 of
them, so a value of a polynomial there costs no product of K.

The first level takes no element of K for each product. Let x_aj, y_aj, z_aj be element j of block
a, a = 1 ... k, and rho_j a weight from K that position j has in all blocks. With f_j the polynomial
of degree k - 1 that is x_aj at a, and g_j likewise,

    h(p) = sum over j of rho_j f_j(p) g_j(p).

If all claims are true, h(a) = sum rho_j z_aj, which is local, for a = 1 ... k; if one is false, one
of these k equations is false but for a chance of 2^-72. The holders multiply for h at
k + 1 ... 2k - 1 alone. Where claims are inner products, all terms of one have the same weight.

Of many pairs of few columns a claim is made short at once, without a message: with weights a_r of
the rows, u_i and w_j of the columns, the sum of a_r u_i w_j <x_ri, y_rj> over all pairs (i, j) is
that of <a_r u_i x_ri, Y_ri> over the columns i alone, where Y_ri is the sum of all w_j y_rj, linear
and so local. Where a pair comes again, w_j is another one. So each claim has a monomial of its own,
of degree 3, and a false one makes the sum false but for a chance of 3 / 2^72 (Schwartz 1980, Zippel
1979). It joins the others at the second level.

Soundness: 3 / 2^72, and (2k - 2) / 2^72 for each level, k up to 128: below 2^-62 with as
many levels as there can be.
"""

from functools import lru_cache

import numpy as np

from mamba import gf2_72, gf256
from mamba.claims import SmallPairs, SmallProducts
from mamba.product_check import blocks, last_blocks, last_length
from mamba.randomness import from_coin

SHORT = 256  # elements of K that may be opened at the end
_AIM = SHORT // 2  # elements that the last level should leave
_BLOCKS, _MOST_BLOCKS = 64, 128  # at any level, and at the last one
_FEW = 4000  # factors for which the first level is not worth two rounds
_PORTION = 1 << 20  # factors that are worked on at once


class ByteCheck:
    """One holder's side of it.

    Parameters
    ----------
    claims : list of mamba.claims.SmallProducts and SmallPairs
    stream : mamba.randomness.Randomness
        For the weights rho.
    """

    module = gf256

    @staticmethod
    def blinds(claims):
        """How many random bytes the last level of these `mamba.claims.Claims` may need."""
        width = sum(claim.x.size for claim in claims.bytes)
        return 2 * last_length(width, SHORT) * gf2_72.DEGREE

    def __init__(self, claims, stream):
        self._stream, self._k, self._is_blinded = stream, 0, False
        self.levels = []  # (k, is_blinded, coin) of each one that was folded
        # Elements of K: of pairs at once, of all claims after the first level.
        self._x, self._y, self.total = _of_pairs(
            [claim for claim in claims if isinstance(claim, SmallPairs)], stream
        )
        products = [claim for claim in claims if isinstance(claim, SmallProducts)]
        self._groups = _grouped(products)
        if sum(group.terms * group.count for group in self._groups) <= _FEW:
            self._lift()

    @staticmethod
    def challenge(coin):
        """What a public coin is in K."""
        return gf2_72.random(from_coin(coin, "element of K"), 1)

    @property
    def is_last(self):
        """Whether the next level can be the last one."""
        return not self._groups and self._x.shape[1] <= SHORT * (_MOST_BLOCKS - 1)

    def divide(self, random=None):
        """The values of h that the holders multiply for, of degree 2t; at the last level with
        shared random bytes, as many as `blinds`, for a first block."""
        self._is_blinded = random is not None
        if self._groups:
            return self._divide_bytes().ravel()
        width = self._x.shape[1]
        most = last_blocks(width, SHORT) if self._is_blinded else blocks(width / _AIM, _BLOCKS)
        sides = [_cut(side, most) for side in (self._x, self._y)]
        if self._is_blinded:
            hidden = random.reshape(gf2_72.DEGREE, 2, 1, -1)[..., : sides[0].shape[2]]
            sides = [np.concatenate([hidden[:, i], side], axis=1) for i, side in enumerate(sides)]
        (self._x, self._y), self._k = sides, sides[0].shape[1]
        known = gf2_72.inner(self._x[:, :-1], self._y[:, :-1])
        beyond = gf2_72.inner(_beyond(self._x, self._k), _beyond(self._y, self._k))
        return np.concatenate([known, beyond], axis=1).ravel()

    def fold(self, values, coin):
        """Go on with the shorter vectors, when these values are shared by degree t; `coin` is an
        element of K."""
        self.levels.append((self._k, self._is_blinded, coin))
        weights = gf2_72.lagrange(self._k, coin)
        if self._groups:
            self.total ^= _first_total(self._known, values, self._k, coin)
            self._fold_bytes(weights)
        else:
            self.total = _next_total(self.total, values, *self.levels[-1])
            self._x, self._y = (gf2_72.fold(weights, side) for side in (self._x, self._y))

    def follow(self, levels, values):
        """Z at the end of levels that another check of as many claims went through, with these
        values at each of them; the factors of this one do not matter (`mamba.blame`)."""
        total = self.total
        for number, (level, of_level) in enumerate(zip(levels, values, strict=True)):
            if self._groups and not number:
                k, _, coin = level
                self._cut_groups(k)
                total = total ^ _first_total(self._of_claims(k), of_level, k, coin)
            else:
                total = _next_total(total, of_level, *level)
        return total.ravel()

    # --- the first level -------------------------------------------------------------------------

    def _lift(self):
        """Few products are taken to K at once, which saves a level."""
        self._cut_groups(1)
        for group, weights in zip(self._groups, self._weights, strict=True):
            self.total ^= gf2_72.weigh(weights, group.z)
        one = gf2_72.zeros(1)
        one[0] = 1
        self._fold_bytes(one)

    def _cut_groups(self, k):
        self._groups = [group.cut(k) for group in self._groups]
        self._weights = [gf2_72.random(self._stream, group.count) for group in self._groups]

    def _of_claims(self, k):
        """h at 1 ... k, which follows from what is claimed."""
        known = gf2_72.zeros(k)
        for group, weights in zip(self._groups, self._weights, strict=True):
            known ^= gf2_72.weigh(weights, group.z)
        return known

    def _divide_bytes(self):
        count = sum(group.count for group in self._groups)
        k = self._k = blocks(count / _AIM, _BLOCKS)
        self._cut_groups(k)
        self._known, beyond = self._of_claims(k), gf2_72.zeros(k - 1)
        rows = _rows_beyond(k)
        for group, weights in zip(self._groups, self._weights, strict=True):
            for part in group.portions():
                x, y = (
                    np.stack(gf256.combine_rows(rows, [*block.reshape(k, -1)]))
                    for block in (group.x[..., part], group.y[..., part])
                )
                products = gf256.mul(x, y).reshape(k - 1, group.terms, -1)
                products = np.bitwise_xor.reduce(products, axis=1)
                beyond ^= gf2_72.weigh(weights[:, part], products)
        return beyond

    def _fold_bytes(self, at):
        xs, ys = [self._x], [self._y]
        for group, weights in zip(self._groups, self._weights, strict=True):
            for part in group.portions():
                x, y = (
                    gf2_72.combine(at, np.ascontiguousarray(block).reshape(len(block), -1))
                    for block in (group.x[..., part], group.y[..., part])
                )
                xs.append(gf2_72.mul(x, np.tile(weights[:, part], (1, group.terms))))
                ys.append(y)
        self._x, self._y = (np.concatenate(side, axis=1) for side in (xs, ys))
        self._groups = self._weights = []

    # --- the end ---------------------------------------------------------------------------------

    def disclose(self):
        """f(r), g(r) and h(r) of the last level, to be opened."""
        return np.concatenate([self._x, self._y, self.total], axis=1).ravel()

    size = gf2_72.DEGREE  # bytes of h(r)

    @staticmethod
    def split(numbers):
        """Of what is disclosed, f(r) and g(r), and h(r)."""
        numbers = numbers.reshape(gf2_72.DEGREE, -1)
        return numbers[:, :-1].ravel(), numbers[:, -1].copy()

    @staticmethod
    def product(factors):
        """<f(r), g(r)>."""
        x, y = factors.reshape(gf2_72.DEGREE, 2, -1).transpose(1, 0, 2)
        return gf2_72.inner(x, y)

    @classmethod
    def holds(cls, numbers):
        """Whether h(r) is the product, of what was opened."""
        factors, total = cls.split(numbers)
        return bool((cls.product(factors) == total).all())


def _first_total(known, values, k, coin):
    """h(r) of the first level, of h at 1 ... k and at the points behind."""
    values = np.concatenate([known, values.reshape(gf2_72.DEGREE, -1)], axis=1)
    return gf2_72.inner(values, gf2_72.lagrange(2 * k - 1, coin))[:, None]


def _next_total(total, values, k, is_blinded, coin):
    """h(r) of a later one, of Z and the values of h that were multiplied for."""
    values = values.reshape(gf2_72.DEGREE, -1)
    of_claim = values[:, is_blinded : k - 1]  # a random block adds nothing to Z
    last = total ^ np.bitwise_xor.reduce(of_claim, axis=1, keepdims=True)
    values = np.concatenate([values[:, : k - 1], last, values[:, k - 1 :]], axis=1)
    return gf2_72.inner(values, gf2_72.lagrange(2 * k - 1, coin))[:, None]


class _Group:
    """Claims of equally many terms, in k blocks: x and y of shape (k, terms, count), z of (k,
    count)."""

    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        self.terms, self.count = x.shape[1], x.shape[2]

    def cut(self, k):
        """The same claims in k blocks; what is missing are zeros."""
        missing = -self.count % k
        x, y, z = (
            np.concatenate([a, np.zeros((*a.shape[:-1], missing), np.uint8)], axis=-1)
            if missing else a
            for a in (self.x[0], self.y[0], self.z[0])
        )  # fmt: skip
        x, y = (a.reshape(self.terms, k, -1).transpose(1, 0, 2) for a in (x, y))
        return _Group(x, y, z.reshape(k, -1))

    def portions(self):
        step = max(1, _PORTION // (self.x.shape[0] * self.terms))
        return [slice(start, start + step) for start in range(0, self.count, step)]


def _grouped(claims):
    groups: dict[int, list] = {}
    for claim in claims:
        groups.setdefault(claim.terms, []).append(claim)
    return [
        _Group(
            _side_by_side([claim.x.reshape(terms, -1) for claim in same]),
            _side_by_side([claim.y.reshape(terms, -1) for claim in same]),
            _side_by_side([claim.z for claim in same]),
        )
        for terms, same in groups.items()
    ]


def _of_pairs(claims, stream):
    """X, Y and Z of `mamba.claims.SmallPairs`."""
    xs, ys, total = [gf2_72.zeros(0)], [gf2_72.zeros(0)], gf2_72.zeros(1)
    for claim in claims:
        rows, again = claim.x.shape[1], _again(claim.left, claim.right)
        a, u = gf2_72.random(stream, rows), gf2_72.random(stream, claim.x.shape[2])
        w = gf2_72.random(stream, claim.y.shape[2] * (1 + again.max(initial=0)))
        w = w.reshape(gf2_72.DEGREE, -1, claim.y.shape[2])
        of_pairs = gf2_72.mul(u[:, claim.left], w[:, again, claim.right])
        sums = gf2_72.weigh(of_pairs, claim.z.reshape(rows, -1))
        total ^= gf2_72.inner(a, sums)[:, np.newaxis]
        weights = gf2_72.mul(a[:, :, np.newaxis], u[:, np.newaxis])
        xs.append(gf256.mul(weights[:, np.newaxis], claim.x).reshape(gf2_72.DEGREE, -1))
        ys.append(_sums_of_neighbours(claim, w, again))
    return np.concatenate(xs, axis=1), np.concatenate(ys, axis=1), total


def _again(left, right):
    """Of each pair, how often it has come before."""
    keys = left.astype(np.int64) * (1 + right.max(initial=0)) + right
    order = np.argsort(keys, kind="stable")
    first = np.searchsorted(keys[order], keys[order])
    again = np.empty(len(keys), np.int64)
    again[order] = np.arange(len(keys)) - first
    return again


def _sums_of_neighbours(claim, w, again):
    """Y: for each column i of x, the sum of the columns of y that it is multiplied with, each with
    its weight. Whole columns are added up, eight bytes at a time."""
    terms, rows, width = claim.x.shape
    height = gf2_72.DEGREE * terms * rows
    result = np.zeros((width, -(-height // 8)), np.uint64)
    for layer in range(w.shape[1]):
        columns = np.zeros((claim.y.shape[2], 8 * result.shape[1]), np.uint8)
        weighted = gf256.mul(w[:, layer, np.newaxis, np.newaxis], claim.y)
        columns[:, :height] = weighted.reshape(height, -1).T
        columns = columns.view(np.uint64)
        pairs = np.flatnonzero(again == layer)
        pairs = pairs[np.argsort(claim.left[pairs], kind="stable")]
        step = max(1, _PORTION // height)
        for start in range(0, len(pairs), step):
            some = pairs[start : start + step]
            found, starts = np.unique(claim.left[some], return_index=True)
            result[found] ^= np.bitwise_xor.reduceat(columns[claim.right[some]], starts, axis=0)
    flat = np.ascontiguousarray(result.view(np.uint8)[:, :height].T)
    return flat.reshape(gf2_72.DEGREE, -1)


def _side_by_side(arrays):
    return np.concatenate(arrays, axis=-1)[np.newaxis]


def _cut(side, k):
    missing = -side.shape[1] % k
    if missing:
        side = np.concatenate([side, gf2_72.zeros(missing)], axis=1)
    return side.reshape(gf2_72.DEGREE, k, -1)


def _beyond(side, k):
    """Values at k + 1 ... 2k - 1 of the polynomials through blocks, of shape (9, k - 1, count)."""
    blocks = [np.ascontiguousarray(side[:, a]).ravel() for a in range(k)]
    rows = gf256.combine_rows(_rows_beyond(k), blocks)
    return np.stack([row.reshape(gf2_72.DEGREE, -1) for row in rows], axis=1)


@lru_cache
def _rows_beyond(k):
    """Lagrange's weights of 1 ... k for k + 1 ... 2k - 1. All numerators of a row are the product
    of all differences, divided by one of them."""
    points, at = np.arange(1, k + 1, dtype=np.uint8), np.arange(k + 1, 2 * k, dtype=np.uint8)
    differences = at[:, np.newaxis] ^ points
    product = np.ones(k - 1, np.uint8)
    for column in differences.T:
        product = gf256.mul(product, column)
    scales = np.array(gf256.differences(tuple(points.tolist())), np.uint8)
    weights = gf256.mul(gf256.mul(product[:, np.newaxis], _inverses()[differences]), scales)
    return tuple(map(tuple, weights.tolist()))


@lru_cache
def _inverses():
    """Of all elements, 0 for 0."""
    return np.argmax(gf256.mul(*np.ogrid[:256, :256]) == 1, axis=1).astype(np.uint8)
