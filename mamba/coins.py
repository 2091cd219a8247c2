"""Coins: random numbers that nobody knows before all have what was dealt.

A coin tests what players have dealt, so nobody may know it while they could still deal something
else to suit it, and nobody may choose it. It is dealt with other random numbers, before anybody
knows what it is for, and then becomes known in one of two ways. Opened as any number is, after
`confirm`, it takes two rounds; announced, it takes one.
"""

import numpy as np

from mamba import field as prime

_POOL = 48  # coins that are dealt at once


def confirm(protocols):
    """Holders wait until all have what they are sent; one round of empty messages.

    The first t holders draw their shares and wait for nothing. Did they open a coin at once, a
    dealer that sends late would know it, from their shares and its own, before it has dealt
    what the coin is to test. So no holder goes on before every other one says that it has all:
    then the shares of the honest ones, t + 1 at least, fix what was dealt. Players that hold
    no shares need not wait: without the holders' shares there is no coin to know.
    """
    if not protocols.is_holder:
        return
    others = protocols.all_but_me(protocols.holders)
    protocols.exchange(dict.fromkeys(others, b""), dict.fromkeys(others, 0), inner=True)


def announce(protocols, part, shares):
    """A coin in one round, to be used by dealers only until it is compared in the next one.

    The coin is the sum of what the last t + 1 holders have dealt. Here each of them tells its
    own part, as soon as it is sent all other shares: so nobody knows the coin before the last
    honest one of them has all, which fixes what was dealt, as in `confirm`. But who tells its
    part last could choose it, or tell players different ones. So their next messages carry
    shares of the coin as it was dealt, which nobody can choose any more: a player that finds
    another number in them than it was told ends the run (`mamba.agreement`). Until then honest
    players have only dealt something because of this coin, and so have given nothing away,
    whatever it was.

    Where players may deviate, these messages carry shares of what each of the t + 1 has dealt: that
    tells who it was that told another number than it dealt.

    A player that was told the truth does not see this at once. It must not open what another
    one has dealt because of a false coin: its share and those of t liars would do. So before it
    opens anything it hears once more from all holders, who all have compared by then. In the
    check of krum.mpc this is when they `confirm`; where it has not happened, a round is added.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    part : field array, or None
        What this player has dealt, when it is one of the last t + 1 holders.
    shares : list of field arrays
        This player's shares of what each of these has dealt.

    Returns
    -------
    field array
    """
    if not protocols.is_holder:
        return protocols.note_opened(prime, protocols.hear(prime, prime.length(shares[0])))
    return protocols.tell(prime, _announce_among_holders(protocols, part, shares))


def _announce_among_holders(protocols, part, shares):
    others, dealers = protocols.all_but_me(protocols.holders), protocols.sent
    count = prime.length(shares[0])
    received = protocols.exchange(
        dict.fromkeys(others, prime.to_bytes(part)) if protocols.me in dealers else {},
        dict.fromkeys(protocols.all_but_me(dealers), prime.BYTES * count),
        inner=True,
    )
    told = {
        player: protocols.decode(prime, data, count, player) for player, data in received.items()
    }
    parts = [told.get(dealer, part) for dealer in dealers]
    coin = _sum(parts)
    if protocols.active:
        said = np.concatenate(shares, axis=1), np.concatenate(parts, axis=1)
        protocols.agreement.coin = *said, np.repeat(dealers, count)
    else:
        protocols.agreement.coin = _sum(shares), coin, None
    return protocols.note_opened(prime, coin)


def _sum(parts):
    return prime.combine([1] * len(parts), parts)


def announce_coin(protocols):
    """A coin for holders that verify, from a pool of coins that were dealt ahead, announced.

    Returns
    -------
    int, below p
    """
    return prime.to_ints(_announce_among_holders(protocols, *take(protocols)))[0]


def open_coin(protocols):
    """The same, opened in two rounds; values may be opened because of it.

    Returns
    -------
    int, below p
    """
    share = take_to_open(protocols)
    protocols.confirm()
    return prime.to_ints(protocols.open_among_holders(prime, share))[0]


def take(protocols):
    """Of the next coin of the pool, what this player has dealt (or None) and its shares of what the
    last t + 1 holders have. Coins are dealt before anybody knows what each of them is for, with the
    messages of the round before."""
    if not protocols.coin_pool:
        dealers, own = protocols.sent, prime.random(protocols.randomness, _POOL)
        is_dealer = protocols.me in dealers
        dealt = protocols.deal(
            dict.fromkeys(dealers, [(prime, _POOL)]), [own] if is_dealer else [], continued=True
        )
        shares = [dealt[dealer][0] for dealer in dealers]
        protocols.coin_pool = [
            (own[:, [k]] if is_dealer else None, [share[:, [k]] for share in shares])
            for k in reversed(range(_POOL))
        ]
    return protocols.coin_pool.pop()


def take_to_open(protocols):
    """This player's share of the next coin of the pool."""
    return _sum(take(protocols)[1])
