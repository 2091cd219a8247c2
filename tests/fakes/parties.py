"""Parties on several hosts, all of them on loopback: keys, a roster, and one run."""

import threading
from dataclasses import dataclass, field

import numpy as np
from one_fork_server import start

from fl_krum.players.agreement import Agreement
from fl_krum.players.embedded import free_ports
from fl_krum.players.host_player import HostError, HostPlayer
from fl_krum.players.roster import Roster, make_key

PATIENCE, DEADLINE = 60.0, 120.0


def names(clients):
    return ("server", *(f"client{i}" for i in range(1, clients + 1)))


def make_roster(folder, clients, addresses=None):
    """Keys of the server and so many clients in a folder, and their roster."""
    parties = names(clients)
    addresses = addresses or [f"127.0.0.1:{port}" for port in free_ports(len(parties))]
    members = map(make_key, parties, addresses, [folder] * len(parties))
    roster = Roster.of(members)
    roster.write(folder / "roster.json")
    return roster


@dataclass
class Run:
    """What came of a run: for each party its result, or the HostError."""

    results: dict = field(default_factory=dict)
    players: dict = field(default_factory=dict)
    said: list = field(default_factory=list)

    @property
    def vector(self):
        return self.results["server"]

    @property
    def errors(self):
        """In words."""
        found = {n: r for n, r in self.results.items() if isinstance(r, Exception)}
        return {name: str(error) for name, error in found.items()}


def play(
    roster, folder, agreement, vectors, absent=(), before=None, during=None, given=None, **how
):
    """All parties of an agreement but those absent, each in a thread, with their vectors by name,
    the same in all rounds.

    ``given[name]`` says how often a client gives its vector, if not in every round;
    ``before[name]()`` is called before a party starts; ``during(run)`` while they run.
    """
    run = Run()
    how = {"patience": PATIENCE, "deadline": DEADLINE, "start": start, **how}

    def one(name):
        (before or {}).get(name, lambda: None)()
        try:
            player = HostPlayer(
                roster, name, folder / f"{name}.key", agreement, say=run.said.append, **how
            )
            with player:
                run.players[name] = player
                if name == agreement.server:
                    for _ in range(agreement.rounds):
                        run.results[name] = player.result()
                else:
                    for _ in range((given or {}).get(name, agreement.rounds)):
                        player.give(vectors[name])
                    run.results[name] = player.result()
        except (HostError, ValueError) as error:
            run.results[name] = error

    present = [name for name in agreement.parties if name not in absent]
    threads = [threading.Thread(target=one, args=(name,), daemon=True) for name in present]
    for thread in threads:
        thread.start()
    if during:
        during(run)
    for thread in threads:
        thread.join(DEADLINE + 60)
        assert not thread.is_alive(), "a party hangs"
    return run


def vectors(clients, d, seed=0):
    """Of each client, by name, integers, so that they are exact."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(-999, 999, (clients, d)).astype(float)
    return dict(zip(names(clients)[1:], drawn, strict=True))


def agreement(clients, f=0, d=3, **more):
    return Agreement(names(clients), f=f, d=d, **more)
