"""Rows of runs, kept in a CSV file as they come, and the table of their means."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..federation.report import write_whole
from ..plots.sweep import sweep_figure
from .experiment import BASELINES, Experiment
from .unit import COLUMNS

_CLOSE = 0.005  # of the best accuracy of a column: in bold as well


@dataclass(frozen=True)
class SweepResult:
    """What an experiment has brought.

    Attributes
    ----------
    experiment : Experiment
    runs : list of dict
        One row a run, in the order of the grid: rule, partition, attack, byzantine (f), seed,
        accuracy, seconds, equal, error. ``pandas.DataFrame(result.runs)`` takes it.
    """

    experiment: Experiment
    runs: list[dict[str, Any]]

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Runs that have an error, or differ from Krum in the clear."""
        return [run for run in self.runs if run["error"] or run["equal"] is False]

    @property
    def table(self) -> list[dict[str, Any]]:
        """One row for each rule, partition, attack and f: mean and sd of the accuracy over seeds.

        sd is that of single seeds (n - 1 in the denominator), None of one seed; ``seconds`` is the
        mean of one aggregation; ``seeds`` counts those that did not fail.
        """
        cells: dict[tuple, list[dict]] = {}
        for run in self.runs:
            key = (run["partition"], run["byzantine"], run["rule"], run["attack"])
            cells.setdefault(key, []).append(run)
        rows = []
        for (partition, byzantine, rule, attack), runs in cells.items():
            accuracy = [run["accuracy"] for run in runs if run["accuracy"] is not None]
            seconds = [run["seconds"] for run in runs if run["seconds"] is not None]
            rows.append(
                {
                    "partition": partition, "byzantine": byzantine, "rule": rule,
                    "attack": attack, "mean": _mean(accuracy), "sd": _spread(accuracy),
                    "seeds": len(accuracy), "seconds": _mean(seconds),
                }
            )  # fmt: skip
        return rows

    def markdown(self) -> str:
        """The table as text, one for each partition and f; the best rules of a column in bold."""
        blocks = []
        for name, cells in by_panel(self.table).items():
            rules, attacks = _names(cells, "rule"), _names(cells, "against")
            known = {(cell["rule"], cell["against"]): cell for cell in cells}
            rows = [[name, *attacks], ["---", *("--:" for _ in attacks)]]
            for rule in rules:
                rows.append([rule, *(self._text(known, rule, attack) for attack in attacks)])
            blocks.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
        return "\n\n".join(blocks) + "\n"

    def figure(self) -> Figure:
        """The table as a figure: the darker, the more is lost."""
        panels = by_panel(self.table)
        of_attacks = all(c["against"] == c["attack"] for cells in panels.values() for c in cells)
        return sweep_figure(panels, self.experiment.title, "Attack" if of_attacks else "Data")

    def write(self, folder: Path) -> list[Path]:
        """Write table.csv, table.md and figure.png; give their paths."""
        paths = [folder / name for name in ("table.csv", "table.md", "figure.png")]
        table = self.table
        with open(paths[0], "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, table[0])
            writer.writeheader()
            writer.writerows(table)
        paths[1].write_text(self.markdown(), encoding="utf-8")
        self.figure().savefig(paths[2])
        return paths

    @staticmethod
    def _text(known, rule, attack) -> str:
        cell = known.get((rule, attack))
        if cell is None or cell["mean"] is None:
            return "failed"
        spread = "" if cell["sd"] is None else f" ± {100 * cell['sd']:.0f}"
        text = f"{100 * cell['mean']:.0f}{spread}"
        others = [
            other["mean"]
            for (name, column), other in known.items()
            if column == attack and name not in BASELINES and other["mean"] is not None
        ]
        is_best = rule not in BASELINES and cell["mean"] >= max(others) - _CLOSE
        return f"**{text}**" if is_best else text


class Journal:
    """``runs.csv`` in a folder: every run as soon as it is over, so that none is run twice.

    ``experiment.json`` beside it says what they are runs of. A grid may grow from one start to the
    next; what the runs have in common must not change.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    experiment : Experiment

    Raises
    ------
    ValueError
        The folder has runs of another experiment.
    """

    def __init__(self, folder: Path, experiment: Experiment):
        folder.mkdir(parents=True, exist_ok=True)
        self.path, about = folder / "runs.csv", folder / "experiment.json"
        content = json.loads(json.dumps(experiment.described(), default=str))
        if about.exists():
            _check_same(json.loads(about.read_text(encoding="utf-8")), content, folder)
        self.rows = _read(self.path)
        write_whole(about, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        write_whole(self.path, _as_csv([dict(zip(COLUMNS, COLUMNS, strict=True)), *self.rows]))

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Keep rows: they are in the file when this returns."""
        rows = list(rows)
        self.rows += rows
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            file.write(_as_csv(rows))


def by_panel(table: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The cells of each partition and f, by a name that tells them apart; "" where all are one.

    A cell's "against" is its attack. Of one attack alone, all cells are in one panel, and
    "against" is the partition and f.
    """
    several = {key: len(_names(table, key)) > 1 for key in ("partition", "byzantine", "attack")}
    panels: dict[str, list[dict[str, Any]]] = {}
    for cell in table:
        parts = [str(cell["partition"])] * several["partition"]
        parts += [f"f = {cell['byzantine']}"] * several["byzantine"]
        panel, against = ", ".join(parts), cell["attack"]
        if panel and not several["attack"]:
            panel, against = str(cell["attack"]), panel
        panels.setdefault(panel, []).append({**cell, "against": against})
    return panels


def _names(cells, key) -> list:
    return list(dict.fromkeys(cell[key] for cell in cells))


def _mean(values) -> float | None:
    return float(np.mean(values)) if values else None


def _spread(values) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _check_same(before: dict, now: dict, folder: Path) -> None:
    for key in ("session", "engine"):
        if before[key] != now[key]:
            raise ValueError(
                f"{folder} has runs with {key} = {before[key]}, and this is {now[key]}: "
                "name another folder with --output"
            )
    for key in ("rules", "attacks", "partitions"):
        known = {choice["label"]: choice for choice in before[key]}
        for choice in now[key]:
            if known.get(choice["label"], choice) != choice:
                raise ValueError(
                    f"{folder} has runs of another {choice['label']!r}: give it another label, or "
                    "name another folder with --output"
                )
        now[key] += [old for label, old in known.items() if label not in _names(now[key], "label")]


def _read(path: Path) -> list[dict[str, Any]]:
    """The runs of a journal that did not fail; a line that was cut off is left out."""
    if not path.exists():
        return []
    rows = []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                rows.append(_typed(row))
            except (KeyError, TypeError, ValueError):
                continue
    return [row for row in rows if not row["error"] and row["accuracy"] is not None]


def _typed(row: dict[str, str]) -> dict[str, Any]:
    typed: dict[str, Any] = {key: row[key] or None for key in COLUMNS}
    for key in ("byzantine", "seed"):
        typed[key] = int(row[key])
    for key in ("accuracy", "seconds"):
        typed[key] = float(row[key]) if row[key] else None
    typed["equal"] = {"True": True, "False": False, "": None}[row["equal"]]
    if row["error"] is None:
        raise ValueError("the line was cut off")
    return typed


def _as_csv(rows) -> str:
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerows(rows)
    return text.getvalue()
