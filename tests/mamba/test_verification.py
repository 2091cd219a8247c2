"""Holders that verify, as players in threads: true claims pass, whatever the players deal."""

import numpy as np
import pytest
from mamba_players import dealt, reconstruct, together

from mamba import comparison, field, gf256, truncation
from mamba.claims import Distances
from mamba.masks import Demand, make_masks
from mamba.protocol_error import ProtocolError
from mamba.protocols import Protocols


def play(players, step, liars=(), **choice):
    """What every player's ``step(protocols)`` returns; liars have another class of protocols."""

    def one(network):
        kind = dict(liars).get(network.me, Protocols)
        return step(kind(network, active=True, **choice))

    return together(players, one)


@pytest.mark.parametrize("players", [3, 4, 7, 8])
def test_products_of_both_fields_are_verified_together(players):
    numbers, bits = field.from_ints(range(1, 301)), np.arange(1000, dtype=np.uint16)
    bits = (bits % 256).astype(np.uint8)
    big, small = dealt(field, players, numbers), dealt(gf256, players, bits)

    def step(protocols):
        (x,), (y,) = big[protocols.me], small[protocols.me]
        square, other = protocols.multiply([(field, x, x), (gf256, y, y.reshape(10, -1).ravel())])
        before = protocols.network.rounds
        protocols.verify()
        after = protocols.network.rounds
        protocols.verify()
        assert protocols.network.rounds == after
        return square, other, after - before

    squares, others, rounds = zip(*play(players, step), strict=True)
    assert field.to_ints(reconstruct(field, squares)) == [i * i for i in range(1, 301)]
    assert (reconstruct(gf256, others) == gf256.mul(bits, bits)).all()
    assert {*rounds} == ({4} if players % 2 else {0, 4})  # the server of an even number has no part


def test_masked_openings_wait_for_the_prime_field_alone_until_a_bit_has_come_to_it():
    bits = np.array([0, 1, 1], np.uint8)
    big, small = dealt(field, 3, field.from_ints([5])), dealt(gf256, 3, bits)

    def step(protocols):
        (x,), (y,) = big[protocols.me], small[protocols.me]
        protocols.multiply([(field, x, x), (gf256, y, y)])
        protocols.verify(masked=True)
        left = len(protocols.claims.products), len(protocols.claims.bytes)
        (mask,) = make_masks(protocols, [Demand(0, 0, 40, 3)])
        comparison.to_prime(protocols, y, mask)
        protocols.verify(masked=True)
        return left, bool(protocols.claims)

    assert play(3, step) == [((0, 1), False)] * 3


class Adds(Protocols):
    """Adds a number to its share of one product of a field when it is reduced."""

    field, place, number = field, 0, 1
    on = False

    def reduce(self, parts):
        parts = list(parts)
        for k, (module, array) in enumerate(parts):
            if self.on and module is self.field and module.length(array):
                array = np.array(array)
                array[..., self.place % module.length(array)] ^= 1
                parts[k] = module, array
                break
        return super().reduce(parts)


@pytest.mark.parametrize("players", [3, 8])
@pytest.mark.parametrize("module", [field, gf256])
@pytest.mark.parametrize("when", ["the product", "its verification"])
def test_who_adds_to_a_product_or_to_the_proof_ends_the_run(players, module, when):
    secret = field.from_ints(range(100)) if module is field else np.arange(100, dtype=np.uint8)
    shares = dealt(module, players, secret)
    liar = type("Liar", (Adds,), {"field": module, "place": 7})

    def step(protocols):
        (x,) = shares[protocols.me]
        protocols.on = when == "the product"
        protocols.multiply([(module, x, x)])
        protocols.on = when != "the product"
        protocols.verify()

    with pytest.raises(ProtocolError, match="not what was multiplied"):
        play(players, step, {players - 1: liar})


def test_distances_are_verified():
    vectors = [field.from_words(np.arange(200) * k % 97) for k in (1, 5, 8)]
    couples = [(0, 1), (0, 2), (1, 2)]
    shares = dealt(field, 3, *vectors)

    def step(protocols, error=0):
        own = list(shares[protocols.me])
        gram = field.gram(own)
        product = field.from_ints(gram[i][i] + gram[j][j] - 2 * gram[i][j] for i, j in couples)
        (z,) = protocols.reduce([(field, product)])
        z = field.add(z, field.from_ints([0, error, 0]))
        protocols.claims.distances.append(Distances(own, couples, z))
        protocols.verify()
        return z

    expected = [
        sum((a - b) ** 2 for a, b in zip(*(field.to_ints(vectors[k]) for k in pair), strict=True))
        for pair in couples
    ]
    assert field.to_ints(reconstruct(field, play(3, step))) == expected
    with pytest.raises(ProtocolError, match="not what was multiplied"):
        play(3, lambda protocols: step(protocols, 1))


def test_verification_opens_what_is_uniform_by_itself():
    """Twice the same products: nothing that is opened is opened again."""
    shares = dealt(field, 3, field.zeros(40))
    seen = []

    class Notes(Protocols):
        def note_opened(self, module, values):
            if self.me == 0 and module is field:
                seen.extend(field.to_ints(values))
            return super().note_opened(module, values)

    def step(protocols):
        (x,) = shares[protocols.me]
        for _ in range(2):
            protocols.multiply([(field, x, x)])
            protocols.verify()

    play(3, step, {0: Notes})
    assert len(seen) == len(set(seen)) > 80


