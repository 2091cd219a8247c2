"""The committed notebooks themselves: nbval runs them; this says what there is to compare.

nbval compares nothing for a cell that was never run, and an empty output with an empty output: a
notebook that lost its outputs would pass. So the outputs are counted here, and have to be enough.
"""

import ast
import json
import re

import pytest
from all_exercises import EXERCISES
from repository import ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

# Types of output that nbval does not compare; the others it does.
_SKIPPED = {"image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"}
# What a solution may use without an import.
_NAMES = "import numpy as np\nfrom fl_krum import krum, krum_scores"
#: At least so many cells whose outputs are compared.
LEAST_COMPARED = {"00": 3, "01": 27, "02": 36, "03": 24, "04": 20, "05": 10, "06": 22, "07": 12}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    content = json.loads(request.param.read_text(encoding="utf-8"))
    content["name"] = request.param.name
    return content


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text_of(cell):
    return "".join(cell["source"])


def is_compared(cell):
    """Whether nbval compares anything of a cell's output; the size of a figure is nothing."""
    if {"nbval-skip", "nbval-ignore-output"} & set(cell["metadata"].get("tags", ())):
        return False
    for output in cell["outputs"]:
        data = {"text": output["text"]} if output["output_type"] == "stream" else output["data"]
        for kind in set(data) - _SKIPPED:
            if not "".join(data[kind]).startswith("<Figure size"):
                return True
    return False


def test_the_first_two_notebooks_are_there():
    assert {path.name[:2] for path in NOTEBOOKS} >= {"01", "02"}


def test_enough_cells_are_compared(notebook, capsys):
    cells = code_cells(notebook)
    compared = sum(is_compared(cell) for cell in cells)
    with capsys.disabled():
        print(
            f"\n{notebook['name']}: {compared} of {len(cells)} code cells have outputs to compare"
        )
    assert compared >= LEAST_COMPARED[notebook["name"][:2]]


def test_every_cell_was_run_in_order_and_without_error(notebook):
    cells = code_cells(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for output in (output for cell in cells for output in cell["outputs"]):
        assert output["output_type"] != "error", output
        assert output.get("name") != "stderr", output["text"]


def test_every_picture_has_words_for_those_who_do_not_see_it(notebook):
    for cell in code_cells(notebook):
        if any("image/png" in output.get("data", ()) for output in cell["outputs"]):
            alt = cell["metadata"].get("alt", "")
            assert 60 < len(alt) < 320 and alt.endswith("."), (cell["id"], alt)


def test_nothing_of_one_machine_or_one_session_is_stored(notebook):
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in notebook["metadata"]
    text = json.dumps(notebook)
    assert "application/vnd.jupyter.widget-view+json" not in text  # would show as an error
    assert not re.search(r"(?<![\w.])/(home|root|tmp|Users|usr|opt)/|[A-Z]:\\\\Users", text)


def test_the_first_cell_finds_the_package_and_is_the_same_everywhere(notebook):
    first = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    assert text_of(code_cells(notebook)[0]) == text_of(code_cells(first)[0])


def test_versions_are_printed_at_the_end(notebook):
    assert "print_versions()" in text_of(code_cells(notebook)[-1])


def test_cells_are_short(notebook):
    for cell in code_cells(notebook):
        assert len(text_of(cell).splitlines()) <= 25, text_of(cell)


def test_predictions_are_asked_before_runs(notebook):
    code = "\n".join(map(text_of, code_cells(notebook)))
    in_text = sum("**Predict" in text_of(cell) for cell in notebook["cells"])
    kept = re.findall(r"^(\w+) = predict\(", code, re.M)
    assert len(kept) + in_text >= 3
    for name in kept:
        asked, *compared = re.finditer(rf"^{name} = predict\(|\b{name}\.compare\(", code, re.M)
        assert asked[0].endswith("predict(") and compared, f"{name} is compared with nothing"


def test_links_to_files_lead_somewhere(notebook):
    text = "\n".join(text_of(c) for c in notebook["cells"] if c["cell_type"] == "markdown")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", text):
        assert (FOLDER / target).exists(), target


def test_formulas_can_be_read_without_a_network(notebook):
    """An exported page fetches MathJax from the web, and shows raw TeX where there is none."""
    for cell in notebook["cells"]:
        assert cell["cell_type"] == "code" or "$" not in text_of(cell), text_of(cell)


def test_no_assert_stops_who_tries_another_number(notebook):
    if notebook["name"].startswith("06"):  # there the reader's own program asserts its own result
        return
    for cell in code_cells(notebook):
        assert not re.search(r"^\s*assert\b", text_of(cell), re.M), text_of(cell)


def test_the_glossary_is_at_hand(notebook):
    assert "](../docs/glossary.md" in text_of(notebook["cells"][0])


def test_solutions_pass_their_checks():
    """The folded solutions of the exercises, run as they stand in the text."""
    passed = []
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for before, after in zip(cells, cells[1:], strict=False):
            exercise = re.search(r"^(?:print\()?(check_\w+)\((\w+)\)", text_of(before), re.M)
            solution = re.search(r"<details>.*?```python\n(.*?)```", text_of(after), re.S)
            if exercise and solution:
                scope = {}
                exec(f"{_NAMES}\n{solution[1]}", scope)
                line = EXERCISES[exercise[1]](scope[exercise[2]])
                assert line.startswith("✓"), line
                passed.append(exercise[1])
    assert sorted(passed) == sorted(EXERCISES)


def test_cells_are_valid_python(notebook):
    for cell in code_cells(notebook):
        ast.parse(re.sub(r"^%.*$", "", text_of(cell), flags=re.M))
