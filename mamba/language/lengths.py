"""How many bits a comparison, a remainder or a shift looks at, and that its numbers have no more.

A program may name a length, where it calls or by ``program.bit_length``; SCALE-MAMBA's default is
64 bits. Where the bounds of the numbers (`mamba.language.bounds`) ask for more, so many are taken,
as far as the field has room. What may still be longer is an error: of all players where only
constants are at fault, and else of the player whose input is too large. All players come to the
same length; of an input nobody else learns more than that it was too large.
"""

from mamba.language.bounds import LARGEST_WORD
from mamba.run_error import RunError

BIT_LENGTH = 64  # MAMBA's default, without the sign
CAPACITY = 126  # bits of a number and its mask together that the field has room for


class Lengths:
    """The lengths of one player's program.

    Parameters
    ----------
    machine : mamba.language.machine.Machine
    """

    def __init__(self, machine):
        self._machine = machine
        self.bit_length, self.is_set = BIT_LENGTH, False  # a program may say it
        self._lines: dict = {}  # of the program that ask for inputs: their numbers
        self._largest: dict = {}  # of a line's number, the largest word that this player has input

    # --- inputs ----------------------------------------------------------------------------------

    def source(self, line):
        """The number of a line that asks for input."""
        return self._lines.setdefault(line, len(self._lines))

    def note(self, source, words):
        """Note what this player inputs."""
        self._largest[source] = max(self._largest.get(source, 0), int(words.max(initial=0)))

    # --- lengths ---------------------------------------------------------------------------------

    def room(self, security):
        """The longest number, sign included, that has room for its mask."""
        return CAPACITY - security - self._machine.protocols.threshold.bit_length()

    def of(self, bound, named=None, security=None):
        """Bits, sign included, that numbers with this bound (None: unknown) are looked at with.

        Parameters
        ----------
        bound : Bound or None
        named : int, optional
            The length that the program names for them. Then it is its word that they are not
            longer, and only what cannot be so is an error.
        security : int, optional
        """
        security = security or self._machine.security
        if named:
            if bound is not None:
                self._refuse_impossible(bound, named)
            return max(2, named)
        bits = self.bit_length + 1
        if bound is None or bound.bits <= bits:
            return bits
        if not self.is_set:
            bits = max(bits, min(bound.bits, self.room(security)))
        self.require(bound, bits, security)
        return bits

    def require(self, bound, bits, security=None, what="this number", cure=""):
        """RunError where numbers may be longer than so many bits, sign included; it says what
        to do."""
        if bound is None or bound.bits <= bits:
            return
        room, half = self.room(security or self._machine.security), 2 ** (bits - 1)
        if cure:
            pass
        elif bound.bits <= room:
            cure = f"program.bit_length = {bound.bits - 1} takes as many as it needs"
        else:
            cure = f"the most that program.bit_length can be here is {room - 1}"
        caps = bound.largest_inputs(-half, half - 1)
        if caps is None:
            raise RunError(
                f"{what} may have {bound.bits} bits, its sign included, and {bits} are looked at; "
                f"{cure}"
            )
        self._refuse_inputs(caps, f"{what} may then have more than {bits} bits; {cure}")

    def require_range(self, bound, low, high, what):
        """RunError where numbers are not from `low` to `high`; that one may be below because
        others are subtracted cannot be known."""
        if bound is None:
            return
        least, most = bound.at(0)
        if (not bound.sources and least < low) or most > high or most < low:
            wrong = least if least < low else most
            raise RunError(f"{what} is {low} to {high}, and may be {wrong}")
        caps = bound.largest_inputs(-(2**CAPACITY), high)
        if caps:
            self._refuse_inputs(caps, f"{what} is {low} to {high}")

    def _refuse_inputs(self, caps, why):
        """RunError where an input of this player's is larger than that. Its value is not told,
        and other players learn that it was too large."""
        self._machine.flush_inputs()  # on all players, since bounds and lengths are public
        for line, source in self._lines.items():
            if self._largest.get(source, 0) > caps.get(source, LARGEST_WORD):
                raise RunError(f"an input of line {line} is above {caps[source]}: {why}")

    def _refuse_impossible(self, bound, bits):
        least, most = bound.at(0) if not bound.sources else (0, 0)
        if least >= 2 ** (bits - 1) or most < -(2 ** (bits - 1)):
            raise RunError(
                f"a number of {bound.bits} bits, its sign included, cannot be compared by {bits}"
            )
