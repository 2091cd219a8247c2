"""Secret sharing as a textbook writes it: whole numbers modulo a small prime, one player at a time.

A secret is the value at 0 of a random polynomial of degree t modulo p; player i holds the value at
i. Any t + 1 values give the secret back, any t say nothing of it (Shamir, "How to Share a Secret",
Communications of the ACM, 1979). Sums are taken share by share. So are products, but then the
degree is 2t, and `reduce` brings it back to t (Gennaro, Rabin, Rabin, PODC 1998, section 3).

A sharing is a dict: the number of a player, from 1 on, and the value that it holds. All players are
in this one process, and follow the protocol; nothing here is made to be fast, or to protect
anything. What real players do is in the package mamba.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random, SystemRandom

from .secret_ledger import REFUSED, BranchOnSecret, OnlySumsAndProducts

PRIME = 101
_SYSTEM = SystemRandom()
_NO_COMPARISON = (
    "shares can be added and multiplied; to compare takes a program, less_than(a, b, k)"
)


def polynomial_value(coefficients: Iterable[int], x: int, p: int = PRIME) -> int:
    """Return c0 + c1 x + c2 x^2 + … modulo p; the coefficients are given from c0 on."""
    return sum(c * x**power for power, c in enumerate(coefficients)) % p


def share(
    secret: int, t: int, players: Iterable[int], p: int = PRIME, rng: Random = _SYSTEM
) -> dict[int, int]:
    """Share a secret: give each player the value at its number of a polynomial of degree t.

    Parameters
    ----------
    secret : int
        0 … p - 1.
    t : int
        The threshold: so many players together learn nothing.
    players : iterable of int
        Their numbers, from 1 on. At 0 stands the secret itself.
    p : int
        A prime, larger than every number of a player.
    rng : random.Random
        Where the t other coefficients come from: by default the operating system.

    Raises
    ------
    ValueError
        The secret is no number modulo p, or a player's number is 0 modulo p.
    """
    if not 0 <= secret < p:
        raise ValueError(f"a secret modulo {p} is one of 0 … {p - 1}, got {secret}")
    coefficients = [secret] + [rng.randrange(p) for _ in range(t)]
    shares = {player: polynomial_value(coefficients, player, p) for player in players}
    if any(player % p == 0 for player in shares):
        raise ValueError("no player may have the number 0: the secret stands there")
    return shares


def weights(points: Iterable[int], p: int = PRIME, at: int = 0) -> dict[int, int]:
    """Return Lagrange's weights: what each point's value counts in the value at another point.

    For every polynomial g of lower degree than there are points, g(at) is the sum of
    weight[i] g(i) modulo p. The weights depend on the points alone, so everybody knows them.
    """
    points, result = list(points), {}
    for i in points:
        above = below = 1
        for j in points:
            if j != i:
                above = above * (at - j) % p
                below = below * (i - j) % p
        result[i] = above * pow(below, -1, p) % p
    return result


def reconstruct(shares: Mapping[int, int], p: int = PRIME) -> int:
    """Return the value at 0 of the polynomial through these shares: a weighted sum of them.

    As many shares are needed as the polynomial has coefficients: t + 1, or 2t + 1 of a product.
    """
    weight = weights(shares, p)
    return sum(weight[player] * value for player, value in shares.items()) % p


def add(a: Mapping[int, int], b: Mapping[int, int], p: int = PRIME) -> dict[int, int]:
    """Return a sharing of the sum: every player adds its own two shares."""
    return {player: (a[player] + b[player]) % p for player in a}


def multiply(a: Mapping[int, int], b: Mapping[int, int], p: int = PRIME) -> dict[int, int]:
    """Return a sharing of the product, of degree 2t: every player multiplies its own two shares."""
    return {player: a[player] * b[player] % p for player in a}


def reduce(
    products: Mapping[int, int], t: int, p: int = PRIME, rng: Random = _SYSTEM
) -> dict[int, int]:
    """Return a sharing of degree t of what is shared with degree 2t; one exchange of messages.

    The secret is a weighted sum of the players' values, and a sum of sharings is a sharing of the
    sum. So each player shares its own value, and everybody takes the weighted sum of what it was
    dealt.

    Parameters
    ----------
    products : mapping of int to int
        The shares of at least 2t + 1 players.
    """
    dealt = {dealer: share(value, t, products, p, rng) for dealer, value in products.items()}
    weight = weights(products, p)
    return {
        player: sum(weight[dealer] * dealt[dealer][player] for dealer in products) % p
        for player in products
    }


class Computation:
    """Players 1 … N that compute with shares, and a record of what it took.

    Parameters
    ----------
    players : int
        N, how many hold shares.
    t : int, optional
        By default the largest with 2t + 1 <= N.
    p : int
        A prime above N.
    rng : random.Random

    Attributes
    ----------
    opened : list of int
        Everything that was opened, in order: what every player knows.
    products : int
        Products of two secrets, each with one exchange of messages. Sums are free.

    Raises
    ------
    ValueError
        2t + 1 > N: the players could not multiply. Or p is no larger than N.

    Examples
    --------
    >>> computation = Computation(players=7)
    >>> a, b = computation.share(3), computation.share(5)
    >>> (a * b + 1).open()
    16
    """

    def __init__(
        self, players: int = 7, t: int | None = None, p: int = PRIME, rng: Random = _SYSTEM
    ):
        self.t = (players - 1) // 2 if t is None else t
        if not 0 <= 2 * self.t < players:
            raise ValueError(
                f"{players} players multiply with 0 <= t and 2t + 1 <= {players} only, "
                f"so t is at most {(players - 1) // 2}; got t = {self.t}"
            )
        if players >= p:
            raise ValueError(f"{players} players need a prime above {players}, got {p}")
        self.players, self.p, self.rng = range(1, players + 1), p, rng
        self.opened: list[int] = []
        self.products = 0

    def share(self, secret: int) -> SharedNumber:
        """Let a dealer share a number; negative ones count from p downwards."""
        shares = share(secret % self.p, self.t, self.players, self.p, self.rng)
        return SharedNumber(shares, self)


class SharedNumber(OnlySumsAndProducts):
    """A number that the players of a `Computation` hold as shares of degree t.

    ``+``, ``-`` and ``*`` give shared numbers; the other side may be a public integer. There is no
    branch on one: it says nothing about itself until it is opened.
    """

    def __init__(self, shares: dict[int, int], computation: Computation):
        self.shares, self.computation = shares, computation

    def open(self) -> int:
        """Let all players put their shares together: everybody knows the number now."""
        first = list(self.computation.players)[: self.computation.t + 1]
        secret = reconstruct({player: self.shares[player] for player in first}, self._p)
        self.computation.opened.append(secret)
        return secret

    def __repr__(self) -> str:
        return "<shared>"

    def __bool__(self) -> bool:
        raise BranchOnSecret(REFUSED)

    def __lt__(self, other):
        raise TypeError(_NO_COMPARISON)

    __gt__ = __le__ = __ge__ = __lt__

    def __eq__(self, other: object) -> bool:
        raise TypeError(_NO_COMPARISON)

    def __add__(self, other):
        if isinstance(other, SharedNumber):
            return self._new(add(self.shares, other.shares, self._p))
        return self._new({player: (one + other) % self._p for player, one in self.shares.items()})

    __radd__ = __add__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        if isinstance(other, SharedNumber):
            self.computation.products += 1
            computation = self.computation
            products = multiply(self.shares, other.shares, self._p)
            return self._new(reduce(products, computation.t, self._p, computation.rng))
        return self._new({player: one * other % self._p for player, one in self.shares.items()})

    __rmul__ = __mul__

    @property
    def _p(self) -> int:
        return self.computation.p

    def _new(self, shares) -> SharedNumber:
        return SharedNumber(shares, self.computation)
