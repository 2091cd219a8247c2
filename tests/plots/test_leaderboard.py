"""The figures of a contest."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.text import Text

from fl_krum import plots

pytestmark = pytest.mark.filterwarnings("error")
TABLE = np.array([[0.8, 1.0], [0.0, np.nan], [0.5, 0.5]])


def place(rank, name, mean):
    ours = not name.endswith(".py")
    return SimpleNamespace(rank=rank, name=name, ours=ours, mean=mean, extreme=0.1)


def pixels(figure):
    """Of the smallest letters, on a projector of 1024 × 768."""
    width, height = figure.get_size_inches()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    return min(1024 / width, 768 / height) / 72 * min(text.get_fontsize() for text in texts)


def test_the_leaderboard_shows_every_place():
    rules = [place(1, "anna.py", 0.9), place(2, "krum", 0.5), place(2, "x" * 60 + ".py", 0.5)]
    attacks = [place(1, "fang", 0.25), place(2, "bob.py", 0.75)]
    figure = plots.leaderboard_figure(rules, attacks, "Contest")
    figure.draw_without_rendering()
    left, right = figure.axes
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names[:2] == ["1. anna.py", "2. krum"] and len(names[2]) < 25
    weights = [label.get_weight() for label in left.get_yticklabels()]
    assert weights == ["bold", "normal", "bold"]
    assert [text.get_text() for text in right.texts] == ["25%", "75%"]


def test_every_match_is_shown():
    figure = plots.matches_figure(["anna.py", "krum", "mean"], ["fang", "bob.py"], TABLE)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["80", "100", "0", "–", "50", "50"]


@pytest.mark.parametrize("count", [4, 12])
def test_they_can_be_read_from_the_back_row(count):
    places = [place(k, f"student-{k}.py", 0.5) for k in range(count)]
    names = [one.name for one in places]
    assert pixels(plots.leaderboard_figure(places, places, "T")) >= 768 / 50 - 0.5
    assert pixels(plots.matches_figure(names, names, np.full((count, count), 0.5))) >= 12
