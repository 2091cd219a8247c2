"""The counted cost against what real players report: rounds exactly, bytes but for the keys."""

import numpy as np
import pytest

from fl_krum import KrumProgram
from fl_krum.players.local_players import LocalPlayers


@pytest.mark.parametrize(
    ("n", "f", "d", "m", "t", "holders"),
    [
        (3, 0, 1, 1, 1, ()),
        (6, 1, 70, 3, 3, ()),
        (7, 2, 5, 5, 3, ()),
        (15, 6, 1, 1, 7, ()),  # so many products that some go by way of collectors
        (12, 4, 300, 8, 2, ()),  # holders are drawn
        (9, 3, 50, 1, 1, (0, 4, 9)),
        pytest.param(8, 2, 3, 2, 4, (), marks=pytest.mark.long),
        pytest.param(9, 3, 5, 1, 1, (), marks=pytest.mark.long),
    ],
)
def test_players_report_what_is_counted(n, f, d, m, t, holders):
    check_what_is_counted(KrumProgram(n, f, d, average=m, threshold=t, holders=holders))


@pytest.mark.parametrize(
    ("rule", "n", "f", "d", "m", "t"),
    [
        ("mixed-krum", 3, 0, 5, 3, 1),
        ("clipped-krum", 3, 0, 5, 3, 1),
        ("clipped-krum", 12, 3, 60, 1, 3),
        pytest.param("mixed-krum", 12, 3, 60, 1, 3, marks=pytest.mark.long),
        pytest.param("mixed-krum", 7, 2, 5, 5, 3, marks=pytest.mark.long),
        pytest.param("clipped-krum", 7, 2, 5, 5, 3, marks=pytest.mark.long),
    ],
)
def test_so_do_they_of_the_rules_that_learn(rule, n, f, d, m, t):
    check_what_is_counted(KrumProgram(n, f, d, average=m, threshold=t, rule=rule))


def check_what_is_counted(program):
    n, d, holders = program.n, program.d, program.holders
    updates = np.random.default_rng(n).normal(size=(n, d))
    with LocalPlayers(program, engine="embedded") as players:
        players.aggregate(updates)
        statistics = players.statistics()
    # Before the program, every holder agrees with every other player on a key, they compare
    # digests of 32 bytes, and tell as many that coins are bound to. Where holders are drawn, all
    # tell the server a digest, a commitment and then a coin, and are told those of all.
    count, N, start = program.holder_count, program.players, 1
    before = (count * (count - 1) // 2 + count * (N - count)) * (32 + 2 * (64 + 16))
    if count < n and not holders:
        start = 5
        before += n * (16 + 64 + 16 + 64 * N + 16 + 32 + 16 + 32 * N)
    assert len(players.holders) == count == sum(one["holder"] for one in statistics)
    rounds = {one["rounds"] for one in statistics if one["holder"]}
    assert rounds == {len(program.cost().rounds) + start}
    assert sum(one["bytes"] for one in statistics) == program.cost().bytes + before


def test_rounds_do_not_depend_on_the_length_of_vectors():
    """But for those of products, three or one, where there are many holders: a few."""

    def count(n, d, **check):
        return len(KrumProgram(n, 2, d, **check).cost().rounds)

    assert {count(7, d, check=False) for d in (1, 5, 100, 200, 1000, 70_000)} == {31}
    assert {count(7, d) for d in (1, 5, 46)} == {31}
    assert {count(7, d) for d in (47, 100, 200, 1000, 10**5)} == {32}
    many = [count(15, d, check=False) for d in (1, 5, 100, 200, 1000, 10**5)]
    assert max(many) - min(many) <= 6
