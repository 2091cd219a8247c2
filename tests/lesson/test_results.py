"""Results files: what a student's checks write, and what a teacher reads of a class."""

import csv
import json
import re

import pytest
from all_exercises import EXERCISES
from repository import ROOT

from fl_krum.cli import main
from fl_krum.lesson import results
from fl_krum.lesson.exercises import write_your_own
from fl_krum.lesson.exercises.krum_in_plaintext import check_largest_f
from fl_krum.lesson.exercises.tries import Tries
from fl_krum.lesson.exercises.use_case import check_lie
from fl_krum.lesson.grading import POINTS, tasks_of
from fl_krum.lesson.lab_copies import make_copies

TASKS = tasks_of(ROOT)


def right(n):
    return (n - 3) // 2


def wrong(n):
    return n


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """As in a kernel that has just started."""
    monkeypatch.setattr(results, "_file", None)
    monkeypatch.setattr(results, "_solutions_below", True)
    check_largest_f.tries = check_lie.tries = 0


def written(path):
    return json.loads(path.read_text(encoding="utf-8"))


# --- What a student's checks write ----------------------------------------------------------------


def test_the_file_has_exercises_passed_and_tries_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_largest_f(wrong)  # before anything is kept
    assert list(tmp_path.iterdir()) == []
    results.keep_results()
    for answer in (lambda n: ..., wrong, wrong, right, wrong):
        check_largest_f(answer)
    check_lie(lambda others, target: target)
    assert written(tmp_path / "results.json") == {
        "format": "fl_krum results", "schema": 1, "exercises": {
            "largest_f": {"passed": True, "tries": 4},  # one that returns ... is wrong, not empty
            "lie": {"passed": False, "tries": 1},
        },
    }  # fmt: skip


def test_an_empty_function_is_no_try(tmp_path):
    def empty(n):
        """Return the largest f."""
        ...

    results.keep_results(tmp_path / "results.json")
    assert "returns nothing yet" in check_largest_f(empty)
    assert not (tmp_path / "results.json").exists()


def test_another_kernel_goes_on_with_the_file_and_may_add_a_name(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    results.keep_results(path)
    check_largest_f(wrong)
    monkeypatch.setattr(results, "_file", None)
    results.keep_results(path, name="Ada")
    check_largest_f(right)
    assert written(path)["name"] == "Ada"
    assert written(path)["exercises"] == {"largest_f": {"passed": True, "tries": 2}}


def test_a_file_that_is_something_else_stays_as_it_is(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("[1, 2]")
    with pytest.raises(ValueError, match="results.json is not a results file"):
        results.keep_results(path)
    assert check_largest_f(right) and path.read_text() == "[1, 2]"


def test_a_check_says_what_it_cannot_write_and_still_judges(tmp_path):
    results.keep_results(tmp_path / "results.json")
    (tmp_path / "results.json").write_text("{}")
    said = check_largest_f(right)
    assert said.passed and said.endswith(
        "\n  (results.json is not written: results.json is not a results file of the lesson)"
    )


def headings(cells):
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"^#+ .*", text, re.M)


def test_copies_keep_results_and_those_without_solutions_do_not_speak_of_them(tmp_path):
    for solutions in (True, False):
        for one in make_copies(ROOT, tmp_path / str(solutions), solutions=solutions):
            cells = written(one.path)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells)
            code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
            call = "keep_results()" if solutions else "keep_results(solutions=False)"
            assert len(re.findall(rf"^{re.escape(call)}$", code, re.M)) == 1
            original = written(ROOT / "notebooks" / one.notebook)["cells"]
            assert headings(cells) == headings(original)
            if not solutions:
                assert not re.search(r"<summary>Solution|folded\s+up", text)
    results.keep_results(tmp_path / "results.json", solutions=False)
    hints = len(check_largest_f.hints)
    said = [check_largest_f(wrong) for _ in range(hints + 3)]
    assert not any("folded up" in line for line in said)


def test_lab_makes_copies_without_solutions(tmp_path, capsys):
    assert main(["lab", str(tmp_path), "--copy-only", "--no-solutions"]) == 0
    assert all("<summary>Solution" not in path.read_text() for path in tmp_path.glob("*.ipynb"))
    assert "01_use_case.ipynb" in capsys.readouterr().err


# --- What a teacher reads -------------------------------------------------------------------------


def hand_in(path, exercises, name=""):
    content = {"format": "fl_krum results", "schema": 1, "exercises": exercises}
    if name:
        content["name"] = name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps(content))


