"""One embedded player that notes when each of its rounds ends.

    python -m benchmarks.traced_player <arguments of mamba.player>

The times go to the file that the environment variable ``FL_KRUM_TRACE`` names, as JSON: for every
round of communication the time (`time.perf_counter`, one clock for all processes of a machine) and
the CPU-seconds of this process until then. A round that comes in portions ends with the last one.
"""

import json
import os
import sys
import time
from pathlib import Path

from mamba import player
from mamba.network import Network

TRACE = "FL_KRUM_TRACE"


def trace(exchange, ends):
    """The same exchange, noting by the number of the round when it ends."""

    def traced(network, *arguments, **keywords):
        received = exchange(network, *arguments, **keywords)
        ends[network.rounds] = time.perf_counter(), time.process_time()
        return received

    return traced


if __name__ == "__main__":
    ends = {}
    Network.exchange = trace(Network.exchange, ends)
    status = player.main(sys.argv[1:])
    Path(os.environ[TRACE]).write_text(json.dumps(list(ends.values())), encoding="utf-8")
    sys.exit(status)
