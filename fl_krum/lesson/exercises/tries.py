"""What is said of an answer, right or wrong: one hint more at each wrong try."""

from __future__ import annotations

from collections.abc import Sequence

from ..feedback import Feedback


class Tries:
    """Counts the wrong answers to an exercise since its last right one.

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
        return Feedback(f"✓ {self.praise}")

    def _complain(self, sentence: str) -> Feedback:
        self.tries += 1
        lines = [f"✗ {sentence}"]
        if self.tries > 1 and self.hints:
            lines.append(f"  Hint: {self.hints[min(self.tries - 2, len(self.hints) - 1)]}")
        if self.tries > len(self.hints) + 1:
            lines.append("  The solution is folded up below.")
        return Feedback("\n".join(lines))
