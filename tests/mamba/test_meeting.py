"""What players tell each other first, and last."""

import contextlib
import re
import socket
import ssl
import threading
import time
from dataclasses import replace

import pytest
from mamba_players import PATIENCE
from patience import patiently

from fl_krum.players.certificates import self_signed
from fl_krum.players.embedded import free_ports
from mamba import inbox
from mamba import network as network_module
from mamba.addresses import LOOPBACK
from mamba.credentials import Credentials
from mamba.farewell import FORM, Farewell, Reason
from mamba.last_words import LastWords
from mamba.meeting import LENGTH, Meeting, Verdict
from mamba.network import Network
from mamba.network_error import NetworkError

PLAYERS = 3
MINE = Meeting("all hold", "run", 7, "server a b", "digest")


@pytest.mark.parametrize(
    ("change", "verdict", "what"),
    [
        ({}, Verdict.SAME, ""),
        ({"run": "another"}, Verdict.ELSEWHERE, ""),
        ({"number": 6, "parties": "server a"}, Verdict.BEFORE, ""),
        ({"number": 8, "parties": "server a"}, Verdict.AFTER, ""),
        ({"parties": "server a"}, Verdict.DIFFERENT, "another list of parties"),
        ({"roster": "x", "parties": "y"}, Verdict.DIFFERENT, "another roster"),
        ({"holders": "x"}, Verdict.DIFFERENT, "another threshold or other holders"),
    ],
)
def test_how_two_players_compare(change, verdict, what):
    words = replace(MINE, **change).words()
    assert len(words) == LENGTH
    assert MINE.compare(words) == (verdict, what)


@pytest.mark.parametrize("place", range(8))
def test_another_version_is_told(place):
    words = bytearray(MINE.words())
    words[place] ^= 1
    assert MINE.compare(bytes(words))[1] == "another version of the players' software"


def test_farewells_are_read_as_they_were_written():
    for reason in Reason:
        for culprit in (None, 0, 254):
            claim = Farewell(reason, culprit, 3, late=True, more=True)
            number, _, rest = __import__("struct").unpack("<IIQ", claim.pack())
            assert Farewell.of_numbers(number, rest) == claim
    for wrong in (99, 0), (1, 1 << 63), (1, 4):
        with pytest.raises(ValueError, match="no last words"):
            Farewell.of_numbers(*wrong)


def claims(*said):
    words = LastWords(0, 7)
    for sender, culprit, late in said:
        words.add(sender, [Farewell(Reason.LOST, culprit, sender, late)])
    return words


def test_who_was_missing_is_what_most_say():
    words = claims((0, 1, False), (1, 5, False), (2, 5, False), (3, 5, False))
    assert words.missing == {1: [0], 5: [1, 2, 3]}
    assert words.to_leave_out() == [5]


def test_a_round_does_not_begin_again_when_most_have_gone_on():
    assert claims((0, 5, False), (1, 5, True), (2, 5, True), (3, 5, False)).to_leave_out() == []
    assert claims((0, 5, False), (1, 5, True), (2, 5, False), (3, 5, False)).to_leave_out() == [5]


def test_a_round_does_not_begin_again_without_the_server():
    assert claims((1, 0, False), (2, 0, False)).to_leave_out() == []


def test_who_speaks_is_not_left_out_because_one_names_it():
    """Client 1 says that client 5 is lost, and all others have only heard so; client 5 speaks."""
    words = claims((1, 5, False))
    for player in (0, 2, 3, 4, 5):
        words.add(player, [Farewell(Reason.LOST, 5, 1)])
    assert words.missing == {5: [1]}
    assert words.to_leave_out() == [1]


def test_when_two_name_each_other_the_round_ends():
    words = claims((1, 5, False), (5, 1, False))
    words.add(2, [Farewell(Reason.LOST, 5, 1)])
    assert words.to_leave_out() == []


def test_players_that_do_not_exist_are_not_named():
    words = LastWords(0, 7)
    words.add(1, [Farewell(Reason.LOST, 7, 1), Farewell(Reason.LOST, 1 << 15, 1)])
    words.add(0, [Farewell(Reason.AGAIN, 7, 0), Farewell(Reason.AGAIN, None, 0)])
    assert words.missing == {} and words.again == []


