"""Who holds shares, when not all players do: drawn by all of them, so that nobody chooses it.

With a threshold t below the largest, 2t + 1 players compute and the others only deal. The security
is that of the 2t + 1: secrets are out when more than t *of these* pool what they see. So nobody
may choose them. Every player commits itself to a coin, then all coins are revealed (Blum, 1983),
and what follows from all of them together draws the holders among the clients. The server is none:
it is sent what is opened, and the fewer shares it has besides, the better.

All of it goes through the server, for players that are no holders will never be connected. It can
refuse to go on, and so can anybody, but not choose: when it learns the first coin, its own
commitment is in what all have seen. If it tells two players two different stories, they find out
when they agree on keys, of which the `transcript` is a part.

A player that dislikes the holders could leave, and hope for others in the next start. So whoever
starts the players must not start them again by itself once the draw has begun.
"""

import hashlib
import os

from mamba.randomness import Randomness
from mamba.run_error import RunError

SERVER = 0
_BYTES = 32  # of a coin, and of a digest


class DrawError(Exception):
    """What the others say of their coins cannot be right."""


def fixed(players, threshold):
    """The 2t + 1 holders where the threshold leaves no choice: the clients, and the server too
    where it takes all players. None where they have to be drawn."""
    count = 2 * threshold + 1
    return tuple(range(players))[-count:] if count >= players - 1 else None


def meeting(players, threshold=None, named=None):
    """Who is going to be connected with whom, in a few words that have to be the same for all:
    players that do not agree on it would wait for each other in vain."""
    if named is not None:
        names = ",".join(map(str, sorted(named)))
        return f"holders {hashlib.sha256(names.encode()).hexdigest()[:16]}"
    largest = (players - 1) // 2
    drawn = fixed(players, largest if threshold is None else threshold) is None
    return "holders are drawn" if drawn else "all hold"


def check_threshold(players, threshold):
    """The threshold, by default the largest; RunError when it cannot be kept."""
    largest = (players - 1) // 2
    threshold = largest if threshold is None else threshold
    if not 1 <= threshold <= largest:
        raise RunError(
            f"threshold {threshold}: among {players} players it is 1 to {largest}, for 2t + 1 of "
            "them hold shares"
        )
    return threshold


def check_named(players, threshold, named):
    """Holders that somebody has named, in order; RunError when they cannot be these."""
    count = 2 * threshold + 1
    if len(set(named)) != len(named) or len(named) != count:
        raise RunError(f"{len(set(named))} holders are named; threshold {threshold} takes {count}")
    if not all(0 <= player < players for player in named):
        raise RunError(f"there is no such holder: there are players 0 to {players - 1}")
    return tuple(sorted(named))


def draw(network, threshold, digest, compare):
    """Draw the 2t + 1 holders among the clients; four rounds, in which all talk to the server.

    Parameters
    ----------
    network : mamba.network.Network
        With a connection to the server; the server's, to everybody.
    threshold : int
    digest : bytes
        Of what this player is about to run.
    compare : callable
        ``compare(digests)``, by player, raises an error unless all are the same. Called when all
        are bound to their coins, and before this player reveals its own.

    Returns
    -------
    holders : tuple of int
    transcript : bytes
        The same for two players only if they have seen the same commitments and coins.

    Raises
    ------
    DrawError
        A player has revealed another coin than the one it was bound to.
    """
    me, players = network.me, network.players
    coin = os.urandom(_BYTES)
    said = _through_the_server(network, digest + _commitment(me, coin))
    if said[me] != digest + _commitment(me, coin):
        raise DrawError(f"player {SERVER} passes on another commitment than this player's")
    compare({player: entry[:_BYTES] for player, entry in enumerate(said)})
    coins = _through_the_server(network, coin)
    for player, (entry, revealed) in enumerate(zip(said, coins, strict=True)):
        if entry[_BYTES:] != _commitment(player, revealed):
            raise DrawError(f"player {player} reveals another coin than it was bound to")
    transcript = hashlib.sha256(b"".join([*said, *coins])).digest()
    return sample(hashlib.sha256(b"".join(coins)).digest(), players, 2 * threshold + 1), transcript


def sample(seed, players, count):
    """That many clients of players 0 ... players - 1, every choice with the same chance."""
    stream = Randomness(seed, "holders")
    lots = {client: stream.bytes(_BYTES) for client in range(SERVER + 1, players)}
    return tuple(sorted(sorted(lots, key=lots.__getitem__)[:count]))


def _commitment(player, coin):
    return hashlib.sha256(b"coin of player %d:" % player + coin).digest()


def _through_the_server(network, mine):
    """What every player says, of equal length, in their order."""
    size, clients = len(mine), [p for p in range(network.players) if p != SERVER]
    if network.me == SERVER:
        received = network.exchange({}, dict.fromkeys(clients, size))
        whole = mine + b"".join(bytes(received[client]) for client in clients)
        network.exchange(dict.fromkeys(clients, whole), {})
    else:
        network.exchange({SERVER: mine}, {})
        whole = bytes(network.exchange({}, {SERVER: size * network.players})[SERVER])
    return [whole[start : start + size] for start in range(0, len(whole), size)]
