"""Who it was: false claims are pinned on the player that made them, and on no honest one alone."""

import re

import numpy as np
import pytest
from deviating import blamed
from mamba_players import dealt, outcomes

from mamba import blame, collectors, field, gf256, shamir, side_by_side, verification
from mamba.masks import Demand, make_masks
from mamba.network import NetworkError
from mamba.protocol_error import ProtocolError
from mamba.protocols import Protocols

SECRETS = {field: field.from_ints(range(40)), gf256: np.arange(40, dtype=np.uint8)}


def square(module, players):
    """Every holder's part: square shared numbers, and verify it."""
    shares = dealt(module, players, SECRETS[module])

    def step(protocols):
        if protocols.is_holder:
            (x,) = shares[protocols.me]
            protocols.multiply([(module, x, x)])
            protocols.verify()
            protocols.confirm()

    return step


def ends(players, step, liars, tamper=None):
    """The errors of the honest players: of those that are named, one departed from the protocol."""

    def play(network):
        return step(liars.get(network.me, Protocols)(network, active=True))

    _, errors = outcomes(players, play, tamper)
    honest = {player: error for player, error in errors.items() if player not in liars}
    for error in honest.values():
        assert isinstance(error, (ProtocolError, NetworkError)), error
        assert blamed(error) <= {*liars}, error
        for pair in re.findall(r"player (\d+) or player (\d+)", str(error)):
            assert {*map(int, pair)} & {*liars}, error
    return {player: str(error).partition("; ")[2] for player, error in honest.items()}


class Adds(Protocols):
    """Adds to its share of one element that is brought back to degree t."""

    when = 0  # the first time: products; later ones are values of the proof

    def reduce(self, parts):
        self.when -= 1
        if self.when == -1 and self.is_holder:
            module, array = parts[0]
            array = np.array(array)
            array[..., min(3, module.length(array) - 1)] ^= 1
            parts = [(module, array), *parts[1:]]
        return super().reduce(parts)


@pytest.mark.parametrize("players", [3, 6])
@pytest.mark.parametrize("module", [field, gf256])
@pytest.mark.parametrize("when", [0, 1])
def test_who_adds_to_a_product_or_to_the_proof_is_named(players, module, when):
    liar = players - 1
    told = ends(players, square(module, players), {liar: type("Liar", (Adds,), {"when": when})})
    assert {*told.values()} == {f"player {liar} departed from the protocol"}
    assert len(told) == players - 2 + players % 2


def test_two_that_add_are_both_named():
    told = ends(6, square(field, 6), {2: Adds, 4: Adds})
    assert {*told.values()} == {"player 2, and player 4 departed from the protocol"}


def test_what_runs_beside_ends_before_it_is_found_out_who_it_was():
    shares, sent = dealt(field, 3, SECRETS[field]), []

    def step(protocols):
        (x,) = shares[protocols.me]

        def goes_on():
            for _ in range(20):
                protocols.confirm()

        def multiplies():
            product = protocols.multiply([(field, x, x)])
            return lambda: product

        side_by_side.begin(protocols, goes_on)
        verification.begin(protocols, multiplies)
        protocols.verify()

    def tamper(sender, receiver, number, payload):
        sent.append((number, sender, len(payload)))
        return payload

    assert {*ends(3, step, {2: Adds}, tamper).values()} == {"player 2 departed from the protocol"}
    last = max(number for number, _, _ in sent)
    said = [size for number, sender, size in sent if number == last and sender == 0]
    assert said == [0, 0] + [2 * 3 * field.BYTES] * 2  # that it breaks off, and its words


class DealsBadly(Protocols):
    """Deals one holder another share of a product than the polynomial has there."""

    victim, done = 1, False

    def deal_and_keep(self, shapes, secrets=(), continued=False):
        exchange = self.network.exchange

        def tampered(outgoing, *arguments, **options):
            if self.victim in outgoing and not self.done and len(secrets) == 1:
                self.done = True
                data = bytearray(outgoing[self.victim])
                data[0] ^= 1
                outgoing = {**outgoing, self.victim: bytes(data)}
            return exchange(outgoing, *arguments, **options)

        self.network.exchange = tampered
        try:
            return super().deal_and_keep(shapes, secrets, continued)
        finally:
            self.network.exchange = exchange


