"""Slides and pages: what stands on which slide, and that a file needs nothing but itself."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from repository import ROOT

from fl_krum.cli import main
from fl_krum.lesson.export import exporters
from fl_krum.lesson.export.formulas import markdown_to_html, mathml
from fl_krum.lesson.export.slides import as_slides, blocks

NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
IMAGE = new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"})
PRINTED = new_output("stream", name="stdout", text="42\n")


def code(source, *outputs):
    return new_code_cell(source, outputs=list(outputs))


def slides(*cells):
    """The text of each slide, and whether a new column begins with it."""
    shown = []
    for cell in as_slides(new_notebook(cells=list(cells))).cells:
        kind = cell.metadata.slideshow.slide_type
        text = "" if cell.metadata.get("transient") else cell.source
        text += "".join(
            " [image]" if "data" in out else " [text]" for out in cell.get("outputs", [])
        )
        if kind == "-":
            shown[-1] += " + " + text
        else:
            shown.append(("| " if kind == "slide" else "") + text)
    return shown


# --- What stands on which slide -------------------------------------------------------------------


def test_a_heading_begins_a_slide_and_is_never_alone():
    text = new_markdown_cell("# One\n\nText.\n\n## Two\nMore.\n\n### Three\n\n" + "word " * 200)
    assert slides(text) == [
        "| # One\n\nText.", "| ## Two\n\nMore.", "### Three\n\n" + ("word " * 200),
    ]  # fmt: skip


def test_long_text_goes_on_but_not_in_the_middle_of_a_sentence():
    first, second = "word " * 60 + "end.", "word " * 60 + "and so:"
    listed = "* a\n* b"
    shown = slides(new_markdown_cell(f"{first}\n\n{second}\n\n{listed}"))
    assert shown == [first, f"{second}\n\n{listed}"]


def test_a_prediction_is_alone_and_does_not_meet_its_answer():
    shown = slides(new_markdown_cell("Text.\n\n> **Predict.** How many?"), code("f()", PRINTED))
    assert shown == ["Text.", "> **Predict.** How many?", "f() [text]"]


def test_a_field_for_a_prediction_is_shown_as_its_question():
    asked = code('a = predict("How many?", answer=None, unit="%")\nb = predict("Who?", '
                 'choices={"x": "the first", "y": "nobody"})', PRINTED)  # fmt: skip
    (shown,) = slides(asked)
    assert shown == "> **Predict.** How many?\n> \n> Who?\n> \n> * x: the first\n> * y: nobody"
    counted = 'a = predict(f"How many of {n}?")'
    assert slides(code(counted), code("f()")) == [counted, "f()"]


def test_a_short_program_stands_below_a_short_text():
    assert slides(new_markdown_cell("Text."), code("f()", PRINTED)) == ["Text. + f() [text]"]


def test_a_long_program_and_its_figure_are_two_slides():
    short, long = "f()\ng()", "\n".join(["f()"] * 5)
    assert slides(code(short, IMAGE)) == [f"{short} [image]"]
    assert slides(code(long, IMAGE)) == [long, " [image]"]
    assert slides(code(long, PRINTED)) == [f"{long} [text]"]
    assert slides(code(long * 5, PRINTED)) == [long * 5, " [text]"]


def test_what_only_a_keyboard_needs_is_left_out():
    cells = [code("%matplotlib inline\nimport numpy"), code('find_spec("fl_krum")'), code("x = 1"),
             code("from fl_krum import print_versions\n\nprint_versions()", PRINTED)]  # fmt: skip
    assert slides(*cells) == ["x = 1"]


def test_what_is_folded_or_fenced_stays_whole():
    folded = "<details><summary>S</summary>\n\n```python\na\n\nb\n```\n\n</details>"
    assert blocks(f"{folded}\n\nText.\n\n```\nx\n\ny\n```") == [folded, "Text.", "```\nx\n\ny\n```"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_all_text_of_the_lesson_is_on_some_slide(path):
    notebook = nbformat.read(path, as_version=4)
    shown = as_slides(notebook)
    shown.cells = [cell for cell in shown.cells if "question" not in cell.metadata]
    words = [word for cell in notebook.cells if cell.cell_type == "markdown"
             for word in cell.source.split()]  # fmt: skip
    assert words == [word for cell in shown.cells if cell.cell_type == "markdown"
                     for word in cell.source.split()]  # fmt: skip
    figures = [sum("image/png" in out.get("data", {}) for cell in book.cells
                   for out in cell.get("outputs", [])) for book in (notebook, shown)]  # fmt: skip
    assert figures[0] == figures[1]


def test_html_of_the_text_is_closed_where_it_ends():
    html = markdown_to_html("<details><summary>S</summary>\n\n```python\na = 1\n```\n\n</details>")
    assert html.count("</details>") == 1
    assert html.index("<summary>") < html.index("<pre>") < html.index("</details>")
    assert "w<sub>k</sub>" in markdown_to_html("w<sub>k</sub>")


# --- Formulas -------------------------------------------------------------------------------------


def test_a_formula_becomes_mathml():
    html = markdown_to_html("Let $x^2$ be, and `$y$` not.\n\n$$\\frac{1}{2}$$")
    assert html.count("<math") == 2 and "<msup><mi>x</mi><mn>2</mn></msup>" in html
    fraction = html[html.index("<mfrac>") :]
    assert re.sub(r"</?m(row|n)>", "", fraction).startswith("<mfrac>12</mfrac>")
    assert "<code>$y$</code>" in html


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_formula_of_the_lesson_is_left_as_tex(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            html = markdown_to_html(cell.source)
            for element in re.findall(r"<math.*?</math>", html, re.S):
                assert "\\" not in element and "merror" not in element, element
            outside = re.sub(r"<(math|code|pre).*?</\1>", "", html, flags=re.S)
            assert "$" not in outside, outside


def test_display_is_kept():
    assert 'display="block"' in mathml("x", "block") and 'display="inline"' in mathml("x", "inline")


# --- The files ------------------------------------------------------------------------------------

_LOADED = re.compile(
    r"""<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=["']?(?!data:|\$\{)([^"'>\s]+)"""
    r"""|@import\s|url\(\s*["']?(?!data:|\#|%23|\$\{)([^)"']+)"""
)


