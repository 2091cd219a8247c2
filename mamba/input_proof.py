"""The client's side of krum.mpc's input check: what a client deals besides its words.

The players let a client's vector into the computation only when it has proved, on shares, that its
numbers are short: it deals their digits in base 4, and then shows that all of them are 0, 1, 2 or
3, by a polynomial identity at a point that nobody knew before (Corrigan-Gibbs and Boneh, NSDI 2017;
Boneh and others, CRYPTO 2019). krum.mpc says what is checked; here is what an honest client
answers.

All sizes come from the text of the program itself: its first part, up to the first ``Array``, is
plain Python, and is executed here. So the program and this file cannot differ in them.

Of short vectors' proofs nothing but NumPy is needed (`mamba.client`).
"""

import os
import re
from functools import lru_cache
from math import factorial
from types import SimpleNamespace

import numpy as np

from mamba import field
from mamba.field import P
from mamba.run_error import RunError

_FIRST_ARRAY = re.compile(r"^\w+ *= *Array\(", re.M)
_CHECKS = re.compile(r"^check *= *1\b", re.M)


def constants(text):
    """The numbers that a program's text sets before its first ``Array``."""
    names: dict = {}
    code = code_of_sizes(text)
    if code is None:
        raise RunError("this program checks inputs, but sets no sizes before its first Array")
    exec(code, names)
    return SimpleNamespace(**{k: v for k, v in names.items() if not k.startswith("__")})


@lru_cache(maxsize=1)  # done in a fork server, it is done for all players
def code_of_sizes(text):
    """The code that sets these numbers; None when the text has no ``Array``."""
    first = _FIRST_ARRAY.search(text)
    return first and compile(text[: first.start()], "krum.mpc", "exec")


def prover(text):
    """The `InputProver` of a program's text; None when the program checks no inputs."""
    checks = _CHECKS.search(text) and code_of_sizes(text)
    return InputProver(constants(text)) if checks else None


class _OperatingSystem:
    """Uniform bytes; few, so that they need not be drawn in bulk (`mamba.randomness`)."""

    bytes = staticmethod(os.urandom)


