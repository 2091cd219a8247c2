"""What holders believe of their shares until it is verified.

A product that is brought back to degree t is what the holders dealt, and a holder that departs from
the protocol can deal something else: it adds a number that it knows to the product (Genkin,
Ishai, Prabhakaran, Sahai and Tromer, STOC 2014). So a product is a *claim*, z = x y, and so is what
the dealer of a mask says of its bits. Claims are collected here while a program runs, and are
verified all together before anything is opened that could tell something because of a false one
(`mamba.verification`).

Beside them it is kept what each holder dealt for a product, so that it can be told whose claim was
false (`mamba.blame`).

This file is a list; it sends nothing. Arrays that are noted must not be changed afterwards.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mamba import field as prime


class Dealing(NamedTuple):
    """How some numbers were shared anew, by all holders at once.

    Attributes
    ----------
    sent : list of arrays
        The shares that this player dealt, for each holder.
    received : list of arrays
        Its share of what each holder dealt.
    """

    sent: list
    received: list


@dataclass(frozen=True)
class Products:
    """z = x y in the prime field: element by element or, where x and y are longer than z, inner
    products: z[k] is the sum of x[j] y[j] over all j that are k modulo the length of z or, with an
    `owner`, over all j of which it is k.

    `dealer` is the only player that can have made it false, where there is one.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    dealer: int | None = None
    owner: np.ndarray | None = None


@dataclass(frozen=True)
class Zeros:
    """These shared numbers of the prime field are 0."""

    z: np.ndarray
    dealer: int | None = None


@dataclass(frozen=True)
class Distances:
    """z[c] = |vectors[i] - vectors[j]|^2 for the couple c = (i, j)."""

    vectors: list
    couples: list
    z: np.ndarray


@dataclass(frozen=True)
class SmallProducts:
    """z = x y in the field of 256 elements, summed over the first axis where x has two: its shape
    is (terms, count), or (count,)."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray

    @property
    def terms(self):
        return 1 if self.x.ndim == 1 else len(self.x)

    @property
    def count(self):
        return len(self.z)


@dataclass(frozen=True)
class SmallPairs:
    """z = sum over v of x[v, :, left] y[v, :, right] in the field of 256 elements: inner products
    of columns of tables, x and y of shape (terms, rows, width); z has rows * pairs elements."""

    x: np.ndarray
    y: np.ndarray
    left: np.ndarray
    right: np.ndarray
    z: np.ndarray


@dataclass
class Claims:
    """Claims of both fields.

    Attributes
    ----------
    converted : bool
        Whether, since claims of the small field were verified last, a shared bit was brought from
        there to the prime field: then a false one can make a number of the prime field something
        that no mask hides.
    dealings : dict of int to (array, Dealing)
        How the numbers z of claims were shared; the key is the ``id`` of the array z, which is kept
        here so that no other one gets it.
    beside : list of callable
        Each waits for a verification that has begun (`mamba.verification.begin`).
    """

    products: list = field(default_factory=list)
    zeros: list = field(default_factory=list)
    distances: list = field(default_factory=list)
    bytes: list = field(default_factory=list)
    converted: bool = False
    beside: list = field(default_factory=list)
    dealings: dict = field(default_factory=dict)

    def note_dealing(self, z, dealing):
        """How these numbers, of which something is going to be claimed, were shared."""
        self.dealings[id(z)] = z, dealing

    def dealing(self, z):
        """The same of a claim's z; None where it is not known."""
        return self.dealings.get(id(z), (z, None))[1]

    def take_dealing(self, z):
        """The same of numbers that nothing is claimed of; it is not kept."""
        return self.dealings.pop(id(z), (z, None))[1]

    def add(self, module, x, y, z, dealer=None):
        """Note products of `mamba.field` or `mamba.gf256`."""
        if not module.length(z):
            return
        if module is prime:
            self.products.append(Products(x, y, z, dealer))
        else:
            self.bytes.append(SmallProducts(x, y, z))

    def take(self, masked=False):
        """What is to be verified before an opening, which is taken off the list.

        Parameters
        ----------
        masked : bool
            Whether a number of the prime field is opened that a mask hides: then it takes claims of
            the small field only if numbers have come from there.
        """
        everything = self.converted or not masked
        taken = Claims(self.products, self.zeros, self.distances, self.bytes if everything else [])
        self.products, self.zeros, self.distances = [], [], []
        if everything:
            self.bytes, self.converted = [], False
        for claim in [*taken.products, *taken.distances, *taken.bytes]:
            if id(claim.z) in self.dealings:
                taken.dealings[id(claim.z)] = self.dealings.pop(id(claim.z))
        return taken

    def __bool__(self):
        return bool(self.products or self.zeros or self.distances or self.bytes)
