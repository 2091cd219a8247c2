"""One embedded player that notes when each of its rounds ends, or a fork server of such players.

    python -m benchmarks.traced_player [<arguments of mamba.player>]

The times go to the folder that the environment variable ``FL_KRUM_TRACE`` names, a JSON file for
each player: for every round of communication the time (`time.perf_counter`, one clock for all
processes of a machine) and the CPU-seconds of this process until then. A round that comes in
portions ends with the last one.
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


def serve(watch, main=player.main):
    """Be one player, or a fork server of players, of which something is noted.

    ``watch()`` begins with it in a player's process, and gives a function that tells the notes,
    ready for JSON, when `mamba.player.main` is over.
    """

    def noted_main(arguments):
        notes = watch()
        status = main(arguments)
        file = Path(os.environ[TRACE]) / f"{int(arguments[0]):03}.json"
        file.write_text(json.dumps(notes()), encoding="utf-8")
        return status

    if sys.argv[1:]:
        sys.exit(noted_main(sys.argv[1:]))
    from mamba import fork_server

    player.main = noted_main  # which the fork server calls
    fork_server.main()


def watch_rounds():
    """When each round ends."""
    ends = {}
    Network.exchange = trace(Network.exchange, ends)
    return lambda: list(ends.values())


if __name__ == "__main__":
    serve(watch_rounds)
