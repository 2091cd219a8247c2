"""Fixed-point numbers: ``sfix``, shared, and ``cfix``, which every player knows.

A number x is kept as the integer v = x 2^f, a ``sint`` or a ``cint``, of k bits with its sign; f is
20 and k is 41 unless the program sets them, so 2k bits and their mask fit the field. A product has
2f bits after the point, and is brought back inside the computation (`mamba.truncation`): its last
place may be one too large. Division is Goldschmidt's, from an approximation of the reciprocal
(Catrina and Saxena, Financial Cryptography 2010, section 3.4).
"""

from math import ceil, floor, log2

from mamba.language.vectors import Operand, Vector, comparison, integer, read, told
from mamba.run_error import RunError


class FixedPoint(Operand):
    """What the two types have in common."""

    f, k = 20, 41

    @classmethod
    def set_precision(cls, f, k=None):
        """Let numbers have `k` bits, of which `f` after the point; 2f where there is no k."""
        f, k = integer(f), integer(2 * f if k is None else k)
        if not 0 < f < k:
            raise RunError(f"set_precision takes 0 < f < k, not f = {f} and k = {k}")
        cls.f, cls.k = f, k

    @property
    def size(self):
        return self.v.size

    def sizeof(self):
        """How many words of memory this takes."""
        return self.size

    def __len__(self):
        return self.size

    # --- memory ---------------------------------------------------------------------------------

    @classmethod
    def _memory(cls):
        return cls._mantissas()._memory()

    @classmethod
    def load_mem(cls, address, mem_type=None, size=1):
        """The `size` numbers that stand in memory from `address` on."""
        return cls._of(cls._mantissas().load_mem(address, size=size))

    def store_in_mem(self, address):
        """Write the numbers to memory from `address` on."""
        self.v.store_in_mem(address)

    @classmethod
    def _of(cls, mantissas):
        result = cls.__new__(cls)
        result.v = mantissas
        return result

    def load_int(self, v):
        """Let this number be an integer."""
        v = read(v)
        if isinstance(v, float):
            raise RunError(f"load_int takes an integer; write {type(self).__name__}({v})")
        self.v = self._mantissas()(v, size=getattr(v, "size", self.size)) * 2**self.f

    @classmethod
    def conv(cls, value):
        """The same number in this type; an integer of any type is taken as it is."""
        value = read(value)
        if isinstance(value, cls):
            return value
        if isinstance(value, Vector):
            result = cls(0)
            result.load_int(value)
            return result
        return cls(value)

    # --- arithmetic -----------------------------------------------------------------------------

    def _operand(self, other):
        """The other operand as a fixed-point number."""
        other = read(other)
        if isinstance(other, (int, float)):
            other = self.types.cfix(other)
        elif isinstance(other, Vector):
            secret = isinstance(other, self.types.sint)
            other = (self.types.sfix if secret else self.types.cfix).conv(other)
        elif not isinstance(other, FixedPoint):
            return NotImplemented
        if (other.f, other.k) != (self.f, self.k):
            raise RunError(
                f"sfix and cfix have different precisions, ({self.f}, {self.k}) and "
                f"({other.f}, {other.k}); set_precision sets each"
            )
        return other

    def _sum(self, other, sign=1):
        other = self._operand(other)
        if other is NotImplemented:
            return NotImplemented
        v = self.v + other.v if sign == 1 else self.v - other.v
        return self._joint(other)._of(v)

    def _joint(self, other):
        """The type of a result with another operand: secret where one of them is."""
        return self.types.cfix if self.is_public and other.is_public else self.types.sfix

    def __neg__(self):
        return self._of(-self.v)

    def __add__(self, other):
        return self._sum(other)

    __radd__ = __add__

    def __sub__(self, other):
        return self._sum(other, -1)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        other = self._operand(other)
        if other is NotImplemented:
            return NotImplemented
        if self.is_public and other.is_public:
            products = zip(*_stretched(self, other), strict=True)
            return self._known([_cut(a * b, self.f) for a, b in products])
        v = fitting(self.v * other.v, 2 * self.k)
        return self.types.sfix._of(v.truncated(2 * self.k, self.f, self.types.sfix.kappa))

    __rmul__ = __mul__

    def __truediv__(self, other):
        other = self._operand(other)
        return other if other is NotImplemented else _quotient(self, other)

    def __rtruediv__(self, other):
        other = self._operand(other)
        return other if other is NotImplemented else _quotient(other, self)

    def compute_reciprocal(self):
        """1 divided by the number."""
        return 1 / self

    def _known(self, mantissas):
        """A cfix with these mantissas."""
        cint = self.types.cint
        return self.types.cfix._of(cint._joined([cint(v) for v in mantissas]))

    # --- comparison -----------------------------------------------------------------------------

    def _compared(self, other, name):
        other, given = self._operand(other), other
        if other is NotImplemented:
            return self.unequal(given) if name in ("equal", "not_equal") else NotImplemented
        if self.is_public and other.is_public:
            return getattr(self.types.regint, _SIGNS[name])(self.types.regint(self.v), other.v)
        mine = self.v if not self.is_public else self.types.sint(self.v, size=self.size)
        fitting(mine - other.v, self.k + 1)
        return getattr(mine, name)(other.v, self.k + 1, self.types.sfix.kappa)

    __lt__, __gt__ = comparison("less_than"), comparison("greater_than")
    __le__, __ge__ = comparison("less_equal"), comparison("greater_equal")
    __eq__, __ne__ = comparison("equal"), comparison("not_equal")
    __hash__ = Operand.__hash__


