"""The client's side of krum.mpc's input check: what a client deals besides its words.

The players let a client's vector into the computation only when it has proved, on shares, that its
numbers are short: it deals their digits in base 4, and then shows that all of them are 0, 1, 2 or
3, by a polynomial identity at a point that nobody knew before (Corrigan-Gibbs and Boneh, NSDI 2017;
Boneh and others, CRYPTO 2019). krum.mpc says what is checked; here is what an honest client
answers.

All sizes come from the text of the program itself: its first part, up to the first ``Array``, is
plain Python, and is executed here. So the program and this file cannot differ in them.
"""

import re
from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from mamba import field, projections
from mamba.field import P
from mamba.program_error import ProgramError
from mamba.randomness import Randomness

_FIRST_ARRAY = re.compile(r"^\w+ *= *Array\(", re.M)


def constants(text):
    """The numbers that a program's text sets before its first ``Array``."""
    names: dict = {}
    first = _FIRST_ARRAY.search(text)
    if first is None:
        raise ProgramError("this program checks inputs, but sets no sizes before its first Array")
    exec(compile(text[: first.start()], "krum.mpc", "exec"), names)
    return SimpleNamespace(**{k: v for k, v in names.items() if not k.startswith("__")})


def prover(text):
    """The `InputProver` of a program's text; None when the program checks no inputs."""
    checks = re.search(r"^check *= *1\b", text, re.M) and _FIRST_ARRAY.search(text)
    return InputProver(constants(text)) if checks else None


