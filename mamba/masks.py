"""Random masks for comparisons: numbers that hide, together with their shared bits.

A mask is the sum of t + 1 numbers, one from each of t + 1 players, so that t players together
still miss one of them. Every one of them shares its number in the prime field and its bits in the
field of 256 elements: edaBits, of Escudero, Ghosh, Keller, Rachuri and Scholl (CRYPTO 2020).
Adding up the bits takes logic, which is cheap in the small field, where a share is one byte and
XOR costs nothing. Coins are random bits that are shared in both fields.

Masks depend on no input: they can be made ahead of time, or beside the exchanges in which inputs
are shared and checked (`make_beside`). What t holders that deviate could try then, besides what
`mamba.side_by_side` tells:

- *A dealer suits its numbers to inputs, a client its input to masks.* Of either they have t shares,
  which are uniform. What they add to a product is verified, whenever they chose it.
- *A coin comes too early.* That of the proofs is told in the exchange after the dealing, by dealers
  who were sent all of it; one of the check in the same exchange is another value of their chains,
  and says nothing about later ones.
- *They let a proof fail, or end the run, because of what they saw.* Until masks are used nothing is
  opened that depends on inputs but what the check opens anyway, and whether a proof holds depends
  on what its dealer did.
- *A client fails the check, so that other masks are wanted than were made.* The others lie in the
  stock, from which each mask is taken once; no two numbers are opened under the same.
- *Holders come to different masks.* Which ones are foreseen follows from the text, which all have
  compared; where players may deviate, so have they the pairs, before they open anything.

Semi-honest, like `mamba.protocols`. Bits are ``uint8`` arrays of shape (bits, width), lowest bit
first, flattened where they meet a protocol.
"""

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from mamba import field as prime
from mamba import gf256, mask_proof, side_by_side, verification


@dataclass(frozen=True)
class Demand:
    """What a vector comparison needs: masks for `numbers` shared integers of `bits` bits, and coins
    for `results` shared bits; `bare` more coins are bits in the small field, too. Of some `pairs`
    of the numbers the bits of the difference of their masks are wanted, instead of those of each
    mask."""

    numbers: int
    bits: int
    security: int
    results: int
    bare: int = 0
    pairs: tuple[tuple[int, int], ...] = ()

    @property
    def coins(self):
        """How many there are, of either kind."""
        return self.results + self.bare

    @property
    def size(self):
        """Bits and coins in it."""
        return max(self.numbers, len(self.pairs)) * self.bits + self.coins

    def sides(self):
        """Of all pairs the first ones, and the second ones."""
        return tuple(np.array(side, np.int64) for side in zip(*self.pairs, strict=True))

    def check(self, threshold):
        """ValueError when the field is too small for these masks, sums of t + 1 numbers."""
        needed = self.bits + self.security + threshold.bit_length()
        if needed > 126:
            raise ValueError(
                f"a comparison of {self.bits} bits with security {self.security} needs {needed} "
                f"bits with threshold {threshold}; the field has room for 126"
            )


@dataclass(frozen=True)
class Mask:
    """Shares of random numbers R, and of random bits.

    R modulo 2^k is a + b, or for each pair (i, j) of a demand R_i - R_j - 2 is; `both` is a AND b,
    bit by bit. A coin is one random bit, which brings a result back from the small field to the
    large one. In the small field it is the lowest bit of a
    random byte, which hides all of what stands there: a player that deviates can make another byte
    of a shared bit, and a coin of one bit would leave the rest of it to be seen. Behind the coins
    for results stand the bare ones, whose bytes are 0 or 1.
    """

    number: np.ndarray  # R, in the prime field
    a: np.ndarray  # (k, numbers or pairs), in the field of 256 elements, as are all but `coin`
    b: np.ndarray
    both: np.ndarray
    small_coin: np.ndarray  # (coins,)
    coin: np.ndarray  # in the prime field


def make_masks(protocols, demands):
    """One `Mask` for each `Demand`, all in the same rounds. Where players may deviate, they compare
    which pairs of numbers they make masks for."""
    return _deal_and_prove(protocols, demands)()


def make_beside(protocols, demands):
    """The same beside what comes next (`mamba.side_by_side`), and proofs are verified there, too:
    what is returned waits for the masks, and gives them."""
    if protocols.active:
        return verification.begin(protocols, lambda: _deal_and_prove(protocols, demands))
    return side_by_side.begin(protocols, lambda: make_masks(protocols, demands))