def test_only_the_server_says_who_is_left_out():
    words = LastWords(2, 7)
    words.add(1, [Farewell(Reason.AGAIN, 3, 1)])
    assert words.again == []
    words.add(0, [Farewell(Reason.AGAIN, 3, 0)])
    assert words.again == [3]


# --- players in threads -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def credentials():
    """Of players that have signed their own certificates, and know each other's."""
    import hashlib

    own = [self_signed(f"party{i}", 1) for i in range(PLAYERS)]
    prints = tuple(
        hashlib.sha256(ssl.PEM_cert_to_DER_cert(one.certificate.decode())).hexdigest()
        for one in own
    )
    root = b"".join(one.certificate for one in own)
    return [Credentials(root, one.certificate, one.key, prints) for one in own]


def others(network):
    return [player for player in range(network.players) if player != network.me]


def greet(network, size=4):
    received = network.exchange(
        dict.fromkeys(others(network), bytes([network.me]) * size),
        dict.fromkeys(others(network), size),
    )
    return {player: bytes(data)[:1] for player, data in received.items()}


def run(
    credentials, play=greet, meetings=None, absent=(), patience=60.0, ports=None,
    deadline=None, listen=LOOPBACK,
):  # fmt: skip
    """``play(network)`` for each player in a thread; what it returned, or its error and last
    words."""
    ports, results = ports or free_ports(PLAYERS), [None] * PLAYERS

    def run_one(me):
        network = Network(
            me, ports, credentials[me], patience, at_once=False,
            meeting=(meetings or {}).get(me, MINE), listen=listen,
            deadline=deadline,
        )  # fmt: skip
        try:
            network.connect(range(PLAYERS))
            results[me] = play(network)
        except NetworkError as error:
            results[me] = str(error), network.leave(*error.claims)
        except KeyError:  # of its own
            results[me] = "failed", network.leave()
        finally:
            network.close()

    threads = [threading.Thread(target=run_one, args=(me,), daemon=True) for me in range(PLAYERS)]
    for me, thread in enumerate(threads):
        if me not in absent:
            thread.start()
    for me, thread in enumerate(threads):
        if me not in absent:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a player hangs"
    return results


def greetings():
    return [{p: bytes([p]) for p in range(PLAYERS) if p != me} for me in range(PLAYERS)]


@pytest.mark.parametrize("size", [4, 1 << 20])
def test_players_know_each_other_by_their_certificates_alone(credentials, size):
    assert run(credentials, lambda network: greet(network, size)) == greetings()


def test_addresses_of_hosts_of_both_families(credentials):
    names = ["localhost", "127.0.0.1", "::1"]
    ports = list(zip(names, free_ports(PLAYERS), strict=True))
    assert run(credentials, ports=ports, listen="") == greetings()


def test_who_is_done_while_another_is_missing_is_no_loss(credentials):
    """Player 2 tells player 0 something, and that is all; then player 1 comes."""
    ports, found = free_ports(PLAYERS), {}

    def play(me, group):
        network = Network(me, ports, credentials[me], at_once=False, meeting=MINE)
        network.connect(group)
        outgoing, expected = ({}, dict.fromkeys(group, 4)) if me == 0 else ({0: b"word"}, {})
        found[me] = network.exchange(outgoing, expected)
        network.close()

    server = threading.Thread(target=play, args=(0, [1, 2]), daemon=True)
    server.start()
    play(2, [0])
    play(1, [0])
    server.join(PATIENCE)
    assert found[0] == {1: b"word", 2: b"word"}


def test_who_is_connected_and_calls_again_is_turned_away(credentials):
    """Messages may be under way by the first connection, as when holders are drawn before."""
    ports, drawn, found = free_ports(PLAYERS), threading.Event(), {}

    def play(me, *groups):
        network = Network(me, ports, credentials[me], at_once=False, meeting=MINE)
        for group in groups[:-1]:
            network.connect(group, more=True)
            network.exchange(dict.fromkeys(group, b"draw"), dict.fromkeys(group, 4), inner=True)
            drawn.set()
        network.connect(groups[-1])
        found[me] = greet(network)
        network.close()

    def start(*arguments):
        threads.append(threading.Thread(target=play, args=arguments, daemon=True))
        threads[-1].start()

    threads: list = []
    start(0, [1], [1, 2])
    start(1, [0], [0, 2])
    assert drawn.wait(PATIENCE)
    plain = socket.create_connection((LOOPBACK, ports[0]))
    with credentials[1].context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain) as again:
        again.sendall(MINE.words())
        with contextlib.suppress(OSError):
            assert again.recv(LENGTH) == b""
    start(2, [0, 1])
    for thread in threads:
        thread.join(PATIENCE)
    assert [found.get(me) for me in range(PLAYERS)] == greetings()


