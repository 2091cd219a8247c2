"""Functions of the language that are no methods, and the few instructions that programs call.

An instruction writes into the value that is its first argument.
"""

import time
from functools import partial

from mamba.language.vectors import Operand, Vector, address_of, integer, read, size_of, told
from mamba.run_error import RunError


class Instructions:
    """These names, for one machine and its types."""

    def __init__(self, machine, types):
        self._machine, self._types, self._timers = machine, types, {}

    def names(self):
        """Every name with what it stands for."""
        sint, cint, regint = self._types.sint, self._types.cint, self._types.regint
        names = {name: getattr(self, name) for name in _NAMES}
        names |= {
            "load_int": regint,
            "load_int_to_secret": sint,
            "load_secret_mem": lambda address: sint.load_mem(address),
            "load_clear_mem": lambda address: cint.load_mem(address),
            "get_random_triple": lambda size=1: sint.get_random_triple(size=size),
            "get_random_bit": lambda size=1: sint.get_random_bit(size=size),
            "get_random_square": lambda size=1: sint.get_random_square(size=size),
            "get_random_int": lambda bits, size=1: sint.get_random_int(bits, size=size),
            "public_input": cint.public_input,
        }
        for letter, kind in (("s", sint), ("c", cint), ("int", regint)):
            load, store = self._loading(kind), self._storing(kind)
            names |= {f"vldm{letter}": load, f"vstm{letter}": store}
            names |= {f"ldm{letter}": partial(load, 1), f"stm{letter}": partial(store, 1)}
            blocks = _Blocks(kind, self._check_regint)
            names |= {f"new{letter}": blocks.new, f"delete{letter}": blocks.delete}
        return names

    def store_in_mem(self, value, address):
        """Write a value to memory from an address on; a Python integer as a regint."""
        value = read(value)
        if isinstance(value, int):
            value = self._types.regint(value)
        value.store_in_mem(address)

    def load_mem(self, address, value_type):
        """What stands in the memory of a type, or of a letter s, c or r, at an address."""
        return self._types.Array(None, value_type, address)[0]

    def reveal(self, secret):
        """Open a value to every player."""
        return read(secret).reveal()

    def load_int_to_secret_vector(self, vector):
        """A vector of shared integers of a list."""
        return self._types.sint._joined([self._types.sint(value) for value in vector])

    def make_array(self, values):
        """An Array of these values."""
        values = [values] if isinstance(values, Operand) else list(values)
        kind = type(values[0]) if values and isinstance(values[0], Operand) else self._types.cint
        array = self._types.Array(len(values), kind)
        return array.assign(values)

    def _loading(self, kind):
        def load(size, target, address):
            self._check(kind, target)
            loaded = kind.load_mem(address, size=integer(size))
            vars(target).update(vars(loaded))

        return load

    def _storing(self, kind):
        def store(size, value, address):
            self._check(kind, value)
            value.store_in_mem(address_of(address))

        return store

    @staticmethod
    def _check(kind, value):
        if not isinstance(value, kind) or not isinstance(value, Vector):
            raise RunError(f"this instruction takes a {kind.__name__}, not {told(value)}")

    def _check_regint(self, value):
        self._check(self._types.regint, value)

    def clear_memory(self):
        """Let all words of memory be 0."""
        machine = self._machine
        for memory in (machine.memory, machine.public_memory, machine.integer_memory):
            memory.clear()

    # --- channels: every one is this player's standard input or output ----------------------------

    def open_channel(self, *channel):
        """Nothing to do."""

    def open_channel_with_return(self, channel):
        """0: a channel can always be opened."""
        return self._types.regint(0)

    def close_channel(self, channel):
        """Nothing to do."""

    # --- time -----------------------------------------------------------------------------------

    def start_timer(self, timer_id=0):
        """Take the time from here on."""
        self._machine.flush()
        self._machine.waiting.find_all()
        self._timers[timer_id] = time.perf_counter()

    def stop_timer(self, timer_id=0):
        """Print on player 0 how long it took since `start_timer`."""
        if timer_id not in self._timers:
            raise RunError(f"timer {timer_id} was not started")
        self._machine.flush()
        self._machine.waiting.find_all()
        seconds = time.perf_counter() - self._timers[timer_id]
        self._machine.print(f"Stopped timer {timer_id} after {seconds:.6f} seconds\n")


class _Blocks:
    """Memory of one type that a program takes and gives back while it runs."""

    def __init__(self, kind, check_regint):
        self._kind, self._check_regint = kind, check_regint
        self._taken: dict[int, int] = {}  # size by address
        self._free: dict[int, list] = {}  # addresses by size

    def new(self, target, size):
        """Write the address of `size` words that nothing else uses into a regint."""
        self._check_regint(target)
        size = size_of(size)
        free = self._free.get(size)
        address = free.pop() if free else self._kind._memory().allocate(size)
        self._taken[address] = size
        vars(target).update(vars(type(target)(address)))

    def delete(self, address):
        """Give such words back."""
        size = self._taken.pop(integer(address), None)
        if size is None:
            raise RunError(f"there is nothing to delete at address {integer(address)}")
        self._free.setdefault(size, []).append(integer(address))


_NAMES = (
    "store_in_mem load_mem reveal load_int_to_secret_vector make_array open_channel "
    "open_channel_with_return close_channel clear_memory start_timer stop_timer"
).split()
