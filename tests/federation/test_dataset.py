"""One's own data: what comes out is what went in, and what does not fit is named."""

import numpy as np
import pandas
import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from fl_krum.federation.dataset import Dataset
from fl_krum.federation.models import LogisticModel

X, Y = load_wine(return_X_y=True)
NAMES = np.array(["barolo", "grignolino", "barbera"])


def thirds():
    """The wines in three unequal parts; the first lacks a class."""
    rows = np.flatnonzero(Y < 2)[::2], np.arange(100, 178), np.arange(1, 100, 4)
    return [(X[some], NAMES[Y[some]]) for some in rows]


def test_arrays_are_divided_and_labels_of_any_kind_are_encoded():
    data = Dataset.from_arrays(X, NAMES[Y], seed=3)
    assert data.labels == ("barbera", "barolo", "grignolino")
    assert (data.features, data.classes, data.apart) == (13, 3, False)
    assert len(data.y_train) == 124 and len(data.y_test) == 54
    raw = Dataset.from_arrays(X, NAMES[Y], seed=3, standardise=False)
    back = {tuple(x): label for x, label in zip(X, NAMES[Y], strict=True)}
    for x, y in ((raw.x_train, raw.y_train), (raw.x_test, raw.y_test)):
        assert [back[tuple(one)] for one in x] == [data.labels[k] for k in y]
    for k in range(3):  # the same share of every class
        assert np.mean(data.y_train == k) == pytest.approx(np.mean(data.y_test == k), abs=0.03)
    assert "0 = barbera, 1 = barolo" in repr(data)


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (False, True), (3.0, 8.0), ("no", "yes")])
def test_two_labels_of_any_kind(low, high):
    data = Dataset.from_arrays(X, np.where(Y == 0, low, high))
    assert data.labels == (low, high) and set(data.y_train) == {0, 1}


def test_features_are_standardised_by_the_training_part():
    raw = Dataset.from_arrays(X, Y, standardise=False)
    data = Dataset.from_arrays(X, Y)
    scaler = StandardScaler().fit(raw.x_train)
    np.testing.assert_allclose(data.x_train, scaler.transform(raw.x_train), atol=1e-12)
    np.testing.assert_allclose(data.x_test, scaler.transform(raw.x_test), atol=1e-12)
    constant = Dataset.from_arrays(np.column_stack([X, np.full(len(X), 0.1)]), Y)
    np.testing.assert_allclose(constant.x_train[:, -1], 0, atol=1e-12)


def test_a_test_part_can_be_given_and_the_seed_draws_another():
    data = Dataset.from_arrays(X[::2], Y[::2], test=(X[1::2], Y[1::2]), standardise=False)
    np.testing.assert_array_equal(data.x_train, X[::2])
    np.testing.assert_array_equal(data.x_test, X[1::2])
    one, other = (Dataset.from_arrays(X, Y, seed=seed).y_test for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_arrays_are_read_only_and_the_callers_are_left_alone():
    before = X.copy()
    data = Dataset.from_arrays(X, Y)
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0] = 0
    np.testing.assert_array_equal(X, before)
    assert X.flags.writeable


def test_clients_data_stay_apart():
    clients = thirds()
    data = Dataset.from_clients(clients, standardise=False)
    assert data.apart and data.classes == 3 and len(data.train) == len(data.test) == 3
    for (x, y), train, test in zip(clients, data.train, data.test, strict=True):
        assert len(train.y) + len(test.y) == len(y)
        assert len(test.y) == round(0.3 * len(y))
        mine = {tuple(one): label for one, label in zip(x, y, strict=True)}
        for part in (train, test):
            assert [mine[tuple(one)] for one in part.x] == [data.labels[k] for k in part.y]
    with pytest.raises(ValueError, match="not put together"):
        _ = data.x_train
    dealt, parts = data.deal(3, "given", 0.5, None)
    assert dealt[1] is data.train[1] and len(parts[1]) == len(dealt[1].y)


