"""The names that a ``.mpc`` file sees, and what they do on an embedded player.

The part of the MAMBA language that works on integers modulo p: ``sint`` (shared), ``cint``
(public), ``regint`` (plain integers), ``Array``, ``for_range``, ``get_tape``, ``print_ln``. A name
or a method that is not here is an error of the program, with its file and line. SCALE-MAMBA
compiles such a file to instructions; here it is executed as the Python text that it is, once by
every player, each with its own shares.

Inputs and outputs are queued and done when a value is needed, so that all inputs take one round.
What vectors can do is in `mamba.values`.
"""

from functools import partial

from mamba.field import P
from mamba.program_error import ProgramError
from mamba.values import PublicInteger, SharedInteger, Vector, inner, lagrange, powers_of


def namespace(machine):
    """The global names of a program that runs on `machine` (`mamba.machine.Machine`)."""
    secret = type("sint", (SharedInteger,), {"machine": machine})
    public = type("cint", (PublicInteger,), {"machine": machine})
    secret.public_type = public
    array = type("Array", (Array,), {"machine": machine})
    return {
        "sint": secret,
        "cint": public,
        "regint": regint,
        "Array": array,
        "for_range": partial(for_range, machine),
        "get_tape": lambda: machine,
        "inner": inner,
        "lagrange": lagrange,
        "powers_of": powers_of,
        "project": partial(project, secret),
        "print_ln": print_ln if machine.me == 0 else lambda *_: None,
    }


class regint(int):
    """A plain integer: loop counters, addresses."""


def for_range(machine, start, stop=None, step=None):
    """Decorator that runs its function for every number of a range, as `range` counts them."""
    first, last = (0, start) if stop is None else (start, stop)
    counters = range(first, last, 1 if step is None else step)

    def run(body):
        machine.loop(body, map(regint, counters))
        return body

    return run


def project(secret, seed, address, length, count, centre):
    """Random sums of `count` vectors of `length` words, from `address` on: a ``sint`` with 64 sums
    of the first vector, then of the next. The coefficients follow from a ``cint``; only embedded
    players know this function. See `mamba.projections`."""
    shares, dealer = secret.machine.project(int(seed) % P, int(address), length, count, centre)
    return secret._of(shares, 1, dealer)


def print_ln(text="", *values):
    """Print a line on player 0, its ``%s`` filled with public values."""
    print(text % values, flush=True)


class Array:
    """`length` consecutive words of memory.

    Parameters
    ----------
    length : int
    value_type : type
        ``sint`` or ``cint``.
    """

    def __init__(self, length, value_type, address=None):
        if not (isinstance(value_type, type) and issubclass(value_type, Vector)):
            raise ProgramError("an Array holds sint or cint")
        self.length, self.value_type = int(length), value_type
        self.address = (
            value_type._memory().allocate(self.length) if address is None else int(address)
        )

    def __getitem__(self, index):
        return self.value_type.load_mem(self._address_of(index))

    def __setitem__(self, index, value):
        self.value_type(value).store_in_mem(self._address_of(index))

    def __len__(self):
        return self.length

    def __iter__(self):
        return (self[i] for i in range(self.length))

    def assign_all(self, value):
        """Set every element to one public value."""
        self.value_type(value, size=self.length).store_in_mem(self.address)

    def _address_of(self, index):
        if not 0 <= index < self.length:
            raise ProgramError(f"index {int(index)} is outside an Array of {self.length} elements")
        return self.address + int(index)
