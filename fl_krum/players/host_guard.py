"""Start one player and say clearly how it ended: ``python3 guard.py SECONDS PLAYER COMMAND …``.

`deploy` copies this file to every host, where nothing but Python 3 has to be there. A player that
has lost another one ends with a signal and no word, or with a page about TLS; one whose network is
gone waits for ever. So this one passes on what the player prints, ends it after SECONDS without a
sign of life, and says last, in one line, what happened. The player reads standard input itself.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time

LOST = re.compile(
    r"receiving_error|sending_error|Networking_error|SSL_error"
    r"|Fatal error in communication|Fatal communication error|Connection closed down"
    r"|Timed out waiting for peer|cannot connect|handshake with"
)
CAUGHT = re.compile(
    r"Hash Fail|hash_fail|mac_fail|Sacrifice|invalid_commitment|inconsistent_inputs"
    r"|inconsistent Shamir secret sharing|MacCheck Failure|Offline-Check-Error"
    r"|mismatch in private output|check hash mismatch|Inconsistent broadcast"
    r"|program differs between parties"
)
TAIL = 8192  # bytes of standard error in which these are looked for


def explain(status, said):
    """What an exit means to the people at the hosts; "" for a good end."""
    if status == 0:
        return ""
    if CAUGHT.search(said):
        return (
            "what the players have does not fit together: one of them computes, or computed, "
            "something else than agreed. No result of this run can be trusted"
        )
    if status == -signal.SIGPIPE or LOST.search(said):
        return "it has lost another player, or never reached it: see what the other hosts say"
    if status < 0:
        return f"it was killed by {signal.Signals(-status).name}"
    return f"it ended with exit status {status}"


class Guard:
    """One player, or a client's companion with its player, and what it has said."""

    def __init__(self, command):
        self.alive_at = time.monotonic()
        self.asked_to_end = 0  # number of the signal
        self.tail, self.unheard = b"", False
        self.player = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._readers = [
            threading.Thread(target=self._pass_on, args=pipes, daemon=True)
            for pipes in ((self.player.stdout, 1), (self.player.stderr, 2))
        ]
        for reader in self._readers:
            reader.start()

    def _pass_on(self, pipe, to):
        while chunk := os.read(pipe.fileno(), 1 << 16):
            self.alive_at = time.monotonic()
            if to == 2:
                self.tail = (self.tail + chunk)[-TAIL:]
            try:
                while chunk:
                    chunk = chunk[os.write(to, chunk) :]
            except OSError:
                self.unheard = True
                return

    def wait(self, seconds):
        """Until the player has ended, or has been silent for so long; what went wrong, or ""."""
        while self.player.poll() is None:
            silent = time.monotonic() > self.alive_at + seconds
            if silent or self.unheard or self.asked_to_end:
                self.end()
            if self.asked_to_end:
                sys.exit(128 + self.asked_to_end)
            if self.unheard:
                return "nobody reads any more what it prints"
            if silent:
                return (
                    f"nothing happened for {seconds:g} s: another host is late, cannot be "
                    "reached, or takes longer to train (DEADLINE=… ./run.sh waits longer)"
                )
            time.sleep(0.05)
        for reader in self._readers:
            reader.join(2.0)
        return explain(self.player.returncode, self.tail.decode("utf-8", "replace"))

    def end(self):
        """A companion that is asked to end ends its player first; one that is killed cannot."""
        self.player.terminate()
        try:
            self.player.wait(2.0)
        except subprocess.TimeoutExpired:
            self.player.kill()
            self.player.wait()


def main(seconds, name, *command):
    try:
        guard = Guard(command)
    except OSError as error:
        sys.exit(f"{name}: error: {error}")

    def ask_to_end(number, frame):
        guard.asked_to_end = number

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask_to_end)
    if wrong := guard.wait(float(seconds)):
        sys.exit(f"{name}: error: {wrong}")


if __name__ == "__main__":
    main(*sys.argv[1:])
