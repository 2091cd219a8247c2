"""What the stand-ins of real players have in common: they meet through files in a folder, and
player 0 runs Krum on what the clients leave there."""

import time
from pathlib import Path

from fake_player import krum, publish


class Party:
    """One player; who plays it gives it ``index``, ``sizes`` and ``input``.

    Parameters
    ----------
    exchange : str or Path
        The folder.
    fault : str
        What goes wrong with it, in the round ``when``.
    """

    PASSED = "Client {} passed : {}"  # printed of each client

    def __init__(self, exchange, fault, when):
        self.exchange, self.fault, self.when = Path(exchange), fault, int(when)
        self.current = 0

    def aggregate(self, current):
        self.current = current
        if self.index:
            self.ask()
            vector, passed = self.input.read_vector()
            self.misbehave()
            self.share(f"{int(passed)} {' '.join(map(str, vector))}")
            return
        rows = [list(map(int, text.split())) for text in self.await_all("")]
        self.misbehave()
        for client, (passed, *_) in enumerate(rows if self.sizes.check else [], 1):
            print(self.PASSED.format(client, passed))
        failed = [i for i, (passed, *_) in enumerate(rows) if not passed]
        self.tell(krum([vector for _, *vector in rows], self.sizes.f, failed))
        publish(self.exchange / f"done-{current}", "")

    def ask(self):
        """Say that a vector is wanted."""

    def tell(self, chosen):
        """Print the vector that was chosen."""

    def misbehave(self):
        """Do in this round what goes wrong."""

    def look_for_the_dead(self):
        """End when another player has died."""

    def meet(self, players, patience=float("inf")):
        """Whether all have come before so many seconds are over."""
        publish(self.exchange / f"up-{self.index}", "")
        until = time.monotonic() + patience
        while not all((self.exchange / f"up-{i}").exists() for i in range(players)):
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def share(self, text, what=""):
        publish(self.exchange / f"{self.current}{what}-{self.index}", text)

    def await_all(self, what):
        """What all clients have shared in this round."""
        clients = range(1, self.sizes.n + 1)
        files = [self.exchange / f"{self.current}{what}-{i}" for i in clients]
        self.await_files(files)
        return [file.read_text() for file in files]

    def await_files(self, files):
        while not all(file.exists() for file in files):
            self.look_for_the_dead()
            time.sleep(0.005)

    def wait_for_clients(self, what):
        self.share("", what)
        self.await_all(what)

    def await_the_end(self):
        """Wait for the last result; one that is caught late, until somebody has received it."""
        self.await_files([self.exchange / f"done-{self.sizes.rounds}"])
        if self.fault == "caught-late":
            self.await_files([self.exchange / "received"])
