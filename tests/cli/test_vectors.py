"""Files of vectors: every kind that is taken gives the same matrix, others a line with a hint."""

import gzip
import io
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.cli.vectors import read_updates

VALUES = np.array([[4.5, 1], [2, -4], [1e-3, 2], [3, -2], [-18, -8e2]])
TEXT = "".join(",".join(map(repr, row)) + "\n" for row in VALUES.tolist())


def npy(values=VALUES):
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def npz(**arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


TAKEN = {
    "a.csv": TEXT.encode(), "A.CSV": TEXT.encode(), "a.txt": TEXT.encode(), "vectors": npy(),
    "a.npy": npy(), "A.NPY": npy(), "a.npz": npz(updates=VALUES), "a.csv.gz": gzip.compress(
    TEXT.encode()), "a.npy.gz": gzip.compress(npy()), "a.dat": gzip.compress(gzip.compress(npy())),
    "bom.csv": b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(),
    "blanks.csv": TEXT.replace("\n", "\n   \n\n\t\n").replace(",", " , ").encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_files_of_every_kind(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(TAKEN[name])
    assert (read_updates(path) == VALUES).all()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TAKEN[name])))
    assert (read_updates(type(path)("-")) == VALUES).all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("w1,w2\n1,2\n", "line 1: 'w1' is not a number: a file of vectors has no line of names"),
        ("client,w1\n1,2\n", "line 1: 'client' is not a number: a file of vectors has no"),
        ("1;2\n3;4\n", "line 1: '1;2' is not a number: separate the values by commas, not by semi"),
        ("1,5;2,5\n", "not by semicolons, and write decimals with a point"),
        ("1\t2\n", "not by tabs"),
        ("1 2 3\n", "not by blanks"),
        ("1,2\n3,4,\n", "line 2: '' is not a number: the line ends with a comma"),
        ("1,2\nanna,3\n", "line 2: 'anna' is not a number: a row has no name, only its vector"),
        ("1_0,2\n", "'1_0' is not a number"),
        ("２,1\n", "'２' is not a number"),
        ("٣,1\n", "is not a number"),
        ("1,,2\n", "'' is not a number"),
        ("1,2\n,\n", "line 2: '' is not a number"),
        ("   \n\n", "is empty"),
        ('"1,2\n', "is not a number"),
        (b"\x1f\x8b123", "is not a complete gzip file"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "is not a complete gzip file"),
        (b"PK\x03\x04123", "is not a complete .npz file"),
        (npz(a=VALUES, b=VALUES), "holds several arrays, not one: a, b"),
        (npz(a=np.array(["x"])), "a.npy in .*updates: updates must be real numbers"),
        (npy(VALUES > 0), "bool"),
        (npy()[:-8], "is not a .npy file of numbers: its header speaks of"),
        (b"\x00\xff\x80", "is not a text file, nor a .npy or .npz file"),
    ],
)
def test_files_that_are_none(tmp_path, content, words):
    path = tmp_path / "updates"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=words):
        read_updates(path)


@given(st.lists(st.lists(st.floats(allow_nan=False), min_size=3, max_size=3), min_size=1))
def test_what_is_written_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    path.write_text("\n".join(",".join(map(repr, row)) for row in rows))
    assert read_updates(path).tolist() == rows


@pytest.mark.parametrize("first", [0, 1])
def test_a_column_that_counts_the_rows_is_asked_about(tmp_path, first):
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{i + first},{x},{y}\n" for i, (x, y) in enumerate(VALUES.tolist())))
    with pytest.warns(UserWarning, match="first column counts the rows, .* leave it out"):
        assert read_updates(path).shape == (5, 3)
