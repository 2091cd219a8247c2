"""Partitions in which every sample belongs to one client, however the samples are dealt out."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.federation.partitions import (
    partition_column,
    partition_dirichlet,
    partition_iid,
    partition_name,
    partition_shares,
    split,
)

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


@given(labels_and_clients, st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_dirichlet_draws_each_class_by_what_the_client_wants_and_what_is_left(case, alpha, seed):
    """By numpy's own `choice`, one sample after the other."""
    labels, clients = case
    rng = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    stock = [list(rng.permutation(np.flatnonzero(labels == label))) for label in classes]
    mixes = rng.dirichlet(alpha * counts / len(labels), size=clients)
    wanted = [[] for _ in range(clients)]
    for turn in range(len(labels)):
        left = np.array([len(rows) for rows in stock])
        weights = np.where(left > 0, mixes[turn % clients], 0)
        weights = weights if weights.any() else left
        label = rng.choice(len(classes), p=weights / weights.sum())
        wanted[turn % clients].append(stock[label].pop())
    parts = partition_dirichlet(labels, clients, alpha, np.random.default_rng(seed))
    assert [part.tolist() for part in parts] == [sorted(part) for part in wanted]


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
    with pytest.raises(ValueError, match="one of iid, dirichlet, column, got 'random'"):
        split(labels, 3, "random", 0.5, np.random.default_rng(0))


@given(labels_and_clients, st.integers(0, 2**32 - 1), st.data())
def test_shares_deal_every_sample_once_in_parts_of_the_wanted_size(case, seed, data):
    labels, clients = case
    shares = data.draw(st.lists(st.floats(0.1, 10), min_size=clients, max_size=clients))
    rng = np.random.default_rng(seed)
    try:
        parts = partition_shares(labels, clients, rng, shares)
    except ValueError as error:
        assert "a client needs 2" in str(error)
        return
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    wanted = np.array(shares) / sum(shares) * len(labels)
    assert np.abs([len(part) for part in parts] - wanted).max() <= 1


def test_half_of_the_data_for_one_client():
    deal = partial(partition_shares, shares=[6, 1, 1, 1, 1, 1, 1])
    parts = split([0, 1] * 60, 7, deal, 0.5, np.random.default_rng(0))
    assert [len(part) for part in parts] == [60, 10, 10, 10, 10, 10, 10]


@pytest.mark.parametrize("shares", [[1, 1], [1, 1, 0], [1, 1, float("inf")], [1, 1, -1]])
def test_shares_are_a_positive_number_a_client(shares):
    with pytest.raises(ValueError, match="shares must be 3 numbers above 0"):
        partition_shares([0] * 10, 3, np.random.default_rng(0), shares)


def test_a_column_gives_each_of_its_values_to_a_client():
    hospitals = np.array(["B", "A", "C", "A", "B", "C", "A"])
    parts = partition_column([0] * 7, 3, hospitals)
    assert [part.tolist() for part in parts] == [[1, 3, 6], [0, 4], [2, 5]]
    with pytest.raises(ValueError, match="3 values, so there are 3 clients, not 4"):
        partition_column([0] * 7, 4, hospitals)
    with pytest.raises(ValueError, match="C has 1 training sample: a client needs 2"):
        partition_column([0] * 5, 3, hospitals[:5])
    with pytest.raises(ValueError, match="needs a column to go by"):
        split([0] * 7, 3, "column", 0.5, np.random.default_rng(0))


def test_rows_of_each_client_can_be_given():
    given_rows = [[0, 3], [1], [2, 4]]
    parts = split([0] * 5, 3, given_rows, 0.5, np.random.default_rng(0))
    assert [part.tolist() for part in parts] == given_rows
    by_function = split([0] * 5, 3, lambda labels, clients, rng: given_rows, 0.5, None)
    assert [part.tolist() for part in by_function] == given_rows


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([[0, 1], [2, 3, 4]], "has 2 parts for 3 clients"),
        ([[0, 1], [2, 3], [3]], "each of the rows 0 to 4 of the training part once"),
        ([[0, 1], [2, 3], [5]], "each of the rows 0 to 4"),
        ([[0, 1], [2, 3, 4], []], "client 3 needs a list of row numbers"),
        ([[0, 1], [2, 3], [4.0]], "client 3 needs a list of row numbers"),
    ],
)
def test_given_rows_are_checked(parts, message):
    with pytest.raises(ValueError, match=message):
        split([0] * 5, 3, parts, 0.5, np.random.default_rng(0))


def test_partitions_have_a_name():
    assert partition_name("iid") == "iid"
    assert partition_name([[0], [1]]) == "given"
    assert partition_name(partition_iid) == "partition_iid"
