"""At the limits of the rules: excluded rows, numbers too large or small for float64, no numbers."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.aggregators.clipping import clipped_krum
from fl_krum.aggregators.krum import krum, multi_krum
from fl_krum.aggregators.mixing import mixed_krum
from fl_krum.aggregators.rules import AGGREGATORS
from fl_krum.program.fixed_point import FixedPoint

# --- Excluded rows --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [krum, multi_krum, mixed_krum, clipped_krum])
@pytest.mark.parametrize("junk", [np.nan, np.inf, -1e308])
def test_what_an_excluded_client_has_sent_does_not_matter(rule, junk):
    X = np.random.default_rng(0).normal(size=(7, 3))
    zero, spoiled = X.copy(), X.copy()
    zero[[2, 5]], spoiled[2], spoiled[5, 1] = 0, junk, junk
    results = [rule(one, 2, excluded=iter([5, 2])) for one in (zero, spoiled)]
    one, other = (getattr(result, "vector", result).tolist() for result in results)
    assert one == other
    if np.isfinite(junk):  # a liar that is not left out is no error, and not what is chosen
        result = rule(spoiled, 2, excluded=[5])
        assert np.abs(getattr(result, "vector", result)).max() < 1
    else:
        with pytest.raises(ValueError, match=r"client 3 \(row 2\)"):
            rule(spoiled, 2, excluded=[5])


@pytest.mark.parametrize(
    "rows", [[-1], [7], [True], [1.5], ["0"], [None], 3, np.arange(7) == 2, [[0, 1]], [2**70]]
)
@pytest.mark.parametrize("rule", [krum, multi_krum, mixed_krum, clipped_krum])
def test_rows_that_are_none(rule, rows):
    with pytest.raises(ValueError, match="excluded"):
        rule(np.eye(7), 2, excluded=rows)


# --- Beyond the range of float64's squares --------------------------------------------------------

RULES = [name for name in AGGREGATORS if name != "bulyan"]
CHOOSE = ["krum", "multi-krum", "mixed-krum", "clipped-krum"]


@given(st.integers(0, 2**32 - 1), st.integers(-1000, 1000), st.sampled_from(CHOOSE))
def test_a_choice_is_that_of_vectors_of_another_size_or_an_error(seed, power, name):
    X = np.random.default_rng(seed).normal(size=(7, 3))
    expected = AGGREGATORS[name](X, 2)
    try:
        found = AGGREGATORS[name](np.ldexp(X, power), 2)
    except ValueError as error:
        assert abs(power) > 470
        assert re.search("overflow|vanish in float64: multiply", str(error))
    else:
        np.testing.assert_allclose(found, np.ldexp(expected, power), rtol=1e-9)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ([[5e199], [1e200], [1.1e200], [1.2e200], [1.3e200]], "overflow float64: divide"),
        ([[5e-199], [1e-198], [1.1e-198], [1.2e-198], [1.3e-198]], "vanish in float64: multiply"),
        ([[1e160, 0], [0, 1e160], [3e160, 0], [0, 0], [1, 1]], "overflow"),
    ],
)
def test_distances_that_float64_cannot_compare_are_refused(X, words):
    with pytest.raises(ValueError, match=words):
        krum(X, 1)


def test_a_liar_that_is_infinitely_far_away_ends_nothing():
    X = np.array([[4.0, 1], [2, 4], [1, 2], [3, -2], [1e300, -1e300]])
    assert krum(X, 1).index == 2
    assert (multi_krum(X, 1) == X[:4].mean(axis=0)).all()
    copies = np.vstack([np.ones((4, 2)), [[1e-300, 2]]])
    assert krum(copies, 1).index == 0


@pytest.mark.parametrize("name", RULES)
def test_no_rule_gives_infinity_in_silence(name):
    huge = np.full((7, 2), 1.7e308) * np.array([[1], [-1], [1], [1], [-1], [1], [1]])
    with np.errstate(all="ignore"):
        try:
            assert np.isfinite(AGGREGATORS[name](huge, 2)).all()
        except ValueError as error:
            assert "overflow" in str(error)


def test_the_geometric_median_counts_a_liar_that_is_far_away():
    X = np.vstack([np.random.default_rng(1).normal(size=(6, 2)), [[1e10, 0]]])
    far = X.copy()
    far[6, 0] = 1e200
    for name in ("geometric-median", "centred-clipping"):
        near, other = (AGGREGATORS[name](one, 2) for one in (X, far))
        np.testing.assert_allclose(near, other, atol=0.05)


# --- What is no matrix of numbers -----------------------------------------------------------------


@pytest.mark.parametrize(
    "X",
    [
        np.ma.masked_less(np.eye(5), 0.5),
        [np.ma.masked_less(row, 0.5) for row in np.eye(5)],
        np.ma.array(np.ones((5, 2), int), mask=True),
    ],
)
def test_masked_values_are_refused(X):
    for refuses in (lambda X: krum(X, 1), multi_krum_of_one, FixedPoint().encode):
        with pytest.raises(ValueError, match=r"masked values: fill them, X\.filled"):
            refuses(X)
    filled = np.ma.array(np.eye(5), mask=False)
    assert krum(filled, 1).index == krum(np.eye(5), 1).index


def multi_krum_of_one(X):
    return multi_krum(X, 1, 1)


@pytest.mark.parametrize(
    "X",
    [
        [[np.ones((2, 3)), np.ones(3)]] * 5,
        [[np.ones((2, 3)), np.ones((2, 3))]] * 5,
        [([1, 2], [3])] * 5,
        np.ones((5, 4, 3)),
    ],
)
def test_layers_are_to_be_flattened(X):
    for refuses in (lambda X: krum(X, 1), FixedPoint().encode):
        with pytest.raises(ValueError, match="Flatten each client's layers into one row"):
            refuses(X)


def test_truth_values_are_no_numbers_anywhere():
    for refuses in (lambda X: krum(X, 1), FixedPoint().encode):
        with pytest.raises(ValueError, match=r"bool \(\.astype\(float\)"):
            refuses(np.eye(5) > 0)
