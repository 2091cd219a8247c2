"""The bits of shared integers, as shares.

A number hidden by a random mask is opened, and the mask subtracted again on shared bits of the
small field, as for a comparison (`mamba.comparison`); each bit comes back to the prime field with
a coin. This is the bit decomposition of Catrina and de Hoogh (SCN 2010), with edaBits as masks.
"""

import numpy as np

from mamba import circuits
from mamba.comparison import to_prime, unmask


def bits_of(protocols, x, bits, mask):
    """Two's complement bits of shared integers -2^(bits-1) <= x < 2^(bits-1).

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    x : field array of `width` elements, shares of degree t
    bits : int
    mask : mamba.masks.Mask
        For as many numbers and bits, and bits * width results, never used before.

    Returns
    -------
    field array of bits * width elements: the lowest bits of all numbers, then the second, ...
    """
    return to_prime(protocols, _small_bits(protocols, x, bits, mask).ravel(), mask)


def highest_bit_of(protocols, x, bits, mask):
    """As `bits_of`, for x >= 0, but only the highest bit that is 1 stays."""
    found = circuits.highest_one(protocols, _small_bits(protocols, x, bits, mask))
    return to_prime(protocols, found.ravel(), mask)


def _small_bits(protocols, x, bits, mask):
    s, t = unmask(protocols, x, bits, mask)
    numbers = s ^ t ^ circuits.carries(protocols, s, t)
    flip = np.zeros_like(numbers)
    flip[-1] = 1  # 2^(bits-1) was added
    return numbers ^ flip
