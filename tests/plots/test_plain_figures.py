"""Figures of notebooks 1 and 2: what is written and drawn on them. Looks are for eyes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from fl_krum import krum, plots
from fl_krum.aggregators.rules import rules_for
from fl_krum.lesson.toy_vectors import example_vectors

pytestmark = pytest.mark.filterwarnings("error")


def text_of(figure):
    assert plots.png(figure).startswith(b"\x89PNG")
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())


@pytest.mark.parametrize("clients", [3, 7, 12])
def test_an_ordinary_round_does_not_speak_of_secrets(clients):
    text = text_of(plots.ordinary_round_figure(clients))
    assert "the server sees every client's vector" in text and f"\n{clients}\n" in text
    assert "SMPC" not in text and "player" not in text and "Byzantine" not in text
    assert "Byzantine" in text_of(plots.ordinary_round_figure(7, 2))


def test_a_panel_is_any_drawing_on_its_own():
    X, byzantine = example_vectors()
    figure = plots.panel(plots.draw_scores, krum(X, 2), byzantine, width=9, height=6)
    assert "smallest: chosen" in text_of(figure)
    assert figure.get_size_inches().tolist() == [9, 6]


def test_clients_at_the_same_place_share_a_mark():
    X = np.array([[0, 0], [1, 1], [1, 1], [2, 0], [0, 0], [1, 1]])
    axes = plots.new_figure().add_subplot()
    plots.draw_clients(axes, X, byzantine=[5])
    assert [text.get_text() for text in axes.texts] == ["1,5", "2–3", "4", "6"]
    colours = [to_hex(line.get_color()).upper() for line in axes.lines]
    assert colours == [plots.HONEST] * 3 + [plots.BYZANTINE]


def test_mean_figure_says_how_far_the_mean_moves():
    honest = np.array([[1.0, 0.0], [3.0, 0.0], [2.0, 3.0], [2.0, 1.0]])
    text = text_of(plots.mean_figure(honest, [[-10.0, -15.0]]))  # by (-12, -16) / 4, length 5
    assert "All clients are honest" in text
    assert "Client 4 lies: the mean moves by 5.0" in text
    assert "The last 2 clients lie" in text_of(plots.mean_figure(honest, [[9, 9], [9, 9]]))


def test_rules_figure_marks_the_result_of_each_rule():
    X, byzantine = example_vectors(attack="outlier")
    figure = plots.rules_figure(X, 2, byzantine)
    text = text_of(figure)
    points = [tuple(line.get_xydata()[0]) for line in figure.axes[0].lines]
    assert "bulyan" not in text  # it takes more clients
    for name, rule in rules_for(7, 2).items():
        assert name in text
        assert tuple(rule(X, 2)) in points


def test_accuracy_table_prints_every_number():
    text = text_of(
        plots.accuracy_table_figure(
            [[0.91, 0.88], [0.93, 0.09]], ["krum", "mean"], ["none", "x"], "T"
        )
    )
    for said in ("91%", "88%", "93%", "9%", "krum", "mean", "none", "x", "T"):
        assert said in text.split("\n")


def test_accuracy_table_of_several_seeds_prints_mean_and_spread():
    text = text_of(plots.accuracy_table_figure([[[0.8, 0.9]], [[0.5, 0.5]]], ["a", "b"], ["x"]))
    assert {"85%", "± 7", "50%", "± 0"} <= set(text.split("\n"))


def test_images_figure_draws_pixels_and_weights():
    pixels, weights = np.full((2, 8, 8), 0.5), np.full((3, 8, 8), -0.2)
    pixels[1] = np.nan
    figure = plots.images_figure({"pixels": pixels, "weights": weights}, ["a", "b"])
    text = text_of(figure)
    assert "pixels" in text and "weights" in text and "a\n" in text and "–" in text
    images = [axes.images for axes in figure.axes]
    assert [len(image) for image in images] == [1, 0, 0, 1, 1, 1]
    assert images[0][0].get_clim() == (0, 1) and images[3][0].get_clim() == (-0.2, 0.2)
