"""What a player prints of its results; their form is tested in tests/players/test_wire_text.py."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from repository import ROOT

COUNT, TIMES = 1 << 16, 6
PRINTS = f"""
import numpy as np
from mamba import field, output_text
words = field.from_words(np.arange(10**8, 10**8 + {COUNT}))
for _ in range({TIMES}):
    output_text.write(words)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals that stop a process")
def test_a_player_that_is_stopped_and_continued_loses_none_of_its_result():
    """As a laptop's lid, a debugger or Ctrl-Z does; Python's own buffer lost half of it."""
    command = [sys.executable, "-c", PRINTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT) as player:
        said, since = [], time.monotonic()
        while chunk := player.stdout.read(1 << 16):
            said.append(chunk)
            if time.monotonic() - since > 0.003:
                os.kill(player.pid, signal.SIGSTOP)
                time.sleep(0.002)
                os.kill(player.pid, signal.SIGCONT)
                since = time.monotonic()
    numbers = np.arange(10**8, 10**8 + COUNT)
    assert b"".join(said) == b"".join(b"Output channel 0 : %d\n" % x for x in numbers) * TIMES
