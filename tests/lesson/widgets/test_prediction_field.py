"""The field of a prediction: it fills the prediction in, and says what it kept."""

import pytest

from fl_krum.lesson import prediction as module
from fl_krum.lesson.widgets.prediction_field import PredictionField, predict


@pytest.fixture(autouse=True)
def nothing_asked_before():
    module._asked.clear()


def test_a_number_is_filled_in():
    one = PredictionField(module.ask("How much <b>?", unit="%"))
    assert "How much &lt;b&gt;?" in one.box.children[0].value
    one.field.value = "40"
    assert one.prediction.answer == 40 and "kept" in one.status.value
    one.field.value = "<i>"
    assert one.prediction.answer is None and "&#x27;&lt;i&gt;&#x27; is none" in one.status.value
    one.field.value = ""
    assert one.prediction.answer is None and one.status.value == ""


def test_a_choice_is_made():
    one = PredictionField(module.ask("What?", choices={"a": "nothing", "b": "all"}))
    assert one.field.value is None
    one.field.value = "b"
    assert one.prediction.answer == "b"
    assert PredictionField(one.prediction).field.value == "b"


def test_what_a_cell_shows_without_a_front_end(capsys):
    one = predict("How much?", answer=None, unit="MB")
    assert capsys.readouterr().out.startswith("How much?\n  No prediction yet.")
    assert predict("How much?", answer=5, unit="MB").answer == 5 and one.answer is None
    assert capsys.readouterr().out == "How much?\n  Your prediction: 5 MB\n"


def test_the_live_field_goes_first():
    bundle = PredictionField(module.ask("How much?"))._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
