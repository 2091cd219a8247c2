"""``python -m benchmarks floor``: where all of the time goes, beside what cannot be avoided.

Players that account for what they do (`benchmarks.accounted_player`) aggregate again and again; the
table has their CPU-seconds by stage and kind of work. Its last row is a *floor* made of what no
players of these protocols can go without, each part measured alone: so many bytes through TLS, so
many random bytes, the Gram matrix of the shares, the words of the result put together, words to
numbers and back. The floor has no arithmetic of comparisons and nothing between the parts.

A stage is what the text of krum.mpc calls so; a product or comparison counts where its value is
wanted. What players make between two aggregations is under "masks" and "between".
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import NamedTuple
from unittest import mock

import numpy as np

from benchmarks.accounted_player import AES, KINDS, LIMBS, PYTHON, TEXT, TLS, WAITING
from benchmarks.cases import Case, make_task
from benchmarks.stages import TracedEngine
from fl_krum.players.certificates import issue
from fl_krum.players.engine import SECURITIES
from fl_krum.players.launching import THREADS
from fl_krum.players.local_players import LocalPlayers
from mamba import field, input_words, output_text
from mamba.credentials import Credentials
from mamba.randomness import Randomness

CASES = (
    Case(7, 5), Case(7, 1000), Case(7, 10**5), Case(7, 10**6), Case(30, 100), Case(50, 100, 3),
)  # fmt: skip
_SAMPLE = 1 << 24  # bytes by which rates are measured


class Profile(NamedTuple):
    """Of one aggregation, a mean of several right after another.

    Attributes
    ----------
    seconds : float
        Median, as the user sees it.
    stages : dict of str to dict of str to float
        CPU-seconds of all players by stage and kind; of "waiting", seconds of one holder of shares.
    drawn, sent : float
        Bytes of all players.
    """

    seconds: float
    stages: dict[str, dict[str, float]]
    drawn: float
    sent: float


def measure(case: Case, security: str, repeat: int) -> Profile:
    """Aggregate `repeat` times, after once to warm up."""
    task = make_task(case)
    with tempfile.TemporaryDirectory(prefix="fl_krum-bench-") as folder:
        engine = TracedEngine(Path(folder), "benchmarks.accounted_player", security)
        seconds = []
        with LocalPlayers(case.program(repeat + 1), engine) as players:
            for _ in range(repeat + 1):
                players.aggregate(task.updates)
                seconds.append(players.seconds)
            holders = players.holders
        stages, drawn, sent = add_up(engine.traces(), repeat, holders)
    return Profile(median(seconds[1:]), stages, drawn, sent)


def add_up(notes, repeat: int, holders) -> tuple[dict[str, dict[str, float]], float, float]:
    """What players noted, of one aggregation: the stages, and bytes drawn and sent.

    Parameters
    ----------
    notes : list of list of [stages, drawn, sent]
        Of each player after each aggregation, `Account.so_far`.
    repeat : int
        How many there were after the first one.
    holders : sequence of int
        Players of which the waiting counts.
    """
    total: dict[str, dict[str, float]] = {}
    drawn = sent = 0.0
    for player, noted in enumerate(notes):
        (before, *bytes_before), (after, *bytes_after) = noted[0], noted[-1]
        drawn += (bytes_after[0] - bytes_before[0]) / repeat
        sent += (bytes_after[1] - bytes_before[1]) / repeat
        for stage, kinds in after.items():
            row = total.setdefault(stage, dict.fromkeys(KINDS, 0.0))
            known = before.get(stage, {})
            spent = {kind: (kinds[kind] - known.get(kind, 0.0)) / repeat for kind in kinds}
            everything = spent.pop("all", 0.0)
            waited = spent.pop(WAITING, 0.0)
            row[WAITING] += waited / len(holders) * (player in holders)
            row[PYTHON] += everything - sum(spent.values())
            for kind, value in spent.items():
                row[kind] += value
    return total, drawn, sent


def floor(case: Case, profile: Profile) -> dict[str, float]:
    """CPU-seconds of all players for what cannot be avoided, by kind."""
    holders = case.program().holder_count
    # As players do it, on one thread: two that wait for each other would count twice.
    with mock.patch.dict(os.environ, dict.fromkeys(THREADS, "1")):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as other:
            gram, result = other.submit(_arithmetic, case, holders).result()
    near = 2**27, 2**20  # as words of a model's numbers mostly are
    words = np.random.default_rng(0).integers(near[0] - near[1], sum(near), case.d, np.uint64)
    text = b"".join(b"%d\n" % word for word in words.tolist())
    read = _cpu(lambda: input_words.parse_words(text))
    short = field.from_words(words)  # as a result is
    written = _cpu(lambda: output_text.lines(short))
    return {
        AES: profile.drawn * _aes_rate(),
        TLS: profile.sent * tls_rate(),
        LIMBS: holders * gram + result,
        TEXT: case.n * read + written,
    }


def _arithmetic(case: Case, holders: int) -> tuple[float, float]:
    """Of one holder's Gram matrix, and of the result put together."""
    shares = [field.random(Randomness(), case.d) for _ in range(case.n)]
    together = [shares[0]] * holders
    return (
        _cpu(lambda: field.gram(shares)),
        _cpu(lambda: field.combine([1] * len(together), together)),
    )


