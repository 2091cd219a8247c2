"""Krum against other people's programs, against its definition in ten lines, and at its limits."""

import doctest
import importlib
import json
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repository import VECTORS

from fl_krum.aggregators.distances import COLUMNS, squared_distances
from fl_krum.aggregators.krum import krum, krum_scores, multi_krum
from fl_krum.aggregators.parameters import check_parameters

FROZEN = json.loads((VECTORS / "krum.json").read_text(encoding="utf-8"))


def named(cases):
    return [pytest.param(case, id=case["name"]) for case in cases]


def krum_by_definition(X, f):
    """The paper's words, in Python integers or fractions: (index, scores, distances)."""
    n = len(X)
    distances = [[sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) for y in X] for x in X]
    scores = [sum(sorted(distances[i][:i] + distances[i][i + 1 :])[: n - f - 2]) for i in range(n)]
    return scores.index(min(scores)), scores, distances


@st.composite
def integer_problems(draw, largest=3, longest=5):
    """(X, f): small values make ties common."""
    n = draw(st.integers(3, 9))
    f = draw(st.integers(0, (n - 3) // 2))
    d = draw(st.integers(1, longest))
    value = st.integers(-largest, largest)
    return draw(st.lists(st.lists(value, min_size=d, max_size=d), min_size=n, max_size=n)), f


# --- Outside truth -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.int64, np.float64])
@pytest.mark.parametrize("case", named(FROZEN["cases"] + FROZEN["ties"]))
def test_frozen_vectors_of_flower_byzfl_and_krum(case, kind):
    X = np.array(case["vectors"], dtype=kind)
    result = krum(X, case["f"])
    assert result.index == case["index"]
    assert result.scores.tolist() == case["scores"]
    assert result.vector.tolist() == case["vectors"][case["index"]]
    assert krum_scores(X, case["f"]).tolist() == case["scores"]


def test_docstring_examples():
    module = importlib.import_module("fl_krum.aggregators.krum")
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0


# --- The definition ------------------------------------------------------------------------------


@given(integer_problems())
def test_definition_on_integers_ties_included(problem):
    X, f = problem
    index, scores, distances = krum_by_definition(X, f)
    for kind in (np.int64, np.float64):  # small integers are exact in float64 too
        result = krum(np.array(X, dtype=kind), f)
        assert result.index == index
        assert result.scores.tolist() == scores
        assert result.distances.tolist() == distances
        assert result.vector.tolist() == X[index]


@given(integer_problems())
def test_neighbours_are_the_nearest_others_in_order_of_distance_then_index(problem):
    X, f = problem
    result = krum(X, f)
    for i, kept in enumerate(result.neighbours.tolist()):
        others = [j for j in range(len(X)) if j != i]
        assert kept == sorted(others, key=lambda j: (result.distances[i, j], j))[: len(X) - f - 2]


@given(integer_problems(largest=2**40), st.integers(-(2**62), 2**62))
def test_translation_changes_nothing_and_scaling_only_the_unit(problem, offset):
    X, f = problem
    plain = krum(X, f)
    moved = krum(np.array(X, dtype=object) + offset, f)
    scaled = krum(np.array(X, dtype=object) * -3, f)
    assert (moved.index, moved.scores.tolist()) == (plain.index, plain.scores.tolist())
    assert (scaled.index, scaled.scores.tolist()) == (plain.index, (9 * plain.scores).tolist())


# --- Integers are exact --------------------------------------------------------------------------


@pytest.mark.parametrize("largest", [2**28, 2**31, 2**32, 2**33, 2**63 - 1, 2**70, 2**200])
@given(st.data())
def test_large_integers_are_exact(largest, data):
    X, f = data.draw(integer_problems(largest))
    index, scores, distances = krum_by_definition(X, f)
    result = krum(X, f)
    assert result.index == index
    assert result.scores.tolist() == scores
    assert result.distances.tolist() == distances
    assert all(type(score) is int for score in result.scores)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64])
def test_the_ends_of_every_integer_type(kind):
    ends = np.iinfo(kind)
    X = np.array([[ends.min, ends.max], [ends.max, ends.min], [ends.max, ends.max - 1]], dtype=kind)
    assert krum(X, 0).distances.tolist() == krum_by_definition(X.tolist(), 0)[2]
    assert krum(X, 0).vector.dtype == kind


def test_python_integers_that_numpy_would_round_to_float64():
    X = [[2**63 + 1], [-1], [2**63]]
    assert np.array(X).dtype == np.float64
    assert krum(X, 0).distances.tolist() == krum_by_definition(X, 0)[2]
    rows = [np.array([-(2**60) - 1]), np.array([0], dtype=np.uint64), np.array([-(2**60)])]
    assert krum(rows, 0).scores.tolist() == [1, 2**120, 1]