@pytest.mark.parametrize(("form", "path"), [("slides", NOTEBOOKS[1]), ("page", NOTEBOOKS[2])])
def test_a_file_loads_nothing(form, path, tmp_path):
    assert main(["export", str(path), "--form", form, "--output", str(tmp_path / "new")]) == 0
    text = (tmp_path / f"new/{path.stem}.html").read_text(encoding="utf-8")
    assert [match[0] for match in _LOADED.finditer(text)] == []
    assert "data:image/png;base64," in text
    assert ("Reveal.initialize" in text) == (form == "slides")
    assert "<title>1 · Why" in text if form == "slides" else "<table" in text


def test_links_lead_to_files_beside_it_or_are_none(tmp_path):
    text = "[One](../docs/glossary.md#share), [two](02_b.ipynb#x), [three](https://example.org/a)"
    path = tmp_path / "mine.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell(text)]), path)
    for make in (exporters.page, exporters.slides):
        body = re.sub(r"<script>.*?</script>", "", make(path), flags=re.S)
        linked = re.findall(r'<a\b[^>]*href="([^"]*)"', body)
        assert linked == ["02_b.html#x", "https://example.org/a"]
        assert "One" in body


def test_without_the_package_it_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(exporters, "find_spec", lambda name: None)
    assert main(["export", str(NOTEBOOKS[0]), "--output", str(tmp_path)]) == 2
    assert "the package sphinx-revealjs is missing: pip install" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"cells": 3, "nbformat": 4}'])
def test_what_is_no_notebook_gets_one_line(tmp_path, capsys, content):
    path = tmp_path / "mine.ipynb"
    if content is not None:
        path.write_text(content)
    assert main(["export", str(path), "--output", str(tmp_path)]) == 2
    message = capsys.readouterr().err.splitlines()
    assert str(path) in message[-1]