def test_clients_data_are_standardised_as_if_they_were_in_one_place():
    raw = Dataset.from_clients(thirds(), standardise=False)
    data = Dataset.from_clients(thirds())
    scaler = StandardScaler().fit(np.concatenate([samples.x for samples in raw.train]))
    for before, after in zip(raw.train + raw.test, data.train + data.test, strict=True):
        np.testing.assert_allclose(after.x, scaler.transform(before.x), atol=1e-9)


def test_accuracy_of_clients_is_that_on_all_their_test_samples():
    data = Dataset.from_clients(thirds())
    model = LogisticModel(data.features, data.classes)
    vector = model.random_vector(np.random.default_rng(0))
    assert data.accuracy(model, vector) == pytest.approx(
        model.accuracy(vector, data.x_test, data.y_test)
    )
    whole = Dataset.from_arrays(X, Y)
    assert whole.accuracy(model, vector) == model.accuracy(vector, whole.x_test, whole.y_test)


def test_a_client_with_one_sample_trains_on_it():
    clients = [*thirds(), (X[:1], NAMES[Y[:1]])]
    data = Dataset.from_clients(clients)
    assert len(data.train[3].y) == 1 and len(data.test[3].y) == 0


def frame():
    return pandas.DataFrame(
        {
            "age": [30, 41, 52, 63] * 6,
            "sex": ["m", "f", "f", "m"] * 6,
            "smokes": [True, False] * 12,
            "ward": pandas.Categorical(["A", "B", "C"] * 8),
            "ill": ["yes", "no", "no", "yes"] * 6,
        }
    )


def test_a_frame_and_its_csv_file_are_the_same_data(tmp_path):
    table = frame().astype({"smokes": int})
    table.to_csv(tmp_path / "patients.csv", index=False)
    data = Dataset.from_frame(table, "ill", by="ward", standardise=False)
    same = Dataset.from_csv(tmp_path / "patients.csv", "ill", by="ward", standardise=False)
    assert data.labels == same.labels == ("no", "yes")
    np.testing.assert_array_equal(data.x_train, same.x_train)
    np.testing.assert_array_equal(data.groups, same.groups)
    assert data.features == 4  # age, f, m, smokes
    assert set(data.x_train[:, 0]) <= {30, 41, 52, 63}
    assert set(map(tuple, data.x_train[:, 1:3])) == {(0, 1), (1, 0)}
    assert same.name == "patients"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_a_byte_order_mark_and_empty_lines(tmp_path, delimiter):
    file = tmp_path / "a.csv"
    rows = [["label", "x"], *(["ab"[k % 2], str(k / 2)] for k in range(10)), []]
    file.write_text("\n".join(delimiter.join(row) for row in rows), encoding="utf-8-sig")
    assert file.read_bytes().startswith(b"\xef\xbb\xbflabel")  # the mark is no part of the name
    data = Dataset.from_csv(file, "label", standardise=False)
    assert data.features == 1 and data.labels == ("a", "b")


