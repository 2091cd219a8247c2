"""Predictions: kept, compared, counted; and what cannot be an answer is explained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.lesson import prediction as module
from fl_krum.lesson.prediction import Prediction, ask, predictions_so_far

CHOICES = {"a": "nothing", "b": "which digit it is", "c": "every pixel"}


@pytest.fixture(autouse=True)
def nothing_asked_before(monkeypatch):
    monkeypatch.setattr(module, "_asked", {})
    monkeypatch.setattr(module, "_file", None)


def restart(monkeypatch, file):
    """Forget everything, as a kernel does that is started anew."""
    monkeypatch.setattr(module, "_asked", {})
    module.keep_predictions(file)


@pytest.mark.parametrize(
    ("answer", "truth", "how", "said"),
    [
        (80, 94.2, {}, "You predicted 80 %. It is 94.2 %: you are 14.2 too low."),
        (100, 94, {}, "You predicted 100 %. It is 94 %: close."),
        (100, 94, {"within": 5}, "You predicted 100 %. It is 94 %: you are 6 too high."),
        ("80 %", 94, {}, "You predicted 80 %. It is 94 %: you are 14 too low."),
        ("0,5", 0.5, {}, "You predicted 0.5 %. It is 0.5 %: close."),
        (0, 0, {}, "You predicted 0 %. It is 0 %: close."),
        (30, 100, {"factor": 2}, "You predicted 30 %. It is 100 %: you are 3.33 times too low."),
        (150, 100, {"factor": 2}, "You predicted 150 %. It is 100 %: close."),
        (5e6, 100, {"factor": 2}, "You predicted 5,000,000 %. It is 100 %: you are 50,000 times"),
        (0, 100, {"factor": 2}, "that is far off"),
        (None, 94, {}, "No prediction. It is 94 %."),
        ("about 5", 94, {}, "A number is asked for; 'about 5' is none. It is 94 %."),
        (float("nan"), 94, {}, "A number is asked for; nan is none. It is 94 %."),
        ([5], 94, {}, "A number is asked for; [5] is none. It is 94 %."),
    ],
)
def test_numbers(answer, truth, how, said):
    feedback = Prediction("How much?", answer, unit="%").compare(truth, **how)
    assert feedback.startswith("How much?\n  ") and said in feedback


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("c", "You predicted (c) every pixel. It is (c) every pixel."),
        (" C ", "You predicted (c) every pixel. It is (c) every pixel."),
        ("every pixel", "You predicted (c) every pixel. It is (c) every pixel."),
        ("a", "You predicted (a) nothing. It is (c) every pixel.\n  A vector is not a code."),
        ("d", "'d' is none of the choices a, b, c. It is (c) every pixel."),
        (None, "No prediction. It is (c) every pixel."),
    ],
)
def test_choices(answer, said):
    one = Prediction("What?", answer, CHOICES)
    assert one.compare("c", remarks={"a": "A vector is not a code."}) == f"What?\n  {said}"


def test_choices_may_be_names_alone():
    one = Prediction("Which rule?", "krum", ("Krum", "mean"))
    assert one.compare("mean") == "Which rule?\n  You predicted Krum. It is mean."


def test_a_truth_that_is_no_choice_is_the_teachers_error():
    with pytest.raises(ValueError, match="none of the choices"):
        Prediction("What?", "a", CHOICES).compare("e")


def test_what_is_kept_is_described_without_a_front_end():
    assert Prediction("How?").describe() == (
        "How?\n  No prediction yet. Fill in the field, or write answer=50 above and run the cell "
        "again."
    )
    assert "write answer='a' above" in Prediction("How?", None, CHOICES).describe()
    assert Prediction("How?", 5, unit="MB").describe() == "How?\n  Your prediction: 5 MB"
    assert "'d' is none of the choices" in Prediction("How?", "d", CHOICES).describe()


def test_the_first_answer_that_is_compared_counts():
    one = ask("How?", 5)
    one.compare(50)
    one.answer = 50
    one.compare(50)
    assert one.close is False
    assert predictions_so_far() == "1 of 1 predictions made, 0 of them came true."


def test_a_cell_that_is_run_again_keeps_what_was_filled_in():
    ask("How?").answer = 7
    assert ask("How?").answer == 7
    assert ask("How?", 9).answer == 9
    assert ask("How?", answer=None, choices=CHOICES).answer is None


def test_what_was_answered_is_there_again_after_a_restart(monkeypatch, tmp_path):
    file = tmp_path / "predictions.json"
    restart(monkeypatch, file)
    ask("How?").answer = 7
    ask("What?", "b", CHOICES).compare("b")
    ask("Who?")
    restart(monkeypatch, file)
    assert ask("How?").answer == 7 and ask("Who?").answer is None
    again = ask("What?", None, CHOICES)
    assert (again.answer, again.close) == ("b", True)
    assert predictions_so_far() == "1 of 3 predictions made, 1 of them came true."
    ask("How?").answer = ""  # taken back
    ask("Another notebook's?", 5)
    restart(monkeypatch, file)
    assert ask("How?").answer is None and ask("Another notebook's?").answer == 5
    assert ask("What?", None, {"x": "other choices"}).answer is None


NOT_PREDICTIONS = [
    "", "{}", "[]", "\\ud800", '{"format": "fl_krum predictions"}',
    '{"format": "fl_krum predictions", "predictions": {"a": 5}}',
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_PREDICTIONS)
def test_a_file_that_is_something_else_is_left_alone(tmp_path, text):
    file = tmp_path / "predictions.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"predictions\.json is not a file of predictions"):
        module.keep_predictions(file)
    assert file.read_text() == text and module._file is None


def test_what_cannot_be_kept_is_said_and_the_answer_stays(tmp_path):
    module.keep_predictions(tmp_path / "gone" / "predictions.json")
    one = ask("How?")
    one.answer = 7
    assert one.answer == 7 and "predictions.json is not written: " in one.problem
    assert one.compare(7) == "How?\n  You predicted 7. It is 7: close."


def test_the_count():
    assert predictions_so_far() == "No prediction was made, of 0 that were asked for."
    ask("one")
    assert predictions_so_far() == "No prediction was made, of 1 that were asked for."
    ask("two", 5).compare(5)
    ask("three", "a", CHOICES).compare("c")
    assert predictions_so_far() == "2 of 3 predictions made, 1 of them came true."


@given(st.one_of(st.none(), st.text(), st.floats(), st.booleans(), st.lists(st.integers())))
def test_no_answer_makes_it_raise(answer):
    for one in (Prediction("?", answer), Prediction("?", answer, CHOICES)):
        one.describe()
        assert one.compare("c" if one.choices else 3.0).startswith("?\n")