def _cpu(work: Callable[[], object]) -> float:
    """CPU-seconds of this process for something, the least of three."""
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def _aes_rate() -> float:
    stream = Randomness()
    return _cpu(lambda: [stream.bytes(1 << 16) for _ in range(_SAMPLE >> 16)]) / _SAMPLE


def tls_rate(size: int = _SAMPLE) -> float:
    """CPU-seconds for a byte on its way from one player to another, on both sides together."""
    made = issue(2)
    sides = [Credentials(made.root, one.certificate, one.key) for one in made.players]
    with socket.create_server(("127.0.0.1", 0)) as server:
        caller = socket.create_connection(server.getsockname())
        called, _ = server.accept()

    def receive():
        context = sides[1].context(ssl.PROTOCOL_TLS_SERVER)
        with context.wrap_socket(called, server_side=True) as connection:
            room, left = bytearray(1 << 16), size
            while left:
                left -= connection.recv_into(room)

    thread = threading.Thread(target=receive)
    thread.start()
    with sides[0].context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(caller) as connection:
        begin = time.process_time()
        for _ in range(size >> 16):
            connection.sendall(bytes(1 << 16))
        thread.join()
    return (time.process_time() - begin) / size


def table(case: Case, security: str, profile: Profile, least: dict[str, float]) -> str:
    """The profile in milliseconds, a stage a row, beside the floor."""
    busy = [kind for kind in KINDS if kind != WAITING]
    stages = sorted(profile.stages.items(), key=lambda one: -sum(one[1][k] for k in busy))
    total = {kind: sum(row[kind] for _, row in stages) for kind in KINDS}
    rows = [*stages, ("all", total), ("floor", {**dict.fromkeys(KINDS, 0.0), **least})]
    cores = os.cpu_count() or 1
    lines = [
        f"{case}, {security}: {profile.seconds:.2f} s; the floor takes "
        f"{sum(least.values()) / cores:.2f} s on {cores} cores",
        f"{'CPU-ms':14}" + "".join(f"{k:>8}" for k in [*busy, "sum"]) + f"{WAITING:>10}",
    ]
    for stage, row in rows:
        numbers = [row[kind] for kind in busy]
        cells = "".join(f"{1000 * x:8.0f}" for x in [*numbers, sum(numbers)])
        lines.append(f"{stage:14}{cells}{1000 * row[WAITING]:10.0f}")
    return "\n".join(lines) + "\n"


def main(arguments) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks floor",
        description="Where the time of an aggregation goes, beside a floor: CPU-milliseconds of "
        "all players by stage and kind of work, and what a holder of shares waits in a stage.",
    )
    parser.add_argument("--n", type=int, help="clients; by default six sizes, with --d: 7")
    parser.add_argument("--d", type=int, help="length of the vectors (with --n: 5)")
    parser.add_argument("--threshold", type=int, metavar="T", help="by default the largest")
    parser.add_argument("--security", choices=SECURITIES, nargs="+", default=SECURITIES)
    parser.add_argument("--repeat", type=int, default=3, help="aggregations of each (default 3)")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: measure at least once")
    cases: tuple[Case, ...] = CASES
    if options.n or options.d:
        cases = (Case(options.n or 7, options.d or 5, options.threshold),)
    try:
        for case in cases:
            case.program()
    except ValueError as error:
        parser.error(str(error))
    for case in cases:
        for security in options.security:
            profile = measure(case, security, options.repeat)
            print(table(case, security, profile, floor(case, profile)), flush=True)
    return 0
