"""Exercises of the notebook on shares by hand: sharing, reconstruction, products.

Functions that work on plain numbers are judged by their results, for secrets and moduli that the
student has not seen, and those that draw at random by the polynomials that they draw. To choose
and to compare is in `choices_and_comparisons`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from random import Random

from .. import toy_shares
from .exercise import Wrong, exercise, numbers

_PLAYERS = range(1, 8)
_DRAWS = 300  # sharings modulo 11: that a value is missing by chance has the probability 1e-11

_OPENED = "You put the product together before you shared it: whoever did that has seen it."


def _sharing(value, players, p) -> dict[int, int]:
    """Return a student's sharing, or raise `Wrong` with what is wrong with its form."""
    if not isinstance(value, Mapping):
        kind = type(value).__name__
        raise Wrong(
            f"Return a dict with the share of each player, {{1: …, 2: …}}; yours is a {kind}."
        )
    if 0 in value:
        raise Wrong("Player 0 would hold the value at 0, and that is the secret. Begin with 1.")
    if set(value) != set(players):
        raise Wrong(f"There are the players {[*players]}; you have shares for {sorted(value)}.")
    for player, one in value.items():
        if isinstance(one, (Mapping, list, tuple)):
            kind = type(one).__name__
            raise Wrong(f"Player {player}'s share is a {kind}; it should be one number.")
        if isinstance(one, float):
            raise Wrong(f"Player {player}'s share is {one}. Modulo {p} there are only integers.")
        if not 0 <= one < p:
            raise Wrong(f"Player {player}'s share is {one}, which is not one of 0 … {p - 1}: % p.")
    return dict(value)


def _coefficients(shares: Mapping[int, int], p: int) -> list[int]:
    """Return those of the polynomial through all shares, the constant first, without last zeros."""
    total = [0] * len(shares)
    for i, value in shares.items():
        basis, scale = [1], 1
        for j in shares:
            if j != i:
                basis = [
                    (low - j * high) % p for low, high in zip([0, *basis], [*basis, 0], strict=True)
                ]
                scale = scale * (i - j) % p
        factor = value * pow(scale, -1, p)
        total = [(c + factor * b) % p for c, b in zip(total, basis, strict=True)]
    while len(total) > 1 and total[-1] == 0:
        total.pop()
    return total


@exercise(
    "share(secret, t, players, p)",
    praise="Right: a random polynomial with the secret at 0, and a fresh one each time.",
    hints=(
        "Draw t random coefficients with randrange(p), and put the secret in front of them.",
        "Player i gets (secret + c[0] * i + c[1] * i**2 + …) % p.",
    ),
)
def check_share(share: Callable) -> None:
    """Check ``share(secret, t, players, p)``: Shamir's sharing as a dict from player to value."""
    cases = [(42, 3, 101), (0, 3, 101), (7, 1, 101)]
    given = [share(secret, t, _PLAYERS, p) for secret, t, p in cases]
    all_found = [
        _coefficients(_sharing(shares, _PLAYERS, p), p)
        for (_, _, p), shares in zip(cases, given, strict=True)
    ]
    if all(found == [case[0]] for found, case in zip(all_found, cases, strict=True)):
        raise Wrong("Every player holds the secret itself.")  # by chance it happens, but not thrice
    for (secret, t, _), found in zip(cases, all_found, strict=True):
        if len(found) > t + 1:
            raise Wrong(
                f"Your polynomial has the degree {len(found) - 1}, where t is {t}: t random "
                "coefficients and the secret are t + 1 numbers. (Or the shares lie on no curve.)"
            )
        if found[0] != secret:
            raise Wrong(f"At 0 your polynomial has the value {found[0]}; the secret is {secret}.")
    players, p, t = range(1, 6), 11, 2
    drawn = [_coefficients(_sharing(share(3, t, players, p), players, p), p) for _ in range(_DRAWS)]
    padded = [tuple(found + [0] * (t + 1 - len(found)))[1:] for found in drawn]
    if len(set(padded)) == 1:
        raise Wrong("Your polynomial is the same each time: who knows it knows every secret.")
    for power, column in enumerate(zip(*padded, strict=True), 1):
        missing = set(range(p)) - set(column)
        if len(missing) == p - 1 and power == t:
            raise Wrong(f"Your polynomial has a degree below t: {t} players have the secret.")
        if missing:
            raise Wrong(
                f"With p = {p} the coefficient of x^{power} is never {min(missing)}. Draw from all "
                f"of 0 … {p - 1}, or t players can exclude some secrets."
            )
    if all(len(set(one)) == 1 for one in padded):
        raise Wrong("All your coefficients are the same number. Draw one for each power of x.")


