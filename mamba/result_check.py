"""A long result that one player is told is checked by that player, at a price that does not grow.

A product that only one player sees is opened to it by degree 2t (`mamba.openings.open_to`), which
leaves no share to spare for a check: whoever adds something to its term adds it to the result. So
the player that has all the words y, and no holder before, draws a seed and sends it to all holders.
It stands for ROWS rows of random weights of 16 bits. What is behind y are sums of products that the
holders have shares of, and so are the weighted sums of y; these few numbers are brought back to
degree t, verified like all products (`mamba.verification`), and opened to the player by degree t,
which shows wrong shares. The player compares.

Soundness: the words y that differ from the result differ before the seed is known; the weighted
sums of the difference are then 0 with a probability of 2^-16 each, 2^-48 for all.

Nothing leaks: the player is told linear functions of what it is entitled to know, whichever seed it
has chosen. That all holders were told the same seed is compared before anything is opened because
of it (`mamba.agreement`). Nobody else is told anything.
"""

import os

import numpy as np

from mamba import field as prime
from mamba.claims import Products
from mamba.protocol_error import ProtocolError
from mamba.randomness import Randomness

ROWS = 3
_SEED_BYTES = 32


def check_result(protocols, player, opened, count, weighted):
    """After words were opened to a player by degree 2t; called by the holders and that player.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    player : int
    opened : field array
        Of that player: all its words.
    count : int
        How many there are.
    weighted : callable
        Of a holder: ``weighted(rows)`` gives, for each row of weights, two field arrays (x, y) of
        shares of degree t, of which the inner product is the sum of the words, each times its
        weight.

    Raises
    ------
    ProtocolError
        On that player: the words are not the result. On a holder: products are false.
    """
    inner, seed = player in protocols.holders, os.urandom(_SEED_BYTES)
    others = protocols.all_but_me(protocols.holders)
    if protocols.me == player:
        protocols.network.exchange(dict.fromkeys(others, seed), {}, True, inner)
    else:
        told = {player: _SEED_BYTES} if protocols.is_holder else {}
        seed = bytes(protocols.network.exchange({}, told, True, inner)[player])
    rows = _rows(seed, count)
    sums = prime.zeros(ROWS)
    if protocols.is_holder:
        protocols.agreement.note(seed)
        pairs = weighted(rows)
        product = [prime.inner_products(x, y, prime.length(x)) for x, y in pairs]
        (sums,) = protocols.reduce([(prime, np.concatenate(product, axis=1))])
        x, y = (np.concatenate(side, axis=1) for side in zip(*pairs, strict=True))
        owner = np.repeat(np.arange(ROWS), [prime.length(x) for x, _ in pairs])
        protocols.claims.products.append(Products(x, y, sums, owner=owner))
        protocols.verify()
    sums = protocols.open_to(player, sums, 1, continued=True)
    if protocols.me == player:
        if (prime.small_sums(rows, [opened])[0] != sums).any():
            raise ProtocolError(
                f"exchange {protocols.network.rounds}: what this player was sent is not the "
                "result; a player departed from the protocol"
            )


def _rows(seed, count):
    stream = Randomness(seed, "rows of a result")
    return np.frombuffer(stream.bytes(2 * ROWS * count), "<u2").reshape(ROWS, count)
