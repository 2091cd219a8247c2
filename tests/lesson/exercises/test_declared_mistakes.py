"""Every mistake that an exercise declares is told apart from all others and from right answers."""

import pytest
from all_exercises import EXERCISES

MISTAKES = [(check, sentence) for check in EXERCISES.values() for sentence in check.mistakes]


@pytest.fixture(autouse=True)
def no_tries_left_over():
    for check in EXERCISES.values():
        check.tries = 0


@pytest.mark.parametrize(
    ("check", "sentence"),
    MISTAKES,
    ids=[f"{check.__name__}-{said[:30]}" for check, said in MISTAKES],
)
def test_a_declared_mistake_gets_its_own_sentence(check, sentence):
    assert check(check.mistakes[sentence]) == f"✗ {sentence}"


@pytest.mark.parametrize("check", EXERCISES.values(), ids=lambda check: check.__name__)
def test_an_exercise_has_a_hint_a_praise_and_says_how_it_is_called(check):
    assert check.hints and check.praise.endswith(".") and check.__doc__
    name = check.call.partition("(")[0]
    assert check.__name__ == f"check_{name}" or name in check.__doc__
    assert check(lambda *arguments: None) == "✗ Your function returns nothing yet."
