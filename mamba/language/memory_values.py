"""``MemValue``: one value in memory, that a loop or a branch can change.

A Python name is bound when the text is compiled, so nothing that happens while the players run can
bind it anew: what a loop adds up, or a branch sets, is written to a memory value. It is read
wherever a value of its type can stand. ``MemFix`` is the same for ``sfix`` and ``cfix``.
"""

import operator

from mamba.language.vectors import Operand, read, told
from mamba.run_error import RunError


class _Memory(Operand):
    """The operators of what is in memory, and those that write the result back."""

    @property
    def size(self):
        return self.read().size

    def __neg__(self):
        return -self.read()

    __hash__ = Operand.__hash__

    def store_in_mem(self, address):
        """Write what it holds to memory from an address on."""
        self.read().store_in_mem(address)


def _define_operators():
    def forward(function):
        return lambda self, other: function(self.read(), read(other))

    def backward(function):
        return lambda self, other: function(other, self.read())

    def in_place(function):
        return lambda self, other: self.write(function(self.read(), read(other)))

    names = "add sub mul truediv mod pow and_ xor or_ lshift rshift lt gt le ge eq ne".split()
    for name in names:
        function, short = getattr(operator, name), name.rstrip("_")
        setattr(_Memory, f"__{short}__", forward(function))
        if len(short) > 2 or short == "or":  # the comparisons are their own mirror images
            setattr(_Memory, f"__r{short}__", backward(function))
            setattr(_Memory, f"__i{short}__", in_place(function))
            method = "idiv" if name == "truediv" else f"i{short}"
            setattr(_Memory, method, in_place(function))


_define_operators()


class MemValue(_Memory):
    """One value, or vector, in memory; what is written keeps the type of the first value."""

    def __init__(self, value):
        value = read(value)
        if isinstance(value, int):
            value = self.types.regint(value)
        if not hasattr(type(value), "_memory"):
            raise RunError(
                f"a MemValue holds an integer or a value of the language, not {told(value)}; "
                "see MemFix"
            )
        self.value_type, self._size = type(value), value.size
        self.address = self.value_type._memory().allocate(value.size)
        self._deleted = False
        self.write(value)

    def read(self):
        """What it holds."""
        self._check()
        return self.value_type.load_mem(self.address, size=self._size)

    def write(self, value):
        """Let it hold another value of the same type; a Python integer becomes one."""
        self._check()
        value = read(value)
        if isinstance(value, int):
            value = self.value_type(value, size=self._size)
        if not isinstance(value, self.value_type) or value.size != self._size:
            kind = type(value).__name__ if isinstance(value, Operand) else told(value)
            raise RunError(
                f"this MemValue holds a {self.value_type.__name__} of {self._size}, so a {kind} "
                f"cannot be written to it; {self.value_type.__name__}(...) makes one"
            )
        value.store_in_mem(self.address)
        return self

    def delete(self):
        """Give the memory back; it can be neither read nor written any more."""
        self._deleted = True

    def _check(self):
        if self._deleted:
            raise RunError("this MemValue was deleted")

    def reveal(self):
        """What it holds, opened to every player."""
        return self.read().reveal()

    def __getattr__(self, name):
        if name in _METHODS:
            return getattr(self.read(), name)
        raise AttributeError(f"'MemValue' has no '{name}'", name=name, obj=self)


_METHODS = frozenset(
    "less_than greater_than less_equal greater_equal equal not_equal pow2 mod2m right_shift "
    "bit_decompose if_else".split()
)


class MemFix(_Memory):
    """One fixed-point number in memory."""

    def __init__(self, value):
        self.v = self.mem_value(self._fixed(value).v)

    def read(self):
        """What it holds, a sfix or a cfix."""
        value = self.v.read()
        fixed = self.types.sfix if isinstance(value, self.types.sint) else self.types.cfix
        return fixed(value)

    def write(self, value):
        """Let it hold another fixed-point number of the same type."""
        self.v.write(self._fixed(value).v)
        return self

    def reveal(self):
        """What it holds, opened to every player: a cfix."""
        return self.read().reveal()

    @staticmethod
    def _fixed(value):
        value = read(value)
        if not hasattr(value, "v"):
            kind = type(value).__name__ if isinstance(value, Operand) else told(value)
            raise RunError(f"a MemFix holds a sfix or a cfix, not {kind}")
        return value
