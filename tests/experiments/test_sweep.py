"""A sweep's rows are those of sessions run by hand; it goes on where it was ended."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from fl_krum.aggregators.krum import krum, multi_krum
from fl_krum.aggregators.rules import AGGREGATORS
from fl_krum.cli import main
from fl_krum.experiments import unit as units
from fl_krum.experiments.experiment import Experiment
from fl_krum.experiments.results import SweepResult
from fl_krum.experiments.sweep import sweep
from fl_krum.federation.session import FederatedSession
from fl_krum.players.process import PlayerError

SMALL = {
    "session": {"rounds": 2},
    "grid": {
        "rule": ["alone", "mean", "krum", {"name": "multi-krum", "m": 3}, "median", "pooled"],
        "attack": ["none", "alie"],
        "partition": {"name": "dirichlet", "alpha": 0.3, "label": "uneven"},
        "seeds": [3, 5],
    },
}


@pytest.fixture(scope="module")
def result():
    return sweep(SMALL, workers=1)


def find(result, **wanted):
    return [row for row in result.runs if wanted.items() <= row.items()]


def test_rows_are_what_sessions_reach(result):
    assert len(result.runs) == 6 * 2 * 2 and not result.failed
    size = dict(rounds=2, attack="alie", seed=5, partition="dirichlet", alpha=0.3)
    by_krum = FederatedSession(**size, aggregate=krum).run()[-1]
    expected = {
        "alone": by_krum.accuracy_alone,
        "mean": by_krum.accuracy_mean,
        "krum": by_krum.accuracy,
        "pooled": by_krum.accuracy_pooled,
    }
    for name, rule in (
        ("multi-krum, m = 3", lambda X, f: multi_krum(X, f, m=3)),
        ("median", AGGREGATORS["median"]),
    ):
        session = FederatedSession(**size, aggregate=rule, compare=False)
        expected[name] = session.run()[-1].accuracy
    found = {row["rule"]: row["accuracy"] for row in find(result, attack="alie", seed=5)}
    assert found == expected
    (row,) = find(result, rule="krum", attack="alie", seed=5)
    assert row["equal"] is True and row["seconds"] > 0 and row["partition"] == "uneven"
    assert find(result, rule="median")[0]["equal"] is None


def test_processes_side_by_side_find_the_same(result, tmp_path):
    seen = []
    two = {**SMALL, "grid": {**SMALL["grid"], "rule": ["krum", "median"]}}
    again = sweep(two, tmp_path, workers=2, progress=lambda *at: seen.append(at))
    alone = [row for rule in ("krum", "median") for row in find(result, rule=rule)]
    of = {(row["rule"], row["attack"], row["seed"]): row["accuracy"] for row in alone}
    assert of == {(row["rule"], row["attack"], row["seed"]): row["accuracy"] for row in again.runs}
    assert seen[0] == (0, 8) and seen[-1] == (8, 8)


def test_the_table_has_mean_and_spread(result):
    table = result.table
    assert len(table) == 6 * 2
    for cell in table:
        values = [r["accuracy"] for r in find(result, rule=cell["rule"], attack=cell["attack"])]
        assert cell["mean"] == np.mean(values) and cell["sd"] == np.std(values, ddof=1)
        assert cell["seeds"] == 2 and cell["byzantine"] == 2


def some(rule, attack, *accuracies, partition="even", byzantine=2):
    return [
        dict.fromkeys(units.COLUMNS)
        | dict(rule=rule, attack=attack, partition=partition, byzantine=byzantine, seed=seed)
        | dict(accuracy=accuracy)
        for seed, accuracy in enumerate(accuracies)
    ]


def test_markdown_shows_the_best_rules_in_bold():
    rows = some("alone", "none", 0.99, 0.97) + some("mean", "none", 0.9, 0.8)
    rows += some("krum", "none", 0.5, 0.5) + some("median", "none", 0.846)
    rows += some("krum", "alie", None) + some("mean", "alie", 0.5)
    text = SweepResult(None, rows).markdown()
    assert "|  | none | alie |" in text
    assert "| alone | 98 ± 1 | failed |" in text  # no rule: never in bold
    assert "| mean | **85 ± 7** | **50** |" in text
    assert "| median | **85** |" in text and "| krum | 50 ± 0 | failed |" in text


def test_panels_are_named_by_what_differs():
    rows = some("krum", "none", 0.5) + some("krum", "none", 0.4, partition="uneven", byzantine=1)
    text = SweepResult(None, rows).markdown()
    assert "| none | even, f = 2 | uneven, f = 1 |" in text  # one attack: one table
    text = SweepResult(None, rows + some("krum", "alie", 0.3)).markdown()
    assert "| even, f = 2 | none | alie |" in text and "| uneven, f = 1 | none |" in text


def test_a_run_that_fails_is_told_and_the_others_are_not_lost(tmp_path):
    def too_large(X, f):
        return X[0] + 5000 if X.shape[1] == 5 else X[0]

    content = {"session": {"rounds": 2}, "grid": {"rule": [too_large, "mean"]}}
    result = sweep(content, tmp_path, workers=1)
    (failed,) = result.failed
    assert failed["rule"] == "too_large" and "range" in failed["error"]
    assert find(result, rule="mean")[0]["accuracy"] is not None
    assert "| too_large | failed |" in result.markdown()
    assert sweep(content, tmp_path, workers=1).failed == [failed]  # it is tried again


def test_an_ended_sweep_goes_on_and_a_grid_may_grow(tmp_path, monkeypatch):
    content = {"session": {"rounds": 1}, "grid": {"rule": ["krum"], "seeds": 2}}
    first = sweep(content, tmp_path, workers=1)
    journal = tmp_path / "runs.csv"
    lines = journal.read_text().splitlines(keepends=True)
    assert len(lines) == 3
    journal.write_text("".join(lines)[:-9])  # killed while it wrote
    ran = []
    original = units.run_unit
    monkeypatch.setattr(
        "fl_krum.experiments.sweep.run_unit",
        lambda experiment, unit, labels, *more: (
            ran.append((unit.seed, list(labels))) or original(experiment, unit, labels, *more)
        ),
    )
    again = sweep(content, tmp_path, workers=1)
    assert ran == [(1, ["krum"])]
    assert [r["accuracy"] for r in again.runs] == [r["accuracy"] for r in first.runs]
    content["grid"]["rule"] = ["median", "krum"]
    ran.clear()
    grown = sweep(content, tmp_path, workers=1)
    assert ran == [(0, ["median"]), (1, ["median"])] and len(grown.runs) == 4
    with open(journal, newline="") as file:
        assert len(list(csv.DictReader(file))) == 4
    ran.clear()
    content["grid"]["rule"] = ["krum"]
    assert len(sweep(content, tmp_path, workers=1).runs) == 2 and not ran


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"session": {"rounds": 2}}, "has runs with session = .*'rounds': 1.*name another folder"),
        ({"players": {}}, "has runs with engine = None"),
        ({"grid": {"rule": {"name": "multi-krum", "m": 4, "label": "m"}}}, "runs of another 'm'"),
    ],
)
def test_runs_of_another_experiment_are_not_mixed_in(tmp_path, change, message):
    rule = {"name": "multi-krum", "m": 3, "label": "m"}
    content = {"session": {"rounds": 1}, "grid": {"rule": rule}}
    sweep(content, tmp_path, workers=1)
    before = (tmp_path / "runs.csv").read_bytes()
    with pytest.raises(ValueError, match=message):
        sweep(content | change, tmp_path, workers=1)
    assert (tmp_path / "runs.csv").read_bytes() == before


def test_players_are_started_once_for_all_seeds(monkeypatch):
    started = []

    class Players:
        """Stands in for LocalPlayers: Krum on the words, in this process."""

        engine = "embedded"

        def __init__(self, program, engine):
            self.program, self.running, self.rounds_done = program, False, 0

        def start(self):
            started.append(self)
            self.running = True

        def stop(self):
            self.running = False

        def aggregate(self, updates):
            self.rounds_done += 1
            if self is started[0] and self.rounds_done == 3:
                raise PlayerError("player 3 was killed")
            encoding = self.program.fixed_point
            words = encoding.encode(updates)
            weights = self.program.weights(words)
            return encoding.decode(weights @ words.astype(object), weights.sum())

    monkeypatch.setattr(units, "LocalPlayers", Players)
    grid = {"rule": ["krum", "multi-krum", "mean"], "attack": ["none", "alie"], "seeds": 3}
    grid["rule"].append({"name": "mixed-krum", "m": 2})
    result = sweep({"session": {"rounds": 2}, "grid": grid, "players": {}})
    # Krum and Multi-Krum, and those of Krum once more, since they failed.
    programs = [(p.program.rule, p.program.average) for p in started]
    assert programs == [("krum", 1), ("krum", 5), ("mixed-krum", 2), ("krum", 1)]
    assert [row["error"] for row in result.failed] == ["player 3 was killed"]
    equal = [r["equal"] for r in result.runs if r["rule"] != "mean"]
    assert equal.count(True) == 17 and equal.count(None) == 1
    assert not any(p.running for p in started)
    clear = sweep({"session": {"rounds": 2}, "grid": grid}, workers=1)
    for row, same in zip(result.runs, clear.runs, strict=True):
        assert row["error"] or row["accuracy"] == same["accuracy"]


def test_the_command_writes_tables_and_a_figure(tmp_path, capsys):
    file = tmp_path / "mine.toml"
    file.write_text(
        '[session]\nrounds = 1\n[grid]\nrule = ["mean", "krum"]\nattack = "none"\n', "utf-8"
    )
    assert main(["sweep", str(file), "--workers", "1"]) == 0
    said = capsys.readouterr().out
    folder = tmp_path / "mine-results"
    assert sorted(path.name for path in folder.iterdir()) == [
        "experiment.json", "figure.png", "runs.csv", "table.csv", "table.md",
    ]  # fmt: skip
    assert (folder / "table.md").read_text(encoding="utf-8") in said
    with open(folder / "table.csv", newline="", encoding="utf-8") as rows:
        assert [row["rule"] for row in csv.DictReader(rows)] == ["mean", "krum"]
    assert json.loads((folder / "experiment.json").read_text())["session"]["rounds"] == 1
    assert (folder / "figure.png").stat().st_size > 10_000
    file.write_text("[grid]\nrules = 3\n", "utf-8")
    assert main(["sweep", str(file)]) == 2
    assert "did you mean rule" in capsys.readouterr().err
    assert main(["sweep", str(file), "--workers", "0"]) == 2


def test_several_files_are_run_one_after_the_other_if_all_are_right(tmp_path, capsys):
    files = [tmp_path / f"{name}.toml" for name in ("first", "second")]
    for file in files:
        text = f'title = "the {file.stem} one"\n[session]\nrounds = 1\n[grid]\nrule = "mean"\n'
        file.write_text(text, "utf-8")
    command = ["sweep", *map(str, files), "--workers", "1"]
    assert main([*command, "--output", str(tmp_path / "one")]) == 2
    assert "--output is for one experiment" in capsys.readouterr().err
    assert main(command) == 0
    said = capsys.readouterr().out
    assert said.index("the first one") < said.index("the second one")
    assert (tmp_path / "second-results" / "table.md").is_file()
    files[0].write_text('[session]\nrounds = 1\n[grid]\nrule = "krum"\n', "utf-8")
    files[1].write_text("[grid]\nrules = 3\n", "utf-8")
    assert main(command) == 2
    assert "did you mean rule" in capsys.readouterr().err
    assert '"krum"' not in (tmp_path / "first-results" / "experiment.json").read_text()


def test_the_experiments_of_the_repository_can_be_run():
    folder = Path(__file__).parents[2] / "benchmarks"
    for file in [*folder.glob("*.toml"), *folder.glob("rules/*.toml")]:
        Experiment.read(file)
