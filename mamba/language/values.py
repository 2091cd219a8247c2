"""``sint``: integers modulo p of which every holder has a share, as vectors of `size` elements.

A product of two shared vectors is kept unreduced (degree 2t) until it is multiplied or compared
again, so that a sum of products is reduced once. Comparisons, and products that are reduced, wait
until somebody wants their values (`mamba.language.waiting`). Assumes a machine
(`mamba.language.machine`) in the attribute `machine` of the type that a program sees;
`mamba.language.names` makes it.
"""

from functools import partial
from typing import Any

import numpy as np

from mamba import collectors, side_by_side
from mamba import field as prime
from mamba.language.bounds import Bound, Tracked, bound_of, combined, joint
from mamba.language.comparisons import Comparisons
from mamba.language.factors import Selection
from mamba.language.memory import DEALT_BY, KNOWN, MIXED, joint_dealer
from mamba.language.shared_bits import BitOperations
from mamba.language.vectors import Vector, address_of, constant, integer, read, repeated, size_of
from mamba.run_error import RunError


class SharedInteger(Tracked, Comparisons, BitOperations, Vector):
    """``sint``; see the module."""

    degree: int  # 1 for t, 2 for 2t

    def __init__(self, val=0, size=None):
        val = read(0 if val is None else val)
        self.bound = bound_of(val) if isinstance(val, (int, Vector)) else None
        if isinstance(val, SharedInteger):  # the copy is a sharing of its own, whatever it was
            if size in (None, val.size) and (val.degree == 2 or val.waits):
                self._value, self.degree, self.dealer, self._size = None, 1, MIXED, val.size
                self.machine.waiting.settle(self, val)
                return
            self._reduce(val)
        known = isinstance(val, Vector)
        self._value, self.degree = repeated(val, size) if known else constant(val, size), 1
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
    def _later(cls, size, degree=1, dealer=MIXED):
        """A vector that is found when somebody wants its value (`mamba.language.waiting`)."""
        result = cls._of(None, degree, dealer)
        result._size = size
        return result

    @classmethod
    def _joined(cls, vectors):
        cls._reduce(*vectors)
        value = np.concatenate([vector.value for vector in vectors], axis=1)
        dealers = [np.broadcast_to(vector.dealer, vector.size) for vector in vectors]
        return cls._of(value, 1, np.concatenate(dealers).astype(np.uint16)).within(joint(vectors))

    @classmethod
    def load_mem(cls, address, mem_type=None, size=1):
        return cls._remembered(super().load_mem(address, mem_type, size), address_of(address))

    @classmethod
    def _remembered(cls, result, address):
        memory = cls.machine.memory
        result._identity = address, result.size, memory.stores
        return result.within(memory.bound(address, result.size))

    _input = None  # what it comes with, while it is still to be input
    _size: Any = None  # while it waits
    _sharing: Any = None  # of a sum of products, its sharing of degree t where one was needed
    _factors = None  # of the third of a triple, the other two
    _selection: Any = None  # of a selection, what it is one of: long, so found when it is wanted
    is_coin = False  # whether it is a random number that nobody knows

    @property
    def value(self):
        """This player's shares, a field array."""
        if self.waits:
            self.machine.waiting.find(self.level)
        elif self._factors is not None:
            self._value, self._factors = prime.mul(*(x.value for x in self._factors)), None
        elif self._value is None and self._selection is not None:
            self._value = self._selection.value()
        elif self._value is None:
            self.machine.flush()
        return self._value

    @property
    def waits(self):
        return self._value is None and self._size is not None

    @property
    def size(self):
        if self._value is not None:
            return super().size
        if self._factors is not None:
            return self._factors[0].size
        if self._selection is not None:
            return self._selection.size
        return self._size or self._input.size

    # --- input and output ---------------------------------------------------------------------

    @classmethod
    def get_private_input_from(cls, player, channel=0, size=1):
        """The next `size` words that `player` reads from its standard input; on channel 1, what its
        side of the input check gives."""
        player = cls.machine.check_player(integer(player))
        result = cls._of(None, dealer=DEALT_BY + player)
        result._input = cls.machine.queue_input(result, player, size_of(size), channel)
        return result.within(cls.machine.bound_of_input(channel))

    @classmethod
    def get_random_triple(cls, size=1):
        """Vectors a, b and c = a * b of numbers that nobody knows."""
        factors = []
        for _ in range(2):
            factors.append(cls._of(None))
            factors[-1].is_coin = True
            factors[-1]._input = cls.machine.queue_input(factors[-1], None, size_of(size))
        return *factors, cls._product(*factors)

    @classmethod
    def get_random_square(cls, size=1):
        """A vector of numbers that nobody knows, and their squares."""
        number = cls._of(None)
        number.is_coin = True
        number._input = cls.machine.queue_input(number, None, size_of(size))
        return number, cls._product(number, number)

    @classmethod
    def _product(cls, *factors):
        """A product of numbers that are still to be dealt, computed when somebody wants it."""
        result = cls._of(None, 2)
        result._factors = factors
        return result

    def store_in_mem(self, address):
        """Write the shares to memory; for a value that is still to be input, when it arrives."""
        address = address_of(address)
        awaited = self._value is None and self._size is None
        awaited = awaited and self._factors is None and self._selection is None
        if self.waits:
            self.machine.flush_inputs()
            self.machine.memory.store_later(address, self)
        elif not (awaited and self.machine.store_on_arrival(self._input, address)):
            super().store_in_mem(address)
        self.machine.memory.note_bound(address, self.size, self.bound)

    def reveal_to(self, player, channel=0):
        """Open to one player, who prints the values on its standard output."""
        self._queue_output(player)

    def _queue_output(self, player, factors=None):
        player = self.machine.check_player(integer(player))
        share = self.value if self._selection is None else self._selection
        self.machine.queue_output(player, share, self.degree, factors)

    def reveal(self):
        """Open to every player: a `cint`. Where shares do not fit together, and one player alone
        has dealt what they depend on, the error names it. A random number that nobody knows waits
        until all have what was dealt before; see `mamba.openings` and `mamba.coins`."""
        self._reduce(self)
        if self.is_coin:
            self.machine.run("confirm")
        value, tags = self.value, np.asarray(self.dealer)
        single = tags >= DEALT_BY
        dealers = np.broadcast_to(np.where(single, tags.astype(int) - DEALT_BY, -1), self.size)
        linear = self.is_coin or bool(single.all())
        return self.types.cint._of(self.machine.run("open", prime, value, dealers, linear))

    # --- arithmetic ---------------------------------------------------------------------------

    def _operand(self, other):
        other = read(other)
        if isinstance(other, (int, self.types.regint)):
            other = self.types.cint(other)
        if not isinstance(other, Vector):
            return NotImplemented
        if isinstance(other, SharedInteger) and self.size != other.size:
            raise RunError(
                f"sint vectors of {self.size} and {other.size} elements do not fit together; "
                "repeat the shorter one in memory"
            )
        self._check_sizes(other)
        return other

    def _apply(self, function, *others, degree, dealer=MIXED, size=None):
        """A function of the values of this and other vectors: now or, where one of them waits,
        when all are there."""
        if not any(value.waits for value in (self, *others)):
            values = [value.value for value in (self, *others)]
            return self._of(function(*values), degree, dealer)
        for value in (self, *others):  # what is still to be input is not to wait for that
            if not value.waits:
                _ = value.value
        size = max(self.size, *(value.size for value in others)) if others else size or self.size
        result = self._later(size, degree, dealer)
        self.machine.waiting.compute(result, function, self, *others)
        return result

    def _linear(self, a, other, b):
        other = self._operand(other)
        if other is NotImplemented:
            return NotImplemented
        if not (self.waits or other.waits):
            return self._track_sum(super()._linear(a, other, b), a, other, b)
        if a == b:
            function = prime.add
        else:
            function = prime.sub if a == 1 else _taken_from
        degree, dealer = max(self.degree, other.degree), joint_dealer(self.dealer, other.dealer)
        result = self._apply(function, other, degree=degree, dealer=dealer)
        return self._track_sum(result, a, other, b)

    def __neg__(self):
        result = self._apply(prime.neg, degree=self.degree, dealer=self.dealer)
        return result.within(combined(Bound.__neg__, self.bound))

    def _element(self, place):
        if not self.waits:
            return super()._element(place).within(self.bound)
        dealer = self.dealer if isinstance(self.dealer, int) else int(self.dealer[place])

        def element(value):
            return value[:, place : place + 1].copy()

        return self._apply(element, degree=self.degree, dealer=dealer, size=1).within(self.bound)

    def __mul__(self, other):
        if isinstance(other, int):
            scale = partial(_scaled, other)
            result = self._apply(scale, degree=self.degree, dealer=self.dealer)
            return self._track_product(result, other)
        other = self._operand(other)
        if isinstance(other, self.types.cint):
            result = self._apply(prime.mul, other, degree=self.degree, dealer=self.dealer)
        elif isinstance(other, SharedInteger):
            result = self._settled()._apply(prime.mul, other._settled(), degree=2)
        else:
            return NotImplemented
        return self._track_product(result, other)

    def _settled(self):
        """This vector in a sharing of degree t, which a factor must be."""
        if self.degree == 1:
            return self
        if self._sharing is None:
            self._sharing = type(self)(self)
        return self._sharing

    __rmul__ = __mul__

    def __truediv__(self, other):
        """Division modulo p; by a secret, see `__rtruediv__`."""
        other = self._operand(other)
        if other is NotImplemented:
            return NotImplemented
        return (self * (1 / other)).within(None)

    def __rtruediv__(self, other):
        """`other` divided by this, modulo p: this times a random number is opened (Bar-Ilan and
        Beaver, PODC 1989), which tells nothing about it, unless it is 0."""
        other = read(other)
        if not isinstance(other, (int, Vector)):
            return NotImplemented
        mask = self.get_random_triple(size=self.size)[0]
        opened = (self * mask).reveal()
        if not opened.value.any(axis=0).all():
            raise RunError("division by a secret that is 0, as everybody knows now")
        return (other * mask * (1 / opened)).within(None)

    def square(self):
        """The product with itself."""
        return self * self

    @classmethod
    def _reduce(cls, *values):
        """Bring products back to degree t, all in one round. What is queued may wait: who holds no
        shares does not see this happen."""
        high = {id(v): v for v in values if v.degree == 2}
        reduced = cls.machine.protocols.reduce([(prime, v.value) for v in high.values()])
        for vector, share in zip(high.values(), reduced, strict=True):
            vector._reduced(share)

    def _reduced(self, share):
        self._value, self.degree, self.dealer = share, 1, MIXED

    def _note_folded(self, vector, weights, stride, count):
        """This vector, of degree 2t, as sums of another one: for those who keep its factors."""
        return self

    @classmethod
    def _selected(cls, numbers, rows):
        """The sum of rows of degree t, each times its number."""
        result = cls._of(None, 2)
        result._selection = Selection(numbers, rows)
        return result

    @classmethod
    def _measured(cls, value, rows, couples):
        """Squared distances of couples of rows of degree t, brought back to degree t beside what
        comes next, where that takes one exchange; where enough goes on, with what else waits."""
        protocols = cls.machine.protocols
        many = collectors.pay(protocols.threshold, prime.BYTES * prime.length(value))
        if many or side_by_side.are_enough(protocols):
            return cls._of(value, 2)
        result = cls._later(prime.length(value))
        find = side_by_side.begin(protocols, lambda: protocols.reduce([(prime, value)])[0])
        cls.machine.waiting.arrive(result, find)
        return result


def _taken_from(a, b):
    return prime.sub(b, a)


def _scaled(factor, value):
    return prime.scale(value, factor)
