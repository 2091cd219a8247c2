"""Data for a federated session: one's own arrays, a table, or what each client holds already.

Two kinds. Data in one place are divided into a training and a test part, and a session deals the
training part out among simulated clients. Data that clients hold (`from_clients`, `from_folder`)
stay as they are, an array for each client, of any size, and are never put together here: every
client keeps a part of its own samples for the test. (A session that compares with *pooled* data
puts the honest clients' samples together for that line alone, as `compare=False` does not.)

Labels may be anything that can be sorted, strings or -1 and 1; models see 0 … k-1, and
`Dataset.labels` says what each stands for. Features are standardised unless told otherwise: plain
gradient descent needs it. In a real federation clients would have to agree on that first, by means
and variances that each tells of its own data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .partitions import split
from .samples import (
    Samples,
    all_labels,
    check_classes,
    check_labels,
    checked_column,
    checked_features,
    client_arrays,
    draw_test,
    given_test,
    keep_some,
    standardised,
)
from .tables import Table, read_csv, table_of_frame


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels, divided into a training part and a test part.

    Make one with `from_arrays`, `from_frame`, `from_csv`, `from_clients` or `from_folder`. All
    arrays are read-only.

    Attributes
    ----------
    name : str
    train, test : tuple of Samples
        One pair (x, y) for data in one place, one for each client otherwise.
    labels : tuple
        ``labels[k]`` is what the label k of ``y`` stands for.
    groups : ndarray or None, shape (training samples,)
        What the partition "column" goes by.
    apart : bool
        Whether the clients hold the data already.
    built_in : bool
        Whether the name says it all.

    Examples
    --------
    >>> data = Dataset.from_arrays([[0.0], [1.0], [2.0], [3.0]] * 5, ["no", "no", "yes", "yes"] * 5)
    >>> data
    <Dataset arrays: 14 + 6 samples, 1 features, 2 classes: 0 = no, 1 = yes>
    >>> data.classes, data.x_train.shape
    (2, (14, 1))
    """

    name: str
    train: tuple[Samples, ...] = field(repr=False)
    test: tuple[Samples, ...] = field(repr=False)
    labels: tuple
    groups: np.ndarray | None = field(default=None, repr=False)
    apart: bool = False
    built_in: bool = field(default=False, repr=False)

    def __post_init__(self):
        for samples in (*self.train, *self.test):
            for array in samples:
                array.flags.writeable = False

    @classmethod
    def from_arrays(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        *,
        test: tuple[ArrayLike, ArrayLike] | None = None,
        test_share: float = 0.3,
        by: ArrayLike | None = None,
        standardise: bool = True,
        seed: int = 0,
        name: str = "arrays",
    ) -> Dataset:
        """Data in one place, for a session to divide among the clients.

        Parameters
        ----------
        x : array_like of numbers, shape (samples, features), or (samples, …) for a model that
            takes more, such as images
        y : array_like, shape (samples,)
            Labels of two classes at least.
        test : (x, y), optional
            A test part of its own. By default `test_share` of the samples are drawn for it, the
            same share of every class.
        test_share : float
            Above 0 and below 1.
        by : array_like, shape (samples,), optional
            The group, such as the hospital, of every sample, for the partition "column".
        standardise : bool
            Whether to bring features to mean 0 and variance 1 of the training part.
        seed : int
            Decides which samples are in the test part.
        name : str

        Raises
        ------
        ValueError
            Shapes do not fit, a feature is not a finite number, or the labels are not classes.
        """
        features, labels = checked_features(x, "x"), np.asarray(y)
        check_labels(labels, len(features))
        names, labels = np.unique(labels, return_inverse=True)
        check_classes(names, len(labels))
        groups = None if by is None else checked_column(by, len(features), "by")
        if test is None:
            training, testing = draw_test(labels, names, test_share, seed)
            train = Samples(features[training], labels[training])
            held_out = Samples(features[testing], labels[testing])
            groups = None if groups is None else groups[training]
        else:
            train = Samples(features, labels)
            held_out = Samples(*given_test(test, features.shape[1:], names))
        if standardise:
            (x_train,), (x_test,) = standardised([train.x], [held_out.x])
            train, held_out = Samples(x_train, train.y), Samples(x_test, held_out.y)
        return cls(name, (train,), (held_out,), tuple(names.tolist()), groups)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: str,
        *,
        by: str | None = None,
        without: Sequence[str] = (),
        **options: Any,
    ) -> Dataset:
        """A pandas table: column `target` has the labels, all others are features.

        Columns of text with a few different values become a column of 0 and 1 for each value.

        Parameters
        ----------
        frame : pandas.DataFrame
        target : str
        by : str, optional
            A column that is no feature but says where a sample belongs, for the partition "column".
        without : sequence of str
            Columns to leave out, such as a number that names the patient.
        **options
            As for `from_arrays`.
        """
        table = table_of_frame(frame)
        return cls._from_table(table, target, by, without, **{"name": "frame", **options})

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        target: str,
        *,
        by: str | None = None,
        without: Sequence[str] = (),
        **options: Any,
    ) -> Dataset:
        """A CSV file whose first line names the columns; as `from_frame`, without pandas."""
        table, name = read_csv(path), Path(path).stem
        return cls._from_table(table, target, by, without, **{"name": name, **options})

    @classmethod
    def _from_table(
        cls, table: Table, target: str, by: str | None, without: Sequence[str], **options
    ) -> Dataset:
        _check_not_target(target, without, by)
        y = table.column(target)
        groups = None if by is None else table.column(by)
        left_out = [target, *without] if by is None else [target, by, *without]
        return cls.from_arrays(table.features(left_out), y, by=groups, **options)

    @classmethod
    def from_clients(
        cls,
        clients: Sequence[tuple[ArrayLike, ArrayLike]],
        *,
        test: tuple[ArrayLike, ArrayLike] | None = None,
        test_share: float = 0.3,
        standardise: bool = True,
        seed: int = 0,
        name: str = "clients",
    ) -> Dataset:
        """What each client holds already: it stays apart, whatever its size and its labels.

        Parameters
        ----------
        clients : sequence of pairs (x, y)
            As for `from_arrays`; a client may lack classes that others have.
        test : (x, y), optional
            A test part that is nobody's. By default every client keeps `test_share` of its own
            samples, drawn at random, and accuracy is that on all of them.
        test_share, standardise, seed, name
            As for `from_arrays`. Standardising takes the mean and the variance of each client's
            training part, weighted by its size: what the clients would have to tell.

        Raises
        ------
        ValueError
            As for `from_arrays`; the client is named.
        """
        found = [client_arrays(number, *pair) for number, pair in enumerate(clients, start=1)]
        if not found:
            raise ValueError("there are no clients")
        width = found[0][0].shape[1:]
        for number, (x, _) in enumerate(found, start=1):
            if x.shape[1:] != width:
                raise ValueError(
                    f"client {number} has features of the shape {x.shape[1:]}, client 1 {width}"
                )
        names = all_labels(found)
        check_classes(names, sum(len(y) for _, y in found))
        encoded = [Samples(x, np.searchsorted(names, y)) for x, y in found]
        if test is None:
            parts = [keep_some(*pair, test_share, [seed, row]) for row, pair in enumerate(encoded)]
            training, testing = [part[0] for part in parts], [part[1] for part in parts]
        else:
            training, testing = encoded, [given_test(test, width, names)]
        xs, x_tests = [x for x, _ in training], [x for x, _ in testing]
        if standardise:
            xs, x_tests = standardised(xs, x_tests)
        return cls(
            name,
            tuple(Samples(x, y) for x, (_, y) in zip(xs, training, strict=True)),
            tuple(Samples(x, y) for x, (_, y) in zip(x_tests, testing, strict=True)),
            tuple(names.tolist()),
            apart=True,
        )

    @classmethod
    def from_folder(
        cls, path: str | Path, target: str, *, without: Sequence[str] = (), **options: Any
    ) -> Dataset:
        """A folder with a CSV file for each client, all with the same columns.

        Clients are numbered by the sorted names of the files.

        Parameters
        ----------
        path : str or Path
        target, without
            As for `from_frame`.
        **options
            As for `from_clients`.

        Raises
        ------
        ValueError
            There is no CSV file, or columns differ; the file is named.
        """
        path = Path(path)
        if not path.is_dir():
            raise ValueError(f"{path} is not a folder; name the one with the clients' files")
        files = sorted(file for file in path.glob("*.csv") if file.is_file())
        if not files:
            raise ValueError(f"{path} has no file that ends in .csv: one for each client")
        tables = [read_csv(file) for file in files]
        for file, table in zip(files[1:], tables[1:], strict=True):
            if sorted(table.columns) != sorted(tables[0].columns):
                odd = sorted({*table.columns} ^ {*tables[0].columns})
                raise ValueError(f"{file} and {files[0]} differ in columns: {', '.join(odd)}")
        _check_not_target(target, without)
        words = Table.shared_words(tables)
        pairs = [
            (table.features([target, *without], words, tables[0].columns), table.column(target))
            for table in tables
        ]
        return cls.from_clients(pairs, **{"name": path.name, **options})

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.labels)

    @property
    def features(self) -> int:
        """Number of features, without an intercept."""
        return int(np.prod(self.train[0].x.shape[1:]))

    @property
    def x_train(self) -> np.ndarray:
        """Features of the training part, of data in one place."""
        return self._in_one_place().x

    @property
    def y_train(self) -> np.ndarray:
        """Labels of the training part, of data in one place."""
        return self._in_one_place().y

    @property
    def x_test(self) -> np.ndarray:
        """Features of the test part."""
        return np.concatenate([samples.x for samples in self.test])

    @property
    def y_test(self) -> np.ndarray:
        """Labels of the test part."""
        return np.concatenate([samples.y for samples in self.test])

    def clients(self, partition: Any = None) -> int:
        """How many clients the data are for; 7 where they can be divided among any number."""
        if self.apart:
            return len(self.train)
        if isinstance(partition, str) and partition == "column" and self.groups is not None:
            return len(np.unique(self.groups))
        return 7

    def origin(self) -> dict[str, Any]:
        """What distinguishes these data, besides their name, for a session's settings."""
        if self.built_in:
            return {}
        digest = hashlib.sha256()
        for samples in (*self.train, *self.test):
            for array in samples:
                digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return {"labels": list(self.labels), "data_sha256": digest.hexdigest()}

    def deal(
        self, clients: int, partition: Any, alpha: float, rng: np.random.Generator
    ) -> tuple[list[Samples], list[np.ndarray]]:
        """Give each client its samples, and their row numbers in the training part.

        Parameters
        ----------
        clients : int
        partition, alpha, rng
            As for `split`. Data that clients hold already are not dealt out: `partition` must be
            "given", and the row numbers count each client's own.

        Raises
        ------
        ValueError
            There are not as many clients as the data are for, or `partition` does not fit.
        """
        if self.apart:
            if len(self.train) != clients:
                raise ValueError(f"the data are those of {len(self.train)} clients, not {clients}")
            if partition != "given":
                raise ValueError('clients hold these data already: partition "given" only')
            return list(self.train), [np.arange(len(samples.y)) for samples in self.train]
        if isinstance(partition, str) and partition == "given":
            raise ValueError('partition "given" is for data that clients hold already')
        parts = split(self.y_train, clients, partition, alpha, rng, self.groups)
        return [Samples(self.x_train[part], self.y_train[part]) for part in parts], parts

    def accuracy(self, model: Any, vector: np.ndarray, part: str = "test") -> float:
        """Share of the samples of the test (or "train") part that a model classifies correctly.

        Each client's part is tested where it is; their accuracies are weighted by its size.
        """
        parts = [samples for samples in getattr(self, part) if len(samples.y)]
        found = [float(model.accuracy(vector, samples.x, samples.y)) for samples in parts]
        if len(found) == 1:
            return found[0]
        return float(np.average(found, weights=[len(samples.y) for samples in parts]))

    def described_labels(self) -> str:
        """What the labels 0 … k-1 stand for."""
        if self.labels == tuple(range(self.classes)):
            return f"0 … {self.classes - 1}"
        shown = [f"{k} = {label}" for k, label in enumerate(self.labels)]
        return ", ".join(shown if len(shown) <= 6 else [*shown[:3], "…", shown[-1]])

    def __repr__(self) -> str:
        train, test = (sum(len(s.y) for s in part) for part in (self.train, self.test))
        clients = f" of {len(self.train)} clients" if self.apart else ""
        return (
            f"<Dataset {self.name}: {train} + {test} samples{clients}, {self.features} features, "
            f"{self.classes} classes: {self.described_labels()}>"
        )

    def _in_one_place(self) -> Samples:
        if self.apart:
            raise ValueError("clients hold these data, which are not put together: see `train`")
        return self.train[0]


def _check_not_target(target: str, without: Sequence[str], by: str | None = None) -> None:
    if target in (by, *without):
        where = "by" if target == by else "without"
        raise ValueError(f"{where}: the column {target!r} has the labels, as target says")
