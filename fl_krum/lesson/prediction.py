"""Predictions: what a student expects, kept until the truth is known, and compared with it.

A prediction made before a run, and seen to be wrong after it, teaches more than either alone. So a
cell asks for it, a later cell compares. No front end is needed: an answer is an argument in the
cell, ``answer=50``. `fl_krum.lesson.widgets.prediction_field` puts a field beside it.

A copy of a notebook that `fl-krum lab` makes calls `keep_predictions` in its first cell: then they
are there again after a restart of the kernel. Their file is the student's own, and not handed in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..federation.report import write_whole
from .feedback import Feedback

FORMAT = "fl_krum predictions"
FILE = "predictions.json"

_asked: dict[str, Prediction] = {}
_file: Path | None = None  # where this kernel keeps them


class Prediction:
    """A question, what the student answered, and whether that came true.

    Parameters
    ----------
    question : str
        A short one: it is repeated when the answer is compared.
    answer : number or str, optional
        What the student predicts. What cannot be an answer is explained in `problem`, not raised.
    choices : iterable of str, or mapping of str to str, optional
        What can be chosen, or what it is called and what it says, ``{"a": "nothing", "b": …}``.
        Without choices the answer is a number.
    unit : str
        Of a number, for instance "%" or "MB".

    Attributes
    ----------
    question, choices, unit
    problem : str
        Why the last answer cannot be one; "" if it can.
    close : bool or None
        Whether the first answer that was compared came true; None before.
    """

    def __init__(self, question, answer=None, choices=None, unit=""):
        self.question, self.unit = question, unit
        self.choices: Mapping[str, str] | None = None
        if choices is not None:
            as_names = isinstance(choices, Mapping)
            self.choices = dict(choices) if as_names else {str(name): "" for name in choices}
        self.close: bool | None = None
        self.problem = ""
        self._changed: Callable[[], str] = str  # called after each change; says what goes wrong
        self._answer: float | str | None = None
        self.answer = answer

    @property
    def answer(self) -> float | str | None:
        """The answer, a number or the name of a choice; None as long as there is none."""
        return self._answer

    @answer.setter
    def answer(self, answer) -> None:
        self._answer, self.problem = None, ""
        try:
            if not (answer is None or answer == ""):
                self._answer = self._choice(answer) if self.choices else _number(answer, self.unit)
        except ValueError as error:
            self.problem = str(error)
        self.problem = self.problem or self._changed()

    def compare(
        self,
        truth,
        within: float | None = None,
        factor: float | None = None,
        remarks: Mapping[str, str] | None = None,
    ) -> Feedback:
        """Say what was predicted, and what is true.

        Parameters
        ----------
        truth : number or str
            What came out, or the name of the right choice.
        within : float, optional
            How far a number may be off and still be called close; by default a tenth of the truth.
        factor : float, optional
            Instead: how many times too large or too small it may be.
        remarks : mapping of str to str, optional
            A sentence for those who chose this name.
        """
        says = self._said(truth)
        if self.answer is None:
            return Feedback(f"{self.question}\n  {self.problem or 'No prediction.'} It is {says}.")
        if self.choices:
            right, verdict = self.answer == self._choice(truth), f"It is {says}."
        else:
            right, verdict = _judge(float(self.answer), float(truth), within, factor)
            verdict = f"It is {says}: {verdict}."
        if self.close is None:
            self.close = right
            self._changed()
        lines = [self.question, f"  You predicted {self._said(self.answer)}. {verdict}"]
        if remark := (remarks or {}).get(str(self.answer)):
            lines.append(f"  {remark}")
        return Feedback("\n".join(lines))

    def describe(self) -> str:
        """Say what is kept so far; and how to answer, if nothing is."""
        if self.answer is not None:
            return f"{self.question}\n  Your prediction: {self._said(self.answer)}"
        example = repr(next(iter(self.choices))) if self.choices else "50"
        how = f"Fill in the field, or write answer={example} above and run the cell again."
        return f"{self.question}\n  {self.problem or 'No prediction yet.'} {how}"

    def _choice(self, answer) -> str:
        for name, text in (self.choices or {}).items():
            if str(answer).strip().casefold() in (name.casefold(), (text or name).casefold()):
                return name
        names = ", ".join(self.choices or {})
        raise ValueError(f"{answer!r} is none of the choices {names}.")

    def _said(self, answer) -> str:
        if self.choices:
            name = self._choice(answer)
            return f"({name}) {self.choices[name]}" if self.choices[name] else name
        unit = f" {self.unit}" if self.unit else ""
        return f"{_written(float(answer))}{unit}"


def ask(question, answer=None, choices=None, unit="") -> Prediction:
    """Ask a question, and keep the `Prediction` for `predictions_so_far`.

    Arguments are those of `Prediction`. When a question is asked again, because its cell is run
    again, what was answered before stays, unless there is a new answer.
    """
    prediction = Prediction(question, answer, choices, unit)
    before = _asked.get(question) or _from_file(prediction)
    if before is not None and before.choices == prediction.choices:
        if answer is None:
            prediction.answer = before.answer
        prediction.close = before.close
    _asked[question] = prediction
    prediction._changed = _keep
    if answer is not None:
        _keep()
    return prediction


def keep_predictions(file: str | Path = FILE) -> None:
    """Keep the answers in a file, from now on, and take up those that it has.

    Parameters
    ----------
    file : path
        All notebooks of a folder share one.

    Raises
    ------
    ValueError
        The file that is there is not one of predictions; it is left as it is.
    OSError
        It cannot be read.
    """
    global _file
    path = Path(file).resolve()
    _read(path)
    _file = path


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Answers by their questions."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kept: dict[str, dict[str, Any]] = content["predictions"]
        if content["format"] == FORMAT and all(
            {"answer", "close"} == one.keys() for one in kept.values()
        ):
            return kept
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise ValueError(f"{path.name} is not a file of predictions")


def _from_file(prediction: Prediction) -> Prediction | None:
    """What the file has of this question; None where it has nothing, or nothing that fits."""
    try:
        kept = (_read(_file) if _file else {}).get(prediction.question)
    except (ValueError, OSError):
        return None
    if kept is None:
        return None
    before = Prediction(prediction.question, kept["answer"], prediction.choices, prediction.unit)
    before.close = kept["close"] if isinstance(kept["close"], bool) else None
    return before if before.answer is not None else None


def _keep() -> str:
    """Write the answers of this notebook beside those of the others; say what goes wrong, or ""."""
    if _file is None:
        return ""
    try:
        kept = _read(_file)
        for question, one in _asked.items():
            kept.pop(question, None)
            if one.answer is not None:
                kept[question] = {"answer": one.answer, "close": one.close}
        content = {"format": FORMAT, "predictions": kept}
        write_whole(_file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return f"{_file.name} is not written: {reason or error}"
    return ""


def predictions_so_far() -> Feedback:
    """Say how many predictions were made in this notebook, and how many came true."""
    made = [one for one in _asked.values() if one.close is not None]
    close = sum(bool(one.close) for one in made)
    if not made:
        return Feedback(f"No prediction was made, of {len(_asked)} that were asked for.")
    return Feedback(f"{len(made)} of {len(_asked)} predictions made, {close} of them came true.")


def _number(answer, unit) -> float:
    if isinstance(answer, str):
        answer = answer.strip().removesuffix(unit).strip().replace(",", ".")
    try:
        number = float(answer)
    except (TypeError, ValueError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise ValueError(f"A number is asked for; {answer!r} is none.")
    return number


def _judge(answer, truth, within, factor) -> tuple[bool, str]:
    if factor is not None:
        ratio = answer / truth if truth else float("inf")
        if 1 / factor <= ratio <= factor:
            return True, "close"
        if ratio <= 0:
            return False, "that is far off"
        return False, (
            f"you are {_written(ratio)} times too high" if ratio > 1
            else f"you are {_written(1 / ratio)} times too low"
        )  # fmt: skip
    off = answer - truth
    if abs(off) <= (abs(truth) / 10 if within is None else within):
        return True, "close"
    return False, f"you are {_written(abs(off))} too {'high' if off > 0 else 'low'}"


def _written(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
