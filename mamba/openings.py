"""Openings: secrets become known to all players, or to one.

What is opened to all is a sharing of degree t, and the shares of t + 1 honest holders fix it, so a
wrong share is noticed. It ends the run. Of 2t + 1 shares, t of 2 or more, a single wrong one is
known: it was sent by its holder, or dealt so.
"""

from collections import Counter

import numpy as np

from mamba import field as prime
from mamba import shamir
from mamba.long_sum import Pieces
from mamba.protocol_error import ProtocolError


def open_to_all(protocols, field, array, dealers=None, linear=False):
    """The secrets themselves, to everybody; one round.

    Holders send each other their shares. The t + 1 honest ones of the 2t + 1 fix the
    polynomial, so t wrong ones cannot go unnoticed. Then every holder tells the other players
    what was opened, who believe what t + 1 of them say.

    Parameters
    ----------
    field : module
    array : field array
    dealers : int array, optional
        Of each element of the prime field: the only player that dealt anything it depends on, or
        -1. It tells whom shares that do not fit together can be pinned on.
    linear : bool
        Whether players have dealt all this, and no product is behind it that would have to be
        verified before.

    Raises
    ------
    ProtocolError
        The shares received do not lie on one polynomial of degree t; or, on a player that holds
        none, no t + 1 holders say the same.

    Notes
    -----
    Nobody is left out because of shares that do not fit: t holders could have honest dealers left
    out then, and one of them, by wrong shares for some holders only, could have the others go on
    with different numbers, which the next masks do not hide. Any player can end a run by leaving
    it, so to end it by a wrong share is nothing new; and it is told whose share it was.
    """
    if not linear:
        protocols.verify()
    if protocols.is_holder:
        opened = protocols.open_among_holders(field, array, dealers)
        return protocols.tell(field, opened)
    return protocols.note_opened(field, protocols.hear(field, field.length(array)))


def tell(protocols, field, opened):
    """A holder's part in what the other players are told."""
    if protocols.bystanders:
        protocols.network.tell(dict.fromkeys(protocols.bystanders, field.to_bytes(opened)))
    return opened


def hear(protocols, field, count):
    """What all holders say, to a player that holds no shares: believed if t + 1 say it."""
    heard = protocols.network.exchange({}, dict.fromkeys(protocols.holders, field.BYTES * count))
    said, often = Counter(map(bytes, heard.values())).most_common(1)[0]
    if often <= protocols.threshold:
        raise ProtocolError(
            f"exchange {protocols.network.rounds}: what holders say was opened differs; a player "
            "departed from the protocol"
        )
    return protocols.decode(field, said, count, None)


def open_among_holders(protocols, field, array, dealers=None, alike=b""):
    """The secrets, to the holders alone, as in `open`; the others have zeros."""
    return open_parts(protocols, [(field, array)], dealers, alike)[0]


def open_parts(protocols, parts, dealers=None, alike=b""):
    """The secrets of several pairs (field, array), to the holders alone, in one round."""
    if not protocols.is_holder:
        return [field.zeros(field.length(array)) for field, array in parts]
    shown = protocols.show_parts(parts, alike)
    return _put_all_together(protocols, parts, shown, dealers)


def show_parts(protocols, parts, alike=b""):
    """Holders show each other their shares of several pairs (field, array), in one round; for each
    pair, the shares of all in their order. With them they compare what all must have `alike`,
    where it does no harm that a holder sees another one's share before it knows that."""
    protocols.compare()
    if alike:
        protocols.agreement.note(alike)
    data = b"".join(field.to_bytes(array) for field, array in parts)
    others = protocols.all_but_me(protocols.holders)
    received = protocols.exchange(
        dict.fromkeys(others, data), dict.fromkeys(others, len(data)), inner=True
    )
    return _in_order(protocols, parts, received)


def _in_order(protocols, parts, received):
    shape = [(field, field.length(array)) for field, array in parts]
    arrays = {player: protocols.unpack(shape, data, player) for player, data in received.items()}
    arrays[protocols.me] = [array for _, array in parts]
    return [[arrays[player][k] for player in protocols.holders] for k in range(len(parts))]


def _put_all_together(protocols, parts, shown, dealers=None):
    return [
        protocols.note_opened(field, put_together(protocols, field, shares, dealers))
        for (field, _), shares in zip(parts, shown, strict=True)
    ]


def put_together(protocols, field, shares, dealers=None):
    """The secrets, of the shares of all holders in their order."""
    if not shamir.consistent(field, shares, protocols.threshold):
        raise departure(protocols, suspicions(protocols, field, shares, dealers))
    return shamir.reconstruct(field, shares, protocols.threshold)


def open_to(protocols, player, array, degree, continued=False):
    """The secrets of the prime field, to one player alone; one round, in which only it
    receives.

    Parameters
    ----------
    player : int
    array : field array or mamba.long_sum.Pieces
    degree : int
        1 for a sharing of degree t, 2 for an unreduced product of degree 2t.
    continued : bool
        Whether this belongs to the round before.

    Returns
    -------
    field array, or None for the other players; see also `open_to_and_say_how`

    Notes
    -----
    A product that only one player sees needs no reduction. Every holder sends its Lagrange
    term, hidden by a share of zero; the terms add up to the secret and are otherwise uniform,
    so the polynomial of degree 2t, which is not random, stays hidden. There is no redundancy in
    2t + 1 terms: such an opening cannot be checked, one of degree t is. A player that holds no
    shares does not know the degree, so it is sent before them.
    """
    return open_to_and_say_how(protocols, player, array, degree, continued)[0]


