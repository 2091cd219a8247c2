"""How long each part of the course takes: ``python docs/reading_times.py`` makes the table anew.

Words of the text at 200 a minute, 5 seconds for a line of program (listings that a cell shows
included), a minute for a prediction, five for an exercise, and the seconds that its cells run,
which are measured and stand in the table. What is folded up, solutions, is not counted, nor are the
first and the last cell, which are the same everywhere. A test compares the table with the
notebooks.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_ROW = re.compile(
    r"^\| (?P<name>\d\d)(?P<sections>, [\d–]+)? \| (?P<where>[^|]+) \|"
    r"(?:[^|]*\|){4} (?P<running>\d+) \|.*$",
    re.M,
)
WORDS, LINE, PREDICTION, EXERCISE = 200, 5 / 60, 1, 5  # a minute; minutes each


@dataclass(frozen=True)
class Part:
    """What a reader of a notebook, or of some of its sections, has to do."""

    words: int
    lines: int
    predictions: int
    exercises: tuple[str, ...]

    def minutes(self, running: float = 0) -> int:
        """Minutes for all of it, with so many seconds of waiting for cells."""
        reading = self.words / WORDS + self.lines * LINE
        doing = self.predictions * PREDICTION + len(self.exercises) * EXERCISE
        return round(reading + doing + running / 60)


def count(notebook: Path, first: int = 0, last: int = 99) -> Part:
    """Count what stands in the sections `first` to `last` of a notebook; 0 is what comes before."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell["id"] for cell in cells if cell["cell_type"] == "code"]
    words = lines = predictions = section = 0
    exercises: list[str] = []
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            if cell["id"] in (code[0], code[-1]) or not first <= section <= last:
                continue
            lines += sum(1 for line in text.splitlines() if line.strip())
            predictions += len(re.findall(r"\bpredict\(", text))
            exercises += re.findall(r"^(?:print\()?check_\w+\((\w+)\)", text, re.M)
            for output in cell["outputs"]:
                shown = "".join(output.get("data", {}).get("text/html", ""))
                lines += shown.count("\n") if 'class="highlight"' in shown else 0
            continue
        text = re.sub(r"<details>.*?</details>|```.*?```", "", text, flags=re.S)
        for piece in re.split(r"^(?=## \d+\. )", text, flags=re.M):
            if number := re.match(r"## (\d+)\. ", piece):
                section = int(number[1])
            if first <= section <= last:
                words += len(re.findall(r"\w[\w'’.,-]*", piece))
                predictions += piece.count("> **Predict")
    return Part(words, lines, predictions, tuple(exercises))


def parts(text: str) -> list[tuple[str, str, str, int, Part]]:
    """The rows of the table: notebook, sections, where, seconds; and what is counted now."""
    rows = []
    for row in _ROW.finditer(text):
        limits = [int(number) for number in re.findall(r"\d+", row["sections"] or "")] or [0, 99]
        path = next((ROOT / "notebooks").glob(f"{row['name']}_*.ipynb"))
        part = count(path, limits[0], limits[-1])
        rows.append((row["name"], row["sections"] or "", row["where"], int(row["running"]), part))
    return rows


def table(text: str) -> list[str]:
    """The lines of the table with what is counted now; where and seconds are as they stand."""
    lines = []
    for name, sections, where, running, part in parts(text):
        exercises = ", ".join(f"`{one}`" for one in part.exercises)
        cells = (name + sections, where, f"{part.words:,}", part.lines, part.predictions, exercises,
                 running, part.minutes(running))  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |".replace("|  |", "| |"))
    return lines


def main() -> int:
    """Put the table into teaching.md as it is counted now, and say how long each lesson is."""
    path = ROOT / "docs/teaching.md"
    text = path.read_text(encoding="utf-8")
    new = iter(table(text))
    path.write_text(_ROW.sub(lambda row: next(new), text), encoding="utf-8")
    minutes: dict[str, int] = {}
    for _, _, where, running, part in parts(text):
        minutes[where] = minutes.get(where, 0) + part.minutes(running)
    print("\n".join(f"{where}: {total} min" for where, total in minutes.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
