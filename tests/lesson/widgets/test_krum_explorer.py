"""The explorer of notebook 2, without a front end: what its callbacks draw and say."""

import base64
from itertools import cycle, product

import pytest
from matplotlib.text import Text

from fl_krum.federation.attacks import ATTACKS
from fl_krum.lesson.widgets import krum_explorer
from fl_krum.lesson.widgets.krum_explorer import SOURCES, PlaintextExplorer, explore
from fl_krum.plots import png

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


def text_of(figure):
    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.fixture
def drawn(monkeypatch):
    """Arguments of every call of `explore`; of pictures there are no more than the words."""
    calls, real = [], krum_explorer.explore

    def record(**settings):
        calls.append(settings)
        return real(**settings)

    monkeypatch.setattr(krum_explorer, "explore", record)
    monkeypatch.setattr(krum_explorer, "png", lambda figure, dpi: b"")
    return calls


# Every attack, and every source with each kind of drawing: on a line, in the plane, beyond.
DRAWINGS = list(product(SOURCES.values(), [1, 2, 6]))
SETTINGS = list(zip(ATTACKS, cycle(DRAWINGS)))


@pytest.mark.parametrize(("attack", "drawing"), SETTINGS)
def test_every_setting_can_be_explored(attack, drawing):
    source, d = drawing
    shown = explore(7, 2, d, attack, source)
    assert shown.possible
    if (attack, drawing) in SETTINGS[: len(DRAWINGS)]:  # each kind once
        shown.figure.draw_without_rendering()  # a layout that does not fit is a warning
    assert ("a Byzantine one" in shown.text) == shown.byzantine_chosen
    assert ("a Byzantine one" in text_of(shown.figure)) == shown.byzantine_chosen


def test_outliers_move_the_mean_and_not_krum():
    text = explore(attack="outlier").text
    by_krum, by_mean = (float(word) for word in text.split() if word[0].isdigit() and "." in word)
    assert by_krum < 1 < 5 < by_mean


def test_nobody_is_byzantine_without_an_attack():
    for source in SOURCES.values():
        assert not explore(attack="none", source=source).byzantine_chosen


def test_lines_begin_at_the_client_asked_for():
    assert "Client 4 and its 3 nearest others" in text_of(explore(client=3).figure)


@pytest.mark.parametrize(("n", "f", "d"), [(7, 3, 2), (2, 0, 2), (7, 2, 0), (7, 2, 32)])
def test_what_cannot_be_is_explained_without_a_figure(n, f, d):
    shown = explore(n, f, d)
    assert not shown.possible and shown.figure is None and shown.text


def test_the_same_settings_give_the_same_picture():
    figures = [explore(d=1, draw=draw).figure for draw in (3, 3, 4)]
    for figure in figures:
        figure.set_layout_engine("none")  # which takes longer than all the rest
    one, again, other = (png(figure, dpi=20) for figure in figures)
    assert one == again != other


def test_the_figure_follows_the_controls_once_a_change(drawn):
    explorer = PlaintextExplorer(7, 2, 2)
    before = explorer.image.value
    drawn.clear()
    explorer.controls.sliders["n"].value = 5
    assert drawn == [{**explorer.settings, "n": 5, "f": 1}]
    assert explorer.image.value != before
    explorer.attack.value, explorer.source.value, explorer.draw.value = "alie", "breast_cancer", 2
    explorer.client.value = 4
    settings = {"attack": "alie", "source": "breast_cancer", "draw": 2, "client": 4}
    assert drawn[-1] == {"n": 5, "f": 1, "d": 2, **settings} and len(drawn) == 5


def test_the_clients_to_draw_lines_from_follow_n(drawn):
    explorer = PlaintextExplorer(7, 2, 2)
    explorer.client.value = 4
    drawn.clear()
    explorer.controls.sliders["n"].value = 12
    assert explorer.client.value == 4 and len(explorer.client.options) == 13 and len(drawn) == 1
    explorer.controls.sliders["n"].value = 3
    assert explorer.client.value is None and len(drawn) == 2
    explorer.controls.d.value = 5
    assert explorer.client.disabled  # five coordinates cannot be drawn


def test_a_forbidden_combination_is_explained_and_the_figure_stays(drawn):
    explorer = PlaintextExplorer(7, 2, 2)
    before = explorer.image.value
    explorer.controls.f.value = 3
    assert "largest f here: 2" in explorer.controls.message.value
    assert "still shows n = 7, f = 2, d = 2" in explorer.text.value
    assert explorer.image.value == before
    explorer.controls.f.value = 2
    assert explorer.controls.message.value == "" and "Krum chooses" in explorer.text.value


def test_without_a_front_end_there_is_a_picture_and_a_sentence():
    bundle = PlaintextExplorer()._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].startswith("Krum chooses client")
    assert "model_id" in bundle["application/vnd.jupyter.widget-view+json"]
