"""Vectors in, vectors out; the training is compared with scikit-learn's own estimators."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fl_krum.federation.data import load
from fl_krum.federation.models import LogisticModel


@pytest.fixture(scope="module")
def cancer():
    return load("breast_cancer", 5)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("features", "classes", "dimension"),
    [(0, 2, 1), (4, 2, 5), (30, 2, 31), (0, 10, 10), (64, 10, 650)],
)
def test_length_of_the_vector(features, classes, dimension):
    model = LogisticModel(features, classes)
    assert model.dimension == dimension
    start = model.random_vector(rng(), length=3.0)
    assert start.shape == (dimension,)
    assert np.linalg.norm(start) == pytest.approx(3.0)
    x, y = rng(1).normal(size=(20, features)), np.arange(20) % classes
    assert model.train(start, x, y, rng()).shape == (dimension,)


def test_binary_prediction_is_the_sign_of_weights_and_intercept():
    model = LogisticModel(features=2)
    x = np.array([[3.0, 1.0], [0.0, 1.0], [0.0, -2.0]])
    np.testing.assert_array_equal(model.predict([1.0, 2.0, 1.5], x), [1, 1, 0])
    assert model.accuracy([1.0, 2.0, 1.5], x, np.array([1, 0, 0])) == pytest.approx(2 / 3)


def test_vector_of_many_classes_is_read_row_by_row():
    model = LogisticModel(features=1, classes=3)
    vector = [-1, 0, 0, 0.5, 1, 0]  # scores of x: -x, 0.5, x
    np.testing.assert_array_equal(model.predict(vector, [[-3.0], [0.1], [3.0]]), [0, 1, 2])


def test_one_step_is_the_gradient_of_the_logistic_loss():
    """One sample, one epoch: w + eta (y - sigmoid(w x)) x, shrunk by the penalty (eta alpha w)."""
    model = LogisticModel(features=2, learning_rate=0.1, penalty=0.01)
    w, x, y = np.array([0.3, -0.2, 0.1]), np.array([2.0, -1.0]), 1
    with_one = np.append(x, 1.0)
    step = 0.1 * (y - 1 / (1 + np.exp(-w @ with_one))) * with_one
    expected = (1 - 0.1 * 0.01) * w + step
    np.testing.assert_allclose(model.train(w, x[None], np.array([y]), rng()), expected, rtol=1e-9)


def test_training_comes_close_to_the_optimum_of_logistic_regression(cancer):
    model = LogisticModel(cancer.features, epochs=50, learning_rate=0.01)
    vector = model.train(np.zeros(5), cancer.x_train, cancer.y_train, rng())
    optimum = LogisticRegression().fit(cancer.x_train, cancer.y_train)
    reached = model.accuracy(vector, cancer.x_test, cancer.y_test)
    assert reached == pytest.approx(optimum.score(cancer.x_test, cancer.y_test), abs=0.02)


def test_digits_with_every_pixel():
    data = load("digits", 650)
    model = LogisticModel(data.features, data.classes)
    vector = model.train(np.zeros(650), data.x_train, data.y_train, rng())
    assert model.accuracy(vector, data.x_test, data.y_test) > 0.9
    assert np.abs(vector).max() < 100  # far from the bound of the fixed point, 2048


def test_a_client_with_one_class_trains_towards_it(cancer):
    ones = cancer.y_train == 1
    model = LogisticModel(cancer.features)
    vector = model.train(np.zeros(5), cancer.x_train[ones], cancer.y_train[ones], rng())
    assert np.isfinite(vector).all()
    assert model.predict(vector, cancer.x_train[ones]).mean() > 0.95


def test_intercept_alone_learns_the_most_frequent_class():
    data = load("breast_cancer", 1)
    model = LogisticModel(data.features, epochs=5)
    vector = model.train([-1.0], data.x_train, data.y_train, rng())
    assert model.accuracy(vector, data.x_test, data.y_test) == np.mean(data.y_test == 1)


def test_training_is_seeded_and_leaves_its_start_alone(cancer):
    model, start = LogisticModel(cancer.features), np.ones(5)
    first = model.train(start, cancer.x_train, cancer.y_train, rng(1))
    np.testing.assert_array_equal(start, np.ones(5))
    np.testing.assert_array_equal(first, model.train(start, cancer.x_train, cancer.y_train, rng(1)))
    assert not np.array_equal(first, model.train(start, cancer.x_train, cancer.y_train, rng(2)))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"features": -1}, "features must be at least 0, got -1"),
        ({"classes": 1}, "classes must be at least 2, got 1"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be a number above 0, got 0.0"),
        ({"penalty": float("nan")}, "penalty must be a number above 0, got nan"),
    ],
)
def test_settings_are_checked(setting, message):
    with pytest.raises(ValueError, match=message):
        LogisticModel(**{"features": 4, **setting})


def test_vector_of_the_wrong_length_is_refused(cancer):
    with pytest.raises(ValueError, match=r"vector must have shape \(5,\), got \(4,\)"):
        LogisticModel(cancer.features).predict(np.zeros(4), cancer.x_test)
