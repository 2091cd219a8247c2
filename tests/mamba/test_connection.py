"""One connection for both directions: two threads at once, and what is left when it ends."""

import hashlib
import os
import socket
import ssl
import struct
import threading

import pytest
from mamba_players import PATIENCE

from fl_krum.players.certificates import issue
from mamba.connection import Connection
from mamba.credentials import Credentials


@pytest.fixture(scope="module")
def credentials():
    issued = issue(2)
    return [Credentials(issued.root, one.certificate, one.key) for one in issued.players]


@pytest.fixture
def sockets(credentials):
    """Two ends of TLS over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = [socket.create_connection(listener.getsockname()), listener.accept()[0]]
    kinds = ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER
    ends = [None, None]

    def shake_hands(k):
        context = credentials[k].context(kinds[k])
        ends[k] = context.wrap_socket(plain[k], server_side=k == 1)

    other = threading.Thread(target=shake_hands, args=(1,))
    other.start()
    shake_hands(0)
    other.join(PATIENCE)
    yield ends
    for end in ends:
        end.close()


def read(connection, count):
    """So many bytes, or the error that comes before."""
    room, done = memoryview(bytearray(count)), 0
    while done < count:
        assert connection.wait(PATIENCE)
        done += connection.read(room[done:]) or 0
    return bytes(room)


def write(connection, data):
    done = 0
    while done < len(data):
        done += connection.write(data[done : done + (1 << 16)]) or 0


def test_both_ends_read_and_write_at_once(sockets):
    """Of each end one thread reads while another one writes, more than fits on the way."""
    size, ends = 20_000_000, list(map(Connection, sockets))
    data = [bytes([k]) * size for k in range(2)]
    read_by = [None, None]

    def reader(k):
        read_by[k] = hashlib.sha256(read(ends[k], size)).digest()

    threads = [threading.Thread(target=reader, args=(k,)) for k in range(2)]
    threads += [threading.Thread(target=write, args=(ends[k], data[k])) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert read_by == [hashlib.sha256(data[1 - k]).digest() for k in range(2)]
    for end in ends:
        end.close()


def test_there_is_nothing_to_read_yet(sockets):
    here, there = map(Connection, sockets)
    assert here.read(bytearray(5)) is None
    assert not here.wait(0)
    write(there, b"hello")
    assert read(here, 2) == b"he"
    assert here.pending() == 3 and here.read(bytearray(9)) == 3


def test_what_has_come_is_read_before_it_is_told_that_the_connection_is_lost(sockets):
    """The other end is gone with a reset, as when its process is killed."""
    here, there = map(Connection, sockets)
    write(there, b"last words")
    assert here.wait(PATIENCE)
    linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    sockets[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    sockets[1].close()
    assert read(here, 10) == b"last words"
    with pytest.raises(ConnectionResetError):
        while True:
            read(here, 1)
    with pytest.raises(OSError, match="."):
        here.write(b"!")


def test_what_was_written_arrives_though_something_is_left_unread(sockets):
    here, there = map(Connection, sockets)
    size = 1_000_000
    write(there, bytes(1000))
    assert here.wait(PATIENCE)

    def write_and_close():
        write(here, bytes(size))
        here.close()

    writer = threading.Thread(target=write_and_close)
    writer.start()
    assert len(read(there, size)) == size
    writer.join(PATIENCE)
    with pytest.raises(BrokenPipeError):
        read(there, 1)
    with pytest.raises(OSError, match="."):
        here.write(b"!")
