"""Players of whom some depart from the protocol, where all that is computed is verified."""

import numpy as np
import pytest
from mamba_players import Mailbox, WatchedProtocols, dealt, run_program, together

from fl_krum.aggregators.krum import krum
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram
from mamba import collectors, field, gf256, result_check
from mamba.comparison import _note_places
from mamba.language.factors import Factors
from mamba.protocols import ProtocolError, Protocols


def krum_among(n, f, d, liars=(), rounds=1, **parameters):
    """What the server is told, and Krum of the same words, round by round."""
    words = np.random.default_rng([n, f, d]).integers(0, 2**28, (rounds, n, d))
    program = KrumProgram(n, f, d, rounds=rounds, fixed_point=FixedPoint(28, 0), **parameters)
    inputs = [[], *[words[:, i].ravel().tolist() for i in range(n)]]
    choice = {"threshold": program.threshold, "holders": program.holders or None}
    seen = run_program(program.source(), inputs, liars=liars, active=True, **choice)
    assert all(player.outputs == [] for player in seen[1:])
    told = np.array(seen[0].outputs, object).reshape(rounds, d + 1)[:, 1:]
    return told.tolist(), [krum(w.astype(object), f).vector.tolist() for w in words]


@pytest.mark.parametrize(
    ("n", "f", "d", "parameters"),
    [
        (5, 1, 3, {}),
        (3, 0, 60, {"rounds": 2, "check": False}),
        (4, 0, 2, {"average": 3, "check": False}),  # five players: the server holds shares
        (6, 1, 2, {"threshold": 1, "holders": (1, 3, 4)}),
        (6, 1, 2, {"threshold": 1, "holders": (0, 3, 4)}),
        (6, 1, 2, {"threshold": 1}),  # drawn
    ],
)
def test_the_result_is_krum(n, f, d, parameters):
    told, wanted = krum_among(n, f, d, **parameters)
    if parameters.get("average", 1) == 1:
        assert told == wanted
    assert len(told[0]) == d


@pytest.mark.parametrize("holders", [(1, 2, 3), (0, 2, 3)], ids=str)
def test_a_long_result_is_checked_by_who_is_told(monkeypatch, holders):
    """The server, or another one; a holder of shares, or none."""
    monkeypatch.setattr("mamba.language.machine.MOST_REDUCED", 4)
    monkeypatch.setattr("mamba.language.machine.PORTION", 32)
    told, wanted = krum_among(4, 0, 70, threshold=1, holders=holders, check=False)
    assert told == wanted


# --- liars ------------------------------------------------------------------------------------


def liar(**methods):
    return type("Liar", (WatchedProtocols,), methods)


def adding(kind, number):
    """Adds to its share of the first element of one reduction of products of one field."""

    def reduce(self, parts):
        parts = list(parts)
        for k, (module, array) in enumerate(parts):
            if module is kind and module.length(array) and self.is_holder:
                self.count = getattr(self, "count", -1) + 1
                if self.count == number:
                    array = np.array(array)
                    array[..., :1] = module.add(array[..., :1], module.from_ints([5]))
                    parts[k] = module, array
                    break
        return super(self.__class__, self).reduce(parts)

    return liar(reduce=reduce)


def gf256_from_ints(values):
    return np.array(values, np.uint8)


@pytest.fixture(autouse=True)
def bytes_from_integers(monkeypatch):
    monkeypatch.setattr(gf256, "from_ints", gf256_from_ints, raising=False)


@pytest.mark.parametrize(
    ("kind", "number"),
    [*((field, k) for k in (0, 2, 12)), *((gf256, k) for k in (0, 4, 20))],
)
def test_what_is_added_to_a_product_is_noticed(kind, number):
    with pytest.raises(ProtocolError, match="departed"):
        krum_among(4, 0, 2, {4: (adding(kind, number), None, None)}, check=False)


def open_to(self, player, array, degree, continued=False):
    if self.is_holder and degree == 2:
        array = np.array(array.value())
        array[:, :1] = field.add(array[:, :1], field.from_ints([1]))
    return WatchedProtocols.open_to_and_say_how(self, player, array, degree, continued)


def test_what_is_added_to_a_long_result_is_noticed(monkeypatch):
    monkeypatch.setattr("mamba.language.machine.MOST_REDUCED", 4)
    deviates = liar(open_to_and_say_how=open_to)
    with pytest.raises(ProtocolError, match="is not the result"):
        krum_among(4, 0, 8, {4: (deviates, None, None)}, check=False)


def test_rows_of_a_result_let_no_difference_pass():
    rows = result_check._rows(bytes(32), 1000)
    assert rows.shape == (3, 1000) and rows.dtype == "<u2" and len(set(rows.ravel())) > 2500
    assert (rows != 0).all(axis=0).sum() > 990


