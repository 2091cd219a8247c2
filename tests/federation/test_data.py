"""The built-in data sets, in the shapes that a model asks for."""

import numpy as np
import pytest

from fl_krum.federation.data import DATASETS, load

# Facts of the data sets, from scikit-learn's user guide ("Toy datasets").
SAMPLES = {"breast_cancer": 569, "digits": 1797}
CLASSES = {"breast_cancer": 2, "digits": 10}


@pytest.mark.parametrize(
    ("name", "dimension", "features"),
    [
        ("breast_cancer", 1, 0),
        ("breast_cancer", 2, 1),
        ("breast_cancer", 5, 4),
        ("breast_cancer", 31, 30),
        ("digits", 10, 0),
        ("digits", 210, 20),
        ("digits", 650, 64),
    ],
)
def test_dimension_gives_the_number_of_features(name, dimension, features):
    data = load(name, dimension)
    assert data.features == features
    assert data.x_train.shape == (len(data.y_train), features)
    assert data.x_test.shape == (len(data.y_test), features)
    assert len(data.y_train) + len(data.y_test) == SAMPLES[name]
    assert data.classes == CLASSES[name]
    assert set(data.y_train) == set(data.y_test) == set(range(data.classes))
    assert np.isfinite(data.x_train).all() and np.isfinite(data.x_test).all()


def test_components_are_centred_and_uncorrelated_on_the_training_part_only():
    data = load("breast_cancer", 5)
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    covariance = np.cov(data.x_train, rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-10)
    assert np.all(np.diff(np.diag(covariance)) < 0)  # the first component says most
    assert np.abs(data.x_test.mean(axis=0)).max() > 1e-3  # the test part taught nothing


def test_all_features_are_standardised():
    data = load("breast_cancer", 31)
    np.testing.assert_allclose(data.x_train.std(axis=0), 1)


def test_same_seed_same_data():
    np.testing.assert_array_equal(load(seed=3).x_train, load(seed=3).x_train)
    assert not np.array_equal(load(seed=3).y_test, load(seed=4).y_test)


@pytest.mark.parametrize(
    ("name", "dimension", "message"),
    [
        ("iris", 5, "breast_cancer, digits, got 'iris'"),
        ("breast_cancer", 0, "1 to 31 on breast_cancer, got 0"),
        ("breast_cancer", 32, "1 to 31 on breast_cancer, got 32"),
        ("digits", 5, "10 to 650 in steps of 10 on digits, got 5"),
        ("digits", 660, "10 to 650 in steps of 10 on digits, got 660"),
    ],
)
def test_unusable_requests_name_the_allowed_range(name, dimension, message):
    with pytest.raises(ValueError, match=message):
        load(name, dimension)


def test_without_a_dimension_all_features_are_there():
    assert load("digits", None).features == 64 and load("breast_cancer", None).features == 30


def test_every_listed_dimension_is_loadable_at_its_ends():
    for name, lengths in DATASETS.items():
        for dimension in (lengths[0], lengths[1], lengths[-1]):
            load(name, dimension)


def test_the_same_again_is_not_computed_again_and_cannot_be_changed():
    data = load("breast_cancer", 5, seed=3)
    assert load("breast_cancer", 5, seed=3) is data
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0] = 0
