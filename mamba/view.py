"""What one player saw: samples of the shares it received, of what was opened to it, and of its own
input. For the lesson, on request.

A player learns nothing from a share, and from a number that was opened under a mask hardly
anything; this file lets a student look at that with their own eyes.
"""

import json
import os

from mamba import field as prime
from mamba import gf256

_NAMES = {prime: "prime", gf256: "gf256"}
LIMIT = 4096  # samples kept of each kind
_AT_ONCE = 64  # of these, from what one dealer sends in a round
_OPENED_AT_ONCE = 256  # and from one opening


class View:
    """Samples of what a player holds.

    Attributes
    ----------
    words : list of int
        First words of its own input.
    shares : list of (round, dealer, field, value)
        Shares it received; field is ``"prime"`` or ``"gf256"``.
    opened : list of (round, field, value)
        What it put together from everybody's shares: what was opened to all, or to it alone.
    revealed : list of (line, player, values)
        Where in the program something was revealed, to whom (None: to all), and what; of what was
        for another player alone, no values.
    """

    def __init__(self):
        self.words, self.shares, self.opened, self.revealed = [], [], [], []
        self._left = dict.fromkeys(_NAMES, LIMIT)
        self._left_to_open = dict.fromkeys(_NAMES, LIMIT)

    def note_words(self, words):
        """Keep samples of this player's own input."""
        self.words += [int(word) for word in words[: max(0, LIMIT - len(self.words))]]

    def note(self, number, dealer, shape, arrays):
        """Keep samples of what a dealer sent in a round."""
        for (field, _), array in zip(shape, arrays, strict=True):
            values = _sample(field, array, _AT_ONCE, self._left)
            self.shares += [(number, dealer, _NAMES[field], value) for value in values]

    def note_opened(self, number, field, array):
        """Keep samples of what was opened in a round."""
        values = _sample(field, array, _OPENED_AT_ONCE, self._left_to_open)
        self.opened += [(number, _NAMES[field], value) for value in values]

    def note_revealed(self, line, player, values):
        """Keep what a line of the program reveals, and samples of the values."""
        if len(self.revealed) < LIMIT:
            self.revealed.append((line, player, values and values[:_OPENED_AT_ONCE]))

    def as_json(self):
        """Everything in one line; field elements as decimal strings, since JSON readers round."""
        shares = [[number, dealer, kind, str(value)] for number, dealer, kind, value in self.shares]
        opened = [[number, kind, str(value)] for number, kind, value in self.opened]
        revealed = [
            [line, player, values and list(map(str, values))]
            for line, player, values in self.revealed
        ]
        return json.dumps(
            {"words": self.words, "shares": shares, "opened": opened, "revealed": revealed}
        )

    def save(self, path):
        """Write everything to a file that its owner alone can read."""
        unfinished = f"{path}.part"  # a reader finds the whole file or none
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.as_json())
        os.replace(unfinished, path)


def _sample(field, array, most, left):
    """The first elements of a field array as integers, as many as there is room for."""
    part = array[..., : min(most, left[field])]
    values = prime.to_ints(part) if field is prime else part.tolist()
    left[field] -= len(values)
    return values
