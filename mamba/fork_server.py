"""Starts players quickly: ``python -m mamba.fork_server`` imports once, then forks.

Whoever supervises the players holds the other end of a Unix socket, which is this process's
standard input. Each packet that comes through it is one player to start: JSON, ``{"player": KEY,
"arguments": […]}``, and with it the read end of the player's standard input and the write ends of
its output and error. Or it is the program that they are going to run, ``{"program": TEXT, "path":
…, "checked": …}``, which is compiled here, once for all of them, and not executed. The packets that
go back are ``{"player": KEY, "pid": …}`` and, once it has ended, ``{"player": KEY, "status": …}``:
its exit status, or minus the number of a signal. The supervisor answers ``{"reap": KEY}`` when it
will send that player no more signals: until then it is not reaped, so that nobody else gets its
process number.

Nothing secret ever comes here. A player is in a session of its own, and has its three pipes and no
other open file. When the socket ends, so do this process and all players.

Players must have no random state in common. A fork copies all that was drawn before, and nothing
is: no file of mamba draws at import, keys come from ``os.urandom`` when a player begins to run,
and OpenSSL seeds its generators anew in a new process. What players do have in common is the
arrangement of their memory and the seed of Python's ``hash``; no secret depends on either.

Linux only, since other systems' libraries do not all work in a forked process.
"""

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
import warnings

from mamba import player

CONTROL = 0  # the file descriptor of the socket
LONGEST = 1 << 20  # bytes of one packet
_DEATH_SIGNAL, _NAME = 1, 15  # PR_SET_PDEATHSIG and PR_SET_NAME of prctl(2)


class ForkServer:
    """Forks players as it is told to, and tells how they end.

    Has no thread: only the thread that forks lives on in the new process, and a lock that another
    one held would stay locked.
    """

    def __init__(self, control):
        self._control = control
        self._libc = ctypes.CDLL(None)
        self._running = {}  # process number of each player whose end is not told yet: its key
        self._unreaped = {}  # and of each that is not reaped, by its key
        self._wake, wake_up = os.pipe()
        os.set_blocking(wake_up, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # else it would not wake us up
        signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)

    def run(self):
        """Serve until the supervisor is gone; then nothing is left."""
        try:
            while True:
                ready, _, _ = select.select([self._wake, self._control], [], [])
                if self._wake in ready:
                    os.read(self._wake, 4096)
                    self._tell_ends()
                if self._control in ready and not self._do_next():
                    return
        except OSError:  # the supervisor is gone, and there is nobody to tell
            return
        finally:
            for pid in self._unreaped.values():
                os.kill(pid, signal.SIGKILL)
            for pid in self._unreaped.values():
                os.waitpid(pid, 0)

    def _do_next(self):
        packet, pipes, _, _ = socket.recv_fds(self._control, LONGEST, 3)
        if not packet:
            return False
        request = json.loads(packet)
        if "program" in request:
            self._read_ahead(**request)
            return True
        if "reap" in request:
            if pid := self._unreaped.pop(request["reap"], 0):  # 0: it could not be forked
                os.waitpid(pid, 0)
            return True
        try:
            pid, parent = 0, os.getpid()
            gc.freeze()  # players never look at what is here now, so its memory stays common
            try:
                pid = os.fork()
            except OSError as error:
                os.write(pipes[2], f"it could not be forked: {error.strerror}\n".encode())
                self._tell(player=request["player"], status=1)
                return True
            if pid == 0:
                self._become_player(pipes, request["arguments"], parent)
        finally:
            for pipe in pipes:
                os.close(pipe)
        self._unreaped[request["player"]] = pid
        self._running[pid] = request["player"]
        self._tell(player=request["player"], pid=pid)
        return True

    @staticmethod
    def _read_ahead(program, path, checked):
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            player.read_ahead(program, path, checked)  # what is wrong with it, players tell

    def _tell_ends(self):
        for pid, key in list(self._running.items()):
            # Seen, not reaped: its number stays its own.
            end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if end is not None:
                del self._running[pid]
                by_itself = end.si_code == os.CLD_EXITED
                self._tell(player=key, status=end.si_status if by_itself else -end.si_status)

    def _tell(self, **message):
        self._control.send(json.dumps(message).encode())

    def _become_player(self, pipes, arguments, parent):
        """What the new process does; it never comes back from here."""
        status = 1
        try:
            os.setsid()
            # Also when it is suspended, and would not notice the end of its standard input.
            self._libc.prctl(_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() == parent:  # else that came too late
                # What `top` and `ps -o comm` show; the command line stays the fork server's.
                self._libc.prctl(_NAME, " ".join(["player", *arguments[:1]]).encode())
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _take_only(pipes)
                player.leave(player.main(arguments))
        except SystemExit as end:  # of the parser of arguments, which has said why
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)


def _take_only(pipes):
    """Make these standard input, output and error, and close everything else.

    ``sys.stdin`` and the others stay what they are: they name file descriptors 0, 1 and 2, and hold
    nothing, for nobody has read or printed anything yet.
    """
    for standard, pipe in enumerate(pipes):
        os.dup2(pipe, standard)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:  # the one that listed the folder
                pass


def main():
    control = socket.socket(fileno=CONTROL)
    player.warm_up()
    ForkServer(control).run()
    player.leave(0)


if __name__ == "__main__":
    main()
