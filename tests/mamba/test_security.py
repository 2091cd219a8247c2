"""What players see says nothing: statistical tests, each with a positive control that must fail.

A share is uniform, whatever is shared. Each test here computes a p-value and fails below `CHANCE`,
so that all of them together fail by bad luck less than once in a million runs. A test that cannot
fail proves nothing: every one is also given players whose randomness is broken, and must notice.
"""

import json
from collections import Counter
from itertools import combinations
from unittest import mock

import numpy as np
import pytest
from mamba_players import holders, run_program, together
from scipy import stats

from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram
from mamba import comparison, field, gf256, openings, shamir
from mamba.masks import Demand, make_masks
from mamba.protocols import Protocols
from mamba.randomness import Randomness

CHANCE = 1e-9  # and there are fewer than 1000 p-values in this file


def stuck_randomness():
    """Players whose random bytes are all zero: a share is a known multiple of the secret."""
    return mock.patch.object(Randomness, "bytes", lambda self, count: bytes(count))


# --- the tests --------------------------------------------------------------------------------


def uniform(values, count):
    """p-value of the chi-square test that integers are uniform in 0 ... count - 1."""
    return stats.chisquare(np.bincount(np.asarray(values), minlength=count)).pvalue


def uniform_elements(values):
    """The smallest p-value for elements of the prime field, byte by byte; the top has 7 bits."""
    data = np.frombuffer(b"".join(int(v).to_bytes(16, "little") for v in values), np.uint8)
    columns = data.reshape(-1, 16)
    low = [uniform(columns[:, 3 * k : 3 * k + 3].ravel(), 256) for k in range(5)]
    return min(*low, uniform(columns[:, 15], 128))


def alike(one, other):
    """p-value of the two-sample Kolmogorov-Smirnov test."""
    return stats.ks_2samp(np.asarray(one, float), np.asarray(other, float)).pvalue


def alike_bytes(one, other):
    """p-value of the chi-square test that two byte strings come from the same distribution."""
    table = np.array([np.bincount(np.frombuffer(d, np.uint8), minlength=256) for d in (one, other)])
    return stats.chi2_contingency(table[:, table.any(axis=0)]).pvalue


# --- what the players of krum.mpc receive -----------------------------------------------------

PROGRAM = KrumProgram(n=5, f=1, d=40, rounds=2)
OWN = [7] * 80  # client 5's own words: the same in every run


def words(kind):
    """The inputs of a run: those of clients 1 to 4 are as different as can be."""
    rng = np.random.default_rng(1)
    others = {
        "low": [[0] * 80] * 4,
        "spread": rng.integers(0, 2**28, (4, 80)).tolist(),
    }[kind]
    return [[], *others, OWN]


def run(kind):
    return run_program(PROGRAM.source(), words(kind), viewed=True)


def messages(player):
    """All that a player was sent after the keys, by sender."""
    sent = {}
    for number, sender, payload in player.received:
        if number > 1:
            sent.setdefault(sender, []).append(payload)
    return sent


@pytest.fixture(scope="module")
def runs():
    return run("low"), run("spread")


def shares_by_kind(view):
    kinds = {"prime": [], "gf256": []}
    for _, _, kind, value in view["shares"]:
        kinds[kind].append(int(value))
    return kinds


@pytest.fixture(scope="module")
def views(runs):
    """Of two runs that differ in the inputs only, as a player process writes them."""
    return [[json.loads(player.view.as_json()) for player in seen] for seen in runs]


def test_shares_that_players_receive_are_uniform(views):
    for seen in views:
        assert seen[0]["shares"] == []  # six players: the server holds no shares
        for view in seen[1:]:
            kinds = shares_by_kind(view)
            assert len(kinds["prime"]) >= 1000
            assert len(kinds["gf256"]) >= 1000
            assert uniform_elements(kinds["prime"]) > CHANCE
            assert uniform(kinds["gf256"], 256) > CHANCE


def test_shares_of_two_runs_are_alike(runs, views):
    low, spread = views
    for one, other in zip(low[1:], spread[1:], strict=True):
        a, b = shares_by_kind(one), shares_by_kind(other)
        assert alike(a["prime"], b["prime"]) > CHANCE
        assert alike(a["gf256"], b["gf256"]) > CHANCE
    assert low[5]["words"] == spread[5]["words"] == OWN
    for one, other in zip(*runs, strict=True):  # all else that a player can tell
        assert (one.rounds, one.lines) == (other.rounds, other.lines)