class InputProver:
    """What one client deals on channel 1, in the order in which krum.mpc asks for it.

    Parameters
    ----------
    sizes : namespace
        `constants` of the program.
    """

    def __init__(self, sizes):
        self.sizes, self._randomness = sizes, _OperatingSystem()
        self._words, self._told, self._projected = [], [], None
        self._ready, self._answers = field.zeros(0), self._rounds()

    def take_words(self, words):
        """The client's words, as they are read."""
        words = np.asarray(words, np.uint64)
        is_short = words.max(initial=0) < 2**32
        self._words.append(words.astype(np.uint32) if is_short else words)

    @property
    def has_words(self):
        """Whether this player has read words; the server has none."""
        return bool(self._words)

    def be_told(self, values):
        """A public coin."""
        self._told += values

    def limbs(self):
        """The words of this round as an array of limbs for `mamba.projections`."""
        words = self._take(keep=True)
        if words.dtype == np.uint32:
            return words[np.newaxis]
        return np.stack([words & np.uint64(2**32 - 1), words >> np.uint64(32)]).astype(np.uint32)

    def _take(self, keep=False):
        """The words of this round; unless they are kept, the next ones are those of the next."""
        if len(self._words) > 1:
            self._words = [np.concatenate(self._words)]
        words, d = self._words[0], self.sizes.d
        if not keep:
            self._words = [words[d:].copy()]
        return words[:d]

    def be_projected(self, sums):
        """The projections of `limbs`, when somebody has computed them anyway."""
        self._projected = sums

    def answer(self, count=None):
        """The next `count` numbers to be dealt, as a field array; without it, all until the next
        coin."""
        if count is None:
            return next(self._answers)
        while field.length(self._ready) < count:
            self._ready = np.concatenate([self._ready, next(self._answers)], axis=1)
        result, self._ready = self._ready[:, :count], self._ready[:, count:]
        return result

    def _rounds(self):
        while True:
            yield from self._round()

    def _round(self):
        sizes = self.sizes
        if sizes.short:
            numbers, parts = self.short_numbers(self._take().tolist()), []
        else:
            (seed,), self._told = self._told[:1], self._told[1:]
            if self._projected is None:
                from mamba import projections  # which need a stream cipher

                limbs = self.limbs()
                self._projected = projections.project(seed, [limbs], sizes.d, sizes.centre)[0]
            sums, self._projected = self._projected, None
            self._take()
            numbers, parts = self.long_numbers(sums)
        first, digits = field.random(self._randomness, sizes.digits), self.digits(numbers)
        yield np.concatenate([self._wide(first), digits, *map(self._wide, parts)], axis=1)
        (rho,), self._told = self._told[:1], self._told[1:]
        yield self._wide(self.quotient(first, digits, rho))

    def _wide(self, array):
        """Numbers of the field as they are input: where players read words of 64 bits, modulo 2^64,
        and then the rest of them."""
        if not self.sizes.portable:
            return array
        halves = np.zeros((4, 2 * field.length(array)), np.uint32)
        halves[:2] = np.concatenate([array[:2], array[2:]], axis=1)
        return halves

    # --- numbers and their digits ----------------------------------------------------------------

    def short_numbers(self, words):
        """The words themselves; where their length is odd, also how far they are from the
        largest."""
        sizes = self.sizes
        return words + ([2**sizes.bits - 1 - word for word in words] if sizes.bits % 2 else [])

    def long_numbers(self, sums):
        """Numbers to cut into digits, and what else is dealt to show the sum of the squares."""
        sizes = self.sizes
        signed = [field.signed_residue(value) for value in field.to_ints(sums)]
        rest = sizes.most - sum(value * value for value in signed)
        base = 4**sizes.digits
        numbers = [value + sizes.offset for value in signed[: sizes.ranged]]
        numbers += [rest // base**e for e in range(sizes.extra)]
        return numbers, self.squares(sums)

    def digits(self, numbers):
        """Digits in base 4 of what numbers are modulo 4^digits: all lowest ones, then the next
        ..."""
        digits = [number >> 2 * k & 3 for k in range(self.sizes.digits) for number in numbers]
        return field.from_words(np.array(digits, np.uint64))

    def squares(self, sums):
        """Values at 0 of polynomials through the sums, and their squares' sum at 0 ... 2 N."""
        sizes = self.sizes
        first, count = field.random(self._randomness, sizes.columns), sizes.columns
        beyond = _extend(first, sums, sizes.numbers, sizes.numbers)  # at N + 1 ... 2 N
        between = field.zeros(count * (sizes.numbers - sizes.points))  # through no sum, but 0
        by_point = sums.reshape(4, count, -1).transpose(0, 2, 1).reshape(4, -1)
        values = np.concatenate([first, by_point, between, beyond], axis=1)
        starts = np.arange(0, sizes.square * count, count)
        return first, field.sums(field.mul(values, values), starts)

    def quotient(self, first, digits, rho):
        """The quotient of sum rho^l P(f_l) by (x - 1) ... (x - N), P(x) = x (x-1) (x-2) (x-3), at
        N + 1 ... 4 N + 1."""
        sizes = self.sizes
        f = _extend(first, digits, sizes.numbers, sizes.quotient)
        pair = field.mul(f, field.sub(f, field.from_ints([3])))  # x (x - 3); then (x - 1) (x - 2)
        product = field.mul(pair, field.add(pair, field.from_ints([2])))  # is 2 more
        powers = field.from_ints([pow(rho, k, P) for k in range(sizes.digits)])
        folded = field.inner_products(product, powers, sizes.digits)
        return field.mul(folded, _inverse_vanishing(sizes.numbers, sizes.quotient))


def _extend(first, values, last, count):
    """Values at last + 1 ... last + count of polynomials given at 0 (`first`) and at 1, 2, ...
    (polynomial by polynomial; 0 at the rest up to `last`): point by point."""
    given = field.length(values) // field.length(first)
    at_zero, at_others = _extension(last, given, count)
    if _are_digits(values):
        rest = field.small_products(at_others, values[0].reshape(-1, given).T)
    else:
        rest = field.inner_products(at_others, values, given)
    return field.add(field.inner_products(at_zero, first, 1), rest)


def _are_digits(values):
    return not values[1:].any() and values[0].max(initial=0) < 4


@lru_cache
def _extension(last, given, count):
    """Weights of values at 0, and at 1 ... given, for the value at last + 1, ..., last + count, of
    polynomials of degree `last`."""
    nodes = np.arange(given + 1)
    scales = field.from_ints(
        (-1) ** (last - k) * pow(factorial(k) * factorial(last - k), -1, P) for k in nodes.tolist()
    )
    full = field.from_ints([x * value for x, value in _vanishing(last, count)])
    inverses = field.from_ints([pow(k, -1, P) for k in range(1, last + count + 1)])
    distances = np.arange(last + 1, last + count + 1)[:, np.newaxis] - nodes
    weights = field.inner_products(full, scales, 1)
    weights = field.mul(weights, inverses[:, distances.ravel() - 1]).reshape(4, count, given + 1)
    return weights[:, :, 0].copy(), weights[:, :, 1:].reshape(4, -1)


def _vanishing(last, count):
    """(x, (x - 1) ... (x - last) mod p) for x = last + 1, ..., last + count."""
    value = factorial(last)
    for x in range(last + 1, last + count + 1):
        yield x, value % P
        value = value * x // (x - last)


@lru_cache
def _inverse_vanishing(last, count):
    return field.from_ints([pow(value, -1, P) for _, value in _vanishing(last, count)])
