"""Products that are reduced by way of collectors, by 3 to 16 players in threads."""

from itertools import combinations, product

import numpy as np
import pytest
from mamba_players import dealt, reconstruct, together
from scipy import stats

from mamba import collectors, field, gf256
from mamba.protocols import ProtocolError, Protocols

CHANCE = 1e-6  # a right program fails that often
MODULES = [field, gf256]


@pytest.fixture(autouse=True)
def always(monkeypatch):
    monkeypatch.setattr(collectors, "_WORTH", -(2**60))


def play(players, step, tamper=None):
    return together(players, lambda network: step(Protocols(network)), tamper)


@pytest.mark.parametrize("portion", [1 << 21, 600])
@pytest.mark.parametrize("piece", [1 << 16, 50])
@pytest.mark.parametrize("players", [3, 4, 7, 16])
def test_products_are_right_in_three_rounds(monkeypatch, players, piece, portion):
    """Of parts of both fields and any length, with one collector, some or all."""
    monkeypatch.setattr(collectors, "_PIECE", piece)
    monkeypatch.setattr(collectors, "PORTION", portion)
    numbers, one = field.from_ints(range(-20, 81)), field.from_ints([field.P - 1])
    bits = np.arange(256, dtype=np.uint8)
    big, small = dealt(field, players, numbers, one), dealt(gf256, players, bits)

    def step(protocols):
        before = protocols.network.rounds
        (x, y), (z,) = big[protocols.me], small[protocols.me]
        parts = [(field, x), (gf256, z), (gf256, z[:0]), (field, y)]
        products = protocols.reduce([(f, f.mul(a, a)) for f, a in parts])
        return *products, protocols.network.rounds - before, protocols.is_holder

    squares, small_squares, nothing, alone, rounds, holds = zip(*play(players, step), strict=True)
    assert field.to_ints(reconstruct(field, squares)) == [i * i for i in range(-20, 81)]
    assert (reconstruct(gf256, small_squares) == gf256.mul(bits, bits)).all()
    assert field.to_ints(reconstruct(field, alone)) == [1]
    assert {len(array) for array in nothing} == {0}
    assert {(a, b) for a, b in zip(rounds, holds, strict=True)} <= {(3, True), (0, False)}


def test_they_pay_for_many_products_among_many_holders(monkeypatch):
    monkeypatch.undo()
    assert not any(collectors.pay(t, 10**9) for t in (1, 2))
    assert not collectors.pay(3, 10**5)  # seven clients keep their rounds
    assert collectors.pay(15, 10**5) and collectors.pay(50, 10**5)
    assert not collectors.pay(15, 10**3)


def low_bits(module, array):
    return array & 15 if module is gf256 else array[0] & 15


def uniform(values, count):
    """p-value of the chi-squared test."""
    return stats.chisquare(np.bincount(values, minlength=count)).pvalue


def products(module, players, count, secret=1):
    """Of one secret with itself, many times, by known sharings: what players have, and see."""
    (shares,) = zip(*dealt(module, players, small(module, secret, 1)), strict=True)
    opened = []

    def step(protocols):
        share = np.repeat(shares[protocols.me], count, axis=-1)
        note = protocols.note_opened
        protocols.note_opened = lambda f, values: opened.append(values) or note(f, values)
        return protocols.multiply([(module, share, share)])[0], protocols.network.received

    reduced, received = zip(*play(players, step), strict=True)
    return reduced, received, opened[0]


def small(module, value, count):
    return field.from_ints([value] * count) if module is field else np.full(count, value, np.uint8)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("players", [5, 7])
def test_what_collectors_tell_and_any_two_shares_of_products_are_uniform(module, players):
    """t is 2 or 3; the same known polynomials are multiplied every time."""
    reduced, _, opened = products(module, players, 6000)
    assert uniform(low_bits(module, opened), 16) > CHANCE
    shares = [low_bits(module, share).astype(int) for share in reduced]
    for one, other in combinations(shares, 2):
        assert uniform(16 * one + other, 256) > CHANCE
    for share in shares:  # nor do they depend on what was told
        assert uniform(16 * share + low_bits(module, opened), 256) > CHANCE


@pytest.mark.parametrize("module", MODULES)
def test_two_of_three_shares_are_a_product(module):
    """The control: t is 1, and two shares of one secret are functions of each other."""
    shares = [low_bits(module, share).astype(int) for share in products(module, 3, 6000)[0]]
    for one, other in combinations(shares, 2):
        assert uniform(16 * one + other, 256) < CHANCE