@pytest.mark.parametrize("module", [field, gf256])
def test_who_deals_a_share_that_does_not_fit_is_named_with_its_victim(module):
    told = ends(3, square(module, 3), {0: type("Liar", (DealsBadly,), {"victim": 2})})
    assert {*told.values()} == {"player 0 or player 2 departed from the protocol"}


class AdmitsIt(DealsBadly):
    def deal_and_keep(self, shapes, secrets=(), continued=False):
        had_done = self.done
        sent, dealt = super().deal_and_keep(shapes, secrets, continued)
        if self.done and not had_done:
            sent[0][self.victim][..., 0] ^= np.eye(4, 1, dtype=np.uint32)[:, 0]
        return sent, dealt


def test_who_says_it_dealt_shares_that_lie_on_no_polynomial_is_named():
    told = ends(3, square(field, 3), {0: type("Liar", (AdmitsIt,), {"victim": 2})})
    assert {*told.values()} == {"player 0 departed from the protocol"}


class ShowsAnother(Protocols):
    """Shows a wrong share of h(r), to all or to some."""

    to: tuple = ()

    def show_parts(self, parts, alike=b""):
        exchange = self.network.exchange

        def tampered(outgoing, *arguments, **options):
            wrong = {
                player: data[:-1] + bytes([data[-1] ^ 1])
                for player, data in outgoing.items()
                if not self.to or player in self.to
            }
            return exchange({**outgoing, **wrong}, *arguments, **options)

        is_the_end = len(parts[0][1][0]) > 1 if parts[0][0] is field else True
        self.network.exchange = tampered if is_the_end else exchange
        try:
            return super().show_parts(parts, alike)
        finally:
            self.network.exchange = exchange


@pytest.mark.parametrize("module", [field, gf256])
@pytest.mark.parametrize("to", [(), (3,)], ids=["all", "one"])
def test_who_shows_a_wrong_share_of_true_products_is_named(module, to):
    """Those that were shown the true share go on, and are not blamed for that. So nothing more is
    said of what was dealt: they may be about to open something under a mask."""
    sent = []

    def watched(sender, receiver, number, payload):
        if sender == 3:
            sent.append((number, payload))
        return payload

    told = ends(6, square(module, 6), {1: type("Liar", (ShowsAnother,), {"to": to})}, watched)
    last = max(number for number, _ in sent)
    assert [payload for number, payload in sent if number == last] == [b""] * 4
    assert told[3].startswith("player 1, or one that dealt it a wrong share, departed")


# --- lies about it ----------------------------------------------------------------------------


def test_who_says_it_dealt_what_it_should_have_is_contradicted_by_all():
    """By more than t, even if all that it says by itself fits together."""

    def testimony(self):
        words = original(self)
        if self._protocols.me == 4:  # the true product, as if it had dealt that
            count = len(self._protocols.holders)
            place = self._protocols.place
            factors, _ = self._check.split(self._shown[place])
            true = self._check.product(factors)
            first = words[count : count + self._protocols.threshold]
            words[count : 2 * count] = first + shamir.complete(field, true, first, count)
            # Its own share of that, and another one of what player 0 has dealt, to make h(r) of it.
            by = field.sub(words[count + place], words[place])
            weights = field.lagrange(shamir.points(count))
            ratio = weights[place] * pow(weights[0], -1, field.P) % field.P
            words[place] = words[count + place]
            words[0] = field.sub(words[0], field.mul(by, field.from_ints([ratio])))
        return words

    original = blame._Trial.testimony
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blame._Trial, "testimony", testimony)
        told = ends(5, square(field, 5), {4: Adds})
    assert {*told.values()} == {"player 4 departed from the protocol"}


