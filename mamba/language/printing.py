"""What a program prints: `print_ln` and its like, on player 0.

Only ``%s`` is filled in, by public values; every other per cent sign stays one.
"""

from mamba.language.arrays import Array, Matrix, MultiArray
from mamba.language.vectors import Operand, read
from mamba.run_error import RunError


class Printing:
    """The names of the language for it, for one machine."""

    def __init__(self, machine):
        self._machine = machine

    def names(self):
        """Every name with what it stands for."""
        return {
            "print_str": self.print_str,
            "print_ln": self.print_ln,
            "print_reg": self.print_reg,
            "print_int": self.print_reg,
            "runtime_error": self.runtime_error,
            "crash": self.crash,
        }

    def print_str(self, s, *args):
        """Print a text, its ``%s`` filled with public values."""
        self._machine.print(filled(s, args))

    def print_ln(self, s="", *args):
        """`print_str`, and then a new line."""
        self._machine.print(filled(s, args) + "\n")

    def print_reg(self, value, comment=""):
        """Print a public value."""
        self._machine.print(filled("%s", [value]))

    def runtime_error(self, msg="", *args):
        """Print a message and end all players."""
        raise RunError(f"the program ended itself: {filled(msg, args)}")

    def crash(self):
        """End all players."""
        raise RunError("the program ended itself: crash()")


def filled(text, values):
    """A text whose ``%s`` are filled with values; RunError where one is secret."""
    parts = text.split("%s")
    if len(values) != len(parts) - 1:
        raise RunError(
            f"the text has {len(parts) - 1} times %s, and {len(values)} values are given"
        )
    filling = [_text(value) for value in values]
    return "".join(part + fill for part, fill in zip(parts, [*filling, ""], strict=True))


def _text(value):
    value = read(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, (Array, Matrix, MultiArray)):
        kind = type(value).__name__
        raise RunError(f"a whole {kind} cannot be printed; print its elements, a[i]")
    if isinstance(value, Operand) and type(value).__str__ is object.__str__:
        kind = type(value).__name__
        raise RunError(f"a {kind} is secret and cannot be printed; reveal() opens it first")
    return str(value)
