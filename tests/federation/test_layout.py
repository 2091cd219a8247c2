"""Arrays to a vector and back, without loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.federation.layout import Layout

shapes = st.dictionaries(
    st.text("ab.Ω", min_size=1, max_size=4),  # of all letters: seconds until Hypothesis has a table
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    min_size=1,
    max_size=4,
)


@given(shapes, st.integers(0, 2**32 - 1))
def test_there_and_back(shapes, seed):
    layout, rng = Layout(shapes), np.random.default_rng(seed)
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    vector = layout.flatten(arrays)
    assert vector.shape == (layout.dimension,)
    back = layout.unflatten(vector)
    assert list(back) == list(shapes)
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)
    vector[...] = 0  # neither shares memory with the other
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)


def test_what_does_not_fit_is_named():
    layout = Layout({"a": (2, 2), "b": (1,)})
    with pytest.raises(ValueError, match=r"vector must have shape \(5,\), got \(4,\)"):
        layout.unflatten(np.zeros(4))
    with pytest.raises(ValueError, match="no array 'b'"):
        layout.flatten({"a": np.zeros((2, 2))})
    with pytest.raises(ValueError, match=r"a must have the shape \(2, 2\); got \(4,\)"):
        layout.flatten({"a": np.zeros(4), "b": [0]})