def _deal_and_prove(protocols, demands):
    """Until dealers have proven what they claim; what is returned makes the masks of it, which has
    begun beside that."""
    for demand in demands:
        demand.check(protocols.threshold)
        if demand.pairs and protocols.active and protocols.is_holder:
            protocols.agreement.note(np.array(demand.pairs, np.int64).tobytes())
    dealt = _deal_proven if protocols.active and protocols.is_holder else _deal
    numbers, bits, small_coins, coins, prove = dealt(protocols, demands)
    tasks = [
        _add([summand.reshape(demand.bits, demand.numbers) for summand in summands], demand)
        for demand, summands in zip(demands, bits, strict=True)
    ]
    tasks += [_parity(prime.combine([1] * len(coin), coin), len(coin)) for coin in coins]
    combine = partial(_in_step, protocols, tasks)
    if prove:
        combine = side_by_side.begin(protocols, combine)
        prove()

    def finish():
        made = combine()
        summed, tossed = made[: len(demands)], made[len(demands) :]
        return [
            Mask(
                number=numbers[k],
                a=a,
                b=b,
                both=both,
                small_coin=np.bitwise_xor.reduce(small_coins[k]),
                coin=tossed[k],
            )
            for k, (a, b, both) in enumerate(summed)
        ]

    return finish


def toss(protocols, count):
    """`count` shared bits in the prime field, that nobody knows."""
    if protocols.active and protocols.is_holder:
        lengths = mask_proof.Lengths(proper=0, coins=0, upper=count)
        bits = [bits for bits, _ in mask_proof.deal(protocols, lengths)[0]]
    else:
        dealers = protocols.sent
        own = [prime.from_bits(_random_bits(protocols.randomness, 1, count))]
        shape = dict.fromkeys(dealers, [(prime, count)])
        dealt = protocols.deal(shape, own if protocols.me in dealers else [])
        bits = [dealt[dealer][0] for dealer in dealers]
    return _in_step(protocols, [_parity(prime.combine([1] * len(bits), bits), len(bits))])[0]


def _deal(protocols, demands):
    """What t + 1 dealers contribute to each demand: the sum of their numbers, their low bits, and
    their coins in both fields."""
    dealers = protocols.sent  # who need send the least
    shape, secrets = [], []
    for demand in demands:
        numbers, bits, coins = demand.numbers, demand.bits, demand.coins
        shape += [(prime, numbers), (gf256, bits * numbers), (gf256, coins), (prime, coins)]
        if protocols.me in dealers:
            secrets += _contribution(protocols.randomness, demand)
    dealt = protocols.deal({dealer: shape for dealer in dealers}, secrets)
    kinds = list(zip(*(dealt[dealer] for dealer in dealers), strict=True))
    numbers, bits, small_coins, coins = (kinds[k::4] for k in range(4))
    numbers = [prime.combine([1] * len(one), one) for one in numbers]
    return numbers, bits, small_coins, coins, None


def _deal_proven(protocols, demands):
    """The same where players may deviate: numbers are dealt bit by bit (`mamba.mask_proof`)."""
    lengths = mask_proof.Lengths(
        proper=sum(demand.bits * demand.numbers + demand.bare for demand in demands),
        coins=sum(demand.results for demand in demands),
        upper=sum(demand.security * demand.numbers for demand in demands),
    )
    dealt, prove = mask_proof.deal(protocols, lengths)
    numbers, bits, small_coins, coins = [], [], [], []
    low, coin, high = 0, lengths.proper, lengths.both
    for demand in demands:
        size, bare = demand.bits * demand.numbers, demand.bare
        results, upper = demand.results, demand.security * demand.numbers
        places = [(low, size), (coin, results), (low + size, bare), (high, upper)]
        small = [[b[k : k + n] for k, n in places[:3]] for _, b in dealt]
        wide = [[b[:, k : k + n] for k, n in places] for b, _ in dealt]
        rows = [np.concatenate([one[0], one[3]], axis=1) for one in wide]
        numbers.append(_numbers(prime.combine([1] * len(rows), rows), demand.numbers))
        bits.append([one[0] for one in small])
        small_coins.append([np.concatenate(one[1:3]) for one in small])
        coins.append([np.concatenate(one[1:3], axis=1) for one in wide])
        low, coin, high = low + size + bare, coin + results, high + upper
    return numbers, bits, small_coins, coins, prove


