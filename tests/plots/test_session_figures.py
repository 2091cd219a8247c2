"""Figures: what is written and drawn on them, and that they need no screen. Looks are for eyes."""

import dataclasses
import io
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from fl_krum import plots
from fl_krum.aggregators.krum import krum
from fl_krum.aggregators.rules import AGGREGATORS
from fl_krum.federation.attacks import ATTACKS
from fl_krum.federation.session import FederatedSession
from fl_krum.plots import style
from fl_krum.plots.marks import marks_on
from fl_krum.plots.session_picture import SessionPicture

# A layout that does not fit, or a glyph that the font lacks, is a warning: here an error.
pytestmark = [
    pytest.mark.filterwarnings("error:constrained_layout"),
    pytest.mark.filterwarnings("error:Glyph"),
]

# n = 5, f = 1: Krum chooses row 2, with scores 20, 18, 15, 30, 938 (Flower 1.20, ByzFL 0.0.11).
V1 = np.array([[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]])


@pytest.fixture(scope="module")
def session():
    return FederatedSession(rounds=3)


@pytest.fixture(scope="module")
def records(session):
    return session.run()


@pytest.fixture
def settings(session):
    return {**session.settings, "engine": "embedded"}


def text_of(figure):
    assert is_drawn(figure)
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())


def pixels(picture):
    return imread(io.BytesIO(picture))


def is_drawn(figure):
    figure.draw_without_rendering()  # half of what a picture costs
    return isinstance(figure, Figure)


@pytest.mark.parametrize(
    ("excluded", "said"),
    [
        ([(), (), ()], None),
        ([(7,), (), ()], "client 7 (round 1)"),
        ([(6, 7), (6, 7), (6,)], "clients 6 and 7 (rounds 1, 2); client 6 (round 3)"),
    ],
)
def test_session_figure_names_who_was_left_out(records, settings, excluded, said):
    named = [
        dataclasses.replace(record, excluded=clients)
        for record, clients in zip(records, excluded, strict=True)
    ]
    text = text_of(plots.session_figure(named, settings))
    assert ("Left out" in text) == bool(said)
    assert said is None or f"for sharing more than agreed: {said}." in text


def test_session_figure_says_what_happened(records, settings):
    text = text_of(plots.session_figure(records, settings))
    for said in (
        "2 of 7 clients are Byzantine (attack: sign-flip)",
        f"{records[-1].accuracy:.0%} Krum in SMPC",
        f"{records[-1].accuracy_mean:.0%} plain mean",
        f"{records[-1].accuracy_alone:.0%} alone",
        f"{records[-1].accuracy_pooled:.0%} pooled",
        "secure multiparty\ncomputation (SMPC)",
        "Seconds",
        "Round",
        "✓ In every round",
    ):
        assert said in text
    assert "simulation" not in text  # whose vector was chosen is shown on request only


def test_a_picture_that_grows_is_that_of_the_whole_figure(records, settings):
    """Pixel by pixel, also when a line of text comes in between and goes again."""
    settings = {**settings, "rounds": 5}  # so that no name is cut off on the right
    late = [dataclasses.replace(records[1], excluded=(7,)), *records[:1]]
    picture = SessionPicture(settings, simulation=True)
    for so_far in ([], late, records[:2]):
        whole = plots.session_figure(so_far, settings, simulation=True)
        assert np.array_equal(pixels(picture.png(so_far)), pixels(plots.png(whole)))


def test_the_place_of_axes_does_not_depend_on_whether_there_are_rounds(records, settings):
    """The first picture was a fifth of its size: a ring around no point took the room."""
    figures = [plots.session_figure(some, settings, simulation=True) for some in ([], records[:1])]
    assert all(is_drawn(figure) for figure in figures)
    heights = [[axes.get_position().height for axes in figure.axes] for figure in figures]
    np.testing.assert_allclose(*heights, atol=0.02)


def test_session_figure_draws_the_numbers(records, settings):
    accuracy, seconds = plots.session_figure(records, settings).axes
    lines = {to_hex(line.get_color()).upper(): line for line in accuracy.lines}
    start = settings["start_accuracy"]
    np.testing.assert_array_equal(lines[plots.KRUM].get_xdata(), [0, 1, 2, 3])
    np.testing.assert_array_equal(
        lines[plots.KRUM].get_ydata(), [start] + [record.accuracy for record in records]
    )
    np.testing.assert_array_equal(
        lines[plots.MEAN].get_ydata(), [start] + [record.accuracy_mean for record in records]
    )
    assert [bar.get_height() for bar in seconds.patches] == [record.seconds for record in records]


