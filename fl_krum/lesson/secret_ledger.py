"""Numbers that a program may compute with but not look at: what would it have to reveal?

A `Secret` stands for a number that the players hold as shares. Sums, products and comparisons of
secrets are secrets again. A branch is something else: the players have to agree which way to go
on, so the bit behind it must be opened, and what is opened everybody knows. A `Ledger` keeps the
books.

There is no cryptography in this file: the number is right there, behind an underscore. It is made
to judge programs, not to run them; what players really do with shares is in the package mamba.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

REFUSED = (
    "a branch on a secret: which way to go on, all players have to know. Either open the bit, "
    "and everybody learns it, or compute both ways and choose by arithmetic"
)


class BranchOnSecret(TypeError):
    """A program wanted to know a secret bit, as `if`, `while`, `min` and `sorted` do."""


class Ledger:
    """What a program did with secrets.

    Parameters
    ----------
    open_branches : bool
        Whether a branch on a secret opens the bit, or raises `BranchOnSecret`.

    Attributes
    ----------
    opened : list of int
        Everything that was opened, in order: what every player, and every onlooker, knows.
    comparisons, multiplications : int
        How many of each, between secrets; this is what costs rounds and bytes. Sums are free.

    Examples
    --------
    >>> ledger = Ledger()
    >>> a, b = ledger.secrets([3, 5])
    >>> (a + b) * a
    <secret>
    >>> (a < b).open(), ledger.opened, ledger.comparisons
    (1, [1], 1)
    """

    def __init__(self, open_branches: bool = False):
        self.open_branches = open_branches
        self.opened: list[int] = []
        self.comparisons = self.multiplications = 0

    def secrets(self, numbers: Iterable[int]) -> list[Secret]:
        """Make secrets of these numbers."""
        return [Secret(int(number), self) for number in numbers]


def refuse(what: str):
    """Make a method that says why players cannot do this with a secret, and what they can."""

    def method(self, *others):
        raise TypeError(what)

    return method


class OnlySumsAndProducts:
    """Refuses what players cannot do with a secret, in words: a base for kinds of secrets."""

    __abs__ = refuse(
        "abs looks at the sign, and the sign is secret; write (1 - 2 * (a < 0)) * a for abs(a)"
    )
    __int__ = __float__ = refuse("to turn a secret into a number is to open it")
    __index__ = refuse("a place in a list has to be known to everybody; choose by arithmetic")
    __truediv__ = __floordiv__ = __mod__ = __rtruediv__ = __rfloordiv__ = __rmod__ = refuse(
        "shares can be added and multiplied; / and % are no sums or products"
    )
    __pow__ = refuse("write a power of a secret as products, a * a")
    __and__ = __or__ = __xor__ = __rand__ = __ror__ = __rxor__ = refuse(
        "write `and` of two secret bits as a * b, and `or` as a + b - a * b"
    )
    __invert__ = refuse("write the opposite of a secret bit as 1 - bit")


class Secret(OnlySumsAndProducts):
    """An integer that only its `Ledger` may open: sums, differences, products and comparisons."""

    def __init__(self, value: int, ledger: Ledger):
        self._value, self._ledger = value, ledger

    def open(self) -> int:
        """Reveal the number to everybody."""
        self._ledger.opened.append(self._value)
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    def __bool__(self) -> bool:
        if not self._ledger.open_branches:
            raise BranchOnSecret(REFUSED)
        return bool(self.open())

    def __add__(self, other):
        return self._new(self._value + _value(other))

    __radd__ = __add__

    def __sub__(self, other):
        return self._new(self._value - _value(other))

    def __rsub__(self, other):
        return self._new(_value(other) - self._value)

    def __mul__(self, other):
        self._ledger.multiplications += isinstance(other, Secret)
        return self._new(self._value * _value(other))

    __rmul__ = __mul__

    def __neg__(self):
        return self._new(-self._value)

    def __lt__(self, other):
        return self._compared(self._value < _value(other))

    def __gt__(self, other):
        return self._compared(self._value > _value(other))

    def __le__(self, other):
        return self._compared(self._value <= _value(other))

    def __ge__(self, other):
        return self._compared(self._value >= _value(other))

    def __eq__(self, other):
        return self._compared(self._value == _value(other))

    def __ne__(self, other):
        return self._compared(self._value != _value(other))

    def _new(self, value) -> Secret:
        return Secret(value, self._ledger)

    def _compared(self, bit) -> Secret:
        self._ledger.comparisons += 1
        return self._new(int(bit))


def eavesdrop(program: Callable, count: int, opened: Iterable[int]) -> list[int]:
    """Run a published program again with nothing but the bits that it opened.

    The onlooker has no number at all. Where the program compares, the next opened bit is the
    answer, so the program takes every branch as it did before.

    Parameters
    ----------
    program : callable
        Sorts a list of numbers, or picks some of them; deterministic, like ``sorted``.
    count : int
        How many numbers it was given.
    opened : iterable of int
        ``Ledger.opened`` of that run.

    Returns
    -------
    list of int
        Which of the numbers it returned, by their positions in the list it was given.
    """
    bits = iter(opened)
    return [one.position for one in program([_Unknown(i, bits) for i in range(count)])]


class _Unknown:
    """A number of which only the position is known; its comparisons are looked up."""

    def __init__(self, position, bits):
        self.position, self._bits = position, bits

    def __add__(self, other):
        return _Unknown(None, self._bits)  # one more unknown number

    __sub__ = __add__

    def __lt__(self, other):
        return next(self._bits)

    __gt__ = __eq__ = __lt__


def published_sort(numbers: list) -> list:
    """Sort as the published FL-ScaleMamba program does (`sort_indices` in its krum.mpc).

    Each `if` here is an ``@if_e((…).reveal()==1)`` there. Given secrets, it opens 92 bits for six
    numbers, all of them different.
    """
    zero = numbers[0] - numbers[0]
    least, where, most = numbers[0], zero, zero
    for j, number in enumerate(numbers):
        if number < least:
            least, where = number, zero + j
        if number > most:
            most = number
    ordered, places = [least], [where]
    for i in range(1, len(numbers)):
        limit, least, where = ordered[i - 1], most + 1, places[i - 1]
        for j, number in enumerate(numbers):
            if number > limit:
                if number < least:
                    least, where = number, zero + j
            if number == limit:
                if zero + j > places[i - 1]:
                    if number < least:
                        least, where = number, zero + j
        ordered.append(least)
        places.append(where)
    return ordered


def _value(number) -> int:
    return number._value if isinstance(number, Secret) else int(number)