def _numbers(rows, count):
    """Numbers from their bits, or sums of them: all lowest ones, then the next, ..."""
    if not count:
        return rows
    rows = np.split(rows, prime.length(rows) // count, axis=1)
    return prime.combine([2**k for k in range(len(rows))], rows)


def _contribution(randomness, demand):
    """One player's random numbers, their low bits, and its coins in both fields."""
    numbers, bits = demand.numbers, demand.bits
    random = _random_bits(randomness, bits + demand.security, numbers)
    small_coin = gf256.random(randomness, demand.coins)
    small_coin[demand.results :] &= 1
    return [
        prime.from_bits(random),
        random[:bits].ravel(),
        small_coin,
        prime.from_words((small_coin & 1).astype(np.uint64)),
    ]


def _random_bits(randomness, rows, width):
    random = np.frombuffer(randomness.bytes(-(-rows * width // 8)), np.uint8)
    return np.unpackbits(random, count=rows * width).reshape(rows, width)


def _in_step(protocols, tasks):
    """Run generators side by side. Each yields factors and is sent their products; a round serves
    all of them. What they return is returned as a list."""
    results, sends = [None] * len(tasks), dict.fromkeys(range(len(tasks)))
    while sends:
        wanted = {}
        for k, products in sends.items():
            try:
                wanted[k] = tasks[k].send(products)
            except StopIteration as end:
                results[k] = end.value
        factors = [one for some in wanted.values() for one in some]
        multiplied = iter(protocols.multiply(factors) if factors else [])
        sends = {k: [next(multiplied) for _ in some] for k, some in wanted.items()}
    return results


def _add(summands, demand):
    """Reduce many summands to two, a and b, with a AND b: a task for `_in_step`.

    For a pair the summands are those of one number and of minus the other: modulo 2^k, -x is the
    complement of x, plus 1.
    """
    a, b = yield from _two_of(summands)
    if demand.pairs:
        i, j = demand.sides()
        a, b = yield from _two_of([a[:, i], b[:, i], 1 ^ a[:, j], 1 ^ b[:, j]])
    (both,) = yield [(gf256, a, b)]
    return a, b, both


def _two_of(summands):
    """Three summands become two by a full adder at every bit (a carry-save adder), without waiting
    for any carry."""
    while len(summands) > 2:
        triples = len(summands) // 3
        groups = [summands[3 * g : 3 * g + 3] for g in range(triples)]
        products = yield [(gf256, x ^ z, y ^ z) for x, y, z in groups]
        added = []
        for (x, y, z), product in zip(groups, products, strict=True):
            carries = product ^ z  # the majority of the three
            added += [x ^ y ^ z, double(carries)]
        summands = added + summands[3 * triples :]
    return summands


def _parity(total, most):
    """XOR of `most` shared bits of which the sum is given: a task for `_in_step`.

    The sum is a number from 0 to `most`, and 1 at the odd, 0 at the even ones is a polynomial. It
    is evaluated in pieces of a few powers, which are then joined in pairs (Paterson and
    Stockmeyer, SIAM Journal on Computing, 1973): fewer products than bits to add.
    """
    coefficients = parity_polynomial(most)
    (square,) = yield [(prime, total, total)]
    powers = [total, square]
    if most > 5:
        powers += yield [(prime, power, square) for power in (total, square)]
    step = powers[-1]
    pieces = [coefficients[k : k + len(powers)] for k in range(0, most + 1, len(powers))]
    if len(pieces[-1]) == 1:  # a power of the step alone belongs to the piece before
        pieces[-2:] = [pieces[-2] + pieces[-1]]
    ones = prime.from_words(np.ones(prime.length(total), np.uint64))
    parts = [prime.combine(piece, [ones, *powers][: len(piece)]) for piece in pieces]
    while len(parts) > 1:
        low, high, alone = parts[0:-1:2], parts[1::2], parts[len(parts) // 2 * 2 :]
        factors = [(part, step) for part in high] + [(step, step)] * (len(parts) > 2)
        products = yield [(prime, x, y) for x, y in factors]
        step = products[-1]
        parts = [prime.add(*pair) for pair in zip(low, products, strict=False)] + alone
    return parts[0]


@lru_cache
def parity_polynomial(most):
    """Coefficients, lowest first, of the polynomial that is x mod 2 at 0 ... `most`."""
    points = tuple(range(most + 1))
    total = [0] * (most + 1)
    for point in points[1::2]:
        basis, scale = [1], 1
        for root in points:
            if root != point:
                basis = [
                    low - root * high for low, high in zip([0] + basis, basis + [0], strict=True)
                ]
                scale *= point - root
        inverse = pow(scale, -1, prime.P)
        total = [(t + b * inverse) % prime.P for t, b in zip(total, basis, strict=True)]
    return total


def double(bits):
    """Twice a number modulo 2^k: every bit moves up, the highest falls off."""
    return np.concatenate([np.zeros_like(bits[:1]), bits[:-1]])
