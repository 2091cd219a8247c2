"""What the lesson says to a student: lines of text that a cell shows without quotation marks."""


class Feedback(str):
    """Text for a student. A cell shows it as ``print`` does, so both ways look the same."""

    __slots__ = ()

    @property
    def passed(self) -> bool:
        """Whether it says that all is right; for the check of an exercise."""
        return self.startswith("✓")

    def __repr__(self) -> str:
        return str(self)
