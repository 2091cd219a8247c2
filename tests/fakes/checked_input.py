"""What a stand-in of a real player reads from its client, and says, as krum.mpc's check of the
inputs wants it.

The same dialogue for all engines: d words, their digits, a coin, the quotient. Sizes come from the
program's own text.
"""

import re
from types import SimpleNamespace

RHO = 17 - 2**100  # the coin, as players print it


def sizes(text):
    """The numbers that krum.mpc sets before its first array, whatever stands before it."""
    first = text.index("# --- Parameters")
    names = {}
    exec(text[first : re.search(r"^\w+ *= *Array\(", text, re.M).start()], names)
    return SimpleNamespace(**{k: v for k, v in names.items() if not k.startswith("__")})


class CheckedInput:
    """One client's input of one round, after another.

    Parameters
    ----------
    sizes : namespace
    read_line : callable
        ``read_line()`` gives the next line of standard input.
    wait : callable
        ``wait()`` returns when all clients have shared what they had to.
    """

    def __init__(self, sizes, read_line, wait):
        self.sizes, self._read_line, self._wait, self._numbers = sizes, read_line, wait, []

    def read(self, count):
        while len(self._numbers) < count:
            self._numbers += map(int, self._read_line().split())
        numbers, self._numbers = self._numbers[:count], self._numbers[count:]
        return numbers

    def read_vector(self):
        """The words, and whether they pass."""
        words = self.read(self.sizes.d)
        if not self.sizes.check:
            return words, True
        rows = self.sizes.digits
        self.read(2 * rows)  # of a random polynomial
        digits = self.read(self.sizes.numbers * rows)
        self._wait("shared")
        print(f"Output channel 1 : {RHO}", flush=True)
        assert any(self.read(2 * self.sizes.quotient))
        return words, all(0 <= digit < 4 for digit in digits) and words == [
            sum(4**k * digits[k * self.sizes.numbers + i] for k in range(rows))
            for i in range(self.sizes.d)
        ]
