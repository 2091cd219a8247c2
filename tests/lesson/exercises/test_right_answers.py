"""Right answers in all the ways that students write them: in place, with NumPy, as sums, as loops.

A check that refuses one of them is worse than one that lets a wrong answer pass.
"""

from collections import Counter, defaultdict
from fractions import Fraction
from functools import reduce as fold
from itertools import accumulate
from math import ceil, comb, log2, prod
from random import SystemRandom, randint
from statistics import mode

import numpy as np
import pytest

from fl_krum import FixedPoint, krum, krum_scores
from fl_krum.aggregators.rules import centred_clipping
from fl_krum.lesson import toy_comparison, toy_shares
from fl_krum.lesson.exercises import choices_and_comparisons as comparisons
from fl_krum.lesson.exercises import federated_session, generate_krum_mpc, use_case
from fl_krum.lesson.exercises import krum_in_plaintext as plaintext
from fl_krum.lesson.exercises import on_several_hosts as hosts
from fl_krum.lesson.exercises import shares_by_hand as by_hand
from fl_krum.lesson.toy_comparison import bits_value, borrow


def multiply_in_place(a, b, p):
    for i in a:
        a[i] = a[i] * b[i] % p
    return a


def multiply_and_empty(a, b, p):
    return {i: a.pop(i) * b.pop(i) % p for i in list(a)}


def share_by_horner(secret, t, players, p):
    random = [randint(0, p - 1) for _ in range(t)]
    return {
        i: (fold(lambda total, c, i=i: total * i + c, random, 0) * i + secret) % p for i in players
    }


def share_by_powers(secret, t, players, p):
    coefficients = [secret] + [SystemRandom().randrange(p) for _ in range(t)]
    return {i: sum(c * i**k for k, c in enumerate(coefficients)) % p for i in players}


def share_with_numpy(secret, t, players, p):
    rng = np.random.default_rng()
    coefficients = np.append(rng.integers(p, size=t), secret)
    return {i: int(np.polyval(coefficients, i) % p) for i in players}


def reconstruct_one_inverse(shares, p):
    total = 0
    for i, value in shares.items():
        others = [j for j in shares if j != i]
        total += value * prod(-j for j in others) * pow(prod(i - j for j in others), -1, p)
    return total % p


def reconstruct_with_fractions(shares, p):
    total = Fraction(0)
    for i in shares:
        total += shares[i] * prod(Fraction(-j, i - j) for j in shares if j != i)
    return total.numerator * pow(total.denominator, -1, p) % p


def reconstruct_by_fermat(shares, p):
    total = 0
    for i in shares:
        for j in [*shares]:
            if j != i:
                shares = {**shares, i: shares[i] * j * pow(j - i, p - 2, p) % p}
        total = (total + shares[i]) % p
    return total


def reduce_weighing_last(products, share, weights, p):
    dealt = {j: share(value) for j, value in products.items()}
    return {i: sum(weights[j] * dealt[j][i] for j in dealt) % p for i in products}


def reduce_weighing_first(products, share, weights, p):
    dealt = {j: share(products[j] * weights[j] % p) for j in products}
    return {i: sum(dealt[j][i] for j in dealt) % p for i in products}


def reduce_adding_up(products, share, weights, p):
    result = dict.fromkeys(products, 0)
    for j in products:
        for i, part in share(products[j]).items():
            result[i] = (result[i] + weights[j] * part) % p
    return result


def reduce_weighing_all_dealt(products, share, weights, p):
    weighted = []
    for j in sorted(products, reverse=True):
        weighted.append({i: part * weights[j] % p for i, part in share(products[j]).items()})
    return {i: sum(one[i] for one in weighted) % p for i in products}


def bits_of_the_largest(bits, d, near, kappa, masks):
    score = near * d * (2**bits - 1) ** 2
    return score.bit_length() + 1 + kappa + (masks - 1).bit_length()


def masks_in_pairs(n, d, rng):
    masks = np.zeros((n, d))
    for i in range(n):
        for j in range(i + 1, n):
            shared = rng.uniform(-5000, 5000, size=d)
            masks[i], masks[j] = masks[i] + shared, masks[j] - shared
    return masks