def test_words_of_28_bits_and_a_million_coordinates():
    rng = np.random.default_rng(1)
    X = rng.integers(0, 2**28, size=(4, 1_000_003), dtype=np.uint64)
    X[3] = 2**28 - 1
    X[2] = 0
    distances = krum(X, 0).distances
    for i in range(4):
        for j in range(i):
            squares = (X[i].astype(np.int64) - X[j].astype(np.int64)) ** 2  # each below 2^56
            assert distances[i, j] == sum(int(part.sum()) for part in np.array_split(squares, 9999))
    assert distances[3, 2] == (2**28 - 1) ** 2 * 1_000_003


def test_words_for_which_float64_chooses_wrongly():
    """Scores 2^55 + 1 and 2^55 are one number in float64: hence the check of SMPC in integers."""
    step = 2**27
    X = np.array([[0, 1], [step, 0], [2 * step, 0], [3 * step, 0]])
    assert krum(X, 0).scores.tolist()[1:3] == [2**55 + 1, 2**55]
    assert krum(X, 0).index == 2
    assert krum(X.astype(float), 0).index == 1


# --- Real vectors keep their digits --------------------------------------------------------------


def relative_error(X):
    """Largest relative error of a distance, against exact fractions."""
    computed = squared_distances(X)
    exact = krum_by_definition([[Fraction(value) for value in row] for row in X.tolist()], 0)[2]
    pairs = [(i, j) for i in range(len(X)) for j in range(i)]
    return max(abs(Fraction(computed[i, j]) / exact[i][j] - 1) for i, j in pairs)


@pytest.mark.parametrize("outlier", [None, 0, 4])
@pytest.mark.parametrize("offset", [0.0, 1e6, 1e8, -1e12])
def test_vectors_close_together_far_from_the_origin(offset, outlier):
    rng = np.random.default_rng(2)
    X = offset + rng.normal(size=(7, 40))
    if outlier is not None:
        X[outlier] = 1e12 * rng.normal(size=40)
    assert relative_error(X) < 1e-12


def test_vectors_of_very_different_lengths_and_two_distant_clusters():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(8, 40))
    assert relative_error(X * 10.0 ** np.arange(-8, 8, 2)[:, None]) < 1e-12
    X[::2] += 1e9
    assert relative_error(X) < 1e-12


@pytest.mark.parametrize("power", range(14))
def test_whatever_the_centre_is_far_or_near(power):
    """The first row, the centre, lies 10^power from the others: each ratio of the lengths."""
    X = np.random.default_rng(6).normal(size=(6, 40))
    X[0] += 10.0**power
    assert relative_error(X) < 1e-12


def test_an_outlier_that_overflows_is_infinitely_far_and_nothing_else_changes():
    X = np.random.default_rng(4).normal(size=(7, 5))
    for row in (0, 6):
        Y = X.copy()
        Y[row] = 1e300
        result = krum(Y, 2)
        assert np.isinf(result.scores[row])
        assert np.isfinite(np.delete(result.scores, row)).all()
        fractions = [[Fraction(value) for value in vector] for vector in Y.tolist()]
        assert result.index == krum_by_definition(fractions, 2)[0]


@settings(max_examples=10)
@given(integer_problems(largest=2**20))
def test_real_and_integer_paths_agree_beyond_one_block_of_columns(problem):
    X, f = problem
    X = np.tile(np.array(X), COLUMNS // 2)
    exact, real = krum(X, f), krum(X / 2**16, f)
    np.testing.assert_allclose(real.scores, exact.scores.astype(float) / 2**32, rtol=1e-12)


@pytest.mark.parametrize("f, outlier", [(10, False), (10, True)])
def test_memory_beyond_the_input_stays_small(f, outlier):
    X = np.random.default_rng(5).normal(size=(50, 100_000))
    X[0] *= 1e12 if outlier else 1
    tracemalloc.start()
    krum(X, f)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 2


# --- Robustness ----------------------------------------------------------------------------------


@given(integer_problems(largest=100), st.randoms(use_true_random=False))
def test_what_far_away_vectors_cannot_do(problem, random):
    """However f of the rows are moved away, together or apart, they are not chosen."""
    X, f = problem
    X = np.array(X)
    byzantine = random.sample(range(len(X)), f)
    X[byzantine] += np.array([[random.choice([10**7, -(10**7), 10**8])] for _ in range(f)] or 0)
    honest = np.delete(X, byzantine, axis=0)
    assert krum(X, f).index not in byzantine
    radius = (squared_distances(honest).max() * (len(X) - f - 2)) ** 0.5
    result = multi_krum(X, f)
    assert (result >= honest.min(axis=0) - radius).all()
    assert (result <= honest.max(axis=0) + radius).all()


def test_one_more_than_n_minus_f_vectors_would_average_an_outlier():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [1e9]])
    assert multi_krum(X, 1).tolist() == [1.5]
    with pytest.raises(ValueError, match="n - f = 4 vectors; got m = 5"):
        multi_krum(X, 1, m=5)


