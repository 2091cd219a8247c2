"""`sweep`: run all sessions of an experiment, several at a time, and go on where it was ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import joblib

from .experiment import Experiment, Unit
from .results import Journal, SweepResult
from .unit import PlayersOfSeveralRuns, run_unit

Todo = list[tuple[Unit, list[str]]]


def sweep(
    source: str | Path | Mapping | Experiment,
    folder: str | Path | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> SweepResult:
    """Run every rule under every attack, for every f, partition and seed.

    In the clear, `workers` processes work side by side. Real players take all the cores by
    themselves, so they serve one session after another; they are started once for all seeds.

    Parameters
    ----------
    source : str, Path, mapping or Experiment
        A TOML file, or a dict of the same form; see `fl_krum.experiments.experiment`.
    folder : str or Path, optional
        Where runs are kept as they end, and read again when the same experiment is started anew;
        by default they are in the result only.
    workers : int, optional
        By default one for each core.
    progress : callable, optional
        ``progress(done, all)`` is called with numbers of runs, at the start and as they end.

    Returns
    -------
    SweepResult

    Raises
    ------
    ValueError
        The experiment cannot be run, before anything runs; see `Experiment.read`.

    Examples
    --------
    >>> result = sweep({"session": {"rounds": 2}, "grid": {"seeds": 3}}, workers=1)
    >>> [(row["rule"], row["seeds"]) for row in result.table]
    [('mean', 3), ('krum', 3)]
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1; got {workers}")
    experiment = source if isinstance(source, Experiment) else Experiment.read(source)
    journal = None if folder is None else Journal(Path(folder), experiment)
    known = {_key(row): row for row in (journal.rows if journal else [])}
    todo, total = [], 0
    for unit in experiment.units():
        keys = [(rule.label, *unit.key()) for rule in experiment.rules]
        total += len(keys)
        if missing := [key[0] for key in keys if key not in known]:
            todo.append((unit, missing))
    done = total - sum(len(labels) for _, labels in todo)
    report = progress or (lambda done, total: None)
    report(done, total)
    run = _among_players if experiment.engine else _side_by_side
    for rows in run(experiment, todo, workers or os.cpu_count() or 1):
        if journal:
            journal.add(rows)
        known |= {_key(row): row for row in rows}
        done += len(rows)
        report(done, total)
    wanted = [(r.label, *unit.key()) for unit in experiment.units() for r in experiment.rules]
    return SweepResult(experiment, [known[key] for key in wanted])


def _side_by_side(experiment: Experiment, todo: Todo, workers: int) -> Iterator[list[dict]]:
    workers = min(workers, len(todo))
    if workers <= 1:
        for unit, labels in todo:
            yield run_unit(experiment, unit, labels)
        return
    pool = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
    yield from pool(joblib.delayed(run_unit)(experiment, unit, labels) for unit, labels in todo)


def _among_players(experiment: Experiment, todo: Todo, workers: int) -> Iterator[list[dict]]:
    rounds = experiment.session["rounds"] * max(1, len(todo)) * len(experiment.rules)
    with PlayersOfSeveralRuns(str(experiment.engine), rounds) as players:
        for unit, labels in todo:
            yield run_unit(experiment, unit, labels, players)


def _key(row: dict[str, Any]) -> tuple:
    return row["rule"], row["partition"], row["attack"], row["byzantine"], row["seed"]