def test_a_folder_has_a_file_for_each_client(tmp_path):
    for number, (low, high) in enumerate([(0, 9), (9, 14), (14, 24)]):
        frame()[low:high].to_csv(tmp_path / f"{number}.csv", index=False)
    data = Dataset.from_folder(tmp_path, "ill", standardise=False)
    assert [len(s.y) + len(t.y) for s, t in zip(data.train, data.test, strict=True)] == [9, 5, 10]
    assert data.features == 8  # age, f, m, False, True, A, B, C: the same of all clients
    frame().drop(columns="sex").to_csv(tmp_path / "3.csv", index=False)
    with pytest.raises(ValueError, match=r"3.csv and .*0.csv differ in columns: sex"):
        Dataset.from_folder(tmp_path, "ill")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, words in ((empty, "no file that ends in"), (empty / "no", "is not a folder")):
        with pytest.raises(ValueError, match=words):
            Dataset.from_folder(path, "ill")


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, Y[:-1], r"a label for each of 178 samples; got \(177,\)"),
        (X[:, 0], Y, r"must have the shape \(samples, features\); got \(178,\)"),
        (X.astype(str), ["a", "b"] * 89, None),
        ([["a"]] * 178, Y, "features must be numbers"),
        (np.where(X == X[5, 2], np.nan, X), Y, r"feature 2 of sample 5 \(from 0\) is nan"),
        (X, np.zeros(178), "all labels are 0.0: there must be two classes"),
        (X, X[:, 0], "14.23 is not a class label"),
        (X, np.where(Y == 0, np.nan, Y), "label of sample 0"),
        (X, np.arange(178), "178 samples have 178 labels: is this the right column"),
        (X, np.append(Y[:-1], 3), "label 3 has one sample"),
        (X, [1, "a"] * 89, None),
        (X, np.array([1, "a"] * 89, dtype=object), "several kinds, int and str"),
    ],
)
def test_arrays_that_do_not_fit(x, y, message):
    if message is None:  # NumPy itself makes numbers, or text, of these
        assert Dataset.from_arrays(x, y).classes == 2
        return
    with pytest.raises(ValueError, match=message):
        Dataset.from_arrays(x, y)


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_the_share_of_the_test_part_is_checked(share):
    for make in (lambda: Dataset.from_arrays(X, Y, test_share=share),
                 lambda: Dataset.from_clients(thirds(), test_share=share)):  # fmt: skip
        with pytest.raises(ValueError, match="test_share must be above 0 and below 1"):
            make()


@pytest.mark.parametrize(
    ("clients", "message"),
    [
        ([], "there are no clients"),
        ([(X, Y), (X[:, 1:], Y)], "client 2 has features of the shape"),
        ([(X, Y), (X, Y[1:])], "client 2 must have a label for each of 178"),
        ([(X, Y), (X, NAMES[Y])], "some clients have text as labels, others numbers"),
        ([(X, Y * 0), (X, Y * 0)], "all labels are 0"),
    ],
)
def test_clients_that_do_not_fit(clients, message):
    with pytest.raises(ValueError, match=message):
        Dataset.from_clients(clients)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("x,y\n", "no rows below the names"),
        ("1,2\n3,4\n", "must name the columns; it has numbers"),
        ("x,x\n1,2\n", "every column needs a name of its own"),
        ("x,y\n1,a\n2\n", "line 3: 1 of 2 columns"),
        ("x,z\n1,a\n", "has no column 'y'; it has x, z"),
        (
            "x,y\n1,a\n,b\n",
            "column 'x' has values that are missing or infinite, 1 of 2, the first in row 2",
        ),
        ("x,y\n1,a\n2,\n", "column 'y' has values that are missing or infinite, 1 of 2"),
        ("y\na\nb\n", "no column left that could be a feature"),
        ("x,y\n" + "".join(f"t{k},a\n" for k in range(30)), "column 'x' is text with 30 different"),
    ],
)
def test_files_that_do_not_fit(tmp_path, text, message):
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        Dataset.from_csv(file, "y")


def test_deal_knows_whose_data_they_are():
    rng = np.random.default_rng(0)
    data, apart = Dataset.from_arrays(X, Y), Dataset.from_clients(thirds())
    samples, parts = data.deal(5, "iid", 0.5, rng)
    np.testing.assert_array_equal(samples[2].x, data.x_train[parts[2]])
    with pytest.raises(ValueError, match="those of 3 clients, not 5"):
        apart.deal(5, "given", 0.5, rng)
    with pytest.raises(ValueError, match="clients hold these data already"):
        apart.deal(3, "iid", 0.5, rng)
    with pytest.raises(ValueError, match="for data that clients hold already"):
        data.deal(5, "given", 0.5, rng)