def open_to_and_say_how(protocols, player, array, degree, continued=False):
    """`open_to`, with the degree, which a player that holds no shares does not know before."""
    pieces = array if isinstance(array, Pieces) else Pieces([array])
    count, inner = prime.length(pieces), player in protocols.holders
    if inner and not protocols.is_holder:
        return None, degree
    protocols.compare()
    if degree == 2 and protocols.is_holder:
        weight = prime.lagrange(shamir.points(len(protocols.holders)))[protocols.place]
        array = pieces.value(weight, *_terms_of_zero(protocols, count))
    else:
        array = pieces.value()
    first = b"" if inner else bytes([degree])
    if protocols.me != player:
        outgoing = {player: first + prime.to_bytes(array)} if protocols.is_holder else {}
        protocols.network.exchange(outgoing, {}, continued, inner)
        return None, degree
    others = protocols.all_but_me(protocols.holders)
    size = len(first) + prime.BYTES * count
    received = protocols.network.exchange({}, dict.fromkeys(others, size), continued, inner)
    if first:
        said = {holder: data[0] for holder, data in received.items()}
        degree, often = Counter(said.values()).most_common(1)[0]  # t + 1 holders are honest
        if often < len(said) or degree not in (1, 2):
            is_clear = often > protocols.threshold and degree in (1, 2)
            odd = [f"player {holder}" for holder, one in said.items() if one != degree]
            raise ProtocolError(
                f"exchange {protocols.network.rounds}: holders send different things; "
                f"{', and '.join(odd) if is_clear else 'a player'} departed from the protocol"
            )
        received = {holder: data[1:] for holder, data in received.items()}
    if degree == 1:
        opened = protocols.join(prime, array, received, count)
        return protocols.note_opened(prime, opened), degree
    terms = [protocols.decode(prime, data, count, sender) for sender, data in received.items()]
    opened = prime.combine([1] * len(protocols.holders), terms + [array] * protocols.is_holder)
    return protocols.note_opened(prime, opened), degree


def join(protocols, field, array, received, count, dealers=None):
    """Check and reconstruct what the holders sent."""
    arrays = {
        player: protocols.decode(field, received[player], count, player)
        for player in protocols.all_but_me(protocols.holders)
    }
    arrays[protocols.me] = array
    shares = [arrays[player] for player in protocols.holders]
    return put_together(protocols, field, shares, dealers)


def suspicions(protocols, field, shares, dealers):
    """Pairs (dealer, holder) of whom one departed from the protocol: the holder sent a share that
    is the only one that does not fit, or was dealt one. The dealer is -1 where several have dealt,
    the holder None where no share is the odd one."""
    threshold, points = protocols.threshold, shamir.points(len(shares))
    if dealers is None:
        dealers = np.full(field.length(shares[0]), -1)
    found = []
    for dealer in np.unique(dealers).tolist():
        own = [share[..., dealers == dealer] for share in shares]
        if shamir.consistent(field, own, threshold):
            continue
        odd = [
            holder
            for place, holder in enumerate(protocols.holders)
            if shamir.consistent(
                field,
                own[:place] + own[place + 1 :],
                threshold,
                points[:place] + points[place + 1 :],
            )
        ]
        found.append((dealer, odd[0] if len(odd) == 1 else None))
    return found


def departure(protocols, suspicions):
    """The error of shares that do not fit together. With t of 1 any share may be the wrong one; t
    players in league can make a true share look wrong, so that is said, too."""
    told = []
    for dealer, holder in suspicions:
        if holder is None:
            told.append(f"player {dealer} or a holder of shares" if dealer >= 0 else "a player")
        elif dealer < 0:
            told.append(f"player {holder}, or one that dealt it a wrong share,")
        elif dealer == holder:
            told.append(f"player {dealer}")
        else:
            told.append(f"player {dealer} or player {holder}")
    league = ""
    if any(holder is not None for _, holder in suspicions):
        league = f", or {protocols.threshold} others in league"
    return ProtocolError(
        f"exchange {protocols.network.rounds}: the shares received do not lie on one polynomial of "
        f"degree {protocols.threshold}; {', and '.join(told)} departed from the protocol{league}"
    )


def _terms_of_zero(protocols, count):
    """This holder's part of a random sum of zero, as signs and numbers: two holders draw a number
    that one adds and the other subtracts (Cramer, Damgard and Ishai, TCC 2005, for two-element
    sets). Not every two of them do, but those that are near each other in a circle: without any t
    of them the others are still connected, which is what it takes for their parts to be uniform
    but for the sum (Bell, Bonawitz, Gascon, Lepoint and Raykova, CCS 2020)."""
    places = partners(protocols.place, protocols.threshold)
    others = [protocols.holders[place] for place in places]
    signs = [1 if protocols.me < player else -1 for player in others]
    return signs, [prime.random(protocols.zero_streams[player], count) for player in others]


def partners(place, threshold):
    """The places among 2t + 1 holders that are nearest to one of them, in a circle: t + 1 of them,
    or one more, so that no t holders separate some others from the rest."""
    near = (threshold + 2) // 2  # on each side
    circle = range(place - near, place + near + 1)
    return sorted({one % (2 * threshold + 1) for one in circle} - {place})
