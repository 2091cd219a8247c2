"""krum.mpc's check of its inputs: whoever lies is left out, alone, and nobody else ever is.

Most tests run the text as far as its check goes, since what follows knows nothing but who passed.
"""

import numpy as np
import pytest
from liars import (
    CancelsItsLie,
    Lie,
    all_zero,
    check,
    digit_at,
    no_quotient,
    one_digit,
    proves,
    quotient_off,
    random_words,
    rest_of_nothing,
    run,
    shares_instead,
    small_squares,
    small_sums,
    squares_off,
    telling,
)
from mamba_players import WatchedProtocols, run_program
from scipy import stats

from fl_krum.aggregators.krum import krum
from fl_krum.program.krum_program import KrumProgram
from mamba import field
from mamba.field import P
from mamba.protocols import ProtocolError

LIAR = 3


def left_out(X, f, result, liar=LIAR):
    """Assert that the liar alone was left out, and the rest is Krum without it."""
    passed, count, words = result
    assert passed == [int(i + 1 != liar) for i in range(len(X))]
    honest = np.array(X, dtype=object)
    honest[liar - 1] = 0  # whatever it was
    assert (count, words) == (1, krum(honest, f, excluded=[liar - 1]).vector.tolist())


# --- honest clients -------------------------------------------------------------------------------


def extremes(d, bits):
    """Vectors at the ends of what is agreed, and the round in which all clients send the same."""
    top, last = 2**bits - 1, np.arange(d) == d - 1
    rows = [0 * last, top + 0 * last, top * last, top * ~last, 2 ** (bits - 1) + 0 * last]
    return np.array([rows] + [[row] * len(rows) for row in rows[:2]])


LENGTHS = [(d, 28) for d in (1, 2, 5, 46, 47, 100, 1000)] + [(3, 7), (60, 7), (2, 2), (5, 3)]


@pytest.mark.parametrize(("d", "bits"), LENGTHS)
def test_honest_clients_pass_at_both_ends_of_their_range(d, bits):
    assert check(extremes(d, bits), bits=bits) == [[1] * 5] * 3


@pytest.mark.parametrize(("d", "bits"), [(1, 28), (5, 28), (47, 28), (3, 7)])
def test_nothing_changes_for_honest_clients(d, bits):
    X = extremes(d, bits)[0]
    passed, count, words = run(X, 1, bits=bits)
    assert (passed, count, words) == ([1] * 5, 1, krum(X.astype(object), 1).vector.tolist())


def test_without_the_check_nobody_is_named():
    X = random_words(4, 3)
    assert run(X, 0, check=False) == ([], 1, krum(X.astype(object), 0).vector.tolist())


# --- liars ----------------------------------------------------------------------------------------

ELEMENTS = {
    "2^59+2^27": 2**59 + 2**27,
    "2^32": 2**32 + 12345,
    "2^61": 2**61 + 5,
    "2^34": 2**34,
    "2^64": 2**64,
    "2^97": 2**97,
    "2^100": 2**100,
    "p/2": P // 2,
    "p/3": P // 3,
    "p-2^34": P - 2**34,
}
SHORT = {"2^28": 2**28, "-1": -1, "2^30": 2**30}  # of long vectors it is the norm that is bounded


def false_words(elements, d):
    lies = {name: Lie({0: value}) for name, value in elements.items()}
    return lies | {f"{name}, the last": Lie({d - 1: value}) for name, value in elements.items()}


