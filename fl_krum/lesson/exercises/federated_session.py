"""Exercises of the notebook on the session: what a client finds out, and what a network costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .exercise import Wrong, compare, exercise, listed


def _found(own, models, first=1, shift=0, same=None) -> list[int]:
    """Return in which rounds of training a client's vector was chosen, with some mistake."""
    same = same or (lambda a, b: bool(np.array_equal(a, b)))
    pairs = zip(own, models[1 + shift :], strict=False)
    return [number for number, (vector, model) in enumerate(pairs, first) if same(vector, model)]


def _history(chosen) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return what a client sent in five rounds, and the six global models around these rounds.

    Where the client was not chosen, the new model is near its vector, or has a coordinate of it.
    """
    rng = np.random.default_rng([6, *chosen])
    own = [rng.normal(size=3).round(2) for _ in range(5)]
    other = ([0.03, 0.03, 0.03], [0, 3, 3], [3, 0, 3])
    models = [rng.normal(size=3).round(2)]
    for number, vector in enumerate(own, 1):
        models.append(vector if number in chosen else vector + other[number % 3])
    if not chosen:
        models[2] = own[2]  # from here it began, and sent it back unchanged
        models[5] = own[3]  # somebody else sends the same, a round later
    return own, [model.copy() for model in models]


@exercise(
    "rounds_chosen(own, models)",
    praise="Right. So a chosen client knows that it was chosen, though nobody has told it.",
    hints=(
        "In round number r the client sends own[r - 1], and the new global model is models[r].",
        "np.array_equal(own[r - 1], models[r]) says whether they are the same vector.",
    ),
    mistakes={
        "You compare with the global model from which the round began. The new one is models[r].": (
            lambda own, models: _found(own, models, shift=-1)
        ),
        "You compare with the global model after the round that follows.": (
            lambda own, models: _found(own, models, shift=1)
        ),
        "Rounds of training count from 1.": lambda own, models: _found(own, models, first=0),
        "You compare the first coordinate only. Two vectors may have it in common.": (
            lambda own, models: _found(own, models, same=lambda a, b: a[0] == b[0])
        ),
        "One equal coordinate is not enough: all of them have to be equal.": (
            lambda own, models: _found(own, models, same=lambda a, b: bool((a == b).any()))
        ),
        "That is how many rounds there were. Return their numbers, as a list.": (
            lambda own, models: len(_found(own, models))
        ),
        "That says True or False for each round. Return the numbers of the rounds.": (
            lambda own, models: [
                bool(np.array_equal(a, b)) for a, b in zip(own, models[1:], strict=True)
            ]
        ),
        "Near the new model is not enough. Krum hands on one vector unchanged: equal.": (
            lambda own, models: _found(own, models, same=lambda a, b: np.allclose(a, b, atol=0.1))
        ),
    },
)
def check_rounds_chosen(rounds_chosen: Callable) -> None:
    """Check ``rounds_chosen(own, models)``: when did the new global model equal what I had sent?"""
    cases = [(*_history(chosen), list(chosen)) for chosen in ((1, 4), (2, 3, 5), ())]
    given = [rounds_chosen(own, models) for own, models, _ in cases]
    for (_, _, chosen), result in zip(cases, given, strict=True):
        rounds = listed(result, "[1, 4]")
        if sorted(rounds) != chosen:
            raise Wrong(f"Where {chosen} are right, you return {rounds}.")


def _seconds(exchanges, size, trip, line) -> float:
    return exchanges * trip / 1000 + 8 * size / (line * 10**6)


@exercise(
    "seconds_across(exchanges, size, trip, line)",
    praise="Right. Players with short vectors mostly wait; those with long ones mostly send.",
    hints=(
        "Two times are added up: that of all exchanges, and that of all bytes on the line.",
        "exchanges * trip / 1000, since trip is in milliseconds; and 8 * size / (line * 10**6).",
    ),
    mistakes={
        "A byte has 8 bits, and the line is in megabits.": lambda exchanges, size, trip, line: (
            exchanges * trip / 1000 + size / (line * 10**6)
        ),
        "trip is in milliseconds: divide by 1000.": lambda exchanges, size, trip, line: (
            exchanges * trip + 8 * size / (line * 10**6)
        ),
        "size is in bytes, not in megabytes: a megabit is 10**6 bits.": (
            lambda exchanges, size, trip, line: exchanges * trip / 1000 + 8 * size / line
        ),
        "You divide by the exchanges. Every exchange has to wait for the one before: multiply.": (
            lambda exchanges, size, trip, line: trip / 1000 / exchanges + 8 * size / (line * 10**6)
        ),
        "The bytes are counted over all exchanges together already.": (
            lambda exchanges, size, trip, line: exchanges * _seconds(1, size, trip, line)
        ),
        "The exchanges are missing: each takes a trip.": lambda exchanges, size, trip, line: (
            8 * size / (line * 10**6)
        ),
        "The bytes are missing: they have to go through the line.": (
            lambda exchanges, size, trip, line: exchanges * trip / 1000
        ),
        "You take the longer of the two times. Both have to pass: add them up.": (
            lambda exchanges, size, trip, line: max(
                exchanges * trip / 1000, 8 * size / (line * 10**6)
            )
        ),
        "Faster lines take less time: divide by line.": lambda exchanges, size, trip, line: (
            exchanges * trip / 1000 + 8 * size * line * 10**6
        ),
    },
)
def check_seconds_across(seconds_across: Callable) -> None:
    """Check ``seconds_across(exchanges, size, trip, line)``: how long an aggregation takes."""
    cases = [
        (41, 210_000, 0.5, 1000),
        (41, 210_000, 40, 100),
        (55, 3_000_000, 150, 20),
        (41, 10**8, 1, 100),
    ]
    compare(seconds_across, _seconds, cases)


@exercise(
    "was_averaged(model, usual, mark, m)",
    praise="Right. It costs the client a harmless mark, and no protocol can prevent it.",
    hints=(
        "If you were averaged, your mark is in the mean, and the mean is a sum divided by m.",
        "So the model is near usual + mark / m, or near usual. Which of the two is nearer?",
        "abs(model - usual) > abs(mark) / (2 * m)",
    ),
    mistakes={
        "The mark is divided by m in the mean, so it never moves the model by half of itself.": (
            lambda model, usual, mark, m: abs(model - usual) > abs(mark) / 2
        ),
        "The other vectors differ a little, so the model is never exactly usual + mark / m.": (
            lambda model, usual, mark, m: model == usual + mark / m
        ),
        "The model moves in any case, since the others' vectors differ a little. How far is it?": (
            lambda model, usual, mark, m: model != usual
        ),
        "The mark may be negative, and then the model moves down.": (
            lambda model, usual, mark, m: model - usual > mark / (2 * m)
        ),
        "That is how far the model has moved. Return True or False.": (
            lambda model, usual, mark, m: model - usual
        ),
        "It is the other way round: where the model has moved, you were averaged.": (
            lambda model, usual, mark, m: abs(model - usual) <= abs(mark) / (2 * m)
        ),
    },
)
def check_was_averaged(was_averaged: Callable) -> None:
    """Check ``was_averaged(model, usual, mark, m)``: is the client's own mark in the mean?"""
    cases = []
    for mark, m in ((0.5, 5), (-2.0, 4), (0.04, 6), (0.3, 1)):
        for averaged, noise in ((True, 0.07), (False, 0.07), (True, -0.07), (False, -0.07)):
            usual, moved = 1.25, averaged * mark / m
            cases.append(((usual + moved + noise * abs(mark) / m, usual, mark, m), averaged))
    given = [was_averaged(*case) for case, _ in cases]
    for (case, averaged), result in zip(cases, given, strict=True):
        if not isinstance(result, (bool, np.bool_, int)) or result not in (0, 1):
            raise Wrong(f"Return True or False; you return {result!r:.40}.")
        if bool(result) != averaged:
            model, usual, mark, m = case
            near = "usual + mark / m" if averaged else "usual"
            raise Wrong(
                f"For m = {m} and a mark of {mark} the model is {model - usual:+.4f} from what is "
                f"usual. That is near {near}, so the answer is {averaged}; you have {bool(result)}."
            )