_SIGNS = {
    "less_than": "__lt__",
    "greater_than": "__gt__",
    "less_equal": "__le__",
    "greater_equal": "__ge__",
    "equal": "__eq__",
    "not_equal": "__ne__",
}


class PublicFixedPoint(FixedPoint):
    """``cfix``: of a Python number, or a cint that holds mantissas."""

    is_public = True

    def __init__(self, v=0, size=None):
        v = read(v)
        if isinstance(v, self.types.regint):
            v = self.types.cint(v * 2**self.f)
        elif isinstance(v, PublicFixedPoint):
            v = v.v
        elif isinstance(v, (int, float)):
            v = rounded(v * 2**self.f)
        elif not isinstance(v, self.types.cint):
            raise RunError(f"a cfix is made of a public number, not of {_kind(v)}")
        self.v = self.types.cint(v, size=size)

    @classmethod
    def _mantissas(cls):
        return cls.types.cint

    def reveal(self):
        """The number itself: it is public."""
        return self

    def print_fix(self):
        """Print the numbers on player 0."""
        self.machine.print(str(self))

    def __str__(self):
        return "".join(f"{v / 2**self.f:.6g}" for v in self.v.known())


class SharedFixedPoint(FixedPoint):
    """``sfix``: of a Python number, or a sint that holds mantissas; `load_int` takes integers."""

    is_public = False
    kappa = 40

    def __init__(self, _v=0, size=None):
        v = read(0 if _v is None else _v)
        if isinstance(v, self.types.regint):
            v = self.types.cint(v) * 2**self.f
        elif isinstance(v, SharedFixedPoint):
            v = v.v
        elif isinstance(v, (int, float)):
            if abs(v) >= 2 ** (self.k - self.f - 1):
                raise RunError(
                    f"{v} does not fit a sfix of {self.k} bits, {self.f} after the point"
                )
            v = rounded(v * 2**self.f)
        elif not isinstance(v, self.types.sint):
            raise RunError(f"a sfix is not made of {_kind(v)}; see load_int, and sfix(0) + x")
        self.v = self.types.sint(v, size=size)

    @classmethod
    def _mantissas(cls):
        return cls.types.sint

    @classmethod
    def load_sint(cls, v):
        """A sfix of an integer."""
        result = cls()
        result.load_int(v)
        return result

    def reveal(self):
        """The numbers, opened to every player: a cfix."""
        return self.types.cfix(self.v.reveal())


