"""Players for the tests: as threads with mailboxes in memory, or as real processes over TLS.

Threads run the same protocols, machine and language as `mamba.player`; only the network is another.
That takes milliseconds instead of a second, and lets a test read or change every message.
"""

import contextlib
import io
import os
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from one_fork_server import the_fork_server
from repository import ROOT

from fl_krum.players.certificates import issue
from fl_krum.players.embedded import free_ports
from mamba import field as prime
from mamba import input_proof, shamir
from mamba.language.branches import compile_text
from mamba.language.machine import Machine
from mamba.language.names import namespace
from mamba.network import NetworkError
from mamba.player import PORT_TAKEN
from mamba.protocols import Protocols
from mamba.randomness import Randomness
from mamba.view import View

NAME = "test.mpc"  # what a program is compiled as
PATIENCE = 200  # seconds until a test that hangs is given up


class Turns:
    """Which of some threads runs: one at a time, until it waits for a message that is not there.

    Threads that fought for the interpreter's lock would cost a third more. The order is the same
    every time, and a player that nobody will ever answer is told so at once.
    """

    def __init__(self, players):
        self._ready, self._waiting = deque(range(players)), []
        self._in_vain = None  # who is told that nobody will answer
        self._locks = [threading.Lock() for _ in range(players)]
        for lock in self._locks:
            lock.acquire()

    def begin(self, player):
        self._locks[player].acquire()

    def add(self, player):
        self._waiting.remove(player)
        self._ready.append(player)

    def pass_on(self):
        """Let the next one run; whoever calls must not go on meanwhile."""
        if not self._ready and self._waiting:
            self._in_vain = self._waiting.pop()
            self._ready.append(self._in_vain)
        if self._ready:
            self._locks[self._ready.popleft()].release()

    def wait(self, player):
        """Let others run until somebody has added this player, and its turn comes."""
        self._waiting.append(player)
        self.pass_on()
        self._locks[player].acquire()
        if self._in_vain == player:
            self._in_vain = None
            raise TimeoutError("the players wait for each other")


class Mailbox:
    """What `mamba.network.Network` offers, in memory.

    Parameters
    ----------
    me : int
    boxes : dict of (int, int) to collections.deque
        One for each sender and receiver.
    waiting : dict of int to int
        For whom each player waits.
    turns : Turns
    tamper : callable, optional
        ``tamper(sender, receiver, round, payload)`` gives the bytes that arrive instead.
    """

    def __init__(self, me, players, boxes, waiting, turns, tamper=None):
        self.me, self.players, self.rounds, self.bytes_sent = me, players, 0, 0
        self._place = 0, 0  # steps of all players, and of holders among themselves since
        self.peers = set()  # whom it is connected to
        self.received = []  # (round, sender, bytes): all that this player ever learns
        self._boxes, self._waiting, self._turns, self._tamper = boxes, waiting, turns, tamper

    def connect(self, others, more=False):
        self.peers |= set(others)

    def tell(self, outgoing):
        self._place = self._place[0] + 1, 0
        self.exchange(outgoing, {}, continued=True)

    def break_off(self):
        self.rounds, self._place = self.rounds + 1, (-1, 0)

    def exchange(self, outgoing, expected, continued=False, inner=False):
        self.rounds += not continued
        step, count = self._place
        self._place = (step, count + 1) if inner else (step + (not continued), 0)
        assert self.peers >= outgoing.keys() | expected.keys()
        for player, payload in outgoing.items():
            payload = bytes(payload)
            self.bytes_sent += len(payload)
            if self._tamper:
                payload = self._tamper(self.me, player, self.rounds, payload)
            self._put(player, (self._place, payload, self.rounds))
        return {player: self._receive(player, count) for player, count in expected.items()}

    def _put(self, player, message):
        self._boxes[self.me, player].append(message)
        if self._waiting.get(player) == self.me:
            del self._waiting[player]
            self._turns.add(player)

    def _receive(self, player, count):
        box = self._boxes[player, self.me]
        if not box:
            self._waiting[self.me] = player
            try:
                self._turns.wait(self.me)
            finally:
                self._waiting.pop(self.me, None)
        place, payload, rounds = box.popleft()
        if (place, len(payload)) != (self._place, count):
            raise NetworkError(f"exchange {self.rounds}: not what was expected of player {player}")
        self.rounds = max(self.rounds, rounds)
        self.received.append((self.rounds, player, payload))
        return payload

    def leave(self):
        """Tell all the others that this player has gone, so that none waits for it."""
        for player in range(self.players):
            if player != self.me:
                self._put(player, (0, b"", 0))


