"""What a player that deviates is sent until the run ends says nothing about the others' inputs.

The same attack against two inputs, some runs each: no byte that reaches it from an honest player
is distributed otherwise. Each attack reads what it aims at where nothing is verified.
"""

from collections import defaultdict

import numpy as np
import pytest
from mamba_players import WatchedProtocols, outcomes, player_of
from scipy import stats

from mamba import field, gf256, mask_proof, shamir

# Player 0 deviates. It knows a; c is what it wants to know, of two honest players.
PROGRAM = """
a = sint.get_private_input_from(0)
c = sint.get_private_input_from(1) + sint.get_private_input_from(2)
less = (a * c * c).less_than(1000, 64)
print_ln('%s', less.reveal())
"""
RUNS = 30  # of each input: a byte that tells them apart is then found among thousands
LOW, HIGH = (2, 1), (16, 15)


class AddsToTheFirstProduct(WatchedProtocols):
    """Adds 2^115 to a c, so that 2^115 c is added to what is opened under a mask of 105 bits."""

    done = False

    def reduce(self, parts):
        if not self.done and [module for module, _ in parts] == [field]:
            self.done = True
            weight = field.lagrange(shamir.points(3))[self.place]
            error = field.from_ints([2**115 * pow(weight, -1, field.P)])
            parts = [(field, field.add(parts[0][1], error))]
        return super().reduce(parts)


class FalseMask(WatchedProtocols):
    """Deals 2^20 as the highest bits of its mask, so that sums wrap around or not, as c says."""

    def deal(self, shapes, secrets=(), continued=False):
        if [module for module, _ in shapes.get(0, [])] == [field, gf256]:
            numbers, beside = np.array(secrets[0]), 2 * mask_proof.SUBSETS
            numbers[:, -beside - 3 : -beside] = field.from_ints([2**20] * 3)
            secrets = [numbers, *secrets[1:]]
        return super().deal(shapes, secrets, continued)


class WrongShareToOne(WatchedProtocols):
    """Sends one player other shares of all that it opens."""

    def show_parts(self, parts, alike=b""):
        exchange = self.network.exchange

        def two_stories(outgoing, *arguments, **options):
            wrong = {2: bytes(len(outgoing[2]))} if 2 in outgoing else {}
            return exchange({**outgoing, **wrong}, *arguments, **options)

        self.network.exchange = two_stories
        try:
            return super().show_parts(parts, alike)
        finally:
            self.network.exchange = exchange


def sent_to_the_liar(kind, inputs, **choice):
    """All that honest players send it in one run, by sender; and what was opened under the mask."""
    seen = defaultdict(list)

    def tap(sender, receiver, number, payload):
        if receiver == 0:
            seen[sender].append(payload)
        return payload

    words = [[3], [inputs[0]], [inputs[1]]]
    outcomes(3, player_of(PROGRAM, words, {0: (kind, None, None)}, **choice), tap)
    return {player: [*map(len, of)] for player, of in seen.items()}, b"".join(
        b"".join(seen[player]) for player in sorted(seen)
    )


@pytest.mark.long
@pytest.mark.parametrize("kind", [AddsToTheFirstProduct, FalseMask, WrongShareToOne])
def test_what_reaches_a_liar_is_the_same_for_all_inputs(kind):
    groups = []
    for inputs in (LOW, HIGH):
        runs = [sent_to_the_liar(kind, inputs, active=True) for _ in range(RUNS)]
        assert all(lengths == runs[0][0] for lengths, _ in runs)
        groups.append(np.array([np.frombuffer(data, np.uint8) for _, data in runs]))
    low, high = groups
    assert low.shape == high.shape and low.shape[1] > 2000
    both = np.sort(np.concatenate(groups), axis=0)
    different = 1 + (np.diff(both, axis=0) != 0).sum(axis=0)
    few = different < RUNS  # bits; all other bytes are uniform
    ranks = stats.mannwhitneyu(low[:, ~few], high[:, ~few], method="asymptotic").pvalue
    assert ranks.min() > 1e-3 / low.shape[1]
    for place in np.flatnonzero(few & (different > 1)):
        value = np.median(both[:, place])
        table = [[(one[:, place] <= value).sum(), (one[:, place] > value).sum()] for one in groups]
        assert stats.fisher_exact(table).pvalue > 1e-5
    assert (low[0, different == 1] == high[0, different == 1]).all()


def test_where_nothing_is_verified_what_is_added_to_a_product_shows_the_input():
    read = []

    class Reads(AddsToTheFirstProduct):
        def open_among_holders(self, module, array, *dealers):
            opened = super().open_among_holders(module, array, *dealers)
            if module is field and self.done:
                read.append(field.to_ints(opened)[0] >> 115)
            return opened

    for inputs in (LOW, HIGH):
        read.clear()
        sent_to_the_liar(Reads, inputs)
        assert read[0] == sum(inputs)
