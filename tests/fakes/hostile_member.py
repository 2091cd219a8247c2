"""A party with a key and a certificate of the roster that sends anything: in the first contact,
after it, and as its last words. Two honest players are in threads: one that calls it, and one that
it calls.
"""

import contextlib
import random
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field

from mamba import common_keys, meeting
from mamba.farewell import FORM, HEADER, MARK, Farewell, Reason
from mamba.meeting import Meeting
from mamba.network import Network
from mamba.network_error import NetworkError
from mamba.protocol_error import ProtocolError
from mamba.randomness import Randomness

LIAR, PLAYERS = 1, 3
HONEST = [player for player in range(PLAYERS) if player != LIAR]
MEETING = Meeting("all hold", "run", 7, "server a b", "digest")
PATIENCE, DEADLINE = 1.0, 2.0  # seconds of an honest player
HANG_UP = None


@dataclass
class Script:
    """What the liar sends, in pieces; a number is a pause in seconds, None hangs up.

    Attributes
    ----------
    kind : str
    greeting : list
        To those that it calls.
    answer : list
        To those that call it.
    then : list
        To either, when the call has been taken.
    """

    kind: str
    greeting: list = field(default_factory=lambda: [MEETING.words()])
    answer: list = field(default_factory=lambda: [MEETING.words() + meeting.TAKEN])
    then: list = field(default_factory=list)


def false_words(draw, true):
    """In place of words of a fixed length: kind and pieces."""
    flipped = bytearray(true)
    for _ in range(draw.randint(1, 8)):
        flipped[draw.randrange(len(true))] ^= 1 << draw.randrange(8)
    end = draw.randrange(len(true))
    return draw.choice([
        ("rubbish", [draw.randbytes(draw.randint(1, 400))]),
        ("some bits flipped", [bytes(flipped)]),
        ("another round", [true[:8] + draw.randbytes(8) + true[16:]]),
        ("another run", [true[:16] + draw.randbytes(32) + true[48:]]),
        ("cut short", [true[:end], HANG_UP]),
        ("cut short, and silence", [true[:end]]),
        ("byte by byte", [piece for byte in true for piece in (bytes([byte]), 0.002)]),
        ("more than asked for", [true + draw.randbytes(draw.randint(1, 5000))]),
        ("nothing", [HANG_UP]),
    ])  # fmt: skip


def last_words(draw):
    """A farewell: any reason, culprit, witness and flags, and some that do not exist."""
    reason, culprit = draw.choice([*Reason, 0, 99, 2**32 - 1]), draw.choice([0, 1, 2, 9, 2**16 - 1])
    if draw.random() < 0.2:
        return FORM.pack(reason, MARK, draw.getrandbits(64))
    return FORM.pack(reason, MARK, culprit << 24 | draw.randrange(4) << 8 | draw.randrange(4))


def messages(draw):
    """In place of the first message: kind and pieces."""
    right = FORM.pack(1, 1 << 12, 32)
    more = Farewell(Reason.LOST, 2, LIAR, more=True).pack()
    return draw.choice([
        ("rubbish", [draw.randbytes(draw.randint(1, 5000))]),
        ("hangs up", [HANG_UP]),
        ("silence", []),
        ("any header", [draw.randbytes(HEADER)]),
        ("a huge message", [FORM.pack(1, 1 << 12, draw.randrange(33, 2**64)), bytes(1 << 16)]),
        ("half a header", [right[: draw.randrange(1, HEADER)], draw.choice([HANG_UP, 0.1])]),
        ("another program", [right + draw.randbytes(32)]),
        ("half a message", [right + draw.randbytes(draw.randrange(32)), HANG_UP]),
        ("last words", [last_words(draw), draw.choice([HANG_UP, 0.1])]),
        ("many last words", [b"".join(last_words(draw) for _ in range(2000)), HANG_UP]),
        ("endless last words", [more * 4000] * 50),
    ])  # fmt: skip


