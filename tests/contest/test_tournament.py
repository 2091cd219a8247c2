"""All against all: who is first, who is out, and that both are told well."""

import json

import numpy as np
import pytest
from matplotlib.image import imread

from fl_krum.cli import contest as command
from fl_krum.cli import main
from fl_krum.contest import tournament as module
from fl_krum.contest import trial
from fl_krum.contest.hand_in import Failed, other_files, read_hand_ins
from fl_krum.contest.match import Outcome, Setting
from fl_krum.contest.standings import accuracies, as_json, attacks_ranked, rules_ranked
from fl_krum.contest.tournament import Tournament, draw_seeds, our_attacks, our_rules

GOOD = "def rule(X, f):\n    return X.mean(axis=0)\n"
NERVOUS = """
def rule(X, f):
    if abs(X).max() > 400: raise ValueError("too far")
    return X.mean(axis=0)
"""
LATE = """
def attack(honest, f, rng, previous):
    assert len(honest) == 5 and abs(previous).max() < 400
    return previous + 500
"""


@pytest.fixture
def folder(tmp_path):
    hand_ins = tmp_path / "hand-ins"
    hand_ins.mkdir()
    return hand_ins


# --- Places ---------------------------------------------------------------------------------------


def made_up():
    """Two rules, three attacks; b.py fails against bad, and late.py against b.py."""
    outcomes = {
        ("a.py", "none"): Outcome((0.9, 0.9)),
        ("a.py", "bad"): Outcome((0.5, 0.3)),
        ("a.py", "late.py"): Outcome((0.8, 0.6)),
        ("b.py", "none"): Outcome((0.8, 0.8)),
        ("b.py", "bad"): Outcome(failed=Failed("b.py", "returns nothing")),
        ("b.py", "late.py"): Outcome(failed=Failed("late.py", "returns nothing")),
    }
    attacks = ("late.py", "none", "bad")
    return Tournament(Setting((1, 2)), ("a.py", "b.py"), attacks, outcomes, (Failed("c.py", "x"),))


def test_a_failing_rule_keeps_nothing_and_a_failing_attack_does_nothing():
    table = accuracies(made_up())
    np.testing.assert_allclose(table, [[0.7, 0.9, 0.4], [np.nan, 0.8, 0.0]])
    first, second = rules_ranked(made_up())
    assert (first.rank, first.name, first.against) == (1, "a.py", "bad")
    assert first.mean == pytest.approx(2 / 3) and second.mean == pytest.approx(0.4)
    assert second.failures == ("against bad: returns nothing",)
    bad, late = attacks_ranked(made_up())
    assert (bad.name, bad.mean, bad.against) == ("bad", pytest.approx(0.2), "b.py")
    assert late.mean == pytest.approx((0.7 + 0.8) / 2)  # 0.8: what b.py keeps unattacked
    assert [bad.ours, late.ours] == [True, False]


def test_equal_means_share_a_place():
    scores = {"a": 0.5, "b": 0.9, "c": 0.5}
    outcomes = {(name, "none"): Outcome((score,)) for name, score in scores.items()}
    table = Tournament(Setting((1,)), tuple("abc"), ("none",), outcomes, ())
    assert [(p.rank, p.name) for p in rules_ranked(table)] == [(1, "b"), (2, "a"), (2, "c")]


def test_the_result_can_be_written_as_json():
    content = json.loads(json.dumps(as_json(made_up())))
    assert content["seeds"] == [1, 2] and len(content["matches"]) == 6
    assert content["out"] == [{"name": "c.py", "reason": "x"}]
    assert content["matches"][3]["failed"] == "b.py: returns nothing"


def test_seeds_are_drawn_anew():
    seeds = draw_seeds(50)
    assert len(set(seeds)) == 50 and all(0 <= seed < 2**32 for seed in seeds)


def test_ours_take_part_where_they_can():
    assert "below-protocol" not in our_attacks() and {"none", "fang"} <= set(our_attacks())
    assert "bulyan" not in our_rules(Setting((1,)))
    assert "bulyan" in our_rules(Setting((1,), clients=11, byzantine=2))


# --- Files ----------------------------------------------------------------------------------------


def test_files_that_cannot_be_read_are_out(folder):
    (folder / "good.py").write_text(GOOD)
    (folder / "notes.txt").write_text("not handed in")
    (folder / "large.py").write_bytes(b"#" * 200_000)
    (folder / "binary.py").write_bytes(b"\xff\xfe\x00")
    (folder / "folder.py").mkdir()
    found, failed = read_hand_ins(folder)
    assert [one.name for one in found] == ["good.py"]
    assert list(map(str, failed)) == [
        "binary.py: is not a text file (UTF-8)", "folder.py: is not a file",
        "large.py: is larger than 100 kB",
    ]  # fmt: skip
    assert other_files(folder) == ["notes.txt"]  # which the command names


