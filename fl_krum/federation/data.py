"""Real data for a federated session, and its split among the clients.

The data sets are the ones that come inside scikit-learn: nothing is downloaded. Their features are
brought to the number that the length d of the model vector asks for; what is learnt for that (mean,
spread, principal components) is learnt from the training part only. In a real federation the
clients would have to agree on this step first; here it is done for them.

A split is a list with one array of row numbers for each client: every row belongs to one client.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

#: Data sets, and the lengths d that a model vector can have on each: one weight for every feature
#: and one intercept, for each class of `digits`, but once for the two classes of `breast_cancer`.
DATASETS = {"breast_cancer": range(1, 30 + 2), "digits": range(10, 10 * (64 + 1) + 1, 10)}

PARTITIONS = ("iid", "dirichlet")

_READERS = {"breast_cancer": load_breast_cancer, "digits": load_digits}
_SMALLEST_PART = 2


@dataclass(frozen=True)
class Dataset:
    """Features and labels, divided into a training part and a test part.

    Attributes
    ----------
    name : str
    x_train, x_test : ndarray of float64, shape (samples, features)
        Standardised features or principal components; no column of ones for the intercept.
    y_train, y_test : ndarray of int64, shape (samples,)
        Labels 0 … classes-1.
    classes : int
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int

    @property
    def features(self) -> int:
        """Number of features, without the intercept."""
        return self.x_train.shape[1]


@lru_cache(maxsize=8)  # sessions come in series that differ in the rule or the attack alone
def load(name="breast_cancer", dimension=5, seed=0, test_share=0.3) -> Dataset:
    """Load a data set with as many features as a model vector of length `dimension` needs.

    The arrays are read-only: whoever asks for the same again is given the same.

    All features are standardised. Where fewer are needed than there are, the first principal
    components replace them; they keep their own spread, so that a component that says little
    stays small. With d = 1 (`breast_cancer`) or d = 10 (`digits`) no feature is left: such a model
    is an intercept, which can only learn the most frequent class.

    Parameters
    ----------
    name : {"breast_cancer", "digits"}
    dimension : int
        Length d of the model vector, out of ``DATASETS[name]``: 1 … 31 for `breast_cancer`
        (d-1 components and an intercept); 10, 20, … 650 for `digits` (d/10-1 components and an
        intercept for each of the ten classes; at 650, the 64 pixels themselves).
    seed : int
        Decides which samples are in the test part.
    test_share : float
        Part of the samples kept for the test, the same in every class.

    Raises
    ------
    ValueError
        If the name or the dimension is none of the above.
    """
    if name not in DATASETS:
        raise ValueError(f"dataset must be one of {', '.join(DATASETS)}, got {name!r}")
    lengths = DATASETS[name]
    if dimension not in lengths:
        step = f" in steps of {lengths.step}" if lengths.step > 1 else ""
        raise ValueError(
            f"dimension must be {lengths[0]} to {lengths[-1]}{step} on {name}, got {dimension}"
        )
    x, y = _READERS[name](return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y.astype(np.int64), test_size=test_share, stratify=y, random_state=seed
    )
    x_train, x_test = _reduce(x_train, x_test, dimension // lengths.step - 1)
    for array in (x_train, y_train, x_test, y_test):
        array.flags.writeable = False
    return Dataset(name, x_train, y_train, x_test, y_test, classes=int(y.max()) + 1)


def _reduce(x_train, x_test, features):
    """Standardise and keep `features` principal components, both learnt from `x_train`."""
    if features == 0:
        return x_train[:, :0], x_test[:, :0]
    if features == x_train.shape[1]:
        scaler = StandardScaler().fit(x_train)
        return scaler.transform(x_train), scaler.transform(x_test)
    reducer = make_pipeline(StandardScaler(), PCA(features, svd_solver="full")).fit(x_train)
    # A component's sign is arbitrary, and scikit-learn changed its choice in 1.5: fix our own, so
    # that a seed means the same run with every version.
    loadings = reducer[-1].components_
    signs = np.sign(loadings[np.arange(features), np.abs(loadings).argmax(axis=1)])
    return signs * reducer.transform(x_train), signs * reducer.transform(x_test)


def split(labels, clients, partition, alpha, rng) -> list[np.ndarray]:
    """Deal the samples out by `partition_iid` or `partition_dirichlet`, chosen by name.

    Raises
    ------
    ValueError
        If `partition` is not in `PARTITIONS`, and what these functions raise.
    """
    if partition == "iid":
        return partition_iid(labels, clients, rng)
    if partition == "dirichlet":
        return partition_dirichlet(labels, clients, alpha, rng)
    raise ValueError(f"partition must be one of {', '.join(PARTITIONS)}, got {partition!r}")


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


def partition_dirichlet(labels, clients, alpha, rng) -> list[np.ndarray]:
    """Deal the samples out so that every client has its own mix of the classes (label skew).

    Client i draws its mix q_i from Dirichlet(alpha·p), where p is the share of each class in the
    whole, and takes its samples by q_i. A small alpha gives clients with hardly more than one
    class, a large one comes close to `partition_iid`. The parts are equal to within one sample, so
    no client is left with nothing. Clients take turns, and a class that has run out is left out of
    the mixes: the last samples go where they must, whatever the mix asked for.

    Parameters
    ----------
    labels : array_like of int, shape (samples,)
    clients : int
    alpha : float
        Concentration, above 0.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray
        For each client the row numbers of its samples, ascending.

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
    parts: list[list[int]] = [[] for _ in range(clients)]
    for turn in range(len(labels)):
        client = turn % clients
        parts[client].append(stock[_draw_class(mixes[client], stock, rng)].pop())
    return [np.sort(part) for part in parts]


def _draw_class(mix, stock, rng) -> int:
    """Draw a class by `mix` among those in `stock`; by what is left if `mix` wants none of them."""
    left = np.array([len(rows) for rows in stock])
    weights = np.where(left > 0, mix, 0.0)
    if weights.sum() == 0:
        weights = left
    reached = np.cumsum(weights / weights.sum())
    # What rng.choice(p=...) does with the same random number, in half the time.
    return int(np.searchsorted(reached / reached[-1], rng.random(), side="right"))


def _check_clients(samples, clients):
    most = samples // _SMALLEST_PART
    if not 1 <= clients <= most:
        raise ValueError(f"clients must be 1 to {most} for {samples} samples, got {clients}")
