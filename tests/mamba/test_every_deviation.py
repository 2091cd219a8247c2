"""A player that deviates at one place of a run, whichever: the result is right, or the run ends.

`make explore` goes through all places (`every_deviation`); here one of each kind does, the same
every time.
"""

import pytest
from deviating import KINDS, Deviation
from every_deviation import CASES, outcome, places

# Who deviates, and how: one case has everything, the others what is theirs alone.
HERE = {
    "products, t = 1, N odd": (0, KINDS),
    "products, N = 5": (3, ("to one", "deals", "multiplies", "opens")),
    "fixed point, N even": (3, ("deals", "multiplies")),
    "vectors, collectors": (7, ("to one", "multiplies")),
    "Krum, n = 5": (5, ("deals", "opens")),
    "Krum, n = 6, t = 1": (0, ("to all", "resizes")),
}


@pytest.mark.parametrize("name", HERE)
def test_every_run_ends_with_the_right_result_or_an_error(name):
    case, (liar, kinds) = CASES[name], HERE[name]
    judge, seen = case.probe(liar)
    one_of_each = {kind: (kind, *rest) for kind, *rest in places(case, liar, seen, 1, kinds)}
    assert one_of_each
    found = [outcome(case, judge, liar, Deviation(*one)) for one in one_of_each.values()]
    assert any(told.startswith("error") for told in found), found
