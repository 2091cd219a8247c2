"""Dealing, multiplying and opening, by 3 to 8 players in threads."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mamba_players import dealt, holders, reconstruct, together

from mamba import field, gf256
from mamba.field import P
from mamba.protocols import ProtocolError, Protocols

EDGES = [0, 1, P - 1, P // 2, 2**32 - 1, 2**32, 2**64, 2**126, P - 2**96]
elements = st.one_of(st.sampled_from(EDGES), st.integers(0, P - 1))
player_counts = st.integers(3, 8)
some = settings(max_examples=settings.default.max_examples // 4)  # each is a run


def play(players, step, tamper=None):
    """What every player gets from ``step(protocols)``, and how many rounds it took the holders."""

    def run(network):
        protocols = Protocols(network)
        before = network.rounds
        return step(protocols), network.rounds - before, protocols.is_holder

    results = together(players, run, tamper)
    (rounds,) = {rounds for _, rounds, is_holder in results if is_holder}
    return [result for result, _, _ in results], rounds


def from_ints(module, values):
    if module is gf256:
        return np.array([v % 256 for v in values], np.uint8)
    return field.from_ints(values)


# --- dealing ----------------------------------------------------------------------------------


@given(player_counts, st.lists(elements, min_size=1, max_size=5), st.data())
@some
def test_dealers_share_their_own_secrets_in_one_round(players, values, data):
    dealers = data.draw(st.sets(st.integers(0, players - 1), min_size=1))
    shape = [(field, len(values)), (gf256, 3)]

    def step(protocols):
        secrets = []
        if protocols.me in dealers:
            mine = [v + protocols.me for v in values]
            secrets = [from_ints(field, mine), from_ints(gf256, [protocols.me, 0, 255])]
        return protocols.deal({dealer: shape for dealer in sorted(dealers)}, secrets)

    results, rounds = play(players, step)
    assert rounds == 1
    for dealer in dealers:
        numbers = reconstruct(field, [result[dealer][0] for result in results])
        assert field.to_ints(numbers) == [(v + dealer) % P for v in values]
        small = reconstruct(gf256, [result[dealer][1] for result in results])
        assert small.tolist() == [dealer, 0, 255]


# --- multiplying ------------------------------------------------------------------------------


@given(player_counts, st.lists(st.tuples(elements, elements), min_size=1, max_size=9))
@some
def test_multiply(players, rows):
    for module in (field, gf256):
        a, b = (from_ints(module, column) for column in zip(*rows, strict=True))
        shares = dealt(module, players, a, b)
        products, rounds = play(
            players, lambda p, m=module, s=shares: p.multiply([(m, *s[p.me])])[0]
        )
        assert rounds == 1
        assert (reconstruct(module, products) == module.mul(a, b)).all()


@pytest.mark.parametrize("players", [3, 4, 7])
def test_reduce_takes_parts_of_both_fields_and_any_length_in_one_round(players):
    numbers = field.from_ints([i * P // 9000 for i in range(8193)])
    few, bits = field.from_ints(EDGES), np.arange(256, dtype=np.uint8)
    big, small = dealt(field, players, numbers, few), dealt(gf256, players, bits)

    def step(protocols):
        parts = [(field, field.mul(s, s)) for s in big[protocols.me]]
        parts += [(gf256, gf256.mul(s, s)) for s in small[protocols.me]]
        return protocols.reduce(parts)

    results, rounds = play(players, step)
    assert rounds == 1
    squares, few_squares, bit_squares = zip(*results, strict=True)
    assert (reconstruct(field, squares) == field.mul(numbers, numbers)).all()
    assert (reconstruct(field, few_squares) == field.mul(few, few)).all()
    assert (reconstruct(gf256, bit_squares) == gf256.mul(bits, bits)).all()
    assert play(players, lambda protocols: protocols.reduce([])) == ([[]] * players, 0)


@pytest.mark.parametrize("room", [1, 1000, 40_000, 1 << 25])
def test_products_that_are_reduced_in_portions_are_the_same(monkeypatch, room):
    """And take one round: what a player works on at once is bounded, whatever it is asked for."""
    monkeypatch.setattr("mamba.protocols._PORTION", room)
    numbers, bits = field.from_ints(range(50)), np.arange(256, dtype=np.uint8)
    big, small = dealt(field, 5, numbers), dealt(gf256, 5, bits)

    def step(protocols):
        (x,), (y,) = big[protocols.me], small[protocols.me]
        empty = gf256.zeros(0)
        return protocols.reduce(
            [(field, field.mul(x, x)), (gf256, empty), (gf256, gf256.mul(y, y))]
        )

    results, rounds = play(5, step)
    squares, nothing, small_squares = zip(*results, strict=True)
    assert rounds == 1
    assert field.to_ints(reconstruct(field, squares)) == [i * i for i in range(50)]
    assert (reconstruct(gf256, small_squares) == gf256.mul(bits, bits)).all()
    assert {len(part) for part in nothing} == {0}


# --- opening ----------------------------------------------------------------------------------


@given(player_counts, st.lists(elements, min_size=1, max_size=9))
@some
def test_open_tells_everybody(players, values):
    for module in (field, gf256):
        secrets = from_ints(module, values)
        shares = dealt(module, players, secrets)
        opened, rounds = play(players, lambda p, m=module, s=shares: p.open(m, s[p.me][0]))
        assert rounds == 1
        assert all((result == secrets).all() for result in opened)


@given(
    player_counts, st.lists(elements, min_size=1, max_size=9), st.sampled_from([1, 2]), st.data()
)
@some
def test_open_to_tells_one_player_alone(players, values, degree, data):
    receiver = data.draw(st.integers(0, players - 1))
    secrets = from_ints(field, values)
    shares = dealt(field, players, secrets)

    def step(protocols):
        (mine,) = shares[protocols.me]
        if degree == 2:
            mine = field.mul(mine, mine)
        opened = protocols.open_to(receiver, mine, degree)
        return opened, len(protocols.network.received)

    results, rounds = play(players, step)
    expected = secrets if degree == 1 else field.mul(secrets, secrets)
    assert rounds == 1
    for player, (opened, _) in enumerate(results):
        assert (opened == expected).all() if player == receiver else opened is None
    others = [count for player, (_, count) in enumerate(results) if player != receiver]
    assert others == [players - 1] * (players - 1)  # only the keys before


def test_a_product_opened_to_one_player_hides_its_polynomial():
    """Player 0 gets terms that add up to the product, but are new ones every time."""
    shares = dealt(field, 3, field.from_ints([5]))

    def step(protocols):
        (mine,) = shares[protocols.me]
        for _ in range(2):
            protocols.open_to(0, field.mul(mine, mine), 2)
        return [payload for number, _, payload in protocols.network.received if number > 1]

    received = play(3, step)[0][0]
    assert len(set(received)) == 4


def flip(player, at, sender, receiver, number, payload):
    """Change the lowest bit of the first share that a player sends in one round."""
    if sender == player and number == at and payload:
        return bytes([payload[0] ^ 1]) + payload[1:]
    return payload


@pytest.mark.parametrize("module", [field, gf256])
@pytest.mark.parametrize("players", [3, 4, 7, 8])
def test_a_wrong_share_in_an_opening_is_an_error_naming_the_round(module, players):
    shares = dealt(module, players, from_ints(module, [1, 2, 3]))

    def step(protocols):
        protocols.open(module, shares[protocols.me][0])  # round 2, after that of the keys
        protocols.open(module, shares[protocols.me][0])

    for culprit in (players - holders(players), players // 2, players - 1):
        with pytest.raises(ProtocolError, match="exchange 3: the shares received do not lie"):
            play(players, step, partial(flip, culprit, 3))


@pytest.mark.parametrize("players", [3, 5, 8])
def test_a_wrong_share_in_an_opening_to_one_player_is_an_error_too(players):
    shares = dealt(field, players, from_ints(field, [1, 2, 3]))
    for culprit in range(players - holders(players), players):
        if culprit != 1:
            with pytest.raises(ProtocolError, match="exchange 2: the shares received do not lie"):
                play(
                    players,
                    lambda protocols: protocols.open_to(1, shares[protocols.me][0], 1),
                    partial(flip, culprit, 2),
                )


@pytest.mark.parametrize("players", [4, 8])
def test_the_server_of_an_even_number_of_players_is_sent_what_is_opened_and_nothing_else(players):
    numbers = field.from_ints([1, 2, 3])
    shares = dealt(field, players, numbers)

    def step(protocols):
        (mine,) = shares[protocols.me]
        dealt = protocols.deal({1: [(field, 3)]}, [numbers] if protocols.me == 1 else [])
        product = protocols.multiply([(field, mine, dealt[1][0])])[0]
        assert protocols.network.rounds == (3 if protocols.is_holder else 1)
        opened = protocols.open(field, product), protocols.open_to(0, mine, 1)
        return protocols, *opened, protocols.open_to(0, field.mul(mine, mine), 2)

    (server, opened, own, own_product), *_ = play(players, step)[0]
    assert not server.is_holder
    assert field.to_ints(opened) == [1, 4, 9]
    assert field.to_ints(own) == [1, 2, 3]
    assert field.to_ints(own_product) == [1, 4, 9]
    received = [(number, sender) for number, sender, _ in server.network.received if number > 1]
    assert received == [(number, sender) for number in (4, 5, 6) for sender in range(1, players)]
    told = {payload for number, _, payload in server.network.received if number == 4}
    assert told == {field.to_bytes(field.from_ints([1, 4, 9]))}  # the values, and not a share
    once = 32 + 32 + 32  # a key, a digest of its program, zeros in the place of a chain of coins
    assert server.network.bytes_sent == once * (players - 1)


@pytest.mark.parametrize("players", [4, 8])
def test_a_player_without_shares_believes_what_t_plus_1_holders_say(players):
    shares, threshold = dealt(field, players, field.from_ints([7])), (players - 2) // 2

    def opened(liars):
        def tamper(sender, receiver, number, payload):
            if receiver == 0 and number > 1 and sender in liars:
                return bytes([payload[0] ^ sender]) + payload[1:]
            return payload

        return play(players, lambda p: field.to_ints(p.open(field, shares[p.me][0])), tamper)[0]

    assert opened(range(1, threshold + 1)) == [[7]] * players
    with pytest.raises(ProtocolError, match="what holders say was opened differs"):
        opened(range(1, threshold + 2))


# --- the same program -------------------------------------------------------------------------


def complaints(programs):
    """What each player of these programs says before the first step of the program."""

    def step(network):
        try:
            Protocols(network, program=programs[network.me])
        except ProtocolError as error:
            return str(error), network.rounds
        return None

    return together(len(programs), step)


SAME = "; all players must run the same program"


@pytest.mark.parametrize("players", [3, 4, 7, 8])
def test_another_program_is_named_by_all_others(players):
    assert complaints(["f = 2"] * players) == [None] * players
    for odd in (0, players - 1):
        said = complaints(["f = 1" if me == odd else "f = 2" for me in range(players)])
        for me, (message, rounds) in enumerate(said):
            who = "this player" if me == odd else f"player {odd}"
            assert message == f"{who} has another program or threshold than most players{SAME}"
            assert rounds == 1


def test_several_other_programs_are_named_together():
    said = complaints(["a", "b", "a", "a", "c"])
    most = f"players 1, 4 have another program or threshold than most players{SAME}"
    own = f"this player has another program or threshold than most players{SAME}"
    assert [message for message, _ in said] == [most, own, most, most, own]
    halves = f"the players have different programs or thresholds: players 0, 1 / players 2, 3{SAME}"
    assert complaints(["a", "a", "b", "b"]) == [(halves, 1)] * 4


def test_another_threshold_is_named():
    def step(network):
        with pytest.raises(ProtocolError) as caught:
            Protocols(network, program="x", threshold=2 + (network.me == 2))
        return str(caught.value).split(" has ")[0]

    others = ["player 2"] * 9
    assert together(9, step) == [*others[:2], "this player", *others[3:]]


def test_bytes_that_are_no_field_elements_are_an_error_naming_player_and_round():
    shares = dealt(field, 3, from_ints(field, [1]))

    def tamper(sender, receiver, number, payload):
        return b"\xff" * 16 if (sender, number) == (2, 2) else payload

    with pytest.raises(ProtocolError, match="exchange 2: player 2 sent no shares: .* not below 2"):
        play(3, lambda protocols: protocols.open(field, shares[protocols.me][0]), tamper)
