"""Consecutive words of memory: ``Array``, ``Matrix`` and ``MultiArray``, as in ``sint.Array(5)``.

An element is loaded when it is read and stored when it is assigned, so a function may change it,
where it could not change a Python name. An index may be a ``regint``. A slice is a copy.

SCALE-MAMBA checks no index that is known only when the players run, and takes slices whose bounds
are negative or outside for other words of memory; here each of these is a `RunError`.
"""

from math import prod

from mamba.language.vectors import Operand, Vector, integer, told
from mamba.run_error import RunError


class Array:
    """`length` consecutive words of memory.

    Parameters
    ----------
    length : int or None
        None for an array at a given address whose length nobody knows.
    value_type : type or str
        ``sint``, ``cint``, ``regint``, ``sfix`` or ``cfix``, or a letter, s, c or r.
    address : int, optional
        Where it stands; new words are taken without it.
    """

    def __init__(self, length, value_type, address=None):
        self.value_type = self._type_of(value_type)
        self.length = None if length is None else _length(length)
        if address is None:
            address = self.value_type._memory().allocate(self.length)
        self.address = integer(address)

    @classmethod
    def _type_of(cls, value_type):
        if isinstance(value_type, str):
            value_type = cls.letters.get(value_type, value_type)
        if not (isinstance(value_type, type) and hasattr(value_type, "_memory")):
            raise RunError(
                f"an Array holds sint, cint, regint, sfix or cfix, not {told(value_type)}"
            )
        return value_type

    def __getitem__(self, index):
        if isinstance(index, slice):
            start, stop, step = self._bounds(index)
            return self._copy([self.address + i for i in range(start, stop, step)], step == 1)
        return self.value_type.load_mem(self.get_address(index))

    def _copy(self, addresses, together):
        result = type(self)(len(addresses), self.value_type)
        if together:
            values = self.value_type.load_mem(addresses[0], size=len(addresses))
            values.store_in_mem(result.address)
        else:
            for place, address in enumerate(addresses):
                self.value_type.load_mem(address).store_in_mem(result.address + place)
        return result

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            places = range(*self._bounds(index))
            if isinstance(value, (Array, Vector, list, tuple)) and len(value) < len(places):
                raise RunError(f"{len(value)} values do not fill a slice of {len(places)}")
            for source, place in enumerate(places):
                self[place] = value[source]
            return
        value, address = self.value_type.conv(value), self.get_address(index)
        if self.length is not None and address - self.address + value.size > self.length:
            raise RunError(
                f"a vector of {value.size} elements does not fit at index {integer(index)} of an "
                f"Array of {self.length}"
            )
        value.store_in_mem(address)

    def get_address(self, index):
        """Address of an element; a negative Python integer counts from the end."""
        place = integer(index)
        if self.length is None:
            return self.address + place
        if isinstance(index, int) and place < 0:
            place += self.length
        if not 0 <= place < self.length:
            raise RunError(f"index {integer(index)} is outside an Array of {self.length} elements")
        return self.address + place

    def _bounds(self, index):
        if self.length is None and index.stop is None:
            raise RunError("a slice of an Array of unknown length needs an end")
        start, stop = integer(index.start or 0), integer(index.stop or self.length)
        step = integer(index.step or 1)
        if start < 0 or step < 1 or stop <= start or stop > (self.length or stop):
            raise RunError(
                f"a slice of an Array of {self.length} elements has bounds from 0 to that, a step "
                f"from 1 on, and is not empty: not {start}:{stop}:{step}"
            )
        return start, stop, step

    def __len__(self):
        if self.length is None:
            raise RunError("nobody knows the length of this Array")
        return self.length

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __contains__(self, _value):
        raise RunError("what an Array contains is known only when the players run")

    def assign(self, other):
        """Set the elements, from the first on, to those of an Array, a vector or any iterable."""
        if isinstance(other, Array):
            whole = other.value_type.load_mem(other.get_address(0), size=min(len(self), len(other)))
            if len(other) < len(self):
                raise RunError(
                    f"an Array of {len(other)} elements cannot be assigned to one of {len(self)}"
                )
            self[0] = whole
        elif isinstance(other, Vector):
            if len(other) != len(self):
                raise RunError(
                    f"a vector of {len(other)} elements is not assigned to an Array of {len(self)}"
                )
            self[0] = other
        else:
            for place, value in enumerate(other):
                self[place] = value
        return self

    def assign_all(self, value):
        """Set every element to one value."""
        value = self.value_type.conv(value)
        self.value_type(value, size=len(self)).store_in_mem(self.address)
        return self

    def delete(self):
        """Give the words back: nothing to do here."""


class Matrix:
    """Rows of equal length, each an `Array`, one after the other in memory."""

    def __init__(self, rows, columns, value_type, address=None):
        self.rows, self.columns = _length(rows), _length(columns)
        array = self.array_type(self.rows * self.columns, value_type, address)
        self.value_type, self.address = array.value_type, array.address

    def __getitem__(self, index):
        row = _within(index, self.rows, "a Matrix of {} rows")
        return self.array_type(self.columns, self.value_type, self.address + row * self.columns)

    def __len__(self):
        return self.rows

    def __iter__(self):
        raise RunError("SCALE-MAMBA cannot iterate over a Matrix; take range(len(matrix))")

    def assign_all(self, value):
        """Set every element to one value."""
        self.array_type(self.rows * self.columns, self.value_type, self.address).assign_all(value)
        return self


class MultiArray:
    """An array of arrays of ... arrays: `sizes` has the length of each level."""

    def __init__(self, sizes, value_type, address=None):
        self.sizes = [_length(size) for size in sizes]
        if len(self.sizes) < 2 and address is None:
            raise RunError("a MultiArray has two sizes or more; with one it is an Array")
        array = self.array_type(prod(self.sizes), value_type, address)
        self.value_type, self.address = array.value_type, array.address

    def __getitem__(self, index):
        place = _within(index, self.sizes[0], "a MultiArray of {} parts")
        rest = self.sizes[1:]
        address = self.address + place * prod(rest)
        if len(rest) == 1:
            return self.array_type(rest[0], self.value_type, address)
        return type(self)(rest, self.value_type, address)

    def __iter__(self):
        raise RunError("SCALE-MAMBA cannot iterate over a MultiArray; count its index")


def typed(array, matrix, multi_array, value_type):
    """Let ``value_type.Array(length)`` and its like make arrays of that type."""
    value_type.Array = lambda length, address=None: array(length, value_type, address)
    value_type.Matrix = lambda rows, columns, address=None: matrix(
        rows, columns, value_type, address
    )
    if multi_array is not None:
        value_type.MultiArray = lambda sizes: multi_array(sizes, value_type)


def _length(length):
    if not isinstance(length, int):
        kind = type(length).__name__ if isinstance(length, Operand) else told(length)
        raise RunError(f"how long an Array is, is a Python integer, not {kind}")
    if length < 1:
        raise RunError(f"an Array has at least one element, not {length}")
    return length


def _within(index, count, what):
    place = integer(index)
    if not 0 <= place < count:
        raise RunError(f"index {place} is outside {what.format(count)}")
    return place
