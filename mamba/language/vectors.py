"""What a program computes with, and vectors of it: the base of sint, cint, regint, sfix and cfix.

A value of the language is known only while the players run, on SCALE-MAMBA as here: SCALE-MAMBA
compiles the text once, before there are any values. So none of them can decide a Python ``if``,
count a Python loop or be an index of a Python list, and saying so early spares a long search.

Assumes a machine (`mamba.language.machine`) in the attribute `machine` of the types that a program
sees, and all of these types in `types`; `mamba.language.names` makes them.
"""

import numbers

from mamba import field as prime
from mamba.language.memory import joint_dealer
from mamba.run_error import RunError


class Operand:
    """Whatever stands beside an operator of the language."""

    def __bool__(self):
        kind = type(self).__name__
        if not hasattr(self, "known"):
            raise RunError(
                f"a {kind} cannot decide an if, a while, a max or a sort: it is secret, and "
                "everybody would see which way it went. b.if_else(x, y) computes both and chooses"
            )
        raise RunError(
            f"a {kind} cannot decide an if, a while, an and or an or: the program is compiled "
            "before there are values. if_then, while_do, and_ and or_ can use it"
        )

    def __repr__(self):
        return f"<{type(self).__name__}>" if hasattr(self, "known") else "<a secret>"

    quotients = "/ divides"  # what there is in place of //

    def __floordiv__(self, other):
        secret = isinstance(other, Operand) and not hasattr(other, "known")
        how = (other if secret else self).quotients
        raise RunError(f"SCALE-MAMBA has no // for its types: {how}")

    __rfloordiv__ = __floordiv__

    def __eq__(self, other):
        return self.unequal(other)

    __hash__ = object.__hash__  # Python forgets it where __eq__ is defined

    def square(self):
        """The product with itself."""
        return self * self

    def __pow__(self, exponent):
        """A power, the exponent a Python integer: by squaring and multiplying."""
        if not isinstance(exponent, int) or exponent < 0:
            raise RunError(f"an exponent is a Python integer from 0 on, not {told(exponent)}")
        if exponent == 0:
            return type(self)(1, size=self.size)
        result = self
        for bit in bin(exponent)[3:]:
            result = result.square()
            if bit == "1":
                result = result * self
        return result

    @staticmethod
    def bit_compose(bits):
        """The number that has these bits, the lowest first."""
        return sum(bit * 2**place for place, bit in enumerate(bits))

    def unequal(self, other):
        """NotImplemented when the other operand may know how to compare, else a RunError:
        Python would compare the objects and not what they hold."""
        if isinstance(other, Operand):
            return NotImplemented
        raise RunError(f"a {type(self).__name__} cannot be compared with {told(other)}")


