"""``cint``: integers modulo p that every player knows, as a vector of `size` elements.

They are compared as numbers from -p/2 to p/2, where SCALE-MAMBA compares 64 bits of them;
remainders, shifts and logic work on the representative from 0 to p - 1, and ``/`` is division
modulo p.
"""

import numpy as np

from mamba import field as prime
from mamba.field import P
from mamba.language import bounds
from mamba.language.memory import KNOWN
from mamba.language.vectors import (
    Vector,
    comparison,
    constant,
    operator,
    read,
    repeated,
    size_of,
)
from mamba.run_error import RunError


def _quotient(a, b):
    if b == 0:
        raise RunError("division by zero")
    return a * pow(b, -1, P)


def _remainder(a, b):
    if b == 0:
        raise RunError("division by zero")
    return a % b


def _shift_left(a, places):
    return a << _checked(places)


def _shift_right(a, places):
    return a >> _checked(places)


def _checked(places):
    if places > 63:
        raise RunError(f"the shift is by 0 to 63 places, not {prime.signed_residue(places)}")
    return places


class PublicInteger(Vector):
    """``cint``; see the module."""

    degree = 1  # a constant is a polynomial too
    dealer = KNOWN
    _identity = None  # of it as the operand of a sum

    @property
    def bound(self):
        """From where to where the numbers are, see `mamba.language.bounds`."""
        return bounds.of_public(self.value)

    def __init__(self, val=0, size=None):
        val = read(0 if val is None else val)
        if isinstance(val, Vector) and not hasattr(val, "known"):
            raise RunError("a secret does not become a cint by itself; reveal() opens it")
        self.value = repeated(val, size) if isinstance(val, Vector) else constant(val, size)

    @classmethod
    def _of(cls, value, _degree=1, _dealer=KNOWN):
        result = cls.__new__(cls)
        result.value = value
        return result

    @classmethod
    def _joined(cls, vectors):
        return cls._of(np.concatenate([vector.value for vector in vectors], axis=1))

    @classmethod
    def _memory(cls):
        return cls.machine.public_memory

    def known(self):
        """The numbers as Python integers from -p/2 to p/2."""
        return prime.to_signed(self.value)

    def reveal(self):
        """The number itself: it is public."""
        return self

    # --- input and output -----------------------------------------------------------------------

    @classmethod
    def public_input(cls, channel=0, size=1):
        """The next words of every player's input, which must be the same for all."""
        return cls._of(cls.machine.input_publicly(size_of(size)))

    def public_output(self, channel=0):
        """Tell the values to every player on a channel; channel 1 is the input check's."""
        self.machine.output_publicly(self.value, channel)

    def print_reg(self, comment=""):
        """Print the values on player 0."""
        self.machine.print(str(self))

    print_reg_pl = print_reg

    def __str__(self):
        return "".join(map(str, self.known()))

    # --- arithmetic -----------------------------------------------------------------------------

    def _linear(self, a, other, b):
        other = self._operand(other)
        if isinstance(other, self.types.sint):
            return other._linear(b, self, a)
        return super()._linear(a, other, b)

    def _operand(self, other):
        other = read(other)
        if isinstance(other, int):
            other = type(self)(other)
        if isinstance(other, self.types.regint):
            return NotImplemented  # it wins
        if not isinstance(other, Vector):
            return NotImplemented
        self._check_sizes(other)
        return other

    def __mul__(self, other):
        if isinstance(other, int):
            return self._of(prime.scale(self.value, other))
        other = self._operand(other)
        if isinstance(other, self.types.sint):
            return other * self
        return other if other is NotImplemented else self._of(prime.mul(self.value, other.value))

    __rmul__ = __mul__

    __truediv__, __rtruediv__ = operator(_quotient), operator(_quotient, True)
    __mod__, __rmod__ = operator(_remainder), operator(_remainder, True)
    __and__ = __rand__ = operator(int.__and__)
    __or__ = __ror__ = operator(int.__or__)
    __xor__ = __rxor__ = operator(int.__xor__)
    __rlshift__, __rrshift__ = operator(_shift_left, True), operator(_shift_right, True)

    def __lshift__(self, other):
        return self._each(other, int.__lshift__ if isinstance(other, int) else _shift_left)

    def __rshift__(self, other):
        return self._each(other, int.__rshift__ if isinstance(other, int) else _shift_right)

    def __rpow__(self, base):
        if base != 2:
            raise RunError("a public exponent has the base 2; 2**x, or x**3")
        return 1 << self

    def __invert__(self):
        power = 2**self.machine.lengths.bit_length
        return self._of(prime.from_ints([~v + power for v in prime.to_ints(self.value)]))

    def _each(self, other, function, backwards=False):
        """A function of Python integers from 0 to p - 1, element by element."""
        other = self._operand(other)
        if other is NotImplemented or not hasattr(other, "known"):
            return NotImplemented
        size = max(self.size, other.size)
        a, b = (prime.to_ints(repeated(v, size)) for v in (self, other))
        pairs = zip(b, a, strict=True) if backwards else zip(a, b, strict=True)
        return self._of(prime.from_ints([function(x, y) for x, y in pairs]))

    # --- comparison -----------------------------------------------------------------------------

    def _compared(self, other, name):
        other = read(other)
        if isinstance(other, Vector) and not hasattr(other, "known"):
            return NotImplemented
        if not isinstance(other, (int, Vector)):
            return self.unequal(other) if name in ("__eq__", "__ne__") else NotImplemented
        size = max(self.size, getattr(other, "size", 1))
        sides = (v.known() if isinstance(v, Vector) else [v] for v in (self, other))
        left, right = (v * size if len(v) == 1 else v for v in sides)
        holds = [getattr(x, name)(y) for x, y in zip(left, right, strict=True)]
        return self.types.regint._joined([self.types.regint(int(bit)) for bit in holds])

    __eq__, __ne__ = comparison("__eq__"), comparison("__ne__")
    __lt__, __gt__ = comparison("__lt__"), comparison("__gt__")
    __le__, __ge__ = comparison("__le__"), comparison("__ge__")
    __hash__ = Vector.__hash__  # none: Python forgets it where __eq__ is defined

    def greater_than(self, other, bit_length=None):
        """1 where this is larger than `other`, else 0."""
        return self > other

    # --- bits -----------------------------------------------------------------------------------

    def mod2m(self, exponent, bit_length=None, signed=None):
        """The remainder modulo 2^exponent."""
        return self % 2**exponent

    def right_shift(self, places, bit_length=None):
        """The number without its lowest bits."""
        return self >> places

    def pow2(self, bit_length=None):
        """2 to the power of this number."""
        return 2**self

    def bit_decompose(self, bit_length=None):
        """Its lowest bits, the lowest first, a cint each."""
        count = self.machine.lengths.bit_length if bit_length is None else bit_length
        return [(self >> place) % 2 for place in range(count)]

    def legendre(self):
        """The Legendre symbol of the number modulo p: 1, 0 or -1."""
        half = (P - 1) // 2
        return self._of(prime.from_ints([pow(v, half, P) for v in prime.to_ints(self.value)]))