def _weighted(weight: Callable) -> Callable:
    """Make a `reconstruct` with this weight of the point i among the points."""
    return lambda shares, p: sum(weight(i, list(shares), p) * v for i, v in shares.items()) % p


def _product(factors, p) -> int:
    return prod(factors) % p


def _divided_otherwise(shares: Mapping[int, int], p: int) -> set[int]:
    """Return what ``//``, fractions and rounding give in place of a division modulo p."""
    found = set()
    for whole_weight in (True, False):
        total, floored, exact = 0, 0, Fraction(0)
        for i, value in shares.items():
            others = [j for j in shares if j != i]
            top, bottom = prod(-j for j in others), prod(i - j for j in others)
            one_by_one = prod(-j // (i - j) for j in others)
            total += value * (top // bottom if whole_weight else one_by_one)
            floored += value * top // bottom
            exact += Fraction(value * top, bottom)
        found |= {total % p, floored % p, round(exact) % p, int(exact) % p}
    return found


@exercise(
    "reconstruct(shares, p)",
    praise="Right, for any players and any number of them.",
    hints=(
        "The weight of player i is the product of (0 - j) / (i - j) over all other players j.",
        "Modulo p dividing by b is multiplying by pow(b, -1, p). Sum weight * share, and % p.",
    ),
    mistakes={
        "That is the sum of the shares. Each of them has its own weight.": (
            lambda shares, p: sum(shares.values()) % p
        ),
        "The sign is wrong: the factors are (0 - j) / (i - j), and you have j / (i - j).": (
            _weighted(lambda i, points, p: _product(
                (j * pow(i - j, -1, p) for j in points if j != i), p))
        ),
        "The sign is wrong: the factors are (0 - j) / (i - j), and you have (0 - j) / (j - i).": (
            _weighted(lambda i, points, p: -_product(
                (j * pow(i - j, -1, p) for j in points if j != i), p))
        ),
        "You have left out the division by i - j.": _weighted(
            lambda i, points, p: _product((-j for j in points if j != i), p)
        ),
        "You multiply by i - j where you should divide by it.": _weighted(
            lambda i, points, p: _product((-j * (i - j) for j in points if j != i), p)
        ),
        "You take the players for 1, 2, 3, …; their numbers are the keys of the dict.": (
            lambda shares, p: toy_shares.reconstruct(dict(enumerate(shares.values(), 1)), p)
        ),
        "You put four shares together, however many there are. A product needs all seven.": (
            lambda shares, p: toy_shares.reconstruct(dict([*shares.items()][:4]), p)
        ),
        "101 is written into your function. The prime is an argument, p.": (
            lambda shares, p: toy_shares.reconstruct(shares, 101)
        ),
        "That is the value at 1. The secret is the value at 0.": (
            lambda shares, p: sum(
                w * shares[i] for i, w in toy_shares.weights(shares, p, at=1).items()) % p
        ),
    },
)  # fmt: skip
def check_reconstruct(reconstruct: Callable) -> None:
    """Check ``reconstruct(shares, p)``: the secret from shares of any players."""
    cases, rng = [], Random(3)
    for secret, t, p in ((42, 3, 101), (5, 6, 101), (77, 3, 101), (100, 2, 101), (9, 3, 103)):
        shares = toy_shares.share(secret, t, range(1, 10), p, rng)
        chosen = rng.sample(sorted(shares), t + 1)
        cases.append((secret, {player: shares[player] for player in chosen}, p))
    given = [reconstruct(shares, p) for _, shares, p in cases]
    for (secret, shares, p), value in zip(cases, given, strict=True):
        if isinstance(value, float) and value != int(value):
            raise Wrong(
                f"You return {value:.4g}: `/` leaves the integers modulo {p}. Divide by b with "
                "* pow(b, -1, p)."
            )
        value = numbers(value, ())
        if value == secret:
            continue
        if all(
            one in _divided_otherwise(*case[1:]) for case, one in zip(cases, given, strict=True)
        ):
            raise Wrong(
                f"You divide by i - j as ordinary numbers are divided, and round. Modulo {p} "
                "dividing by b is multiplying by pow(b, -1, p)."
            )
        if value % p == secret:
            raise Wrong(f"You return {value:g}, and modulo {p} that is right. Finish with % p.")
        players = ", ".join(map(str, shares))
        raise Wrong(f"From players {players} you put {value:g} together; the secret is {secret}.")


@exercise(
    "multiply(a, b, p)",
    praise="Right, and no player has talked to another one.",
    hints=("Player i has a[i] and b[i], and nothing else. It multiplies these two, modulo p.",),
    mistakes={
        "That is the sharing of the sum.": lambda a, b, p: {i: (a[i] + b[i]) % p for i in a},
        "101 is written into your function. The prime is an argument, p.": (
            lambda a, b, p: {i: a[i] * b[i] % 101 for i in a}
        ),
        "Every player multiplies its own two shares. You let it have those of others.": (
            lambda a, b, p: {i: a[i] * sum(b.values()) % p for i in a}
        ),
    },
)
def check_multiply(multiply: Callable) -> None:
    """Check ``multiply(a, b, p)``: every player multiplies its own two shares."""
    rng, cases = Random(4), []
    for x, y, p in ((3, 5, 101), (50, 70, 101), (0, 9, 103)):
        a, b = (toy_shares.share(secret, 3, _PLAYERS, p, rng) for secret in (x, y))
        cases.append((a, b, p))
    given = [multiply(*case) for case in cases]
    for (a, b, p), result in zip(cases, given, strict=True):
        shares, right = _sharing(result, _PLAYERS, p), toy_shares.multiply(a, b, p)
        if shares == right:
            continue
        if toy_shares.reconstruct(shares, p) == toy_shares.reconstruct(right, p):
            raise Wrong("You opened both secrets and shared their product: now somebody knows it.")
        player = next(i for i in right if shares[i] != right[i])
        raise Wrong(
            f"Player {player} holds {a[player]} and {b[player]}: modulo {p} their product is "
            f"{right[player]}, and you give it {shares[player]}."
        )


@exercise(
    "reduce(products, share, weights, p)",
    praise="Right: seven players have shared their values, and nobody has seen the product.",
    hints=(
        "First every player i calls share(products[i]). What does player 1 hold then? Seven "
        "shares, one from each.",
        "Player i's new share is the sum over all dealers j of weights[j] * dealt[j][i], % p.",
    ),
)
def check_reduce(reduce: Callable) -> None:
    """Check ``reduce(products, share, weights, p)``: back from degree 2t to degree t."""
    rng, cases = Random(5), []
    for x, y, p in ((3, 5, 101), (50, 70, 103)):
        a, b = (toy_shares.share(s, 3, _PLAYERS, p, rng) for s in (x, y))
        cases.append((x * y % p, toy_shares.multiply(a, b, p), p))
    runs = []
    for secret, products, p in cases:
        dealt: list[tuple[int, dict]] = []

        def share(value, p=p, dealt=dealt):
            dealt.append((value, toy_shares.share(value % p, 3, _PLAYERS, p, rng)))
            return dict(dealt[-1][1])

        weights = toy_shares.weights(products, p)
        result = reduce(dict(products), share, weights, p)
        runs.append((secret, products, p, dealt, weights, result))
    for run in runs:
        _judge_reduced(*run)


def _judge_reduced(secret, products, p, dealt, weights, result) -> None:
    values = [value % p for value, _ in dealt]
    weighted = sorted(values) == sorted(products[j] * weights[j] % p for j in products)
    if values == [secret] and secret not in products.values():
        raise Wrong(_OPENED)
    shares = _sharing(result, _PLAYERS, p)
    if not dealt:
        raise Wrong("Nobody shares anything. Every player must share(…) its own value.")
    if not weighted and sorted(values) != sorted(products.values()):
        raise Wrong(
            f"Every player has to share its own value, {list(products.values())}; you share "
            f"{values}."
        )
    if shares == products:
        raise Wrong(
            "You put every dealer's shares together again. Player i combines what all the "
            "dealers gave to *it*: dealt[j][i] for every j."
        )
    sums = {i: sum(shared[i] for _, shared in dealt) % p for i in _PLAYERS}
    if shares == sums and not weighted:  # weighted before it was shared, the sum is right
        raise Wrong("You add up what was dealt. Each dealer's share counts with weights[j].")
    if len(_coefficients(shares, p)) > 4:
        raise Wrong(
            f"Your result has the degree {len(_coefficients(shares, p)) - 1}; it should be 3. "
            "Every player combines what was dealt to it in the same way."
        )
    opened = toy_shares.reconstruct(shares, p)
    if opened != secret:
        raise Wrong(f"Put together, your shares give {opened}; the product is {secret}.")
