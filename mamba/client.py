"""A client's side of the input check beside a SCALE-MAMBA player: ``python -m mamba.client
PROGRAM.mpc COMMAND ...``.

Starts the player's command and stands between it and the terminal. Words on standard input go to
the player and are remembered; where the player asks for input on channel 1, it is given what
`mamba.input_proof` makes of them, and of the coins that it prints as ``Output channel 1``. What
else the player prints is passed on. SCALE-MAMBA knows no random rows, so vectors must not be longer
than the program's ``exact``.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from mamba import field, input_proof
from mamba.field import P
from mamba.input_words import WordReader

_SPEECH = re.compile(rb"Input channel (\d+) : |Output channel 1 : (-?\d+)\s")
_LONGEST = 80  # bytes that may be the beginning of one of these


class Client:
    """Answers one player.

    Parameters
    ----------
    prover : mamba.input_proof.InputProver
    read_words : callable
        ``read_words(count)`` gives the next words of this client.
    write : callable
        Gives bytes to the player.
    """

    def __init__(self, prover, read_words, write):
        self._prover, self._read_words, self._write, self._rest = prover, read_words, write, b""

    def hear(self, chunk):
        """Answer what the player says; return what is to be passed on."""
        said, passed_on, end = self._rest + chunk, [], 0
        for match in _SPEECH.finditer(said):
            passed_on.append(said[end : match.start()])
            end = match.end()
            if match[2] is not None:
                self._prover.be_told([int(match[2]) % P])
            elif match[1] == b"1":
                (value,) = field.to_ints(self._prover.answer(1))
                self._write(b"%d\n" % value)
            else:
                words = self._read_words(1)
                self._prover.take_words(words)
                self._write(b"%d\n" % words[0])
        begun = max(said.rfind(b"Input", end), said.rfind(b"Output channel 1", end))
        cut = begun if begun >= max(end, len(said) - _LONGEST) else len(said)
        self._rest = said[cut:]
        return b"".join([*passed_on, said[end:cut]])


def main(arguments):
    program, *command = arguments
    prover = input_proof.prover(Path(program).read_text(encoding="utf-8"))
    words = WordReader(sys.stdin.fileno())
    player = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert player.stdin and player.stdout  # pipes, since they were asked for
    client = Client(prover, words.read, player.stdin.write)
    while chunk := os.read(player.stdout.fileno(), 1 << 16):
        sys.stdout.buffer.write(client.hear(chunk))
        sys.stdout.buffer.flush()
    return player.wait()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.partition("\n")[0])
    status = main(sys.argv[1:])
    sys.stdout.flush()
    if status < 0:  # end as the player did
        with contextlib.suppress(OSError):  # SIGKILL has no other
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)