class Vector(Operand):
    """`size` elements with a memory and a stack; a scalar is a vector of one."""

    quotients = (
        "x >> k divides by 2^k and rounds down, a sfix divides by other numbers, and / is division "
        "modulo p, which is the quotient only where it leaves no rest"
    )

    level = 0  # at which a ``sint`` that waits is found, see `mamba.language.waiting`

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls._stack = []  # each type that a program sees has its own

    # --- memory ---------------------------------------------------------------------------------

    @classmethod
    def load_mem(cls, address, mem_type=None, size=1):
        """The `size` values that stand in memory from `address` on."""
        return cls._of(*cls._memory().load(address_of(address), size_of(size)))

    def store_in_mem(self, address):
        """Write the values to memory from `address` on."""
        self._memory().store(address_of(address), self.value, self.degree, self.dealer)

    # --- the elements ---------------------------------------------------------------------------

    @property
    def waits(self):
        """Whether it is not found yet, but will be when somebody wants its value."""
        return False

    @property
    def size(self):
        return prime.length(self.value)

    def sizeof(self):
        """How many words of memory this takes."""
        return self.size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self._element(i) for i in range(*index.indices(self.size))]
        place = integer(index)
        if not -self.size <= place < self.size:
            raise IndexError(f"index {place} is outside a vector of {self.size} elements")
        return self._element(place % self.size)

    def _element(self, place):
        dealer = self.dealer if isinstance(self.dealer, int) else int(self.dealer[place])
        return self._of(self.value[:, place : place + 1].copy(), self.degree, dealer)

    @classmethod
    def conv(cls, value):
        """The same value in this type; of a list or tuple, each."""
        value = read(value)
        if isinstance(value, (list, tuple)):
            return type(value)(cls.conv(item) for item in value)
        return value if isinstance(value, cls) else cls(value)

    hard_conv = conv

    # --- the stack ------------------------------------------------------------------------------

    @classmethod
    def push(cls, value):
        """Put a value on top of the stack of this type."""
        cls._stack.extend(cls.conv(value)[:])

    @classmethod
    def pop(cls, size=1):
        """Take the `size` values from the top of the stack."""
        if len(cls._stack) < size:
            raise RunError(f"the stack of {cls.__name__} holds {len(cls._stack)} values")
        values = cls._stack[-size:]
        del cls._stack[-size:]
        return cls._joined(values)

    @classmethod
    def getsp(cls):
        """Where the top of the stack is: a regint."""
        return cls.types.regint(len(cls._stack) - 1)

    @classmethod
    def peek(cls, address):
        """The values at these places of the stack, counted from its bottom."""
        return cls._joined([cls._stack[cls._place(a)] for a in places(address)])

    @classmethod
    def poke(cls, address, value):
        """Change the values at these places of the stack, counted from its bottom."""
        for a, element in zip(places(address), cls.conv(value)[:], strict=True):
            cls._stack[cls._place(a)] = element

    @classmethod
    def reverse_peek(cls, address):
        """As `peek`, counted from the top."""
        return cls._joined([cls._stack[cls._place(cls._top(a))] for a in places(address)])

    @classmethod
    def reverse_poke(cls, address, value):
        """As `poke`, counted from the top."""
        for a, element in zip(places(address), cls.conv(value)[:], strict=True):
            cls._stack[cls._place(cls._top(a))] = element

    @classmethod
    def _top(cls, distance):
        return len(cls._stack) - 1 - distance

    @classmethod
    def _place(cls, place):
        if not 0 <= place < len(cls._stack):
            raise RunError(
                f"place {place} is outside the stack of {cls.__name__}, "
                f"which holds {len(cls._stack)} values"
            )
        return place

    # --- arithmetic -----------------------------------------------------------------------------

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
        result = self._of(value, max(self.degree, other.degree), dealer)
        return result if result.degree == 1 else result._note_sum(self, a, other, b)

    def _note_sum(self, one, a, two, b):
        """This vector, of degree 2t, as the sum of multiples: for those who keep its factors."""
        return self

    def _check_sizes(self, other):
        if 1 not in (self.size, other.size) and self.size != other.size:
            raise RunError(f"vectors of {self.size} and {other.size} elements do not fit together")

    # --- choosing -------------------------------------------------------------------------------

    def if_else(self, yes, no):
        """`yes` where this is 1, `no` where it is 0."""
        return no + self * (yes - no)

    def cond_swap(self, a, b):
        """(b, a) where this is 1, (a, b) where it is 0."""
        change = self * (a - b)
        return a - change, b + change


def operator(function, backwards=False):
    """The method of an operator: `_each` of the class applies the function element by element."""
    return lambda self, other: self._each(other, function, backwards)


def comparison(name):
    """The method of a comparison, which the class's `_compared` knows by this name."""
    return lambda self, other: self._compared(other, name)


def read(value):
    """What a memory value holds; anything else as it is."""
    reader = getattr(value, "read", None) if isinstance(value, Operand) else None
    return reader() if reader else value


def places(address):
    """Python integers of a public vector or number."""
    address = read(address)
    return address.known() if hasattr(address, "known") else [integer(address)]


def integer(value):
    """A Python integer of an integer or of one public value; RunError of anything else."""
    if type(value) is int:
        return value
    value = read(value)
    if isinstance(value, int):
        return value
    if hasattr(value, "known"):
        if value.size != 1:
            raise RunError(f"a {type(value).__name__} of {value.size} elements is not one integer")
        return value.known()[0]
    if isinstance(value, Operand):
        raise RunError(
            f"a secret, {type(value).__name__}, cannot be an index, an address or a count: which "
            "words of memory are used would tell it. See docs/mamba.md for an oblivious look-up"
        )
    if isinstance(value, numbers.Integral):
        return int(value)
    raise RunError(f"{told(value)} is not an integer")


def address_of(address):
    """An address as a Python integer."""
    address = integer(address)
    if address < 0:
        raise RunError(f"there is no memory at address {address}")
    return address


def size_of(size):
    """A number of elements as a Python integer."""
    size = integer(1 if size is None else size)
    if size < 1:
        raise RunError(f"a vector has at least one element, not {size}")
    return size


def repeated(vector, size):
    """The elements of a vector; of one element, as many copies as wanted."""
    if size in (None, vector.size):
        return vector.value
    if vector.size != 1:
        raise RunError(f"a vector of {vector.size} elements cannot become one of {size}")
    return vector.value.repeat(size_of(size), axis=1)


def constant(value, size):
    """A field array of one integer, `size` times."""
    if not isinstance(value, int):
        raise RunError(f"{told(value)} is not an integer")
    return prime.from_ints([value]).repeat(size_of(size), axis=1)


def told(value):
    """A Python value as a message names it."""
    return value.__name__ if callable(value) and hasattr(value, "__name__") else repr(value)
