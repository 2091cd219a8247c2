"""A field for a prediction: `predict` shows it in a notebook, and works without a front end too."""

from __future__ import annotations

import html

import ipywidgets as widgets
from IPython.display import display

from ..prediction import Prediction, ask
from .controls import mimebundle, notice


class PredictionField:
    """A text field, or a list to choose from, that fills in a `Prediction`.

    Attributes
    ----------
    prediction : Prediction
    field : ipywidgets.Text or ipywidgets.RadioButtons
    status : ipywidgets.HTML
        What is kept, or why it cannot be.
    box : ipywidgets.VBox
    """

    def __init__(self, prediction: Prediction):
        self.prediction = prediction
        self.field = _choice_field(prediction) if prediction.choices else _text_field(prediction)
        self.field.add_class("krum-prediction")
        self.status = widgets.HTML()
        question = widgets.HTML(f"<b>{html.escape(prediction.question)}</b>")
        self.box = widgets.VBox([question, widgets.HBox([self.field, self.status])])
        self.field.observe(lambda change: self._keep(), "value")
        self._say()

    def _keep(self) -> None:
        self.prediction.answer = self.field.value
        self._say()

    def _say(self) -> None:
        kept = notice("kept", "good") if self.prediction.answer is not None else ""
        self.status.value = notice(self.prediction.problem) or kept

    def __repr__(self) -> str:
        return self.prediction.describe()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return mimebundle(self.box, self.prediction.describe())


def predict(question, answer=None, *, choices=None, unit="") -> Prediction:
    """Ask for a prediction, show a field for it, and return the `Prediction` to be compared later.

    Arguments are those of `fl_krum.lesson.prediction.Prediction`.

    Examples
    --------
    >>> together = predict("How much do they reach together?", answer=80, unit="%")
    How much do they reach together?
      Your prediction: 80 %
    >>> together.compare(94)
    How much do they reach together?
      You predicted 80 %. It is 94 %: you are 14 too low.
    """
    prediction = ask(question, answer, choices, unit)
    display(PredictionField(prediction))
    return prediction


def _text_field(prediction) -> widgets.Text:
    kept = prediction.answer
    return widgets.Text(
        value="" if kept is None else f"{kept:g}",
        placeholder=f"a number{prediction.unit and f', in {prediction.unit}'}",
        continuous_update=False,
        layout={"width": "14em"},
    )


def _choice_field(prediction) -> widgets.RadioButtons:
    options = [
        (f"({name}) {text}" if text else name, name) for name, text in prediction.choices.items()
    ]
    return widgets.RadioButtons(
        options=options, value=prediction.answer, layout={"width": "max-content"}
    )
