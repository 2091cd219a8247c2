"""Shamir's secret sharing: a secret becomes N shares, and any t + 1 of them give it back.

The dealer draws a random polynomial of degree t whose value at 0 is the secret; player i's share
is its value at point i + 1. Any t shares are uniform and independent of the secret (Shamir, 1979).
Adding two sharings adds the secrets. Multiplying them share by share multiplies the secrets, but
the degree becomes 2t, so 2t + 1 shares are needed from then on.

Works over both fields, `mamba.field` and `mamba.gf256`: the `field` argument is one of these
modules.
"""


def points(count):
    """The points of the first `count` players."""
    return tuple(range(1, count + 1))


def complete(field, secret, first_shares, players):
    """The shares that follow from a secret and the shares of the first t players.

    A polynomial of degree t is fixed by t + 1 values: the secret at 0 and any t shares. Drawing
    these t shares at random is the same as drawing its t coefficients; here they can also come
    from a key that the dealer has in common with a player, who then need not be sent them.

    Parameters
    ----------
    field : module
        `mamba.field` or `mamba.gf256`.
    secret : field array of k elements
    first_shares : list of t field arrays of k elements
        Uniform, for players 0 to t - 1.
    players : int
        Number of shares N, at least t + 1.

    Returns
    -------
    list of N - t field arrays, for players t to N - 1
    """
    known = len(first_shares)
    weights = [field.lagrange((0, *points(known)), x) for x in points(players)[known:]]
    return field.combine_rows(weights, [secret, *first_shares])


def share(field, secret, threshold, players, randomness):
    """Split secrets into N shares, of which any t say nothing: a list of N field arrays."""
    first = [field.random(randomness, field.length(secret)) for _ in range(threshold)]
    return first + complete(field, secret, first, players)


def reconstruct(field, shares, degree, at=None):
    """Secrets from the first degree + 1 of these shares, a list of field arrays. They are those of
    the first players, or stand at the points `at`."""
    used = degree + 1
    (secrets,) = field.combine_rows([field.lagrange((at or points(used))[:used])], shares[:used])
    return secrets


def consistent(field, shares, degree, at=None):
    """Whether all shares, of the first players or at the points `at`, lie on polynomials of the
    given degree.

    Each run of degree + 2 neighbouring shares has a vanishing divided difference exactly when they
    do.
    """
    at, window = at or points(len(shares)), degree + 2
    rows = []
    for first in range(len(shares) - window + 1):
        weights = field.differences(at[first : first + window])
        rows.append([0] * first + weights + [0] * (len(shares) - window - first))
    return not rows or not any(row.any() for row in field.combine_rows(rows, shares))