def test_every_exercise_of_the_lesson_is_a_task():
    programs = {name for name, one in vars(write_your_own).items() if isinstance(one, Tries)}
    checks = programs | EXERCISES.keys()
    assert {task.name for task in TASKS} == {name.removeprefix("check_") for name in checks}


def test_the_points_stand_in_the_teachers_guide():
    text = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (`.+`) \|$", text, re.M)
    said = {name: int(points) for points, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert said == {task.name: task.points for task in TASKS if task.points > 1} == POINTS


def test_grade_makes_a_table_of_three_students(tmp_path, capsys):
    everything = {task.name: {"passed": True, "tries": 1} for task in TASKS}
    hand_in(tmp_path / "ada.json", everything, "Ada L.")
    some = {"lie": {"passed": True, "tries": 3}, "masks": {"passed": False, "tries": 5}}
    hand_in(tmp_path / "bob" / "results.json", some)
    hand_in(tmp_path / "eve.json", {})
    assert main(["grade", str(tmp_path), "--csv", str(tmp_path / "class.csv")]) == 0
    students, exercises = capsys.readouterr().out.strip().split("\n\n")
    lines = [line.split() for line in students.splitlines()]
    count, total = len(TASKS), sum(task.points for task in TASKS)
    assert [line[0] for line in lines] == ["student", "Ada", "bob", "eve"]
    assert lines[1][-3:] == [f"{count}/{count}", f"{total}/{total}", str(count)]
    assert lines[2][1] == "1/3" and lines[2][-3:] == [f"1/{count}", f"1/{total}", "8"]
    assert lines[3][-3:] == [f"0/{count}", f"0/{total}", "0"]
    of_exercise = {line.split()[0]: line.split()[3:] for line in exercises.splitlines()[1:]}
    assert of_exercise["lie"] == ["2", "2", "2"] and of_exercise["masks"] == ["2", "1", "1"]
    rows = list(csv.DictReader((tmp_path / "class.csv").open()))
    assert [row["student"] for row in rows] == ["Ada L.", "bob", "eve"]
    assert (rows[1]["lie"], rows[1]["lie tries"], rows[1]["masks"]) == ("1", "3", "0")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "bad.json is not a results file"),
        ("[" * 100_000, "bad.json is not a results file"),
        ('{"format": "fl_krum session"}', "is not a results file"),
        ('{"format": "fl_krum results", "schema": 2}', "has schema 2"),
        ('{"format": "fl_krum results", "schema": 1}', "no list of exercises"),
        ('{"format": "fl_krum results", "schema": 1, "exercises": {"lie": 1}}', "'lie'"),
        ('{"format": "fl_krum results", "schema": 1, "exercises": '
         '{"lie": {"passed": 1, "tries": 1}}}', "'lie'"),
        ('{"format": "fl_krum results", "schema": 1, "exercises": '
         '{"lie": {"passed": true, "tries": 0}}}', "tries are 1 or more"),
        ('{"format": "fl_krum results", "schema": 1, "exercises": {}, "name": "a\\nb"}',
         "its name is not"),
        ('{"format": "fl_krum results", "schema": 1, "exercises": '
         '{"sneeze": {"passed": true, "tries": 1}}}', "not of this lesson, and left out: sneeze"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_said_and_the_others_are(tmp_path, capsys, content, words):
    hand_in(tmp_path / "ada.json", {"lie": {"passed": True, "tries": 2}})
    (tmp_path / "bad.json").write_text(content)
    assert main(["grade", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert words in captured.err and re.search(r"^ada .* 2$", captured.out, re.M)


def test_two_files_of_one_student_are_both_left_out(tmp_path, capsys):
    hand_in(tmp_path / "1.json", {"lie": {"passed": True, "tries": 2}}, "Ada")
    hand_in(tmp_path / "2.json", {}, "ada")
    assert main(["grade", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "1.json, 2.json: all of one student, Ada; keep one" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [("nowhere", "there is no folder"), (".", "no results file in"),
     (". --csv /no/such/folder/class.csv", "no folder")],
)  # fmt: skip
def test_folders_that_cannot_be_graded(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(["grade", *arguments.split()]) == 2
    message = capsys.readouterr().err
    assert words in message and message.count("\n") == 1


def test_a_name_is_no_formula_in_a_spreadsheet(tmp_path):
    hand_in(tmp_path / "1.json", {}, "=HYPERLINK(0)")
    assert main(["grade", str(tmp_path), "--csv", str(tmp_path / "c.csv")]) == 0
    assert next(csv.DictReader((tmp_path / "c.csv").open()))["student"] == "'=HYPERLINK(0)"
