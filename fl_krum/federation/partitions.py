"""How samples are dealt out among the clients of a simulated federation.

A partition is a list with one array of row numbers for each client: every row belongs to one
client. Data that clients hold already (`Dataset.from_clients`) need none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from .own_functions import name_of

PARTITIONS = ("iid", "dirichlet", "column")

_SMALLEST_PART = 2


def split(labels, clients, partition, alpha, rng, groups=None) -> list[np.ndarray]:
    """Deal the samples out as `partition` says.

    Parameters
    ----------
    labels : array_like, shape (samples,)
    clients : int
    partition : str, callable or sequence of arrays
        "iid" or "dirichlet" (with `alpha`); "column", a client for each of the `groups`; a function
        ``partition(labels, clients, rng)`` that gives the row numbers of each client, such as
        ``functools.partial(partition_shares, shares=[6, 1, 1])``; or these row numbers themselves.
    alpha : float
    rng : numpy.random.Generator
    groups : array_like, shape (samples,), optional

    Raises
    ------
    ValueError
        `partition` is none of these, a row is missing, doubled or not there, or the number of
        clients does not fit.
    """
    if isinstance(partition, str):
        return _by_name(labels, clients, partition, alpha, rng, groups)
    parts = partition(labels, clients, rng) if callable(partition) else partition
    return partition_given(labels, clients, parts)


def partition_name(partition: str | Callable | Sequence) -> str:
    """A partition in one word, for settings and tables."""
    if isinstance(partition, str):
        return partition
    return name_of(partition) if callable(partition) else "given"


def partition_iid(labels, clients, rng) -> list[np.ndarray]:
    """Deal the samples out at random: equal parts (to within one), each like the whole.

    Parameters
    ----------
    labels : array_like, shape (samples,)
    clients : int
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray
        For each client the row numbers of its samples, ascending.

    Raises
    ------
    ValueError
        If there are fewer than two samples a client.
    """
    _check_clients(len(labels), clients)
    return [np.sort(part) for part in np.array_split(rng.permutation(len(labels)), clients)]


def partition_shares(labels, clients, rng, shares) -> list[np.ndarray]:
    """Deal the samples out at random in parts of unequal size, each like the whole (quantity skew).

    Parameters
    ----------
    labels, clients, rng
        As for `partition_iid`, and so is what is returned.
    shares : sequence of numbers above 0, one a client
        In any unit: [6, 1, 1, 1, 1, 1, 1] gives half of all samples to the first of 7 clients.

    Raises
    ------
    ValueError
        The shares are not one positive number a client, or leave a client fewer than two samples.
    """
    _check_clients(len(labels), clients)
    wanted = np.asarray(shares, dtype=np.float64)
    if wanted.shape != (clients,) or not ((wanted > 0) & np.isfinite(wanted)).all():
        raise ValueError(f"shares must be {clients} numbers above 0, one a client; got {shares}")
    ends = np.round(np.cumsum(wanted) / wanted.sum() * len(labels)).astype(int)
    sizes = np.diff(ends, prepend=0)
    if sizes.min() < _SMALLEST_PART:
        raise ValueError(
            f"client {sizes.argmin() + 1} would get {sizes.min()} of {len(labels)} samples: "
            f"a client needs {_SMALLEST_PART}, so give it a larger share"
        )
    return [np.sort(part) for part in np.split(rng.permutation(len(labels)), ends[:-1])]


def partition_dirichlet(labels, clients, alpha, rng) -> list[np.ndarray]:
    """Deal the samples out so that every client has its own mix of the classes (label skew).

    Client i draws its mix q_i from Dirichlet(alpha·p), where p is the share of each class in the
    whole, and takes its samples by q_i. A small alpha gives clients with hardly more than one
    class, a large one comes close to `partition_iid`. The parts are equal to within one sample, so
    no client is left with nothing. Clients take turns, and a class that has run out is left out of
    the mixes: the last samples go where they must, whatever the mix asked for.

    Parameters
    ----------
    labels, clients, rng
        As for `partition_iid`, and so is what is returned.
    alpha : float
        Concentration, above 0.

    Raises
    ------
    ValueError
        If alpha is not a positive number, or there are fewer than two samples a client.

    References
    ----------
    Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
    Classification", 2019, arXiv:1909.06335, section 3 (there without the turns).
    """
    labels = np.asarray(labels)
    _check_clients(len(labels), clients)
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be a number above 0, got {alpha}")
    classes = np.unique(labels)
    stock = [list(rng.permutation(np.flatnonzero(labels == label))) for label in classes]
    shares = np.array([len(rows) for rows in stock]) / len(labels)
    mixes = rng.dirichlet(alpha * shares, size=clients)
    left = np.array([len(rows) for rows in stock])
    parts: list[list[int]] = [[] for _ in range(clients)]
    chances: list[list[float]] = []  # of each client; they change where a class has run out
    for turn, drawn in enumerate(rng.random(len(labels))):
        client = turn % clients
        chances = chances or [_cumulated(mix, left) for mix in mixes]
        # What rng.choice(p=...) does with the same random number.
        label = bisect_right(chances[client] or _cumulated(left, left), drawn)
        parts[client].append(stock[label].pop())
        left[label] -= 1
        if left[label] == 0:
            chances = []
    return [np.sort(part) for part in parts]


def partition_column(labels, clients, groups) -> list[np.ndarray]:
    """Give each group of samples, such as the patients of one hospital, to one client.

    Parameters
    ----------
    labels : array_like, shape (samples,)
    clients : int
    groups : array_like, shape (samples,)
        The group of each sample; clients are the groups in sorted order.

    Raises
    ------
    ValueError
        There are no groups, not as many as clients, or one of fewer than two samples.
    """
    if groups is None:
        raise ValueError('partition "column" needs a column to go by: Dataset…(…, by=COLUMN)')
    names, group = np.unique(groups, return_inverse=True)
    if len(names) != clients:
        raise ValueError(
            f"the column has {len(names)} values, so there are {len(names)} clients, not {clients}"
        )
    sizes = np.bincount(group)
    if sizes.min() < _SMALLEST_PART:
        raise ValueError(
            f"{names[sizes.argmin()]!s} has {sizes.min()} training sample: a client needs "
            f"{_SMALLEST_PART}"
        )
    return [np.flatnonzero(group == client) for client in range(clients)]


def partition_given(labels, clients, parts) -> list[np.ndarray]:
    """Check row numbers that somebody has chosen: every row once, and none for nobody.

    Raises
    ------
    ValueError
        What is wrong with them.
    """
    parts = [np.asarray(part) for part in parts]
    if len(parts) != clients:
        raise ValueError(f"the partition has {len(parts)} parts for {clients} clients")
    for client, part in enumerate(parts, start=1):
        if part.ndim != 1 or len(part) == 0 or part.dtype.kind not in "iu":
            raise ValueError(f"client {client} needs a list of row numbers, at least one")
    rows = np.sort(np.concatenate(parts))
    if not np.array_equal(rows, np.arange(len(labels))):
        raise ValueError(
            f"a partition has each of the rows 0 to {len(labels) - 1} of the training part once"
        )
    return parts


def _by_name(labels, clients, name, alpha, rng, groups) -> list[np.ndarray]:
    if name == "iid":
        return partition_iid(labels, clients, rng)
    if name == "dirichlet":
        return partition_dirichlet(labels, clients, alpha, rng)
    if name == "column":
        return partition_column(labels, clients, groups)
    raise ValueError(f"partition must be one of {', '.join(PARTITIONS)}, got {name!r}")


def _cumulated(mix, left) -> list[float]:
    """Cumulated chances of the classes of which something is left; none if `mix` wants no such."""
    weights = np.where(left > 0, mix, 0.0)
    if weights.sum() == 0:
        return []
    reached = np.cumsum(weights / weights.sum())
    return (reached / reached[-1]).tolist()


def _check_clients(samples, clients):
    most = samples // _SMALLEST_PART
    if not 1 <= clients <= most:
        raise ValueError(f"clients must be 1 to {most} for {samples} samples, got {clients}")
