"""What unreduced products are the products of, where they are to be verified.

A vector of degree 2t is a sum of products of shares of degree t, of which it keeps no trace. When
it is brought back to degree t, what was claimed of it has to be verified (`mamba.claims`), and for
that its factors must be known. So they are kept beside it, through sums, multiples, slices and
memory. What is not a product is one with 1.
"""

import weakref

import numpy as np

from mamba import field as prime
from mamba.claims import Products


class Factors:
    """The products behind a vector of `size` elements.

    Parameters
    ----------
    size : int
    pieces : list of (x, y, owner)
        Field arrays of shares of degree t, and for each product the element that it is added to.
    """

    def __init__(self, size, pieces):
        self.size, self._pieces = size, pieces

    @classmethod
    def of(cls, x, y):
        """Of a product, element by element; one of the two may have one element only."""
        size = max(prime.length(x), prime.length(y))
        return cls(size, [(_repeated(x, size), _repeated(y, size), np.arange(size))])

    @classmethod
    def single(cls, value, size):
        """Of a value of degree t, or a public one, which is no product."""
        ones = prime.from_ints([1])
        return cls.of(_repeated(value, size), ones)

    def plus(self, other):
        """Of the sum with another vector."""
        size = max(self.size, other.size)
        one, two = self._repeated(size), other._repeated(size)
        return Factors(size, one._pieces + two._pieces)

    def times(self, weights):
        """Of the product with public numbers, a field array of one element or as many."""
        size = max(self.size, prime.length(weights))
        weights = _repeated(weights, size)
        return Factors(
            size,
            [(prime.mul(x, weights[:, own]), y, own) for x, y, own in self._repeated(size)._pieces],
        )

    def take(self, places):
        """Of the vector of these elements."""
        places, pieces = np.asarray(places), []
        for x, y, owner in self._pieces:
            order = np.argsort(owner, kind="stable")
            first = np.searchsorted(owner[order], places, "left")
            counts = np.searchsorted(owner[order], places, "right") - first
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            chosen = order[np.repeat(first, counts) + within]
            pieces.append((x[:, chosen], y[:, chosen], np.repeat(np.arange(len(places)), counts)))
        return Factors(len(places), pieces)

    def folded(self, weights, stride, count):
        """Of `count` weighted sums: element k * stride[0] + j * stride[1] goes to sum k with the
        weight j, for all j."""
        across, along = stride
        length = prime.length(weights)
        targets, places = np.divmod(np.arange(count * length), length)
        order = np.argsort(targets * across + places * along)
        target, weight = targets[order], weights[:, places[order]]
        weighted = self.times(weight)
        return Factors(count, [(x, y, target[owner]) for x, y, owner in weighted._pieces])

    def claim(self, z):
        """That these sums are what is shared by z."""
        x, y, owner = self._joined()
        return Products(x, y, z, owner=owner)

    def weighted(self, rows):
        """For each row of weights, an array of ``uint16`` of shape (rows, size), field arrays x and
        y of which the sum of all products is that of the elements, each times its weight."""
        x, y, owner = self._joined()
        weights = [prime.from_words(row[owner].astype(np.uint64)) for row in rows]
        return [(prime.mul(x, one), y) for one in weights]

    def _joined(self):
        x, y, owner = zip(*self._pieces, strict=True)
        return np.concatenate(x, axis=1), np.concatenate(y, axis=1), np.concatenate(owner)

    def _repeated(self, size):
        return self if self.size == size else self.take(np.zeros(size, int))


class Selection:
    """What is behind a `select`: the sum of long vectors, each times a number.

    Parameters
    ----------
    numbers : field array
    rows : list of field arrays of one length, the vectors
    """

    def __init__(self, numbers, rows):
        self._numbers, self._rows = numbers, rows
        self.size = prime.length(rows[0])

    def value(self, weight=1, signs=(), terms=()):
        """The sum, of degree 2t: a multiple of it, a Python integer's, plus field arrays of its
        length, each with its sign."""
        numbers = self._numbers if weight == 1 else prime.scale(self._numbers, weight)
        return prime.weighted_sum(numbers, self._rows, signs, terms)

    def weighted(self, rows):
        """As in `Factors`: a product for each vector, however long it is."""
        by_weights = np.stack(prime.small_sums(rows, self._rows)).transpose(2, 1, 0)
        return [(self._numbers, np.ascontiguousarray(one)) for one in by_weights]

    def __getattr__(self, name):
        """Whatever else is done with it: the factors, one by one."""
        numbers = [self._numbers[:, [k]] for k in range(len(self._rows))]
        products = [Factors.of(row, n) for n, row in zip(numbers, self._rows, strict=True)]
        return getattr(Factors(self.size, [p for one in products for p in one._pieces]), name)


class Origin:
    """The factors of a vector of `size` elements, found when somebody wants them: what they are
    may still wait then (`mamba.language.waiting`)."""

    def __init__(self, size, find):
        self.size, self._find, self._factors = size, find, None

    @property
    def factors(self):
        if self._find is not None:
            self._factors, self._find = self._find(), None
        return self._factors


class Origins:
    """Memory for factors, beside the words that they belong to."""

    def __init__(self):
        # From the first word on that had any: long vectors before it have none.
        self._first, self._origins, self._places = 0, np.zeros(0, object), np.zeros(0, np.int64)

    def store(self, address, origin):
        """Of words from an address on."""
        if not len(self._places):
            self._first = address
        before = max(0, self._first - address)
        behind = max(0, address + origin.size - self._first - len(self._places))
        if before or behind:
            self._first -= before
            self._origins = np.pad(self._origins, (before, behind))
            self._places = np.pad(self._places, (before, behind))
        part = slice(address - self._first, address - self._first + origin.size)
        self._origins[part], self._places[part] = origin, np.arange(origin.size)

    def load(self, address, value, degrees):
        """Of words from an address on; those of degree t are no products."""
        if not (degrees == 2).all():
            single = np.flatnonzero(degrees != 2)
            found = [(Factors.single(value[:, single], len(single)), single)]
        else:
            found = []
        by_source: dict[int, list[int]] = {}
        first = address - self._first
        for k in np.flatnonzero(degrees == 2).tolist():
            by_source.setdefault(id(self._origins[first + k]), []).append(k)
        for own in by_source.values():
            source = self._origins[first + own[0]].factors
            found.append((source.take(self._places[first + np.array(own)]), np.array(own)))
        return Factors(
            len(degrees),
            [
                (x, y, elements[owner])
                for factors, elements in found
                for x, y, owner in factors._pieces
            ],
        )


class Rows(list):
    """Vectors that are read where they stand in memory, until something else is written there."""

    def keep(self):
        """Copy them."""
        self[:] = [np.array(row) for row in self]


class Lent:
    """Which words of memory are read where they stand."""

    def __init__(self):
        self._rows: list[tuple[int, int, weakref.ref]] = []

    def lend(self, start, stop, rows):
        """These words, to `Rows`."""
        self._rows.append((start, stop, weakref.ref(rows)))

    def before_writing(self, start, stop):
        """What is lent of these words is kept elsewhere from now on."""
        still = []
        for first, last, reference in self._rows:
            rows = reference()
            if rows is not None and first < stop and start < last:
                rows.keep()
            elif rows is not None:
                still.append((first, last, reference))
        self._rows = still


def _repeated(value, size):
    return value if prime.length(value) == size else value.repeat(size, axis=1)
