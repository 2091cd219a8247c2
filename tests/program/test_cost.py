"""The counted cost against what real players report: rounds exactly, bytes but for the keys."""

import numpy as np
import pytest

from fl_krum import KrumProgram
from fl_krum.players.local_players import LocalPlayers


@pytest.mark.parametrize(
    ("n", "f", "d", "m"),
    [(3, 0, 1, 1), (6, 1, 70, 3), (7, 2, 5, 1), (7, 2, 5, 5), (8, 2, 3, 2), (11, 4, 1, 1)]
    + [(12, 4, 300, 1), (12, 4, 300, 8)],
)
def test_players_report_what_is_counted(n, f, d, m):
    program = KrumProgram(n, f, d, average=m)
    updates = np.random.default_rng(n).normal(size=(n, d))
    with LocalPlayers(program, engine="embedded") as players:
        players.aggregate(updates)
        statistics = players.statistics()
    # Before the program, every two players agree on a key and compare digests of 32 bytes.
    keys = n * (n + 1) // 2 * (32 + 2 * (32 + 16))
    assert {one["rounds"] for one in statistics} == {len(program.cost().rounds) + 1}
    assert sum(one["bytes"] for one in statistics) == program.cost().bytes + keys


@pytest.mark.parametrize(("n", "rounds"), [(7, 36), (15, 50)])
def test_rounds_hardly_depend_on_the_length_of_vectors(n, rounds):
    def count(d, **check):
        return len(KrumProgram(n, 2, d, **check).cost().rounds)

    assert {count(d, check=False) for d in (1, 5, 100, 200, 1000, 10**5)} == {rounds}
    assert {count(d) for d in (1, 5, 46)} == {rounds + 5}
    assert {count(d) for d in (47, 100, 200, 1000, 10**5)} == {rounds + 7}