def together(players, play, tamper=None):
    """Run ``play(network)`` in one thread for each player; return what they return, in order.

    The first exception that is not the mere consequence of another player's end is raised.
    """
    results, errors = outcomes(players, play, tamper)
    if errors:
        first, *_ = errors.values()
        raise next((e for e in errors.values() if not isinstance(e, NetworkError)), first)
    return results


def outcomes(players, play, tamper=None):
    """What every player returns, in order, and the exceptions of those that ended with one, in the
    order in which they did."""
    boxes = {(i, j): deque() for i in range(players) for j in range(players)}
    waiting: dict = {}
    turns = Turns(players)
    networks = [Mailbox(i, players, boxes, waiting, turns, tamper) for i in range(players)]
    results, errors = [None] * players, {}

    def run(i):
        turns.begin(i)
        try:
            results[i] = play(networks[i])
        except Exception as error:
            errors[i] = error
            networks[i].leave()
        finally:
            turns.pass_on()

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(players)]
    for thread in threads:
        thread.start()
    turns.pass_on()
    for thread in threads:
        thread.join(PATIENCE)
    if any(thread.is_alive() for thread in threads):
        raise TimeoutError("a player hangs")
    return results, errors


def holders(players):
    """How many of the players hold shares: all but the first one of an even number."""
    return players - 1 + players % 2


def dealt(module, players, *secrets):
    """Shares of field arrays, as every player has them: [player][secret]; random numbers for the
    one who holds none."""
    threshold, count = (players - 1) // 2, holders(players)
    nobody = [
        [module.random(Randomness(), module.length(s)) for s in secrets]
        for _ in range(players - count)
    ]
    shares = [shamir.share(module, s, threshold, count, Randomness()) for s in secrets]
    return nobody + list(zip(*shares, strict=True))


def reconstruct(module, shares):
    """The secrets of all players' shares, which must be consistent."""
    count = holders(len(shares))
    shares, threshold = shares[-count:], (count - 1) // 2
    assert shamir.consistent(module, shares, threshold)
    return shamir.reconstruct(module, shares, threshold)


@dataclass
class Seen:
    """What one player of `run_program` has at the end."""

    outputs: list = field(default_factory=list)  # what was opened to it alone
    opened: list = field(default_factory=list)  # (field, array) of all that was opened to everybody
    received: list = field(default_factory=list)  # (round, sender, bytes)
    rounds: int = 0
    lines: list = field(default_factory=list)  # what player 0 printed
    view: View = field(default_factory=View)


class WatchedProtocols(Protocols):
    """Protocols that note what they open to everybody."""

    def __init__(self, network, notes, **choice):
        super().__init__(network, **choice)
        self._notes = notes

    def open(self, field, array, *dealers):
        secrets = super().open(field, array, *dealers)
        if not self.is_holder:
            self._notes.append((field, np.array(secrets)))
        return secrets

    def open_among_holders(self, field, array, *dealers):
        secrets = super().open_among_holders(field, array, *dealers)
        if self.is_holder:
            self._notes.append((field, np.array(secrets)))
        return secrets


def run_program(source, words, tamper=None, liars=(), **choice):
    """Run a program in threads.

    Parameters
    ----------
    source : str
        Text of a .mpc file.
    words : list of sequences of int
        The input of every player, player 0 first.
    tamper : callable, optional
        As in `Mailbox`.
    liars : dict of int to (Protocols class, Machine class, prover class), optional
        Players that run other software than the rest; None stands for the usual class.
    **choice : ``viewed``, whether players note shares and openings in their views; threshold and
        holders, as for `mamba.protocols.Protocols`

    Returns
    -------
    list of Seen, one per player
    """
    return together(len(words), player_of(source, words, liars, **choice), tamper)


def player_of(source, words, liars=(), viewed=False, **choice):
    """What a player of `run_program` does, given its network."""
    code = compile_text(source, NAME)
    sizes = input_proof.constants(source) if input_proof.prover(source) else None
    usual = WatchedProtocols, Machine, input_proof.InputProver

    def play(network):
        seen, inputs, printed = Seen(received=network.received), iter(words[network.me]), []

        def read(count):
            values = np.array([next(inputs) for _ in range(count)], np.uint64)
            seen.view.note_words(values)
            return values

        view = {"view": seen.view} if viewed else {}
        odd = dict(liars).get(network.me, (None, None, None))
        protocols, machines, provers = (a or b for a, b in zip(odd, usual, strict=True))
        machine = machines(
            protocols(network, seen.opened, **view, **choice),
            read,
            lambda values: seen.outputs.extend(prime.to_signed(values)),
            program=NAME,
            view=seen.view,
            prover=provers(sizes) if sizes else None,
        )
        if network.me == 0:
            machine.print = printed.append
        exec(code, {"__name__": "__main__", **namespace(machine)})
        machine.end()
        seen.lines = "".join(printed).splitlines()
        seen.rounds = network.rounds
        return seen

    return play