def _quotient(a, b):
    if b.is_public:
        if a.is_public:
            pairs = zip(*_stretched(a, b), strict=True)
            return a._known([_divided(x, y, a.f) for x, y in pairs])
        return a._of(_by_public(a, b.v.known()))
    dividend, divisor = fitting(b.types.sint(a.v), b.k), fitting(b.v, b.k)
    sign = 1 - 2 * divisor.less_than(0, b.k + 1, b.kappa)
    size, room = divisor * sign, 2 ** (b.k - b.f - 1)
    fits = (dividend * (1 - 2 * dividend.less_than(0, b.k + 1, b.kappa))).less_than(
        size * room, 2 * b.k - b.f + 1, b.kappa
    )
    refuse(
        1 - fits,
        "division by a secret that is 0, or so small that the quotient does not fit a sfix of "
        f"{b.k} bits, as everybody knows now",
    )
    return b._of(_goldschmidt(dividend, sign, size, b.k, b.f, b.kappa).within(None))


def fitting(mantissas, bits):
    """Mantissas that have so many bits, sign included; RunError where they may have more."""
    if not hasattr(mantissas, "known"):
        cure = "sfix.set_precision(f, k) says how many a sfix has"
        mantissas.machine.lengths.require(mantissas.bound, bits, what="this mantissa", cure=cure)
    return mantissas


def refuse(bits, message):
    """RunError where one of these shared bits is 1: how many are is opened, and when the
    program goes on it was none."""
    if any(sum(bits[1:], bits[0]).reveal().known()):
        raise RunError(message)


def _by_public(a, divisors):
    """Mantissas of a divided by public numbers: times a reciprocal of about k bits, truncated."""
    if len(set(divisors)) > 1:
        parts = (a.v[i] if a.size > 1 else a.v for i in range(len(divisors)))
        pairs = zip(parts, divisors, strict=True)
        return a.v._joined([_by_public(a._of(v), [divisor]) for v, divisor in pairs])
    divisor = divisors[0]
    if divisor == 0:
        raise RunError("division by zero")
    places = a.k - 2 - a.f + abs(divisor).bit_length()
    reciprocal = rounded_quotient(2 ** (a.f + places), divisor)
    return (fitting(a.v, a.k) * reciprocal).truncated(2 * a.k, places, a.kappa)


def _goldschmidt(a, sign, size, k, f, kappa):
    """Mantissas of a / b, by Goldschmidt's iterations, for b not 0 in sign and size."""
    one = 2 ** (2 * f)
    w = _first_reciprocal(sign, size, k, f, kappa)
    x, y = one - size * sign * w, (a * w).truncated(2 * k, f, kappa)
    for _ in range(ceil(log2(k / 3.5))):
        y = (y * (one + x)).truncated(2 * k, 2 * f, kappa)
        x = (x * x).truncated(2 * k, 2 * f, kappa)
    return (y * (one + x)).truncated(2 * k, 2 * f, kappa)


def _first_reciprocal(sign, size, k, f, kappa):
    """1 / b to about 4 bits: 2.9142 - 2c, for c = |b| shifted until it is between 1/2 and 1."""
    highest = size.highest_bit(k, kappa)
    shift = sum(bit * 2 ** (k - 1 - place) for place, bit in enumerate(highest))
    approximation = int(2.9142 * 2**k) - size * shift * 2
    return (approximation * shift * sign).truncated(2 * k + 1, 2 * (k - f), kappa)


def rounded(value):
    """The nearest integer; a half is rounded away from 0, as in Python 2."""
    if isinstance(value, int):
        return value
    return floor(value + 0.5) if value >= 0 else -floor(0.5 - value)


def rounded_quotient(a, b):
    """The integer nearest to a / b, for a > 0."""
    quotient = (2 * a + abs(b)) // (2 * abs(b))
    return quotient if b > 0 else -quotient


def _divided(a, b, f):
    if b == 0:
        raise RunError("division by zero")
    quotient = abs(a * 2**f) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _cut(product, f):
    """Without the lowest f bits, towards zero."""
    return product >> f if product >= 0 else -(-product >> f)


def _stretched(a, b):
    """Mantissas of two cfix as lists of equal length."""
    x, y = a.v.known(), b.v.known()
    return x * (len(y) if len(x) == 1 else 1), y * (len(x) if len(y) == 1 else 1)


def _kind(value):
    return f"a {type(value).__name__}" if isinstance(value, Operand) else told(value)
