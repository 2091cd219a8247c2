"""Coins of krum.mpc's check: nobody knows them too early, and nobody chooses them."""

import pytest
from liars import check, random_words, run
from mamba_players import WatchedProtocols, run_program, together

from fl_krum.program.krum_program import KrumProgram
from mamba import field
from mamba.coins import open_coin, take
from mamba.input_proof import InputProver
from mamba.protocols import ProtocolError


def test_every_coin_is_another_one():
    """Also from one round to the next."""
    told = []

    class Hears(InputProver):
        def be_told(self, values):
            told.extend(values)
            super().be_told(values)

    assert check([random_words(3, 50)] * 2, {1: (None, None, Hears)}) == [[1, 1, 1]] * 2
    assert len(told) == len(set(told)) == 4


def messages(player):
    """What a player was sent: by round, and there by sender."""
    result: dict = {}
    for number, sender, payload in player.received:
        result.setdefault(number, {})[sender] = bytes(payload)
    return result


def test_the_last_coin_is_opened_when_all_have_said_that_they_have_what_was_dealt():
    """Else a client that deals late knew the coin first: some holders wait for no shares."""
    program = KrumProgram(n=5, f=1, d=2)
    seen = run_program(program.source(), [[]] + [[1, 2]] * 5)
    for player in (1, 2):  # the holders that draw their shares
        sent = messages(seen[player])
        (coin,) = (
            k for k in sent if {*map(len, sent[k].values())} == {field.BYTES} and len(sent[k]) == 4
            and {*map(len, sent[k - 1].values())} == {0}
        )  # fmt: skip
        assert {*sent[coin - 1]} == {*range(1, 6)} - {player}


def test_a_coin_is_opened_when_holders_have_said_that_they_have_what_was_dealt():
    def step(protocols):
        take(protocols)  # with it all others of the pool are dealt
        before = protocols.network.rounds
        return open_coin(protocols), protocols.network.rounds - before

    found = together(3, lambda network: step(WatchedProtocols(network, [], active=True)))
    assert len(set(found)) == 1 and found[0][1] == 2


class AnnouncesWrong(WatchedProtocols):
    """Tells another number than it has dealt: in the first coin, in the last, or to one player."""

    which, to = 1, None

    def announce(self, part, share):
        self.count = getattr(self, "count", 0) + 1
        self.lies, self.part = self.count == self.which, part
        coin = super().announce(part, share)
        self.lies = False
        return coin

    def exchange(self, outgoing, *arguments, **options):
        if getattr(self, "lies", False):
            false = field.to_bytes(field.from_ints([7] * field.length(self.part)))
            to = outgoing if self.to is None else {self.to}
            outgoing = {p: false if p in to else data for p, data in outgoing.items()}
        return super().exchange(outgoing, *arguments, **options)


@pytest.mark.parametrize(("d", "which"), [(2, 1), (50, 1), (50, 2)])
@pytest.mark.parametrize("to", [None, 1, 4])
def test_a_coin_is_what_was_dealt_or_the_run_ends(d, which, to):
    liar = type("Liar", (AnnouncesWrong,), {"which": which, "to": to})
    with pytest.raises(ProtocolError, match="is not the sum of what players have told"):
        run(random_words(5, d), 1, {5: (liar, None, None)})


@pytest.mark.parametrize("to", [None, 1])
def test_who_has_told_another_number_than_it_dealt_is_named_where_players_may_deviate(to):
    liar = type("Liar", (AnnouncesWrong,), {"to": to})
    program = "sint.get_random_triple(size=2)[0].announce()\nsint(3).reveal()"
    with pytest.raises(ProtocolError, match="players have told of it; player 3 departed"):
        run_program(program, [[]] * 4, liars={3: (liar, None, None)}, active=True)


def test_who_announces_waits_for_what_is_dealt():
    """A holder that is sent shares tells its part of a coin after all of them have come."""
    program = KrumProgram(n=5, f=1, d=2)
    log = []

    class Watched(WatchedProtocols):
        def deal(self, *arguments, **options):
            dealt = super().deal(*arguments, **options)
            log.append((self.me, "has"))
            return dealt

        def announce(self, part, share):
            log.append((self.me, "tells", part is not None))
            return super().announce(part, share)

    run_program(
        program.source(), [[]] + [[1, 2]] * 5, liars=dict.fromkeys(range(6), (Watched, None, None))
    )
    for me in range(6):
        own = [entry[1:] for entry in log if entry[0] == me]
        assert own[:2] == [("has",), ("tells", me in (3, 4, 5))]


@pytest.mark.parametrize("answer", ["sint(5)", "sint.get_private_input_from(1)"])
@pytest.mark.parametrize("how", ["reveal()", "reveal_to(3)"])
def test_who_was_told_the_truth_opens_nothing_when_another_one_was_not(answer, how):
    """Of three holders, the third tells the first one another coin, which that one may answer. The
    second one's share and the liar's would be enough to open the answer."""
    sent = []

    def seen(sender, receiver, number, payload):
        sent.append((number, len(payload)))
        return payload

    liar = type("Liar", (AnnouncesWrong,), {"to": 1})
    program = f"a = sint.get_random_triple()[0].announce()\n{answer}.{how}\n"
    with pytest.raises(ProtocolError, match="is not the sum of what players have told"):
        run_program(program, [[], [7], [], []], seen, {3: (liar, None, None)})
    # Rounds: keys, the coin is dealt, told, compared. Later messages only say who is still there.
    assert {number for number, size in sent if size} == {1, 2, 3, 4}


def test_nothing_is_opened_before_all_have_compared_an_announced_coin():
    """A program that opens at once takes two rounds more than one that announces nothing."""
    program = "a = sint.get_random_triple()[0]\nb = {}\nc = sint(5).reveal()\n"
    rounds = [run_program(program.format(how), [[]] * 4)[1].rounds for how in ("a", "a.announce()")]
    assert rounds[1] == rounds[0] + 3
