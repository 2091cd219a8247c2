"""The arrays of a model as one vector of scaled differences, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

pytest.importorskip("flwr", reason="Flower is not installed: pip install 'fl_krum[flower]'")

from fl_krum import FixedPoint  # noqa: E402
from fl_krum.flower.arrays import SCALE, Layout, clipped  # noqa: E402

MODEL = {
    "conv.weight": np.ones((2, 3), np.float32),
    "bn.running_var": np.full(3, 3000.0, np.float32),
    "bn.num_batches_tracked": np.array(12),
    "head.bias": np.zeros(2, np.float16),
    "mask": np.array([True, False]),
}


def test_what_is_averaged_and_what_stays_is_said():
    layout = Layout.of(MODEL, ["*running_*"])
    assert layout.shapes == (("conv.weight", (2, 3)), ("head.bias", (2,)))
    assert layout.stays == ("bn.running_var", "bn.num_batches_tracked", "mask")
    assert layout.size == 8 and Layout.of(MODEL).size == 11


def test_arrays_keep_shape_and_dtype_and_those_that_stay_are_the_old_ones():
    layout = Layout.of(MODEL, ["*running_*"])
    moved = layout.moved(MODEL, np.arange(8) / 4)
    assert [array.dtype for array in moved.values()] == [array.dtype for array in MODEL.values()]
    assert moved["conv.weight"].tolist() == [[1, 1.25, 1.5], [1.75, 2, 2.25]]
    assert moved["head.bias"].tolist() == [1.5, 1.75]
    for name in layout.stays:
        assert moved[name] is MODEL[name]


@given(arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats(-100, 100)))
def test_a_difference_moves_the_model_to_what_was_trained(trained):
    model = {"w": np.zeros(trained.shape), "count": np.array(3)}
    layout = Layout.of(model)
    back = layout.moved(model, layout.difference({"w": trained}, model))
    assert np.array_equal(back["w"], trained) and back["w"].shape == trained.shape


@pytest.mark.parametrize(
    ("trained", "said"),
    [
        ({}, "training has returned no array 'conv.weight'"),
        ({**MODEL, "conv.weight": np.ones((3, 2))}, "array 'conv.weight' has another shape"),
        ({**MODEL, "head.bias": np.array([1.0, np.nan])}, "'head.bias' has numbers that are not"),
        ({**MODEL, "head.bias": np.array([np.inf, 0.0])}, "'head.bias' has numbers that are not"),
    ],
)
def test_what_training_may_not_return_is_named_without_a_value(trained, said):
    with pytest.raises(ValueError, match=said):
        Layout.of(MODEL).difference(trained, MODEL)


def test_a_model_of_counters_has_nothing_to_average():
    with pytest.raises(ValueError, match="no floating-point number"):
        Layout.of({"count": np.array(3)})


def test_differences_are_cut_to_what_the_fixed_point_holds():
    point = FixedPoint()
    cut = clipped([0.5, 100.0, -100.0], SCALE, point)
    assert cut.tolist() == [128.0, point.range()[1], point.range()[0]]
    point.encode(cut[None])  # and can be encoded
