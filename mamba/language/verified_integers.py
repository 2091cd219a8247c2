"""``sint`` where players may deviate: a product knows its factors until it is verified.

All that `mamba.language.values` says holds here. Products are noted as claims when they are brought
back to degree t (`mamba.claims`); the protocols verify them before anything is opened.
"""

from typing import Any

from mamba import field as prime
from mamba import side_by_side, verification
from mamba.claims import Distances
from mamba.language.factors import Factors, Origin
from mamba.language.values import SharedInteger
from mamba.language.vectors import address_of, read, size_of


class VerifiedInteger(SharedInteger):
    """``sint``; see the module."""

    machine: Any
    _origin: Any = None  # of a vector of degree 2t
    _couples: Any = None  # instead: of squared distances of degree 2t, rows and couples

    @property
    def factors(self):
        """The products that a vector of degree 2t is the sum of."""
        assert self._origin is not None, "a product whose factors nobody has kept"
        return self._origin.factors

    def _known(self, find):
        """This vector; ``find()`` gives its factors, when all values are there."""
        if self.degree == 2:
            self._origin = Origin(self.size, find)
        return self

    # --- memory and output -----------------------------------------------------------------------

    @classmethod
    def load_mem(cls, address, mem_type=None, size=1):
        result = super().load_mem(address, mem_type, size)
        if result.degree == 1:
            return result
        address, memory = address_of(address), cls.machine.memory
        degrees = memory.degrees(address, size_of(size))
        factors = memory.origins.load(address, result._value, degrees)
        return result._known(lambda: factors)

    def store_in_mem(self, address):
        super().store_in_mem(address)
        if self.degree == 2:
            self.machine.memory.origins.store(address_of(address), self._origin)

    def reveal_to(self, player, channel=0):
        self._queue_output(player, self.factors if self.degree == 2 else None)

    # --- arithmetic ------------------------------------------------------------------------------

    @classmethod
    def _product(cls, *factors):
        result = super()._product(*factors)
        return result._known(lambda: Factors.of(*(factor.value for factor in factors)))

    def _note_sum(self, one, a, two, b):
        return self._known(lambda: _scaled(one, a).plus(_scaled(two, b)))

    def _linear(self, a, other, b):
        result = super()._linear(a, other, b)
        if result is NotImplemented:
            return result
        return result._note_sum(self, a, self._operand(other), b)

    def __neg__(self):
        return super().__neg__()._known(lambda: _scaled(self, -1))

    def _element(self, place):
        return super()._element(place)._known(lambda: _scaled(self, 1).take([place]))

    def __mul__(self, other):
        other = read(other)
        result = super().__mul__(other)
        if result is NotImplemented:
            return result
        if isinstance(other, SharedInteger):
            one, two = self._settled(), other._settled()
            return result._known(lambda: Factors.of(one.value, two.value))
        other = self._operand(other)
        return result._known(lambda: _scaled(self, 1).times(other.value))

    __rmul__ = __mul__

    def _note_folded(self, vector, weights, stride, count):
        return self._known(lambda: _scaled(vector, 1).folded(weights, stride, count))

    @classmethod
    def _selected(cls, numbers, rows):
        result = super()._selected(numbers, rows)
        selection = result._selection
        return result._known(lambda: selection)

    @classmethod
    def _measured(cls, value, rows, couples):
        """Brought back to degree t and verified beside what comes next: what it is the product of
        is long, and must not be changed before. Where enough goes on, with what else waits."""
        protocols = cls.machine.protocols
        result = cls._later(prime.length(value))
        if side_by_side.are_enough(protocols):
            product = cls._of(value, 2)
            product._couples = rows, couples
            cls.machine.waiting.settle(result, product)
            return result

        def measure():
            (reduced,) = protocols.reduce([(prime, value)])
            protocols.claims.distances.append(Distances(rows, couples, reduced))
            return lambda: reduced

        cls.machine.waiting.arrive(result, verification.begin(protocols, measure))
        return result

    def _reduced(self, share):
        claims = self.machine.protocols.claims
        if self._couples is None:
            claims.products.append(self.factors.claim(share))
        else:
            rows, couples = self._couples
            claims.distances.append(Distances(rows, couples, share))
        super()._reduced(share)
        self._origin = self._couples = None


def _scaled(vector, weight):
    """The factors of a multiple of a vector, or of a number that everybody knows."""
    if isinstance(vector, int):
        return Factors.single(prime.from_ints([vector * weight]), 1)
    if vector.degree == 1:
        factors = Factors.single(vector.value, vector.size)
    else:
        factors = vector.factors
    return factors if weight == 1 else factors.times(prime.from_ints([weight]))
