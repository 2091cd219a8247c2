"""krum.mpc's check of its inputs: whoever lies is left out, alone, and nobody else ever is.

Liars run other software than the rest: a machine that shares what it likes, a prover that claims
what it likes, protocols that deal or open wrong shares. The others run as ever.
"""

import math

import numpy as np
import pytest
from mamba_players import WatchedProtocols, run_program
from scipy import stats

from fl_krum.aggregators.krum import krum
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram
from mamba import field
from mamba.field import P
from mamba.input_proof import InputProver, constants
from mamba.language.machine import Machine
from mamba.protocols import ProtocolError

LIAR = 3


def run(X, f, liars=(), source=None, **parameters):
    """(who passed, how many were added up, the words) of one round, from integer rows X."""
    bits = parameters.pop("bits", 28)
    n, d = np.shape(X)
    program = KrumProgram(n, f, d, fixed_point=FixedPoint(bits, 0), **parameters)
    text = source(program.source()) if source else program.source()
    words = [[], *[[int(word) for word in row] for row in X]]
    choice = {"threshold": program.threshold, "holders": program.holders or None}
    seen = run_program(text, words, liars=liars, **choice)
    assert all(player.outputs == [] for player in seen[1:])
    passed = []
    for i, line in enumerate(seen[0].lines):
        assert line in (f"Client {i + 1} passed : 0", f"Client {i + 1} passed : 1")
        passed.append(int(line[-1]))
    return passed, seen[0].outputs[0], seen[0].outputs[1:]


def random_words(n, d, bits=28, seed=0):
    return np.random.default_rng([n, d, bits, seed]).integers(0, 2**bits, (n, d))


def left_out(X, f, result, liar=LIAR):
    """Assert that the liar alone was left out, and the rest is Krum without it."""
    passed, count, words = result
    assert passed == [int(i + 1 != liar) for i in range(len(X))]
    honest = np.array(X, dtype=object)
    honest[liar - 1] = 0  # whatever it was
    assert (count, words) == (1, krum(honest, f, excluded=[liar - 1]).vector.tolist())


# --- honest clients -------------------------------------------------------------------------------

LENGTHS = [
    (1, 28),
    (2, 28),
    (5, 28),
    (46, 28),
    (47, 28),
    (100, 28),
    (3, 7),
    (60, 7),
    (2, 2),
    (5, 3),
]


@pytest.mark.parametrize(("d", "bits"), LENGTHS)
def test_honest_clients_pass_at_both_ends_of_their_range(d, bits):
    top = 2**bits - 1
    X = random_words(6, d, bits)
    X[0], X[1], X[2], X[3] = 0, top, 2 ** (bits - 1), 0
    X[3, -1] = top
    passed, count, words = run(X, 1, bits=bits)
    assert passed == [1] * 6
    assert (count, words) == (1, krum(X.astype(object), 1).vector.tolist())


def test_without_the_check_nobody_is_named():
    X = random_words(4, 3)
    assert run(X, 0, check=False) == ([], 1, krum(X.astype(object), 0).vector.tolist())


# --- liars ----------------------------------------------------------------------------------------


def shares_instead(value, place=0):
    """A client whose player shares a field element in place of one of its words."""

    class Hacked(Machine):
        def secret(self, entry):
            secret = super().secret(entry)
            if entry.player is not None and entry.channel == 0:
                secret = np.array(secret)
                secret[:, place] = field.from_ints([value])[:, 0]
            return secret

    return None, Hacked, None


def proves(**methods):
    """A client whose side of the check has other methods."""
    return None, None, type("Hacked", (InputProver,), methods)


ELEMENTS = {
    "2^59+2^27": 2**59 + 2**27,
    "2^32": 2**32 + 12345,
    "2^61": 2**61 + 5,
    "2^28": 2**28,
    "2^30": 2**30,
    "2^64": 2**64,
    "2^97": 2**97,
    "2^100": 2**100,
    "p/2": P // 2,
    "p/3": P // 3,
    "p-1": P - 1,
}


@pytest.mark.parametrize("d", [5, 60])
@pytest.mark.parametrize("name", ELEMENTS)
def test_a_word_out_of_range_is_noticed(d, name):
    if d == 60 and name == "2^28":
        pytest.skip("of long vectors it is the norm that is bounded")
    value = ELEMENTS[name] if d == 5 or ELEMENTS[name] != 2**30 else 2**33
    X = random_words(5, d)
    left_out(X, 1, run(X, 1, {LIAR: shares_instead(value)}))


