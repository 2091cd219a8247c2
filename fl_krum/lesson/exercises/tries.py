"""What is said of an answer, right or wrong: one hint more at each wrong try."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .. import results
from ..feedback import Feedback

_HERE = __name__.rpartition(".")[0]


class Tries:
    """Counts the wrong answers to an exercise since its last right one.

    Every answer that is judged is also noted in the student's results file, where one is kept.

    Attributes
    ----------
    praise : str
        What is said of a right answer.
    hints : sequence of str
        The first is shown at the second wrong try, the next at the third.
    tries : int
    """

    praise: str
    hints: Sequence[str]
    tries: int

    def _praise(self) -> Feedback:
        self.tries = 0
        return Feedback("\n".join([f"✓ {self.praise}", *self._note(passed=True)]))

    def _complain(self, sentence: str) -> Feedback:
        self.tries += 1
        lines = [f"✗ {sentence}"]
        if self.tries > 1 and self.hints:
            lines.append(f"  Hint: {self.hints[min(self.tries - 2, len(self.hints) - 1)]}")
        if self.tries > len(self.hints) + 1 and results.solutions_below():
            lines.append("  The solution is folded up below.")
        return Feedback("\n".join([*lines, *self._note(passed=False)]))

    def _note(self, passed: bool) -> list[str]:
        """Note a try; a line for the student where that fails. One that has no name is not kept."""
        name = _name_of(self)
        trouble = results.note(name, passed) if name else ""
        return [f"  ({trouble})"] if trouble else []


def _name_of(exercise: Tries) -> str:
    """An exercise's name, which is the name of its check in its file without ``check_``."""
    for module in [one for name, one in sys.modules.items() if name.startswith(f"{_HERE}.")]:
        for name, thing in vars(module).items():
            if thing is exercise:
                return name.removeprefix("check_")
    return ""
