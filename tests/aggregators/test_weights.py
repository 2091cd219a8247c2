"""Mixing and clipping against ByzFL's NNM, against plain Python integers, and at their limits."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_rules import clipped_weights, krum_of_weights, mixed_weights
from repository import VECTORS

from fl_krum.aggregators.clipping import clipped_krum, clipped_krum_weights
from fl_krum.aggregators.krum import krum, multi_krum
from fl_krum.aggregators.mixing import mix, mixed_krum, mixed_krum_weights
from fl_krum.aggregators.weights import WEIGHTS

MIXING = json.loads((VECTORS / "mixing.json").read_text(encoding="utf-8"))["cases"]
PLAIN = {"krum": krum_of_weights, "mixed-krum": mixed_weights, "clipped-krum": clipped_weights}


@st.composite
def problems(draw, largest=3):
    """(X, f, m, excluded): small values make ties common."""
    n = draw(st.integers(3, 9))
    f = draw(st.integers(0, (n - 3) // 2))
    d = draw(st.integers(1, 4))
    value = st.integers(-largest, largest)
    X = draw(st.lists(st.lists(value, min_size=d, max_size=d), min_size=n, max_size=n))
    excluded = draw(st.sets(st.integers(0, n - 1), max_size=f))
    return X, f, draw(st.integers(1, n - f)), sorted(excluded)


# --- Outside truth -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", MIXING, ids=lambda case: f"{len(case['vectors'])}-{case['f']}")
def test_frozen_vectors_of_byzfl(case):
    X, f = case["vectors"], case["f"]
    np.testing.assert_allclose(mix(X, f), case["mixtures"], rtol=1e-12)
    np.testing.assert_allclose(mixed_krum(X, f, m=1), case["krum"], rtol=1e-12)


# --- The definitions -----------------------------------------------------------------------------


@pytest.mark.parametrize("rule", WEIGHTS)
@given(problems())
def test_the_definition_in_plain_integers(rule, problem):
    X, f, m, excluded = problem
    expected = PLAIN[rule](X, f, m, excluded)
    for kind in (np.int64, object):
        weights = WEIGHTS[rule](np.array(X, dtype=kind), f, m, excluded)
        assert weights.dtype == np.int64 and weights.tolist() == expected


@pytest.mark.parametrize("rule", WEIGHTS)
@given(problems(largest=2**61), st.integers(-(2**62), 2**62))
def test_long_integers_are_exact_and_a_common_offset_changes_nothing(rule, problem, offset):
    X, f, m, excluded = problem
    expected = PLAIN[rule](X, f, m, excluded)
    moved = (np.array(X, dtype=object) + offset).tolist()
    assert WEIGHTS[rule](moved, f, m, excluded).tolist() == expected


@pytest.mark.parametrize("rule", WEIGHTS)
@given(problems(largest=100))
def test_the_weights_add_up_to_a_number_that_is_known(rule, problem):
    X, f, m, excluded = problem
    n, left = len(X), len(X) - len(excluded)
    weights = WEIGHTS[rule](X, f, m, excluded)
    total = {"krum": m, "mixed-krum": m * (n - f), "clipped-krum": 16 * m * left}[rule]
    assert weights.sum() == total and weights.min() >= 0
    assert not weights[excluded].any()


@given(problems(largest=50))
def test_the_rules_are_the_means_with_these_weights(problem):
    X, f, m, excluded = problem
    for rule, weights in ((mixed_krum, mixed_krum_weights), (clipped_krum, clipped_krum_weights)):
        expected = np.average(np.array(X), axis=0, weights=weights(X, f, m, excluded))
        np.testing.assert_allclose(rule(X, f, m, excluded), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rule", WEIGHTS)
def test_real_vectors_get_the_weights_of_the_integers_that_they_are(rule):
    rng = np.random.default_rng(4)
    for n, f in ((5, 1), (7, 2), (12, 4)):
        words = rng.integers(0, 2**20, (n, 9))
        words[0] *= 50
        for m in (1, n - f):
            expected = WEIGHTS[rule](words, f, m, [0] if f else []).tolist()
            assert WEIGHTS[rule](words / 2**16, f, m, [0] if f else []).tolist() == expected


def test_mixing_then_choosing_is_krum_of_the_mixtures():
    rng = np.random.default_rng(1)
    for n, f in ((7, 2), (11, 3), (20, 5)):
        X = rng.normal(size=(n, 6))
        np.testing.assert_allclose(mixed_krum(X, f, m=1), krum(mix(X, f), f).vector, rtol=1e-12)
        np.testing.assert_allclose(mixed_krum(X, f), multi_krum(mix(X, f), f), rtol=1e-12)


def test_clipping_is_the_paper_s_formula_but_for_the_sixteenths():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(7, 30)) * rng.uniform(0.5, 3, (7, 1))
    centre = multi_krum(X, 2)
    lengths = np.linalg.norm(X - centre, axis=1)
    factors = np.minimum(1, np.sort(lengths)[3] / lengths)
    factors = np.floor(factors * 16) / 16
    expected = centre + (factors[:, None] * (X - centre)).mean(axis=0)
    np.testing.assert_allclose(clipped_krum(X, 2), expected, rtol=1e-12)


# --- Robustness ----------------------------------------------------------------------------------


@given(problems(largest=100), st.randoms(use_true_random=False))
def test_what_far_away_vectors_cannot_do(problem, random):
    """However f of the rows are moved away, mixing leaves them out, and clipping all but does."""
    X, f, m, _ = problem
    X = np.array(X)
    byzantine = random.sample(range(len(X)), f)
    X[byzantine] += np.array([[random.choice([10**7, -(10**7), 10**8])] for _ in range(f)] or 0)
    assert not mixed_krum_weights(X, f, m)[byzantine].any()
    assert not clipped_krum_weights(X, f, m)[byzantine].any()


def test_a_clipped_vector_moves_the_result_by_its_share_of_the_radius():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(7, 10))
    X[6] = X[:6].mean(axis=0) + 12 * rng.normal(size=10)
    centre = multi_krum(X, 1)
    radius = np.sort(np.linalg.norm(X - centre, axis=1))[3]
    weights = clipped_krum_weights(X, 1)
    assert 0 < weights[6] < 16 * 6
    moved = weights[6] / weights.sum() * np.linalg.norm(X[6] - centre)
    assert radius / 7 * 0.5 < moved <= radius / 7


def test_equal_vectors_stay_what_they_are():
    for rule in (mixed_krum, clipped_krum):
        assert rule([[7, -7]] * 5, 1).tolist() == [7.0, -7.0]


# --- Errors at the door --------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [*WEIGHTS.values(), mixed_krum, clipped_krum])
def test_arguments_out_of_range(rule):
    X = np.eye(7)
    for m in (0, 6, 1.5):
        with pytest.raises(ValueError, match="m = "):
            rule(X, 2, m=m)
    with pytest.raises(ValueError, match="at least n = 9 clients; got n = 7"):
        rule(X, 3)
    with pytest.raises(ValueError, match="number of excluded clients must be 0 to 2; got .* = 3"):
        rule(X, 2, excluded=[0, 3, 5])
    with pytest.raises(ValueError, match="an excluded row must be 0 to 6"):
        rule(X, 2, excluded=[7])
    with pytest.raises(ValueError, match="not a finite number"):
        rule(np.where(X, np.nan, 0), 2)
