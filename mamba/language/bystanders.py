"""``sint`` on a player that holds no shares: it knows the sizes of vectors, and nothing in them.

Such a player runs the same program, for it has inputs to deal and is told what is opened, but does
none of the arithmetic: with a hundred clients and seven holders of shares, that of the others would
be most of the work. What it must not miss is when all players do something together, so inputs and
outputs wait in the machine's queue, and leave it, exactly as they do on a holder. What is not said
here is done as on a holder, with zeros, and the protocols send nothing of it.
"""

from typing import Any

from mamba import field as prime
from mamba.language.bounds import BIT, Bound, bound_of, combined
from mamba.language.comparisons import when_compared
from mamba.language.memory import MIXED
from mamba.language.values import SharedInteger
from mamba.language.vectors import Vector, address_of, integer, read, size_of
from mamba.language.verified_integers import VerifiedInteger
from mamba.masks import Demand
from mamba.run_error import RunError


class AbsentInteger(SharedInteger):
    """An integer modulo p that others have shares of, as a vector of `size` elements."""

    machine: Any
    types: Any
    degree, dealer = 1, MIXED
    waits = False
    _since = None  # of an input that waits: how often the queue had been emptied

    def __init__(self, val=0, size=None):
        val = read(0 if val is None else val)
        known = val.size if isinstance(val, Vector) else 1
        if not isinstance(val, Vector):
            val = integer(val)
        elif size not in (None, known) and known != 1:
            raise RunError(f"a vector of {known} elements cannot become one of {size}")
        if isinstance(val, AbsentInteger):
            val._wait()
        self._size = known if size is None else size_of(size)
        self.bound = bound_of(val)

    @classmethod
    def _of(cls, value, _degree=1, _dealer=MIXED):
        return cls._sized(prime.length(value))

    @classmethod
    def _sized(cls, size):
        result = cls.__new__(cls)
        result._size = size
        return result

    @classmethod
    def _awaited(cls, size):
        result = cls._sized(size)
        result._since = cls.machine.flushes
        return result

    def _wait(self):
        """What a holder does before it uses the value."""
        if self._since == self.machine.flushes:
            self.machine.flush()

    @property
    def size(self):
        return self._size

    @property
    def value(self):
        """Zeros, for those who insist."""
        self._wait()
        return prime.zeros(self._size)

    # --- memory, input and output -------------------------------------------------------------

    @classmethod
    def load_mem(cls, address, mem_type=None, size=1):
        address_of(address)
        cls.machine.flush_inputs()
        return cls._remembered(cls._sized(size_of(size)), address)

    def store_in_mem(self, address):
        address = address_of(address)
        awaited = self._since == self.machine.flushes
        if not (awaited and self.machine.promise(address, address + self._size)):
            self.machine.flush_inputs()
        self.machine.memory.note_bound(address, self._size, self.bound)

    @classmethod
    def get_private_input_from(cls, player, channel=0, size=1):
        size = size_of(size)
        cls.machine.queue_input(None, cls.machine.check_player(integer(player)), size, channel)
        return cls._awaited(size).within(cls.machine.bound_of_input(channel))

    @classmethod
    def get_random_triple(cls, size=1):
        return *cls._unknown(size, 2), cls._awaited(size_of(size))

    @classmethod
    def get_random_square(cls, size=1):
        return *cls._unknown(size, 1), cls._awaited(size_of(size))

    @classmethod
    def _unknown(cls, size, count):
        for _ in range(count):
            cls.machine.queue_input(None, None, size_of(size))
        numbers = [cls._awaited(size_of(size)) for _ in range(count)]
        for number in numbers:
            number.is_coin = True
        return numbers

    def reveal_to(self, player, channel=0):
        player = self.machine.check_player(integer(player))
        self._wait()
        receives = player == self.machine.me
        self.machine.queue_output(player, prime.zeros(self._size if receives else 0), 1)

    def reveal(self):
        return self.types.cint._of(self.machine.run("open", prime, self.value))

    # --- arithmetic ---------------------------------------------------------------------------

    @classmethod
    def _reduce(cls, *values):
        """There is nothing to reduce."""

    def _with(self, other):
        """The result of an operation with another vector, or an integer."""
        self._wait()
        size = self._size
        if type(other) is type(self) and other._size == size:
            other._wait()
        elif not isinstance(other, int):
            other = self._operand(other)
            if other is NotImplemented:
                return NotImplemented
            if isinstance(other, AbsentInteger):
                other._wait()
            else:
                size = max(size, other.size)
        return self._sized(size)

    def _linear(self, a, other, b):
        other = read(other)
        result = self._with(other)
        return result if result is NotImplemented else self._track_sum(result, a, other, b)

    def __neg__(self):
        return self._with(0).within(combined(Bound.__neg__, self.bound))

    def __mul__(self, other):
        other = read(other)
        result = self._with(other)
        return result if result is NotImplemented else self._track_product(result, other)

    __rmul__ = __mul__

    def inner(self, count):
        """Inner products of runs of the vector: `mamba.language.vector_sums.inner`."""
        self._wait()
        return self._sized(count)

    def _compare_later(self, _protocol, other, bit_length, security):
        result = self._with(other)
        self.machine.flush()
        bits, security = self._lengths(bit_length, security, *when_compared(self, other))
        Demand(1, bits, security, 1).check(self.machine.protocols.threshold)
        return result.within(BIT)

    def smallest(self, _columns, _most, _bit_length=None, _security=None):
        self._wait()
        self.machine.flush()
        return self._sized(self._size).within(BIT)

    def _compare(self, protocol, operands, demand):
        self.machine.flush()
        return self._sized(demand.results)


def secret_type(machine):
    """The class that a program's ``sint`` extends on this player."""
    if not machine.holds_shares:
        return AbsentInteger
    return VerifiedInteger if machine.protocols.active else SharedInteger