def script(seed):
    """One of many, the same for the same seed."""
    draw = random.Random(seed)
    where = draw.choice(["greeting", "answer", "then", "then"])
    if where == "then":
        kind, pieces = messages(draw)
    else:
        kind, pieces = false_words(draw, getattr(Script(""), where)[0])
    return Script(f"{where}: {kind}", **{where: pieces})


class Liar:
    """Plays a script on loopback, to each honest player alike."""

    def __init__(self, credentials, ports, its_script):
        self._ports, self._script = ports, its_script
        self._client = credentials.context(ssl.PROTOCOL_TLS_CLIENT)
        self._server = credentials.context(ssl.PROTOCOL_TLS_SERVER)
        self._listener = socket.create_server(("127.0.0.1", ports[LIAR]))
        self._open, self._over = [], False
        for honest in range(LIAR):
            self._thread(self._call, honest)
        self._thread(self._listen)

    def close(self):
        self._over = True
        for one in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _thread(self, target, *arguments):
        def work():
            with contextlib.suppress(OSError, ValueError):
                target(*arguments)

        threading.Thread(target=work, daemon=True).start()

    def _call(self, honest):
        plain = None
        while plain is None:
            try:
                plain = socket.create_connection(("127.0.0.1", self._ports[honest]), DEADLINE)
            except ConnectionRefusedError:
                time.sleep(0.01)
                if self._over:
                    return
        connection = self._client.wrap_socket(plain)
        self._open.append(connection)
        self._send(connection, self._script.greeting)
        if len(connection.recv(meeting.LENGTH + 1)) > meeting.LENGTH:
            self._send(connection, self._script.then)

    def _listen(self):
        while True:
            self._thread(self._answer, self._listener.accept()[0])

    def _answer(self, plain):
        plain.settimeout(DEADLINE)
        connection = self._server.wrap_socket(plain, server_side=True)
        self._open.append(connection)
        connection.recv(meeting.LENGTH)
        self._send(connection, self._script.answer)
        self._send(connection, self._script.then)

    def _send(self, connection, pieces):
        for piece in pieces:
            if piece is HANG_UP:
                connection.close()
                return
            if isinstance(piece, float):
                time.sleep(piece)
            else:
                connection.sendall(piece)


@dataclass
class End:
    """How an honest player ended: its line, "" when all went well, its last words, and when."""

    line: str
    said: object
    seconds: float

    @property
    def blames_the_honest(self):
        """Whether an honest player missed the other one: where the machine is too busy."""
        named = [(claim.witness, claim.culprit) for claim in self.said.claims] if self.said else []
        return any({*pair} == {*HONEST} for pair in named)


def play(credentials, ports, its_script):
    """How both honest players end: list of `End`; an exception that is no player's is raised."""
    ends, failures = {}, []

    def one(me):
        begin = time.monotonic()
        network = Network(
            me, ports, credentials[me], PATIENCE, at_once=False, meeting=MEETING,
            deadline=begin + DEADLINE,
        )  # fmt: skip
        line, said = "", None
        try:
            network.connect(range(PLAYERS))
            peers = [player for player in range(PLAYERS) if player != me]
            common_keys.agree(network, peers, b"a program", Randomness())
        except NetworkError as error:
            line, said = str(error), network.leave(*error.claims)
        except ProtocolError as error:  # as `mamba.player` says it
            claims = [Farewell(Reason.DIFFERENT, player, me) for player in error.players]
            line, said = str(error), network.leave(*claims)
        except Exception as error:
            failures.append(error)
        finally:
            network.close()
        ends[me] = End(line, said, time.monotonic() - begin)

    liar = Liar(credentials[LIAR], ports, its_script)
    threads = [threading.Thread(target=one, args=(me,), daemon=True) for me in HONEST]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10 * DEADLINE)
    liar.close()
    if failures:
        raise failures[0]
    return [ends[me] for me in HONEST]