# --- The command ----------------------------------------------------------------------------------


def test_a_whole_contest(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "our_rules", lambda setting: ["krum"])
    monkeypatch.setattr(module, "our_attacks", lambda: ["none", "outlier"])
    monkeypatch.setattr(module.os, "cpu_count", lambda: 1)  # each worker imports scikit-learn
    files = {"good": GOOD, "nervous": NERVOUS, "late": LATE, "broken": "def rule(X, f) return X"}
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    report, board, table = (tmp_path / name for name in ("board.json", "board.png", "table.png"))
    arguments = ["contest", str(folder), "--seeds", "1", "--rounds", "1", "--seconds", "60"]
    written = ["--json", str(report), "--figure", str(board), "--matches", str(table)]
    assert main([*arguments, *written]) == 0
    printed = capsys.readouterr().out
    assert "broken.py: is no Python, line 1" in printed.partition("Out of the contest")[2]
    assert "lost against late.py: stops in the line" in printed and "(and 1 more)" in printed
    content = json.loads(report.read_text())
    matches = {(m["rule"], m["attack"]): m for m in content["matches"]}
    assert len(matches) == 9
    assert matches["good.py", "none"]["accuracy"] == matches["nervous.py", "none"]["accuracy"]
    assert matches["nervous.py", "outlier"]["failed"].startswith("nervous.py: stops")
    assert [place["name"] for place in content["rules"]][0] == "krum"
    assert imread(board).shape[1] > 1000 and imread(table).shape[1] > 500

    taken = []
    monkeypatch.setattr(command, "run_tournament", lambda _, setting, *more: taken.append(setting))
    monkeypatch.setattr(command, "leaderboard", str)
    assert main([*arguments, "--repeat", str(report)]) == 0
    assert list(taken[0].seeds) == content["seeds"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("/no/such/folder", "not a folder"),
        (".", "nothing was handed in"),
        (". --seeds 0", "seeds must be 1 to 1000"),
        (". --rounds 0", "rounds must be 1"),
        (". --byzantine 0", "f >= 1"),
        (". --byzantine 3", "2f + 2 < n"),
        (". --seconds 0", "seconds"),
        (". --memory 0", "memory"),
        (". --repeat other.json", "not the result of a contest"),
        (". --repeat missing.json", "missing.json: No such file"),
        (". --figure board.txt", "board.txt"),
    ],
)
def test_wrong_arguments_get_one_line(folder, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(folder)
    (folder / "other.json").write_text('{"seeds": ["1"]}')
    assert main(["contest", *arguments.split()]) == 2
    message = capsys.readouterr().err
    assert words in message and message.count("\n") == 1


# --- Trying one's own -----------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(trial, "RULES", ("mean",))
    monkeypatch.setattr(trial, "ATTACKS", ("none",))
    monkeypatch.setattr(trial, "_ours", lambda rule, attack: 0.5)


def middle(X, f):
    return np.median(X, axis=0)


def backwards(honest, f, rng, previous):
    return previous - 9 * (honest - previous).mean(axis=0)


def elsewhere(X, f):
    return middle(X, f)


def unfinished(X, f):
    X.mean(axis=0)


def test_what_is_tried_is_what_is_handed_in(short, tmp_path):
    file = tmp_path / "mine.py"
    said = trial.try_rule(middle, save=str(file))
    assert said.passed and "none" in said and "50%" in said and str(file) in said
    names = {}
    exec(file.read_text(), names)
    assert names["rule"]([[1.0], [2.0], [9.0]], 0) == [2.0]
    with pytest.raises(ValueError, match="is there already"):
        trial.try_rule(middle, save=str(file))


def test_an_attack_is_tried_on_rules(short):
    said = trial.try_attack(backwards)
    assert said.passed
    assert float(said.splitlines()[2].split()[1].rstrip("%")) < 20  # of the mean nothing is left


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (elsewhere, "Your rule stops in the line `return middle(X, f)`: nothing has the name"),
        (unfinished, "Your rule returns nothing."),
        (lambda X, f: X[0], "Write it with `def`"),
        (np.median, "Write it with `def`"),
        (3, "Give the function itself"),
    ],
)
def test_what_cannot_be_handed_in_is_said(short, function, words):
    said = trial.try_rule(function)
    assert not said.passed and words in said and said.count("\n") == 0