def test_either_side_of_a_connection_sends_without_delay(credentials):
    """Else a short message may wait until the other side confirms the one before (Nagle, RFC 896),
    which takes it up to 40 ms."""

    def play(network):
        greet(network)
        connections = network._handshakes.connections.values()
        ask = socket.IPPROTO_TCP, socket.TCP_NODELAY
        return [bool(one._tls.getsockopt(*ask)) for one in connections]

    assert run(credentials, play) == [[True] * 2] * PLAYERS


@patiently(1.0, 8.0, 60.0)
def test_a_player_of_an_earlier_round_ends_and_says_why(credentials, patience):
    """It waited for players that were aborted; those of the next round meet it."""
    old = replace(MINE, number=6)
    results = run(credentials, meetings={2: old}, patience=patience)
    error, _ = results[2]
    assert "has gone on to a later round without this one" in error
    assert "player 2 has not come (it is in an earlier round)" in results[0][0]
    assert results[1][0] == "player 0 has ended: player 0 could not reach player 2"


def test_a_player_of_another_run_is_waited_out(credentials):
    """At first one of another run has its port; then it ends, and the right one comes."""
    ports, began, is_there = free_ports(PLAYERS), time.monotonic(), threading.Event()

    def another_run():
        network = Network(
            2, ports, credentials[2], 1.5, at_once=False, deadline=began + 1.5,
            meeting=replace(MINE, run="another"),
        )  # fmt: skip
        is_there.set()
        with pytest.raises(NetworkError, match="cannot reach the other players: .*player 0 "):
            network.connect(range(PLAYERS))
        network.close()

    before = threading.Thread(target=another_run)
    before.start()
    assert is_there.wait(PATIENCE)
    assert run(credentials, ports=ports) == greetings()
    before.join()
    assert time.monotonic() - began > 1.5


@pytest.mark.parametrize(
    ("change", "what"),
    [({"roster": "x"}, "another roster"), ({"parties": "x"}, "another list of parties")],
)
def test_what_does_not_fit_is_told_at_once(credentials, change, what):
    # At once: whoever waited out this patience would hang for longer than a player may.
    results = run(credentials, meetings={1: replace(MINE, **change)}, patience=3 * PATIENCE)
    # Player 1 meets the other two at the same time.
    said = f"player [02] has {what} than this player; all players must have the same"
    assert re.search(said, results[1][0])
    assert f"player 1 has {what}" in results[0][0]
    for me in (0, 2):
        assert results[me][1].again == [1]


@patiently(1.0, 8.0, 60.0)
def test_an_absent_player_is_left_out_by_the_server(credentials, patience):
    results = run(credentials, absent=[1], patience=patience)
    assert "cannot reach the other players: player 1 has not come" in results[0][0]
    for me in (0, 2):
        assert results[me][1].again == [1]


@patiently(1.0, 8.0, 60.0)
def test_who_was_left_alone_by_another_is_not_left_out_for_it(credentials, monkeypatch, patience):
    """Player 1 takes the call of player 2 and hangs up, while the server waits for player 1; and
    player 2 hears what becomes of the round, however long the server waits."""
    monkeypatch.setattr(network_module, "_TO_HEAR", 0.1)
    ports = free_ports(PLAYERS)

    def hang_up():
        network = Network(1, ports, credentials[1], at_once=False, meeting=MINE)
        network.connect([2])
        network.exchange({}, {2: 4})  # so it is connected to the server, too
        network._outbox.close(0)
        network._handshakes.connections[2].close()

    liar = threading.Thread(target=hang_up)
    liar.start()
    results = run(credentials, absent=[1], patience=patience, ports=ports)
    liar.join(PATIENCE)
    assert "player 2 lost the connection to player 1" in results[0][0]
    for me in (0, 2):
        assert results[me][1].again == [1]


