"""Openings: secrets become known to all players, or to one.

What is opened to all is a sharing of degree t, and the shares of t + 1 honest holders fix it, so a
wrong share is noticed; with one dealer alone behind it, its sender is known.
"""

from collections import Counter

import numpy as np

from mamba import field as prime
from mamba import shamir
from mamba.protocol_error import ProtocolError


def open_to_all(protocols, field, array, dealers=None):
    """The secrets themselves, to everybody; one round.

    Holders send each other their shares. The t + 1 honest ones of the 2t + 1 fix the
    polynomial, so t wrong ones cannot go unnoticed. Then every holder tells the other players
    what was opened, who believe what t + 1 of them say.

    Parameters
    ----------
    field : module
    array : field array
    dealers : int array, optional
        Of each element of the prime field: the only player that dealt anything it depends on,
        or -1. Where the shares do not fit together, that player's own share is left out. Where
        the others still do not, it has dealt shares of no polynomial, and all its elements open
        as 1: no ProtocolError, so that whoever wanted a 0 knows whom to leave out.

    Raises
    ------
    ProtocolError
        The shares received do not lie on one polynomial of degree t; or, on a player that holds
        none, no t + 1 holders say the same.

    Notes
    -----
    With `dealers`, no lie gets through at any t of 1 or more. Let at most t holders deviate. If
    all 2t + 1 shares fit together, the t + 1 honest ones among them fix the result. If not, and
    the dealer is a holder, the 2t others are looked at: where the dealer deviates, at most
    t - 1 of them do, so t + 1 honest ones are there and fix the result, be there any share to
    spare for a check (t of 2 or more) or none (t of 1: then these two are honest). A dealer
    that holds no share has none to leave out, and where 2t + 1 shares do not fit together its
    elements open as 1. What a holder that deviates can do is have honest dealers left out; by
    wrong shares for some holders only, in the eyes of these alone, and then what the holders
    make of it is no sharing of one number any more.
    """
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
            f"round {protocols.network.rounds}: what holders say was opened differs; a player "
            "departed from the protocol"
        )
    return protocols.decode(field, said, count, None)


def open_among_holders(protocols, field, array, dealers=None):
    """The secrets, to the holders alone, as in `open`; the others have zeros."""
    if not protocols.is_holder:
        return field.zeros(field.length(array))
    protocols.compare()
    data, others = field.to_bytes(array), protocols.all_but_me(protocols.holders)
    received = protocols.network.exchange(
        dict.fromkeys(others, data), dict.fromkeys(others, len(data)), inner=True
    )
    opened = protocols.join(field, array, received, field.length(array), dealers)
    return protocols.note_opened(field, opened)


def open_to(protocols, player, array, degree, continued=False):
    """The secrets of the prime field, to one player alone; one round, in which only it
    receives.

    Parameters
    ----------
    player : int
    array : field array
    degree : int
        1 for a sharing of degree t, 2 for an unreduced product of degree 2t.
    continued : bool
        Whether this belongs to the round before.

    Returns
    -------
    field array, or None for the other players

    Notes
    -----
    A product that only one player sees needs no reduction. Every holder sends its Lagrange
    term, hidden by a share of zero; the terms add up to the secret and are otherwise uniform,
    so the polynomial of degree 2t, which is not random, stays hidden. There is no redundancy in
    2t + 1 terms: such an opening cannot be checked, one of degree t is. A player that holds no
    shares does not know the degree, so it is sent before them.
    """
    count, inner = prime.length(array), player in protocols.holders
    if inner and not protocols.is_holder:
        return None
    protocols.compare()
    if degree == 2 and protocols.is_holder:
        weight = prime.lagrange(shamir.points(len(protocols.holders)))[protocols.place]
        signs, numbers = _terms_of_zero(protocols, count)
        array = prime.combine([weight, *signs], [array, *numbers])
    first = b"" if inner else bytes([degree])
    if protocols.me != player:
        outgoing = {player: first + prime.to_bytes(array)} if protocols.is_holder else {}
        protocols.network.exchange(outgoing, {}, continued, inner)
        return None
    others = protocols.all_but_me(protocols.holders)
    size = len(first) + prime.BYTES * count
    received = protocols.network.exchange({}, dict.fromkeys(others, size), continued, inner)
    if first:
        degrees = {data[0] for data in received.values()}
        if degrees not in ({1}, {2}):
            raise _departure(protocols)
        (degree,) = degrees
        received = {holder: data[1:] for holder, data in received.items()}
    if degree == 1:
        return protocols.note_opened(prime, protocols.join(prime, array, received, count))
    terms = [protocols.decode(prime, data, count, sender) for sender, data in received.items()]
    opened = prime.combine([1] * len(protocols.holders), terms + [array] * protocols.is_holder)
    return protocols.note_opened(prime, opened)


def join(protocols, field, array, received, count, dealers=None):
    """Check and reconstruct what the holders sent."""
    shares = [
        array
        if player == protocols.me
        else protocols.decode(field, received[player], count, player)
        for player in protocols.holders
    ]
    if shamir.consistent(field, shares, protocols.threshold):
        return shamir.reconstruct(field, shares, protocols.threshold)
    if dealers is None:
        raise _departure(protocols)
    return _join_without_dealers(protocols, field, shares, dealers)


def _join_without_dealers(protocols, field, shares, dealers):
    """Reconstruct, for each dealer, from the others' shares; see `open`."""
    result, caught = field.zeros(len(dealers)), []
    for dealer in np.unique(dealers).tolist():
        own = dealers == dealer
        kept = [k for k, holder in enumerate(protocols.holders) if holder != dealer]
        at, others = tuple(k + 1 for k in kept), [shares[k][:, own] for k in kept]
        if shamir.consistent(field, others, protocols.threshold, at):
            result[:, own] = shamir.reconstruct(field, others, protocols.threshold, at)
        else:
            caught.append(dealer)
            result[:, own] = field.from_ints([1])
    # Any number of the other players may deviate, but no more than t holders: else it is what
    # they sent in this opening that is wrong.
    if -1 in caught or len(set(caught) & set(protocols.holders)) > protocols.threshold:
        raise _departure(protocols)
    return result


def _departure(protocols):
    return ProtocolError(
        f"round {protocols.network.rounds}: the shares received do not lie on one polynomial of "
        f"degree {protocols.threshold}; a player departed from the protocol"
    )


def _terms_of_zero(protocols, count):
    """This holder's part of a random sum of zero, as signs and numbers: every two holders draw
    one number, one adds it and the other subtracts it (Cramer, Damgard and Ishai, TCC 2005,
    for two-element sets)."""
    others = protocols.all_but_me(protocols.holders)
    signs = [1 if protocols.me < player else -1 for player in others]
    return signs, [prime.random(protocols.zero_streams[player], count) for player in others]
