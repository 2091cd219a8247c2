"""What ``sint`` does with the bits of its numbers: remainders, shifts, powers of two, random bits.

Remainders and shifts are for powers of two. Where the exponent is a secret too, nothing tells it:
all quotients are formed, and the one that is wanted is selected on shares.
"""

from math import ceil, log2

from mamba import decomposition, truncation
from mamba import field as prime
from mamba.language.bounds import BIT, Bound, combined
from mamba.language.vectors import integer, read, size_of
from mamba.masks import Demand, toss
from mamba.run_error import RunError


class BitOperations:
    """The part of `mamba.language.values.SharedInteger` that looks at bits."""

    # --- random numbers -------------------------------------------------------------------------

    @classmethod
    def get_random_bit(cls, size=1):
        """Bits that nobody knows."""
        return cls._of(cls.machine.run_with(toss, size_of(size))).within(BIT)

    @classmethod
    def get_random_int(cls, bits, size=1):
        """Numbers from 0 to 2^bits - 1 that nobody knows."""
        bits, size = integer(bits), size_of(size)
        tossed = cls.machine.run_with(toss, size_of(bits) * size)
        parts = [tossed[:, k * size : (k + 1) * size] for k in range(bits)]
        number = cls._of(prime.combine([2**k for k in range(bits)], parts))
        return number.within(Bound.between(0, 2**bits - 1))

    # --- division by powers of two --------------------------------------------------------------

    def __mod__(self, modulus):
        modulus = read(modulus)
        if isinstance(modulus, float):
            return NotImplemented
        if not isinstance(modulus, int) or modulus < 1 or modulus & modulus - 1:
            raise RunError(
                "the remainder of a sint is for powers of two, Python integers like 2, 4, 8"
            )
        return self.mod2m(modulus.bit_length() - 1)

    def __rmod__(self, _number):
        raise RunError("the remainder by a secret is not part of the language")

    def mod2m(self, exponent, bit_length=None, security=None, signed=True):
        """The remainder modulo 2^exponent of numbers of `bit_length` bits."""
        exponent, bits = read(exponent), self._length(bit_length, security)
        if not isinstance(exponent, int):
            quotient, power = self._shifted_by_secret(exponent, bits, security)
            return (self - quotient * power).within(None)
        if exponent >= bits:
            return self
        return self._divided(exponent, bits + 1, security)[1] if exponent > 0 else self * 0

    def _length(self, bit_length, security):
        """Bits of the numbers without their sign, as the program says or as they need them."""
        named = bit_length and bit_length + 1
        return self.machine.lengths.of(self.bound, named, security) - 1

    def right_shift(self, places, bit_length=None, security=None):
        """The numbers, of `bit_length` bits, divided by 2^places and rounded down."""
        places, bits = read(places), self._length(bit_length, security)
        if not isinstance(places, int):
            return self._shifted_by_secret(places, bits, security)[0]
        if places == 0:
            return self
        if not 0 < places <= bits:
            raise RunError(f"a sint of {bits} bits is shifted by 0 to {bits} places")
        return self._divided(places, bits + 1, security)[0]

    __rshift__ = right_shift

    def __lshift__(self, places):
        return self * 2 ** read(places)

    def __rlshift__(self, number):
        return number * 2**self

    def __rrshift__(self, number):
        return type(self)(number, size=self.size).right_shift(self)

    def truncated(self, bits, places, security=None):
        """The numbers, of `bits` bits with their sign, divided by 2^places; the last place may be
        one too large. See `mamba.truncation`."""
        return self._divided(places, bits, security, exact=False)[0]

    def _divided(self, places, bits, security, exact=True):
        security = security or self.machine.security
        self._reduce(self)
        truncation.check(bits, security, self.machine.protocols.threshold)
        mask = self.machine.take_mask(
            truncation.demand_for(self.size, bits, places, security, exact)
        )
        results = self.machine.run_with(truncation.divide, self.value, bits, places, mask, exact)
        found = [self._of(result) for result in results]
        quotient = combined(lambda bound: bound.shifted(places) + BIT, self.bound)
        return [
            one.within(bound)
            for one, bound in zip(found, (quotient, Bound.between(0, 2**places - 1)), strict=False)
        ]

    def _shifted_by_secret(self, places, bits, security):
        """The numbers divided by 2^places for secret places from 0 to bits, and these powers."""
        places = type(self)(places, size=self.size)
        self.machine.lengths.require_range(places.bound, 0, bits, "a shift by a secret number")
        digits = self.bit_decompose(bits + 1, security)
        quotient = -digits.pop()  # the sign
        quotients = [quotient]
        for digit in reversed(digits):
            quotient = digit + quotient * 2
            quotients.insert(0, quotient)
        distances = self._joined([places - k for k in range(bits + 1)])
        length = bits.bit_length() + 2
        chosen = distances.equal(0, length, security)
        products = chosen * self._joined(quotients)
        return (
            products._folded(bits + 1, [1] * (bits + 1)).within(self.bound),
            chosen._folded(bits + 1, [2**k for k in range(bits + 1)]).within(
                Bound.between(0, 2**bits)
            ),
        )

    def _folded(self, rows, weights):
        """The weighted sum of the rows of a vector."""
        width = self.size // rows
        parts = [self.value[:, k * width : (k + 1) * width] for k in range(rows)]
        result = self._of(prime.combine(weights, parts), self.degree)
        if result.degree == 1:
            return result
        return result._note_folded(self, prime.from_ints(weights), (1, width), width)

    # --- bits -----------------------------------------------------------------------------------

    def bit_decompose(self, bit_length=None, security=None):
        """The lowest bits, the lowest first, as a list of sint; of a negative number, those of its
        two's complement."""
        count = self.machine.lengths.bit_length if bit_length is None else bit_length
        if count == 0:
            return []
        named = None if bit_length is None and not self.machine.lengths.is_set else count + 1
        bits = self.machine.lengths.of(self.bound, named, security)
        return self._bits(decomposition.bits_of, max(bits, count + 1), security)[:count]

    def highest_bit(self, bits, security=None):
        """As `bit_decompose`, for numbers that are not negative: only the highest 1 stays."""
        return self._bits(decomposition.highest_bit_of, bits + 1, security)[:bits]

    def _bits(self, protocol, count, security):
        self._reduce(self)
        count = max(2, count)
        security = security or self.machine.security
        demand = Demand(self.size, count, security, count * self.size)
        bits = self._compare(protocol, self.value, demand)
        parts = [bits.value[:, k * self.size : (k + 1) * self.size] for k in range(count)]
        return [self._of(part).within(BIT) for part in parts]

    def pow2(self, bit_length=None, security=None):
        """2 to the power of these numbers, which are from 0 to `bit_length` - 1."""
        count = bit_length or self.machine.lengths.bit_length
        self.machine.lengths.require_range(self.bound, 0, count - 1, "a secret power of 2")
        bits = self.bit_decompose(ceil(log2(count)) or 1, security)
        factors = [bit * (2 ** (2**k) - 1) + 1 for k, bit in enumerate(bits)]
        while len(factors) > 1:
            pairs = [a * b for a, b in zip(factors[::2], factors[1::2], strict=False)]
            factors = pairs + factors[len(factors) // 2 * 2 :]
        return factors[0].within(Bound.between(1, 2 ** (count - 1)))

    def __rpow__(self, base):
        if read(base) is not base or base != 2:
            raise RunError("a secret exponent has the base 2: 2**x")
        return self.pow2()
