"""Coins: nobody knows them too early, nobody chooses them, and all have the same."""

import pytest
from liars import check, random_words, run
from mamba_players import WatchedProtocols, run_program, together

from fl_krum.program.krum_program import KrumProgram
from mamba import coins, field, side_by_side
from mamba.coins import SIZE, Coins
from mamba.input_proof import InputProver
from mamba.protocols import ProtocolError, Protocols
from mamba.randomness import Randomness

BOUND = r"^exchange \d+: player 5 told another random number than it is bound to; player 5 departed"


def test_every_coin_is_another_one():
    """Also from one round to the next."""
    told = []

    class Hears(InputProver):
        def be_told(self, values):
            told.extend(values)
            super().be_told(values)

    assert check([random_words(3, 50)] * 2, {1: (None, None, Hears)}) == [[1, 1, 1]] * 2
    assert len(told) == len(set(told)) == 4


def test_a_coin_takes_one_round_and_all_have_the_same(monkeypatch):
    """Also when chains end, of two coins of each, and new ones begin."""
    monkeypatch.setattr(coins, "_LENGTH", 2)

    def step(network):
        protocols = Protocols(network)
        before = network.rounds
        tossed = [protocols.toss() for _ in range(9)] if protocols.is_holder else []
        return tossed, network.rounds - before if tossed else 9

    found = together(6, step)
    assert [tossed for tossed, _ in found if tossed] == [found[1][0]] * 5
    assert len({*found[1][0]}) == 9 and {rounds for _, rounds in found} == {9}
    assert all(0 <= coin < field.P for coin in found[1][0])


def test_coins_of_protocols_beside_each_other_are_two():
    """They are revealed in one exchange, and the later one is looked at first."""

    def step(network):
        protocols = Protocols(network, active=True)
        result = side_by_side.together(protocols, protocols.toss, protocols.toss)
        return [*result, protocols.toss(), network.rounds]

    found = together(3, step)
    assert found == [found[0]] * 3 and len({*found[0]}) == 4 and found[0][3] == 3


def pair(dealers=(1, 2)):
    """Coins of two dealers that have told each other the ends of their chains."""
    both = {me: Coins(me, dealers, Randomness()) for me in dealers}
    for one in both.values():
        one.be_told({me: other.end for me, other in both.items()})
    return both


def test_a_later_coin_may_be_looked_at_before_an_earlier_one():
    both = pair()
    told = [{me: one.reveal(number) for me, one in both.items()} for number in range(4)]
    orders = ([0, 1, 2, 3], [3, 0, 1, 2])
    joined = [
        {number: one.join(number, told[number]) for number in order}
        for one, order in zip(both.values(), orders, strict=True)
    ]
    assert joined[0] == joined[1] and len({*joined[0].values()}) == 4


def test_nobody_can_reveal_what_another_one_is_bound_to():
    """Who copied the end of another chain must know what is hashed with its own number."""
    both = pair()
    both[2].be_told({1: both[1].end, 2: both[1].end})
    copied = both[1].reveal(0)[:SIZE] + both[2]._digests[0]
    with pytest.raises(ProtocolError, match="player 2 told another random number"):
        both[2].join(0, {1: copied, 2: copied})


def test_a_coin_depends_on_every_part():
    both = pair()
    value, other = both[1].reveal(0), both[2].reveal(0)
    assert len({both[1].join(0, {1: value, 2: other}), *map(coins._number, (1, 2), (value, value))})
    parts = coins._number(1, value[:SIZE]), coins._number(2, other[:SIZE])
    assert both[2].join(0, {1: value, 2: other}) == sum(parts) % field.P


class TellsWrong(WatchedProtocols):
    """Reveals another value than it is bound to: of a coin, to all or to one player."""

    which, to = 1, None

    def toss(self):
        self.count = getattr(self, "count", 0) + 1
        self.lies = self.count == self.which
        coin = super().toss()
        self.lies = False
        return coin

    def exchange(self, outgoing, *arguments, **options):
        if getattr(self, "lies", False):
            to = outgoing if self.to is None else {self.to}
            outgoing = {p: bytes(SIZE) + data[SIZE:] if p in to else data
                        for p, data in outgoing.items()}  # fmt: skip
        return super().exchange(outgoing, *arguments, **options)