def test_factors_are_kept_through_sums_multiples_slices_and_memory():
    program = """
a = sint.get_private_input_from(1, size=3)
b = sint.get_private_input_from(2, size=3)
words = Array(6, sint)
(a * b).store_in_mem(words.address)
(a * 2).store_in_mem(words.address + 3)
mixed = sint.load_mem(words.address + 1, size=4)
total = 5 - mixed * 7 + mixed
print_ln('%s %s', (a * b + a - 3).reveal(), total.reveal())
c = a.square()[1] * cint(3) - cint(4) * b[2]
print_ln('%s', (sint(c) - c).reveal())
print_ln('%s', inner(sint.load_mem(words.address, size=6), powers_of(cint(2), 3), 2).reveal())
x, y, z = sint.get_random_triple(size=2)
print_ln('%s', (x * y - z).reveal())
print_ln('%s', (a * b % 4).reveal())
(a * b + cint(1)).reveal_to(2)
"""
    inputs = [[], [2, 3, 4], [5, 6, 7], []]
    plain, active = (run_program(program, inputs, active=active) for active in (False, True))
    assert active[0].lines == plain[0].lines and len(plain[0].lines) == 5
    assert active[2].outputs == plain[2].outputs == [11, 19, 29]


@pytest.mark.parametrize(
    "couples", [[(0, 1), (0, 2), (1, 2), (0, 1)], [(0, 0), (1, 1), (0, 1)], [(2, 0)]], ids=str
)
def test_distances_of_any_couples_are_verified(couples):
    """Of a couple twice, of a vector and itself; honest players ended with an error."""
    program = f"""
rows = Array(6, sint)
for i in range(3):
    sint.get_private_input_from(i, size=2).store_in_mem(rows.address + 2 * i)
print_ln('%s', squared_distances(rows, 3, 2, {couples}).reveal()[{len(couples) - 1}])
"""
    vectors = [[1, 2], [4, 6], [0, 9]]
    (i, j), (player, *_) = couples[-1], run_program(program, vectors, active=True)
    wanted = sum((a - b) ** 2 for a, b in zip(vectors[i], vectors[j], strict=True))
    assert player.lines == [str(wanted)]


def test_factors():
    rng = np.random.default_rng(1)
    x, y, w = (field.from_ints(rng.integers(0, 99, 6).tolist()) for _ in range(3))

    def values(factors):
        claim = factors.claim(field.zeros(factors.size))
        products, owner = field.to_ints(field.mul(claim.x, claim.y)), claim.owner
        return [sum(p for p, k in zip(products, owner, strict=True) if k == j)
                for j in range(factors.size)]  # fmt: skip

    of, single = Factors.of(x, y), Factors.single(w, 6)
    product, number, weight = (field.to_ints(a) for a in (field.mul(x, y), w, w))
    assert values(of.plus(single)) == [p + v for p, v in zip(product, number, strict=True)]
    assert values(of.times(w)) == [p * v for p, v in zip(product, weight, strict=True)]
    assert values(of.plus(single).take([4, 0, 4])) == [product[k] + number[k] for k in (4, 0, 4)]
    pairs, rows = w[:, :2], w[:, :3]
    two, three = field.to_ints(pairs), field.to_ints(rows)
    assert values(of.folded(pairs, (2, 1), 3)) == [
        product[2 * k] * two[0] + product[2 * k + 1] * two[1] for k in range(3)
    ]
    assert values(of.folded(rows, (1, 2), 2)) == [
        sum(product[k + 2 * j] * three[j] for j in range(3)) for k in range(2)
    ]


# --- two stories ------------------------------------------------------------------------------


def told_differently(step, tamper=None):
    """The error of five players that compare after a step."""

    def play(network):
        protocols = Protocols(network, active=True)
        step(protocols)
        protocols.compare()

    with pytest.raises(ProtocolError, match="has been told is not what") as error:
        together(5, play, tamper)
    return str(error.value)


def test_a_collector_that_tells_two_stories_is_found_before_anything_is_opened(monkeypatch):
    monkeypatch.setattr(collectors, "_WORTH", -(2**60))

    def tamper(sender, receiver, number, payload):
        if (sender, receiver, number) == (0, 3, 4):
            return bytes([payload[0] ^ 1]) + payload[1:]
        return payload

    shares = dealt(field, 5, field.from_ints([3] * 9))
    told_differently(lambda p: p.multiply([(field, *shares[p.me] * 2)]), tamper)


def test_holders_that_find_other_sharings_equal_notice_it():
    told_differently(lambda p: _note_places(p, np.array([0, 1, 2 * (p.me == 2)])))


def test_who_is_told_a_result_cannot_have_holders_weigh_it_differently(monkeypatch):
    """The server sends one holder another seed than the rest."""
    monkeypatch.setattr("mamba.language.machine.MOST_REDUCED", 4)

    def exchange(self, outgoing, *arguments):
        if {*map(len, outgoing.values())} == {result_check._SEED_BYTES}:
            outgoing = {**outgoing, 2: bytes(result_check._SEED_BYTES)}
        return Mailbox.exchange(self, outgoing, *arguments)

    def init(self, network, *arguments, **options):
        network.exchange = exchange.__get__(network)
        WatchedProtocols.__init__(self, network, *arguments, **options)

    with pytest.raises(ProtocolError, match="has been told is not what"):
        krum_among(4, 0, 8, {0: (liar(__init__=init), None, None)}, check=False, threshold=1,
                   holders=(1, 2, 3))  # fmt: skip


def test_dealings_of_protocols_that_run_beside_each_other_are_not_mistaken():
    """With n even the server holds shares, too."""
    told, right = krum_among(4, 0, 60)
    assert told == right
