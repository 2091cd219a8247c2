"""Protocols beside others: they give what they give alone, in the messages of the others."""

import threading
import time

import pytest
from mamba_players import WatchedProtocols, dealt, reconstruct, run_program, together

from mamba import field, side_by_side, verification
from mamba.claims import Products
from mamba.protocol_error import ProtocolError
from mamba.protocols import Protocols


def play(players, step, active=True):
    return together(players, lambda network: step(Protocols(network, active=active)))


def power(protocols, x, times):
    """x^(2^times): a round for each square."""
    for _ in range(times):
        (x,) = protocols.multiply([(field, x, x)])
    return x


@pytest.mark.parametrize("players", [3, 4])
@pytest.mark.parametrize("order", [(2, 4), (4, 2), (3, 3)])
def test_what_takes_longest_is_all_that_is_waited_for(players, order):
    numbers = dealt(field, players, field.from_ints([2, 3]))

    def step(protocols):
        (x,) = numbers[protocols.me]
        network, before = protocols.network, protocols.network.rounds
        wait = side_by_side.begin(protocols, lambda: power(protocols, x, order[0]))
        here = power(protocols, x, order[1])
        beside = wait()
        assert protocols.network is network
        return beside, here, network.rounds - before

    beside, here, rounds = zip(*play(players, step, active=False), strict=True)
    for found, times in ((beside, order[0]), (here, order[1])):
        assert field.to_ints(reconstruct(field, found)) == [x ** (2**times) for x in (2, 3)]
    assert set(rounds) <= {0, max(order)}


def test_protocols_beside_may_have_others_beside():
    numbers = dealt(field, 3, field.from_ints([2]))

    def step(protocols):
        (x,) = numbers[protocols.me]
        powers = [lambda times=times: power(protocols, x, times) for times in (1, 2, 3)]
        before = protocols.network.rounds
        inner = lambda: side_by_side.together(protocols, *powers)  # noqa: E731
        found = side_by_side.together(protocols, inner, lambda: power(protocols, x, 2))
        return [*found[0], found[1]], protocols.network.rounds - before

    shares, rounds = zip(*play(3, step), strict=True)
    found = [reconstruct(field, one) for one in zip(*shares, strict=True)]
    assert [field.to_ints(one) for one in found] == [[4], [16], [256], [16]]
    assert set(rounds) == {3}


def test_an_error_beside_ends_the_run_and_leaves_no_thread():
    def step(protocols):
        x = field.zeros(1)

        def fails():
            power(protocols, x, 1)
            raise ProtocolError("found out")

        side_by_side.begin(protocols, fails)
        side_by_side.begin(protocols, lambda: power(protocols, x, 9))
        return power(protocols, x, 3)

    before = threading.active_count()
    with pytest.raises(ProtocolError, match="found out"):
        play(3, step)
    give_up = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < give_up:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_nothing_is_opened_before_what_was_begun_beside_is_verified():
    """A claim that a verification beside has taken is off the list, and not yet verified."""
    numbers = dealt(field, 3, field.from_ints([5]), field.from_ints([26]))

    def step(protocols):
        x, wrong = numbers[protocols.me]

        def claim():
            protocols.claims.products.append(Products(x, x, wrong))
            return lambda: None

        verification.begin(protocols, claim)
        return protocols.open(field, wrong)

    with pytest.raises(ProtocolError, match="not what was multiplied"):
        play(3, step)


def test_what_was_told_beside_is_compared_by_who_waits():
    def step(protocols):
        def told():
            power(protocols, field.zeros(1), 1)
            protocols.agreement.note(b"%d" % (protocols.me == 2))

        side_by_side.together(protocols, told, lambda: power(protocols, field.zeros(1), 2))
        return protocols.open(field, field.zeros(1))

    with pytest.raises(ProtocolError, match="has been told"):
        play(3, step)


def test_it_goes_with_the_next_message_even_if_nobody_waits():
    """So it is compared before another protocol, which may have taken its claims, opens them."""

    def step(protocols):
        def told():
            power(protocols, field.zeros(1), 1)
            protocols.agreement.note(b"%d" % (protocols.me == 2))

        side_by_side.begin(protocols, told)
        power(protocols, field.zeros(1), 2)

    with pytest.raises(ProtocolError, match="exchange 3: what player . has been told"):
        play(3, step)


def test_who_waits_has_compared_what_it_was_told_itself():
    def step(protocols):
        wait = side_by_side.begin(protocols, lambda: power(protocols, field.zeros(1), 3))
        protocols.agreement.note(b"%d" % (protocols.me == 2))
        wait()

    with pytest.raises(ProtocolError, match="exchange 2: what player . has been told"):
        play(3, step)


def test_messages_are_those_of_each_protocol_one_after_the_other():
    """The bytes of each are where they belong, whatever their lengths are."""
    numbers = dealt(field, 3, field.from_ints(range(5)), field.from_ints(range(7, 9)))

    def step(protocols):
        x, y = numbers[protocols.me]
        return side_by_side.together(
            protocols, lambda: power(protocols, x, 2), lambda: power(protocols, y, 2)
        )

    for found, values in zip(
        zip(*play(3, step), strict=True), (range(5), range(7, 9)), strict=True
    ):
        assert field.to_ints(reconstruct(field, found)) == [v**4 for v in values]


DISTANCES = """
rows, total = Array(6, sint), sint(0)
for i in range(2):
    sint.get_private_input_from(i + 1, size=3).store_in_mem(rows.address + 3 * i)
for k in range(COUNT):
    total = total + squared_distances(rows, 2, 3, [(0, 1)])
print_ln('%s', total.reveal())
"""


@pytest.mark.parametrize("active", [False, True])
def test_distances_one_by_one_take_few_threads_and_exchanges(monkeypatch, active):
    started, start, before = [], threading.Thread.start, threading.active_count()

    def counted(thread):
        start(thread)
        started.append(threading.active_count() - before)

    monkeypatch.setattr(threading.Thread, "start", counted)
    seen = run_program(DISTANCES.replace("COUNT", "100"), [[], [1, 2, 3], [4, 6, 8]], active=active)
    assert seen[0].lines == ["5000"]
    assert max(started) <= 3 * (1 + 2 * side_by_side.MOST)  # a verification beside has one beside
    assert max(player.rounds for player in seen) <= 12


def test_a_false_distance_of_those_that_waited_is_found():
    class Adds(WatchedProtocols):
        def reduce(self, parts):
            if len(parts) > side_by_side.MOST:
                module, last = parts[-1]
                parts = [*parts[:-1], (module, module.add(last, module.from_ints([1])))]
            return super().reduce(parts)

    program, words = DISTANCES.replace("COUNT", "20"), [[], [1, 2, 3], [4, 6, 8]]
    with pytest.raises(ProtocolError, match="not what was multiplied; player 2 departed"):
        run_program(program, words, liars={2: (Adds, None, None)}, active=True)