def test_what_is_opened_in_two_runs_is_alike(views):
    """Masked numbers and masked bytes; the server also sees the result, which differs."""
    low, spread = views
    for kind in ("prime", "gf256"):
        one, other = (
            [int(value) for _, name, value in seen[1]["opened"] if name == kind]
            for seen in (low, spread)
        )
        assert len(one) == len(other) >= 80
        if kind == "gf256":
            assert uniform(one + other, 256) > CHANCE  # not only the bits, their lowest ones
        assert alike(one, other) > CHANCE
    size = 1 + PROGRAM.d
    results = [seen[0]["opened"][-size:] for seen in (low, spread)]
    assert [entry[1:] for entry in results[0]] != [entry[1:] for entry in results[1]]
    for kind in (low, spread):  # nothing masked, but what the check opens in each of two rounds
        assert len(kind[0]["opened"]) - 2 * size <= 2 * (2 + 20 * PROGRAM.n)


def test_messages_of_two_runs_have_the_same_lengths_in_the_same_order(runs):
    low, spread = runs
    for one, other in zip(low, spread, strict=True):
        shapes = [
            [(n, s, len(payload)) for n, s, payload in seen.received] for seen in (one, other)
        ]
        assert shapes[0] == shapes[1]


def words_of(payload):
    """The shares of a client's 40 words, which come first in what it deals."""
    return field.to_ints(field.from_bytes(payload, len(payload) // field.BYTES)[:, :40])


def told_apart(low, spread):
    """The smallest p-value that what clients received, byte by byte, is the same in both runs."""
    values = []
    for me in range(1, PROGRAM.players):
        one, other = messages(low[me]), messages(spread[me])
        values += [alike_bytes(b"".join(one[s]), b"".join(other[s])) for s in one]
    return min(values)


def test_messages_of_two_runs_are_alike(runs):
    """Every byte that a client receives counts, openings included."""
    assert told_apart(*runs) > CHANCE


def test_messages_from_one_client_who_changes_its_words(runs):
    """The shares of its words alone, in the first round: the shares, not only their bytes."""
    low, spread = ([words_of(messages(seen)[1][0]) for seen in run[3:]] for run in runs)
    for one, other in zip(low, spread, strict=True):
        assert alike(one, other) > CHANCE


def test_broken_randomness_is_noticed():
    # With such shares holders do not find alike which sharings are the same, and would stop.
    with stuck_randomness(), mock.patch.object(comparison.Pairs, "are_many", False):
        low, spread = run("low"), run("spread")
    assert spread[0].outputs  # the computation itself is right, and nothing else would show it
    assert told_apart(low, spread) < CHANCE
    assert uniform_elements(words_of(messages(spread[5])[1][0])) < CHANCE


def test_constant_polynomials_are_noticed():
    """What a dealer sends who forgets the random coefficients: to everybody the secret."""
    secrets = np.random.default_rng(0).integers(0, 2**28, 1000).tolist()
    assert uniform_elements(secrets) < CHANCE
    bits = np.random.default_rng(0).integers(0, 2, 1000)
    assert uniform(bits, 256) < CHANCE


# --- what is opened ---------------------------------------------------------------------------


def test_krum_opens_masked_numbers_and_bits_and_nothing_else(runs):
    """One vector of the input check, and two openings for each of the two vector
    comparisons of a round: a masked distance or score each, and a bit for each pair that is
    compared."""
    n = PROGRAM.n
    triples, couples = n * (n - 1) * (n - 2) // 2, n * (n - 1) // 2
    check = [(field, (14 + 2) * n)]  # 14 digits, quotient and number
    compared = [(field, couples), (gf256, triples), (field, n), (gf256, couples)]
    for seen in runs:
        for me, player in enumerate(seen):
            opened = [(module, module.length(array)) for module, array in player.opened]
            # The server holds no shares here, and is not even told what is masked.
            assert opened == (check + compared if me else check) * 2
        assert all(player.outputs == [] for player in seen[1:])


def test_of_many_clients_even_fewer_bits_are_opened():
    """From eleven on: a masked number for each distance and a bit for each neighbour, none for a
    comparison of two distances."""
    n = 11
    program = KrumProgram(n, 3, 2, fixed_point=FixedPoint(28, 0), threshold=1, check=False)
    words = [[], *np.random.default_rng(0).integers(0, 2**28, (n, 2)).tolist()]
    seen = run_program(program.source(), words, threshold=1)
    couples = n * (n - 1) // 2
    shapes = (field, couples), (gf256, 2 * couples), (field, n), (gf256, couples)
    opened = [[(f, f.length(array)) for f, array in player.opened] for player in seen]
    assert sorted(opened, key=len) == [[]] * (n + 1 - 3) + [[*shapes]] * 3


def test_bits_of_the_smallest_are_fair_coins_for_t_players_who_know_their_own_part():
    """Whether the numbers lie in their order or against it: what is opened is alike."""

    def opened(numbers, known):
        notes = []

        class Watched(Protocols):
            def open_among_holders(self, module, array, *more):
                secrets = super().open_among_holders(module, array, *more)
                if self.me == 0:
                    notes.append(np.array(secrets))
                return secrets

        def step(network):
            protocols = Watched(network)
            if protocols.me in known:
                protocols.randomness = Zeros()
            shares = field.from_ints(np.repeat(numbers, 200).tolist())  # sharings of themselves
            columns = comparison.Columns(shares, np.arange(800).reshape(4, 200), 2)
            (mask,) = make_masks(protocols, [Demand(800, 20, 40, 800)])
            comparison.smallest_among(protocols, columns, 20, mask)

        together(5, step)
        return field.to_ints(notes[0]), notes[1].reshape(4, 200) & 1

    up, down = [-(2**19), -1, 0, 2**19 - 1], [2**19 - 1, 0, -1, -(2**19)]
    (low, bits), (high, others) = (opened(numbers, (2, 3)) for numbers in (up, down))
    assert alike(low, high) > CHANCE
    assert min(fair(row) for row in (*bits, *others)) > CHANCE
    low, bits = opened(up, (2, 3, 4))  # the control: t + 1 of them
    assert max(fair(row) for row in bits) < CHANCE


def test_no_mask_hides_two_numbers():
    """Neither in one turn of a loop nor in the next ones, whose masks are made ahead."""
    program = """
@for_range(4)
def turn(_):
    for _ in range(2):
        (sint(5, size=3) < 7).reveal_to(0)
"""
    opened = run_program(program, [[], [], []])[0].opened
    masked = [v for module, array in opened if module is field for v in field.to_ints(array)]
    assert len(set(masked)) == len(masked) == 4 * 2 * 3


class Zeros:
    """Randomness that is none: what a player contributes is known."""

    def bytes(self, count):
        return bytes(count)


def masked_and_bits(value, bits, security, players=3, known=(), width=1500):
    """What is opened to everybody while [value < 0] is computed many times; the contributions of
    the players in `known` to the masks are zero."""
    notes = []

    class Watched(Protocols):
        def open_among_holders(self, module, array, *more):
            secrets = super().open_among_holders(module, array, *more)
            if self.me == 0:
                notes.append(np.array(secrets))
            return secrets

    def step(network):
        protocols = Watched(network)
        if protocols.me in known:
            protocols.randomness = Zeros()
        (mask,) = make_masks(protocols, [Demand(width, bits, security, width)])
        shares = field.from_ints([value] * width)  # a constant is a sharing of itself
        comparison.less_than_zero(protocols, shares, bits, mask)

    together(players, step)
    masked, public = notes
    return field.to_ints(masked), public & 1


def test_an_opened_number_says_nothing_of_what_is_compared():
    low, high = (masked_and_bits(value, 20, 40)[0] for value in (-(2**19), 2**19 - 1))
    assert alike(low, high) > CHANCE
    # The control: with one bit of security in place of 40, the two can be told apart.
    low, high = (masked_and_bits(value, 20, 1)[0] for value in (-(2**19), 2**19 - 1))
    assert alike(low, high) < CHANCE


def fair(bits):
    """p-value of the binomial test of a coin."""
    return stats.binomtest(int(bits.sum()), len(bits)).pvalue


@pytest.mark.parametrize("known", list(combinations(range(5), 2)), ids=str)
def test_masks_hide_from_t_players_who_know_their_own_part(known):
    low, bits = masked_and_bits(-(2**19), 20, 40, players=5, known=known)
    high, others = masked_and_bits(2**19 - 1, 20, 40, players=5, known=known)
    assert alike(low, high) > CHANCE
    assert min(fair(bits), fair(others)) > CHANCE


def test_masks_do_not_hide_from_t_plus_1_players():
    """The control: who knows all that three of five players contributed knows the masks."""
    low, bits = masked_and_bits(-(2**19), 20, 40, players=5, known=(2, 3, 4))
    high, _ = masked_and_bits(2**19 - 1, 20, 40, players=5, known=(2, 3, 4))
    assert alike(low, high) < CHANCE
    assert fair(bits) < CHANCE


def test_an_opened_bit_is_a_fair_coin():
    for value in (-1, 0):
        bits = masked_and_bits(value, 20, 40)[1]
        assert fair(bits) > CHANCE
    with stuck_randomness():
        bits = masked_and_bits(0, 20, 40)[1]
    assert fair(bits) < CHANCE


# --- what several players hold together -------------------------------------------------------


def deal(players, module, dealer, count=6000):
    """Every player's shares of zeros that one of them deals, as numbers modulo 16."""

    def step(network):
        protocols = Protocols(network)
        secrets = [module.zeros(count)] if protocols.me == dealer else []
        (share,) = protocols.deal({dealer: [(module, count)]}, secrets)[dealer]
        return share & 15 if module is gf256 else share[0] & 15

    return together(players, step)


def test_every_common_stream_is_known_to_two_players_and_serves_one_purpose():
    """What one deals the other, the other way round, and terms of zero: three streams a couple."""

    def step(network):
        protocols = Protocols(network)
        kinds = protocols.streams_to, protocols.streams_from, protocols.zero_streams
        return [stream.bytes(16) for streams in kinds for stream in streams.values()]

    seen = Counter(piece for pieces in together(5, step) for piece in pieces)
    assert len(seen) == 3 * 10
    assert set(seen.values()) == {2}


@pytest.mark.parametrize("module", [field, gf256])
@pytest.mark.parametrize("players", [5, 6, 7])
@pytest.mark.parametrize("dealer", [0, 1, -1])
def test_two_players_together_hold_independent_shares(players, module, dealer):
    """For t of 2 or more. Shares that are dealt from common keys are no exception, nor is the
    dealer's own."""
    shares = deal(players, module, dealer % players)[-holders(players) :]
    for one, other in combinations(shares, 2):
        assert uniform(16 * one.astype(int) + other, 256) > CHANCE


@pytest.mark.parametrize("module", [field, gf256])
def test_two_of_three_players_hold_all(module):
    """The control: t is 1, and two shares of zero are multiples of each other."""
    shares = deal(3, module, 2)
    for one, other in combinations(shares, 2):
        assert uniform(16 * one.astype(int) + other, 256) < CHANCE


@pytest.mark.parametrize("module", [field, gf256])
def test_reduced_products_are_shared_anew(module):
    """A product of known sharings, and of one secret: its shares are uniform all the same."""
    threshold, width = 1, 3000
    one = np.ones(width, np.uint64)
    secret = field.from_words(one) if module is field else one.astype(np.uint8)
    shares = shamir.share(module, secret[..., :1], threshold, 4, Randomness())

    def step(network):
        share = np.repeat(shares[network.me], width, axis=-1)
        return Protocols(network).multiply([(module, share, share)])[0]

    for share in together(4, step)[1:]:  # of four players the server holds none
        if module is field:
            assert uniform_elements(field.to_ints(share)) > CHANCE
        else:
            assert uniform(share, 256) > CHANCE


@pytest.mark.parametrize("threshold", [1, 2, 3, 4])
def test_no_threshold_of_holders_separates_those_that_hide_a_result_together(threshold):
    """Then the terms of the others are uniform but for their sum: a number that each couple of
    partners draws is on a way from any of them to any other."""
    count = 2 * threshold + 1
    for colluding in combinations(range(count), threshold):
        left = set(range(count)) - set(colluding)
        reached, new = set(), {min(left)}
        while new:
            reached |= new
            near = (openings.partners(place, threshold) for place in new)
            new = (left & set().union(*near)) - reached
        assert reached == left


@pytest.mark.parametrize("threshold", [1, 2, 3, 8])
def test_partners_are_each_other_s(threshold):
    count = 2 * threshold + 1
    partners = [set(openings.partners(place, threshold)) for place in range(count)]
    assert all(place in partners[other] for place in range(count) for other in partners[place])
    assert {len(some) for some in partners} <= {threshold + 1, threshold + 2}