def test_multi_krum_of_one_is_krum_and_ties_take_the_smallest_index():
    X = np.array([[0, 0], [4, 0], [0, 1], [4, 1]])
    assert multi_krum(X, 0, m=1).tolist() == krum(X, 0).vector.tolist() == [0, 0]
    assert multi_krum(X, 0, m=2).tolist() == [2.0, 0.0]


# --- Errors at the door --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "n, f, message",
    [
        (7, 3, "f = 3 Byzantine clients need 2f + 2 < n, so at least n = 9 clients; got n = 7 "
               "(largest f here: 2)"),
        (4, 1, "f = 1 Byzantine client needs 2f + 2 < n, so at least n = 5 clients; got n = 4 "
               "(largest f here: 0)"),
        (2, 0, "Krum needs at least n = 3 clients; got n = 2"),
        (7, -1, "the number of Byzantine clients must be f >= 0; got f = -1"),
        (7, 1.5, "f must be an integer; got f = 1.5"),
        ("7", 1, "n must be an integer; got n = '7'"),
    ],
)  # fmt: skip
def test_parameters_out_of_range(n, f, message):
    with pytest.raises(ValueError) as error:
        check_parameters(n, f)
    assert str(error.value) == message


@given(st.integers(3, 1000), st.integers(0, 1000))
def test_parameters_follow_the_papers_bound(n, f):
    if 2 * f + 2 < n:
        check_parameters(n, f)
    else:
        with pytest.raises(ValueError, match=rf"at least n = {2 * f + 3} clients"):
            check_parameters(n, f)


@pytest.mark.parametrize(
    "X, message",
    [
        ([[1.0, 2.0], [np.nan, 3.0], [4.0, 5.0]],
         r"client 2 \(row 1\), coordinate 0: nan is not a finite number"),
        ([[1.0, 2.0], [2.0, 3.0], [4.0, -np.inf]],
         r"client 3 \(row 2\), coordinate 1: -inf is not a finite number"),
        ([[1, 2], [3], [4, 5]], "same length"),
        ([1.0, 2.0, 3.0], r"shape \(n, d\) .* got shape \(3,\)"),
        (np.zeros((3, 0)), r"got shape \(3, 0\)"),
        (np.zeros((0, 3)), r"got shape \(0, 3\)"),
        ([["1", "2"], ["3", "4"], ["5", "6"]], "must be real numbers"),
        ([[1, None], [3, 4], [5, 6]],
         r"client 1 \(row 0\), coordinate 1: None is not a finite number"),
        ([[1, "x"], [3, object()], [5, 6]], "must be real numbers"),
        (np.zeros((3, 2), dtype=complex), "must be real numbers"),
        (np.zeros((3, 2), dtype=bool), "must be real numbers"),
    ],
)  # fmt: skip
def test_vectors_that_are_no_matrix_of_finite_numbers(X, message):
    with pytest.raises(ValueError, match=message):
        krum(X, 0)


def test_the_result_is_a_copy_and_cannot_be_reassigned():
    X = np.zeros((3, 2))
    result = krum(X, 0)
    result.vector[0] = 1
    assert X[0, 0] == 0
    with pytest.raises(AttributeError):
        result.index = 1


# --- Clients that are known to lie ---------------------------------------------------------------


@given(integer_problems(), st.data())
def test_excluded_clients_are_infinitely_far_and_never_chosen(problem, data):
    X, f = problem
    rows = st.integers(0, len(X) - 1)
    excluded = data.draw(st.sets(rows, max_size=f))
    far = np.array(X, dtype=object)
    for k, row in enumerate(sorted(excluded), 1):
        far[row] += k * 10**9  # far from everybody, and from each other
    result, expected = krum(X, f, excluded), krum(far, f)
    honest = [row for row in range(len(X)) if row not in excluded]
    assert result.scores[honest].tolist() == expected.scores[honest].tolist()
    assert result.index == expected.index and result.index not in excluded
    assert not excluded & set(result.ranking[: len(X) - f].tolist())
    mean_of_best = far[result.ranking[: len(X) - f]].astype(float).mean(axis=0)
    assert multi_krum(X, f, excluded=excluded).tolist() == mean_of_best.tolist()


def test_more_excluded_clients_than_f_are_refused():
    with pytest.raises(ValueError, match="number of excluded clients must be 0 to 1; got .* = 2"):
        krum(np.eye(5), 1, excluded=[0, 3])
