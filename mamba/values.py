"""Vectors of integers modulo p as a program computes with them: ``sint`` and ``cint``.

One object is a vector of one or more elements with its operators; a scalar is a vector of one. A
product of two shared vectors is kept unreduced (degree 2t) until it is multiplied or compared
again, so that a sum of products is reduced once. Assumes a machine (`mamba.machine.Machine`) in
the attribute `machine` of the types that a program sees; `mamba.language` makes these.
"""

from functools import lru_cache, reduce
from math import factorial

import numpy as np

from mamba import comparison, deferred_sums
from mamba import field as prime
from mamba.machine import DEALT_BY, KNOWN, MIXED, joint_dealer
from mamba.masks import Demand
from mamba.program_error import ProgramError
from mamba.protocols import SECURITY

BIT_LENGTH = 64  # MAMBA's default for a comparison, without the sign


class Vector:
    """What shared and public vectors have in common: a memory each, and operators."""

    @classmethod
    def load_mem(cls, address, size=1):
        """The `size` values that stand in memory from `address` on."""
        value, degree, dealer, lazy_value = cls._memory().load(_address(address), _size(size))
        return cls._of(value, degree, dealer) if lazy_value is None else cls._of_lazy(lazy_value)

    def store_in_mem(self, address):
        """Write the values to memory from `address` on."""
        self._memory().store(_address(address), self.value, self.degree, self.dealer)

    @property
    def size(self):
        return prime.length(self.value)

    def __neg__(self):
        return self._of(prime.neg(self.value), self.degree, self.dealer)

    def __add__(self, other):
        return self._linear(1, other, 1)

    __radd__ = __add__

    def __sub__(self, other):
        return self._linear(1, other, -1)

    def __rsub__(self, other):
        return self._linear(-1, other, 1)

    def _linear(self, a, other, b):
        other = self._operand(other)
        if other is NotImplemented:
            return NotImplemented
        if a == b:
            value = prime.add(self.value, other.value)
        else:
            value = (
                prime.sub(self.value, other.value) if a == 1 else prime.sub(other.value, self.value)
            )
        dealer = joint_dealer(self.dealer, other.dealer)
        return self._result(other)._of(value, max(self.degree, other.degree), dealer)

    def _check_sizes(self, other):
        if 1 not in (self.size, other.size) and self.size != other.size:
            raise ProgramError(
                f"vectors of {self.size} and {other.size} elements do not fit together"
            )

    # A vector is not a Python sequence or truth value, and saying so early spares a long search.
    def __bool__(self):
        raise ProgramError(f"a {type(self).__name__} cannot decide an if or a while in the program")

    def __iter__(self):
        raise ProgramError(
            f"a {type(self).__name__} cannot be iterated over; load its parts from memory"
        )

    # Python would compare the objects and not what they hold.
    def __eq__(self, _other):
        raise ProgramError(f"a {type(self).__name__} cannot be compared in the program")


class PublicInteger(Vector):
    """``cint``: integers modulo p that every player knows, as a vector of `size` elements."""

    degree = 1  # a constant is a polynomial too
    dealer = KNOWN

    def __init__(self, val=0, size=None):
        self.value = _repeat(val, size) if isinstance(val, PublicInteger) else _constant(val, size)

    @classmethod
    def _of(cls, value, _degree=1, _dealer=KNOWN):
        result = cls.__new__(cls)
        result.value = value
        return result

    @classmethod
    def _memory(cls):
        return cls.machine.public_memory

    def _result(self, other):
        return other

    def _operand(self, other):
        if isinstance(other, int):
            other = type(self)(other)
        if not isinstance(other, Vector):
            return NotImplemented
        self._check_sizes(other)
        return other

    def __mul__(self, other):
        other = self._operand(other)
        if isinstance(other, SharedInteger):
            return other * self
        return other if other is NotImplemented else self._of(prime.mul(self.value, other.value))

    __rmul__ = __mul__

    def __eq__(self, other):
        """1 where the two are equal, else 0."""
        difference = self - other
        if difference is NotImplemented or isinstance(difference, SharedInteger):
            return NotImplemented
        return self._of(prime.from_words(~difference.value.any(axis=0)))

    def __ne__(self, other):
        """1 where the two differ, else 0."""
        return 1 - (self == other)

    __hash__ = Vector.__hash__  # none: Python forgets it where __eq__ is defined

    def public_output(self, channel=0):
        """Tell the values to every player on a channel; channel 1 is the input check's."""
        self.machine.output_publicly(self.value, channel)

    def __int__(self):
        if self.size != 1:
            raise ProgramError(f"a cint of {self.size} elements is not one integer")
        return prime.to_signed(self.value)[0]

    def __str__(self):
        return " ".join(map(str, prime.to_signed(self.value)))


