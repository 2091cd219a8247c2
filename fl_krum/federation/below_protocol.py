"""Two clients that lie below the protocol: one shares a number that stands for no vector at all.

Every attack of `attacks` sends a *vector*, and Krum is made for those. Players share numbers of a
field, though, and a comparison looks at the low bits of a difference only: for a number that is far
too long, it says whatever these bits say. One liar therefore inputs a word of 33 bits or more,
tuned so that its distance to an accomplice looks small and the accomplice's score negative. Krum
without a check of its inputs then chooses the accomplice's vector, whatever it is; with the check
of `krum.mpc`, the liar is found out and left out.

Assumes that the liars know the honest clients' vectors, as all of `attacks` do.
"""

from __future__ import annotations

import numpy as np

from ..aggregators.krum import krum
from ..program.krum_program import KrumProgram

TRIALS = 20_000  # one in a few hundred words will do


def lying_words(words, liars, program: KrumProgram, seed: int = 0) -> np.ndarray:
    """Words with which a comparison that believes everything chooses the first liar's vector.

    Parameters
    ----------
    words : array_like of int, shape (n, d)
        The words of all clients; the first liar's are what it wants to be chosen.
    liars : sequence of int
        Two rows at least, counted from 0. The second one's word is tuned.
    program : KrumProgram
        Gives f, and the lengths that comparisons look at.
    seed : int

    Returns
    -------
    ndarray of uint64, shape (n, d)

    Raises
    ------
    ValueError
        There are fewer than two liars, or no word was found.
    """
    if len(liars) < 2:
        raise ValueError(f"lying below the protocol takes two clients; there are {len(liars)}")
    chosen, liar = liars[:2]
    rng = np.random.default_rng(seed)
    forged = np.array(words, dtype=object)
    forged[liar] = forged[chosen]
    distances = krum(forged, program.f).distances.copy()
    others = distances[liar] - (forged[liar, 0] - forged[:, 0]) ** 2  # of the other coordinates
    longest = program.budget.score_bits // 2 + 3  # bits, so that the square of a word is too long
    for _ in range(TRIALS):
        word = int(rng.integers(1 << program.fixed_point.bits + 4, 1 << longest))
        distances[liar] = distances[:, liar] = others + (word - forged[:, 0]) ** 2
        if _choice(distances, program) == [chosen]:
            forged[liar, 0] = word
            return forged.astype(np.uint64)
    raise ValueError("no word was found with which the first liar's vector is chosen")


def _choice(distances, program: KrumProgram) -> list[int]:
    """The rows that `krum.mpc` chooses when nobody checks what is shared: none, one or several.

    Every comparison is the one of the players, which sees the low bits of a difference only.
    """
    n, near = len(distances), program.n - program.f - 2
    scores = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        ranks = dict.fromkeys(others, 0)
        for k, first in enumerate(others):
            for second in others[k + 1 :]:
                budget = program.budget.distance_bits
                second_is_nearer = _less(distances[i, second], distances[i, first], budget)
                ranks[first if second_is_nearer else second] += 1
        scores.append(sum(distances[i, j] for j in others if ranks[j] < near))
    beaten = set()
    for i in range(n):
        for j in range(i + 1, n):
            later_is_smaller = _less(scores[j], scores[i], program.budget.score_bits)
            beaten.add(i if later_is_smaller else j)
    return [i for i in range(n) if i not in beaten]


def _less(x: int, y: int, bits: int) -> bool:
    """[x < y], as long as the difference fits `bits` bits with its sign; else anything."""
    return (x - y + (1 << bits - 1)) >> (bits - 1) & 1 == 0
