"""Connections of players: who is let in, what is carried, and what is said when one breaks."""

import contextlib
import re
import shutil
import socket
import ssl
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from mamba_players import PATIENCE
from patience import patiently

from fl_krum.players.certificates import issue
from fl_krum.players.embedded import free_ports
from mamba import holders
from mamba.credentials import Credentials
from mamba.handshakes import Handshakes
from mamba.network import Network, NetworkError
from mamba.outbox import Outbox

PLAYERS = 3


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    issue(PLAYERS).write(folder)
    return folder


def run(folders, play, patience=60.0, ports=None, before=None):
    """``play(network)`` for every player, each in a thread; what it returned or raised, in order.

    A folder may be None: that player is not there. ``before[player]`` is called before it starts.
    """
    ports = ports or free_ports(len(folders))
    results = [None] * len(folders)

    def run_one(me):
        (before or {}).get(me, lambda: None)()
        try:
            network = Network(me, ports, folders[me], patience)
            try:
                results[me] = play(network)
            finally:
                network.close()
        except (NetworkError, OSError) as error:
            results[me] = error

    present = [me for me, folder in enumerate(folders) if folder]
    threads = [threading.Thread(target=run_one, args=(me,), daemon=True) for me in present]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a player hangs"
    return results


def others(network):
    return [player for player in range(network.players) if player != network.me]


def greet(network, rounds=1, size=20):
    """Everybody sends everybody else a message of its own; what each got in the last round."""
    received = {}
    for _ in range(rounds):
        payload = bytes([network.me]) * size
        received = network.exchange(
            dict.fromkeys(others(network), payload), dict.fromkeys(others(network), size)
        )
    return {player: bytes(data) for player, data in received.items()}


def greetings(size=20):
    return [{p: bytes([p]) * size for p in range(PLAYERS) if p != me} for me in range(PLAYERS)]


# --- messages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 1 << 15, (1 << 15) + 1, 8 << 20])
def test_messages_of_any_size_go_both_ways_at_once(certificates, size):
    """Eight megabytes fill every buffer on the way: nobody may wait to be read before reading."""
    assert run([certificates] * PLAYERS, lambda n: greet(n, 2, size)) == [*greetings(size)]


def test_order_is_kept_when_short_messages_follow_long_ones(certificates):
    sizes = [3 << 20, 5, 1 << 20, 7, 40000, 0, 9]

    def play(network):
        for number, size in enumerate(sizes):
            payload = bytes([number + network.me]) * size
            received = network.exchange(
                dict.fromkeys(others(network), payload), dict.fromkeys(others(network), size)
            )
            for player, data in received.items():
                assert bytes(data) == bytes([number + player]) * size
        return network.rounds

    assert run([certificates] * PLAYERS, play) == [len(sizes)] * PLAYERS


def test_a_player_may_be_far_ahead_of_those_who_do_not_hear_from_it(certificates):
    """Player 0 sends long and short messages in turn before player 1 reads the first."""
    sizes = [200_000, 5] * 50

    def play(network):
        if network.me == 0:
            for number, size in enumerate(sizes):
                network.exchange({1: bytes([number]) * size}, {})
        elif network.me == 1:
            time.sleep(0.2)
            return [bytes(network.exchange({}, {0: size})[0]) for size in sizes]
        return None

    received = run([certificates] * PLAYERS, play)[1]
    assert received == [bytes([number]) * size for number, size in enumerate(sizes)]


def test_bytes_and_rounds_are_counted(certificates):
    def play(network):
        greet(network, rounds=3, size=1000)
        return network.rounds, network.bytes_sent

    for rounds, sent in run([certificates] * PLAYERS, play):
        assert rounds == 3
        assert 6000 <= sent <= 6000 + 6 * 64  # and a short header on each message


def test_players_that_run_different_programs_are_told(certificates):
    sizes = [20, 20, 24]
    results = run([certificates] * PLAYERS, lambda n: greet(n, 1, sizes[n.me]))
    assert all(isinstance(result, NetworkError) for result in results)
    assert (
        str(results[0])
        == "exchange 1: 20 bytes of player 2 were expected, and 24 of its exchange 1 came; "
        "all players must run the same program"
    )


def test_players_in_different_rounds_are_told(certificates):
    def play(network):
        if network.me == 0:
            network.exchange({}, {})
        return greet(network)

    results = run([certificates] * PLAYERS, play)
    expected = "exchange 1: 20 bytes of player 0 were expected, and 20 of its exchange 2 came"
    assert str(results[1]).startswith(expected)


