"""A sum of long vectors, each times a number, computed portion by portion when it is wanted.

Vectors of ten million elements fill most of a player's memory, and what is computed of them need
not be there as a whole: to compute it twice takes a second. `mamba.product_check` takes such a sum
for both sides of an inner product; a result is computed while it is hidden and sent (`Pieces`).
"""

import numpy as np

from mamba import field

LONG = 1 << 17  # elements from which on it pays
_PORTION = 1 << 14  # columns of every block that are computed at once


class LongSum:
    """Sum of weights[i] * vectors[i].

    Parameters
    ----------
    weights : field array
    vectors : list of field arrays of one length
    length : int, optional
        Longer than the vectors, where zeros stand behind.

    Attributes
    ----------
    shape : (int, int)
        As that of a field array.
    """

    def __init__(self, weights, vectors, length=None):
        self._weights, self._vectors = weights, vectors
        self.shape = 4, field.length(vectors[0]) if length is None else length

    def columns(self, start, stop):
        """These elements, as a field array."""
        some = [vector[:, start:stop] for vector in self._vectors]
        found = field.weighted_sum(self._weights, some)
        missing = stop - start - field.length(found)
        return np.pad(found, ((0, 0), (0, missing))) if missing else found

    def padded(self, k):
        """The same with zeros behind, so that it can be cut into k blocks."""
        length = field.length(self)
        return LongSum(self._weights, self._vectors, length + -length % k)

    def products(self, k):
        """The inner products of any two of its k blocks, as `mamba.field.inner_products`."""
        total = field.zeros(k * k)
        for part, blocks in self._blocks(k):
            some = np.concatenate(blocks, axis=1)
            total = field.add(total, field.inner_products(some, some, part.stop - part.start))
        return total

    def folded(self, weights):
        """The sum of its blocks, each times one of these numbers."""
        k = field.length(weights)
        result = field.zeros(field.length(self) // k)
        for part, blocks in self._blocks(k):
            result[:, part] = field.weighted_sum(weights, blocks)
        return result

    def _blocks(self, k):
        """Of a few columns after the other, those of every block."""
        run = field.length(self) // k
        for start in range(0, run, _PORTION):
            stop = min(run, start + _PORTION)
            yield (
                slice(start, stop),
                [self.columns(a * run + start, a * run + stop) for a in range(k)],
            )


class Pieces:
    """Shares one after the other, some of them sums that are computed when they are wanted.

    Parameters
    ----------
    pieces : list of field arrays, or of objects like `mamba.language.factors.Selection`
        The latter have a `size`, and a `value` as this class has it.

    Attributes
    ----------
    shape : (int, int)
        As that of a field array.
    """

    def __init__(self, pieces):
        self._pieces = pieces
        self._sizes = [p.size if hasattr(p, "value") else field.length(p) for p in pieces]
        self.shape = 4, sum(self._sizes)

    def value(self, weight=1, signs=(), terms=()):
        """A multiple of them, a Python integer's, plus further field arrays, each with its sign, 1
        or -1: all in one, since what is long is reduced modulo p only once then."""
        found, start = [], 0
        for piece, size in zip(self._pieces, self._sizes, strict=True):
            some = [term[:, start : start + size] for term in terms]
            start += size
            if hasattr(piece, "value"):
                found.append(piece.value(weight, signs, some))
            elif weight == 1 and not signs:
                found.append(piece)
            else:
                found.append(field.combine([weight, *signs], [piece, *some]))
        return found[0] if len(found) == 1 else np.concatenate(found, axis=1)
