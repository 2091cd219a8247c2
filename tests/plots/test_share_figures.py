"""Figures of shares by hand: points, curves and histograms. Looks are for eyes."""

import numpy as np
import pytest
from matplotlib.text import Text

from fl_krum.plots.masking import joint_figure, masked_figure, opened_figure
from fl_krum.plots.polynomial import polynomial_figure
from fl_krum.plots.table import facts_figure

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


def text_of(figure):
    figure.draw_without_rendering()
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())


def test_polynomial_figure():
    shares = {0: 42, 1: 70, 2: 66, 3: 48, 4: 34}
    figure = polynomial_figure({0: 42, 1: 70, 2: 66, 3: 48}, shares, 101, known=(1, 2), title="Two")
    assert "Two" in text_of(figure) and "modulo 101" in text_of(figure)
    real, modular = figure.axes
    curve, *points = real.lines
    x, y = curve.get_data()
    assert np.interp([1, 2, 3, 4], x, y) == pytest.approx([70, 66, 48, 34], abs=0.2)
    faces = [line.get_markerfacecolor() != "white" for line in modular.lines]
    assert faces == [True, True, False, False, True]  # players 1 and 2, and the secret
    assert [float(line.get_ydata()[0]) for line in points] == pytest.approx([70, 66, 48, 34, 42])


def test_masked_figure():
    figure = masked_figure({"0": range(0, 1024), "255": range(255, 1279)}, 8, 2)
    text = text_of(figure)
    assert "κ = 2: the mask has 10 bits" in text and "secret 255" in text
    one, other = (patch.get_data().values for patch in figure.axes[0].patches)
    assert one[0] > 0 == other[0] and other[-1] > 0 == one[-1]
    assert one.sum() == pytest.approx(32) == other.sum()


def test_joint_figure():
    figure = joint_figure(range(101), range(101), 101, ("First", "Second", "Both"))
    assert {"First", "Second", "Both"} <= set(text_of(figure).split("\n"))
    points = figure.axes[2].lines[0]
    assert points.get_xdata().tolist() == points.get_ydata().tolist() == list(range(101))


def test_opened_figure():
    figure = opened_figure({"one": ([0, 5, 10], [0, 1, 1]), "two": ([10, 10], [1, 1])})
    text = text_of(figure)
    assert "one" in text and "two" in text
    one, other = (patch.get_data().values for patch in figure.axes[0].patches)
    assert (one.sum(), other.sum(), other[-1]) == (3, 2, 2)
    assert [bar.get_height() for bar in figure.axes[1].patches] == [1, 2, 0, 2]


def test_facts_figure():
    text = text_of(facts_figure({"players": 8, "bytes": 1686142}, "krum.mpc")).split("\n")
    assert {"players", "8", "bytes", "1,686,142", "krum.mpc"} <= set(text)
