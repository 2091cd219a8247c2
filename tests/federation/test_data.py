"""Data sets of the right shape, and splits in which every sample belongs to one client."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.federation.data import DATASETS, load, partition_dirichlet, partition_iid, split

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


def test_every_listed_dimension_is_loadable_at_its_ends():
    for name, lengths in DATASETS.items():
        for dimension in (lengths[0], lengths[1], lengths[-1]):
            load(name, dimension)


labels_and_clients = st.integers(1, 12).flatmap(
    lambda clients: st.tuples(
        st.lists(st.integers(0, 3), min_size=2 * clients, max_size=150), st.just(clients)
    )
)


def assert_is_partition(parts, samples, clients):
    assert len(parts) == clients
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(samples))
    sizes = [len(part) for part in parts]
    assert min(sizes) >= 2 and max(sizes) - min(sizes) <= 1


@given(labels_and_clients, st.integers(0, 2**32 - 1))
def test_iid_deals_every_sample_once(case, seed):
    labels, clients = case
    parts = partition_iid(labels, clients, np.random.default_rng(seed))
    assert_is_partition(parts, len(labels), clients)


@given(labels_and_clients, st.floats(1e-6, 1e6), st.integers(0, 2**32 - 1))
def test_dirichlet_deals_every_sample_once(case, alpha, seed):
    labels, clients = case
    parts = partition_dirichlet(labels, clients, alpha, np.random.default_rng(seed))
    assert_is_partition(parts, len(labels), clients)


def skew(alpha):
    """Mean total-variation distance between a client's mix of labels and that of the whole."""
    labels = np.repeat(np.arange(10), 100)
    parts = partition_dirichlet(labels, 20, alpha, np.random.default_rng(0))
    mixes = np.array([np.bincount(labels[part], minlength=10) / len(part) for part in parts])
    return np.abs(mixes - 0.1).sum(axis=1).mean() / 2


def test_smaller_alpha_means_more_label_skew():
    assert skew(0.1) > skew(1) > skew(10) > skew(1e5)
    assert skew(0.1) > 0.5 and skew(1e5) < 0.2


def test_mixes_follow_the_dirichlet_distribution():
    """By Dirichlet(alpha p), a client's share of class k has variance p_k (1 - p_k) / (alpha + 1).

    Parts of 75 samples add 0.21 * alpha / (alpha + 1) / 75, which is 5 % of it, and classes that
    run out at the end take some away.
    """
    rng = np.random.default_rng(1)
    labels, alpha, clients = np.repeat([0, 1], [4500, 10500]), 4.0, 200
    parts = partition_dirichlet(labels, clients, alpha, rng)
    share = np.array([labels[part].mean() for part in parts])
    assert share.mean() == pytest.approx(0.7)
    assert share.var() == pytest.approx(0.21 / (alpha + 1), rel=0.25)


@pytest.mark.parametrize("alpha", [0, -1, float("nan"), float("inf")])
def test_alpha_must_be_positive(alpha):
    with pytest.raises(ValueError, match="alpha must be a number above 0"):
        partition_dirichlet([0, 1] * 5, 2, alpha, np.random.default_rng(0))


@pytest.mark.parametrize("clients", [0, 6])
def test_every_client_needs_two_samples(clients):
    rng = np.random.default_rng(0)
    for deal in (
        lambda: partition_iid([0] * 10, clients, rng),
        lambda: partition_dirichlet([0] * 10, clients, 1.0, rng),
    ):
        with pytest.raises(ValueError, match=f"must be 1 to 5 for 10 samples, got {clients}"):
            deal()


def test_split_finds_the_partition_by_its_name():
    labels = [0, 1] * 10
    for name, deal in (
        ("iid", lambda rng: partition_iid(labels, 3, rng)),
        ("dirichlet", lambda rng: partition_dirichlet(labels, 3, 0.5, rng)),
    ):
        by_name = split(labels, 3, name, 0.5, np.random.default_rng(0))
        directly = deal(np.random.default_rng(0))
        assert [part.tolist() for part in by_name] == [part.tolist() for part in directly]
    with pytest.raises(ValueError, match="one of iid, dirichlet, got 'random'"):
        split(labels, 3, "random", 0.5, np.random.default_rng(0))


def test_the_same_again_is_not_computed_again_and_cannot_be_changed():
    data = load("breast_cancer", 5, seed=3)
    assert load("breast_cancer", 5, seed=3) is data
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0] = 0
