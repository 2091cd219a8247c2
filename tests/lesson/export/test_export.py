"""Slides and pages: what stands on which slide, and that a file needs nothing but itself."""

import re
from html.parser import HTMLParser

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


def said(cell, sentence):
    cell.metadata["slide"] = sentence
    return cell


TITLE = new_markdown_cell("# One *two*\n\nMuch text.")


def test_a_slide_is_a_sentence_and_what_comes_out_of_the_cell():
    shown = slides(
        said(new_markdown_cell("# One\n\nText."), "Why?"),
        code("x = 1", PRINTED),
        said(code("f()", PRINTED), "It is 42."),
        said(code("g()", PRINTED, IMAGE), "A figure."),
        said(code("h()"), "A program."),
    )
    assert shown == [
        "| # One\n\nWhy?", "| ## It is 42. +  [text]", "| ## A figure. +  [image]",
        "| ## A program. + h()",
    ]  # fmt: skip


def test_of_a_text_its_table_is_shown_and_nothing_else():
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert slides(TITLE, said(new_markdown_cell(f"Text.\n\n{table}\n\nMore."), "A table.")) == [
        "| # One *two*\n\n", f"| ## A table. + {table}",
    ]  # fmt: skip
    assert slides(TITLE, said(new_markdown_cell("Text."), "Only this."))[1] == "| ## Only this."


def test_a_field_for_a_prediction_is_shown_as_its_question():
    asked = said(code('k = 3\na = predict("How many?", answer=None, unit="%")\nb = predict("Who?", '
                 'choices={"x": "the first", "y": "nobody"})', PRINTED), "Guess.")  # fmt: skip
    assert slides(TITLE, asked)[1] == (
        "| ## Guess. + > **Predict.** How many?\n> \n> Who?\n> \n> * x: the first\n> * y: nobody"
    )


def test_predictions_that_nobody_made_are_not_shown():
    compared = "42\n\nHow many?\n  No prediction. It is 42.\n"
    other = {"text/plain": "Who?\n  No prediction. It is b."}
    out = [new_output("stream", name="stdout", text=compared), new_output("execute_result", other)]
    cell = as_slides(new_notebook(cells=[TITLE, said(code("f()", *out), "It is 42.")])).cells[-1]
    assert [one.text for one in cell.outputs] == ["42"]


def test_a_figure_keeps_its_words():
    cell = said(code("f()", IMAGE), "A figure.")
    cell.metadata["alt"] = "A line that rises."
    shown = as_slides(new_notebook(cells=[TITLE, cell])).cells[-1]
    assert shown.metadata.alt == "A line that rises."


def test_a_program_for_players_stands_above_its_result():
    assert slides(TITLE, said(code("%%mamba\nx = 1", PRINTED), "Run."))[1].endswith(
        "%%mamba\nx = 1 [text]"
    )


def test_a_notebook_without_sentences_shows_its_figures_under_their_headings():
    text = new_markdown_cell("## Two\n\nText.")
    assert slides(TITLE, code("f()", IMAGE), text, code("g()", IMAGE), code("h()", PRINTED)) == [
        "| # One *two*\n\n", "| ## One *two* +  [image]", "| ## Two +  [image]",
    ]  # fmt: skip


def test_what_is_folded_or_fenced_stays_whole():
    folded = "<details><summary>S</summary>\n\n```python\na\n\nb\n```\n\n</details>"
    assert blocks(f"{folded}\n\nText.\n\n```\nx\n\ny\n```") == [folded, "Text.", "```\nx\n\ny\n```"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_is_about_twelve_short_sentences(path):
    notebook = nbformat.read(path, as_version=4)
    sentences = [cell.metadata.slide for cell in notebook.cells if "slide" in cell.metadata]
    assert (5 if path.stem.startswith("00") else 10) <= len(sentences) <= 16, len(sentences)
    for sentence in sentences:
        assert 3 <= len(sentence.split()) <= 12, sentence
    assert len(as_slides(notebook).cells) <= 2 * len(sentences)


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
    assert '<html lang="en">' in text  # for those who have it read aloud
    assert ("Reveal.initialize" in text) == (form == "slides")
    assert "<title>1 · Why" in text if form == "slides" else "<table" in text


def test_what_a_figure_shows_is_said_where_it_is_not_seen(tmp_path):
    """nbconvert itself knows no words for a picture, and says so in their place."""
    cell = said(code("f()", IMAGE, IMAGE), "A figure.")
    cell.metadata["alt"] = 'A "line" that rises & falls.'
    path = tmp_path / "mine.ipynb"
    nbformat.write(new_notebook(cells=[TITLE, cell]), path)
    lesson = nbformat.read(NOTEBOOKS[1], as_version=4).cells
    written = {one.metadata.alt for one in lesson if "alt" in one.metadata}
    for make in (exporters.page, exporters.slides):
        assert words_of_pictures(make(path)) == [cell.metadata.alt] * 2
        found = words_of_pictures(make(NOTEBOOKS[1]))
        assert len(found) > 5 and set(found) <= written


def words_of_pictures(text):
    found = []
    parser = HTMLParser()
    parser.handle_startendtag = parser.handle_starttag = lambda tag, attributes: (
        found.append(dict(attributes).get("alt")) if tag == "img" else None
    )
    parser.feed(text)
    return found


def test_links_lead_to_files_beside_it_or_are_none(tmp_path):
    links = (
        "[One](../docs/glossary.md#share) | [two](02_b.ipynb#x) | [three](https://example.org/a)"
    )
    table = said(new_markdown_cell(f"| a | b | c |\n|---|---|---|\n| {links} |"), "Three links.")
    path = tmp_path / "mine.ipynb"
    nbformat.write(new_notebook(cells=[TITLE, table]), path)
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