@pytest.mark.parametrize(("d", "which"), [(2, 2), (50, 1)])
@pytest.mark.parametrize("to", [None, 1, 4])
def test_who_tells_another_number_than_it_is_bound_to_is_named(d, which, to):
    liar = type("Liar", (TellsWrong,), {"which": which, "to": to})
    with pytest.raises(ProtocolError, match=BOUND):
        run(random_words(5, d), 1, {5: (liar, None, None)})


class TwoEnds(WatchedProtocols):
    """Is bound to one chain for one player, and to another one for the others."""

    to = 1

    def __init__(self, network, *arguments, **options):
        send, other = network.exchange, Coins(network.me, (network.me,), Randomness())
        other.be_told({network.me: other.end})

        def exchange(outgoing, *more, **options):
            network.exchange = send
            outgoing = {
                p: data[:SIZE] + other.end + data[2 * SIZE :] if p == self.to else data
                for p, data in outgoing.items()
            }
            return send(outgoing, *more, **options)

        network.exchange = exchange
        super().__init__(network, *arguments, **options)
        self._other = other

    def exchange(self, outgoing, *arguments, **options):
        if {*map(len, outgoing.values())} == {2 * SIZE} and self.to in outgoing:
            told = self._other.reveal(0)[:SIZE] + outgoing[self.to][SIZE:]
            outgoing = {**outgoing, self.to: told}
        return super().exchange(outgoing, *arguments, **options)


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("to", [1, 4])
def test_who_is_bound_to_two_numbers_makes_the_run_end_before_a_coin_is_used(to, active):
    """Whoever was told another end than an honest dealer sees that with the first coin."""
    liar, tossed = type("Liar", (TwoEnds,), {"to": to}), []

    class Notes(WatchedProtocols):
        def toss(self):
            tossed.append((self.me, super().toss()))
            return tossed[-1][1]

    software = {player: (Notes, None, None) for player in range(1, 5)} | {5: (liar, None, None)}
    with pytest.raises(ProtocolError, match="are bound to has been told player"):
        run_program(
            KrumProgram(5, 1, 2).source(), [[]] + [[1, 2]] * 5, liars=software, active=active
        )
    first: dict = {}
    for player, coin in tossed:
        first.setdefault(player, coin)
    assert to not in first and len({*first.values()}) <= 1


def test_who_reveals_waits_for_what_is_dealt():
    """A holder that is sent shares reveals its part of a coin after all of them have come."""
    program = KrumProgram(n=5, f=1, d=2)
    log = []

    class Watched(WatchedProtocols):
        def deal(self, *arguments, **options):
            dealt = super().deal(*arguments, **options)
            log.append((self.me, "has"))
            return dealt

        def toss(self):
            log.append((self.me, "tells", self.me in self.sent))
            return super().toss()

    run_program(
        program.source(), [[]] + [[1, 2]] * 5, liars=dict.fromkeys(range(6), (Watched, None, None))
    )
    for me in range(1, 6):
        own = [entry[1:] for entry in log if entry[0] == me]
        # Masks are dealt first, beside the inputs; the second round has them already.
        turn = [("has",), ("tells", me in (3, 4, 5))]
        assert own == [("has",), *turn, *turn]


# --- random numbers of a program --------------------------------------------------------------


def messages(player):
    """What a player was sent: by round, and there by sender."""
    result: dict = {}
    for number, sender, payload in player.received:
        result.setdefault(number, {})[sender] = bytes(payload)
    return result


def test_a_random_number_is_opened_when_all_have_said_that_they_have_what_was_dealt():
    """Else a client that deals late knew it first: some holders wait for no shares."""
    program = KrumProgram(n=5, f=1, d=2, portable=True)
    seen = run_program(program.source(), [[]] + [[1, 2]] * 5)
    for player in (1, 2):  # the holders that draw their shares
        sent = messages(seen[player])
        first, *_ = (
            k for k in sent if {*map(len, sent[k].values())} == {field.BYTES} and len(sent[k]) == 4
            and {*map(len, sent[k - 1].values())} == {0}
        )  # fmt: skip
        assert {*sent[first - 1]} == {*range(1, 6)} - {player}
