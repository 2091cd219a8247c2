"""One embedded player that accounts for its time, or a fork server of such players.

    python -m benchmarks.accounted_player [<arguments of mamba.player>]

For every aggregation it notes, by stage and kind of work, CPU-seconds, and the seconds that it
waited. Kinds are AES (random bytes), TLS (sending and receiving), limbs (arithmetic of the fields),
text (words to numbers and back), and Python: all else, which is what passes between these. A call
inside another one counts for itself. The notes go to the folder that the environment variable
``FL_KRUM_TRACE`` names, a JSON list for each player.

To account for a call takes a few microseconds, which count as Python: with short vectors a tenth
of all.
"""

import functools
import inspect
import threading
import time
from collections import Counter

from benchmarks.traced_player import serve
from mamba import field, gf2_72, gf256, input_words, masks, output_text, verification
from mamba.inbox import Inbox
from mamba.language.machine import Machine
from mamba.network import Network
from mamba.outbox import Outbox
from mamba.protocols import Protocols
from mamba.randomness import Randomness

AES, TLS, LIMBS, TEXT, PYTHON, WAITING = KINDS = (
    "AES", "TLS", "limbs", "text", "Python", "waiting",
)  # fmt: skip
# What stages of krum.mpc are called in the table; phases of other names belong to the stage before.
STAGES = {
    "toss_coins": "input", "read_vectors": "input", "check_vectors": "check",
    "measure_distances": "distances", "rank_neighbours": "neighbours", "add_scores": "scores",
    "compare_scores": "choice", "reveal_choice": "output",
}  # fmt: skip


class Account:
    """Seconds of this process so far, by stage and kind, and what has been drawn and sent.

    Attributes
    ----------
    spent : Counter of (str, str)
        Seconds by stage and kind.
    drawn, sent : int
        Bytes.
    stage : str
        The one at work.
    """

    def __init__(self, clock=time.thread_time):
        self.spent: Counter = Counter()
        self.drawn = self.sent = 0
        self.stage = "input"
        self._clock, self._open = clock, threading.local()

    def timed(self, kind, function):
        """The same function; what it takes counts as this kind, but for other kinds within."""

        @functools.wraps(function)
        def timed(*arguments, **keywords):
            inside = self._open.__dict__.setdefault("calls", [])
            if inside and inside[-1][0] == kind:
                return function(*arguments, **keywords)
            inside.append([kind, 0.0])
            begin = self._clock()
            try:
                return function(*arguments, **keywords)
            finally:
                used = self._clock() - begin
                _, of_others = inside.pop()
                self.spent[self.stage, kind] += used - of_others
                if inside:
                    inside[-1][1] += used

        return timed

    def staged(self, stage, function):
        """The same function, as a stage of its own."""

        @functools.wraps(function)
        def staged(*arguments, **keywords):
            before = self.stage
            self.turn(stage)
            try:
                return function(*arguments, **keywords)
            finally:
                self.turn(before)

        return staged

    def turn(self, stage):
        """From now on another stage is at work."""
        now = time.perf_counter(), time.thread_time(), time.process_time()
        before = self._open.__dict__.setdefault("since", now)
        wall, cpu, all_threads = (b - a for a, b in zip(before, now, strict=True))
        self.spent[self.stage, WAITING] += wall - cpu
        self.spent[self.stage, "all"] += all_threads
        self._open.since, self.stage = now, stage

    def so_far(self):
        """[{stage: {kind: seconds}}, bytes drawn, bytes sent]."""
        self.turn(self.stage)
        stages: dict = {}
        for (stage, kind), seconds in dict(self.spent).items():  # other threads go on with it
            stages.setdefault(stage, {})[kind] = seconds
        return [stages, self.drawn, self.sent]


def watch(account, noted):
    """Have this process's players account for what they do."""
    for module in (field, gf256, gf2_72):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                setattr(module, name, account.timed(LIMBS, function))
    for owner, kind, names in (
        (Randomness, AES, ["bytes"]),
        (Outbox, TLS, ["_send"]),
        (Inbox, TLS, ["_read_some", "_wait"]),
        (input_words, TEXT, ["parse_words"]),
        (output_text, TEXT, ["lines"]),
    ):
        for name in names:
            setattr(owner, name, account.timed(kind, getattr(owner, name)))
    masks.make_masks = account.staged("masks", masks.make_masks)
    verify = account.staged("verification", verification.verify)
    verification.verify = Protocols.verify = verify
    Machine._make_ready = account.staged("between", Machine._make_ready)
    Machine.mask = account.staged("masks", Machine.mask)
    Machine._output = _noting(account, noted, account.staged("output", Machine._output))
    Machine.start_new_basicblock = _turning(account, Machine.start_new_basicblock)
    Randomness.bytes = _counting(account, Randomness.bytes)
    Network._send = _counting_sent(account, Network._send)


def _noting(account, noted, output):
    def outputs(machine, entries):
        output(machine, entries)
        noted.append(account.so_far())

    return outputs


def _turning(account, start):
    def start_new_basicblock(machine, name=""):
        if name in STAGES:
            account.turn(STAGES[name])
        start(machine, name)

    return start_new_basicblock


def _counting(account, draw):
    def counted(randomness, count):
        account.drawn += int(count)
        return draw(randomness, count)

    return counted


def _counting_sent(account, send):
    def counted(network, receiver, payload):
        account.sent += len(payload)
        send(network, receiver, payload)

    return counted


def watch_work():
    """What the player's time is spent on."""
    noted = []
    watch(Account(), noted)
    return lambda: noted


if __name__ == "__main__":
    serve(watch_work)
