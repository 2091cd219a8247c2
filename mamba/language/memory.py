"""The words of memory of a running program, on one player: what each holds, and what it depends on.

A word holds a share, or a public number; the degree of its sharing, since products are brought to
degree t as late as may be; who has dealt all that it is made of; and how long it may be. Vectors
that still wait for their value are stored when somebody reads them.
"""

from bisect import bisect_left, insort
from functools import reduce
from operator import itemgetter

import numpy as np

from mamba import field as prime
from mamba.language import bounds
from mamba.language.factors import Lent, Origins, Rows
from mamba.language.labels import Labels

MOST_BOUNDS = 60_000  # different ones that memory tells apart
FIRST_ALLOCATED = 8192  # address; those below are for a program to choose, as in SCALE-MAMBA
# What a word depends on, besides what everybody knows: nothing, several players' secrets, or those
# of player i alone (DEALT_BY + i).
KNOWN, MIXED, DEALT_BY = 0, 1, 2


def joint_dealer(a, b):
    """What the sum of two vectors depends on; each is one number, or an array of them."""
    if isinstance(a, int) and isinstance(b, int):
        return a if b in (KNOWN, a) else b if a == KNOWN else MIXED
    a, b = np.broadcast_arrays(np.asarray(a, np.uint16), np.asarray(b, np.uint16))
    return np.where((b == KNOWN) | (a == b), a, np.where(a == KNOWN, b, np.uint16(MIXED)))


class Memory:
    """Words of memory; each holds a field element, the degree (1 for t, 2 for 2t) of its sharing,
    and what it depends on."""

    def __init__(self, machine):
        self._machine, self._size = machine, FIRST_ALLOCATED
        self._value, self._degree = prime.zeros(0), Labels(np.uint8)
        self._dealer = Labels(np.uint16)
        self._bounds = Labels(np.uint16)  # places in `_known`, which begins with that of 0
        self._known, self._places, self.stores = [bounds.constant(0)], {bounds.constant(0): 0}, 0
        self._later: list[
            tuple
        ] = []  # (start, stop, vector) of vectors that wait, without overlaps
        self.origins, self._lent = Origins(), Lent()

    def allocate(self, count):
        """Address of `count` new words."""
        self._size += count
        return self._size - count

    def load(self, address, size):
        """(value, degree, dealer) of the words from `address` on."""
        value, degree, dealer = self.look(address, size)
        return value.copy(), degree, dealer

    def look(self, address, size):
        """The same, not copied: to be read at once, or lent."""
        self._machine.flush_inputs()
        self._find(address, address + size)
        self._reserve(address + size)
        part, degree = slice(address, address + size), self._degree.of(address, address + size)
        degree = int(np.max(degree, initial=1))
        return self._value[:, part], degree, self._dealers(part)

    def degrees(self, address, size):
        """Of each of these words, 1 or 2."""
        degrees = self._degree.of(address, address + size)
        return np.broadcast_to(np.maximum(degrees, 1), size)

    def lend(self, addresses, arrays):
        """Arrays of words that `look` gave, for somebody who reads them later: what they are now,
        also when other words have been written there."""
        rows, size = Rows(arrays), prime.length(arrays[0])
        self._lent.lend(min(addresses), max(addresses) + size, rows)
        return rows

    # --- bounds, which players without shares keep, too -----------------------------------------

    def bound(self, address, size, *more):
        """The bound (`mamba.language.bounds`) of these words, and of as many from each of `more`
        addresses on; None where one is not known."""
        places: set[int] = set()
        for start in (address, *more):
            part = self._bounds.of(start, start + size)
            if isinstance(part, int):
                places.add(part)
                continue
            places.update((part[:1] if (part == part[:1]).all() else part).tolist())
            if len(part) < size:
                places.add(0)
        found = [self._known[place] for place in places]
        return bounds.combined(lambda *several: reduce(bounds.Bound.joined, several), *found)

    def note_bound(self, address, size, bound):
        """Note the bound of words that are stored."""
        self.stores += 1
        if address + size > len(self._bounds):
            self._bounds.grow(max(self._size, address + size))
        if bound not in self._places:
            if len(self._known) > MOST_BOUNDS:  # no more are told apart
                bound = None
            if bound not in self._places:
                self._places[bound] = len(self._known)
                self._known.append(bound)
        self._bounds.put(address, address + size, self._places[bound])

    def _dealers(self, part):
        dealer = self._dealer.of(part.start, part.stop)
        if isinstance(dealer, int):
            return dealer
        return int(dealer[0]) if (dealer == dealer[0]).all() else dealer.copy()

    def store(self, address, value, degree, dealer=MIXED):
        """Write a field array to the words from `address` on."""
        self._machine.flush_inputs()
        self._find(address, address + prime.length(value))
        self._write(address, value, degree, dealer)

    def store_later(self, address, vector):
        """Write a vector that waits (`mamba.language.waiting`) when its value is there."""
        stop = address + vector.size
        self._find(address, stop)
        self._reserve(stop)
        insort(self._later, (address, stop, vector), key=itemgetter(0))

    def _find(self, start, stop):
        """See to it that no vector waits for these words."""
        last = bisect_left(self._later, stop, key=itemgetter(0))
        first = last
        while first and self._later[first - 1][1] > start:
            first -= 1
        for address, _, vector in self._later[first:last]:
            self._write(address, vector.value, vector.degree, vector.dealer)
        del self._later[first:last]

    def clear(self):
        """Let every word be 0, also those that inputs wait for."""
        self._machine.flush_inputs()
        self._bounds.put(0, len(self._bounds), 0)
        if len(self._degree):
            self.store(0, prime.zeros(len(self._degree)), 1, KNOWN)

    def _write(self, address, value, degree=1, dealer=MIXED):
        part = slice(address, address + prime.length(value))
        self._reserve(part.stop)
        self._lent.before_writing(part.start, part.stop)
        self._value[:, part] = value
        self._degree.put(part.start, part.stop, degree)
        self._dealer.put(part.start, part.stop, dealer)

    def _reserve(self, end):
        """Make room, zeroed as in SCALE-MAMBA; at the first use for all that was allocated by
        then."""
        self._size = max(self._size, end)
        missing = self._size - len(self._degree)
        if missing > 0 and not len(self._degree):  # the usual case costs only what is used later
            self._value = prime.zeros(missing)
        elif missing > 0:
            self._value = np.concatenate([self._value, prime.zeros(missing)], axis=1)
        self._degree.grow(self._size)
        self._dealer.grow(self._size)
