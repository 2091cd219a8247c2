"""Keys that a holder has in common with every other player, for random numbers they both draw.

Before them players compare what they are about to run.
"""

import hashlib

from mamba.protocol_error import ProtocolError
from mamba.randomness import Randomness

_KEY_BYTES = _DIGEST_BYTES = 32


def agree(network, peers, about, randomness, own=b""):
    """Agree on a key with every peer, in one round.

    Parameters
    ----------
    network : mamba.network.Network
    peers : list of int
        The players that this one is connected to.
    about : bytes
        What this player is about to run; a digest of it is sent before the key.
    randomness : mamba.randomness.Randomness
    own : bytes
        What else all are told, as long for all players.

    Returns
    -------
    streams : three dicts of int to Randomness
        For each peer, streams that both draw the same from: for what this player deals to it, the
        other way round, and for terms of shares of zero.
    said : dict of int to bytes
        What else the peers have told, and this player.

    Raises
    ------
    ProtocolError
        The players are about to run different things.
    """
    digest, me = hashlib.sha256(about).digest(), network.me
    keys = {player: randomness.bytes(_KEY_BYTES) for player in peers}
    received = network.exchange(
        {p: digest + own + (key if p > me else b"") for p, key in keys.items()},
        {p: _DIGEST_BYTES + len(own) + (_KEY_BYTES if p < me else 0) for p in peers},
    )
    digests = {player: bytes(data[:_DIGEST_BYTES]) for player, data in received.items()}
    compare_programs(me, {**digests, me: digest})
    end = _DIGEST_BYTES + len(own)
    keys |= {p: bytes(data[end:]) for p, data in received.items() if p < me}
    streams = (
        {player: Randomness(key, f"{me} deals") for player, key in keys.items()},
        {player: Randomness(key, f"{player} deals") for player, key in keys.items()},
        {player: Randomness(key, "zero") for player, key in keys.items()},
    )
    said = {player: bytes(data[_DIGEST_BYTES:end]) for player, data in received.items()}
    return streams, {**said, me: own}


def compare_programs(me, digests):
    """ProtocolError unless all digests are the same, naming the players that the most differ from.

    Parameters
    ----------
    me : int
    digests : dict of int to bytes
        Of what each player is about to run, this one's too.
    """
    players: dict[bytes, list[int]] = {}
    for player, digest in sorted(digests.items()):
        players.setdefault(digest, []).append(player)
    if len(players) == 1:
        return
    groups, odd = sorted(players.values(), key=len), []
    if 2 * len(groups[-1]) <= len(digests):
        who = "the players have different programs or thresholds: " + " / ".join(
            map(_names, groups)
        )
    else:
        odd = sorted(player for group in groups[:-1] for player in group)
        verb = "has" if me in odd or len(odd) == 1 else "have"
        subject = "this player" if me in odd else _names(odd)
        who = f"{subject} {verb} another program or threshold than most players"
    raise ProtocolError(f"{who}; all players must run the same program", {*odd} - {me})


def _names(players):
    return ("player " if len(players) == 1 else "players ") + ", ".join(map(str, players))
