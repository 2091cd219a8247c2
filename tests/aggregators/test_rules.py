"""The other rules against ByzFL and SciPy, and what a single adversary does to each."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from repository import VECTORS
from scipy.stats import trim_mean

from fl_krum.aggregators.krum import krum, multi_krum
from fl_krum.aggregators.rules import AGGREGATORS, mean, median, trimmed_mean

FILE = VECTORS / "aggregators.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]

matrices = st.tuples(st.integers(3, 12), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-1e6, 1e6))
)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["mean", "median", "trimmed-mean"])
def test_frozen_vectors_of_byzfl(case, name):
    result = AGGREGATORS[name](case["vectors"], case["f"])
    np.testing.assert_allclose(result, case[name], rtol=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_frozen_vectors_of_multi_krum(case):
    for m, expected in case["multi-krum"].items():
        result = multi_krum(case["vectors"], case["f"], int(m))
        np.testing.assert_allclose(result, expected, rtol=1e-15)
    assert AGGREGATORS["multi-krum"](case["vectors"], case["f"]).tolist() == result.tolist()


@settings(deadline=None)
@given(matrices, st.integers(0, 5))
def test_trimmed_mean_is_scipys(X, f):
    if 2 * f < len(X):
        share = (f + 0.5) / len(X)  # SciPy cuts int(share * n) values at either end
        expected = trim_mean(X, share, axis=0)
        np.testing.assert_allclose(trimmed_mean(X, f), expected, rtol=1e-12, atol=1e-9)


@settings(deadline=None)
@given(matrices)
def test_without_trimming_it_is_the_mean_and_trimmed_to_the_middle_the_median(X):
    assert np.allclose(trimmed_mean(X, 0), mean(X))
    assert np.allclose(trimmed_mean(X, (len(X) - 1) // 2), median(X))


def test_krum_is_the_krum_vector():
    X = np.random.default_rng(0).normal(size=(7, 3))
    assert AGGREGATORS["krum"](X, 2).tolist() == krum(X, 2).vector.tolist()


@pytest.mark.parametrize("name", AGGREGATORS)
def test_agreeing_clients_are_not_changed(name):
    np.testing.assert_allclose(AGGREGATORS[name](np.full((7, 3), 0.25), 2), [0.25] * 3)


@pytest.mark.parametrize("name", AGGREGATORS)
def test_two_of_seven_far_away_ruin_only_the_mean(name):
    X = np.random.default_rng(1).normal(size=(7, 3))
    X[[2, 5]] = 1e6
    distance = np.linalg.norm(AGGREGATORS[name](X, 2))
    assert distance > 1e5 if name == "mean" else distance < 10


@pytest.mark.parametrize("f", [-1, 4, 1.0])
def test_a_trimming_that_leaves_nothing_is_refused(f):
    message = rf"2f < n; got f = {f}, n = 7 \(largest f here: 3\)"
    with pytest.raises(ValueError, match=message):
        trimmed_mean(np.zeros((7, 2)), f)


@pytest.mark.parametrize("name", AGGREGATORS)
def test_bad_vectors_are_refused_by_every_rule(name):
    with pytest.raises(ValueError, match=r"client 2 \(row 1\), coordinate 0: nan"):
        AGGREGATORS[name]([[1.0], [np.nan], [2.0]], 0)
    with pytest.raises(ValueError, match="shape"):
        AGGREGATORS[name](np.zeros(7), 2)
