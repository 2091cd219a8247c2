"""A player that sends anything at all in place of a message: one error that names it, and no other
end. (First contact and last words: `hostile_member`.)"""

import random
import socket
import threading
from types import SimpleNamespace

import pytest

from mamba.connection import Connection
from mamba.farewell import FORM, MARK, Farewell, Reason
from mamba.meeting import Meeting
from mamba.network import Network
from mamba.network_error import NetworkError

HOSTILE = 1
RIGHT = FORM.pack(1, 1 << 12, 5) + b"hello"  # the message of five bytes that is expected


class Plain(socket.socket):
    """Of a player behind TLS, what is read of it."""

    def pending(self):
        return 0


def connection(end):
    return Connection(Plain(fileno=end.detach()))


class Handshakes(SimpleNamespace):
    """Players that are connected, without TLS."""

    def run(self, others):
        pass

    def close(self):
        pass


def connected(monkeypatch, meeting, said):
    """The network of player 0, to which another one has said this and hung up."""
    here, there = socket.socketpair()
    connections = {HOSTILE: connection(here)}
    monkeypatch.setattr(
        "mamba.network.Handshakes",
        lambda *arguments: Handshakes(connections=connections, early={}),
    )
    credentials = SimpleNamespace()
    monkeypatch.setattr("mamba.network.Credentials.read", lambda *arguments: credentials)
    network = Network(0, [1, 2], credentials, meeting=meeting)
    there.sendall(said)
    there.close()
    return network


def anything(chance):
    """Bytes: of any kind, or nearly right."""
    kind = chance.randrange(6)
    if kind == 0:
        return chance.randbytes(chance.randrange(60))
    if kind == 1:  # a header of anything
        return FORM.pack(*(chance.getrandbits(bits) for bits in (32, 32, 64))) + b"hello"
    if kind == 2:  # last words of anything
        rest = chance.choice([chance.getrandbits(64), chance.getrandbits(40)])
        return FORM.pack(chance.randrange(12), MARK, rest) * chance.randrange(1, 4)
    if kind == 3:
        return RIGHT[: chance.randrange(len(RIGHT))]
    changed = bytearray(RIGHT)
    if kind == 4:
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
        return bytes(changed)
    length = chance.choice([0, 4, 6, 1 << 20, 1 << 40, (1 << 64) - 1])
    return FORM.pack(1, 1 << 12, length) + b"hello"


@pytest.mark.parametrize("meeting", ["", Meeting(run="run")], ids=["one machine", "hosts"])
def test_whatever_a_player_sends_is_a_message_or_an_error_that_names_it(monkeypatch, meeting):
    ends = 0
    for seed in range(250):
        said = anything(random.Random(seed))
        network = connected(monkeypatch, meeting, said)
        side_by_side = seed % 2 and isinstance(meeting, str)
        monkeypatch.setattr("mamba.network._LONG", 0 if side_by_side else 1 << 17)
        expected = {HOSTILE: 5} if not side_by_side else {HOSTILE: 5, 2: 0}
        if side_by_side:  # somebody else, who says what is expected
            here, there = socket.socketpair()
            network._connections[2] = connection(here)
            there.sendall(FORM.pack(1, 1 << 12, 0))
            there.close()
        try:
            received = network.exchange({}, expected)
            assert len(received[HOSTILE]) == 5
        except NetworkError as error:
            ends += 1
            assert f"player {HOSTILE}" in str(error), (said, error)
        network.leave()
        network.close()
    assert ends > 200


@pytest.mark.parametrize("meeting", ["", Meeting(run="run")], ids=["one machine", "hosts"])
def test_when_it_is_found_out_who_it_was_those_are_heard_that_have_something_to_say(
    monkeypatch, meeting
):
    """Another one has found it out already, and has left."""
    network = connected(monkeypatch, meeting, Farewell(Reason.DEVIATES, None, HOSTILE).pack())
    here, there = socket.socketpair()
    network._connections[2] = connection(here)
    network.break_off()
    message = FORM.pack(1, network._place(), 5) + b"hello"
    threading.Timer(0.2, there.sendall, [message]).start()
    assert bytes(network.exchange({}, {2: 5}, continued=True)[2]) == b"hello"
    with pytest.raises(NetworkError, match=f"player {HOSTILE} has ended"):
        network.exchange({}, {HOSTILE: 5}, continued=True)
    network.close()


def test_who_has_broken_off_is_not_blamed_by_those_that_go_on(monkeypatch):
    network = connected(monkeypatch, "", FORM.pack(4, ((1 << 20) - 2) << 12, 0))
    with pytest.raises(NetworkError, match="found that a player departed from the protocol"):
        network.exchange({}, {HOSTILE: 5})
    network.close()