def test_who_says_it_was_dealt_something_else_is_one_of_two():
    def testimony(self):
        words = original(self)
        if self._protocols.me == 3:
            words[0] = field.add(words[0], field.from_ints([1]))  # of what player 0 has dealt
        return words

    original = blame._Trial.testimony
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blame._Trial, "testimony", testimony)
        told = ends(5, square(field, 5), {4: Adds, 3: Protocols})
    # Its share of h(r) does not follow from what it says now.
    assert {*told.values()} == {"player 3, and player 4 departed from the protocol"}


def test_who_breaks_off_before_it_is_found_is_named_as_that():
    def tell(protocols, *arguments):
        if protocols.me == 2:
            raise NetworkError("it has left")
        return original(protocols, *arguments)

    original = blame._tell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blame, "_tell", tell)
        told = ends(3, square(field, 3), {2: Adds})
    assert {*told.values()} == {
        "a player departed from the protocol, and player 2 ended before it was found out which one"
    }


# --- masks ------------------------------------------------------------------------------------


def compare(protocols):
    if protocols.is_holder:
        protocols.multiply([(field, *[field.from_ints([protocols.place])] * 2)])
        make_masks(protocols, [Demand(2, 3, 8, 2)])
        protocols.verify()


class FalseBit(Protocols):
    def deal(self, shapes, secrets=(), continued=False):
        if [module for module, _ in shapes.get(self.me, [])] == [field, gf256] and not continued:
            secrets = [field.add(secrets[0], field.from_ints([2])), secrets[1]]
        return super().deal(shapes, secrets, continued)


class FalseParity(Protocols):
    """Bits in the prime field that are not those in the small one: its sums come out odd."""

    def deal(self, shapes, secrets=(), continued=False):
        if [module for module, _ in shapes.get(self.me, [])] == [field, gf256] and not continued:
            bits = field.to_ints(secrets[0])
            secrets = [field.from_ints([1 - bits[0], *bits[1:]]), secrets[1]]
        return super().deal(shapes, secrets, continued)


@pytest.mark.parametrize("kind", [FalseBit, FalseParity])
@pytest.mark.parametrize("players", [3, 6])
def test_the_dealer_of_a_false_mask_is_named(kind, players):
    told = ends(players, compare, {players - 1: kind})
    assert {*told.values()} == {f"player {players - 1} departed from the protocol"}


def test_a_false_product_beside_honest_masks_is_not_pinned_on_their_dealers():
    class Liar(Protocols):
        def multiply(self, factors):
            self.adds = factors[0][0] is field
            return super().multiply(factors)

        def reduce(self, parts):
            if getattr(self, "adds", False):
                self.adds = False
                parts = [(field, field.add(parts[0][1], field.from_ints([9]))), *parts[1:]]
            return super().reduce(parts)

    told = ends(6, compare, {3: Liar})
    assert {*told.values()} == {"player 3 departed from the protocol"}


# --- what is said -----------------------------------------------------------------------------


@pytest.mark.parametrize("module", [field, gf256])
def test_an_honest_holder_says_what_follows_from_what_was_opened(module):
    """Its H_i is the product of its opened shares, of which all others are known, too."""
    known = []

    def tell(protocols, *arguments):
        said = original(protocols, *arguments)
        if protocols.me == 0:
            for player in (0, 1):
                words = said[player][len(protocols.holders) :]
                secret = shamir.reconstruct(module, words, protocols.threshold)
                factors, _ = checks[0]._check.split(checks[0]._shown[player])
                known.append((secret == checks[0]._check.product(factors)).all())
        return said

    class Trial(blame._Trial):
        def __init__(self, protocols, *arguments):
            super().__init__(protocols, *arguments)
            if protocols.me == 0:
                checks.append(self)

    checks, original = [], blame._tell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blame, "_tell", tell)
        patch.setattr(blame, "_Trial", Trial)
        ends(3, square(module, 3), {2: Adds})
    assert known == [True, True]


def test_products_by_way_of_collectors_are_pinned_on_nobody(monkeypatch):
    monkeypatch.setattr(collectors, "_WORTH", -(2**60))
    told = ends(5, square(field, 5), {4: Adds})
    assert {*told.values()} == {"a player departed from the protocol"}
