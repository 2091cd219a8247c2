"""Sessions on one's own data and with one's own model; shared updates; clients of unequal size."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.neural_network import MLPClassifier

from fl_krum.aggregators.krum import krum
from fl_krum.aggregators.rules import weighted_mean
from fl_krum.federation.dataset import Dataset
from fl_krum.federation.models import LogisticModel
from fl_krum.federation.session import FederatedSession
from fl_krum.program.fixed_point import FixedPoint

X, Y = load_wine(return_X_y=True)
NAMES = np.array(["barolo", "grignolino", "barbera"])
DATA = Dataset.from_arrays(X, NAMES[Y], by=np.arange(178) % 9, name="wine")


class NearestMean:
    """A model that is no gradient descent: the mean of each class, its values one after another."""

    def start(self, rng):
        return rng.normal(size=39)

    def train(self, vector, x, y, rng):
        means = vector.reshape(3, 13)
        for label in set(y.tolist()):
            means[label] = x[y == label].mean(axis=0)  # in place: the vector is a copy
        return vector

    def accuracy(self, vector, x, y):
        distances = np.linalg.norm(x[:, None] - vector.reshape(3, 13), axis=2)
        return np.mean(distances.argmin(axis=1) == y)


def test_own_data_with_the_models_of_the_lesson():
    session = FederatedSession(data=DATA, rounds=4)
    last = session.run()[-1]
    assert last.accuracy > 0.8 > 0.6 > last.accuracy_mean and last.matches_plaintext
    settings = json.loads(json.dumps(session.settings))
    assert settings["dataset"] == "wine" and settings["dimension"] == 3 * 14
    assert settings["labels"] == ["barbera", "barolo", "grignolino"]
    assert settings["samples"] == [18, 18, 18, 18, 18, 17, 17]
    other = Dataset.from_arrays(X, NAMES[Y], seed=1)
    assert settings["data_sha256"] != FederatedSession(data=other).settings["data_sha256"]
    assert "data_sha256" not in FederatedSession().settings


def test_own_model_of_any_kind():
    session = FederatedSession(data=DATA, model=NearestMean(), rounds=2)
    first, last = session.run()
    assert last.accuracy > 0.9 and len(last.vector) == 39
    assert session.settings["train"] == "NearestMean"
    np.testing.assert_array_equal(first.vector, krum(first.updates, 2).vector)
    assert [r.vector for r in session.run()] == [first.vector, last.vector]


def test_a_net_of_scikit_learn_and_the_built_in_data():
    net = MLPClassifier((8,), solver="sgd", batch_size=8, learning_rate_init=0.1)
    session = FederatedSession(model=net, rounds=2, compare=False)
    assert session.data.features == 30 and len(session.start) == 30 * 8 + 8 + 8 + 1
    assert session.settings["train"] == "MLPClassifier"
    assert session.run()[-1].accuracy > 0.85


def test_epochs_and_learning_rate_are_settings_of_the_model():
    slow = LogisticModel(DATA.features, DATA.classes, learning_rate=1e-6)
    session = FederatedSession(data=DATA, model=slow, rounds=1, attack="none", compare=False)
    assert np.abs(session.run()[0].vector - session.start).max() < 1e-3


def test_clients_that_hold_their_data():
    clients = [(X[k::9], NAMES[Y[k::9]]) for k in range(8)] + [(X[8::9][:5], NAMES[Y[8::9][:5]])]
    data = Dataset.from_clients(clients)
    session = FederatedSession(data=data, rounds=3, byzantine=3)
    assert session.settings["clients"] == 9 and session.settings["partition"] == "given"
    assert session.settings["samples"][-1] == 3
    last = session.run()[-1]
    assert last.accuracy > 0.7 > last.accuracy_mean
    with pytest.raises(ValueError, match="those of 9 clients, not 7"):
        FederatedSession(data=data, clients=7)
    with pytest.raises(ValueError, match="clients hold these data already"):
        FederatedSession(data=data, partition="iid", byzantine=3)


def test_a_column_says_which_client_has_what():
    session = FederatedSession(data=DATA, partition="column", rounds=1, compare=False)
    assert len(session.parts) == 9
    for client, part in enumerate(session.parts):
        assert set(DATA.groups[part]) == {client}
    assert session.run()[0].updates.shape == (9, 42)


def test_updates_are_shared_as_the_same_model_to_within_the_resolution():
    arguments = dict(data=DATA, rounds=3, attack="alie", seed=4)
    whole = FederatedSession(**arguments).run()
    fine = FixedPoint(bits=28, fraction=24)
    updates = FederatedSession(**arguments, share="update", fixed_point=fine).run()
    for one, other in zip(whole, updates, strict=True):
        assert one.chosen == other.chosen and other.matches_plaintext
        np.testing.assert_allclose(one.vector, other.vector, atol=2e-3)
    start = FederatedSession(**arguments).start
    np.testing.assert_array_equal(  # they are what was added
        updates[0].vector, start + updates[0].updates[updates[0].chosen]
    )
    assert np.abs(updates[0].updates).max() < 8


def test_finer_words_lose_less():
    """With the same number of bits an update has 2^8 times the resolution of a model."""

    def lost(**more):
        session = FederatedSession(data=DATA, rounds=1, attack="none", compare=False, **more)
        exact = session.clients.updates(session.start, 1)
        (record,) = session.run()
        return np.abs(np.array(record.vector) - exact[record.chosen]).max()

    coarse = lost()
    assert 2.0**-19 < coarse <= 2.0**-17
    assert lost(share="update") <= 2.0**-17
    assert lost(share="update", fixed_point=FixedPoint(28, 24)) <= 2.0**-25


def test_byzantine_updates_are_clipped_and_honest_ones_refused():
    narrow = FixedPoint(bits=12, fraction=8)  # -8 … 8
    session = FederatedSession(share="update", attack="outlier", fixed_point=narrow, rounds=1)
    sent = session.run()[0].updates[list(session.byzantine_clients)]
    assert set(np.abs(sent).ravel()) <= {8, 8 - 2**-8}
    with pytest.raises(ValueError, match="out of range"):
        FederatedSession(
            share="update", fixed_point=narrow, train=lambda v, x, y, rng: v + 9.0
        ).run()


def test_the_weighted_mean_stands_beside_the_plain_one():
    shares = [np.arange(62), *np.array_split(np.arange(62, 124), 6)]
    session = FederatedSession(data=DATA, partition=shares, attack="none", rounds=2)
    first, second = session.run()
    assert first.accuracy_weighted != first.accuracy_mean
    expected = weighted_mean(first.updates, [62, 11, 11, 10, 10, 10, 10])
    assert first.accuracy_weighted == session.accuracy(expected)
    again = FederatedSession(data=DATA, partition=shares, attack="none", rounds=2, start=first)
    resumed = again.run()[0]  # also the weighted mean
    assert replace(resumed, seconds=second.seconds) == second
    even = FederatedSession(data=DATA, rounds=1).run()[0]
    assert even.accuracy_weighted == even.accuracy_mean


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": (X, Y)}, "data must be a Dataset, such as Dataset.from_arrays"),
        ({"data": DATA, "dimension": 5}, "dimension = 5 does not fit: the model has d = 42"),
        ({"data": DATA, "model": "net"}, "model must have start"),
        ({"data": DATA, "model": MLPClassifier}, "model must have start"),
        ({"model": NearestMean(), "dimension": 5}, "the model has d = 39"),
        ({"share": "gradient"}, "share must be one of model, update"),
        ({"data": DATA, "partition": "given"}, "for data that clients hold already"),
    ],
)
def test_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        FederatedSession(**arguments)


def test_a_model_that_gives_no_vector():
    class Odd(NearestMean):
        def start(self, rng):
            return np.full(39, np.nan)

    with pytest.raises(ValueError, match="model.start returned nan at coordinate 0"):
        FederatedSession(data=DATA, model=Odd())
    Odd.start = lambda self: np.zeros(39)
    with pytest.raises(ValueError, match=r"cannot be called as start\(rng\)"):
        FederatedSession(data=DATA, model=Odd())


def test_weights_of_a_mean_are_checked():
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]])
    np.testing.assert_allclose(weighted_mean(rows, [1, 0, 3]), [4, 7.25])
    np.testing.assert_allclose(weighted_mean(rows, [1, 1, 10**9]), rows[2], atol=1e-8)
    for wrong in ([1, 2], [0, 0, 0], [1, -1, 1], [1, float("nan"), 1]):
        with pytest.raises(ValueError, match="weights must be 3 numbers"):
            weighted_mean(rows, wrong)
