"""Figures of notebooks 1 and 2: what is written and drawn on them. Looks are for eyes."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.text import Text

from fl_krum import krum, plots
from fl_krum.aggregators.rules import rules_for
from fl_krum.lesson.toy_vectors import example_vectors
from fl_krum.plots import style
from fl_krum.plots.marks import apart, marks_on
from fl_krum.plots.style import contrast
from fl_krum.plots.table import shade_of

pytestmark = pytest.mark.filterwarnings("error")


def text_of(figure):
    figure.draw_without_rendering()
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
    assert "2.92: smallest" in text_of(figure)
    assert figure.get_size_inches().tolist() == [9, 6]


def drawn_marks(axes):
    """Numbers and places of the marks on these axes, once they are drawn."""
    plots.png(axes.figure)
    marks = marks_on(axes).marks
    return [mark.text.get_text() for mark in marks], np.array([mark.place for mark in marks])


def test_clients_at_the_same_place_are_all_seen():
    X = np.array([[0, 0], [1, 1], [1, 1], [2, 0], [0, 0], [1, 1]])
    axes = plots.new_figure().add_subplot()
    marks = plots.draw_clients(axes, X, byzantine=[5])
    numbers, places = drawn_marks(axes)
    assert numbers == ["1", "2", "3", "4", "5", "6"]
    colours = [to_hex(mark.symbol.get_color()).upper() for mark in marks]
    assert colours == [plots.HONEST] * 5 + [plots.BYZANTINE]
    assert len({mark.symbol.get_marker() for mark in marks}) == 2  # so grey tells them apart, too
    size = marks[0].size * 80 / 72  # png draws 80 dots an inch
    assert min(np.linalg.norm(one - two) for one, two in combinations(places, 2)) > 0.97 * size
    alone = axes.transData.transform(X[3]) * 80 / axes.figure.dpi
    assert np.allclose(places[3], alone)  # nobody is near, so it stands where it belongs


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30)), min_size=1, max_size=16))
def test_marks_are_moved_apart_and_not_far(points):
    radii = np.full(len(points), 10.0)
    places = apart(points, radii)
    for one, two in combinations(places, 2):
        assert np.linalg.norm(one - two) > 19.5
    assert np.abs(places.mean(axis=0) - np.mean(points, axis=0)).max() < 0.1
    assert np.linalg.norm(places - points, axis=1).max() < 15 * np.sqrt(len(points))


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_marks_of_one_place_stand_around_it(count):
    """In a regular polygon, whose sides are as long as two marks and the gap between them."""
    places = apart(np.zeros((count, 2)), np.full(count, 10.0))
    polygon = 10.8 / np.sin(np.pi / count)
    assert np.linalg.norm(places, axis=1).max() < 1.05 * polygon


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
    marks = [mark for axes in figure.axes for mark in marks_on(axes).marks]
    points = [tuple(mark.point) for mark in marks]
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
    assert [len(image) for image in images[:6]] == [1, 0, 0, 1, 1, 1]
    each = plots.images_figure({"a": weights, "b": 2 * weights}, [f"row {k}" for k in range(6)])
    assert [axes.get_title() for axes in each.axes[:6]] == [f"row {k}" for k in range(6)]
    assert {axes.images[0].get_clim() for axes in each.axes[:6]} == {(-0.4, 0.4)}
    assert images[0][0].get_clim() == (0, 1) and images[3][0].get_clim() == (-0.2, 0.2)
    assert "− 0 +" in text  # the key of the colours


X, BYZANTINE = example_vectors()
RESULT = krum(X, 2)
TABLE = np.linspace(0, 1, 150).reshape(5, 10, 3)
CELLS = [
    {"rule": rule, "against": attack, "mean": mean, "sd": 0.02}
    for attack, mean in (("none", 0.95), ("alie", 0.3), ("fang", None))
    for rule in ("mean", "krum", "median")
]
SHOWN = {
    "ordinary round": lambda: plots.ordinary_round_figure(7),
    "round": lambda: plots.round_figure(7, 2),
    "clients": lambda: plots.panel(plots.draw_clients, X, BYZANTINE, width=11),
    "points": lambda: plots.panel(plots.draw_points, X, RESULT, BYZANTINE, width=11),
    "distances": lambda: plots.panel(plots.draw_distances, RESULT, BYZANTINE, width=9, height=8),
    "scores": lambda: plots.panel(plots.draw_scores, RESULT, BYZANTINE, width=12),
    "krum": lambda: plots.krum_figure(X, 2, BYZANTINE),
    "krum, 31 weights": lambda: plots.krum_figure(np.tile(X, 16)[:, :31], 2, BYZANTINE),
    "rules": lambda: plots.rules_figure(X, 2, BYZANTINE),
    "mean": lambda: plots.mean_figure(X, [[-25.0, -18.0]]),
    "table": lambda: plots.accuracy_table_figure(TABLE, list("abcde"), list("klmnopqrst"), "T"),
    "sweep": lambda: plots.sweep_figure({"even": CELLS, "uneven": CELLS[:7]}, "Ten seeds"),
    "images": lambda: plots.images_figure({"row": np.zeros((10, 8, 8))}, list("0123456789")),
}


@cache
def drawn(name):
    figure = SHOWN[name]()
    figure.draw_without_rendering()
    return figure


def test_a_sweep_has_a_panel_for_each_partition_and_says_what_failed():
    figure = plots.sweep_figure({"even": CELLS, "uneven": CELLS[:7]}, "Ten seeds")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["even", "uneven"]
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts[0].count("95%") == 3 and texts[0].count("failed") == 3
    assert texts[0].count("± 2") == 9 and texts[1].count("failed") == 3  # none, or not run
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "none", "alie", "fang",
    ]  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_it_can_be_read_from_the_back_row(name):
    """The smallest letters on a projector of 1024 × 768 pixels, the figure as large as it will go.

    A fiftieth of the height is what guides to slides ask for.
    """
    figure = drawn(name)
    width, height = figure.get_size_inches()
    pixels = min(1024 / width, 768 / height) / 72
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() for text in texts) * pixels >= 768 / 50 - 0.5


def test_contrast_is_that_of_the_guidelines():
    """Published values: the lightest grey that passes on white, and the darkest that fails."""
    assert contrast("black", "white") == pytest.approx(21)
    assert contrast("white", "#767676") == pytest.approx(4.54, abs=0.005)
    assert contrast("#777777", "white") == pytest.approx(4.48, abs=0.005)


COLOURS = {name: value for name, value in vars(style).items()
           if isinstance(value, str) and value.startswith("#")}  # fmt: skip


@pytest.mark.parametrize("name", COLOURS.keys() - {"SMPC"})  # that one is never written in
def test_colours_as_letters_can_be_read_on_white(name):
    assert contrast(style.as_letters(COLOURS[name]), "white") >= 4.5


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_written_in_colour_on_white_can_be_read(name):
    figure = drawn(name)
    letters = {to_hex(text.get_color()) for text in figure.findobj(Text) if text.get_text()}
    assert min(contrast(colour, "white") for colour in letters - {"#ffffff"}) >= 4.5


def test_letters_of_a_table_can_be_read_on_every_shade():
    shades = [shade_of(lost) for lost in np.linspace(0, 1, 101)]
    assert min(contrast(style.ink_on(shade), shade) for shade in shades) >= 3.5
    assert contrast(style.ink_on(shades[-1]), shades[-1]) >= 4.5


def test_bars_of_byzantine_clients_are_hatched_so_that_grey_tells_them_apart():
    axes = plots.new_figure().add_subplot()
    quiet, byzantine = example_vectors(attack="alie")
    plots.draw_scores(axes, krum(quiet, 2), byzantine)
    assert [bool(bar.get_hatch()) for bar in axes.patches[1:]] == [False] * 5 + [True] * 2
