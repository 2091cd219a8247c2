"""Reading examples out of vectors: the client trains with scikit-learn, as in a session."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from fl_krum.federation.models import LogisticModel
from fl_krum.lesson.reconstruction import recover_averages, recover_example
from fl_krum.program.fixed_point import FixedPoint


@pytest.fixture(scope="module")
def digits():
    pixels, labels = load_digits(return_X_y=True)
    return pixels / 16, labels


MODEL = LogisticModel(features=64, classes=10)


@pytest.mark.parametrize("row", [0, 5, 7, 1000])
@pytest.mark.parametrize("start", ["zero", "random", "trained"])
def test_a_digit_is_read_back_exactly(digits, row, start):
    x, y = digits
    rng = np.random.default_rng(row)
    before = {
        "zero": np.zeros(MODEL.dimension),
        "random": MODEL.random_vector(rng),
        "trained": MODEL.train(np.zeros(MODEL.dimension), x[:500], y[:500], rng),
    }[start]
    after = MODEL.train(before, x[row : row + 1], y[row : row + 1], rng)
    example = recover_example(before, after, MODEL)
    np.testing.assert_allclose(example.features, x[row], atol=1e-9)
    assert example.label == y[row]


def test_fixed_point_does_not_protect(digits):
    x, y = digits
    fixed_point, before = FixedPoint(), np.zeros(MODEL.dimension)
    after = MODEL.train(before, x[7:8], y[7:8], np.random.default_rng(0))
    (rounded,) = fixed_point.decode(fixed_point.encode(after[None]))
    example = recover_example(before, rounded, MODEL)
    assert np.abs(example.features - x[7]).max() < 1 / 32  # half a shade of the 16 of a pixel
    assert example.label == y[7]


@pytest.mark.parametrize("row", [0, 19])  # a malignant tumour and a benign one
def test_a_patient_of_two_classes_is_read_back(row):
    x, y = load_breast_cancer(return_X_y=True)
    x = x / x.max(axis=0)
    model = LogisticModel(features=30)
    before = model.random_vector(np.random.default_rng(1), length=1.0)
    after = model.train(before, x[row : row + 1], y[row : row + 1], np.random.default_rng(0))
    example = recover_example(before, after, model)
    np.testing.assert_allclose(example.features, x[row], atol=1e-9)
    assert example.label == y[row]


def test_averages_of_few_examples_look_like_the_true_ones(digits):
    x, y = digits
    rows = np.arange(10)  # the data set begins with one of each digit
    assert y[rows].tolist() == list(range(10))
    after = MODEL.train(np.zeros(MODEL.dimension), x[rows], y[rows], np.random.default_rng(0))
    averages, counts = recover_averages(after, MODEL, examples=10)
    likeness = [np.corrcoef(averages[k], x[k])[0, 1] for k in range(10)]
    assert min(likeness) > 0.6 and np.mean(likeness) > 0.85
    assert (counts > 0.1).all() and (counts < 1.5).all()  # none is taken for absent


def test_two_examples_are_told_apart_and_the_other_classes_seen_to_be_absent(digits):
    x, y = digits
    after = MODEL.train(np.zeros(MODEL.dimension), x[3:5], y[3:5], np.random.default_rng(0))
    averages, counts = recover_averages(after, MODEL, examples=2)
    assert np.flatnonzero(np.isfinite(averages).all(axis=1)).tolist() == [3, 4]
    assert counts.round().tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    for k in (3, 4):
        assert np.corrcoef(averages[k], x[k])[0, 1] > 0.99


def test_averages_are_exact_for_one_full_step():
    """Derived by hand: at zero, each row is rate * sum of ([y = k] - 1/2) (x, 1)."""
    model = LogisticModel(features=2, classes=3)
    x, y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0, 0, 2])
    ones = np.column_stack([x, np.ones(3)])
    errors = (y[:, None] == np.arange(3)) - 0.5
    averages, counts = recover_averages((0.05 * errors.T @ ones).ravel(), model, examples=3)
    np.testing.assert_allclose(counts, [2, 0, 1], atol=1e-12)
    np.testing.assert_allclose(averages[[0, 2]], [[2, 3], [5, 6]])
    assert np.isnan(averages[1]).all()


@pytest.mark.parametrize(
    ("model", "before", "after", "message"),
    [
        (MODEL, np.zeros(650), np.zeros(650), "moved no intercept"),
        (MODEL, np.zeros(650), np.zeros(649), r"after must have shape \(650,\), got \(649,\)"),
        (MODEL, np.zeros((1, 650)), np.zeros(650), "before must have shape"),
        (LogisticModel(64, 10, epochs=2), np.zeros(650), np.ones(650), "epochs must be 1"),
    ],
    ids=["nothing learnt", "short", "matrix", "epochs"],
)
def test_what_cannot_be_read_is_refused(model, before, after, message):
    with pytest.raises(ValueError, match=message):
        recover_example(before, after, model)


def test_averages_need_several_rows():
    with pytest.raises(ValueError, match="3 classes or more, got 2"):
        recover_averages(np.ones(3), LogisticModel(2), examples=1)
