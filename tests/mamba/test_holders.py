"""Who holds shares when the threshold leaves a choice, and what the others get to see."""

import os
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from mamba_players import WatchedProtocols, run_program, together
from scipy import stats

from fl_krum.aggregators.krum import krum
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram
from mamba import field, gf256, shamir
from mamba import holders as drawing
from mamba.holders import sample
from mamba.network import NetworkError
from mamba.protocols import ProtocolError, Protocols
from mamba.run_error import RunError

CHANCE = 1e-9  # of a test failing by bad luck


def words_of(X):
    return [[], *[[int(word) for word in row] for row in X]]


# --- the draw -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("players", "threshold"), [(6, 1), (9, 2), (11, 3), (20, 4)])
def test_all_players_draw_the_same_clients(players, threshold):
    drawn = together(players, lambda network: Protocols(network, threshold=threshold).holders)
    assert len(set(drawn)) == 1
    assert len(set(drawn[0])) == 2 * threshold + 1
    assert set(drawn[0]) <= set(range(1, players))  # never the server


def test_every_choice_is_as_likely():
    counts = Counter(sample(os.urandom(32), 6, 3) for _ in range(4000))
    assert set(counts) == set(combinations(range(1, 6), 3))
    assert stats.chisquare(list(counts.values())).pvalue > CHANCE


@pytest.mark.parametrize(
    ("players", "threshold", "holders"),
    [(8, 3, range(1, 8)), (8, None, range(1, 8)), (9, 4, range(9)), (7, None, range(7))],
)
def test_nothing_is_drawn_where_there_is_no_choice(players, threshold, holders):
    def step(network):
        return Protocols(network, threshold=threshold).holders, network.rounds

    assert together(players, step) == [(tuple(holders), 1)] * players


def refusals(tamper, players=6):
    def step(network):
        try:
            return Protocols(network, threshold=1).holders
        except (ProtocolError, NetworkError) as error:
            network.leave()
            return str(error) if isinstance(error, ProtocolError) else "somebody left"

    return together(players, step, tamper)


def test_a_coin_that_is_chosen_late_is_noticed():
    """A player that has seen the others' coins first reveals another one than it was bound to."""

    def tamper(sender, receiver, number, payload):
        return bytes(32) if (sender, number) == (2, 3) else payload

    assert (
        refusals(tamper)
        == ["the draw of the holders failed: player 2 reveals another coin than it was bound to"]
        * 6
    )


def test_a_commitment_that_the_server_changes_is_noticed_by_its_player():
    def tamper(sender, receiver, number, payload):
        if (sender, receiver, number) == (0, 4, 2):
            return payload[: 4 * 64 + 40] + bytes(24) + payload[5 * 64 :]
        return payload

    said = refusals(tamper)
    assert said.pop(4).endswith("player 0 passes on another commitment than this player's")
    assert set(said) == {"somebody left"}


@pytest.mark.parametrize("same_holders", [True, False])
def test_a_server_with_two_stories_is_found_out(monkeypatch, same_holders):
    """It lets player 5 see another coin of its own, with a commitment that fits."""
    coin = bytes(range(32))
    if same_holders:  # then all are connected, and compare; else some wait for others in vain
        monkeypatch.setattr(drawing, "sample", lambda seed, players, count: (1, 2, 3))

    def tamper(sender, receiver, number, payload):
        if (sender, receiver) != (0, 5) or number not in (2, 4):
            return payload
        if number == 2:
            return payload[:32] + drawing._commitment(0, coin) + payload[64:]
        return coin + payload[32:]

    def step(network):
        Protocols(network, threshold=1)

    in_vain = TimeoutError, NetworkError, ProtocolError
    expected = ProtocolError if same_holders else in_vain
    with pytest.raises(expected):
        for _ in range(5):  # now and then both stories draw the same holders
            together(6, step, tamper)


def test_who_waits_for_a_player_that_is_done_is_told_at_once():
    def step(network):
        network.connect({0})
        if network.me:
            network.exchange({}, {0: 1})

    for players in (2, 3, 4):
        with pytest.raises(TimeoutError, match="the players wait for each other"):
            together(players, step)


def test_holders_can_be_named():
    def step(network):
        protocols = Protocols(network, threshold=1, holders=[5, 0, 3])
        return protocols.holders, protocols.bystanders, network.rounds

    assert together(6, step) == [((0, 3, 5), (1, 2, 4), 1)] * 6


@pytest.mark.parametrize(
    ("threshold", "holders", "message"),
    [
        (0, None, "threshold 0: among 6 players it is 1 to 2"),
        (3, None, "threshold 3: among 6 players it is 1 to 2"),
        (1, [1, 2], "2 holders are named; threshold 1 takes 3"),
        (1, [1, 2, 2], "2 holders are named; threshold 1 takes 3"),
        (1, [1, 2, 6], "there is no such holder: there are players 0 to 5"),
    ],
)
def test_what_cannot_be_is_an_error(threshold, holders, message):
    with pytest.raises(RunError, match=message):
        together(6, lambda network: Protocols(network, threshold=threshold, holders=holders))


