"""Random sums of long vectors, with coefficients -1, 0 and 1 that everybody computes from a seed.

Each of `ROWS` rows has one coefficient a word: 0 with a chance of 1/2, 1 and -1 with 1/4 each. The
seed is drawn when the vectors are shared already, so that nobody can choose a vector to suit the
rows. A sum is linear, so every holder of shares computes its own share of it.
"""

import numpy as np

from mamba import field
from mamba.randomness import from_coin

ROWS = 64
_CHUNK = 1024  # columns at a time, so that the coefficients stay in the processor's cache
_ALIGNED = 8  # a product of matrices takes less time for so many columns than for fewer
# A byte gives four coefficients, of two bits each.
_ENTRIES = np.array([0, 0, 1, -1], np.float64)[
    np.arange(256)[:, np.newaxis] >> np.array([0, 2, 4, 6]) & 3
]


def project(seed, arrays, length, centre=0):
    """Sums of the columns of arrays of limbs.

    Parameters
    ----------
    seed : int
        Below 2^127.
    arrays : list of uint32 arrays of shape (limbs, length)
        Numbers as limbs of 32 bits, the lowest first; field arrays for instance.
    centre : int
        Subtracted from every number.

    Returns
    -------
    list of field arrays
        For each array, `ROWS` sums.

    Notes
    -----
    Exact in floating point: a chunk's sums stay below 2^(32 + 10).
    """
    stream = from_coin(seed, "rows")
    counts = [len(array) for array in arrays]
    stops = np.cumsum(counts, dtype=int)
    ones = sum(counts)  # behind all limbs, a row of ones tells what the centre counts
    totals = np.zeros((ROWS, ones + 1 + -(ones + 1) % _ALIGNED), np.int64)
    entries = np.empty((ROWS, _CHUNK // 4, 4))
    numbers = np.zeros((totals.shape[1], _CHUNK))
    numbers[ones] = 1
    for start in range(0, length, _CHUNK):
        columns = min(_CHUNK, length - start)
        data = np.frombuffer(stream.bytes(ROWS * (_CHUNK // 4)), np.uint8).reshape(ROWS, -1)
        # No byte is out of range, and not to look for that takes a tenth of the time.
        np.take(_ENTRIES, data, axis=0, out=entries, mode="clip")
        rows = entries.reshape(ROWS, -1)[:, :columns]
        for array, stop in zip(arrays, stops, strict=True):
            numbers[stop - len(array) : stop, :columns] = array[:, start : start + columns]
        totals += (rows @ numbers[:, :columns].T).astype(np.int64)
    limbs = np.zeros((4, ROWS * len(arrays)), np.int64)
    for k, (count, stop) in enumerate(zip(counts, stops, strict=True)):
        limbs[:count, k * ROWS : (k + 1) * ROWS] = totals[:, stop - count : stop].T
    for k in range(2):
        limbs[k] -= np.tile(totals[:, ones], len(arrays)) * (centre >> 32 * k & 2**32 - 1)
    return np.split(field.from_limbs(limbs, 61), len(arrays), axis=1) if arrays else []
