"""A cheat that is watched among players that are believed, and among players that verify."""

import numpy as np
import pytest

from fl_krum.lesson.cheating import watch_cheat

VECTORS = np.array([[0, 1], [1, 0], [0, 0], [1, 1], [9, 9]], float)


def test_a_cheat_takes_the_server_in_where_it_is_believed_and_ends_the_run_where_not():
    believed, verified = watch_cheat("product", 5, VECTORS)
    assert (believed.chosen, believed.error, believed.harm) == (5, "", True)
    assert believed.right != 5 and "made all distances longer" in believed.said[0]
    assert "client 5's vector, not client" in str(believed)
    assert verified.chosen is None and not verified.harm
    assert "departed from the protocol" in verified.error and verified.said == believed.said


def test_kinds_that_there_are_not_are_refused():
    with pytest.raises(ValueError, match="choose one of product, read"):
        watch_cheat("magic", 5, VECTORS)