# --- krum.mpc -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "f", "d", "t", "m"),
    [(5, 1, 3, 1, 1), (7, 2, 50, 1, 1), (7, 2, 4, 2, 3), (9, 2, 60, 3, 1), (12, 4, 2, 5, 1)]
    + [(20, 8, 3, 3, 1)]
    + [pytest.param(20, 5, 2, 5, 4, marks=pytest.mark.long)]
    + [pytest.param(50, 23, 2, 2, 1, marks=pytest.mark.long)],
)
def test_the_result_is_krum_for_every_threshold(n, f, d, t, m):
    """With ties: words are few. The check's turn is taken at n = 12 and below."""
    rng = np.random.default_rng([n, d, t])
    X = rng.integers(0, 4, (n, d))
    program = KrumProgram(
        n, f, d, average=m, fixed_point=FixedPoint(28, 0), threshold=t, check=n <= 12
    )
    seen = run_program(program.source(), words_of(X), threshold=t)
    chosen = krum(X.astype(object), f).ranking[:m]
    assert seen[0].outputs == [m, *X[chosen].sum(axis=0).tolist()]
    assert all(player.outputs == [] for player in seen[1:])


@pytest.mark.parametrize(
    ("holders", "rounds"), [((1, 3, 4), 1), ((0, 2, 6), 2), ((5, 6, 7), 1)], ids=str
)
def test_any_holders_will_do_in_every_round(holders, rounds):
    X = np.random.default_rng(1).integers(0, 2**28, (rounds, 7, 2))
    program = KrumProgram(
        7, 2, 2, rounds=rounds, fixed_point=FixedPoint(28, 0), threshold=1, holders=holders
    )
    words = [[], *[X[:, i].ravel().tolist() for i in range(7)]]
    seen = run_program(program.source(), words, threshold=1, holders=holders)
    expected = [[1, *krum(one.astype(object), 2).vector.tolist()] for one in X]
    assert seen[0].outputs == sum(expected, [])


def test_who_holds_no_shares_receives_none():
    """But digests and keys; what is opened to all, which every holder says in the same words; and
    the server what is output to it."""
    n, d, holders = 9, 3, (2, 3, 5, 7, 8)
    X = np.random.default_rng(2).integers(0, 2**28, (n, d))
    program = KrumProgram(n, 3, d, fixed_point=FixedPoint(28, 0), threshold=2, holders=holders)
    seen = run_program(program.source(), words_of(X), threshold=2, holders=holders)
    told = [field.to_bytes(array) for _, array in seen[1].opened]
    assert len(told) == 1  # what the check asks for; coins are tossed
    for player in (1, 4, 6, 9, 0):
        by_round: dict = {}
        for number, sender, payload in seen[player].received:
            assert sender in holders
            by_round.setdefault(number, []).append(bytes(payload))
        rounds = list(by_round.values())
        assert {*map(len, rounds[0])} <= {64, 96}
        assert all(len(set(said)) == 1 and len(said) == 5 for said in rounds[1:4])  # two coins
        assert rounds[3] == told * 5
        assert len(rounds) == (5 if player == 0 else 4)
    assert {*map(len, rounds[4])} == {1 + field.BYTES * (1 + d)}  # to the server, with the degree
    # The control: holders receive shares, which differ.
    shares = [payload for number, _, payload in seen[8].received if number == 2]
    assert len(set(shares)) > 1


@pytest.mark.parametrize("module", [field, gf256])
@pytest.mark.parametrize("dealer", [0, 1, 4, 6])
def test_shares_of_any_t_holders_are_uniform(module, dealer):
    """t = 2 of five holders among eight players, whoever deals: also one that holds no share."""
    holders, count = (1, 2, 4, 6, 7), 6000

    def step(network):
        protocols = Protocols(network, threshold=2, holders=holders)
        secrets = [module.zeros(count)] if protocols.me == dealer else []
        (share,) = protocols.deal({dealer: [(module, count)]}, secrets)[dealer]
        return share if module is gf256 else share[0]

    shares = together(8, step)
    for one, other in combinations(holders, 2):
        table = 16 * (shares[one] & 15).astype(int) + (shares[other] & 15)
        counts = np.bincount(table, minlength=256)
        assert stats.chisquare(counts).pvalue > CHANCE
    if module is gf256:  # the control: three holders know that the secret is 0
        three = [shares[one] for one in holders[:3]]
        assert not shamir.reconstruct(module, three, 2).any()
    assert not any(shares[player].any() for player in (0, 3, 5))