# --- who is lost ------------------------------------------------------------------------------


def test_a_lost_player_is_named_with_the_round(certificates):
    def play(network):
        greet(network, rounds=2)
        if network.me == 1:
            return None  # its connections are closed
        return greet(network)

    results = run([certificates] * PLAYERS, play)
    assert str(results[0]).startswith("exchange 3: lost the connection to player 1")
    assert "lost the connection to player" in str(results[2])


def test_a_lost_player_keeps_nothing_from_the_others():
    class Line:
        said, error = b"", None

        def write(self, data):
            if self.error:
                raise self.error
            self.said += bytes(data)
            return len(data)

    lines = {1: Line(), 2: Line()}
    lines[1].error = BrokenPipeError()
    outbox = Outbox(lines)
    for player in lines:
        with pytest.raises(BrokenPipeError):
            outbox.put(player, b"head", b"er")
    outbox.close(0)
    assert outbox.broken_player == 1
    assert lines[2].said == b"header"


def test_a_player_lost_while_it_is_sent_a_long_message_is_named(certificates):
    def play(network):
        if network.me == 1:
            return None
        payload = bytes(8 << 20)
        for _ in range(20):
            network.exchange({1: payload}, {})
            time.sleep(0.02)
        return network.exchange({}, {1: 1})

    results = run([certificates] * PLAYERS, play)
    for me in (0, 2):
        assert "lost the connection to player 1" in str(results[me])


@patiently(1.0, 8.0, 60.0)
def test_a_player_who_never_comes_is_named(certificates, patience):
    begin = time.monotonic()
    results = run([certificates, None, certificates], greet, patience)
    for me, what in (0, "has not come"), (2, "does not answer"):
        assert f"cannot reach the other players: player 1 {what}" in str(results[me])
    assert time.monotonic() - begin < patience + 45  # and not the minute of the default besides


# --- who is let in ----------------------------------------------------------------------------