FALSE_PROOFS = {
    "digit 4": Lie(digits=digit_at(-1, 4)),
    "digit -1": Lie(digits=digit_at(-1, -1)),
    "digit p/2": Lie(digits=digit_at(0, P // 2)),
    "another first digit": Lie({0: 0}, digits=digit_at(0, 1)),
    "the first value of the quotient": Lie(quotient=quotient_off(0)),
    "the last value of the quotient": Lie(quotient=quotient_off(-1)),
    "no quotient": Lie(quotient=no_quotient),
    "zeros": Lie({0: 7}, digits=all_zero),
}
FALSE_SQUARES = {
    "small squares": Lie(squares=small_squares, long_numbers=rest_of_nothing),
    "a small sum of squares": Lie(long_numbers=rest_of_nothing),
    "small sums": Lie(long_numbers=small_sums),
    "the sum of squares at 0": Lie(squares=squares_off(0)),
    "the sum of squares at 1": Lie(squares=squares_off(1)),
    "the sum of squares at 32": Lie(squares=squares_off(32)),
    "the sum of squares at 33": Lie(squares=squares_off(33)),
    "the last sum of squares": Lie(squares=squares_off(-1)),
}


@pytest.mark.parametrize(
    ("d", "lies"),
    [
        (5, false_words(ELEMENTS | SHORT, 5) | FALSE_PROOFS),
        (60, false_words(ELEMENTS, 60) | FALSE_PROOFS | FALSE_SQUARES),
    ],
)
def test_every_lie_is_noticed(d, lies):
    """One after the other, and the honest clients pass beside it."""
    X = np.array([random_words(3, d, seed=k) for k in range(len(lies))])
    found = dict(zip(lies, check(X, {LIAR: telling(list(lies.values()))}), strict=True))
    assert found == dict.fromkeys(lies, [1, 1, 0])


@pytest.mark.parametrize("bits", [2, 3, 7])
def test_words_of_any_length_are_looked_at(bits):
    """Where the length is odd, digits alone would allow twice as many words."""
    words = sorted({2**bits, 2**bits + 1, 2 ** (bits + 1) - 1, 2 ** (bits + 1)})
    X = np.array([random_words(3, 2, bits, seed=k) for k in range(2 * len(words))])
    for k, word in enumerate(2 * words):
        X[k, LIAR - 1, k // len(words)] = word
    assert check(X, bits=bits) == [[1, 1, 0]] * len(X)


def test_words_on_standard_input_need_no_other_software():
    words = [2**59 + 2**27, 2**61 + 5, 2**32 + 7, 2**28, 2**64 - 1]
    X = np.array([random_words(3, 5)] * len(words)).astype(object)
    X[:, LIAR - 1, 2] = words
    assert check(X) == [[1, 1, 0]] * len(words)


def test_a_norm_out_of_range_is_noticed():
    """Every word is only eight times too long."""
    X = random_words(3, 60)[np.newaxis]
    X[0, LIAR - 1] = 2**27 + 8 * 2**27
    assert check(X) == [[1, 1, 0]]


@pytest.mark.parametrize("d", [5, 60])
def test_a_long_word_in_one_digit_is_noticed(d):
    X = random_words(3, d)[np.newaxis]
    X[0, LIAR - 1, 0] = 2**60
    assert check(X, {LIAR: proves(digits=one_digit)}) == [[1, 1, 0]]


@pytest.mark.parametrize("name", ["2^59+2^27", "p/2"])
@pytest.mark.parametrize("d", [5, 60])
def test_the_result_is_krum_without_the_liar(d, name):
    X = random_words(5, d)
    left_out(X, 1, run(X, 1, {LIAR: shares_instead(ELEMENTS[name])}))


class NoPolynomial(WatchedProtocols):
    """Deals shares that lie on no polynomial of degree t, of the last number that it deals."""

    def _split(self, module, secret):
        shares = super()._split(module, secret)
        if module is field:
            shares[-1] = np.array(shares[-1])
            shares[-1][:, -1:] = field.add(shares[-1][:, -1:], field.from_ints([77]))
        return shares


class DealsNoPolynomialOnce(NoPolynomial):
    """As a client, of whom there are more than dealers of masks."""

    done = deviates = False

    def deal_and_keep(self, shapes, *rest):
        self.deviates = len(shapes) > len(self.sent) and not self.done
        self.done = self.done or self.deviates
        return super().deal_and_keep(shapes, *rest)

    def _split(self, module, secret):
        return (NoPolynomial if self.deviates else WatchedProtocols)._split(self, module, secret)


@pytest.mark.parametrize("d", [5, 60])
def test_shares_on_no_polynomial_end_the_run_and_name_two_players(d):
    """Of the last holder it cannot be told whether it sent a wrong share or was dealt one."""
    X = random_words(7, d)
    with pytest.raises(ProtocolError, match=f"player {LIAR} or player 7 departed"):
        run(X, 2, {LIAR: (DealsNoPolynomialOnce, None, None)})


@pytest.mark.parametrize("d", [5, 60])
def test_a_client_cannot_help_its_lie_with_its_own_share(d):
    with pytest.raises(ProtocolError, match=f"; player {LIAR} departed .*, or 2 others in league"):
        run(random_words(5, d), 1, {LIAR: telling([Lie({0: 2**97})], CancelsItsLie)})


ATTACKS = {
    "a long word": lambda: shares_instead(2**97),
    "digits that are none": lambda: proves(digits=one_digit),
}
MISFITS = {
    "its own share": lambda: telling([Lie({0: 2**97})], CancelsItsLie),
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
    X = random_words(7, 60 if attack == "a long word" else 5)[np.newaxis]
    if attack == "digits that are none":
        X[0, LIAR - 1, 0] = 2**60
    liars, passed = {LIAR: ATTACKS[attack]()}, [int(i + 1 != LIAR) for i in range(7)]
    assert check(X, liars, threshold=len(holders) // 2, holders=holders) == [passed]


@pytest.mark.parametrize("holders", [(1, 3, 4), (1, 2, 3, 5, 7)], ids=str)
@pytest.mark.parametrize("attack", MISFITS)
def test_shares_that_do_not_fit_end_a_run_of_a_small_threshold(attack, holders):
    """Where t is 1 any of the three shares may be the wrong one."""
    with pytest.raises(ProtocolError) as error:
        check(
            random_words(7, 5)[np.newaxis],
            {LIAR: MISFITS[attack]()},
            threshold=len(holders) // 2,
            holders=holders,
        )
    assert f"player {LIAR}" in str(error)


def test_more_liars_than_the_threshold_are_left_out_when_they_hold_no_shares():
    """Three of nine, with t = 1: only of the holders may no more than one deviate."""
    liars = dict.fromkeys((4, 6, 8), shares_instead(2**97))
    X = random_words(9, 3)
    passed, count, words = run(X, 3, liars, threshold=1, holders=(1, 2, 3))
    assert passed == [1, 1, 1, 0, 1, 0, 1, 0, 1]
    honest = np.array(X, dtype=object)
    assert (count, words) == (1, krum(honest, 3, excluded=[3, 5, 7]).vector.tolist())


def test_a_wrong_share_of_what_several_dealt_stays_an_error():
    """After the check nobody is left out any more: here of the distances, under masks of all."""

    class Wrong(WatchedProtocols):
        def open_among_holders(self, module, array, dealers=None, alike=b""):
            if module is field and dealers is None:
                array = field.add(array, field.from_ints([1]))
            return super().open_among_holders(module, array, dealers, alike)

    said = f"; player {LIAR}, or one that dealt it a wrong share, departed .*, or 2 others"
    with pytest.raises(ProtocolError, match=said):
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


def opened_beside_a_liar(largest, check):
    """What everybody is told while one client shares 2^97: the other words are below `largest`."""
    rounds = 2
    program = KrumProgram(5, 1, 3, rounds=rounds, check=check)
    others = np.random.default_rng(0).integers(0, largest, (4, 3 * rounds)).tolist()
    seen = run_program(
        program.source(),
        [[], *others, [0] * 3 * rounds],
        liars={5: telling([Lie({0: 2**97})] * rounds)},
    )
    size = 7 if check else 10  # distances; those of a client that is left out are all the same
    return [
        value
        for module, array in seen[1].opened
        if module is field and field.length(array) == size
        for value in field.to_ints(array)
    ]


def test_a_liar_reads_nothing_of_others_in_what_is_opened():
    """Unlike without the check, where a mask is too short for what it is to hide."""
    low, high = (opened_beside_a_liar(largest, check=True) for largest in (1, 2**28))
    assert len(low) == len(high) == 2 * 7
    assert stats.ks_2samp(np.array(low, float), np.array(high, float)).pvalue > 1e-6
    longest = 2 ** (KrumProgram(5, 1, 3).budget.distance_bits + 40 + 2)  # of a sum of three masks
    assert max(low + high) < 2 * longest
    found = [value for value in opened_beside_a_liar(2**28, check=False) if value > 2 * longest]
    assert len(found) == 2 * 4  # its distances to the others, of which a mask hides the low bits


@pytest.mark.parametrize(("d", "bits"), [(5, 28), (3, 7), (2, 2)])
def test_players_that_know_nothing_but_mamba_check_the_same(d, bits):
    """The functions that embedded players have are written out in the text for others."""

    X = np.array([random_words(3, d, bits)] * 2)
    X[:, 0], X[:, 1], X[1, LIAR - 1, -1] = 0, 2**bits - 1, 2**bits
    assert check(X, bits=bits, portable=True) == [[1, 1, 1], [1, 1, 0]]
