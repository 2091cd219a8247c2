"""Mistakes in a program as its author is to see them: the line of the text, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .process import PlayerError


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Attributes
    ----------
    message : str
        Empty when nothing is wrong with the line but that it was at work when the player was ended.
    line : int or None
        Counted from 1; None when it belongs to no line.
    """

    message: str
    line: int | None = None


class CompilerError(ValueError):
    """A compiler has failed.

    Attributes
    ----------
    said : str
        All that it printed.
    """

    def __init__(self, message: str, said: str = ""):
        super().__init__(message)
        self.said = said

    def problem(self, file: str, before: int = 0) -> Problem | None:
        """What is wrong in the program ``file``, of which ``before`` lines are not its author's;
        None when the compiler does not blame it."""
        lines = re.findall(rf'File "[^"]*{re.escape(file)}", line (\d+)', self.said)
        last = self.said.strip().rpartition("\n")[2]
        if not lines:
            return None
        return Problem(re.sub(r"^[\w.]+: ", "", last), int(lines[-1]) - before)


class ProgramError(PlayerError):
    """A program is wrong, or could not go on; all players have been ended.

    Attributes
    ----------
    problems : tuple of Problem
    text, name : str
        The program.
    printed : str
        What it had printed by then.
    started : bool
        Whether the players had begun to compute.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        text: str,
        name: str,
        printed: str = "",
        started: bool = False,
    ):
        self.problems = tuple(problems)
        self.text, self.name, self.printed, self.started = text, name, printed, started
        super().__init__("\n".join(self.paragraphs()))

    def paragraphs(self) -> list[str]:
        """What is wrong, a text for each mistake; the line is quoted, its part underlined."""
        lines = self.text.splitlines()
        return [_paragraph(problem, lines, self.name) for problem in self.problems]

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the mistake is in the program, not in what has called it."""
        return str(self).splitlines()


def _paragraph(problem: Problem, lines: list[str], name: str) -> str:
    if problem.line is None:
        return f"{name}: {problem.message}"
    said = f"{name}, line {problem.line}: {problem.message}"
    if not 1 <= problem.line <= len(lines):
        return said
    source = lines[problem.line - 1].rstrip()
    start, end = _part(problem.message, source)
    return f"{said}\n    {source}\n    {' ' * start}{'^' * (end - start)}"


def _part(message: str, source: str) -> tuple[int, int]:
    """From where to where of the line a message is about: the name that it quotes, or all of it."""
    for quoted in re.findall(r"'([\w.]+)'", message):
        for part in (quoted, quoted.rpartition(".")[2]):
            found = re.search(rf"(?<!\w){re.escape(part)}(?!\w)", source)
            if found:
                return found.span()
    return len(source) - len(source.lstrip()), len(source)