def masks_less_their_mean(n, d, rng):
    masks = rng.normal(0, 1000, (n, d))
    return masks - masks.mean(axis=0)


def masks_in_a_ring(n, d, rng):
    edges = rng.normal(scale=1e4, size=(n, d))
    return edges - np.roll(edges, 1, axis=0) if n > 2 else np.stack([edges[0], -edges[0]])


def scores_by_loops(X, f):
    n, found = len(X), []
    for i in range(n):
        distances = sorted(sum((a - b) ** 2 for a, b in zip(X[i], X[j], strict=True))
                           for j in range(n) if j != i)  # fmt: skip
        found.append(sum(distances[: n - f - 2]))
    return found


def scores_by_partition(X, f):
    squared = ((X[:, None] - X[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(squared, 0)
    return np.partition(squared, range(len(X) - f - 1), axis=1)[:, : len(X) - f - 1].sum(axis=1)


def scores_with_infinity(X, f):
    distances = np.linalg.norm(X[:, None].astype(float) - X[None], axis=2) ** 2
    distances[np.diag_indices(len(X))] = np.inf
    return np.sort(distances)[:, : -f - 2].sum(1) if f else np.sort(distances)[:, :-2].sum(1)


def smallest_by_loop(scores):
    best = 0
    for client in range(1, len(scores)):
        if scores[client] < scores[best]:
            best = client
    return best


def multi_by_sorting(X, f, m):
    scores = krum_scores(X, f)
    rows = sorted(range(len(X)), key=lambda row: (scores[row], row))[:m]
    return sum(X[row] for row in rows) / m


def clip_by_loop(X, centre, radius):
    total = np.zeros(len(centre))
    for row in X:
        away = row - centre
        length = np.sqrt((away**2).sum())
        if length > radius:
            away *= radius / length
        total += away
    return centre + total / len(X)


def clip_in_place(X, centre, radius):
    X -= centre
    length = np.linalg.norm(X, axis=1)
    X[length > radius] *= (radius / length[length > radius])[:, None]
    return X.mean(axis=0) + centre


def clip_by_where(X, centre, radius):
    lengths = np.linalg.norm(X - centre, axis=1)
    safe = np.where(lengths == 0, 1, lengths)
    return centre + (np.minimum(1, radius / safe)[:, None] * (X - centre)).mean(axis=0)


def clip_dividing_by_zero(X, centre, radius):
    with np.errstate(divide="ignore"):  # NumPy warns, and takes infinity, of which 1 is kept
        kept = np.minimum(1, radius / np.linalg.norm(X - centre, axis=1))
    return centre + (kept[:, None] * (X - centre)).mean(axis=0)


def clip_vectors(X, centre, radius):
    """The mean of the vectors that the differences, shortened, lead to."""
    moved = [c + (x - c) * min(1, radius / (np.linalg.norm(x - c) or 1)) for x, c in
             ((x, centre) for x in X)]  # fmt: skip
    return np.mean(moved, axis=0)


def clip_in_plain_python(X, centre, radius):
    result = [float(c) for c in centre]
    for row in X.tolist():
        away = [x - c for x, c in zip(row, centre, strict=True)]
        scale = min(1.0, radius / max(sum(a * a for a in away) ** 0.5, 1e-300))
        result = [r + scale * a / len(X) for r, a in zip(result, away, strict=True)]
    return result


def lie_by_sums(others, target):
    return (len(others) + 1) * target - sum(others)


def read_by_ratio(change):
    row = max(change, key=lambda one: abs(one[-1]))
    return [pixel / row[-1] for pixel in row[:-1]]


def read_by_all_rows(change):
    error = change[:, -1]
    return error @ change[:, :-1] / (error @ error)


def less_than_zero_by_highest_bit(x, k, mask):
    p, size = x.computation.p, 2 ** (k - 1)
    c = (x + size + mask.number).open()
    borrowed = borrow(c % size, mask.bits[:-1])
    low = (c % size) - bits_value(mask.bits[:-1]) + borrowed * size
    return (low - x) * pow(size, -1, p)


def less_than_zero_without_names(x, k, mask):
    c = (mask.number + x + 2 ** (k - 1)).open() % 2 ** (k - 1)
    bits = [mask.bits[place] for place in range(k - 1)]
    low = borrow(c, bits) * 2 ** (k - 1) + (c - bits_value(bits))
    return 1 - (x + 2 ** (k - 1) - low) * pow(2 ** (k - 1), x.computation.p - 2, x.computation.p)


def missing_by_counting(claims, spoke):
    votes = defaultdict(int)
    for _, named in claims:
        if named not in spoke:
            votes[named] += 1
    return max(votes, key=votes.get)


FAMILIES = {
    by_hand.check_share: [share_by_horner, share_by_powers, share_with_numpy, toy_shares.share],
    by_hand.check_reconstruct: [
        reconstruct_one_inverse,
        reconstruct_with_fractions,
        reconstruct_by_fermat,
        lambda shares, p: np.int64(reconstruct_one_inverse(shares, p)),
        lambda shares, p: sum(w * shares[i] for i, w in toy_shares.weights(shares, p).items()) % p,
    ],
    by_hand.check_multiply: [
        multiply_in_place,
        multiply_and_empty,
        lambda a, b, p: {i: x * b[i] % p for i, x in a.items()},
        lambda a, b, p: dict(zip(a, [x * y % p for x, y in zip(a.values(), b.values())])),  # noqa: B905
        lambda a, b, p: {i: np.int64(a[i]) * b[i] % p for i in range(1, 8)},
    ],
    by_hand.check_reduce: [
        reduce_weighing_last,
        reduce_weighing_first,
        reduce_adding_up,
        reduce_weighing_all_dealt,
    ],
    comparisons.check_choose: [
        lambda bit, a, b: bit * a + (1 - bit) * b,
        lambda bit, a, b: b + bit * (a - b),
        lambda bit, a, b: a - (1 - bit) * (a - b),
        lambda bit, a, b: (a - b) * bit + b,
        lambda bit, a, b: a * bit - b * bit + b,
    ],
    comparisons.check_less_than_zero: [
        toy_comparison.less_than_zero,
        less_than_zero_by_highest_bit,
        less_than_zero_without_names,
    ],
    comparisons.check_bits_needed: [
        bits_of_the_largest,
        lambda bits, d, near, kappa, masks: (
            2 * bits + ceil(log2(d)) + ceil(log2(near)) + 1 + kappa + ceil(log2(masks))
        ),
        lambda bits, d, near, kappa, masks: (
            2 * bits + ceil(log2(d * near)) + 1 + kappa + ceil(log2(masks))
        ),
        lambda bits, d, near, kappa, masks: 2 * bits + ceil(log2(d * near * masks)) + 1 + kappa,
        lambda bits, d, near, kappa, masks: float(
            ceil(2 * bits + log2(d) + log2(near)) + 1 + kappa + ceil(log2(masks))
        ),
    ],
    use_case.check_masks: [masks_in_pairs, masks_less_their_mean, masks_in_a_ring],
    use_case.check_lie: [
        lie_by_sums,
        lambda others, target: target + len(others) * (target - others.mean(axis=0)),
        lambda others, target: target + (target - others).sum(axis=0),
        lambda others, target: list(lie_by_sums(others, target)),
    ],
    use_case.check_read_image: [
        read_by_ratio,
        read_by_all_rows,
        lambda change: np.linalg.svd(change)[2][0, :-1] / np.linalg.svd(change)[2][0, -1],
    ],
    plaintext.check_largest_f: [
        lambda n: (n - 3) // 2,
        lambda n: ceil((n - 2) / 2) - 1,
        lambda n: max(f for f in range(n) if 2 * f + 2 < n),
        lambda n: int((n - 3) / 2),
        lambda n: (n - 1) // 2 - 1,
    ],
    plaintext.check_scores: [
        scores_by_loops,
        scores_by_partition,
        scores_with_infinity,
        lambda X, f: krum(X, f).scores,
        lambda X, f: tuple(scores_by_loops(X.tolist(), f)),
    ],
    plaintext.check_fewest_honest: [
        lambda n, f: n - 2 * f - 1,
        lambda n, f: (n - f - 2) - (f - 1),
        lambda n, f: min((n - f - 2) - liars for liars in range(f)),
    ],
    plaintext.check_smallest: [
        np.argmin,
        smallest_by_loop,
        lambda scores: list(scores).index(min(scores)),
        lambda scores: min(range(len(scores)), key=lambda row: scores[row]),
        lambda scores: np.argsort(scores, kind="stable")[0],
        lambda scores: np.flatnonzero(scores == scores.min())[0],
    ],
    plaintext.check_multi: [
        multi_by_sorting,
        lambda X, f, m: X[np.argsort(krum_scores(X, f), kind="stable")[:m]].mean(axis=0),
        lambda X, f, m: np.average(X[krum(X, f).ranking[:m]], axis=0),
        lambda X, f, m: list(multi_by_sorting(X, f, m)),
    ],
    plaintext.check_clip: [
        clip_by_loop,
        clip_in_place,
        clip_by_where,
        clip_dividing_by_zero,
        clip_vectors,
        clip_in_plain_python,
        centred_clipping,
        lambda X, centre, radius: centred_clipping(X, centre=centre, radius=radius, steps=1),
        lambda X, centre, radius: tuple(clip_by_loop(X, centre, radius)),
        lambda X, centre, radius: (
            centre
            + sum((x - centre) / max(1, np.linalg.norm(x - centre) / radius) for x in X) / len(X)
        ),
        lambda X, centre, radius: (
            centre
            + np.average(
                (X - centre).T
                * np.clip(radius / (np.linalg.norm(X - centre, axis=1) + 1e-30), 0, 1),
                axis=1,
            )
        ),
        lambda X, centre, radius: (
            centre
            + np.einsum(
                "i,ij->j",
                radius / np.maximum(np.sqrt(((X - centre) ** 2).sum(axis=1)), radius) / len(X),
                X - centre,
            )
        ),
    ],  # fmt: skip
    generate_krum_mpc.check_word: [
        lambda weight, bits, fraction: round(weight * 2**fraction) + 2 ** (bits - 1),
        lambda weight, bits, fraction: int(weight * 2**fraction + 2 ** (bits - 1) + 0.5),
        lambda weight, bits, fraction: np.rint(weight * 2**fraction) + (1 << bits - 1),
        lambda weight, bits, fraction: FixedPoint(bits, fraction).encode([[weight]])[0][0],
    ],
    generate_krum_mpc.check_comparisons: [
        lambda n: n * (n - 1) * (n - 2) // 2 + n * (n - 1) // 2,
        lambda n: n * (n - 1) ** 2 / 2,
        lambda n: n * comb(n - 1, 2) + comb(n, 2),
        lambda n: n * sum(range(n - 1)) + sum(range(n)),
        lambda n: 3 * comb(n, 3) + comb(n, 2),
    ],
    generate_krum_mpc.check_can_open: [
        lambda together, holders, t: len(together & holders) > t,
        lambda together, holders, t: sum(player in holders for player in together) >= t + 1,
        lambda together, holders, t: int(len(holders - together) < len(holders) - t),
        lambda together, holders, t: np.isin(list(together), list(holders)).sum() > t,
    ],
    generate_krum_mpc.check_digits: [
        lambda word, count: [word // 4**k % 4 for k in range(count)],
        lambda word, count: tuple((word >> 2 * k) & 3 for k in range(count)),
        lambda word, count: [int(one) for one in np.base_repr(word, 4).zfill(count)[::-1]],
        lambda word, count: np.array([word % 4 ** (k + 1) // 4**k for k in range(count)]),
    ],
    generate_krum_mpc.check_smaller: [
        lambda a, b: (a < b) * a + (1 - (a < b)) * b,
        lambda a, b: b + (a < b) * (a - b),
        lambda a, b: a - (b < a) * (a - b),
        lambda a, b: (a < b) * (a - b) + b,
    ],
    generate_krum_mpc.check_add_to_product: [
        lambda share, weight, error, p: (share + error * pow(weight, -1, p)) % p,
        lambda share, weight, error, p: share + error * pow(weight, p - 2, p),
        lambda share, weight, error, p: (weight * share + error) * pow(weight, -1, p) % p,
        lambda share, weight, error, p: share - pow(-weight, -1, p) * error,
        lambda share, weight, error, p: (
            next(share + k for k in range(p) if (k * weight - error) % p == 0)
            if p < 1000
            else share + error * pow(weight, -1, p)
        ),
    ],
    federated_session.check_rounds_chosen: [
        lambda own, models: [r for r, v in enumerate(own, 1) if (v == models[r]).all()],
        lambda own, models: tuple(
            r + 1 for r in range(len(own)) if np.array_equal(own[r], models[r + 1])
        ),
        lambda own, models: [
            r for r in range(1, len(models)) if own[r - 1].tolist() == models[r].tolist()
        ],
        lambda own, models: list(
            np.flatnonzero([np.array_equal(*both) for both in zip(own, models[1:])]) + 1  # noqa: B905
        ),
        lambda own, models: np.nonzero((np.array(own) == models[1:]).all(axis=1))[0] + 1,
        lambda own, models: {r for r in range(1, len(models)) if (own[r - 1] == models[r]).all()},
    ],
    federated_session.check_was_averaged: [
        lambda model, usual, mark, m: abs(model - usual) > abs(mark) / (2 * m),
        lambda model, usual, mark, m: abs(model - usual - mark / m) < abs(model - usual),
        lambda model, usual, mark, m: (model - usual) / mark > 0.5 / m,
        lambda model, usual, mark, m: round((model - usual) * m / mark) == 1,
        lambda model, usual, mark, m: bool(
            np.isclose(model, usual + mark / m, rtol=0, atol=abs(mark) / m / 4)
        ),
        lambda model, usual, mark, m: (
            min(usual, usual + mark / m, key=lambda x: abs(x - model)) != usual
        ),
    ],
    federated_session.check_seconds_across: [
        lambda exchanges, size, trip, line: exchanges * trip / 1000 + 8 * size / (line * 10**6),
        lambda exchanges, size, trip, line: (exchanges * trip + 8 * size / line / 1000) / 1000,
        lambda exchanges, size, trip, line: sum([trip * 1e-3] * exchanges) + size / (line * 125e3),
        lambda exchanges, size, trip, line: (
            list(accumulate([trip / 1000] * exchanges))[-1] + size * 8 / line / 1e6
        ),
    ],
    hosts.check_swapped: [
        lambda roster, heard: [name for name, print_ in roster if heard.get(name) != print_],
        lambda roster, heard: {name for name, print_ in roster if heard.get(name) != print_},
        lambda roster, heard: list(dict(set(roster) - set(heard.items()))),
        lambda roster, heard: [n for n, p in roster if n not in heard or heard[n] != p],
        lambda roster, heard: (pair[0] for pair in roster if pair not in heard.items()),
        lambda roster, heard: {n: p for n, p in roster if heard.get(n) != p}.keys(),
        lambda roster, heard: np.array([n for n, p in roster if heard.get(n) != p], dtype=str),
    ],
    hosts.check_missing: [
        missing_by_counting,
        lambda claims, spoke: mode([named for _, named in claims if named not in spoke]),
        lambda claims, spoke: max(
            {named for _, named in claims} - spoke,
            key=lambda name: sum(named == name for _, named in claims),
        ),
        lambda claims, spoke: Counter(n for _, n in claims if n not in spoke).most_common()[0][0],
    ],
    hosts.check_waiting: [
        lambda exchanges, delays: exchanges * np.max(delays) / 1000,
        lambda exchanges, delays: sum(max(map(max, delays)) for _ in range(exchanges)) / 1000,
        lambda exchanges, delays: Fraction(exchanges * max(sum(delays, [])), 1000),
    ],
}


@pytest.mark.parametrize("check", FAMILIES, ids=lambda check: check.__name__)
def test_every_way_to_be_right_passes(check):
    for answer in FAMILIES[check]:
        check.tries = 0
        said = check(answer)
        assert said == f"✓ {check.praise}", (answer, said)
