"""Last words: a player that has to end tells all others why, so that they need not guess.

Players wait for each other, and the one that breaks off is mostly not the one that was missing. So
everybody names the player that it saw missing itself, or passes on what it has heard, and listens
for a moment to what the others say (`mamba.last_words`). It is a claim, and no more.
"""

import struct
from dataclasses import dataclass, replace
from enum import IntEnum

from mamba.network_error import NetworkError

FORM = struct.Struct("<IIQ")  # header of a message: round, place, length; or of a farewell
HEADER = FORM.size
MARK = (1 << 32) - 1  # in the place of a place in the program
_NOBODY = (1 << 16) - 1


class Reason(IntEnum):
    """What a witness says of the player that it names."""

    LOST = 1
    ABSENT = 2
    SILENT = 3
    DIFFERENT = 4
    FAILED = 5  # of itself
    DEVIATES = 6
    AGAIN = 7  # of the server alone: the others are to begin again without the one named
    DONE = 8  # nothing: it has ended as it should


_WORDS = {
    Reason.LOST: "{} lost the connection to {}",
    Reason.ABSENT: "{} could not reach {}",
    Reason.SILENT: "{} waited for {} until its deadline",
    Reason.DIFFERENT: "{} found something else than its own at {}",
    Reason.FAILED: "{1} failed",
    Reason.DEVIATES: "{} found that a player departed from the protocol",
    Reason.AGAIN: "the others begin again without {1}",
    Reason.DONE: "{} has done all that it had to do",
}


@dataclass(frozen=True)
class Farewell:
    """One claim.

    Attributes
    ----------
    reason : Reason
    culprit : int or None
        The player that was missing; None when nobody can be named.
    witness : int
        Who says so of its own knowledge. Where that is not the sender, it is hearsay.
    late : bool
        Whether the sender has gone on after inputs were shared: then this round cannot begin again.
    more : bool
        Whether the sender names others, too.
    """

    reason: Reason
    culprit: int | None
    witness: int
    late: bool = False
    more: bool = False

    def followed_by(self, more):
        """The same, marked as the last one or not."""
        return replace(self, more=more)

    def pack(self):
        """As the header of a message that has nothing else."""
        culprit = _NOBODY if self.culprit is None else self.culprit
        rest = culprit << 24 | self.witness << 8 | self.more << 1 | self.late
        return FORM.pack(self.reason, MARK, rest)

    @classmethod
    def of_numbers(cls, reason, rest):
        """From the round and length of a header; ValueError when they make no sense."""
        culprit, witness, flags = rest >> 24, rest >> 8 & _NOBODY, rest & 255
        if reason not in _WORDS or culprit > _NOBODY or flags > 3:
            raise ValueError("these are no last words")
        named = None if culprit == _NOBODY else culprit
        return cls(Reason(reason), named, witness, bool(flags & 1), bool(flags & 2))

    def __str__(self):
        return _WORDS[self.reason].format(f"player {self.witness}", f"player {self.culprit}")


def check_header(player, header, may_be_done=False):
    """Round, place and length in the header of a message; NetworkError when it is a farewell, but
    None for one that has done all, where it may."""
    number, place, length = FORM.unpack(header)
    if place != MARK:
        return number, place, length
    try:
        claim = Farewell.of_numbers(number, length)
    except ValueError:
        failed = Farewell(Reason.FAILED, player, player)
        problem = f"player {player} has ended: its last words cannot be understood"
        raise NetworkError(problem, failed) from None
    if claim.reason is Reason.DONE and may_be_done:
        return None
    # What it has only heard itself convinces nobody (`LastWords.add`).
    own = claim if claim.witness == player else replace(claim, culprit=None, witness=player)
    raise NetworkError(f"player {player} has ended: {claim}", own)


def look_for_farewell(player, heard):
    """Whether these messages, of which the last may not be whole, end with the word that the player
    has done all; NetworkError when there is another farewell among them."""
    while len(heard) >= HEADER:
        header = check_header(player, heard[:HEADER], may_be_done=True)
        if header is None:
            return True
        heard = heard[HEADER + header[2] :]
    return False
