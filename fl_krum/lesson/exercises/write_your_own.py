"""Exercises of the notebook in which students write programs of their own.

A check gets a program, runs it among real players on inputs that the student has not seen, and
looks at all that is opened: the result has to reach whom it is for, and nobody may learn anything
besides. That is more than a comparison of results, and it is what such a program is for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ...players.problems import ProgramError
from ...players.process import PlayerError
from ...players.program_result import Opening, ProgramResult
from ...players.run_program import run_program
from ..feedback import Feedback
from .exercise import Wrong
from .tries import Tries

#: Seconds that one run of a student's program may take.
TIME_LIMIT = 20.0
EVERYBODY = None  # as `Opening.player` has it

Inputs = list[list[int]]  # of each player
Outcome = dict[int | None, list[int]]  # what each player alone, and everybody, is to learn


@dataclass
class ProgramExercise(Tries):
    """An exercise that asks for a program; called with one, it says what is wrong with it.

    Parameters
    ----------
    cases : callable
        ``cases(rng)`` draws the inputs of several runs.
    outcome : callable
        ``outcome(inputs)``: what everybody is to learn, and nothing else.
    praise : str
    hints : sequence of str
        The first is shown at the second wrong try, the next at the third.
    mistakes : mapping of str to callable
        A sentence for each usual wrong answer, and the outcome that it has.
    """

    cases: Callable[[Random], list[Inputs]]
    outcome: Callable[[Inputs], Outcome]
    praise: str
    hints: Sequence[str] = ()
    mistakes: Mapping[str, Callable[[Inputs], Outcome]] = field(default_factory=dict)
    tries: int = 0

    def __call__(self, program: ProgramResult | str) -> Feedback:
        """Check a program: its text, or what a cell with ``--output`` has left of it."""
        try:
            self._check(_text_of(program))
        except Wrong as wrong:
            return self._complain(str(wrong))
        return self._praise()

    def _check(self, text: str) -> None:
        cases = self.cases(Random(12))
        runs = [(inputs, _opened(text, inputs)) for inputs in cases]
        learnt = [_by_player(opened) for _, opened in runs]
        if not any(learnt):
            raise Wrong("Your program opens nothing yet: nobody learns a result.")
        for sentence, mistake in self.mistakes.items():
            if [mistake(inputs) for inputs in cases] == learnt:
                raise Wrong(sentence)
        for inputs, opened in runs:
            _judge(inputs, opened, self.outcome(inputs))


def _text_of(program) -> str:
    if isinstance(program, ProgramResult):
        return program.text
    if isinstance(program, str):
        return program
    raise Wrong(
        "Give the check the variable that `--output` names in the first line of your cell; this is "
        f"a {type(program).__name__}."
    )


def _opened(text: str, inputs: Inputs) -> list[Opening]:
    """What a run of the program opens, in its order."""
    try:
        result = run_program(
            text, inputs, len(inputs), "embedded", TIME_LIMIT, views=True, name="your program"
        )
    except ProgramError as error:
        lines = "\n  ".join("\n".join(error.paragraphs()).split("\n"))
        raise Wrong(f"With the inputs {_in_words(inputs)} it stops:\n  {lines}") from None
    except PlayerError as error:
        raise Wrong(f"The players cannot run your program: {error}") from None
    return result.opened


def _by_player(opened: list[Opening]) -> Outcome:
    learnt: Outcome = {}
    for one in opened:
        learnt.setdefault(one.player, []).extend(one.values)
    return learnt


def _judge(inputs: Inputs, opened: list[Opening], right: Outcome) -> None:
    """Raise `Wrong` for the first thing that somebody learns and should not, or the reverse."""
    where = f"With the inputs {_in_words(inputs)}"
    learnt = _by_player(opened)
    if EVERYBODY in right and learnt == {i: right[EVERYBODY] for i in range(len(inputs))}:
        return  # told to each player one by one
    for one in opened:
        if one.player not in right:
            raise Wrong(f"{where}, {_to_the_wrong(one, right)}")
    for player, values in right.items():
        given = learnt.get(player, [])
        if values[0] not in given:
            what = f"it learns {_numbers(given)}" if given else "it learns nothing"
            raise Wrong(f"{where}, {_who(player)} should learn {_numbers(values)}; {what}.")
        if given != values:
            extra = next((o for o in opened if o.player == player and o.values != values), None)
            if extra is None:  # the result itself, more than once: a waste, and no leak
                continue
            raise Wrong(
                f"{where}, line {extra.line} opens {_numbers(extra.values)} to {_who(player)}, "
                f"besides the result {_numbers(values)}. That is a leak."
            )


def _to_the_wrong(one: Opening, right: Outcome) -> str:
    """Say whom an opening tells something, and what is wrong with it."""
    what = f"line {one.line} opens {_numbers(one.values)} to {_who(one.player)}"
    if EVERYBODY in right and one.values == right[EVERYBODY]:
        return f"{what} alone. The result is for everybody: open it once, with reveal()."
    return f"{what}, which should learn nothing."


def _in_words(inputs: Inputs) -> str:
    return ", ".join(str(own[0]) if len(own) == 1 else str(own) for own in inputs if own)


def _numbers(values: list[int]) -> str:
    return ", ".join(map(str, values))


def _who(player: int | None) -> str:
    return "everybody" if player is EVERYBODY else f"player {player}"


def _draw(rng: Random, players: int, largest: int, each: int = 1) -> Inputs:
    return [[rng.randrange(largest + 1) for _ in range(each)] for _ in range(players)]


# --- the exercises --------------------------------------------------------------------------------


def _flat(inputs: Inputs) -> list[int]:
    return [value for own in inputs for value in own]


check_largest = ProgramExercise(
    cases=lambda rng: [_draw(rng, 3, 1000) for _ in range(2)] + [[[8], [3], [8]]],
    outcome=lambda inputs: {0: [max(_flat(inputs))]},
    praise="Right: player 0 learns the largest number, and nobody anything else.",
    hints=(
        "Begin with the largest of two numbers: (a < b).if_else(b, a).",
        "Keep what is the largest so far, and compare it with the next one.",
    ),
    mistakes={
        "That is the smallest number.": lambda inputs: {0: [min(_flat(inputs))]},
        "That is the sum.": lambda inputs: {0: [sum(_flat(inputs))]},
        "You open the largest number to everybody; it is for player 0 alone: reveal_to(0).": (
            lambda inputs: {EVERYBODY: [max(_flat(inputs))]}
        ),
        "You open all numbers to player 0. It should learn the largest one only.": (
            lambda inputs: {0: _flat(inputs)}
        ),
    },
)

check_majority = ProgramExercise(
    cases=lambda rng: [[[int(i < yes)] for i in range(5)] for yes in (2, 3, 5)],
    outcome=lambda inputs: {EVERYBODY: [int(sum(_flat(inputs)) >= 3)]},
    praise="Right: everybody learns whether there is a majority, and nobody how many there were.",
    hints=(
        "Add up the five secret votes. The sum is secret, too.",
        "Compare the sum with 2 or 3, and reveal() the bit that comes out.",
    ),
    mistakes={
        "You open how many voted yes. Everybody should learn only whether they are a majority.": (
            lambda inputs: {EVERYBODY: [sum(_flat(inputs))]}
        ),
        "That is 1 when the majority says no.": lambda inputs: {
            EVERYBODY: [int(sum(_flat(inputs)) < 3)]
        },
        "Three of five are a majority, and yours begins with four.": lambda inputs: {
            EVERYBODY: [int(sum(_flat(inputs)) > 3)]
        },
        "You open every single vote.": lambda inputs: {EVERYBODY: _flat(inputs)},
    },
)


def _distance(inputs: Inputs) -> int:
    return sum((a - b) ** 2 for a, b in zip(inputs[0], inputs[1], strict=True))


check_near = ProgramExercise(
    cases=lambda rng: [
        [[3, 4], [9, 12], []],  # exactly 10 apart
        [[20, 20], [26, 27], []],
        [[5, 90], [60, 7], []],
        [[7, 7], [7, 7], []],
    ],
    outcome=lambda inputs: {2: [int(_distance(inputs) < 100)]},
    praise="Right: a squared distance and a comparison, the step that Krum is made of.",
    hints=(
        "The squared distance is (x - u) * (x - u) + (y - v) * (y - v).",
        "No square root is needed: a distance below 10 is a squared distance below 100.",
    ),
    mistakes={
        "You open the squared distance. Player 2 should learn only whether it is below 100.": (
            lambda inputs: {2: [_distance(inputs)]}
        ),
        "That is 1 when they are far from each other.": lambda inputs: {
            2: [int(_distance(inputs) >= 100)]
        },
        "You compare with 10, but it is the squared distance that you have: 100.": (
            lambda inputs: {2: [int(_distance(inputs) < 10)]}
        ),
        "Exactly 10 apart is not near: < and not <=.": lambda inputs: {
            2: [int(_distance(inputs) <= 100)]
        },
        "You add the differences of x and of y, not their squares.": lambda inputs: {
            2: [int(sum(a - b for a, b in zip(*inputs[:2], strict=True)) < 100)]
        },
    },
)


def _smaller(inputs: Inputs) -> list[int]:
    own, *others = _flat(inputs)
    return [int(other < own) for other in others]


check_rank = ProgramExercise(
    cases=lambda rng: [_draw(rng, 5, 1000) for _ in range(2)] + [[[5], [5], [4], [9], [1]]],
    outcome=lambda inputs: {0: [sum(_smaller(inputs))]},
    praise="Right: a rank is a sum of secret bits, and that is how krum.mpc sorts without sorting.",
    hints=(
        "The secret bit (other < own) is 1 for every smaller number. What is their sum?",
        "Add up the four bits, and reveal_to(0) the sum alone.",
    ),
    mistakes={
        "You open the bits one by one: player 0 learns who is smaller, not only how many.": (
            lambda inputs: {0: _smaller(inputs)}
        ),
        "You count those that are larger.": lambda inputs: {
            0: [sum(other > _flat(inputs)[0] for other in _flat(inputs)[1:])]
        },
        "Equal numbers are not smaller: < and not <=.": lambda inputs: {
            0: [sum(other <= _flat(inputs)[0] for other in _flat(inputs)[1:])]
        },
        "You open the rank to everybody; it is for player 0 alone.": lambda inputs: {
            EVERYBODY: [sum(_smaller(inputs))]
        },
    },
)
