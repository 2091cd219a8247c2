"""How ``sint`` is compared, with another or with all others of a table.

What is compared is a difference, of so many bits as the program says or as its numbers may need
(`mamba.language.lengths`). A comparison waits until somebody wants its result, and is then found
together with all others that wait (`mamba.language.waiting`).
"""

from mamba import comparison
from mamba.language.bounds import BIT, Bound, bound_of, combined
from mamba.language.vectors import Vector, integer, read
from mamba.masks import Demand
from mamba.run_error import RunError


class Comparisons:
    """The part of `mamba.language.values.SharedInteger` that compares."""

    def less_than(self, other, bit_length=None, security=None):
        """1 where this is smaller than `other`, else 0.

        Parameters
        ----------
        other : sint, cint or int
        bit_length : int, optional
            Bits of either number, and of their difference, its sign included; 65 when not given.
        security : int, optional
            Statistical security in bits; 40 when not given.
        """
        other = self._comparable(other)
        if other is NotImplemented:
            return NotImplemented
        return self._compare_later(comparison.less_than_zero, other, bit_length, security)

    def smallest(self, columns, most, bit_length=None, security=None):
        """1 for each of the `most` smallest elements of every column, else 0: see `smallest`."""
        self._reduce(self)
        bits, security = self._lengths(bit_length, security, self.bound)
        table = comparison.tabulate(self.value, columns, most)
        demand = Demand(table.numbers.shape[1], bits, security, self.size)
        return self._compare(comparison.smallest_among, table, demand).within(BIT)

    def _comparable(self, other):
        """The other operand of a comparison; NotImplemented where it is for `other` to compare."""
        other = read(other)
        return other if isinstance(other, (int, Vector)) else NotImplemented

    def _lengths(self, bit_length, security, *bounds):
        """How many bits numbers with these bounds are looked at with, and the security of it."""
        security = security or self.machine.security
        of = self.machine.lengths.of
        return max(of(bound, bit_length, security) for bound in bounds), security

    def _compare_later(self, protocol, other, bit_length, security):
        """What a protocol says of the difference of two numbers, found when somebody wants it."""
        other = self._operand(other)
        self.machine.flush()  # inputs are there then, on all players
        bits, security = self._lengths(bit_length, security, *when_compared(self, other))
        Demand(1, bits, security, 1).check(self.machine.protocols.threshold)  # here, not later
        result = self._later(max(self.size, other.size)).within(BIT)
        self.machine.waiting.compare(result, protocol, self, other, bits, security)
        return result

    def _compare(self, protocol, operands, demand):
        self.machine.flush()
        return self._of(self.machine.compare(protocol, operands, demand))

    def greater_than(self, other, bit_length=None, security=None):
        """1 where this is larger than `other`, else 0."""
        other = self._comparable(other)
        if other is NotImplemented:
            return NotImplemented
        return (-self).less_than(-other, bit_length, security)

    def less_equal(self, other, bit_length=None, security=None):
        """1 where this is not larger than `other`, else 0."""
        return _negated(self.greater_than(other, bit_length, security))

    def greater_equal(self, other, bit_length=None, security=None):
        """1 where this is not smaller than `other`, else 0."""
        return _negated(self.less_than(other, bit_length, security))

    def equal(self, other, bit_length=None, security=None):
        """1 where the two are equal, else 0."""
        other, given = self._comparable(other), other
        if other is NotImplemented:
            return self.unequal(given)
        bits = bit_length and bit_length + 1
        return self._compare_later(comparison.equal_to_zero, other, bits, security)

    def not_equal(self, other, bit_length=None, security=None):
        """1 where the two differ, else 0."""
        return _negated(self.equal(other, bit_length, security))

    __lt__, __gt__, __le__, __ge__ = less_than, greater_than, less_equal, greater_equal
    __eq__, __ne__ = equal, not_equal
    __hash__ = Vector.__hash__


def smallest(vector, columns, most, bit_length=None, security=None):
    """1 for each of the `most` smallest elements of every column, else 0, of a table that a
    ``sint`` holds row by row. Of equal elements, that of the earlier row is the smaller one."""
    columns, most, rows = integer(columns), integer(most), vector.size // max(1, integer(columns))
    if columns < 1 or rows * columns != vector.size or rows < 2 or not 0 < most < rows:
        raise RunError(
            f"the {most} smallest of each of {columns} columns: {vector.size} elements are no "
            "such table, of more rows than are wanted"
        )
    return vector.smallest(columns, most, bit_length, security)


def when_compared(one, other):
    """Bounds of what is opened under a mask when two numbers are compared: their difference or,
    where they are in several comparisons, each of them. Not joined: what is too long for certain
    would hide behind what is not."""
    bounds = bound_of(one), bound_of(other)
    return combined(Bound.__sub__, *bounds), *bounds


def _negated(bit):
    return NotImplemented if bit is NotImplemented else 1 - bit