@dataclass(frozen=True)
class Ended:
    """How a player process ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def last_line(self):
        return self.stderr.strip().rpartition("\n")[2]

    @property
    def outputs(self):
        prefix = "Output channel 0 : "
        lines = self.stdout.splitlines()
        return [int(line[len(prefix) :]) for line in lines if line.startswith(prefix)]


def run_processes(folder, source, words, views=False, forked=True):
    """Run a program with real players until all of them have ended; see `running`.

    Parameters
    ----------
    words : list of str
        What every player reads on standard input, until its end.

    Returns
    -------
    list of Ended, one per player
    """
    for _ in range(5):
        with running(folder, source, len(words), views, forked) as processes:
            ended = finish(processes, words)
        if PORT_TAKEN not in [one.status for one in ended]:  # by another program, a moment before
            break
    return ended


@contextlib.contextmanager
def running(folder, source, count, views=False, forked=True):
    """Real players of a program, as a list of processes; see `player`.

    Parameters
    ----------
    folder : Path
        For the program, the certificates and the views, ``view<i>.json``.
    source : str, or list of str
        Text of a .mpc file; in a list, one for each player.
    count : int
    views, forked : bool
    """
    sources = [source] * count if isinstance(source, str) else source
    for i, text in enumerate(sources):
        (folder / f"program{i}").mkdir(exist_ok=True)
        (folder / f"program{i}" / "test.mpc").write_text(text, encoding="utf-8")
    if not (folder / "RootCA.crt").exists():
        issue(count).write(folder)
    ports = ",".join(map(str, free_ports(count)))
    with contextlib.ExitStack() as stack:
        processes = []
        for i in range(count):
            view = ["--views", folder / f"view{i}.json"] if views else []
            program = folder / f"program{i}" / "test.mpc"
            arguments = [i, program, "--ports", ports, "--certificates", folder, *view]
            processes.append(stack.enter_context(player(folder, *arguments, forked=forked)))
        yield processes


@contextlib.contextmanager
def player(folder, *arguments, forked=True):
    """One player, killed at the end when it is still there.

    Forked where that is possible, as `LocalPlayers` does: an interpreter that imports NumPy takes
    longer than most programs of the tests. Otherwise ``python -m mamba.player`` in the folder.
    """
    arguments = [*map(str, arguments)]
    if forked and the_fork_server():
        process = Forked(the_fork_server().start(arguments))
    else:
        process = subprocess.Popen(
            [sys.executable, "-m", "mamba.player", *arguments],
            cwd=folder,
            env={**_environment(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


class Forked:
    """A forked player with streams of text, as `subprocess.Popen` has them."""

    def __init__(self, process):
        self.stdin = io.TextIOWrapper(io.BufferedWriter(process.stdin))
        self.stdout = io.TextIOWrapper(io.BufferedReader(process.stdout))
        self.stderr = io.TextIOWrapper(io.BufferedReader(process.stderr))
        self.kill, self.wait = process.kill, process.wait


def finish(processes, words):
    """Give every process its input, wait for all of them, and tell how they ended."""
    results = [None] * len(processes)

    def wait(i):
        process, said = processes[i], []
        listener = threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True)
        listener.start()
        with contextlib.suppress(BrokenPipeError):  # it has ended without reading
            process.stdin.write(words[i] or "")
            process.stdin.close()
        stdout = process.stdout.read()
        status = process.wait(PATIENCE)
        listener.join(PATIENCE)
        results[i] = Ended(status, stdout, said[0])
        if status == PORT_TAKEN:  # the others would wait for it
            for other in processes:
                other.kill()

    threads = [threading.Thread(target=wait, args=(i,), daemon=True) for i in range(len(words))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE + 1)
    if None in results:
        raise TimeoutError(f"these players hang: {[i for i, r in enumerate(results) if r is None]}")
    return results


def _environment():
    # One thread a player, as in fl_krum: several players share the cores.
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