@patiently(1.0, 8.0, 60.0)
def test_players_with_thresholds_that_do_not_meet_say_so_at_once(certificates, patience):
    """One would have connections with all, the others wait for the server: in vain."""
    ports, said = free_ports(PLAYERS), {}

    def meet(me):
        meeting = holders.meeting(8, 1 if me == 2 else None)
        own = Credentials.read(certificates, me)
        handshakes = Handshakes(me, ports, own, patience, meeting=meeting)
        try:
            handshakes.run([0] if me == 2 else None)
        except NetworkError as error:
            said[me] = str(error)

    threads = [threading.Thread(target=meet, args=(me,)) for me in range(PLAYERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    wrong = " has another threshold or other holders than this player; all players must"
    assert re.match(f"player [01]{wrong}", said[2])
    assert any(said[me].startswith("player 2" + wrong) for me in (0, 1))  # before it has ended


def test_what_players_have_to_agree_on():
    assert holders.meeting(8) == holders.meeting(8, 3) == "all hold"
    assert holders.meeting(8, 1) == holders.meeting(8, 2) == "holders are drawn"
    assert holders.meeting(8, 1, [3, 1, 2]) == holders.meeting(8, 1, [1, 2, 3])
    assert holders.meeting(8, 1, [1, 2, 4]) != holders.meeting(8, 1, [1, 2, 3])


def test_connections_are_tls_1_3_with_certificates_of_both(certificates):
    def play(network):
        connections = [connection._tls for connection in network._connections.values()]
        greet(network)
        return {c.version() for c in connections}, [bool(c.getpeercert()) for c in connections]

    results = run([certificates] * PLAYERS, play)
    assert results == [({"TLSv1.3"}, [True] * (PLAYERS - 1))] * PLAYERS


def impostor(certificates, folder, wrong):
    """A folder like player 1's, but with another certificate and key."""
    folder.mkdir(exist_ok=True)
    shutil.copy(certificates / "RootCA.crt", folder)
    for ending in ("crt", "key"):
        shutil.copy(wrong.with_suffix(f".{ending}"), folder / f"Player1.{ending}")
    return folder


@patiently(1.0, 8.0, 60.0)
def test_a_certificate_of_another_authority_is_turned_away(certificates, tmp_path, patience):
    issue(PLAYERS).write(tmp_path)  # another run's
    folder = impostor(certificates, tmp_path / "wrong", tmp_path / "Player1.crt")
    results = run([certificates, folder, certificates], greet, patience)
    assert all(isinstance(result, NetworkError) for result in results)
    words = "CERTIFICATE_VERIFY_FAILED|player [02] refuses this player's certificate"
    assert re.search(words, str(results[0]) + str(results[1]))  # who is called first ends first


@patiently(1.0, 8.0, 60.0)
def test_a_certificate_of_another_player_is_turned_away(certificates, tmp_path, patience):
    """Player 2's, which is valid but does not bear the name of who should be there."""
    folder = impostor(certificates, tmp_path / "wrong", certificates / "Player2.crt")
    ports = free_ports(PLAYERS)
    results = run([certificates, folder, certificates], greet, patience, ports)
    assert all(isinstance(result, NetworkError) for result in results)
    assert f"port {ports[1]} is held by another than player 1" in str(results[2])


def test_a_certificate_of_nobody_in_the_run_is_turned_away(tmp_path):
    """It is signed by the right authority, and there first."""
    issue(PLAYERS + 1).write(tmp_path)
    context = ssl.create_default_context(cafile=tmp_path / "RootCA.crt")
    context.check_hostname = False
    context.load_cert_chain(tmp_path / f"Player{PLAYERS}.crt", tmp_path / f"Player{PLAYERS}.key")
    ports, answers, met = free_ports(PLAYERS), [], threading.Event()

    def call():
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError):  # nobody is there yet
                plain = socket.create_connection(("127.0.0.1", ports[0]), timeout=60)
                with context.wrap_socket(plain) as caller:
                    met.set()
                    answers.append(caller.recv(1000))
                    return
            time.sleep(0.01)

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    # Player 2 comes only when the stranger has been: player 0 still listens then.
    results = run([tmp_path] * PLAYERS, greet, ports=ports, before={2: lambda: met.wait(PATIENCE)})
    caller.join(PATIENCE)
    assert answers == [b""]  # the connection is closed
    assert results == greetings()


@contextlib.contextmanager
def strangers(ports):
    """Callers without a certificate, who say nothing, or rubbish, or hang up, while this lasts."""
    end, errors = threading.Event(), []

    def call(port, words):
        while not end.is_set():
            with contextlib.suppress(ConnectionError):  # nobody is there yet, or not any more
                with socket.create_connection(("127.0.0.1", port), timeout=60) as caller:
                    caller.sendall(words)
                    end.wait(0.05)
                    caller.settimeout(0.01)
                    with contextlib.suppress(TimeoutError):
                        if answer := caller.recv(1000):
                            errors.append(answer)
            end.wait(0.02)

    rubbish = [b"", b"GET / HTTP/1.0\r\n\r\n"]
    threads = [
        threading.Thread(target=call, args=(port, words), daemon=True)
        for port in ports
        for words in rubbish
    ]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        end.set()
        for thread in threads:
            thread.join(PATIENCE)


def test_strangers_do_not_disturb(certificates):
    ports = free_ports(PLAYERS)
    with strangers(ports) as answers:
        time.sleep(0.1)  # they are there first
        results = run([certificates] * PLAYERS, lambda n: greet(n, 50), ports=ports)
    assert results == greetings()
    assert all(answer[0] == 21 for answer in answers)  # 21: a TLS alert, and nothing else


@contextlib.contextmanager
def silent(ports, count):
    """That many connections to each port, as soon as it is open, which never say a word."""
    held, end = [], threading.Event()

    def hold(port):
        own = 0
        while own < count and not end.is_set():
            with contextlib.suppress(OSError):
                held.append(socket.create_connection(("127.0.0.1", port), timeout=60))
                own += 1
                continue
            end.wait(0.002)

    threads = [threading.Thread(target=hold, args=(port,), daemon=True) for port in ports]
    for thread in threads:
        thread.start()
    try:
        yield held
    finally:
        end.set()
        for thread in threads:
            thread.join(PATIENCE)
        for connection in held:
            connection.close()


@pytest.mark.parametrize("count", [12, 300])
def test_silent_connections_delay_nobody(certificates, count):
    """They were waited for one after the other, 5 s each. 300 are more than are kept."""
    ports = free_ports(PLAYERS)
    with silent(ports, count) as held:

        def wait():  # for them to be there before this player, at the others' ports
            while len(held) < 2 * count:
                time.sleep(0.005)

        begin = time.monotonic()
        results = run([certificates] * PLAYERS, greet, ports=ports, before={2: wait})
    assert results == greetings()
    assert time.monotonic() - begin < 40  # and not 60, or 1500


@patiently(1.0, 8.0, 60.0)
def test_when_players_do_not_meet_the_ports_trouble_is_told(certificates, patience):
    ports = free_ports(PLAYERS)
    with silent(ports[:1], 12):
        results = run([certificates, certificates, None], greet, patience, ports)
    for me in (0, 1):
        assert ": player 2 has not come" in str(results[me])
    trouble = f"port {ports[0]} of player 0: 12 connections that never showed a certificate"
    assert str(results[0]).endswith(trouble)
    assert "certificate" not in str(results[1])


@patiently(1.0, 8.0, 60.0)
def test_a_port_that_is_held_by_somebody_silent_is_named(certificates, patience):
    ports = free_ports(PLAYERS)
    with socket.create_server(("127.0.0.1", ports[1])):
        results = run([certificates, None, certificates], greet, patience, ports)
    assert "player 1 has not come" in str(results[0])
    assert f"port {ports[1]} of player 1 takes calls and says nothing" in str(results[2])


@patiently(1.0, 8.0, 60.0)
def test_strangers_are_told_of_while_players_wait(certificates, patience):
    said, ports = [], free_ports(PLAYERS)
    own = Credentials.read(certificates, 0)
    with silent(ports[:1], 2):
        handshakes = Handshakes(0, ports, own, patience, said.append)
        handshakes._for_a_caller = handshakes._next_look = 0.2
        handshakes._next_look += handshakes._begin
        with pytest.raises(NetworkError):
            handshakes.run()
    trouble = f"port {ports[0]} of player 0: 2 connections that never showed a certificate"
    assert said[-1] == f"Player 0: {trouble} so far"


@pytest.mark.xfail(strict=False, reason="the port may be lost to another player in between")
def test_a_player_that_hung_up_is_called_again(certificates):
    """It has ended and was started anew, as happens to those who start players by hand."""
    ports = free_ports(PLAYERS)
    with socket.create_server(("127.0.0.1", ports[1])) as listener:
        first = threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True)
        first.start()

        def wait():
            first.join(PATIENCE)
            listener.close()

        results = run([certificates] * PLAYERS, greet, ports=ports, before={1: wait})
    assert results == greetings()


