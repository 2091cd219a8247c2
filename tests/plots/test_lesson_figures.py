"""Figures of notebooks 3 to 5: what is written and drawn on them. Looks are for eyes."""

import numpy as np
import pytest
from matplotlib.text import Text

from fl_krum.aggregators.krum import krum
from fl_krum.plots.cost import cost_figure, curves
from fl_krum.plots.sharing import PRIME, leak_figure, line_figure, views_figure
from fl_krum.program.krum_program import KrumProgram

pytestmark = pytest.mark.filterwarnings("error::UserWarning")

V1 = np.array([[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]])


def text_of(figure):
    figure.draw_without_rendering()
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())


def test_line_figure():
    text = text_of(line_figure())
    assert "every secret is possible" in text and "share of player 2" in text


def test_leak_figure():
    result = krum(V1, 1)
    order = [[j for j in np.argsort(row, kind="stable") if row[j]] for row in result.distances]
    figure = leak_figure(result, order)
    assert "Public" in text_of(figure)
    numbers = {text.get_position(): text.get_text() for text in figure.axes[1].texts}
    assert len(numbers) == 20
    assert numbers[order[3][0], 3] == "1" and numbers[order[3][3], 3] == "4"


@pytest.mark.parametrize("players", [4, 8, 10])
def test_views_figure(players):
    shares = [[1, 2, "prime", str(PRIME // 3)], [1, 2, "gf256", "7"]]
    figure = views_figure([{"words": [], "shares": shares}] * players)
    assert f"player {players - 1}" in text_of(figure)
    first = figure.axes[0].patches[0].get_data().values
    assert sorted(first)[-2:] == [0, 20]  # all in one of twenty bins: a density of 20


def test_views_figure_says_that_a_player_holds_no_shares():
    shares = [[1, 2, "prime", str(PRIME // 3)]]
    seen = [{"words": [], "shares": shares if player else []} for player in range(4)]
    assert text_of(views_figure(seen)).count("holds no shares") == 1


@pytest.mark.parametrize(
    "program", [KrumProgram(), KrumProgram(3, 0, 1), KrumProgram(30, 4, 10**4)]
)
def test_cost_figure(program):
    cost, figure = program.cost(), cost_figure(program)
    text = text_of(figure)
    assert f"in {len(cost.rounds)} exchanges of messages; {cost.comparisons:,} comparisons" in text
    curve = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    megabytes = {int(x): y for line in curve for x, y in zip(*line.get_data(), strict=True)}
    assert megabytes[program.n] == pytest.approx(cost.bytes / 1e6)
    first = next(one.n for one in curves(program)["n"] if one.cost().by_bits)
    assert f"from n = {first}:" in text


def test_joined_points_have_the_same_threshold():
    figure = cost_figure(KrumProgram())
    joined = [
        line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_marker() == "o"
    ]
    assert joined == [[3], *([n, n + 1] for n in range(4, 20, 2)), [20]]


def test_curves_change_one_parameter_only():
    n, d = (curves(KrumProgram())[name] for name in "nd")
    assert KrumProgram() in n and KrumProgram() in d
    assert [one.n for one in n] == list(range(3, 21)) and {one.d for one in n} == {5}
    assert all(one.f == min(2, (one.n - 3) // 2) for one in n)
    assert {(one.n, one.f) for one in d} == {(7, 2)}
    lengths = [one.d for one in d]
    assert lengths == sorted(set(lengths)) and {1, 5, 10**6} <= set(lengths)
