"""Sums over whole vectors, or equal runs of one, that stand one after another.

Each of these words is one matrix product where a program of additions and multiplications would
take thousands of steps. Only embedded players know them; ``mamba/parts/portable.mpc`` says the same
in MAMBA. Nothing here sends, but for what an operand needs: the sharings of sums of products are of
degree 2t, as those of any product.
"""

from functools import lru_cache, reduce
from math import factorial

from mamba import field as prime
from mamba.field import P
from mamba.language.bounds import Bound, combined
from mamba.language.memory import joint_dealer
from mamba.language.values import SharedInteger
from mamba.language.vectors import address_of, integer, size_of
from mamba.run_error import RunError

MOST_VECTORS = 4096  # of a weighted sum: more would not be exact in floating point


class VectorSums:
    """The words, for a program whose secrets are of the type `secret`."""

    def __init__(self, secret):
        self._secret, self._machine = secret, secret.machine

    def names(self):
        """The words by their names."""
        words = (self.squared_distances, self.select, self.project)
        return {word.__name__: word for word in words}

    def squared_distances(self, array, count, length, couples):
        """The squared Euclidean distances of these couples (i, j) of `count` vectors of `length`
        words: |a - b|^2 = <a, a> + <b, b> - 2 <a, b>, from one Gram matrix."""
        count = size_of(count)
        if any(not 0 <= i < count for couple in couples for i in couple):
            raise RunError(f"a couple is two of the vectors 0 to {count - 1}")
        rows = self._rows(array, count, length)
        words = self._machine.memory.bound(address_of(array.address), count * size_of(length))
        bound = combined(lambda word: (word - word).squared().times(length), words)
        if not self._machine.holds_shares:
            return self._secret._sized(len(couples)).within(bound)
        gram = prime.gram(rows)
        sums = [gram[i][i] + gram[j][j] - 2 * gram[i][j] for i, j in couples]
        measured = self._secret._measured(prime.from_ints(sums), rows, list(couples))
        return measured.within(bound)

    def select(self, numbers, array, count, length, start=0, size=None):
        """Of the sum of `count` vectors of `length` words, each times its number of the array
        `numbers`, the `size` words from `start` on. Where one number is 1 and all others are 0,
        that is one of the vectors, and nobody knows which."""
        count = size_of(count)
        if count > MOST_VECTORS:
            raise RunError(f"{count} vectors are more than the {MOST_VECTORS} of a select")
        start, size = integer(start), size_of(length if size is None else size)
        numbers = self._secret.load_mem(numbers.address, size=count)
        self._secret._reduce(numbers)
        rows = self._rows(array, count, length, start, size)
        address, length = address_of(array.address) + start, size_of(length)
        places = (address + i * length for i in range(1, count))
        words = self._machine.memory.bound(address, size, *places)
        product = combined(Bound.__mul__, numbers.bound, words)
        bound = combined(lambda one: one.times(count), product)
        if not self._machine.holds_shares:
            return self._secret._sized(size).within(bound)
        return self._secret._selected(numbers.value, rows).within(bound)

    def _rows(self, array, count, length, start=0, size=None):
        """Of each vector the `size` words from `start` on, as field arrays of degree t."""
        address, length = address_of(array.address) + start, size_of(length)
        size = length if size is None else size
        self._machine.flush_inputs()
        if not self._machine.holds_shares:
            return []
        places = [address + i * length for i in range(count)]
        rows = [self._machine.memory.look(place, size) for place in places]
        if all(degree == 1 for _, degree, _ in rows):
            return self._machine.memory.lend(places, [value for value, _, _ in rows])
        vectors = [self._secret.load_mem(place, size=size) for place in places]
        self._secret._reduce(*vectors)
        return [vector.value for vector in vectors]

    def project(self, seed, address, length, count, centre):
        """Sums of `count` vectors of `length` words, from `address` on: a ``sint`` with 64 sums of
        the first vector, then of the next. The coefficients follow from a ``cint``; see
        `mamba.projections`. For the check of the clients' inputs."""
        (seed,), address = seed.known(), int(address)
        shares, dealer = self._machine.project(seed % P, address, length, count, centre)
        return self._secret._of(shares, 1, dealer)


def inner(vector, weights, count):
    """Inner products of `count` equally long runs of a vector with a ``cint`` of that length."""
    if vector.size != weights.size * count:
        raise RunError(
            f"{vector.size} elements are not {count} runs of {weights.size} elements each"
        )
    if isinstance(vector, SharedInteger) and not vector.machine.holds_shares:
        return vector.inner(count).within(_bound_of_inner(vector, weights))
    value = prime.inner_products(vector.value, weights.value, weights.size)
    dealer = vector.dealer
    if not isinstance(dealer, int):
        words = dealer.reshape(count, -1).T
        dealer = words[0] if (words == words[0]).all() else reduce(joint_dealer, words)
    result = vector._of(value, vector.degree, dealer)
    if result.degree == 2:
        result = result._note_folded(vector, weights.value, (weights.size, 1), count)
    return result.within(_bound_of_inner(vector, weights)) if hasattr(vector, "within") else result


def _bound_of_inner(vector, weights):
    product = combined(Bound.__mul__, vector.bound, weights.bound)
    return combined(lambda bound: bound.times(weights.size), product)


def powers_of(base, count):
    """1, base, base^2, ...: a ``cint`` of `count` elements."""
    (number,) = prime.to_ints(base.value)
    result = [1]
    for _ in range(count - 1):
        result.append(result[-1] * number % P)
    return base._of(prime.from_ints(result))


def lagrange(point, last):
    """Lagrange's weights, a ``cint``: times the values of a polynomial of degree `last` at 0, 1,
    ..., last, they add up to its value at the point."""
    (x,) = prime.to_ints(point.value)
    before, after = [1], [inverse_factorial(last)]
    for k in range(last):
        before.append(before[-1] * (x - k) % P)
        after.append(after[-1] * (last - k - x) % P)
    weights, binomial = [], 1  # last! / (k! (last - k)!)
    for k in range(last + 1):
        weights.append(before[k] * after[last - k] % P * binomial)
        binomial = binomial * (last - k) // (k + 1)
    return point._of(prime.from_ints(weights))


@lru_cache
def inverse_factorial(number):
    """1 / number! modulo p."""
    return pow(factorial(number), -1, P)
