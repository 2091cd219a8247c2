"""``test`` and ``test_mem``: a program says what its results must be.

As on SCALE-MAMBA they are looked at when the program has ended: of a test in a loop the last value
counts, and of a memory address what stands there in the end. Without an expected value nothing is
checked. A value that is tested is opened.
"""

import sys

from mamba.field import P
from mamba.language.vectors import Operand, Vector, integer, read
from mamba.run_error import RunError

_FIXED_POINT_ERROR = 1e-3  # what SCALE-MAMBA's own script allows


class Assertions:
    """The tests of one program, by line."""

    def __init__(self, machine, types):
        self._machine, self._types = machine, types
        self._tests = {}  # (line, address or None): ([values], lower, upper)
        if machine is not None and hasattr(machine, "at_end"):
            machine.at_end.append(self.check)

    def names(self):
        """Every name with what it stands for."""
        return {"test": self.test, "test_mem": self.test_mem, "no_result_testing": lambda: None}

    def test(self, value, lower=None, upper=None, prec=None):
        """Check that a value is `lower`, or from `lower` on and below `upper`."""
        value = read(value)
        if isinstance(value, Operand):
            value = value.reveal()
        self._tests[sys._getframe(1).f_lineno, None] = self._known(value), lower, upper

    def test_mem(self, value, address, lower=None, upper=None):
        """Check that a number stands in public memory at an address."""
        address = integer(address)
        kind = self._types.regint if isinstance(value, self._types.regint) else self._types.cint
        self._tests[sys._getframe(1).f_lineno, address] = kind, value, (lower, upper)

    def check(self):
        """RunError when a test failed."""
        failures = []
        for (line, address), (found, wanted, upper) in self._tests.items():
            if address is not None:
                found, lower_upper = found.load_mem(address).known(), upper
                wanted, upper = lower_upper if lower_upper[1] is not None else (wanted, None)
            if wanted is not None and not self._fits(found, wanted, upper):
                where = "" if address is None else f" at address {address}"
                limit = "" if upper is None else f" to below {self._plain(upper)}"
                failures.append(
                    f"the test in line {line} found {_listed(found)}{where}, and wanted "
                    f"{self._plain(wanted)}{limit}"
                )
        if failures:
            raise RunError(f"{failures[0]} ({len(failures)} of {len(self._tests)} tests failed)")

    def _fits(self, found, lower, upper):
        lower, upper = self._plain(lower), self._plain(upper)
        if upper is not None:
            return all(lower <= value < upper for value in found)
        if isinstance(lower, float) or any(isinstance(value, float) for value in found):
            return all(abs(value - lower) <= _FIXED_POINT_ERROR for value in found)
        return all((value - lower) % P == 0 for value in found)

    def _plain(self, value):
        return self._known(value)[0] if isinstance(value, Operand) else value

    @staticmethod
    def _known(value):
        """A public value as Python numbers."""
        value = read(value)
        if isinstance(value, Vector):
            return value.known()
        if isinstance(value, Operand):
            return [v / 2**value.f for v in value.v.known()]
        return list(value) if isinstance(value, (list, tuple)) else [value]


def _listed(values):
    return ", ".join(map(str, values))