@pytest.mark.parametrize("simulation", [False, True])
@pytest.mark.parametrize("level", [0.0, 0.5, 0.97, 1.0])
def test_labels_of_equal_lines_do_not_lie_on_each_other(records, settings, level, simulation):
    keys = ("accuracy", "accuracy_mean", "accuracy_alone", "accuracy_pooled", "accuracy_krum")
    same = [dataclasses.replace(record, **dict.fromkeys(keys, level)) for record in records]
    axes = plots.session_figure(same, settings, simulation).axes[0]
    heights = np.sort([text.get_position()[1] for text in axes.texts])
    assert len(heights) == 4 + simulation
    assert np.diff(heights).min() > 0.06 and 0 <= heights[0] and heights[-1] < 1


def test_axes_stay_while_the_session_runs(records, settings):
    figures = [plots.session_figure(records[:count], settings) for count in range(4)]
    assert is_drawn(figures[0]) and is_drawn(figures[-1])
    assert len({figure.axes[0].get_xlim() for figure in figures}) == 1
    assert len({figure.axes[1].get_xlim() for figure in figures}) == 1
    assert "The first round is running" in text_of(figures[0])


def test_what_only_a_simulation_knows_is_marked_as_such(records, settings):
    figure = plots.session_figure(records, settings, simulation=True)
    text = text_of(figure)
    assert "only\na simulation knows" in text
    assert "ring: Krum in the clear" in text
    shown = [text.get_text() for text in figure.axes[-1].texts[:3]]
    assert shown == [str(record.chosen + 1) for record in records]  # clients count from 1


def test_a_wrong_result_is_not_hidden(records, settings):
    wrong = [records[0], dataclasses.replace(records[1], matches_plaintext=False), records[2]]
    text = text_of(plots.session_figure(wrong, settings))
    assert "✗ Not the result of Krum in the clear: round 2." in text
    assert "✓" not in text


def test_a_session_without_players_does_not_speak_of_smpc(session, records):
    text = text_of(plots.session_figure(records, session.settings))
    assert "SMPC" not in text and "Milliseconds" in text


def test_another_rule_is_called_by_its_name():
    session = FederatedSession(rounds=1, aggregate=AGGREGATORS["trimmed-mean"])
    text = text_of(plots.session_figure(session.run(), session.settings))
    assert "trimmed-mean" in text and "Krum" not in text


@pytest.mark.parametrize("attack", ["none", max(ATTACKS, key=len), "below-protocol"])
def test_long_sessions_can_be_drawn(attack):
    session = FederatedSession(rounds=12, attack=attack)
    assert is_drawn(plots.session_figure(session.run(), session.settings, simulation=True))


def test_honest_clients_are_not_called_malicious():
    session = FederatedSession(rounds=1, clients=3, byzantine=0)
    text = text_of(plots.session_figure(session.run(), session.settings))
    assert "All 3 clients are honest" in text and "malicious" not in text


def test_krum_figure_of_the_plane():
    figure = plots.krum_figure(V1, 1, byzantine=[4])
    text = text_of(figure)
    assert "Krum chooses client 3, an honest one." in text
    assert "Client 3 and its 2 nearest others" in text
    assert figure.axes[2].get_xscale() == "log"  # where a bar would mean nothing
    dots = [line for line in figure.axes[2].lines if line.get_marker() != "None"]
    assert [line.get_xdata()[0] for line in dots] == [20, 18, 15, 30, 938]
    colours = [to_hex(line.get_color()).upper() for line in dots]
    assert colours == [plots.HONEST] * 4 + [plots.BYZANTINE]
    assert "15: smallest" in text and "938" in text


def test_scores_that_differ_little_are_bars_from_zero():
    axes = style.new_figure().add_subplot()
    plots.draw_scores(axes, krum(V1[:4], 0), byzantine=[3])
    bars = axes.patches[1:]  # after the band that marks the choice
    assert [bar.get_width() for bar in bars] == krum(V1[:4], 0).scores.tolist()
    assert axes.get_xscale() == "linear" and axes.get_xlim()[0] == 0


