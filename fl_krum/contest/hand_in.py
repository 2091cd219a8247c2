"""What a student hands in: one small Python file, read but not yet believed.

A file defines one function, ``attack(honest, f, rng, previous)`` or ``rule(X, f)``, with the forms
of `fl_krum.federation.attacks.Attack` and of `fl_krum.aggregators.rules.AGGREGATORS`. All files are
read before anything runs, so nothing that one of them does to the others' files has an effect. None
is parsed here: hostile text can end the interpreter that parses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LARGEST = 100_000  # bytes of one file


@dataclass(frozen=True)
class HandIn:
    """One file: its name, with which it is listed, and its text."""

    name: str
    source: str


class Failed(Exception):
    """Why a hand-in loses: one line, which may quote what it said itself.

    Attributes
    ----------
    name : str
        Of the hand-in.
    reason : str
    """

    def __init__(self, name: str, reason: str):
        self.name, self.reason = name, one_line(reason)
        super().__init__(name, self.reason)  # so that it can be sent from one process to another

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def one_line(text: str, longest: int = 200) -> str:
    """Text of unknown origin that a terminal can show: nothing that moves or colours."""
    text = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def read_hand_ins(folder: Path) -> tuple[list[HandIn], list[Failed]]:
    """Read all files of a folder that end in .py; those that cannot be read have failed already.

    Raises
    ------
    ValueError
        There is no such folder, or no file in it that ends in .py.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; give the one with the students' files")
    found, failed = [], []
    for path in sorted(folder.glob("*.py")):
        try:
            found.append(HandIn(one_line(path.name), _read(path)))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            failed.append(Failed(one_line(path.name), reason))
    if not found and not failed:
        raise ValueError(f"{folder} has no files that end in .py, so nothing was handed in")
    return found, failed


def other_files(folder: Path) -> list[str]:
    """Names of the files of a folder that are not read, for they do not end in .py."""
    files = (path for path in folder.iterdir() if path.is_file() and path.suffix != ".py")
    return sorted(one_line(path.name) for path in files if not path.name.startswith("."))


def _read(path: Path) -> str:
    if not path.is_file():
        raise ValueError("is not a file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"is larger than {LARGEST // 1000} kB")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not a text file (UTF-8)") from None
