"""How large the numbers of a program may be, which all players know before there are any.

A comparison looks at so many bits, and says anything of a number that is longer. What a ``sint`` is
computed from tells how long it may be: constants, bits, and inputs, which are words from 0 to some
B that nobody but their owner knows. So a bound is a polynomial in B with public coefficients. With
B = 2^64 - 1 it says how long a comparison must be to be right whatever is input. Where that is too
long, it says the largest B for which it is right, and every player sees for itself that its own
inputs are not larger.

The bounds hold for players that follow the program. They follow no value through a division modulo
p, or through what the compiler's functions in C++ do: there nothing is known, and nothing is
checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from itertools import zip_longest
from math import ceil, floor, lcm

import numpy as np

from mamba import field as prime
from mamba.field import P, signed_residue

LARGEST_WORD = 2**64 - 1  # that can be input
_DEGREE = 127  # from here on 2^degree does not fit the field: higher powers are counted as this one


@dataclass(frozen=True)
class Bound:
    """Numbers from low[0] - low[1] B - low[2] B^2 - ... to high[0] + high[1] B + high[2] B^2 + ...

    Attributes
    ----------
    low, high : tuple of numbers
        All but the first are not negative; the first are integers.
    sources : tuple of (int, int)
        The lines of the program, by number, whose inputs these come from, and for each how many
        factors a product has at most that one of its inputs is a factor of.
    """

    low: tuple = (0,)
    high: tuple = (0,)
    sources: tuple = ()

    @classmethod
    def between(cls, low, high):
        """Of public numbers."""
        return cls((low,), (high,))

    @property
    def range(self):
        """(lowest, highest) whatever is input."""
        return self.at(LARGEST_WORD if self.sources else 0)

    def at(self, largest):
        """(lowest, highest) when the largest input is this one."""
        low, high = (
            first + sign * sum(c * largest**k for k, c in enumerate(rest, 1))
            for sign, (first, *rest) in ((-1, self.low), (1, self.high))
        )
        return floor(low), ceil(high)

    @cached_property
    def bits(self):
        """How many bits, sign included, hold these numbers, whatever is input."""
        return _bits(*self.range)

    def largest_inputs(self, low, high):
        """For each source how large its inputs may be so that the numbers are from `low` to `high`;
        None if there is no such size.

        All products may be as large as some T then. One of m factors is, when each of them is at
        most the root of T whose order is the largest m of its source.
        """
        most = [
            room // sum(rest) if any(rest) else LARGEST_WORD ** (_DEGREE + 1)
            for room, rest in (
                (self.low[0] - low, self.low[1:]),
                (high - self.high[0], self.high[1:]),
            )
        ]
        if self.low[0] < low or self.high[0] > high:
            return None
        return {source: _root(min(most), order) for source, order in self.sources}

    def __neg__(self):
        return Bound((-self.high[0], *self.high[1:]), (-self.low[0], *self.low[1:]), self.sources)

    def __add__(self, other):
        sources = _merged(self.sources, other.sources)
        return Bound(_sum(self.low, other.low), _sum(self.high, other.high), sources)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        if not self.sources and not other.sources:
            ends = [a * b for a in self.low + self.high for b in other.low + other.high]
            return Bound((min(ends),), (max(ends),))
        sources = _merged(
            _raised(self.sources, other._degree), _raised(other.sources, self._degree)
        )
        (below, above), (below_other, above_other) = self._sizes, other._sizes
        low = _largest(_times(below, above_other), _times(above, below_other))
        high = _largest(_times(above, above_other), _times(below, below_other))
        return Bound((-low[0], *low[1:]), high, sources)

    def squared(self):
        """Of the squares of the numbers."""
        below, above = self._sizes
        sources = _raised(self.sources, self._degree)
        return Bound((0,), _largest(_times(above, above), _times(below, below)), sources)

    def times(self, count):
        """Of the sum of so many such numbers, or of a multiple."""
        return self * Bound.between(count, count)

    def joined(self, other):
        """Of numbers that are within one of two bounds."""
        low = (min(self.low[0], other.low[0]), *_largest(self.low[1:], other.low[1:]))
        high = (max(self.high[0], other.high[0]), *_largest(self.high[1:], other.high[1:]))
        return Bound(low, high, _merged(self.sources, other.sources))

    def shifted(self, places):
        """Of the numbers divided by 2^places, whatever way they are rounded."""
        low, high = (
            tuple(Fraction(c, 1 << places) for c in ends) for ends in (self.low, self.high)
        )
        return Bound((floor(low[0]), *low[1:]), (ceil(high[0]), *high[1:]), self.sources)

    @property
    def _degree(self):
        return max(len(self.low), len(self.high)) - 1

    @property
    def _sizes(self):
        """Polynomials that the numbers are not below the negative of, and not above."""
        return (max(0, -self.low[0]), *self.low[1:]), (max(0, self.high[0]), *self.high[1:])


BIT = Bound.between(0, 1)


def of_input(source):
    """The bound of what is input, for the number of its line."""
    return Bound((0,), (0, 1), ((source, 1),))


@lru_cache(maxsize=4096)
def constant(number):
    """The bound of one number."""
    return Bound.between(number, number)


def combined(operation, *bounds):
    """An operation on bounds; None where one of them is not known."""
    return None if None in bounds else operation(*bounds)


def _bits(low, high):
    return 1 + max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0)


def _root(number, order):
    """The largest integer whose power of this order is not above a number."""
    low, high = 0, 1 << number.bit_length() // order + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**order <= number else (low, middle)
    return low


def _raised(sources, by):
    return tuple((source, order + by) for source, order in sources) if by else sources


@lru_cache(maxsize=4096)
def _merged(a, b):
    if not a or a == b:
        return b
    orders = dict(a)
    for source, order in b:
        orders[source] = max(order, orders.get(source, 0))
    return tuple(sorted(orders.items()))


def _sum(a, b):
    return tuple(x + y for x, y in zip_longest(a, b, fillvalue=0))


def _largest(a, b):
    return tuple(max(x, y) for x, y in zip_longest(a, b, fillvalue=0))


def _times(a, b):
    a, scale = _scaled(a)
    b, other_scale = _scaled(b)
    scale *= other_scale
    result = [0] * min(len(a) + len(b) - 1, _DEGREE + 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[min(i + j, _DEGREE)] += x * y
    return tuple(Fraction(c, scale) if c % scale else c // scale for c in result)


def _scaled(coefficients):
    """The integers that these are a fraction of, and that number: a Fraction reduces whatever it
    adds or multiplies, which takes most of a division of numbers with a point."""
    scale = lcm(*(c.denominator for c in coefficients))
    return [c.numerator * (scale // c.denominator) for c in coefficients], scale


class Tracked:
    """What a ``sint`` knows of its numbers: on every player, whether it holds shares or not."""

    bound: Bound | None = None
    _identity: object = None
    _between: tuple | None = None  # (its bounds' hull, and the identities) of a difference x - y,
    # and of such a difference times a bit: y plus that, or x minus that, is x or y

    def within(self, bound):
        """This vector, of which the bound is known now, or None."""
        self.bound = bound
        return self

    def _track_sum(self, result, a, other, b):
        """`result` is a times this and b times another number, a and b being 1 or -1."""
        mine, its = self.bound, bound_of(other)
        if mine is None or its is None:
            return result
        (left, right) = ((self, mine), (other, its))
        if a == 1 == b:
            result.bound = mine + its
            for (number, _), (part, _) in ((left, right), (right, left)):
                if between := getattr(part, "_between", None):
                    if _identity_of(number) == between[2]:
                        result.bound = between[0]
            return result
        (minuend, x), (subtrahend, y) = (left, right) if a == 1 else (right, left)
        result.bound = x - y
        between = getattr(subtrahend, "_between", None)
        if between and _identity_of(minuend) == between[1]:
            result.bound = between[0]
        else:
            result._between = x.joined(y), _identity_of(minuend), _identity_of(subtrahend)
        return result

    def _track_product(self, result, other):
        """`result` is this times another number."""
        mine, its = self.bound, bound_of(other)
        if mine is None or its is None:
            return result
        result.bound = mine.squared() if self is other else mine * its
        for factor, part in ((mine, other), (its, self)):
            if (factor.low, factor.high) == (BIT.low, BIT.high):
                result._between = getattr(part, "_between", None) or result._between
        return result


def bound_of(number):
    """Of a value of the language, or an integer."""
    return constant(signed_residue(number % P)) if isinstance(number, int) else number.bound


def joint(vectors):
    """The bound of all elements of some vectors."""
    found = {vector.bound for vector in vectors}
    return combined(lambda *several: reduce(Bound.joined, several), *found)


def _identity_of(number):
    if isinstance(number, int):
        return number
    if number._identity is None:
        number._identity = object()
    return number._identity


# Of numbers modulo p, and of more than 116 bits on either side of 0: too long for any comparison.
_LONG = Bound.between(-(prime.P // 2), prime.P // 2)


def of_public(array):
    """Of a field array that everybody knows: exact for few numbers, else by their length."""
    top = array[3]
    if ((top >= 2**20) & (top < 2**31 - 2**20)).any():  # a coin is among them, or what came of it
        return _LONG
    if prime.length(array) <= 64:
        values = prime.to_signed(array)
        return Bound.between(min(values), max(values))
    negative = array[3] >= 2**30
    sizes = np.where(negative, prime.neg(array), array)
    limb = next((k for k in (3, 2, 1, 0) if sizes[k].any()), 0)
    most = 2 ** (32 * limb + int(sizes[limb].max()).bit_length()) - 1
    return Bound.between(-most if negative.any() else 0, most)
