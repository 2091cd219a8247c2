"""One player that deviates at one place of a run, wherever that is, and what became of the run.

The place is counted: the k-th message that it sends, the k-th vectors that it deals, the k-th
products that it brings back, the k-th opening that it takes part in. All else is as agreed. So a
test can go through all places, and need not know what is sent there.
"""

import random
import re
from dataclasses import dataclass
from dataclasses import field as member

import numpy as np
from mamba_players import WatchedProtocols, outcomes, player_of

from mamba import field
from mamba.network import NetworkError
from mamba.protocol_error import ProtocolError

KINDS = ("to all", "to one", "resizes", "deals", "multiplies", "opens", "leaves")


class Left(NetworkError):
    """The deviating player has ended by itself."""


@dataclass
class Deviation:
    """What the player does: the `kind`, at which place, and how.

    Attributes
    ----------
    seen : dict of str to int
        How many places of each kind there were, when the run is over.
    """

    kind: str = "none"
    place: int = 0
    seed: int = 0
    seen: dict = member(default_factory=dict)

    def now(self, kind):
        """Whether this is the place; counts it."""
        self.seen[kind] = self.seen.get(kind, -1) + 1
        return self.kind == kind and self.seen[kind] == self.place

    def changed(self, array):
        """A field array with one element changed: by 1, or into a random one."""
        chance = random.Random(f"{self.kind} {self.place} {self.seed}")
        array = np.array(array)
        if array.shape[-1]:
            k = chance.randrange(array.shape[-1])
            if array.ndim == 1:
                array[k] ^= chance.choice([1, 2, chance.randrange(1, 256)])
            else:
                by = chance.choice([1, -1, 2**60, chance.randrange(field.P)])
                array[:, [k]] = field.add(array[:, [k]], field.from_ints([by]))
        return array

    def garbled(self, payload):
        chance = random.Random(f"{self.kind} {self.place} {self.seed}")
        data = bytearray(payload)
        if data:
            data[chance.randrange(len(data))] ^= chance.choice([1, chance.randrange(1, 256)])
        return bytes(data)


def protocols_of(deviation):
    """The class of protocols of a player that deviates so."""

    class Deviates(WatchedProtocols):
        def __init__(self, network, *arguments, **options):
            send = network.exchange

            def exchange(outgoing, expected, continued=False, inner=False):
                if outgoing and deviation.now("to all"):
                    outgoing = {p: deviation.garbled(data) for p, data in outgoing.items()}
                if outgoing and deviation.now("to one"):
                    one = sorted(outgoing)[deviation.seed % len(outgoing)]
                    outgoing = {**outgoing, one: deviation.garbled(outgoing[one])}
                if outgoing and deviation.now("resizes"):
                    one = sorted(outgoing)[deviation.seed % len(outgoing)]
                    data = bytes(outgoing[one])
                    outgoing = {**outgoing, one: data + b"0" if deviation.seed % 2 else data[:-1]}
                if outgoing and deviation.now("leaves"):
                    raise Left("left")
                return send(outgoing, expected, continued, inner)

            network.exchange = exchange
            super().__init__(network, *arguments, **options)

        def deal_and_keep(self, shapes, secrets=(), continued=False):
            if secrets and deviation.now("deals"):
                k = deviation.seed % len(secrets)
                secrets = [deviation.changed(s) if i == k else s for i, s in enumerate(secrets)]
            return super().deal_and_keep(shapes, secrets, continued)

        def reduce(self, parts):
            if parts and deviation.now("multiplies"):
                k = deviation.seed % len(parts)
                parts = [
                    (module, deviation.changed(array) if i == k else array)
                    for i, (module, array) in enumerate(parts)
                ]
            return super().reduce(parts)

        def show_parts(self, parts, alike=b""):
            if deviation.now("opens"):
                k = deviation.seed % len(parts)
                parts = [
                    (module, deviation.changed(array) if i == k else array)
                    for i, (module, array) in enumerate(parts)
                ]
            return super().show_parts(parts, alike)

    return Deviates


def accused(error):
    """Sets of players of each of which, an error says, one departed from the protocol."""
    found = re.search(r"; ([^;]*) departed from the protocol", str(error))
    if not isinstance(error, ProtocolError) or found is None:
        return []
    vague = re.compile(r"a player|one that dealt|a holder of shares")
    told = [one for one in re.split(r",? and (?=player)", found[1]) if not vague.search(one)]
    return [{*map(int, re.findall(r"player (\d+)", one))} for one in told]


def blamed(error):
    """Players that it names as those that have departed: each alone."""
    return {player for some in accused(error) if len(some) == 1 for player in some}


def run(source, words, liar, deviation, **choice):
    """What the players but the liar have at the end, and the errors that they ended with."""
    liars = {liar: (protocols_of(deviation), None, None)}
    results, errors = outcomes(len(words), player_of(source, words, liars, **choice))
    honest = [player for player in range(len(words)) if player != liar]
    return (
        {player: results[player] for player in honest if player not in errors},
        {player: errors[player] for player in honest if player in errors},
    )
