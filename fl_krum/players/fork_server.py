"""Players that a fork server forks: this side of the socket; the other is ``mamba.fork_server``.

To start one interpreter and to fork it is several times quicker than to start one for each player.
The fork server is told the arguments of a player, and given the ends of its pipes; it tells its
process number and how it ended. Whatever signal a player is sent comes from here: the fork server
does not reap it, so that nobody else gets its number, until it is told here that it has ended.

Linux only. A fork server may be launched before it is known what to start; see `launch`. One whose
players have all ended as they should stays a while for the next start: it has been told texts of
programs and arguments of players, and no secret.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from . import launching
from .process import Command, SpawnedProcess, end_group

_LONGEST = 1 << 16  # bytes of one packet from the fork server
_PATIENCE = 2.0  # seconds for a fork server to end what it has started, then it is killed
_LAST_WORDS = 4096  # bytes
STAY = 300.0  # seconds that a fork server without players waits for the next start


class ForkedProcess:
    """A player that was forked, or is about to be; see `fl_krum.players.process.Process`.

    Attributes
    ----------
    returncode : int or None
        How it ended, None while it runs.
    """

    def __init__(self, stdin: int, stdout: int, stderr: int):
        self.stdin: BinaryIO = open(stdin, "wb", buffering=0)
        self.stdout: BinaryIO = open(stdout, "rb", buffering=0)
        self.stderr: BinaryIO = open(stderr, "rb", buffering=0)
        self.returncode: int | None = None
        self._pid: int | None = None
        self._to_end: bool | None = None  # asked for before its number was known: with force or not
        self._lock = threading.Lock()
        self._has_number, self._has_ended = threading.Event(), threading.Event()

    @property
    def pid(self) -> int | None:
        """Its number; waits until it has one, None when it never gets one."""
        self._has_number.wait()
        return self._pid

    def wait(self, timeout: float | None = None) -> int:
        self._has_ended.wait(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("player", timeout or 0.0)
        return self.returncode

    def poll(self) -> int | None:
        return self.returncode

    def is_stopped(self) -> bool:
        try:
            state = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state in "Tt"

    def end(self, force: bool) -> None:
        with self._lock:
            if self.returncode is None and self._pid is not None:
                end_group(self._pid, force)
            else:
                self._to_end = force

    def terminate(self) -> None:
        self.end(force=False)

    def kill(self) -> None:
        self.end(force=True)

    def note(self, pid: int | None = None, status: int | None = None) -> None:
        """What the fork server tells of it."""
        with self._lock:
            if pid is not None:
                self._pid = pid
                if self._to_end is not None:
                    end_group(pid, self._to_end)
            if status is not None and self.returncode is None:
                self.returncode = status
                self._has_ended.set()
        self._has_number.set()


class ForkServer:
    """A running fork server.

    Parameters
    ----------
    command : Command
        How to start it.
    launched : process and socket, optional
        Of one that was started so; by default it is started now.

    Attributes
    ----------
    lost : int or None
        How it ended before it was told to; its players have ended with it.
    last_words : str
        What it said then on standard error.
    """

    def __init__(self, command: Command, launched=None):
        self.command, self.owner = command, os.getpid()
        self.lost: int | None = None
        self.last_words = ""
        self._since = time.time()
        self._processes: dict[int, ForkedProcess] = {}  # those that have not ended
        self._started = 0
        self._lock = threading.Lock()
        self._closed = False
        self.timer: threading.Timer | None = None  # until when it stays for the next start
        if launched is None:
            launched = launching.spawn_fork_server(command.argv, command.cwd, command.env)
        self._process: subprocess.Popen[bytes]
        self._socket: socket.socket
        self._process, self._socket = launched
        assert self._process.stderr is not None, "it is a pipe"
        self._errors = self._process.stderr
        self._listener = threading.Thread(target=self._listen, name="fork server", daemon=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_idle(self) -> bool:
        """Whether it runs, and none of its players does."""
        runs = not self._closed and self.lost is None and self._process.poll() is None
        return runs and not self._processes

    @property
    def is_stale(self) -> bool:
        """Whether somebody has changed the players' code since it was read."""
        folders = [
            os.path.join(launching.ROOT, *path) for path in (["mamba"], ["mamba", "language"])
        ]
        files = [file for folder in folders for file in os.scandir(folder)]
        changed = (file.stat().st_mtime for file in files if file.name.endswith(".py"))
        return max(changed, default=0.0) > self._since

    def start(self, arguments: tuple[str, ...]) -> ForkedProcess:
        """Let it fork a player with these arguments; OSError when the fork server has ended."""
        with self._lock, contextlib.ExitStack() as theirs:
            if self._closed:
                raise OSError("their fork server has been ended")
            process, ends = _with_pipes(theirs)
            self._started += 1
            self._processes[self._started] = process
            request = {"player": self._started, "arguments": arguments}
            if not self._listener.ident:
                self._listener.start()
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], ends)
            except OSError:  # it has ended: the listener tells why
                process.note(status=-signal.SIGKILL)
            return process

    def tell(self, packet: bytes) -> None:
        """Let it know something in good time, if it can be told."""
        # It has ended, then `start` fails; or this is longer than a packet can be.
        with contextlib.suppress(OSError):
            self._socket.send(packet)

    def close(self) -> None:
        """End it and every player that it has started, and wait until they are gone."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if not self._started:
            self._process.kill()  # it may be in the middle of its imports
        end = select.poll()  # of its pipe: `Popen.wait` looks for it at intervals, up to 50 ms
        end.register(self._errors, select.POLLHUP)
        end.poll(1000 * _PATIENCE)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._listener.ident:
            self._listener.join(_PATIENCE)
        if not self._listener.is_alive():  # else it could read what is opened next, as its socket
            self._socket.close()
        self._errors.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while packet := self._socket.recv(_LONGEST):
                message = json.loads(packet)
                player = message.pop("player")
                process = self._processes[player]
                if "status" in message:  # before anybody hears of it, and asks `is_idle`
                    del self._processes[player]
                process.note(**message)
                if "status" in message:  # it is sent no signal any more
                    self._socket.send(json.dumps({"reap": player}).encode())
        if not self._closed:
            self._process.kill()  # without its socket it is of no use
            status = self._process.wait()
            os.set_blocking(self._errors.fileno(), False)
            said = self._errors.read(_LAST_WORDS) or b""
            self.last_words = "\n".join(said.decode("utf-8", "replace").splitlines()[-5:])
            self.lost = status
        for process in list(self._processes.values()):
            process.note(status=-signal.SIGKILL)  # so a player ends when its fork server does


class Forks:
    """Starts embedded players one after another, all from a fork server that stays between them.

    What cannot be forked is spawned. Called with a `Command`, it returns a `Process`.

    Parameters
    ----------
    command : Command or None
        How to start the fork server; None spawns everything.
    """

    def __init__(self, command: Command | None):
        self._command = command
        self._lock = threading.Lock()
        self._server = None if command is None else take(command)

    def __call__(self, command: Command) -> ForkedProcess | SpawnedProcess:
        if self._command is None or not command.player_arguments:
            return SpawnedProcess(command)
        with self._lock:
            if self._server is None or self._server.lost is not None:
                self._server = take(self._command)
            return self._server.start(command.player_arguments)

    def close(self) -> None:
        """End the fork server, and all players that it has forked."""
        with self._lock:
            if self._server is not None:
                self._server.close()


def _with_pipes(theirs: contextlib.ExitStack) -> tuple[ForkedProcess, list[int]]:
    """A process without a number yet, and its ends of three pipes, which ``theirs`` closes."""
    with contextlib.ExitStack() as ours:
        mine, its = [], []
        for is_input in (True, False, False):
            read, write = os.pipe()
            mine.append(write if is_input else read)
            its.append(read if is_input else write)
            ours.callback(os.close, mine[-1])
            theirs.callback(os.close, its[-1])
        process = ForkedProcess(*mine)
        ours.pop_all()
    return process, its


_early: list[ForkServer] = []  # at most one, launched early or kept
_early_lock = threading.Lock()
_launched_by = launching.fork_server_command()
if launching.early and _launched_by:  # before this file was imported
    _early.append(ForkServer(_launched_by, launching.early.pop()))


def launch(command: Command | None) -> None:
    """Start a fork server now, for whoever asks for one with `take` next."""
    # If it cannot be started now, it is the one who needs it that will say so.
    with _early_lock, contextlib.suppress(OSError):
        if command is not None and not _early:
            _early.append(ForkServer(command))


def take(command: Command) -> ForkServer:
    """A fork server of that command: the one that was launched early, or kept, or a new one. It is
    told the command's ``first_input``."""
    found = None
    launched = replace(command, first_input=b"")  # when that was not known yet
    with _early_lock:
        if _early and _early[0].command == launched and _early[0].owner == os.getpid():
            found = _early.pop()
    if found is not None and found.timer is not None:
        found.timer.cancel()
        if not found.is_idle or found.is_stale:  # it has been ended, or its code changed, meanwhile
            found.close()
            found = None
    server = found or ForkServer(launched)
    if command.first_input:
        server.tell(command.first_input)
    return server


def keep(server: ForkServer) -> None:
    """Let a fork server stay for the next start, which is twice as quick then; end it after
    `STAY` seconds, when there is one already, or when it has players left."""
    with _early_lock:
        is_wanted = not _early and server.is_idle
        if is_wanted:
            server.timer = threading.Timer(STAY, _drop, [server])
            server.timer.daemon = True
            server.timer.start()
            _early.append(server)
    if not is_wanted:
        server.close()


def _drop(server: ForkServer) -> None:
    with _early_lock:
        if server not in _early:
            return
        _early.remove(server)
    server.close()


@atexit.register
def discard() -> None:
    """End a fork server that was launched early, or kept, and that nobody wants."""
    with _early_lock:
        while _early:
            early = _early.pop()
            if early.owner == os.getpid():  # else this is a fork of the process that it is for
                early.close()
