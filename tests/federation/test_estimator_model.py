"""scikit-learn's classifiers as vectors; what is trained is what they train themselves."""

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import (
    LogisticRegression,
    Perceptron,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

from fl_krum.federation.data import load
from fl_krum.federation.estimator_model import EstimatorModel
from fl_krum.federation.models import LogisticModel, as_model

DIGITS = load("digits", None)


def net(**more):
    return MLPClassifier((16,), solver="sgd", batch_size=16, learning_rate_init=0.2, **more)


def rng(seed=0):
    return np.random.default_rng(seed)


def random_state(seed):
    """What a model draws for scikit-learn of `rng(seed)`."""
    return np.random.RandomState(int(rng(seed).integers(2**32)))


def test_linear_training_is_partial_fit_of_the_estimator():
    estimator = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.01)
    model = EstimatorModel(estimator, 64, 10, epochs=2)
    found = model.train(np.zeros(650), DIGITS.x_train, DIGITS.y_train, rng(4))
    direct = SGDClassifier(
        loss="log_loss", learning_rate="constant", eta0=0.01, random_state=random_state(4)
    )
    for _ in range(2):
        direct.partial_fit(DIGITS.x_train, DIGITS.y_train, classes=np.arange(10))
    np.testing.assert_array_equal(found, np.append(direct.coef_.ravel(), direct.intercept_))
    reached = model.accuracy(found, DIGITS.x_test, DIGITS.y_test)
    assert reached == direct.score(DIGITS.x_test, DIGITS.y_test) > 0.9


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_net_trains_as_it_does_itself(solver):
    options = dict(solver=solver, batch_size=16, learning_rate_init=0.01)
    model = EstimatorModel(MLPClassifier((16,), **options), 64, 10)
    start = model.start(rng(1))
    assert start.shape == (64 * 16 + 16 * 10 + 16 + 10,) == (model.dimension,)
    found = model.train(start, DIGITS.x_train, DIGITS.y_train, rng(2))
    direct = MLPClassifier((16,), **options)
    direct.partial_fit(DIGITS.x_train[:16], DIGITS.y_train[:16], classes=np.arange(10))
    weights = model.layout.unflatten(start)
    for kind in ("coefs_", "intercepts_"):
        for position, array in enumerate(getattr(direct, kind)):
            array[...] = weights[f"{kind}[{position}]"]
    del direct._optimizer
    direct.set_params(random_state=random_state(2))
    direct.partial_fit(DIGITS.x_train, DIGITS.y_train)
    np.testing.assert_array_equal(found[: 64 * 16], direct.coefs_[0].ravel())
    np.testing.assert_array_equal(found[-10:], direct.intercepts_[1])


def test_training_is_seeded_and_leaves_everything_alone():
    estimator = net()
    model = EstimatorModel(estimator, 64, 10)
    start = model.start(rng())
    before = start.copy()
    one = model.train(start, DIGITS.x_train[:100], DIGITS.y_train[:100], rng(1))
    np.testing.assert_array_equal(start, before)
    np.testing.assert_array_equal(
        one, model.train(start, DIGITS.x_train[:100], DIGITS.y_train[:100], rng(1))
    )
    other = model.train(start, DIGITS.x_train[:100], DIGITS.y_train[:100], rng(2))
    assert not np.array_equal(one, other) and not np.array_equal(one, start)
    assert not hasattr(estimator, "coefs_")
    np.testing.assert_array_equal(start, model.start(rng()))
    assert not np.array_equal(start, model.start(rng(5)))


@pytest.mark.parametrize("estimator", [Perceptron(), net()])
def test_clients_with_one_class_and_two_classes_only(estimator):
    model = EstimatorModel(estimator, 64, 10)
    ones = DIGITS.y_train == 1
    vector = model.train(model.start(rng()), DIGITS.x_train[ones], DIGITS.y_train[ones], rng())
    assert np.mean(model.predict(vector, DIGITS.x_train[ones]) == 1) > 0.9
    two = EstimatorModel(estimator, 64, 2)
    y = (DIGITS.y_train > 4).astype(int)
    vector = two.train(two.start(rng()), DIGITS.x_train, y, rng())
    assert two.accuracy(vector, DIGITS.x_train, y) > 0.75


def test_the_layout_says_what_is_shared_and_what_stays():
    model = EstimatorModel(net(), 64, 10)
    assert list(model.layout.shapes) == [
        "coefs_[0]", "coefs_[1]", "intercepts_[0]", "intercepts_[1]",
    ]  # fmt: skip
    assert "loss_curve_" in model.layout.at_home
    means = EstimatorModel(GaussianNB(), 64, 10, share=("theta_",))
    assert means.layout.shapes == {"theta_": (10, 64)} and "var_" in means.layout.at_home


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LogisticRegression(), "LogisticRegression cannot be trained in rounds"),
        (SGDRegressor(), "SGDRegressor cannot be trained in rounds: a classifier"),
        (MiniBatchKMeans(), "MiniBatchKMeans cannot be trained in rounds"),
        (SGDClassifier(average=True), "keeps a second set of weights"),
        (GaussianNB(), "none of the weights .* it has .*theta_.*share="),
    ],
)
def test_estimators_that_do_not_fit(estimator, message):
    with pytest.raises(ValueError, match=message):
        EstimatorModel(estimator, 64, 10)


def test_a_model_is_made_of_what_is_given():
    assert as_model(None, 4, 2) == LogisticModel(4, 2)
    assert isinstance(as_model(net(), 64, 10), EstimatorModel)
    own = LogisticModel(4, 2, epochs=3)
    assert as_model(own, 4, 2) is own
    for wrong in (LogisticRegression(), "logistic", LogisticRegression, MLPClassifier):
        with pytest.raises(ValueError, match=r"model must have start\(rng\), train"):
            as_model(wrong, 4, 2)
