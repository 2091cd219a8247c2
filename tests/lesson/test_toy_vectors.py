"""Vectors of the lesson."""

import numpy as np
import pytest

from fl_krum import krum
from fl_krum.federation.attacks import ATTACKS
from fl_krum.lesson.toy_vectors import example_vectors


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(("n", "f", "d"), [(3, 0, 1), (7, 2, 2), (15, 6, 31)])
def test_shape_and_rows(attack, n, f, d):
    X, byzantine = example_vectors(n, f, d, attack)
    assert X.shape == (n, d) and np.isfinite(X).all() and np.abs(X).max() < 40
    assert list(byzantine) == ([] if attack == "none" else list(range(n - f, n)))


def test_honest_vectors_are_the_same_under_every_attack():
    first = example_vectors(attack="none", seed=4)[0][:5]
    for attack in ATTACKS:
        np.testing.assert_array_equal(example_vectors(attack=attack, seed=4)[0][:5], first)
    assert not np.array_equal(first, example_vectors(attack="none", seed=5)[0][:5])


@pytest.mark.parametrize("attack", ["sign-flip", "outlier", "label-flip"])
def test_krum_resists_what_stands_apart(attack):
    for seed in range(50):
        X, byzantine = example_vectors(7, 2, 2, attack, seed)
        assert krum(X, 2).index not in byzantine


def test_exchanged_labels_turn_a_vector_round():
    honest, _ = example_vectors(attack="none")
    np.testing.assert_array_equal(example_vectors(attack="label-flip")[0][5:], -honest[5:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 7, "f": 3}, "2f \\+ 2 < n"),
        ({"d": 0}, "d = 0"),
        ({"attack": "magic"}, "attack must be one of none, .* got 'magic'"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        example_vectors(**arguments)
