"""What one player saw: samples of the shares it received, and of its own input. For the lesson, on
request.

A player learns nothing from a share; this file lets a student look at that with their own eyes.
"""

import json
import os

from mamba import field as prime
from mamba import gf256

_NAMES = {prime: "prime", gf256: "gf256"}
LIMIT = 4096  # samples kept of each kind


class View:
    """Samples of what a player holds.

    Attributes
    ----------
    words : list of int
        First words of its own input.
    shares : list of (round, dealer, field, value)
        Shares it received; field is ``"prime"`` or ``"gf256"``.
    """

    def __init__(self):
        self.words, self.shares = [], []
        self._left = dict.fromkeys(_NAMES, LIMIT)

    def note_words(self, words):
        """Keep samples of this player's own input."""
        self.words += [int(word) for word in words[: max(0, LIMIT - len(self.words))]]

    def note(self, number, dealer, shape, arrays):
        """Keep samples of what a dealer sent in a round."""
        for (field, _), array in zip(shape, arrays, strict=True):
            part = array[..., : min(64, self._left[field])]
            values = prime.to_ints(part) if field is prime else part.tolist()
            self._left[field] -= len(values)
            self.shares += [(number, dealer, _NAMES[field], value) for value in values]

    def as_json(self):
        """Everything in one line; field elements as decimal strings, since JSON readers round."""
        shares = [[number, dealer, kind, str(value)] for number, dealer, kind, value in self.shares]
        return json.dumps({"words": self.words, "shares": shares})

    def save(self, path):
        """Write everything to a file that its owner alone can read."""
        unfinished = f"{path}.part"  # a reader finds the whole file or none
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.as_json())
        os.replace(unfinished, path)