def test_a_holder_that_lies_about_what_was_opened_is_not_believed():
    class Liar(WatchedProtocols):
        def open(self, module, array, *dealers):
            network, tell = self.network, self.network.tell
            network.tell = lambda told: tell({p: bytes(len(b)) for p, b in told.items()})
            try:
                return super().open(module, array, *dealers)
            finally:
                network.tell = tell

    source = """
x = sint.get_private_input_from(1)
print_ln('%s', x.reveal())
"""
    words = [[], [42], [], [], [], []]
    for liar in (1, 2, 3):
        seen = run_program(
            source, words, liars={liar: (Liar, None, None)}, threshold=1, holders=(1, 2, 3)
        )
        assert seen[0].lines == ["42"]
    both = {1: (Liar, None, None), 2: (Liar, None, None)}
    seen = run_program(source, words, liars=both, threshold=1, holders=(1, 2, 3))
    assert seen[0].lines == ["0"]  # two of three: more than t deviate


def test_what_is_queued_leaves_the_queue_at_the_same_moments_everywhere():
    """Inputs and outputs between products and comparisons, of holders and of others."""
    source = """
memory = Array(20, sint)
a = sint.get_private_input_from(1, size=2)
a.store_in_mem(memory.address)
b = sint.get_private_input_from(4, size=2)
b.store_in_mem(memory.address + 2)
(a * b).reveal_to(0)
c = sint.get_private_input_from(2, size=2)
product = sint(a * b, size=2) * c
d = sint.get_private_input_from(5, size=2)
product.reveal_to(3)
e = sint.get_private_input_from(3, size=2)
(d + e).reveal_to(0)
(a < b).reveal_to(5)
print_ln('%s', sint.load_mem(memory.address, size=4).reveal())
x, y, z = sint.get_random_triple(size=2)
(x * y - z).reveal_to(0)
f = sint.get_private_input_from(4, size=2)
(-f).square().reveal_to(2)
"""
    words = [[], [2, 3], [5, 7], [11, 13], [17, 19, 23, 29], [31, 37]]
    for holders in [(1, 2, 3), (3, 4, 5), (0, 2, 4), None]:
        seen = run_program(source, words, threshold=1, holders=holders)
        assert seen[0].outputs == [34, 57, 42, 50, 0, 0]
        assert seen[3].outputs == [170, 399]
        assert seen[5].outputs == [1, 1]
        assert seen[2].outputs == [529, 841]
        assert seen[0].lines == ["231719"]  # a vector is printed without spaces


# --- what a choice of the threshold means ---------------------------------------------------------


def test_the_chance_that_colluding_clients_are_too_many_holders():
    program = KrumProgram(10, 3, 2, threshold=2)
    draws = list(combinations(range(10), 5))
    for colluding in range(11):
        bad = sum(sum(client < colluding for client in draw) > 2 for draw in draws)
        assert program.exposure(colluding) == pytest.approx(bad / len(draws))
    full = KrumProgram(10, 3, 2)
    assert [full.exposure(k) for k in (5, 6)] == [0, 1]
    named = KrumProgram(10, 3, 2, threshold=2, holders=(1, 2, 3, 4, 5))
    assert [named.exposure(k) for k in (2, 3)] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 0}, "threshold must be 1 to 3"),
        ({"threshold": 4}, "threshold must be 1 to 3"),
        ({"threshold": 1.5}, "threshold must be an integer"),
        ({"threshold": 1, "holders": (1, 2)}, "the threshold 1 takes 3 different players"),
        ({"threshold": 1, "holders": (1, 2, 2)}, "the threshold 1 takes 3 different players"),
        ({"threshold": 1, "holders": (1, 2, 8)}, "a holder must be 0 to 7"),
    ],
)
def test_a_program_refuses_other_thresholds_and_holders(arguments, message):
    with pytest.raises(ValueError, match=message):
        KrumProgram(7, 2, 5, **arguments)


def test_a_smaller_threshold_leaves_more_bits():
    least, most = KrumProgram(50, 23, 5, threshold=1), KrumProgram(50, 23, 5)
    assert most.threshold == 25
    assert most.budget.mask_bits - least.budget.mask_bits == 4  # 2 masks add up, or 26
    assert least.largest_security == most.largest_security + 4


def test_every_player_says_that_holders_are_drawn_before_it_reveals_its_coin():
    """So that nobody can know the holders of a start that is repeated."""
    log = []

    def seen(sender, receiver, number, payload):
        if sender != 0:
            log.append((sender, "sends", number))
        return payload

    def step(network):
        me = network.me
        Protocols(network, threshold=1, say=lambda line: log.append((me, line)))

    together(6, step, seen)
    for me in range(1, 6):
        own = [entry[1:] for entry in log if entry[0] == me]
        assert own[:3] == [("sends", 1), (f"Player {me} draws holders",), ("sends", 3)]
