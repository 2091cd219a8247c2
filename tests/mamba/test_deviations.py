"""Players that depart from the protocol: what one of them learns or changes, attack by attack."""

from collections import Counter

import numpy as np
import pytest
from mamba_players import WatchedProtocols, run_program
from scipy import stats

from fl_krum.program.krum_program import KrumProgram
from mamba import field, gf256, shamir
from mamba.protocol_error import ProtocolError

PROGRAM = KrumProgram(n=7, f=2, d=5)
WORDS = np.random.default_rng(3).integers(0, 2**28, (7, 5))
COMPARISONS = 105  # of two distances
BOTH = pytest.mark.parametrize("active", [False, True], ids=["semi-honest", "active"])


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
    for _ in range(3):
        liar = type("Liar", (AddsToAProduct,), {"seen": (opened := [])})
        run_program(PROGRAM.source(), [[], *WORDS.tolist()], liars={7: (liar, None, None)})
        seen.append(opened[0])
    bits = [np.concatenate(seen) >> place & 1 for place in range(8)]
    assert all(stats.binomtest(int(one.sum()), one.size).pvalue > 1e-6 for one in bits)
    assert len(Counter(np.concatenate(seen).tolist())) > 150


class AddsToAllBits(WatchedProtocols):
    """Adds the byte 2 to all products of the small field, once a masked number was opened."""

    def open_masked(self, array):
        self.adds = True
        return super().open_masked(array)

    def reduce(self, parts):
        weight = gf256.lagrange(shamir.points(len(self.holders)))[self.place]
        two = gf256.scale(np.full(1, 2, np.uint8), gf256._inverse(weight))
        if getattr(self, "adds", False):
            parts = [(m, array ^ two if m is gf256 else array) for m, array in parts]
        return super().reduce(parts)

    def open_among_holders(self, module, array, *dealers):
        secrets = super().open_among_holders(module, array, *dealers)
        if module is gf256:
            self.seen.append(secrets)
        return secrets


def test_the_same_where_all_is_verified_and_the_run_ends():
    liar = type("Liar", (AddsToAllBits,), {"seen": (opened := [])})
    program = "a = [sint.get_private_input_from(i, size=400) for i in (1, 2)]\n"
    program += "print_ln('%s', (a[0] < a[1]).reveal())"
    words = [[], [5] * 400, [9] * 400]
    with pytest.raises(ProtocolError, match="; player 0 departed"):
        run_program(program, words, liars={0: (liar, None, None)}, active=True)
    (bytes_,) = opened
    assert stats.chisquare(np.bincount(bytes_ >> 4, minlength=16)).pvalue > 1e-6


class TwoStories(WatchedProtocols):
    """In the check's opening, sends three of the six other holders wrong shares of what player 1
    has dealt."""

    misled = 2, 3, 4

    def open_among_holders(self, module, array, *dealers):
        if not dealers or dealers[0] is None:
            return super().open_among_holders(module, array, *dealers)
        false, exchange = np.array(array), self.network.exchange
        own = dealers[0] == 1
        false[:, own] = field.add(false[:, own], field.from_ints([1]))

        def two_stories(outgoing, *arguments, **options):
            wrong = {p: field.to_bytes(false) for p in self.misled}
            return exchange({**outgoing, **wrong}, *arguments, **options)

        self.network.exchange = two_stories
        try:
            return super().open_among_holders(module, array, *dealers)
        finally:
            self.network.exchange = exchange


@BOTH
def test_who_tells_two_stories_in_the_check_is_sent_no_masked_distances(active):
    """Where three holders left a client out and three did not, a liar had t + 1 shares of one
    masked distance and as many of another, and so an exact distance, before anybody noticed."""
    masked = set()

    def seen(sender, receiver, number, payload):
        if receiver == 7 and len(payload) == field.BYTES * COMPARISONS:
            masked.add(sender)
        return payload

    with pytest.raises(ProtocolError, match="player 1 or player 7 departed"):
        run_program(
            PROGRAM.source(), [[], *WORDS.tolist()], seen, liars={7: (TwoStories, None, None)},
            active=active,
        )  # fmt: skip
    assert len(masked - {7}) < 3  # with its own share, no t + 1


class LeavesOut(WatchedProtocols):
    """Sends everybody wrong shares of what some others have dealt to be checked."""

    victims: range

    def open_among_holders(self, module, array, *dealers):
        if dealers and dealers[0] is not None:
            array = np.array(array)
            own = np.isin(dealers[0], self.victims)
            array[:, own] = field.add(array[:, own], field.from_ints([1]))
        return super().open_among_holders(module, array, *dealers)


@BOTH
@pytest.mark.parametrize(("n", "f", "threshold"), [(11, 4, 3), (7, 2, 1), (6, 1, 2)])
def test_nobody_can_have_an_honest_client_left_out(n, f, threshold, active):
    """With n = 11, f = 4 and t = 3 a wrong share had four honest clients named as liars, and of
    the others the four liars' vector was the one that Krum takes."""
    words = np.random.default_rng(5).integers(2**27 - 2**17, 2**27 + 2**17, (n, 2))
    words[-f:] = 2**27 + 2**26
    holders = (*range(f + 1, f + 2 * threshold + 1), n)
    liar = type("Liar", (LeavesOut,), {"victims": range(1, f + 1)})
    program = KrumProgram(n, f, 2, threshold=threshold, holders=holders)
    with pytest.raises(ProtocolError, match="player 1 or ") as error:
        run_program(
            program.source(), [[], *words.tolist()], liars={n: (liar, None, None)},
            threshold=threshold, holders=holders, active=active,
        )  # fmt: skip
    assert f"player {n}" in str(error) or threshold == 1


class WrongShare(WatchedProtocols):
    def open_among_holders(self, module, array, *dealers):
        wrong = module.add(array, module.from_ints([5]))
        return super().open_among_holders(module, wrong, *dealers)


@BOTH
@pytest.mark.parametrize(
    ("dealt", "who"),
    [
        ("a", "player 1 or player 5"),
        ("a + b", "player 5, or one that dealt it a wrong share,"),
        ("sint.get_random_triple()[0]", "player 5, or one that dealt it a wrong share,"),
    ],
)
def test_a_wrong_share_of_what_is_revealed_is_an_error(dealt, who, active):
    """Of what one player alone had dealt, it made a 1."""
    text = "a, b = [sint.get_private_input_from(k) for k in (1, 2)]\n"
    text += f"print_ln('%s', ({dealt}).reveal())"
    with pytest.raises(ProtocolError, match=f"; {who}.* departed"):
        run_program(
            text, [[], [4711], [10], [], [], []], liars={5: (WrongShare, None, None)}, active=active
        )
