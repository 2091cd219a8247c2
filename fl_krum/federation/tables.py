"""Tables with named columns, from CSV files and pandas: labels and features out of them.

A column is numbers or text. Text with few different values is turned into columns of 0 and 1;
whatever else is no number is an error that names the line and the column, rather than a guess.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..aggregators.parameters import did_you_mean

_FEW = 20  # different values of a column of text that is a feature
_SHOWN = 12  # names of columns in an error
_MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}


@dataclass(frozen=True)
class Table:
    """Columns by their names, in order: each an array of float64 or of text (str).

    Attributes
    ----------
    name : str
        Where it comes from, for errors.
    columns : dict of str to ndarray, shape (rows,)
    """

    name: str
    columns: dict[str, np.ndarray]

    def column(self, name: str) -> np.ndarray:
        """One column; numbers without a fraction as integers.

        Raises
        ------
        ValueError
            There is no such column; or a value is missing.
        """
        values = self._find(name)
        self._check_complete(name, values)
        whole = values.dtype.kind == "f" and (values == np.round(values)).all()
        return values.astype(np.int64) if whole else values

    def features(
        self,
        without: Sequence[str],
        words: Mapping[str, Sequence[str]] | None = None,
        order: Sequence[str] | Mapping[str, object] | None = None,
    ) -> np.ndarray:
        """All columns but those of `without`, as numbers, shape (rows, features).

        Parameters
        ----------
        without : sequence of str
        words : mapping, optional
            The values of each column of text, where other tables have more of them.
        order : iterable of str, optional
            The order of columns, where that of another table counts.
        """
        for name in without:
            self._find(name)
        words = self.words() if words is None else words
        found = []
        for name in order or self.columns:
            if name in without:
                continue
            values = self.columns[name]
            self._check_complete(name, values)
            if name not in words:
                found.append(values)
                continue
            if len(words[name]) > _FEW:
                raise ValueError(
                    f"{self.name}: column {name!r} is text with {len(words[name])} different "
                    f"values, which is no feature (up to {_FEW} are turned into 0 and 1): leave "
                    "it out, or turn it into numbers"
                )
            found += [(values.astype(str) == word).astype(np.float64) for word in words[name]]
        if not found:
            raise ValueError(f"{self.name} has no column left that could be a feature")
        return np.column_stack(found)

    def words(self) -> dict[str, list[str]]:
        """For each column of text its different values, sorted."""
        return Table.shared_words([self])

    @staticmethod
    def shared_words(tables: Sequence[Table]) -> dict[str, list[str]]:
        """The same over several tables: text in one of them is text in all."""
        found: dict[str, set[str]] = {}
        for table in tables:
            for name, values in table.columns.items():
                if values.dtype.kind == "U":
                    found.setdefault(name, set())
        for name, known in found.items():
            for table in tables:
                known |= {*np.unique(table.columns[name].astype(str)).tolist()}
        return {name: sorted(known) for name, known in found.items()}

    def _find(self, name: str) -> np.ndarray:
        if name not in self.columns:
            some = [*self.columns][:_SHOWN]
            more = ", …" if len(self.columns) > len(some) else ""
            raise ValueError(
                f"{self.name} has no column {name!r}{did_you_mean(name, self.columns)}; it has "
                f"{', '.join(some)}{more}"
            )
        return self.columns[name]

    def _check_complete(self, name: str, values: np.ndarray) -> None:
        if values.dtype.kind == "f":
            missing = ~np.isfinite(values)
        else:
            missing = np.array([value.strip().lower() in _MISSING for value in values.tolist()])
        if missing.any():
            raise ValueError(
                f"{self.name}: column {name!r} has values that are missing or infinite, "
                f"{missing.sum()} of {len(values)}, the first in row {missing.argmax() + 1} below "
                "the names: fill them in, or leave rows or column out"
            )


def read_csv(path) -> Table:
    """Read a CSV file: a line of names, then a row a line, with commas, semicolons or tabs.

    Raises
    ------
    ValueError
        It is no such file; the line is named.
    OSError
        It cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8") from None
    lines = text.splitlines()
    if not lines:
        raise ValueError(f"{path} is empty")
    delimiter = max(",;\t", key=lines[0].count)
    names, *rows = csv.reader(lines, delimiter=delimiter)
    names = [name.strip() for name in names]
    rows_at = [(number, row) for number, row in enumerate(rows, start=2) if row]
    if all(_number(name) is not None for name in names):
        raise ValueError(f"{path}: the first line must name the columns; it has numbers")
    if len({*names}) < len(names) or "" in names:
        raise ValueError(
            f"{path}: every column needs a name of its own; the first line: {lines[0]}"
        )
    for number, row in rows_at:
        if len(row) != len(names):
            raise ValueError(f"{path}, line {number}: {len(row)} of {len(names)} columns")
    if not rows_at:
        raise ValueError(f"{path} has no rows below the names")
    by_column = zip(*(row for _, row in rows_at), strict=True)
    return Table(str(path), {n: _typed(values) for n, values in zip(names, by_column, strict=True)})


def table_of_frame(frame) -> Table:
    """The columns of a pandas table.

    Raises
    ------
    ValueError
        A column is neither numbers nor text.
    """
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind in "iufb":
            columns[str(name)] = values.to_numpy(dtype=np.float64)
        elif values.dtype.kind in "mM":
            raise ValueError(f"column {name!r} is dates or times: turn it into numbers")
        else:  # text, categories, pandas' own types
            missing = values.isna().tolist()
            pairs = zip(values.tolist(), missing, strict=True)
            columns[str(name)] = _typed(["" if gone else str(value) for value, gone in pairs])
    return Table("the frame", columns)


def _typed(texts: Sequence[str]) -> np.ndarray:
    """Numbers where all texts are numbers or missing; else text."""
    found = [_number(text) for text in texts]
    if None in found:
        return np.array([text.strip() for text in texts], dtype=str)
    return np.array(found, dtype=np.float64)


def _number(text: str) -> float | None:
    """A number as CSV files have them, NaN where it is missing, None for text."""
    text = text.strip()
    if text.lower() in _MISSING:
        return float("nan")
    try:
        # Python alone reads 1_0 as ten, and the digits of all scripts.
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None
