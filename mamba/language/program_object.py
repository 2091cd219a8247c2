"""``program``: what a text can ask of, and tell, its compiler.

Lengths and security of comparisons, memory, tapes. What only steers SCALE-MAMBA's optimiser is
accepted and has no effect.
"""

from types import SimpleNamespace

from mamba.field import P
from mamba.language.vectors import integer, told
from mamba.run_error import RunError


class ProgramObject:
    """The object `program` of a machine."""

    P = P

    def __init__(self, machine, types, functions):
        self._machine, self._types, self._functions = machine, types, functions
        self.curr_tape = self.curr_block = SimpleNamespace(
            start_new_basicblock=lambda name="": machine.start_new_basicblock(name),
            merge_opens=True,
        )
        self.options = SimpleNamespace()

    # A program may set these two: of all comparisons, remainders and shifts that name no others.

    @property
    def bit_length(self):
        """Bits of a number, without its sign."""
        return self._machine.lengths.bit_length

    @bit_length.setter
    def bit_length(self, value):
        lengths = self._machine.lengths
        lengths.bit_length, lengths.is_set = _positive("bit_length", value), True

    @property
    def security(self):
        """Statistical security in bits."""
        return self._machine.security

    @security.setter
    def security(self, value):
        self._machine.security = _positive("security", value)

    def set_bit_length(self, bit_length):
        """Set `bit_length`."""
        self.bit_length = bit_length

    def set_security(self, security):
        """Set `security`."""
        self.security = security

    def restart_main_thread(self):
        """Nothing to do: it only makes tapes shorter."""

    # --- memory ---------------------------------------------------------------------------------

    def malloc(self, size, mem_type, reg_type=None):
        """Address of `size` new words of a type, or of the memory s, c or r."""
        if not isinstance(size, int):
            raise RunError("the size of memory is a Python integer")
        return self._types.Array(size, mem_type).address

    def free(self, addr, mem_type):
        """Give memory back: nothing to do here."""

    # --- tapes ----------------------------------------------------------------------------------

    def new_tape(self, function, args=(), name=None):
        """A function that threads can run."""
        return SimpleNamespace(function=function, args=args)

    def run_tape(self, tape, arg):
        """Run a tape in a thread with an argument."""
        self._functions.run(tape.function, tape.args, integer(arg))
        return 1

    def join_tape(self, thread_number):
        """Wait for a thread: each has ended already."""


def _positive(name, value):
    if not isinstance(value, int) or value < 1:
        raise RunError(f"program.{name} is a Python integer from 1 on, not {told(value)}")
    return value