class SharedInteger(Vector):
    """``sint``: integers modulo p of which every holder has a share, as a vector of `size`
    elements."""

    def __init__(self, val=0, size=None):
        if isinstance(val, SharedInteger):
            self._reduce(val)  # the copy is a sharing of its own, whatever it is the sum of
        known = isinstance(val, Vector)
        self._value, self.degree = _repeat(val, size) if known else _constant(val, size), 1
        self.dealer = val.dealer if known else KNOWN

    @classmethod
    def _of(cls, value, degree=1, dealer=MIXED):
        result = cls.__new__(cls)
        result._value, result.degree, result.dealer = value, degree, dealer
        return result

    @classmethod
    def _memory(cls):
        return cls.machine.memory

    @classmethod
    def _of_lazy(cls, lazy_value, degree=2, dealer=MIXED):
        result = cls._of(None, degree, dealer)
        result._lazy = lazy_value
        return result

    _lazy = None  # what the value is to be computed from (`mamba.deferred_sums`)
    part = None  # of a random number that nobody knows, what this player has dealt of it
    is_coin = False  # whether it is such a number

    @property
    def value(self):
        """This player's shares, a field array."""
        if self._value is None and self._lazy is not None:
            self._value, self._lazy = self.machine.evaluate(self._lazy), None
        elif self._value is None:
            self.machine.flush()
        return self._value

    @property
    def size(self):
        return self._lazy.size if self._lazy is not None else super().size

    # --- input and output ---------------------------------------------------------------------

    @classmethod
    def get_private_input_from(cls, player, channel=0, size=1):
        """The next `size` words that `player` reads from its standard input; on channel 1, what its
        side of the input check gives."""
        player = cls.machine.check_player(player)
        result = cls._of(None, dealer=DEALT_BY + player)
        result._input = cls.machine.queue_input(result, player, _size(size), channel)
        return result

    @classmethod
    def get_random_triple(cls, size=1):
        """Vectors a, b and c = a * b of numbers that nobody knows."""
        factors = []
        for _ in range(2):
            factors.append(cls._of(None))
            factors[-1].is_coin = True
            factors[-1]._input = cls.machine.queue_input(factors[-1], None, _size(size))
        return *factors, cls._of_lazy(_Product(*factors, _size(size)))

    def store_in_mem(self, address):
        """Write the shares to memory; for a value that is still to be input, when it arrives."""
        if isinstance(self._lazy, (deferred_sums.Squares, deferred_sums.Multiples)):
            self.machine.memory.store_lazy(_address(address), self.size, self._lazy)
            return
        awaited = self._value is None and self._lazy is None
        if not (awaited and self.machine.store_on_arrival(self._input, _address(address))):
            super().store_in_mem(address)

    def reveal_to(self, player, channel=0):
        """Open to one player, who prints the values on its standard output."""
        self.machine.queue_output(self.machine.check_player(player), self.value, self.degree)

    def reveal(self):
        """Open to every player: a `cint`. What depends on one dealer alone is checked without that
        player's share, and a random number that nobody knows waits until all have what was dealt
        before; see `mamba.protocols`."""
        self._reduce(self)
        if self.is_coin:
            self.machine.run("confirm")
        value, tags = self.value, np.asarray(self.dealer)
        single = tags >= DEALT_BY
        dealers = np.where(single, tags.astype(int) - DEALT_BY, -1)
        arguments = [np.broadcast_to(dealers, (self.size,))] if single.any() else []
        return self.public_type._of(self.machine.run("open", prime, value, *arguments))

    def announce(self):
        """A random number of a triple, known to every player one round sooner than from `reveal`,
        and for proofs only: see `mamba.protocols.Protocols.announce`."""
        if not self.is_coin:
            raise ProgramError("only a random number of a triple can be announced")
        share = self.value  # what is queued is done before `part` is read
        return self.public_type._of(self.machine.run("announce", self.part, share))

    # --- arithmetic ---------------------------------------------------------------------------

    def _result(self, _other):
        return self

    def _operand(self, other):
        if isinstance(other, int):
            other = self.public_type(other)
        if not isinstance(other, Vector):
            return NotImplemented
        if isinstance(other, SharedInteger) and self.size != other.size:
            raise ProgramError(
                f"sint vectors of {self.size} and {other.size} elements do not fit together; "
                "repeat the shorter one in memory"
            )
        self._check_sizes(other)
        return other

    def _linear(self, a, other, b):
        """Sums and differences of lazy values stay lazy where that is known to help."""
        if isinstance(other, SharedInteger) and self.size == other.size:
            if a == b and self._lazy is not None and other._lazy is not None:
                joined = self._lazy.plus(other._lazy)
                if joined is not None:
                    return self._of_lazy(joined)
            if a == -b == 1 and self._is_plain() and other._is_plain():
                difference = deferred_sums.Difference(self.value, other.value)
                return self._of_lazy(difference, 1, joint_dealer(self.dealer, other.dealer))
        return super()._linear(a, other, b)

    def _is_plain(self):
        """Whether this is a long vector of shares of degree t, ready to be used."""
        return self._value is not None and self.degree == 1 and self.size >= deferred_sums.SHORTEST

    def __mul__(self, other):
        if isinstance(other, int):
            return self._of(prime.scale(self.value, other), self.degree, self.dealer)
        other = self._operand(other)
        if isinstance(other, PublicInteger):
            return self._of(prime.mul(self.value, other.value), self.degree, self.dealer)
        if not isinstance(other, SharedInteger):
            return NotImplemented
        self._reduce(self, other)
        for number, vector in ((self, other), (other, self)):
            if number.size >= deferred_sums.SHORTEST and prime.is_constant(number.value):
                return self._of_lazy(deferred_sums.Multiples([(number.value[:, :1], vector.value)]))
        return self._of(prime.mul(self.value, other.value), 2)

    __rmul__ = __mul__

    def square(self):
        """The product with itself."""
        self._reduce(self)
        if isinstance(self._lazy, deferred_sums.Difference):
            source = deferred_sums.Source(self._lazy, self.machine.waiting)
            return self._of_lazy(deferred_sums.Squares(source))
        return self._of(prime.mul(self.value, self.value), 2)

    def if_else(self, yes, no):
        """`yes` where this is 1, `no` where it is 0."""
        return no + self * (yes - no)

    def _reduce(self, *values):
        """Bring products back to degree t, all in one round."""
        high = {id(v): v for v in values if v.degree == 2}
        reduced = (
            self.machine.run("reduce", [(prime, v.value) for v in high.values()]) if high else []
        )
        for vector, share in zip(high.values(), reduced, strict=True):
            vector._value, vector.degree, vector.dealer = share, 1, MIXED

    # --- comparison ---------------------------------------------------------------------------

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
        bits, security = max(2, bit_length or BIT_LENGTH + 1), security or SECURITY
        if isinstance(other, SharedInteger) and self.size == other.size >= deferred_sums.SHORTEST:
            if self.degree == other.degree == 1:
                pairs = comparison.pair_up(self.value, other.value)
                if pairs.is_cheaper(self.machine.protocols.threshold):
                    demand = Demand(pairs.numbers.shape[1], bits, security, self.size)
                    return self._compare(comparison.less_than_among, pairs, demand)
        difference = self - other
        self._reduce(difference)
        demand = Demand(difference.size, bits, security, difference.size)
        return self._compare(comparison.less_than_zero, difference.value, demand)

    def _compare(self, protocol, operands, demand):
        mask = self.machine.take_mask(demand)
        return self._of(self.machine.run_with(protocol, operands, demand.bits, mask))

    def greater_than(self, other, bit_length=None, security=None):
        """1 where this is larger than `other`, else 0."""
        return (-self).less_than(-other, bit_length, security)

    def less_equal(self, other, bit_length=None, security=None):
        """1 where this is not larger than `other`, else 0."""
        return 1 - self.greater_than(other, bit_length, security)

    def greater_equal(self, other, bit_length=None, security=None):
        """1 where this is not smaller than `other`, else 0."""
        return 1 - self.less_than(other, bit_length, security)

    def equal(self, other, bit_length=None, security=None):
        """1 where the two are equal, else 0."""
        arguments = other, bit_length, security
        return 1 - self.less_than(*arguments) - self.greater_than(*arguments)

    def not_equal(self, other, bit_length=None, security=None):
        """1 where the two differ, else 0."""
        return 1 - self.equal(other, bit_length, security)

    __lt__, __gt__, __le__, __ge__ = less_than, greater_than, less_equal, greater_equal
    __eq__, __ne__ = equal, not_equal


