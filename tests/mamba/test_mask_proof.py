"""Dealers of masks prove what they deal: honest ones pass, others do not."""

import numpy as np
import pytest
from mamba_players import reconstruct, together

from mamba import field, gf256, mask_proof
from mamba.mask_proof import SUBSETS, Lengths
from mamba.masks import Demand, make_masks, toss
from mamba.protocol_error import ProtocolError
from mamba.protocols import Protocols
from mamba.randomness import from_coin

DEMANDS = [Demand(3, 7, 40, 4, 2), Demand(0, 0, 40, 1), Demand(5, 12, 40, 0)]


def play(players, step, liars=()):
    def one(network):
        return step(dict(liars).get(network.me, Protocols)(network, active=True))

    return together(players, one)


def make_and_verify(protocols):
    masks = make_masks(protocols, DEMANDS)
    protocols.verify()
    return masks


@pytest.mark.parametrize("players", [3, 4, 7, 8])
def test_proven_masks_are_what_they_claim_to_be(players):
    made = play(players, make_and_verify)
    for k, demand in enumerate(DEMANDS):
        masks = [of_player[k] for of_player in made]

        def clear(module, name, masks=masks):
            return reconstruct(
                module,
                [
                    getattr(mask, name).reshape(4, -1)
                    if module is field
                    else getattr(mask, name).ravel()
                    for mask in masks
                ],
            )

        numbers = field.to_ints(clear(field, "number"))
        a, b, both = (
            clear(gf256, name).reshape(demand.bits, demand.numbers) for name in ("a", "b", "both")
        )
        assert (both == (a & b)).all() and (a | b).max(initial=0) <= 1
        powers = 2 ** np.arange(demand.bits)[:, np.newaxis]
        sums = ((a.astype(int) + b) * powers).sum(axis=0)
        assert [n % 2**demand.bits for n in numbers] == (sums % 2**demand.bits).tolist()
        assert all(n < (players // 2 + 1) * 2 ** (demand.bits + 40) for n in numbers)
        coin, small = field.to_ints(clear(field, "coin")), clear(gf256, "small_coin")
        assert coin == (small & 1).tolist() and len(coin) == demand.coins
        assert small[demand.results :].max(initial=0) <= 1


def test_upper_bits_are_all_there():
    (mask,) = make_masks_in_the_clear(Demand(200, 5, 40, 0))
    numbers = np.array([[n >> k & 1 for k in range(48)] for n in mask])
    assert (abs(numbers[:, 2:44].mean(axis=0) - 0.5) < 0.25).all()  # 7 deviations
    assert max(mask) < 2 * 2**45


def make_masks_in_the_clear(demand):
    made = play(3, lambda protocols: make_masks(protocols, [demand]))
    return [field.to_ints(reconstruct(field, [masks[0].number for masks in made]))]


def test_tossed_bits_are_proven():
    def step(protocols):
        bits = toss(protocols, 50)
        assert protocols.claims or not protocols.is_holder
        protocols.verify()
        return bits

    assert set(field.to_ints(reconstruct(field, play(4, step)))) == {0, 1}


class DealsFalse(Protocols):
    """A dealer that changes what it deals: `change(secrets, what)`, of "bits" or "halves"."""

    def deal(self, shapes, secrets=(), continued=False):
        lengths = [count for _, count in shapes.get(self.me, [])]
        if lengths in KINDS:
            secrets = self.change([np.array(secret) for secret in secrets], KINDS.index(lengths))
        return super().deal(shapes, secrets, continued)


def false(what, module, place, number):
    """Adds a number to one element of what is dealt."""

    def change(self, secrets, kind):
        if kind == what:
            k = 0 if module is field else 1
            if module is field:
                one = field.add(secrets[k][:, [place]], field.from_ints([number]))
                secrets[k][:, [place]] = one
            else:
                secrets[k][place] ^= number
        return secrets

    return type("Liar", (DealsFalse,), {"change": change})


PROPER, COINS, UPPER = 3 * 7 + 2 + 5 * 12, 4 + 1, 8 * 40
BITS, HALVES = 0, 1
KINDS = [
    [PROPER + COINS + UPPER + 2 * SUBSETS, PROPER + COINS + 2 * SUBSETS],
    [SUBSETS * ((PROPER + COINS + 2) // 2).bit_length()],
]
NOT_BITS, FALSE = "player 2 has dealt as random bits", "not what was multiplied"


@pytest.mark.parametrize(
    ("what", "module", "place", "number", "error"),
    [
        (BITS, field, 0, 2, FALSE),  # a proper bit in the prime field: no bit
        (BITS, field, 0, 5, FALSE),
        (BITS, gf256, PROPER - 1, 4, NOT_BITS),  # in the small one
        (BITS, gf256, 0, 1, FALSE),  # another bit than in the prime field
        (BITS, gf256, PROPER, 1, FALSE),  # a coin is another one
        (BITS, field, PROPER + COINS, 2, FALSE),  # an upper bit
        (BITS, field, PROPER + COINS + UPPER - 1, -2, FALSE),
        (BITS, field, -1, 2, FALSE),  # a bit that hides a parity
        (BITS, gf256, PROPER + COINS, 2, NOT_BITS),
        (BITS, gf256, -1, 1, FALSE),
        (HALVES, field, 0, 1, FALSE),  # a half of what is left of a sum
        (HALVES, field, -1, 2, FALSE),
    ],
)
def test_a_false_dealer_is_found(what, module, place, number, error):
    liar = false(what, module, place, number)
    with pytest.raises(ProtocolError, match=error):
        play(3, make_and_verify, {2: liar})


class FitsItsHalves(DealsFalse):
    """Another bit in the small field than in the prime one, and halves of odd numbers to fit."""

    coin = parities = None

    def note_opened(self, module, values):
        if self.coin is None:
            (self.coin,) = field.to_ints(values)
        elif self.parities is None:
            self.parities = values.reshape(-1, 2, SUBSETS)[self.sent.index(self.me)]
        return super().note_opened(module, values)

    def change(self, secrets, kind):
        if kind == BITS:
            secrets[1][0] ^= 1
            return secrets
        stream = from_coin(self.coin, "subsets of bits")
        size = mask_proof._BLOCK
        random = np.frombuffer(stream.bytes(SUBSETS * size // 8), np.uint8)
        chosen = np.unpackbits(random).reshape(SUBSETS, size)[:, 0]
        half = pow(2, -1, field.P)
        parity = (self.parities[0] ^ self.parities[1]) & 1
        by = [c * (half if not p else -half) for c, p in zip(chosen.tolist(), parity, strict=True)]
        secrets[0][:, :SUBSETS] = field.add(secrets[0][:, :SUBSETS], field.from_ints(by))
        return secrets


def test_halves_must_be_bits():
    """Else a field has a half of everything: only that they are bits tells a false parity."""
    with pytest.raises(ProtocolError, match=FALSE):
        play(3, make_and_verify, {2: FitsItsHalves})


def test_bits_and_halves_are_dealt_once_each():
    """The cases above rest on their lengths."""
    kinds = []

    class Notes(DealsFalse):
        def change(self, secrets, kind):
            kinds.append(kind)
            return secrets

    play(3, lambda protocols: make_masks(protocols, DEMANDS), {2: Notes})
    assert kinds == [BITS, HALVES]


def deal_and_prove(protocols, lengths):
    _, prove = mask_proof.deal(protocols, lengths)
    prove()


def test_what_is_opened_of_honest_bits_is_uniform():
    """Parities of the first kind are bits, of the second bytes; unhidden, those of one bit alone
    would be 0 for every subset without it."""
    seen = []

    class Notes(Protocols):
        def note_opened(self, module, values):
            if module is gf256:
                seen.append(np.array(values))
            return super().note_opened(module, values)

    for _ in range(12):
        play(3, lambda protocols: deal_and_prove(protocols, Lengths(1, 1, 3)), {1: Notes})
    proper, of_coins = (
        np.stack(seen).reshape(12, 2, 2, SUBSETS).transpose(2, 0, 1, 3).reshape(2, -1)
    )
    assert set(proper.tolist()) == {0, 1} and abs(proper.mean() - 0.5) < 0.07
    assert abs(np.unpackbits(of_coins).mean() - 0.5) < 0.03  # of 10,000
