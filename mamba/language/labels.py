"""A small number for each word of memory: what degree its sharing has, who has dealt it.

Vectors of millions of words have the same number throughout. Such runs are kept as runs, and the
array behind them is never touched, so that it takes no memory.
"""

from bisect import bisect_right
from operator import itemgetter

import numpy as np

LONG = 4096  # words from which on one number is kept once; of less, an array is quicker


class Labels:
    """Numbers of words, all 0 at first.

    Parameters
    ----------
    dtype : numpy type
        Unsigned, and large enough for every number.
    """

    def __init__(self, dtype):
        self._array = np.zeros(0, dtype)
        self._runs: list[tuple[int, int, int]] = []  # (start, stop, number), sorted, apart

    def __len__(self):
        return len(self._array)

    def grow(self, size):
        """Room for so many words."""
        missing = size - len(self._array)
        if missing > 0:
            more = np.zeros(missing, self._array.dtype)
            # The first room is not copied: what is never written takes no memory then.
            self._array = np.concatenate([self._array, more]) if len(self._array) else more

    def of(self, start, stop):
        """Of these words: one number, or an array, to be read at once."""
        if self._runs:
            found = self._meeting(start, stop)
            if len(found) == 1 and found[0][0] <= start and stop <= found[0][1]:
                return found[0][2]
            if found:
                numbers = self._array[start:stop].copy()
                for first, last, number in found:
                    numbers[max(0, first - start) : last - start] = number
                return numbers
        return self._array[start:stop]

    def put(self, start, stop, numbers):
        """Note one number for all of these words, or an array."""
        if self._runs:
            self._cut(start, stop)
        if stop - start < LONG or np.ndim(numbers):
            self._array[start:stop] = numbers
            return
        place = bisect_right(self._runs, start, key=itemgetter(0))
        if place and self._runs[place - 1][1:] == (start, numbers):
            place -= 1
            start = self._runs.pop(place)[0]
        self._runs.insert(place, (start, stop, int(numbers)))

    def _meeting(self, start, stop):
        """The runs that these words have a part of."""
        place = bisect_right(self._runs, start, key=itemgetter(0))
        place -= bool(place and self._runs[place - 1][1] > start)
        found = []
        while place < len(self._runs) and self._runs[place][0] < stop:
            found.append(self._runs[place])
            place += 1
        return found

    def _cut(self, start, stop):
        """Take these words out of all runs."""
        for run in self._meeting(start, stop):
            place = self._runs.index(run)
            first, last, number = run
            left = [(first, start, number)] if first < start else []
            right = [(stop, last, number)] if stop < last else []
            self._runs[place : place + 1] = left + right