def test_krum_figure_says_when_a_byzantine_client_is_chosen():
    assert "client 3, a Byzantine one." in text_of(plots.krum_figure(V1, 1, byzantine={2}))


def test_points_have_lines_to_the_neighbours_of_the_client_asked_for():
    result = krum(V1, 1)
    axes = style.new_figure().add_subplot()
    plots.draw_points(axes, V1, result, byzantine=[4], client=0)
    ends = [(one.point.tolist(), other.point.tolist()) for one, other in marks_on(axes).links]
    assert ends == [(V1[0].tolist(), V1[row].tolist()) for row in result.neighbours[0]]


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((7, 5)),  # all distances and scores are 0
        np.repeat([[1.0], [2.0]], [5, 2], axis=0),  # some are
        np.vstack([np.eye(5), 1e6 * np.ones((2, 5))]),  # some are enormous
        np.random.default_rng(0).normal(size=(50, 2)),  # many clients
    ],
    ids=["equal", "ties", "outliers", "many"],
)
def test_krum_figure_of_difficult_vectors(X):
    assert is_drawn(plots.krum_figure(X, 2))


@pytest.mark.parametrize(("clients", "byzantine"), [(3, 0), (5, 1), (7, 2), (12, 4)])
def test_round_figure(clients, byzantine):
    figure = plots.round_figure(clients, byzantine)
    text = text_of(figure)
    assert "Server (player 0)" in text
    assert f"all {clients + 1} players" in text
    assert f"\n{clients}\n" in text
    assert ("Byzantine" in text) == (byzantine > 0)


@pytest.mark.parametrize(
    ("clients", "byzantine", "message"),
    [(6, 2, "2f \\+ 2 < n"), (13, 2, "at most 12 to be drawn, got 13")],
)
def test_round_figure_refuses_what_cannot_be_drawn(clients, byzantine, message):
    with pytest.raises(ValueError, match=message):
        plots.round_figure(clients, byzantine)


def test_the_settings_of_the_caller_neither_matter_nor_change():
    plain = plots.png(plots.round_figure())
    with matplotlib.rc_context({"font.size": 40, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        assert plots.png(plots.round_figure()) == plain
        assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_needed():
    code = "import sys, fl_krum.plots as p; p.png(p.round_figure()); print(*sys.modules)"
    root = Path(plots.__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    loaded = run.stdout.split()
    assert "fl_krum.plots" in loaded and "matplotlib.pyplot" not in loaded


def test_colours_are_apart_and_of_the_palette_of_okabe_and_ito():
    palette = {"#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
    used = [plots.HONEST, plots.BYZANTINE, plots.CHOSEN, plots.MEAN, plots.SMPC]
    assert len(set(used)) == 5 and set(used) <= palette


def test_of_multi_krum_the_row_below_names_all_who_are_averaged(records, settings):
    averaged = [dataclasses.replace(record, averaged=(3, 0, 1)) for record in records]
    text = text_of(plots.session_figure(averaged, settings, simulation=True))
    assert "1 2 4" in text and "averaged clients" in text
    assert "chosen client" in text_of(plots.session_figure(records, settings, simulation=True))


def test_the_weighted_mean_is_drawn_where_clients_differ_in_size():
    def names(**more):
        session = FederatedSession(rounds=1, **more)
        axes = plots.session_figure(session.run(), session.settings).axes[0]
        return {text.get_text().partition(" ")[2] for text in axes.texts}

    rows = [np.arange(200), *np.array_split(np.arange(200, 398), 6)]
    assert "weighted mean" in names(partition=rows) and "weighted mean" not in names()


@pytest.mark.parametrize("matches", [True, False])
def test_names_of_lines_and_the_verdict_can_be_read(records, settings, matches):
    """Small letters on white need a contrast of 4.5."""
    found = [dataclasses.replace(one, matches_plaintext=matches) for one in records]
    figure = plots.session_figure(found, settings, simulation=True)
    assert is_drawn(figure)
    letters = {to_hex(text.get_color()) for text in figure.findobj(Text) if text.get_text()}
    assert min(style.contrast(colour, "white") for colour in letters - {"#ffffff"}) >= 4.5
