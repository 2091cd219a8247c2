"""The clients' vectors out of a file: .npy, .npz or comma-separated text, gzipped or not, or stdin.

What a file is, its first bytes say; its name only decides what it is called when it is wrong.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import sys
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from ..program.fixed_point import real_matrix

STDIN = "-"
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


def read_updates(path: Path) -> np.ndarray:
    """The matrix in a file, or in standard input for "-": shape (n, d).

    Raises
    ------
    ValueError
        It holds no matrix of numbers; the message names the file and the line.
    OSError
        It cannot be read.
    """
    if str(path) == STDIN:
        return _read("standard input", io.BytesIO(sys.stdin.buffer.read()))
    if path.is_dir():
        raise ValueError(f"{path} is a folder, neither a .npy nor a .csv file")
    with path.open("rb") as file:
        if path.suffix.lower() == ".npy" and path.is_file():
            return _read_npy(str(path), file, path.stat().st_size)
        return _read(str(path), io.BytesIO(file.read()))


def _read(name: str, file: io.BytesIO) -> np.ndarray:
    data = file.getvalue()
    if data[:2] == _GZIP:
        try:
            return _read(name, io.BytesIO(gzip.decompress(data)))
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{name} is not a complete gzip file: {error}") from None
    if data[:4] == _ZIP:
        return _read_npz(name, file)
    if data[: len(npy.MAGIC_PREFIX)] == npy.MAGIC_PREFIX:
        return _read_npy(name, file, len(data))
    try:
        text = str(data, "utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not a text file, nor a .npy or .npz file") from None
    return _read_csv(name, text)


def _read_npz(name: str, file: BinaryIO) -> np.ndarray:
    try:
        with zipfile.ZipFile(file) as archive:
            inside = archive.namelist()
            if len(inside) == 1:
                data = archive.read(inside[0])
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{name} is not a complete .npz file: {error}") from None
    if len(inside) != 1:
        arrays = ", ".join(one.removesuffix(".npy") for one in inside[:5]) or "none"
        raise ValueError(f"{name} holds several arrays, not one: {arrays}")
    return _read_npy(f"{inside[0]} in {name}", io.BytesIO(data), len(data))


def _read_npy(name: str, file: BinaryIO, size: int) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an odd header, in several lines
            is_npy = _check_header(file, size)
            file.seek(0)
            updates = np.load(file, allow_pickle=False)  # a pickle could run anything
    except OSError:
        raise
    except Exception as error:  # a header is text for Python's parser, which fails in many ways
        message = str(error) or type(error).__name__
        raise ValueError(f"{name} is not a .npy file of numbers: {message}") from None
    if not is_npy:
        updates.close()
        raise ValueError(f"{name} holds several arrays, not one")
    try:
        return real_matrix(updates)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _check_header(file: BinaryIO, size: int) -> bool:
    """ValueError when a .npy file speaks of more than it holds: NumPy would ask for the memory."""
    if file.read(len(npy.MAGIC_PREFIX)) != npy.MAGIC_PREFIX:
        return False  # NumPy says what it is
    file.seek(0)
    is_first = npy.read_magic(file) == (1, 0)
    start = file.tell()
    if int.from_bytes(file.read(2 if is_first else 4), "little") > size:
        raise ValueError("its header is longer than the file")
    file.seek(start)
    read_header = npy.read_array_header_1_0 if is_first else npy.read_array_header_2_0
    shape, _, dtype = read_header(file)
    length, left = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or length > left:
        raise ValueError(
            f"its header speaks of the shape {_shorten(shape)} and {_shorten(length)} bytes, "
            f"of which {left} are there"
        )
    return True


def _shorten(value) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def _read_csv(name: str, text: str) -> np.ndarray:
    rows: list[list[float]] = []
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for fields in reader:
            if not any(map(str.strip, fields)) and len(fields) < 2:  # an empty line, or of blanks
                continue
            rows.append(_numbers(fields, is_first=not rows))
            if len(rows[-1]) != len(rows[0]):
                raise ValueError(f"{len(rows[-1])} values where the first has {len(rows[0])}")
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{name}, line {reader.line_num}: {error}") from None
    if not rows:
        raise ValueError(f"{name} is empty; one client's vector a row is expected")
    updates = np.array(rows)
    n, d = updates.shape
    if d > 1 and n > 2 and np.ptp(updates[:, 0] - np.arange(n)) == 0 and updates[0, 0] in (0, 1):
        warnings.warn(
            f"{name}: the first column counts the rows, {updates[0, 0]:g}, {updates[1, 0]:g}, ...; "
            "if it is an index, leave it out",
            stacklevel=2,
        )
    return updates


def _numbers(fields: list[str], is_first: bool) -> list[float]:
    values = [_number(field) for field in fields]
    if None not in values:
        return [value for value in values if value is not None]
    wrong = values.index(None)
    raise ValueError(
        f"{fields[wrong].strip()[:40]!r} is not a number{_hint(fields, values, is_first)}"
    )


def _number(field: str) -> float | None:
    field = field.strip()
    if not field.isascii() or "_" in field:  # Python alone takes other digits, and 1_0 for ten
        return None
    try:
        return float(field)
    except ValueError:
        return None


def _hint(fields: list[str], values: list[float | None], is_first: bool) -> str:
    """What a line with a field that is no number may have been meant to be."""
    text = ",".join(fields)
    for sign, kind in ((";", "semicolons"), ("\t", "tabs"), (" ", "blanks")):
        parts = text.strip().split(sign)
        if len(parts) > 1 and all(_number(part.replace(",", ".")) is not None for part in parts):
            points = ", and write decimals with a point" if "," in text else ""
            return f": separate the values by commas, not by {kind}{points}"
    if not fields[-1].strip() and None not in values[:-1]:
        return ": the line ends with a comma"
    if is_first and not any(value is not None for value in values):
        return ": a file of vectors has no line of names"
    if values[0] is None and None not in values[1:] and len(values) > 1:
        return ": a row has no name, only its vector"
    return ""
