"""Products of shared numbers: formed share by share, brought back to degree t, and noted.

Shares of two numbers, by degree t, multiply to shares of the product by degree 2t; to go on with it
takes a round in which the holders share it anew, by degree t (`mamba.protocols.Protocols.reduce`).
Where players may deviate, each product is noted as a claim then, with its factors, to be verified
before anything is opened that could tell something because of a false one (`mamba.claims`).
"""

import numpy as np

from mamba import field as prime
from mamba import gf256
from mamba.claims import SmallPairs

_BLOCK = 1 << 14  # pairs that are multiplied at once, so that what is made fits a cache


def multiply(protocols, factors):
    """Products, element by element, all in one round.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    factors : list of (field, a, b)
        The field is the module `mamba.field` or `mamba.gf256`; a and b are shares of degree t, in
        arrays of equal shape.

    Returns
    -------
    list of arrays of that shape
    """
    products = [field.mul(a, b) for field, a, b in factors]
    parts = [
        (field, array if field is prime else array.ravel())
        for (field, _, _), array in zip(factors, products, strict=True)
    ]
    reduced = protocols.reduce(parts)
    if protocols.active and protocols.is_holder:
        for (field, a, b), z in zip(factors, reduced, strict=True):
            x, y = (a, b) if field is prime else (np.array(a).ravel(), np.array(b).ravel())
            protocols.claims.add(field, x, y, z)
        # Circuits go on in the arrays of the small field, claims must stay what they are.
        reduced = [
            z if field is prime else np.array(z)
            for (field, _, _), z in zip(factors, reduced, strict=True)
        ]
    return [z.reshape(array.shape) for z, array in zip(reduced, products, strict=True)]


def multiply_pairs(protocols, tables):
    """Inner products of columns of tables of bytes, all in one round.

    A sum of products is brought back to degree t as one, however many there are.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    tables : list of (a, b, left, right)
        Shares of degree t, of shape (terms, rows, width), and which columns are multiplied.

    Returns
    -------
    list of arrays of shape (rows, pairs)
        Sums of a[v, :, left] * b[v, :, right] over v.
    """
    sums = [_inner_products(*table) for table in tables]
    reduced = protocols.reduce([(gf256, array.ravel()) for array in sums])
    if protocols.active and protocols.is_holder:
        for (a, b, left, right), z in zip(tables, reduced, strict=True):
            pairs = SmallPairs(np.array(a), np.array(b), left, right, z)
            protocols.claims.bytes += [pairs] if len(left) else []
        reduced = [np.array(z) for z in reduced]  # circuits go on in these arrays
    return [z.reshape(array.shape) for z, array in zip(reduced, sums, strict=True)]


def _inner_products(a, b, left, right):
    total = np.zeros((a.shape[1], len(left)), np.uint8)
    for start in range(0, len(left), _BLOCK):
        block = slice(start, start + _BLOCK)
        for x, y in zip(a, b, strict=True):
            total[:, block] ^= gf256.mul(x[:, left[block]], y[:, right[block]])
    return total