class Unit:
    """In place of a random stream: the k-th draw is the unit vector of the k-th random number, so
    that what is computed of them shows as coefficients, one for each random number there is."""

    def __init__(self, module, first, width):
        self.module, self.next, self.width = module, first, width

    def bytes(self, _length):
        self.next += 1
        numbers = [int(k == self.next - 1) for k in range(self.width)]
        if self.module is gf256:
            return bytes(numbers)
        return field.from_ints(numbers).tobytes()


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("players", [3, 5])
def test_double_sharings_hide_all_that_a_collector_is_sent_from_any_t_holders(module, players):
    """Exactly: of all random numbers, t holders know those they draw or deal, and what they are
    sent. The others' t + 1 shares by degree 2t of every r are independent of that and each other.
    """
    t, width = players // 2, 2 * players**2
    first = {pair: 2 * k for k, pair in enumerate(product(range(players), repeat=2))}

    def rows(array):
        values = module.to_ints(array) if module is field else array.tolist()
        return [values[k : k + width] for k in range(0, len(values), width)]

    def step(protocols):
        me, sent = protocols.me, []
        for other in protocols.all_but_me(protocols.holders):
            protocols.streams_to[other] = Unit(module, first[me, other], width)
            protocols.streams_from[other] = Unit(module, first[other, me], width)
        protocols.randomness = Unit(module, first[me, me], width)
        protocols.note = lambda dealer, _, pair: sent.append(
            (dealer, [*rows(pair[0]), *rows(pair[1])])
        )
        shape = [(module, (t + 1) * width)]
        ((low, high),) = collectors._double_sharings(protocols, shape, False)
        return low, high, sent

    low, high, sent = zip(*play(players, step), strict=True)
    (by_high,) = module.combine_rows([module.lagrange(tuple(range(1, players + 1)))], high)
    assert (by_high == reconstruct(module, low)).all()  # one number, by either degree
    for count in (t, t + 1):
        for known in combinations(range(players), count):
            kept = [first[pair] + k for pair in first if not {*pair} & {*known} for k in (0, 1)]
            seen = [row for me in known for s, data in sent[me] if s not in known for row in data]
            others = [row for k in range(players) if k not in known for row in rows(high[k])]
            seen, both = ([[row[k] for k in kept] for row in x] for x in (seen, seen + others))
            hidden = rank(module, both) == rank(module, seen) + len(others)
            assert hidden == (count == t)  # t + 1 of them are the control


@pytest.mark.parametrize("module", MODULES)
def test_any_rows_of_columns_have_an_inverse(module):
    """The matrix of Vandermonde, in which nothing may be singular: every determinant, at t = 2 and
    for some columns at t = 50."""
    rng = np.random.default_rng(0)
    some = [sorted(rng.choice(101, 51, replace=False)) for _ in range(3)]
    for t, choices in ((2, combinations(range(5), 3)), (50, some)):
        matrix = module.vandermonde(t + 1, 2 * t + 1)
        points = matrix[1]
        assert len(set(points)) == 2 * t + 1
        for columns in choices:
            rows = [[row[k] for k in columns] for row in matrix]
            assert rank(module, rows) == t + 1


def rank(module, rows):
    """Gauss, with Python integers or bytes."""
    if module is field:
        times, less = (lambda a, b: a * b % field.P), (lambda a, b: (a - b) % field.P)
        inverse = lambda a: pow(a, -1, field.P)  # noqa: E731
        rows = [[v % field.P for v in row] for row in rows]
    else:
        table = gf256._ROWS
        times, less = (lambda a, b: table[a][b]), (lambda a, b: a ^ b)
        inverse = lambda a: table[a].index(1)  # noqa: E731
    rows, found = list(rows), 0
    while rows and rows[0]:
        pivot = next((row for row in rows if row[0]), None)
        if pivot is None:
            rows = [row[1:] for row in rows]
            continue
        found += 1
        rows.remove(pivot)
        scaled = [times(v, inverse(pivot[0])) for v in pivot]
        rows = [
            [less(v, times(row[0], p)) for v, p in zip(row[1:], scaled[1:], strict=True)]
            for row in rows
        ]
    return found


def test_bytes_that_are_no_elements_name_their_player():
    def tamper(sender, receiver, number, payload):
        return b"\xff" * len(payload) if (sender, number) == (2, 4) else payload

    shares = dealt(field, 5, field.from_ints([3] * 9))

    def step(protocols):
        protocols.collector_turn = 2
        return protocols.multiply([(field, *shares[protocols.me] * 2)])[0]

    with pytest.raises(ProtocolError, match="exchange 4: player 2 sent no shares"):
        play(5, step, tamper)


def test_a_collector_with_two_stories_is_noticed_when_something_is_opened():
    def tamper(sender, receiver, number, payload):
        if (sender, receiver, number) == (0, 3, 4):
            return bytes([payload[0] ^ 1]) + payload[1:]
        return payload

    shares = dealt(field, 5, field.from_ints([3] * 9))

    def step(protocols):
        (share,) = shares[protocols.me]
        return protocols.open(field, protocols.multiply([(field, share, share)])[0])

    with pytest.raises(ProtocolError, match="do not lie on one polynomial"):
        play(5, step, tamper)


def test_all_holders_collect_in_turn():
    shares = dealt(gf256, 7, np.ones(4, np.uint8))

    def step(protocols):
        (share,) = shares[protocols.me]
        for _ in range(9):
            protocols.multiply([(gf256, share, share)])[0]
        return protocols.network.received

    for me, received in enumerate(play(7, step)):
        sent = [(n, s) for n, s, data in received if n > 1 and (n - 2) % 3 == 1]
        turns = [k for k in range(9) if k % 7 == me]
        assert sent == [(3 + 3 * k, s) for k in turns for s in range(7) if s != me]