@pytest.mark.parametrize("word", [2**59 + 2**27, 2**61 + 5, 2**32 + 7, 2**28, 2**64 - 1])
def test_words_on_standard_input_need_no_other_software(word):
    X = [[int(word) for word in row] for row in random_words(5, 5)]
    X[LIAR - 1][2] = word
    left_out(X, 1, run(X, 1))


def test_a_norm_out_of_range_is_noticed():
    """Every word is only eight times too long."""
    X = [[int(word) for word in row] for row in random_words(5, 60)]
    X[LIAR - 1] = [2**27 + 8 * 2**27] * 60
    left_out(X, 1, run(X, 1))


def one_digit(self, numbers):
    """All of a number in its lowest digit: the sum is right, the digit is none."""
    return field.from_ints(numbers + [0] * ((self.sizes.digits - 1) * len(numbers)))


@pytest.mark.parametrize("digit", [4, -1, P // 2, 5])
@pytest.mark.parametrize("d", [5, 60])
def test_digits_that_are_none_are_noticed(digit, d):
    def digits(self, numbers):
        result = np.array(InputProver.digits(self, numbers))
        result[:, -1:] = field.from_ints([digit])
        return result

    X = random_words(5, d)
    left_out(X, 1, run(X, 1, {LIAR: proves(digits=digits)}))


@pytest.mark.parametrize("d", [5, 60])
def test_a_long_word_in_one_digit_is_noticed(d):
    X = [[int(word) for word in row] for row in random_words(5, d)]
    X[LIAR - 1][0] = 2**60
    left_out(X, 1, run(X, 1, {LIAR: proves(digits=one_digit)}))


@pytest.mark.parametrize("d", [5, 60])
def test_a_wrong_quotient_is_noticed(d):
    def quotient(self, *values):
        result = np.array(InputProver.quotient(self, *values))
        result[:, :1] = field.add(result[:, :1], field.from_ints([1]))
        return result

    X = random_words(5, d)
    left_out(X, 1, run(X, 1, {LIAR: proves(quotient=quotient)}))


def small_squares(self, sums):
    """Says that all squares are 0, and so is their sum."""
    first, values = InputProver.squares(self, sums)
    return first, field.scale(values, 0)


def rest_of_nothing(self, sums):
    numbers, parts = InputProver.long_numbers(self, sums)
    base = 4**self.sizes.digits
    rest = [self.sizes.most // base**e for e in range(self.sizes.extra)]
    return numbers[: self.sizes.ranged] + rest, parts


def test_wrong_squares_are_noticed():
    X = random_words(5, 60)
    liar = proves(squares=small_squares, long_numbers=rest_of_nothing)
    left_out(X, 1, run(X, 1, {LIAR: liar}))


class NoPolynomial(WatchedProtocols):
    """Deals shares that lie on no polynomial of degree t, of the last number that it deals."""

    def _split(self, module, secret):
        shares = super()._split(module, secret)
        if module is field:
            shares[-1] = np.array(shares[-1])
            shares[-1][:, -1:] = field.add(shares[-1][:, -1:], field.from_ints([77]))
        return shares


@pytest.mark.parametrize("d", [5, 60])
def test_shares_on_no_polynomial_are_noticed(d):
    X = random_words(7, d)
    left_out(X, 2, run(X, 2, {LIAR: (DealsNoPolynomialOnce, None, None)}))


class CancelsItsLie(WatchedProtocols):
    """Changes its own shares of what only it has dealt, so that an opening may come out right."""

    def open(self, module, array, *dealers):
        if dealers:
            array = np.array(array)
            own = dealers[0] == self.me
            array[:, own] = field.random(self.randomness, int(own.sum()))
        return super().open(module, array, *dealers)


@pytest.mark.parametrize("d", [5, 60])
def test_a_client_cannot_help_its_lie_with_its_own_share(d):
    _, hacked, _ = shares_instead(2**97)
    X = random_words(5, d)
    left_out(X, 1, run(X, 1, {LIAR: (CancelsItsLie, hacked, None)}))


class DealsNoPolynomialOnce(NoPolynomial):
    def _split(self, module, secret):
        deviate = not getattr(self, "done", False)
        self.done = True
        return (NoPolynomial if deviate else WatchedProtocols)._split(self, module, secret)


ATTACKS = {
    "a long word": lambda: (None, shares_instead(2**97)[1], None),
    "and its own share": lambda: (CancelsItsLie, shares_instead(2**97)[1], None),
    "digits that are none": lambda: proves(digits=one_digit),
    "no polynomial": lambda: (DealsNoPolynomialOnce, None, None),
    "no polynomial, and its own share": lambda: (
        type("Both", (CancelsItsLie, DealsNoPolynomialOnce), {}), None, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "holders", [(1, 3, 4), (1, 2, 4), (1, 2, 3, 5, 7), (0, 2, 4, 5, 7)], ids=str
)
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_check_holds_for_a_small_threshold(attack, holders):
    """t of 1 and 2; the liar, client 3, holds a share or none."""
    d = 60 if attack == "a long word" else 5
    X = [[int(word) for word in row] for row in random_words(7, d)]
    if attack == "digits that are none":
        X[LIAR - 1][0] = 2**60
    liars = {LIAR: ATTACKS[attack]()}
    left_out(X, 2, run(X, 2, liars, threshold=len(holders) // 2, holders=holders))


def test_more_liars_than_the_threshold_are_left_out_when_they_hold_no_shares():
    """Three of nine, with t = 1: only of the holders may no more than one deviate."""
    liars = dict.fromkeys((4, 6, 8), (DealsNoPolynomialOnce, None, None))
    X = random_words(9, 3)
    passed, count, words = run(X, 3, liars, threshold=1, holders=(1, 2, 3))
    assert passed == [1, 1, 1, 0, 1, 0, 1, 0, 1]
    honest = np.array(X, dtype=object)
    assert (count, words) == (1, krum(honest, 3, excluded=[3, 5, 7]).vector.tolist())


def test_a_wrong_share_of_what_several_dealt_stays_an_error():
    class Wrong(WatchedProtocols):
        def open(self, module, array, *dealers):
            if not dealers and module is field:
                array = field.add(array, field.from_ints([1]))
            return super().open(module, array, *dealers)

    with pytest.raises(ProtocolError, match="departed from the protocol"):
        run(random_words(5, 2), 1, {LIAR: (Wrong, None, None)})


def test_two_liars_and_a_tuned_pair():
    """One client sends what is in range, the other a word that would let it win."""
    X = [[int(word) for word in row] for row in random_words(7, 5)]
    X[6] = [2**28 - 1] * 5
    X[0][0], X[1][0] = 2**32 - 2**27, 2**59
    passed, count, words = run(X, 2)
    assert passed == [0, 0, 1, 1, 1, 1, 1]
    honest = np.array(X, dtype=object)
    assert (count, words) == (1, krum(honest, 2, excluded=[0, 1]).vector.tolist())


def test_multi_krum_leaves_a_liar_out():
    X = [[int(word) for word in row] for row in random_words(5, 5)]
    X[0][0] = 2**40
    passed, count, words = run(X, 1, average=4)
    assert (passed, count) == ([0, 1, 1, 1, 1], 4)
    assert words == np.sum(X[1:], axis=0).tolist()


def test_when_all_lie_nothing_is_added_up():
    X = random_words(3, 2) + 2**28
    assert run(X, 0) == ([0, 0, 0], 0, [0, 0])


def test_fewer_than_are_to_be_averaged():
    X = random_words(4, 2)
    X[:2] += 2**28
    passed, count, words = run(X, 0, average=4)
    assert (passed, count, words) == ([0, 0, 1, 1], 2, X[2:].sum(axis=0).tolist())


class WordsThatCancel(Machine):
    """Two words are too long, and their sum is what it was."""

    def secret(self, entry):
        secret = super().secret(entry)
        if entry.player is not None and entry.channel == 0:
            secret = np.array(secret)
            for place, shift in ((0, 2**40), (1, -(2**40))):
                there = secret[:, place : place + 1]
                there[:] = field.add(there, field.from_ints([shift]))
        return secret


def test_two_words_whose_errors_cancel_are_noticed():
    """The numbers that must be 0 are added up with powers of a coin."""
    X = random_words(5, 5)
    left_out(X, 1, run(X, 1, {LIAR: (None, WordsThatCancel, None)}))
    line = "store(powers_of(rho, numbers + 1), weights, 0)"
    mutant = "store(cint(1, size=numbers + 1), weights, 0)"
    passed, *_ = run(
        X, 1, {LIAR: (None, WordsThatCancel, None)}, lambda text: text.replace(line, mutant)
    )
    assert passed == [1] * 5


def two_false_digits():
    """x and y, neither 0, 1, 2 nor 3, with P(x) + P(y) = 0 for P(x) = x (x-1) (x-2) (x-3)."""

    def root(square):  # p is 3 modulo 4
        candidate = pow(square, (P + 1) // 4, P)
        return candidate if candidate * candidate % P == square % P else None

    for x in range(4, 1000):
        pair = x * (x - 3)
        u = root(1 - pair * (pair + 2))  # (u - 1) (u + 1) = -pair (pair + 2)
        for sign in (1, -1) if u is not None else ():
            v = root(9 + 4 * (sign * u - 1))  # y (y - 3) = u - 1
            if v is not None:
                return x, (3 + v) * pow(2, -1, P) % P
    raise AssertionError("there are such digits")


def test_two_digits_whose_errors_cancel_are_noticed():
    """The polynomials of the digits are added up with powers of a coin."""
    x, y = two_false_digits()
    assert sum(d * (d - 1) * (d - 2) * (d - 3) for d in (x, y)) % P == 0

    def digits(self, numbers):
        result = np.array(InputProver.digits(self, numbers)).reshape(4, self.sizes.digits, -1)
        result[:, :, :1] = 0  # the lowest two digits of the first word
        result[:, :2, 0] = field.from_ints([x, y])
        return result.reshape(4, -1)

    hacked, prover = shares_instead(x + 4 * y)[1], proves(digits=digits)[2]
    X = random_words(5, 5)
    left_out(X, 1, run(X, 1, {LIAR: (None, hacked, prover)}))

    class KnowsNoCoin(prover):
        def quotient(self, first, digits, rho):
            return super().quotient(first, digits, 1)  # powers of 1

    everybody = dict.fromkeys(range(1, 6), (None, None, WithoutCoin))
    everybody[LIAR] = None, hacked, KnowsNoCoin
    line, mutant = "powers_of(rho, digits)", "cint(1, size=digits)"
    passed, *_ = run(X, 1, everybody, lambda text: text.replace(line, mutant))
    assert passed == [1] * 5


class WithoutCoin(InputProver):
    """An honest client where the polynomials are simply added up."""

    def quotient(self, first, digits, _):
        return super().quotient(first, digits, 1)


def test_every_coin_is_another_one():
    told = []

    class Hears(InputProver):
        def be_told(self, values):
            told.extend(values)
            super().be_told(values)

    run(random_words(5, 50), 1, {1: (None, None, Hears)})
    assert len(told) == len(set(told)) == 2


ROUNDS = 10
KINDS = ["word", "element", "fraction", "digit", "one digit", "quotient"]


class RandomLies:
    """One client's lies, another one in every round, as classes for `run_program`."""

    def __init__(self, rng, d, long):
        self.lies = [str(rng.choice(KINDS)) for _ in range(ROUNDS)]
        self.places = rng.integers(d, size=ROUNDS)
        self.values = [self._value(rng, kind, long) for kind in self.lies]

    @staticmethod
    def _value(rng, kind, long):
        if kind in ("digit", "quotient"):
            return int(rng.integers(4, 2**62)) * (-1) ** int(rng.integers(2)) % P
        if kind == "fraction":
            return P * int(rng.integers(1, 9)) // int(rng.integers(9, 20)) + int(rng.integers(99))
        most = 126 if kind == "element" else 63
        return 2 ** int(rng.integers(34 if long else 29, most)) + int(rng.integers(2**28))

    def classes(self, cancels):
        lies = self

        class Shares(Machine):
            count = -1

            def secret(self, entry):
                secret = super().secret(entry)
                if entry.player is None or entry.channel != 0:
                    return secret
                self.count += 1
                if lies.lies[self.count] in ("digit", "quotient"):
                    return secret
                secret = np.array(secret)
                place = lies.places[self.count]
                secret[:, place] = field.from_ints([lies.values[self.count]])[:, 0]
                return secret

        class Proves(InputProver):
            count = -1

            def digits(self, numbers):
                self.count += 1
                result = np.array(InputProver.digits(self, numbers))
                if lies.lies[self.count] == "digit":
                    result[:, -1:] = field.from_ints([lies.values[self.count]])
                return one_digit(self, numbers) if lies.lies[self.count] == "one digit" else result

            def quotient(self, *arguments):
                result = np.array(InputProver.quotient(self, *arguments))
                if lies.lies[self.count] == "quotient":
                    result[:, :1] = field.from_ints([lies.values[self.count]])
                return result

        return (CancelsItsLie if cancels else None), Shares, Proves


@pytest.mark.parametrize("seed", range(18))
def test_random_lies(seed):
    """One to f clients lie in every round, each in another way; 180 rounds, 240 lies in all."""
    rng = np.random.default_rng(seed)
    n, f, liars = (7, 2, (2, 6)) if seed % 3 == 0 else (5, 1, (int(rng.integers(1, 6)),))
    d = 50 if seed % 4 == 1 else int(rng.integers(1, 7))
    X = rng.integers(0, 2**28, (ROUNDS, n, d)).astype(object)
    hacked = {liar: RandomLies(rng, d, d == 50).classes(cancels=seed % 2) for liar in liars}
    program = KrumProgram(n, f, d, rounds=ROUNDS)
    words = [[], *[[int(w) for w in X[:, i].ravel()] for i in range(n)]]
    seen = run_program(program.source(), words, liars=hacked)
    outputs = np.array(seen[0].outputs, dtype=object).reshape(ROUNDS, 1 + d)
    for k in range(ROUNDS):
        lines = seen[0].lines[k * n : (k + 1) * n]
        assert [int(line[-1]) for line in lines] == [int(i + 1 not in liars) for i in range(n)]
        assert outputs[k, 0] == 1
        assert (outputs[k, 1:] == krum(X[k], f, excluded=[i - 1 for i in liars]).vector).all()


def opened_beside_a_liar(largest, check):
    """What everybody is told while one client shares 2^97: the other words are below `largest`."""
    program = KrumProgram(5, 1, 3, rounds=4, check=check)
    others = np.random.default_rng(0).integers(0, largest, (4, 12)).tolist()
    seen = run_program(program.source(), [[], *others, [0] * 12], liars={5: shares_instead(2**97)})
    size = 5 * 4 * 3 // 2  # comparisons of distances
    return [
        value
        for module, array in seen[1].opened
        if module is field and field.length(array) == size
        for value in field.to_ints(array)
    ]


def test_a_liar_reads_nothing_of_others_in_what_is_opened():
    """Unlike without the check, where a mask is too short for what it is to hide."""

    def alike(check):
        low, high = (opened_beside_a_liar(largest, check) for largest in (1, 2**28))
        assert len(low) == len(high) == 4 * 30
        return stats.ks_2samp(np.array(low, float), np.array(high, float)).pvalue

    assert alike(check=True) > 1e-6
    assert alike(check=False) < 1e-9


# --- the constants --------------------------------------------------------------------------------


def failure(share):
    """Bound of the chance that 64 rows give S <= T for a vector with sum of squares T / share: over
    m equal words (Hölder), least over lambda."""

    def transform(rate, m):  # of z^2, where z / sqrt(1/m) is binomial(2m, 1/2) - m
        k = np.arange(2 * m + 1)
        logs = [math.lgamma(2 * m + 1) - math.lgamma(j + 1) - math.lgamma(2 * m - j + 1) for j in k]
        chances = np.exp(np.array(logs) - 2 * m * math.log(2))
        return float((chances * np.exp(-rate * (k - m) ** 2 / m)).sum())

    best = 0.0
    for rate in np.linspace(0.5, 12, 60):
        worst = max([transform(rate, m) for m in (*range(1, 40), 100, 1000)] + [(1 + rate) ** -0.5])
        best = min(best, rate * share + 64 * math.log(worst))
    return best / math.log(2)


def test_a_norm_that_is_too_large_is_noticed_but_for_2_to_the_minus_40():
    assert failure(4.6) <= -40
    assert 4 * 99 / 4.6 <= 87  # squared distances, see distance_bits


def test_honest_sums_of_squares_are_below_the_bound_but_for_2_to_the_minus_44():
    """E e^(rate z^2) is at most that of a normal variable, (1 - 2 rate v)^(-1/2) with variance v =
    1/2."""
    bound = min(-rate * 99 - 32 * math.log(1 - rate) for rate in np.linspace(0.01, 0.99, 99))
    assert bound / math.log(2) <= -44


@pytest.mark.parametrize("d", [47, 1000, 10**5, 10**6])
def test_honest_projections_have_room(d):
    sizes = constants(KrumProgram(7, 2, d).source())
    assert sizes.offset >= 8.1 * math.sqrt(d / 2) * sizes.centre
    assert 4 ** (sizes.digits * sizes.extra) > sizes.most
    assert 64 * (10 * math.sqrt(d) * 4**sizes.digits) ** 2 < P / 4  # no sum of squares wraps


# --- without a line of the check, a lie passes ---------------------------------------------------

FALSE_DIGIT = {LIAR: proves(digits=one_digit)}
FALSE_SQUARES = {LIAR: proves(squares=small_squares, long_numbers=rest_of_nothing)}
LONG_WORD = {LIAR: shares_instead(2**97)}


def no_quotient(self, *_):
    return field.zeros(self.sizes.quotient)


def all_zero(self, numbers):
    return field.zeros(len(numbers) * self.sizes.digits)


def small_sums(self, sums):
    """Says that the first 41 sums are 0."""
    numbers, parts = InputProver.long_numbers(self, sums)
    return [self.sizes.offset] * 41 + numbers[41:], parts


MUTANTS = {
    "digits are not looked at": (
        "error = inner(product, powers_of(rho, digits), n) - inner(public(shown, n * digits, n), "
        "vanishing, n)", "error = cint(0, size=n)", 5, FALSE_DIGIT, 2**60),
    "sums are not looked at": (
        "inner(public(shown, n * (digits + 1), n), public(steps, 4 * numbers + 1, 1), n)", "0", 5,
        LONG_WORD, None),
    "squares are not looked at": (
        "error = error + inner(rest, public(steps, 4 * numbers + 2, 1), n)", "pass", 60,
        FALSE_SQUARES, None),
    "words are not in the sum": (
        "return inner(load(vectors, 0, n * d), public(weights, 0, d), n)", "return 0", 5,
        {LIAR: proves(digits=all_zero)}, 2**60),
    "who failed passes": (
        "is_zero(public(errors, 0, n), point)", "cint(1, size=n)", 5, LONG_WORD, None),
    "any digit will do": (
        "product = product * (product + 2)", "product = product * 0", 5,
        {LIAR: proves(digits=one_digit, quotient=no_quotient)}, 2**60),
    "the sum of squares is not in it": (
        "total = inner(total, public(weights, ranged, 1), n)", "total = 0", 60,
        {LIAR: proves(long_numbers=rest_of_nothing)}, None),
    "projections are not in the sum": (
        "return inner(load(projected, 0, n * rows), public(row_weights, 0, rows), n) - total",
        "return 0 - total", 60, {LIAR: proves(long_numbers=small_sums)}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_every_line_of_the_check_is_needed(name):
    line, instead, d, liars, word = MUTANTS[name]
    X = [[int(word) for word in row] for row in random_words(5, d)]
    if word is not None:
        X[LIAR - 1][0] = word

    def mutant(text):
        assert text.count(line) == 1
        return text.replace(line, instead)

    def lie_passes(source):
        return run(X, 1, liars, source)[0][LIAR - 1]

    assert lie_passes(mutant) == 1
    assert lie_passes(None) == 0


def test_who_failed_would_still_be_heard_if_its_distances_counted():
    """A vector in the middle of the others makes them look near."""
    X = random_words(5, 5)
    X[LIAR - 1] = X.mean(axis=0)
    liars = {LIAR: proves(quotient=no_quotient)}
    left_out(X, 1, run(X, 1, liars))
    line = "load(pairs, 0, len(couples)) * both + (1 - both) * farthest"
    with pytest.raises(AssertionError):
        left_out(X, 1, run(X, 1, liars, lambda text: text.replace(line, line.split(" * ")[0])))


def test_who_failed_would_be_chosen_when_all_fail():
    X = random_words(3, 2) + 2**28
    line = "choice = choice * public(passes, 0, n)"
    passed, count, _ = run(X, 0, source=lambda text: text.replace(line, "pass"), average=2)
    assert (passed, count) == ([0, 0, 0], 3)


def messages(player):
    """What a player was sent: by round, and there by sender."""
    result: dict = {}
    for number, sender, payload in player.received:
        result.setdefault(number, {})[sender] = bytes(payload)
    return result


def test_the_last_coin_is_opened_when_all_have_said_that_they_have_what_was_dealt():
    """Else a client that deals late knew the coin first: some holders wait for no shares."""
    program = KrumProgram(n=5, f=1, d=2)
    seen = run_program(program.source(), [[]] + [[1, 2]] * 5)
    for player in (1, 2):  # the holders that draw their shares
        sent = messages(seen[player])
        (coin,) = (
            k for k in sent if {*map(len, sent[k].values())} == {field.BYTES} and len(sent[k]) == 4
            and {*map(len, sent[k - 1].values())} == {0}
        )  # fmt: skip
        assert {*sent[coin - 1]} == {3, 4, 5}


class AnnouncesWrong(WatchedProtocols):
    """Tells another number than it has dealt: in the first coin, in the last, or to one player."""

    which, to = 1, None

    def announce(self, part, share):
        self.count = getattr(self, "count", 0) + 1
        self.lies = self.count == self.which
        coin = super().announce(part, share)
        self.lies = False
        return coin

    def _exchange(self, outgoing, *arguments, **options):
        if getattr(self, "lies", False):
            false = field.to_bytes(field.from_ints([7]))
            to = outgoing if self.to is None else {self.to}
            outgoing = {p: false if p in to else data for p, data in outgoing.items()}
        return super()._exchange(outgoing, *arguments, **options)


@pytest.mark.parametrize(("d", "which"), [(2, 1), (50, 1), (50, 2)])
@pytest.mark.parametrize("to", [None, 1, 4])
def test_a_coin_is_what_was_dealt_or_the_run_ends(d, which, to):
    liar = type("Liar", (AnnouncesWrong,), {"which": which, "to": to})
    with pytest.raises(ProtocolError, match="is not the sum of what players have told"):
        run(random_words(5, d), 1, {5: (liar, None, None)})


def test_who_announces_waits_for_what_is_dealt():
    """A holder that is sent shares tells its part of a coin after all of them have come."""
    program = KrumProgram(n=5, f=1, d=2)
    log = []

    class Watched(WatchedProtocols):
        def deal(self, *arguments, **options):
            dealt = super().deal(*arguments, **options)
            log.append((self.me, "has"))
            return dealt

        def announce(self, part, share):
            log.append((self.me, "tells", part is not None))
            return super().announce(part, share)

    run_program(
        program.source(), [[]] + [[1, 2]] * 5, liars=dict.fromkeys(range(6), (Watched, None, None))
    )
    for me in range(6):
        own = [entry[1:] for entry in log if entry[0] == me]
        assert own[:2] == [("has",), ("tells", me in (3, 4, 5))]


def test_nothing_is_opened_before_an_announced_coin_is_compared():
    """A program that opens at once takes a round more."""
    program = "a = sint.get_random_triple()[0]\nb = {}\nc = sint(5).reveal()\n"
    rounds = [run_program(program.format(how), [[]] * 4)[1].rounds for how in ("a", "a.announce()")]
    assert rounds[1] == rounds[0] + 2


@pytest.mark.parametrize(("d", "bits"), [(5, 28), (3, 7), (2, 2)])
def test_players_that_know_nothing_but_mamba_check_the_same(d, bits):
    """The functions that embedded players have are written out in the text for others."""

    def plainly(text):
        assert text.count("'project' not in globals()") == 1
        return text.replace("'project' not in globals()", "True")

    X = random_words(5, d, bits)
    X[0], X[1] = 0, 2**bits - 1
    passed, count, words = run(X, 1, bits=bits, source=plainly)
    assert (passed, count, words) == ([1] * 5, 1, krum(X.astype(object), 1).vector.tolist())
    X[LIAR - 1, -1] = 2**bits
    left_out(X, 1, run(X, 1, bits=bits, source=plainly))
