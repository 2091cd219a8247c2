"""A client's side of the input check beside a player of another engine: ``python -m mamba.client
PROGRAM.mpc COMMAND ...``.

Starts the player's command and stands between it and the terminal. Such a player has one standard
input, on which it finds what the program asks for, in that order: the client's words, which are
read here and passed on; then what `mamba.input_proof` makes of them; and then, when the player has
printed a coin as ``Output channel 1``, what answers it. What else the player prints is passed on.
These players know no random rows, so all words are checked digit by digit.

Needs NumPy and nothing else, so that a host can have it without installing more.
"""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from mamba import field, input_proof
from mamba.field import P
from mamba.input_words import WordReader
from mamba.run_error import RunError

# A coin, or what SCALE-MAMBA's players print before every word that they read.
_SPEECH = re.compile(rb"Output channel 1 : (-?\d+)\s|Input channel \d+ : ")
# The last bytes of what was said so far, where they may be the beginning of one of these.
_LONGEST = 80
_BEGUN = re.compile(rb"(?:(?:In|Out)put[^\n]{0,60}|Inpu?|Outpu?|In|Out?|I|O)\Z")


class Client:
    """Gives one player what it reads.

    Parameters
    ----------
    prover : mamba.input_proof.InputProver
    read_words : callable
        ``read_words(count)`` gives the next words of this client.
    write : callable
        Gives bytes to the player.
    """

    def __init__(self, prover, read_words, write):
        self._prover, self._read_words, self._write = prover, read_words, write
        self._coins: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._rest = b""

    def hear(self, chunk):
        """Note the coins in what the player says; return what is to be passed on."""
        said, passed_on, end = self._rest + chunk, [], 0
        for match in _SPEECH.finditer(said):
            passed_on.append(said[end : match.start()])
            end = match.end()
            if match[1] is not None:
                self._coins.put(int(match[1]) % P)
        begun = _BEGUN.search(said, max(end, len(said) - _LONGEST))
        cut = begun.start() if begun else len(said)
        self._rest = said[cut:]
        return b"".join([*passed_on, said[end:cut]])

    def answer(self):
        """Give all that the player reads in one round: first the words, last the proof."""
        words = self._read_words(self._prover.sizes.d)
        self._prover.take_words(words)
        self._give(words.tolist())
        self._give(field.to_ints(self._prover.answer()))
        self._prover.be_told([self._coins.get()])
        self._give(field.to_ints(self._prover.answer()))

    def _give(self, numbers):
        self._write("".join(f"{number}\n" for number in numbers).encode())


def main(arguments):
    program, *command = arguments
    prover = input_proof.prover(Path(program).read_text(encoding="utf-8"))
    if prover is None:
        sys.exit(f"{program}: this program checks no inputs")
    if not prover.sizes.portable:
        sys.exit(f"{program}: a text for embedded players; make it with portable = 1")
    words = WordReader(sys.stdin.fileno())
    player = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert player.stdin and player.stdout  # pipes, since they were asked for
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: _end(player, number))
    client, problems = Client(prover, words.read, player.stdin.write), []

    def answer():
        try:
            for _ in range(prover.sizes.rounds):
                client.answer()
        except RunError as problem:  # the player must not take what is missing for a number
            problems.append(problem)
            player.kill()
        except OSError:  # the player has ended, and its exit tells why
            pass

    threading.Thread(target=answer, daemon=True).start()
    while chunk := os.read(player.stdout.fileno(), 1 << 16):
        sys.stdout.buffer.write(client.hear(chunk))
        sys.stdout.buffer.flush()
    status = player.wait()
    if problems:
        print(f"client: error: {problems[0]}", file=sys.stderr)
        return 1
    return status


def _end(player, number):
    """End at once, and the player first; `Popen.wait` may be at it, and cannot be entered twice."""
    player.kill()
    with contextlib.suppress(ChildProcessError):
        os.waitpid(player.pid, 0)
    os._exit(128 + number)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.partition("\n\n")[0])
    status = main(sys.argv[1:])
    sys.stdout.flush()
    if status < 0:  # end as the player did
        with contextlib.suppress(OSError):  # SIGKILL has no other
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)
