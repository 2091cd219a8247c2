"""What goes wrong in a deployment of Flower, on purpose: NAME:KIND:FIRST-LAST, in which rounds.

=======  ===========================================================================
away     the SuperNode is killed in the first of these rounds, and back after the last
killed   its ClientApp is killed while it trains
long     its player shares numbers longer than agreed
cheat    its player departs from the protocol: it adds an error to a product
=======  ===========================================================================

The first two are done from outside, by `watch`; for the others the installation is changed that the
client's player runs from.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deployment import Deployment

# What somebody may do to an installation of their own: Python imports it at every start.
FAULTY = """\
# This client's player departs from what is agreed: {faults}.
import json, sys
if "fl_krum" in sys.orig_argv and "player" in sys.orig_argv:
    import dataclasses
    import numpy as np
    from fl_krum.players.host_player import HostPlayer
    number = json.loads(sys.orig_argv[sys.orig_argv.index("--agreement") + 1])["round"]
    kinds = {{kind for kind, first, last in {faults} if first <= number <= last}}
    if "long" in kinds:
        def give(self, vector):
            self.give_words(np.full(self.agreement.d, 1 << 40, np.uint64))
        HostPlayer.give = give
    if "cheat" in kinds:
        command = HostPlayer._command
        def cheating(self, number):
            right = command(self, number)
            return dataclasses.replace(right, argv=(*right.argv, "--cheat", "product"))
        HostPlayer._command = cheating
"""


class Fault(NamedTuple):
    """What somebody does in some rounds of a run."""

    name: str
    kind: str
    first: int
    last: int

    @classmethod
    def of(cls, text: str) -> Fault:
        """From NAME:KIND:FIRST-LAST, or NAME:KIND:ROUND."""
        match = re.fullmatch(r"(node\d+):(away|killed|long|cheat):(\d+)(?:-(\d+))?", text)
        if not match:
            raise argparse.ArgumentTypeError(f"{text!r} is not NAME:KIND:FIRST-LAST")
        return cls(match[1], match[2], int(match[3]), int(match[4] or match[3]))


def rounds_done(folder: Path) -> int:
    """How many rounds of a run have been saved."""
    path = folder / "rounds.jsonl"
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


def watch(deployment: Deployment, run: subprocess.Popen, save: Path, faults) -> int:
    """Kill and start SuperNodes when it is time, until the run has ended; its exit status.

    SuperNodes that end by themselves are started again, as a service manager does it: Flower's do
    when the SuperLink is too busy. ``flwr run`` stops listening then, though the run goes on.
    """
    before, faults = rounds_done(save), list(faults)
    while run.poll() is None or run.returncode:
        if run.poll() is not None:
            time.sleep(1.0)
            if (again := deployment.follow()) is None:
                print("the run has ended early; superlink.log and run.log have the reason")
                break
            run = again
        for name in deployment.names:
            if name in deployment.running and deployment.running[name].poll() is not None:
                print(f"{name} has ended and is started again", flush=True)
                deployment.start_node(name)
        done = rounds_done(save) - before
        for one in [*faults]:
            if one.kind == "away" and one.first - 1 <= done < one.last:
                if one.name in deployment.running:
                    time.sleep(1.0)  # the round has begun
                    deployment.kill(one.name)
                    print(f"{one.name} is killed in round {done + 1}", flush=True)
            elif one.kind == "away" and done >= one.last:
                if one.name not in deployment.running:
                    deployment.start_node(one.name)
                    print(f"{one.name} is back in round {done + 1}", flush=True)
            elif one.kind == "killed" and done == one.first - 1:
                if deployment.kill_client_app(one.name):
                    faults.remove(one)
                    print(f"the ClientApp of {one.name} is killed in round {done + 1}", flush=True)
        time.sleep(0.2)
    return run.returncode
