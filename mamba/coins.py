"""Coins: random numbers that nobody knows before all have what was dealt.

A coin tests what players have dealt, so nobody may know it while they could still deal something
else to suit it, and nobody may choose it. It is dealt with other random numbers, before anybody
knows what it is for, and then becomes known in one of two ways. Opened as any number is, after
`confirm`, it takes two rounds; announced, it takes one.
"""

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


def announce(protocols, part, share):
    """A coin in one round, to be used by dealers only until it is compared in the next one.

    The coin is the sum of what the last t + 1 holders have dealt. Here each of them tells its
    own part, as soon as it is sent all other shares: so nobody knows the coin before the last
    honest one of them has all, which fixes what was dealt, as in `confirm`. But who tells its
    part last could choose it, or tell players different ones. So their next messages carry
    shares of the coin as it was dealt, which nobody can choose any more: a player that finds
    another number in them than it was told ends the run (`mamba.agreement`). Until then honest
    players have only dealt something because of this coin, and so have given nothing away,
    whatever it was.

    A player that was told the truth does not see this at once. It must not open what another
    one has dealt because of a false coin: its share and those of t liars would do. So before it
    opens anything it hears once more from all holders, who all have compared by then. In the
    check of krum.mpc this is when they `confirm`; where it has not happened, a round is added.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    part : field array, or None
        What this player has dealt, when it is one of the last t + 1 holders.
    share : field array
        This player's share of the coin.

    Returns
    -------
    field array
    """
    if not protocols.is_holder:
        return protocols.note_opened(prime, protocols.hear(prime, prime.length(share)))
    return protocols.tell(prime, _announce_among_holders(protocols, part, share))


def _announce_among_holders(protocols, part, share):
    others, dealers = protocols.all_but_me(protocols.holders), protocols.sent
    received = protocols.exchange(
        dict.fromkeys(others, prime.to_bytes(part)) if protocols.me in dealers else {},
        dict.fromkeys(protocols.all_but_me(dealers), prime.BYTES * prime.length(share)),
        inner=True,
    )
    parts = [
        protocols.decode(prime, data, prime.length(share), player)
        for player, data in received.items()
    ]
    parts += [part] if protocols.me in dealers else []
    coin = prime.combine([1] * len(parts), parts)
    protocols.agreement.coin = share, coin
    return protocols.note_opened(prime, coin)


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
    _, share = take(protocols)
    protocols.confirm()
    return prime.to_ints(protocols.open_among_holders(prime, share))[0]


def take(protocols):
    """Of the next coin of the pool, what this player has dealt (or None) and its share. Coins are
    dealt before anybody knows what each of them is for, with the messages of the round before."""
    if not protocols.coin_pool:
        dealers, own = protocols.sent, prime.random(protocols.randomness, _POOL)
        is_dealer = protocols.me in dealers
        dealt = protocols.deal(
            dict.fromkeys(dealers, [(prime, _POOL)]), [own] if is_dealer else [], continued=True
        )
        shares = prime.combine([1] * len(dealers), [dealt[dealer][0] for dealer in dealers])
        protocols.coin_pool = [
            (own[:, [k]] if is_dealer else None, shares[:, [k]]) for k in reversed(range(_POOL))
        ]
    return protocols.coin_pool.pop()
