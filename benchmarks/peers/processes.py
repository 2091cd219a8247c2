"""Starts the players of a peer as processes of this machine, and waits for all of them."""

from __future__ import annotations

import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import usage

LONGEST = 1800.0  # seconds until players are given up
ATTEMPTS = 100  # to find free ports


class PeerError(RuntimeError):
    """A player of a peer failed; the message ends with what it said last."""


@dataclass(frozen=True)
class Finished:
    """What a run of all players took and what each of them printed, player 0 first."""

    seconds: float
    cpu: float | None
    memory: float | None
    outputs: list[str]


def run_players(commands: Sequence[Sequence], folder: Path, longest=LONGEST) -> Finished:
    """Run one command a player, all at once, from start to end.

    Raises
    ------
    PeerError
        A player ended with an error, or not in time; all of them have been ended.
    """
    with ExitStack() as stack:
        # Files, since a pipe that nobody reads would stop its player.
        prints = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in commands]
        before, begin = usage.children_cpu(), time.perf_counter()
        players = []
        stack.callback(_end, players)
        for command, file in zip(commands, prints, strict=True):
            words = [str(word) for word in command]
            players.append(
                subprocess.Popen(words, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
            )
        with usage.Watch(player.pid for player in players) as watch:
            _wait(players, begin + longest)
        seconds = time.perf_counter() - begin
        cpu = None if before is None else usage.children_cpu() - before
        outputs = [_read(file) for file in prints]
        failed = blame([player.returncode for player in players])
        if failed is not None:
            said = "\n".join(outputs[failed].splitlines()[-5:])
            status = players[failed].returncode
            raise PeerError(f"player {failed} ended with exit status {status}: {said}")
    return Finished(seconds, cpu, watch.memory, outputs)


def _wait(players, until: float) -> None:
    """Wait for all of them; when one fails the others, who wait for it, are ended."""
    for player in players:
        while True:
            try:
                player.wait(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                failed = any(one.poll() not in (None, 0) for one in players)
                if failed or time.perf_counter() > until:
                    _end(players)


def blame(statuses: Sequence[int]) -> int | None:
    """The player to tell of: one that failed by itself rather than one that was ended for it."""
    failed = [i for i, status in enumerate(statuses) if status != 0]
    return min(failed, key=lambda i: statuses[i] < 0, default=None)


def consecutive_ports(count: int) -> int:
    """The first of some consecutive ports that are free now, for peers that take no list of ports.

    They lie below those that the system gives to outgoing connections, which come and go.
    """
    for first in random.sample(range(10_000, 30_000), ATTEMPTS):
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("", port))
            except OSError:
                continue
            return first
    raise PeerError(f"there are no {count} consecutive free ports")


def _end(players) -> None:
    for player in players:
        if player.poll() is None:
            player.kill()
        player.wait()


def _read(file) -> str:
    file.seek(0)
    return file.read()
