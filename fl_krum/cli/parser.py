"""The command line's parser: mistakes in one line with the nearest name, help as wide as fits."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap

from ..aggregators.parameters import did_you_mean

WIDEST = 100
_USAGE: dict[object, str] = {"?": "[{}]", "*": "[{} ...]", "+": "{0} [{0} ...]"}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, rather than after several lines of usage."""

    def error(self, message: str):
        raise ValueError(f"{message}{self._nearest(message)} (see {self.prog} --help)")

    def _nearest(self, message: str) -> str:
        """The name that a wrong command, choice or option may have been meant to be."""
        if found := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message, re.S):
            return did_you_mean(found[1], re.findall(r"[\w-]+", found[2]))
        if found := re.search(r"unrecognized arguments: (--[\w-]+)", message):
            return did_you_mean(found[1], self.options())
        return ""

    def options(self) -> list[str]:
        """All that it knows and that begin with two dashes."""
        actions = list(self._actions)
        for action in actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    actions += parser._actions
        return sorted({name for one in actions for name in one.option_strings if name[:2] == "--"})


def set_usage(parser: argparse.ArgumentParser) -> None:
    """What a command must be given; all else is listed below with its meaning."""
    words = [parser.prog, "[options]"]
    for action in parser._actions:
        metavar = str(action.metavar or action.dest.upper())
        if not action.option_strings:
            words.append(_USAGE.get(action.nargs, "{}").format(metavar))
        elif action.required:
            words.append(f"{action.option_strings[-1]} {metavar}")
    parser.usage = " ".join(words)


def layout(prog: str) -> argparse.HelpFormatter:
    """Keep the line breaks of examples, within the width of the terminal."""
    width = min(shutil.get_terminal_size().columns - 2, WIDEST)
    return _Layout(prog, max_help_position=24, width=max(width, 30))


class _Layout(argparse.HelpFormatter):
    """Paragraphs are filled; lines that begin with a blank keep their break, and are cut late."""

    def _format_usage(self, usage, actions, groups, prefix) -> str:
        text = super()._format_usage(usage, actions, groups, prefix)
        return text if usage is None else "\n".join(_wrap(text, 0, 7, self._width)) + "\n\n"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
        return "\n\n".join(_paragraph(one, width) for one in paragraphs)


def _paragraph(text: str, width: int) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        above = lines[-1] if lines else ""
        indent = len(line) - len(line.lstrip())
        is_prose = indent == 0 and above and not above.startswith(" ") and above[-1] != ":"
        if is_prose or indent and indent == _second_column(above):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(_cut(line, width) for line in lines)


def _second_column(line: str) -> int:
    """Where the second column of a line begins; 0 when it has one only."""
    found = re.match(r" +\S+(?: \S+)* {2,}(?=\S)", line)
    return found.end() if found else 0


def _cut(line: str, width: int) -> str:
    """One line as several that are not too wide."""
    if len(line) <= width:
        return line
    indent, column = len(line) - len(line.lstrip()), _second_column(line)
    first, rest = line[:column].rstrip(), line[column:]
    if rest.startswith("#"):  # what a command does stands above it
        return "\n".join([*_wrap(rest, indent, indent + 2, width), _cut(first, width)])
    if column and column <= width // 2:
        top, *below = _wrap(rest, column, column, width)
        return "\n".join([first + top[len(first) :], *below])
    if column:
        return "\n".join([_cut(first, width), *_wrap(rest, indent + 4, indent + 4, width)])
    if indent and re.match(r" +(python|echo|[A-Z_]+=)", line):
        return " \\\n".join(_wrap(line.strip(), indent, indent + 4, width - 2))
    return "\n".join(_wrap(line.strip(), indent, indent and indent + 2, width))


def _wrap(text: str, first: int, later: int, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=" " * first, subsequent_indent=" " * later,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
