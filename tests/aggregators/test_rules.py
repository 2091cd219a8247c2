"""The other rules against ByzFL and SciPy, and what a single adversary does to each."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from repository import VECTORS
from scipy.stats import trim_mean

from fl_krum.aggregators.krum import krum, multi_krum
from fl_krum.aggregators.rules import (
    AGGREGATORS,
    bulyan,
    centred_clipping,
    geometric_median,
    mean,
    median,
    rules_for,
    trimmed_mean,
)

FILE = VECTORS / "aggregators.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
MORE = json.loads((VECTORS / "more_rules.json").read_text(encoding="utf-8"))

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


@pytest.mark.parametrize("case", MORE["centres"])
def test_frozen_vectors_of_byzfl_about_a_centre(case):
    X = case["vectors"]
    found = geometric_median(X, smoothing=0.1, steps=3)
    np.testing.assert_allclose(found, case["geometric median, smoothing 0.1, 3 steps"], rtol=1e-12)
    found = centred_clipping(X, radius=20.0, steps=2)
    np.testing.assert_allclose(found, case["centred clipping, radius 20, 2 steps"], rtol=1e-12)


@pytest.mark.parametrize("case", MORE["bulyan"])
def test_frozen_vectors_of_flower_for_bulyan(case):
    np.testing.assert_allclose(bulyan(case["vectors"], case["f"]), case["bulyan"], rtol=1e-14)


@given(matrices, st.integers(0, 5))
def test_trimmed_mean_is_scipys(X, f):
    if 2 * f < len(X):
        share = (f + 0.5) / len(X)  # SciPy cuts int(share * n) values at either end
        expected = trim_mean(X, share, axis=0)
        np.testing.assert_allclose(trimmed_mean(X, f), expected, rtol=1e-12, atol=1e-9)


@given(matrices)
def test_without_trimming_it_is_the_mean_and_trimmed_to_the_middle_the_median(X):
    assert np.allclose(trimmed_mean(X, 0), mean(X))
    assert np.allclose(trimmed_mean(X, (len(X) - 1) // 2), median(X))


def test_krum_is_the_krum_vector():
    X = np.random.default_rng(0).normal(size=(7, 3))
    assert AGGREGATORS["krum"](X, 2).tolist() == krum(X, 2).vector.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_no_point_nearby_has_a_smaller_sum_of_distances_than_the_geometric_median(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(7, 3))

    def total(point):
        return np.linalg.norm(X - point, axis=1).sum()

    least = total(geometric_median(X))
    assert all(least <= total(geometric_median(X) + 0.01 * v) for v in rng.normal(size=(20, 3)))


def test_geometric_median_of_a_line_is_the_median_and_does_not_depend_on_the_axes():
    X = np.array([[0.0], [1.0], [2.0], [10.0], [90.0]])
    assert geometric_median(X) == pytest.approx([2.0], abs=1e-4)
    X = np.random.default_rng(0).normal(size=(7, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    np.testing.assert_allclose(geometric_median(X @ turn), geometric_median(X) @ turn, atol=1e-6)


def test_clipped_to_a_radius_one_client_moves_the_result_by_a_share_of_it():
    X = np.zeros((10, 2))
    X[7] = [3e9, 4e9]
    moved = centred_clipping(X, centre=[0, 0], radius=2.0)
    np.testing.assert_allclose(moved, [0.6 * 2 / 10, 0.8 * 2 / 10])
    wide = centred_clipping(X, centre=[0, 0], radius=1e10)
    np.testing.assert_allclose(wide, mean(X))  # nothing is clipped


def test_bulyan_averages_the_middle_of_a_coordinate_where_krum_looks_at_whole_vectors():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(7, 400))
    X[4] = X[:6].mean(axis=0)  # nearest to all others, but for ...
    X[4, 0] = 9.0  # ... one coordinate
    assert krum(X, 1).index == 4 and krum(X, 1).vector[0] == 9.0
    assert abs(bulyan(X, 1)[0]) < 1.5


def test_bulyan_needs_more_clients_than_krum():
    with pytest.raises(ValueError, match="4f \\+ 3 = 11 clients for f = 2; got n = 7 .*here: 1"):
        bulyan(np.zeros((7, 2)), 2)
    assert set(AGGREGATORS) - set(rules_for(10, 2)) == {"bulyan"}
    assert rules_for(11, 2) == rules_for(7, 1) == AGGREGATORS


@pytest.mark.parametrize("name", AGGREGATORS)
def test_agreeing_clients_are_not_changed(name):
    np.testing.assert_allclose(AGGREGATORS[name](np.full((11, 3), 0.25), 2), [0.25] * 3)


@pytest.mark.parametrize("name", AGGREGATORS)
def test_two_of_eleven_far_away_ruin_only_the_mean(name):
    X = np.random.default_rng(1).normal(size=(11, 3))
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
