"""A player that deviates at one place of a run, whichever: the result is right, or the run ends.

`make explore` goes through all places (`every_deviation`); here one of each kind does, the same
every time.
"""

import pytest
from deviating import KINDS, Deviation
from every_deviation import CASES, outcome, places

HERE = {
    "products, t = 1, N odd": (0,),
    "products, N = 5": (3, 4),
    "fixed point, N even": (3, 0),
    "vectors, collectors": (4, 7, 5),
    "Krum, n = 5": (5,),
    "Krum, n = 6, t = 1": (6, 0),
}


@pytest.mark.parametrize("name", HERE)
def test_every_run_ends_with_the_right_result_or_an_error(name):
    case = CASES[name]
    judge = case.judge()
    for liar in HERE[name]:
        found = [
            outcome(case, judge, liar, Deviation(*places(case, liar, 1, [kind])[0]))
            for kind in KINDS
            if places(case, liar, 1, [kind])
        ]
        assert any(told.startswith("error") for told in found), found
