"""Division of a shared integer by a power of two, which fixed-point products need.

To divide x by 2^m, the players open x hidden by a random number 2^m a + b, where b has m bits that
they hold as shares, and read off what x is modulo 2^m, up to a borrow. Left out, the borrow makes
the quotient too large by one at times (Catrina and Saxena, Financial Cryptography 2010, section
3.3, who call it probabilistic truncation); worked out on shared bits, the quotient is exact
(Catrina and de Hoogh, SCN 2010, section 3.1). Either way x, of k bits, is opened once, hidden by
k + kappa bits that t players together do not know: a is a sum of t + 1 players' numbers, and each
bit of b is a coin that all of them tossed.

Semi-honest, like `mamba.protocols`.
"""

from mamba import circuits
from mamba import field as prime
from mamba.comparison import to_prime
from mamba.masks import Demand


def demand_for(count, bits, places, security, exact):
    """The masks for `divide`: as many numbers, and coins for the borrow and, bare ones, for the
    numbers' low bits.

    Raises
    ------
    ValueError
        When the field is too small for them.
    """
    return Demand(count, 0, bits - places + security, exact * count, places * count)


def check(bits, security, threshold):
    """ValueError when numbers of `bits` bits cannot be hidden in the field."""
    Demand(1, bits, security, 1).check(threshold)


def divide(protocols, x, bits, places, mask, exact):
    """Quotient and remainder of shared integers -2^(bits-1) <= x < 2^(bits-1) by 2^places.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    x : field array of `width` elements, shares of degree t
    bits : int
        Length of x with its sign, more than `places`.
    places : int
    mask : mamba.masks.Mask
        For `demand_for` all this, never used before.
    exact : bool
        Whether the quotient is rounded down; else it may be one more.

    Returns
    -------
    two field arrays of shares
    """
    width = prime.length(x)
    coins, small_coins = mask.coin[:, exact * width :], mask.small_coin[exact * width :]
    powers = [2**place for place in range(places)]
    low = prime.combine(powers, [coins[:, k * width : (k + 1) * width] for k in range(places)])
    offset = 2 ** (bits - 1)
    positive = prime.add(x, prime.from_ints([offset]))
    hidden = prime.combine([1, 1, 2**places], [positive, low, mask.number])
    c = prime.low_bits(protocols.open_masked(hidden), places)
    remainder = prime.sub(prime.from_bits(c), low)
    if exact:
        borrow = circuits.carry_out(protocols, small_coins.reshape(places, width), 1 ^ c)
        borrow = to_prime(protocols, borrow, mask)
        remainder = prime.combine([1, 2**places], [remainder, borrow])
    quotient = prime.scale(prime.sub(positive, remainder), pow(2**places, -1, prime.P))
    return prime.sub(quotient, prime.from_ints([offset >> places])), remainder
