"""What two players tell each other before they count as connected.

A certificate says who somebody is, and not what for: a player of an aborted run, that waits still,
has the same one as the player that was started after it. So the caller says first what it is there
for, and is connected only when the other one has said the same and that it takes the call.

All of it is of one fixed length, behind TLS, and compared byte by byte: nothing is parsed.
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import Enum

VERSION = 1  # of what players send each other
_MAGIC = b"fl_krum"
_FORM = struct.Struct(">7sBQ32s32s32s32s")
LENGTH = _FORM.size
TAKEN, NOT_TAKEN = b"\1", b"\0"  # after these words, in the answer


class Verdict(Enum):
    """How what another player is there for compares with one's own."""

    SAME = "the same"
    ELSEWHERE = "is in another run"
    BEFORE = "is in an earlier round"
    AFTER = "has gone on to a later round without this one"
    DIFFERENT = "has {} than this player; all players must have the same"


@dataclass(frozen=True)
class Meeting:
    """What a player is there for.

    Attributes
    ----------
    holders : str
        Who is going to be connected with whom: `mamba.holders.meeting`.
    run : str
        Chosen anew for every training; players of another one are waited out.
    number : int
        Grows from round to round of a run: a player that meets one of a later round is stale, and
        ends.
    parties, roster : str
        All names in order, and what certificates and addresses they were agreed to have.
    """

    holders: str = ""
    run: str = ""
    number: int = 0
    parties: str = ""
    roster: str = ""

    def words(self):
        """What is sent; `LENGTH` bytes."""
        return _FORM.pack(
            _MAGIC,
            VERSION,
            self.number,
            *map(_digest, (self.run, self.roster, self.parties, self.holders)),
        )

    def compare(self, said):
        """A `Verdict` on another player's words, and what is different where it says so."""
        magic, version, number, run, *others = _FORM.unpack(said)
        if (magic, version) != (_MAGIC, VERSION):
            return Verdict.DIFFERENT, "another version of the players' software"
        if run != _digest(self.run):
            return Verdict.ELSEWHERE, ""
        if number != self.number:
            return (Verdict.AFTER if number > self.number else Verdict.BEFORE), ""
        kinds = ("roster", "list of parties", "threshold or other holders")
        own = map(_digest, (self.roster, self.parties, self.holders))
        for kind, mine, theirs in zip(kinds, own, others, strict=True):
            if mine != theirs:
                return Verdict.DIFFERENT, f"another {kind}"
        return Verdict.SAME, ""


def _digest(text):
    return hashlib.sha256(text.encode()).digest()
