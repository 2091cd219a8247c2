"""Players that depart from the protocol: what one of them learns or changes, attack by attack."""

from collections import Counter

import numpy as np
from mamba_players import WatchedProtocols, run_program
from scipy import stats

from fl_krum.program.krum_program import KrumProgram
from mamba import gf256, shamir

PROGRAM = KrumProgram(n=7, f=2, d=5)
WORDS = np.random.default_rng(3).integers(0, 2**28, (7, 5))
COMPARISONS = 105  # of two distances


class AddsToAProduct(WatchedProtocols):
    """Adds the byte 2 to each of the last carries of all comparisons of distances: to the only
    products of that round whose factors are not opened anywhere."""

    done = False
    seen: list

    def reduce(self, parts):
        sizes = [(module, module.length(array)) for module, array in parts]
        if not self.done and sizes == [(gf256, COMPARISONS)] * 2:
            self.done = True
            weight = gf256.lagrange(shamir.points(len(self.holders)))[self.place]
            error = gf256.scale(np.full(COMPARISONS, 2, np.uint8), gf256._inverse(weight))
            parts = [parts[0], (gf256, parts[1][1] ^ error)]
        return super().reduce(parts)

    def open_among_holders(self, module, array, *dealers):
        secrets = super().open_among_holders(module, array, *dealers)
        if module is gf256:
            self.seen.append(secrets)
        return secrets


def test_what_is_opened_of_a_comparison_is_uniform_whatever_was_added_to_it():
    """A coin of one bit hid the lowest bit alone, and a byte that was added to a product showed
    the other factor in the next one: here a carry, a secret bit of every comparison."""
    seen = []
    for _ in range(4):
        liar = type("Liar", (AddsToAProduct,), {"seen": (opened := [])})
        run_program(PROGRAM.source(), [[], *WORDS.tolist()], liars={7: (liar, None, None)})
        seen.append(opened[0])
    bits = [np.concatenate(seen) >> place & 1 for place in range(8)]
    assert all(stats.binomtest(int(one.sum()), one.size).pvalue > 1e-6 for one in bits)
    assert len(Counter(np.concatenate(seen).tolist())) > 150
