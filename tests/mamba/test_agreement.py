"""What holders must have been told alike, and were not: they end before they open anything."""

from dataclasses import replace

import numpy as np
import pytest
from mamba_players import WatchedProtocols, dealt, run_program, together

from mamba import collectors, comparison, field, result_check, shamir
from mamba.masks import Demand, make_masks
from mamba.protocol_error import ProtocolError
from mamba.protocols import Protocols

DIFFERENT = "has been told is not what"


def play(step, liars=()):
    return together(3, lambda n: step(dict(liars).get(n.me, Protocols)(n, active=True)))


@pytest.mark.parametrize("same", [True, False])
def test_holders_compare_what_they_noted(same):
    shares = dealt(field, 3, field.from_ints([7]))

    def step(protocols):
        protocols.agreement.note(b"a" if same or protocols.me else b"b")
        return field.to_ints(protocols.open(field, shares[protocols.me][0]))

    if same:
        assert play(step) == [[7]] * 3
    else:
        with pytest.raises(ProtocolError, match=DIFFERENT):
            play(step)


def test_how_long_an_index_is_makes_no_difference():
    """On a machine of 32 bits it is shorter."""
    shares = dealt(field, 3, field.from_ints([3, 5, 1]))

    def step(protocols):
        (x,) = shares[protocols.me]
        kind = np.int32 if protocols.me == 2 else np.int64
        pairs = comparison.Pairs(x, np.array([0, 1, 2, 0], kind), np.array([1, 2, 0, 2], kind))
        (mask,) = make_masks(protocols, [pairs.demand(6, 40)])
        found = comparison.less_than_among(protocols, pairs, 6, mask)
        return field.to_ints(protocols.open(field, found))

    assert play(step) == [[1, 0, 1, 0]] * 3


class TellsTwoStories(WatchedProtocols):
    """Of the messages of one length that it sends, one player is sent another one."""

    length: int

    def __init__(self, network, *arguments, **options):
        send = network.exchange

        def exchange(outgoing, *more, **options):
            if {*map(len, outgoing.values())} == {self.length} and len(outgoing) > 1:
                one = max(outgoing)
                outgoing = {**outgoing, one: bytes(a ^ 1 for a in outgoing[one])}
            return send(outgoing, *more, **options)

        network.exchange = exchange
        super().__init__(network, *arguments, **options)


def test_a_collector_tells_all_the_same(monkeypatch):
    monkeypatch.setattr(collectors, "_WORTH", -(2**60))
    shares = dealt(field, 3, field.from_ints(range(50)))
    told = type("Liar", (TellsTwoStories,), {"length": 50 * field.BYTES})

    def step(protocols):
        (x,) = shares[protocols.me]
        (product,) = protocols.multiply([(field, x, x)])
        protocols.compare()

    play(step)
    with pytest.raises(ProtocolError, match=DIFFERENT):
        together(
            3,
            lambda n: step(told(n, [], active=True) if n.me == 0 else Protocols(n, active=True)),
        )


@pytest.mark.parametrize("how", ["a mask", "pairs", "smallest"])
def test_which_numbers_are_compared_is_the_same_for_all(how):
    shares = dealt(field, 3, field.from_ints([3, 5, 1, 4]))

    def step(protocols):
        (x,) = shares[protocols.me]
        places = np.array([[0, 1], [2, 3]])
        if protocols.me == 2:
            places = places[::-1].copy()
        if how in ("pairs", "a mask"):
            pairs = comparison.Pairs(x, np.array([0, 1, 2, 3]), places.ravel()[::-1].copy())
            demand = pairs.demand(6, 40)
            if how == "pairs":  # one holder's masks are for these, and it compares others
                demand = replace(demand, pairs=((0, 3), (1, 2), (2, 1), (3, 0)))
            (mask,) = make_masks(protocols, [demand])
            if how == "a mask":
                return protocols.compare()
            comparison.less_than_among(protocols, pairs, 6, mask)
        else:
            (mask,) = make_masks(protocols, [Demand(4, 6, 40, 4)])
            comparison.smallest_among(protocols, comparison.Columns(x, places, 1), 6, mask)

    with pytest.raises(ProtocolError, match=DIFFERENT):
        play(step)


def test_who_is_told_a_result_sends_all_holders_the_same_seed(monkeypatch):
    monkeypatch.setattr("mamba.language.machine.MOST_REDUCED", 4)
    program = (
        "a = sint.get_private_input_from(1, size=9)\n"
        "b = sint.get_private_input_from(2, size=9)\n(a * b).reveal_to(0)\n"
    )
    words = [[], [*range(9)], [*range(9)], []]
    assert run_program(program, words, active=True)[0].outputs == [k * k for k in range(9)]
    liar = type("Liar", (TellsTwoStories,), {"length": 32})
    with pytest.raises(ProtocolError, match=DIFFERENT):
        run_program(program, words, active=True, liars={0: (liar, None, None)})


class FitsItsLie(WatchedProtocols):
    """Adds 5 to the first word of a result, and to the sums that check it what follows from it."""

    seed = None

    def added(self, array, errors):
        weight = field.lagrange(shamir.points(len(self.holders)))[self.place]
        return field.add(array, field.scale(field.from_ints(errors), pow(weight, -1, field.P)))

    def open_to_and_say_how(self, player, array, degree, continued=False):
        if degree == 2:
            note = self.agreement.note

            def hear(data):
                self.seed = data
                note(data)

            self.agreement.note = hear
            array = self.added(array.value(), [5] + [0] * (field.length(array) - 1))
        return super().open_to_and_say_how(player, array, degree, continued)

    def reduce(self, parts):
        if self.seed:
            rows, self.seed = result_check._rows(self.seed, 9), None
            errors = [5 * field.to_ints(row)[0] for row in rows]
            parts = [(field, self.added(parts[0][1], errors))]
        return super().reduce(parts)


def test_sums_that_check_a_result_are_verified_themselves(monkeypatch):
    monkeypatch.setattr("mamba.language.machine.MOST_REDUCED", 4)
    program = (
        "a = sint.get_private_input_from(1, size=9)\n"
        "b = sint.get_private_input_from(2, size=9)\n(a * b).reveal_to(0)\n"
    )
    words = [[], [*range(9)], [*range(9)], []]
    with pytest.raises(ProtocolError, match="not what was multiplied"):
        run_program(program, words, active=True, liars={3: (FitsItsLie, None, None)})