NUMBERS = [-9, 3, 3, 0, 8, -1]


@pytest.mark.parametrize("players", [3, 8])
def test_comparisons_are_right_and_every_claim_is_verified_in_the_end(players):
    shares = dealt(field, players, field.from_ints(NUMBERS))
    count = len(NUMBERS)

    def step(protocols):
        (x,) = shares[protocols.me]
        demands = [Demand(count, 6, 40, count)] * 2
        below, zero = make_masks(protocols, demands)
        pairs = comparison.Pairs(
            x, *np.array([(i, j) for i in range(count) for j in range(i)]).T.copy()
        )
        few, table = make_masks(protocols, [pairs.demand(6, 40), Demand(count, 6, 40, count)])
        places = np.arange(count).reshape(3, 2)
        results = [
            comparison.less_than_zero(protocols, x, 6, below),
            comparison.equal_to_zero(protocols, x, 6, zero),
            comparison.less_than_among(protocols, pairs, 6, few),
            comparison.smallest_among(protocols, comparison.Columns(x, places, 1), 6, table),
        ]
        (divider,) = make_masks(protocols, [truncation.demand_for(count, 6, 2, 40, True)])
        results += truncation.divide(protocols, x, 6, 2, divider, True)
        protocols.verify()
        assert not protocols.claims
        return results

    made = zip(*play(players, step), strict=True)
    results = [field.to_signed(reconstruct(field, list(one))) for one in made]
    assert results == [
        [int(n < 0) for n in NUMBERS],
        [int(n == 0) for n in NUMBERS],
        [int(NUMBERS[i] < NUMBERS[j]) for i in range(count) for j in range(i)],
        [1, 0, 0, 0, 0, 1],
        [n >> 2 for n in NUMBERS],
        [n & 3 for n in NUMBERS],
    ]


@pytest.mark.parametrize("what", ["a product", "a bit of a mask"])
def test_nothing_is_opened_under_a_mask_after_something_false(what):
    """A number that outgrows its mask would be seen; verified later is too late."""
    shares, opened = dealt(field, 3, field.from_ints(NUMBERS)), []

    class Notes(Protocols):
        def note_opened(self, module, values):
            opened.append((module, module.length(values)))
            return super().note_opened(module, values)

    class Deals(Adds):
        def deal(self, shapes, secrets=(), continued=False):
            kinds = [module for module, _ in shapes.get(self.me, [])]
            if what == "a bit of a mask" and kinds == [field, gf256] and not continued:
                secrets = [field.add(secrets[0], field.from_ints([2])), secrets[1]]
            return super().deal(shapes, secrets, continued)

    def step(protocols):
        (x,) = shares[protocols.me]
        protocols.on = what == "a product"
        (square,) = protocols.multiply([(field, x, x)])
        protocols.on = False
        (mask,) = make_masks(protocols, [Demand(len(NUMBERS), 9, 40, len(NUMBERS))])
        comparison.less_than_zero(protocols, square, 9, mask)

    with pytest.raises(ProtocolError, match="not what was multiplied"):
        play(3, step, {0: Notes, 2: Deals})
    assert opened and (field, len(NUMBERS)) not in opened
    opened.clear()
    what = ""
    play(3, step, {0: Notes})
    assert (field, len(NUMBERS)) in opened


def test_inner_products_of_columns_are_verified():
    table = np.arange(24, dtype=np.uint8)
    shares = dealt(gf256, 3, table)
    left, right = np.array([0, 0, 1]), np.array([1, 2, 2])

    def step(protocols):
        (x,) = shares[protocols.me]
        x = x.reshape(4, 2, 3)
        protocols.on = True
        (z,) = protocols.multiply_pairs([(x, x, left, right)])
        protocols.on = False
        protocols.verify()
        return z.ravel()

    clear = table.reshape(4, 2, 3)
    products = np.bitwise_xor.reduce(gf256.mul(clear[:, :, left], clear[:, :, right]), axis=0)
    assert (reconstruct(gf256, play(3, step)) == products.ravel()).all()
    with pytest.raises(ProtocolError, match="not what was multiplied"):
        play(3, step, {2: type("Liar", (Adds,), {"field": gf256})})


def test_a_false_product_is_not_opened():
    shares, opened = dealt(field, 3, field.from_ints(NUMBERS)), []

    class Notes(Protocols):
        def note_opened(self, module, values):
            opened.append(module.length(values))
            return super().note_opened(module, values)

    def step(protocols):
        (x,) = shares[protocols.me]
        protocols.on = True
        (square,) = protocols.multiply([(field, x, x)])
        protocols.on = False
        return field.to_ints(protocols.open(field, square))

    assert play(3, step) == [[number**2 for number in NUMBERS]] * 3
    with pytest.raises(ProtocolError, match="not what was multiplied"):
        play(3, step, {0: Notes, 2: Adds})
    assert opened and len(NUMBERS) not in opened
