"""Sums of products that are computed as a whole.

A program adds up a vector by folding it in halves, step by step; as a computation, the sum of the
squares of a difference is one inner product, and all inner products of a few vectors are one
matrix product. The values of this module stand for results that nobody has asked for yet, so that
the whole is known when somebody does. No program has to be written for it: what is not recognised
here is computed step by step, with the same result.

Only local computation is saved. Nothing here sends, and the sharings that come out are of degree
2t, as those of any product.
"""

from bisect import bisect_left, insort
from functools import lru_cache

import numpy as np

from mamba import field as prime

SHORTEST = 64  # a shorter vector is not worth the bookkeeping
MOST_TERMS = 4096  # of a weighted sum: more would not be exact in floating point


class Difference:
    """a - b for two vectors of shares that stand in memory anyway."""

    def __init__(self, a, b):
        self.a, self.b, self.size = a, b, prime.length(a)

    def plus(self, other):
        return None

    def evaluate(self):
        return prime.sub(self.a, self.b)


class Squares:
    """Sums of the squares of a difference: a `Pattern` says which square goes into which sum.

    Parameters
    ----------
    source : Source
    pattern : Pattern
    """

    def __init__(self, source, pattern=None):
        self.source = source
        self.pattern = pattern or _identity(source.difference.size)
        self.size = self.pattern.width

    def part(self, start, stop):
        """The sums start ... stop - 1."""
        return Squares(self.source, _part(self.pattern, start, stop))

    def summed(self):
        """All these sums, added up."""
        return Squares(self.source, _join_to_one(self.pattern))

    def plus(self, other):
        """The element-wise sum with other sums of the same squares; None if not of this form."""
        if not isinstance(other, Squares) or other.source is not self.source:
            return None
        pattern = _join(self.pattern, other.pattern)
        return pattern and Squares(self.source, pattern)

    def evaluate(self):
        if self.pattern.is_total:
            return self.source.total()
        return self.pattern.apply(self.source.squares())


class Multiples:
    """Sum of vectors, each multiplied by one shared number: `terms` are pairs (number, vector)."""

    def __init__(self, terms):
        self.terms = terms
        self.size = prime.length(terms[0][1])

    def part(self, start, stop):
        return Multiples([(number, vector[:, start:stop]) for number, vector in self.terms])

    def plus(self, other):
        """The sum with other multiples; None when it is not of this form, or too long."""
        if not isinstance(other, Multiples) or len(self.terms) + len(other.terms) > MOST_TERMS:
            return None
        return Multiples(self.terms + other.terms)

    def evaluate(self):
        numbers, vectors = zip(*self.terms, strict=True)
        return prime.weighted_sum(np.concatenate(numbers, axis=1), vectors)


class Source:
    """The squares of one difference, and all others that wait to be summed on the same player.

    Parameters
    ----------
    difference : Difference
    waiting : WeakSet of Source
        One for each player process; this source enters itself.
    """

    def __init__(self, difference, waiting):
        self.difference, self._waiting, self._total = difference, waiting, None
        waiting.add(self)

    def squares(self):
        """All squares, one by one."""
        value = self.difference.evaluate()
        return prime.mul(value, value)

    def total(self):
        """The sum of all squares. The first who asks makes those of all who wait:
        |a - b|^2 = <a, a> + <b, b> - 2 <a, b>, from one Gram matrix."""
        if self._total is None:
            count = self.difference.size
            sources = [s for s in self._waiting if s.difference.size == count]
            vectors = {id(v): v for s in sources for v in (s.difference.a, s.difference.b)}
            place = {key: k for k, key in enumerate(vectors)}
            gram = prime.gram(list(vectors.values()))
            for source in sources:
                i, j = place[id(source.difference.a)], place[id(source.difference.b)]
                total = gram[i][i] + gram[j][j] - 2 * gram[i][j]
                source._total = prime.from_ints([total])
                self._waiting.discard(source)
        return self._total


class Pattern:
    """Which of the elements of a long vector are added into which sum.

    Parameters
    ----------
    target : int array
        For each element, the sum that it goes into, or -1 for none.
    width : int
        Number of sums.
    """

    def __init__(self, target, width):
        self.target, self.width = target, width
        self.is_total = width == 1 and not target.any()

    def apply(self, array):
        """The sums themselves, for a field array."""
        chosen = np.flatnonzero(self.target >= 0)
        order = chosen[np.argsort(self.target[chosen], kind="stable")]
        targets, starts = np.unique(self.target[order], return_index=True)
        result = prime.zeros(self.width)
        result[:, targets] = prime.sums(array[:, order], starts)
        return result


# The patterns of a program's folds come again for every vector: each is made once.


@lru_cache(maxsize=64)
def _identity(count):
    return Pattern(np.arange(count), count)


@lru_cache(maxsize=1024)
def _part(pattern, start, stop):
    inside = (pattern.target >= start) & (pattern.target < stop)
    return Pattern(np.where(inside, pattern.target - start, -1), stop - start)


@lru_cache(maxsize=1024)
def _join(a, b):
    if a.width != b.width or ((a.target >= 0) & (b.target >= 0)).any():
        return None
    return Pattern(np.maximum(a.target, b.target), a.width)


@lru_cache(maxsize=1024)
def _join_to_one(pattern):
    return Pattern(np.minimum(pattern.target, 0), 1)


class Overlay:
    """Lazy values that have been stored in memory. They never overlap.

    Parameters
    ----------
    write : callable
        ``write(address, value)`` computes a lazy value and puts it into the memory below.
    """

    def __init__(self, write):
        self._write = write
        self._starts = []  # sorted
        self._entries = {}  # start: (end, address of the value's first element, lazy value)

    def find(self, address, size):
        """The lazy value that stands at these words; None when they are all in the memory below."""
        for start in self._overlapping(address, address + size):
            end, first, value = self._entries[start]
            if start <= address and address + size <= end:
                return value.part(address - first, address - first + size)
            self._remove(start)  # read across its border: compute it
            self._write(start, value.part(start - first, end - first))
        return None

    def store(self, address, size, value=None):
        """These words hold a lazy value now or, without one, are in the memory below."""
        stop = address + size
        for start in self._overlapping(address, stop):
            end, first, old = self._remove(start)
            if start < address:
                self._insert(start, address, first, old)
            if stop < end:
                self._insert(stop, end, first, old)
        if value is not None:
            self._insert(address, stop, address, value)

    def _overlapping(self, address, stop):
        low = bisect_left(self._starts, address)
        high = bisect_left(self._starts, stop, low)
        if low and self._entries[self._starts[low - 1]][0] > address:
            low -= 1
        return self._starts[low:high]

    def _insert(self, start, end, first, value):
        insort(self._starts, start)
        self._entries[start] = end, first, value

    def _remove(self, start):
        del self._starts[bisect_left(self._starts, start)]
        return self._entries.pop(start)