class InputProver:
    """What one client deals on channel 1, in the order in which krum.mpc asks for it.

    Parameters
    ----------
    sizes : namespace
        `constants` of the program.
    """

    def __init__(self, sizes):
        self.sizes, self._randomness = sizes, Randomness()
        self._words, self._told, self._projected = [], [], None
        self._ready, self._answers = field.zeros(0), self._rounds()

    def take_words(self, words):
        """The client's words, as they are read."""
        self._words.append(np.asarray(words, np.uint64))

    @property
    def has_words(self):
        """Whether this player has read words; the server has none."""
        return bool(self._words)

    def be_told(self, values):
        """A public coin."""
        self._told += values

    def limbs(self):
        """The words of this round as an array of limbs for `mamba.projections`."""
        self._words = [np.concatenate(self._words)]
        words = self._words[0][: self.sizes.d]
        return np.stack([words & np.uint64(2**32 - 1), words >> np.uint64(32)]).astype(np.uint32)

    def be_projected(self, sums):
        """The projections of `limbs`, when somebody has computed them anyway."""
        self._projected = sums

    def answer(self, count):
        """The next `count` numbers to be dealt, as a field array."""
        while field.length(self._ready) < count:
            self._ready = np.concatenate([self._ready, next(self._answers)], axis=1)
        result, self._ready = self._ready[:, :count], self._ready[:, count:]
        return result

    def _rounds(self):
        while True:
            yield from self._round()

    def _round(self):
        sizes, limbs = self.sizes, self.limbs()
        words, self._words = self._words[0][: sizes.d], [self._words[0][sizes.d :]]
        if sizes.short:
            numbers, parts = self.short_numbers(words.tolist()), []
        else:
            (seed,), self._told = self._told[:1], self._told[1:]
            if self._projected is None:
                self._projected = projections.project(seed, [limbs], sizes.d, sizes.centre)[0]
            sums, self._projected = self._projected, None
            numbers, parts = self.long_numbers(sums)
        digits = self.digits(numbers)  # one row a number
        first = field.random(self._randomness, sizes.digits)
        yield np.concatenate([_halves(first), digits, *map(_halves, parts)], axis=1)
        (rho,), self._told = self._told[:1], self._told[1:]
        yield _halves(self.quotient(np.concatenate([first, digits], axis=1), rho))
        self._told = self._told[1:]  # the point, which is of no use to the client

    # --- numbers and their digits ----------------------------------------------------------------

    def short_numbers(self, words):
        """The words themselves; where their length is odd, also how far they are from the
        largest."""
        sizes = self.sizes
        return words + ([2**sizes.bits - 1 - word for word in words] if sizes.bits % 2 else [])

    def long_numbers(self, sums):
        """Numbers to cut into digits, and what else is dealt to show the sum of the squares."""
        sizes = self.sizes
        signed = [field.signed_residue(value) for value in sums]
        rest = sizes.most - sum(value * value for value in signed)
        base = 4**sizes.digits
        numbers = [value + sizes.offset for value in signed[: sizes.ranged]]
        numbers += [rest // base**e for e in range(sizes.extra)]
        return numbers, self.squares(field.from_ints(sums))

    def digits(self, numbers):
        """Digits in base 4, lowest first, of what numbers are modulo 4^digits."""
        digits = [number >> 2 * k & 3 for number in numbers for k in range(self.sizes.digits)]
        return field.from_words(np.array(digits, np.uint64))

    def squares(self, sums):
        """The values at 0 of polynomials through the sums, and the sum of the squared
        polynomials."""
        sizes = self.sizes
        first = field.random(self._randomness, sizes.columns)
        values = np.concatenate([first, sums], axis=1)  # row j: the values at j
        points = tuple(range(2 * sizes.points + 1))
        polynomials = _extend(values, sizes.columns, sizes.points, points)
        total = _fold(field.mul(polynomials, polynomials), sizes.columns)
        coefficients = _transform(_interpolation(points), total)
        return first, _pad(coefficients, sizes.square_rows * sizes.digits)

    def quotient(self, values, rho):
        """The quotient of sum rho^(l+1) P(f_l) by (x - 1) ... (x - N), P(x) = x (x-1) (x-2)
        (x-3)."""
        sizes, width = self.sizes, self.sizes.digits
        last = sizes.numbers
        points = (0, *range(last + 1, 4 * last + 1))
        f = _extend(values, width, last, points)
        product, one = f, field.from_ints([1])
        for root in (1, 2, 3):
            product = field.mul(product, field.sub(f, field.scale(one, root)))
        powers = field.from_ints([pow(rho, k + 1, P) for k in range(width)])
        h = _fold(field.mul(product, np.tile(powers, len(points))), width)
        q = field.mul(h, _inverse_vanishing(last, points))
        return _pad(_transform(_interpolation(points), q), sizes.quotient_rows * width)


def _halves(array):
    """Numbers modulo 2^64, then the rest of them: SCALE-MAMBA's players input words of 64 bits."""
    halves = np.zeros((4, 2 * field.length(array)), np.uint32)
    halves[:2] = np.concatenate([array[:2], array[2:]], axis=1)
    return halves


def _pad(array, count):
    return np.concatenate([array, field.zeros(count - field.length(array))], axis=1)


def _fold(array, width):
    """Sums of runs of `width` elements."""
    return field.sums(array, np.arange(0, field.length(array), width))


def _transform(matrix, vector):
    """A field matrix, given row by row, times a vector."""
    count = field.length(vector)
    rows = field.length(matrix) // count
    return _fold(field.mul(matrix, np.tile(vector, rows)), count)


def _extend(values, width, last, points):
    """Values at `points`, one row of `width` a point, of polynomials given at 0 ... last
    likewise."""
    weights = _extension(last, points).reshape(4, len(points), 1, last + 1)
    known = np.ascontiguousarray(values.reshape(4, last + 1, width).transpose(0, 2, 1))
    shape = 4, len(points), width, last + 1
    left = np.broadcast_to(weights, shape).reshape(4, -1)
    right = np.broadcast_to(known[:, np.newaxis], shape).reshape(4, -1)
    return _fold(field.mul(left, right), last + 1)


@lru_cache
def _extension(last, points):
    """Weights that give f(x) from f(0) ... f(last), row by row for each x of points."""
    nodes = range(last + 1)
    scales = []
    for node in nodes:
        scale = 1
        for other in nodes:
            if other != node:
                scale = scale * (node - other) % P
        scales.append(pow(scale, -1, P))
    inverses = {k: pow(k, -1, P) for k in range(1, max(points) + 1)}
    rows = []
    for x in points:
        if x <= last:
            rows += [int(x == node) for node in nodes]
            continue
        full = 1
        for node in nodes:
            full = full * (x - node) % P
        rows += [full * inverses[x - node] * scales[node] % P for node in nodes]
    return field.from_ints(rows)


@lru_cache
def _interpolation(points):
    """The matrix that gives coefficients, lowest first, from values at these points."""
    full = [1]
    for point in points:
        full = [(low - point * high) % P for low, high in zip([0] + full, full + [0], strict=True)]
    columns = []
    for point in points:
        quotient, carry = [], 0  # full / (x - point), the highest coefficient first
        for coefficient in full[:0:-1]:
            carry = (coefficient + carry * point) % P
            quotient.append(carry)
        value = 0
        for coefficient in quotient:
            value = (value * point + coefficient) % P
        scale = pow(value, -1, P)
        columns.append([c * scale % P for c in reversed(quotient)])
    return field.from_ints([column[k] for k in range(len(points)) for column in columns])


@lru_cache
def _inverse_vanishing(last, points):
    values = []
    for x in points:
        value = 1
        for node in range(1, last + 1):
            value = value * (x - node) % P
        values.append(pow(value, -1, P))
    return field.from_ints(values)
