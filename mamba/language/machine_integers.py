"""``regint``: integers of 64 bits that every player knows, as a vector of `size` elements.

They count loops and are addresses. They wrap around at 64 bits, and division cuts towards zero, as
in the C++ of SCALE-MAMBA. What is computed of a ``regint`` and a ``cint`` is a ``regint``.
"""

import numpy as np

from mamba import field as prime
from mamba.language.bounds import Bound
from mamba.language.memory import KNOWN
from mamba.language.vectors import Vector, constant, integer, operator, read, size_of
from mamba.run_error import RunError


def _divide(a, b):
    if (b == 0).any():
        raise RunError("division by zero")
    quotient = a // b
    return quotient + ((a % b != 0) & ((a < 0) != (b < 0)))  # cut towards zero


def _remainder(a, b):
    return a - _divide(a, b) * b


def _shift_left(a, b):
    return np.left_shift(a, _checked(b))


def _shift_right(a, b):
    return np.right_shift(a, _checked(b))


def _checked(places):
    if ((places < 0) | (places > 63)).any():
        raise RunError("a regint is shifted by 0 to 63 places")
    return places


class MachineInteger(Vector):
    """``regint``; see the module."""

    quotients = "/ of two regint divides and cuts towards zero"
    degree = 1
    dealer = KNOWN

    def __init__(self, val=0, size=None):
        val = read(0 if val is None else val)
        if isinstance(val, Vector):
            words = self._words_of(val)
            self.words = words.repeat(size_of(size)) if len(words) == 1 else words
        else:
            constant(val, 1)
            self.words = np.full(size_of(size), wrapped(val), np.int64)

    @classmethod
    def _of_words(cls, words):
        result = cls.__new__(cls)
        result.words = words
        return result

    @classmethod
    def _of(cls, value, _degree=1, _dealer=KNOWN):
        return cls._of_words(np.array([wrapped(v) for v in prime.to_signed(value)], np.int64))

    @classmethod
    def _joined(cls, vectors):
        return cls._of_words(np.concatenate([vector.words for vector in vectors]))

    @classmethod
    def _memory(cls):
        return cls.machine.integer_memory

    @property
    def value(self):
        """The same numbers modulo p, as a field array."""
        return prime.from_ints(self.words.tolist())

    @property
    def size(self):
        return len(self.words)

    @property
    def bound(self):
        """From where to where the numbers are, see `mamba.language.bounds`."""
        return Bound.between(int(self.words.min()), int(self.words.max()))

    def known(self):
        """The numbers as Python integers."""
        return self.words.tolist()

    def _element(self, place):
        return self._of_words(self.words[place : place + 1].copy())

    def reveal(self):
        """The number itself: it is public."""
        return self

    def public_output(self, channel=0):
        """Tell the values to every player on a channel."""
        self.types.cint(self).public_output(channel)

    def print_reg(self, comment=""):
        """Print the values on player 0."""
        self.machine.print(str(self))

    def __str__(self):
        return "".join(map(str, self.known()))

    @classmethod
    def get_random(cls, bit_length, size=1):
        """Random numbers of so many bits, which nobody knew before and all players know now."""
        bits = integer(bit_length)
        if bits == 0:
            return cls(0, size=size)
        return cls(cls.types.sint.get_random_int(bits, size=size).reveal())

    @classmethod
    def public_input(cls, channel=0, size=1):
        """The next words of every player's input, which must be the same for all."""
        return cls(cls.types.cint.public_input(channel, size=size))

    # --- arithmetic -----------------------------------------------------------------------------

    def _words_of(self, other):
        """The 64-bit integers of a public operand; NotImplemented of a secret one."""
        other = read(other)
        if isinstance(other, MachineInteger):
            return other.words
        if isinstance(other, int):
            return np.array([wrapped(other)], np.int64)
        if isinstance(other, Vector) and hasattr(other, "known"):
            return np.array([_low_word(v) for v in other.known()], np.int64)
        return NotImplemented

    def _each(self, other, function, backwards=False):
        words = self._words_of(other)
        if words is NotImplemented:
            return NotImplemented
        if 1 not in (self.size, len(words)) and self.size != len(words):
            raise RunError(f"vectors of {self.size} and {len(words)} elements do not fit together")
        a, b = (words, self.words) if backwards else (self.words, words)
        with np.errstate(all="ignore"):
            return self._of_words(np.asarray(function(a, b), np.int64))

    def __neg__(self):
        return 0 - self

    __add__ = __radd__ = operator(np.add)
    __sub__, __rsub__ = operator(np.subtract), operator(np.subtract, True)
    __mul__ = __rmul__ = operator(np.multiply)
    __truediv__, __rtruediv__ = operator(_divide), operator(_divide, True)
    __mod__, __rmod__ = operator(_remainder), operator(_remainder, True)
    __and__ = __rand__ = operator(np.bitwise_and)
    __or__ = __ror__ = operator(np.bitwise_or)
    __xor__ = __rxor__ = operator(np.bitwise_xor)
    __rlshift__, __rrshift__ = operator(_shift_left, True), operator(_shift_right, True)
    __lt__, __gt__ = operator(np.less), operator(np.greater)
    __le__, __ge__ = operator(np.less_equal), operator(np.greater_equal)

    def __lshift__(self, other):
        return self * 2**other if isinstance(other, int) else self._each(other, _shift_left)

    def __rshift__(self, other):
        return self / 2**other if isinstance(other, int) else self._each(other, _shift_right)

    def __rpow__(self, base):
        return base ** self.types.cint(self)

    def __eq__(self, other):
        result = self._each(other, np.equal)
        return self.unequal(other) if result is NotImplemented else result

    def __ne__(self, other):
        result = self._each(other, np.not_equal)
        return self.unequal(other) if result is NotImplemented else result

    __hash__ = Vector.__hash__

    def mod2m(self, exponent, bit_length=None, signed=None):
        """The remainder modulo 2^exponent, a cint."""
        return self.types.cint(self).mod2m(exponent)

    def bit_decompose(self, bit_length=None):
        """Its bits, the lowest first, a regint each; those of a negative number are negative."""
        bits, rest = [], self
        for _ in range(bit_length or self.machine.lengths.bit_length):
            half = rest / 2
            bits.append(rest - half * 2)
            rest = half
        return bits


def wrapped(value):
    """A Python integer as 64 bits hold it."""
    return (value + 2**63) % 2**64 - 2**63


def _low_word(value):
    """What SCALE-MAMBA keeps of a signed number modulo p in a regint: its sign and 63 bits."""
    if value >= 0:
        return value & 2**63 - 1
    size = -value & 2**64 - 1
    return -1 - (size - 1 & 2**63 - 1) if size else 0