@pytest.mark.parametrize("way", ["pipes", "files"])
def test_credentials_leave_no_file(certificates, monkeypatch, tmp_path, way):
    """Files are for systems on which a pipe has no path."""
    if way == "files":
        monkeypatch.setattr("mamba.credentials._OPEN_FILES", "/no/such/folder")
    elif not Path("/dev/fd").is_dir():
        pytest.skip("pipes have no path here")
    made, mkdtemp = [], tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **how: made.append(how) or mkdtemp(**how))
    assert run([certificates] * PLAYERS, greet) == greetings()
    assert len(made) == (12 if way == "files" else 0)  # two sides, certificate and key
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_in_no_representation(certificates):
    own = Credentials.read(certificates, 0)
    assert own.key.splitlines()[1].decode() not in repr(own)


@pytest.mark.parametrize("name", ["root", "certificate", "key"])
def test_credentials_that_are_none_are_an_error(certificates, name):
    wrong = replace(Credentials.read(certificates, 0), **{name: b"\xffno certificate"})
    with pytest.raises(NetworkError, match="cannot use RootCA.crt, Player0.crt and Player0.key: "):
        Network(0, free_ports(PLAYERS), wrong, 1.0)


def own_address():
    """An address of this machine that is not loopback, or None. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
        except OSError:
            return None
        return probe.getsockname()[0]


@patiently(1.0, 8.0, 60.0)
def test_players_listen_on_loopback_alone(certificates, patience):
    address = own_address()
    if address is None:
        pytest.skip("this machine has no other address than loopback")
    ports, reached = free_ports(PLAYERS), []

    def knock():
        for host in ("127.0.0.1", address):
            for _ in range(20):
                with contextlib.suppress(OSError):
                    socket.create_connection((host, ports[0]), timeout=60).close()
                    reached.append(host)
                    break
                time.sleep(patience / 50)

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    run([certificates, None, None], greet, patience, ports)
    thread.join(PATIENCE)
    assert reached == ["127.0.0.1"]


def test_a_taken_port_is_an_os_error(certificates):
    ports = free_ports(PLAYERS)
    with socket.create_server(("127.0.0.1", ports[0])):
        with pytest.raises(OSError, match="in use"):
            Network(0, ports, certificates, 1.0)


def test_missing_certificates_are_named(tmp_path):
    with pytest.raises(NetworkError, match="cannot use RootCA.crt, Player0.crt and Player0.key"):
        Network(0, free_ports(PLAYERS), tmp_path, 1.0)