def test_the_last_words_name_the_player_that_failed_first(credentials):
    """Player 0 waits for player 1, which waits for player 2, which fails."""

    def play(network):
        greet(network)
        if network.me == 2:
            raise KeyError
        expected = {0: {1: 4}, 1: {2: 4}}[network.me]
        return network.exchange({}, expected)

    results = run(credentials, play)
    for me in range(PLAYERS):
        error, said = results[me]
        assert said.missing == {2: [2]}
        assert said.again == [2]
    for me in (0, 1):
        assert re.fullmatch("player [012] has ended: player 2 failed", results[me][0])


def test_last_words_come_through_behind_long_messages_that_nobody_reads(credentials):
    def play(network):
        greet(network)
        if network.me == 2:
            raise KeyError
        network.exchange({p: bytes(4 << 20) for p in others(network)}, {})
        return network.exchange({}, {2: 4})

    results = run(credentials, play)
    assert [said.missing for _, said in results] == [{2: [2]}] * 3


def test_last_words_come_through_behind_a_message_of_which_a_part_was_read(credentials):
    """Half a message of player 2 is here when player 1 hears that player 0 ends; then the rest
    comes, and what player 2 has to say."""
    is_begun = threading.Event()

    def play(network):
        greet(network)
        if network.me == 1:
            check = network._check
            network._check = lambda *header: (check(*header), is_begun.set())
            return network.exchange({}, {2: 8})
        if network.me == 2:
            network._outbox.put(1, FORM.pack(2, 2 << 12, 8), b"half")
        assert is_begun.wait(PATIENCE)
        if network.me == 0:
            raise KeyError
        network._inbox.hurry(PATIENCE)  # listens to nobody else
        with pytest.raises(NetworkError, match="player 1 has ended"):
            network.exchange({}, {1: 4})
        network._outbox.put(1, b"", b"rest")
        raise NetworkError("lost", Farewell(Reason.LOST, 0, 2))

    results = run(credentials, play)
    assert results[1][1].missing == {0: [0, 2]}


@patiently(1.0, 8.0, 60.0)
def test_a_silent_player_is_named_at_the_deadline(credentials, patience):
    def play(network):
        greet(network)
        if network.me == 2:
            time.sleep(1.5 * patience)
            return None
        return network.exchange({}, {2: 4})

    results = run(credentials, play, deadline=time.monotonic() + patience)
    first = "exchange 2: the deadline is over, and player 2 says nothing"
    assert first in (results[0][0], results[1][0])  # the other one may hear of it
    for me in (0, 1):
        assert list(results[me][1].missing) == [2]
        assert results[me][1].again == []


def test_a_round_in_which_inputs_were_shared_does_not_begin_again(credentials):
    def play(network):
        network.note_inputs()
        greet(network)
        assert not network.is_late
        if network.me == 2:
            raise KeyError
        return greet(network)

    results = run(credentials, play)
    for me in (0, 1):
        said = results[me][1]
        assert said.late[1 - me] and said.again == []


@patiently(1.0, 8.0, 60.0)
def test_a_wrong_key_is_named_on_both_sides(credentials, patience):
    wrong = self_signed("party2", 1)
    mixed = [
        *credentials[:2],
        replace(credentials[2], certificate=wrong.certificate, key=wrong.key),
    ]
    results = run(mixed, patience=patience, deadline=time.monotonic() + patience + 3)
    assert re.search("1 connection that never showed a certificate", results[0][0])
    assert results[1][0] == "player 0 has ended: player 0 could not reach player 2"
    assert "player 0 refuses this player's certificate" in results[2][0]


@patiently(1.0, 8.0, 60.0)
def test_the_last_words_at_a_deadline_name_the_player_that_let_all_wait(
    credentials, monkeypatch, patience
):
    """Player 0 waits for player 1, and that one for player 2, which says nothing."""
    monkeypatch.setattr(inbox, "_LONG", 0.5)
    are_over = threading.Event()

    def play(network):
        greet(network)
        if network.me == 2:
            are_over.wait(PATIENCE)
            return None
        if network.me == 0:
            # The server's time is over first.
            network._inbox._deadline = time.monotonic() + patience
        try:
            return network.exchange({}, {0: {1: 4}, 1: {2: 4}}[network.me])
        finally:
            threading.Timer(patience, are_over.set).start()

    results = run(credentials, play)
    assert results[0][0] == "exchange 2: the deadline is over, and player 1 says nothing"
    assert results[1][0] == "player 0 has ended: player 0 waited for player 1 until its deadline"
    for me in (0, 1):
        assert results[me][1].missing == {2: [1]}