def powers_of(base, count):
    """1, base, base^2, ...: a ``cint`` of `count` elements."""
    (number,) = prime.to_ints(base.value)
    result = [1]
    for _ in range(count - 1):
        result.append(result[-1] * number % prime.P)
    return base._of(prime.from_ints(result))


def lagrange(point, last):
    """Lagrange's weights, a ``cint``: times the values of a polynomial of degree `last` at 0, 1,
    ..., last, they add up to its value at the point."""
    (x,) = prime.to_ints(point.value)
    before, after = [1], [inverse_factorial(last)]
    for k in range(last):
        before.append(before[-1] * (x - k) % prime.P)
        after.append(after[-1] * (last - k - x) % prime.P)
    weights, binomial = [], 1  # last! / (k! (last - k)!)
    for k in range(last + 1):
        weights.append(before[k] * after[last - k] % prime.P * binomial)
        binomial = binomial * (last - k) // (k + 1)
    return point._of(prime.from_ints(weights))


@lru_cache
def inverse_factorial(number):
    """1 / number! modulo p."""
    return pow(factorial(number), -1, prime.P)


def inner(vector, weights, count):
    """Inner products of `count` equally long runs of a vector with a ``cint`` of that length."""
    if vector.size != weights.size * count:
        raise ProgramError(
            f"{vector.size} elements are not {count} runs of {weights.size} elements each"
        )
    value = prime.inner_products(vector.value, weights.value, weights.size)
    dealer = vector.dealer
    if not isinstance(dealer, int):
        words = dealer.reshape(count, -1).T
        dealer = words[0] if (words == words[0]).all() else reduce(joint_dealer, words)
    return vector._of(value, vector.degree, dealer)


class _Product:
    """The product of two vectors, for `SharedInteger._lazy`: computed when somebody wants it."""

    def __init__(self, a, b, size):
        self._a, self._b, self.size = a, b, size

    def plus(self, other):
        return None

    def evaluate(self):
        return prime.mul(self._a.value, self._b.value)


def _constant(value, size):
    if not isinstance(value, int):
        raise ProgramError(f"{value!r} is not an integer")
    return prime.from_ints([value]).repeat(1 if size is None else _size(size), axis=1)


def _repeat(vector, size):
    """The elements of a vector; of one element, as many copies as wanted."""
    if size in (None, vector.size):
        return vector.value
    if vector.size != 1:
        raise ProgramError(f"a vector of {vector.size} elements cannot become one of {size}")
    return vector.value.repeat(_size(size), axis=1)


def _address(address):
    address = int(address)
    if address < 0:
        raise ProgramError(f"there is no memory at address {address}")
    return address


def _size(size):
    if size < 1:
        raise ProgramError(f"a vector has at least one element, not {size}")
    return int(size)
