"""Which cells of a notebook become slides, and what of them is shown.

A notebook is made to be read, a slide to be seen from the back row. So a slide has one sentence of
about ten words and below it one thing to look at: a figure, a table, a few printed lines, or a
question whose answer is on the next slide. The sentence stands in the metadata of the cell that has
the thing, as ``"slide": "One liar of seven ruins the mean."``. Cells without one are left out; a
notebook that has none gets a slide for each of its figures, under the heading of its section.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

LINES = 11  # of a program above its result
_QUESTION = "> **Predict.**"
_HEADING = re.compile(r"^#+ (.*)", re.M)
_SHOWN = re.compile(  # a table, a program, a quotation, a formula
    r"\|.*\n\|[-: |]+\n|```|> (?!\*\*In five)|\$\$"
)


def as_slides(notebook: NotebookNode) -> NotebookNode:
    """A notebook whose cells are the slides of another: a title, then a sentence and a thing each.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs.

    Returns
    -------
    NotebookNode
    """
    sentences = {place: cell.metadata.slide for place, cell in enumerate(notebook.cells)
                 if "slide" in cell.metadata} or _figures(notebook)  # fmt: skip
    cells: list[NotebookNode] = []
    for place, cell in enumerate(notebook.cells):
        if place == 0:
            title = _HEADING.search(cell.source)
            said = f"# {title[1] if title else ''}\n\n{sentences.get(0, '')}"
            cells.append(_slide("markdown", said, "slide"))
        elif place in sentences:
            cells.append(_slide("markdown", f"## {sentences[place]}", "slide"))
            cells += _things(cell)
    for number, cell in enumerate(cells):
        cell["id"] = f"slide-{number}"
    return NotebookNode(notebook, cells=cells)


def _figures(notebook: NotebookNode) -> dict[int, str]:
    """The place of every cell with a figure, and the heading of its section."""
    found, heading = {}, ""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            heading = (_HEADING.findall(cell.source) or [heading])[-1]
        elif any(_is_image(output) for output in cell.outputs):
            found[place] = heading
    return found


def _things(cell: NotebookNode) -> Iterator[NotebookNode]:
    """What of a cell stands below the sentence; nothing of a text without a table or the like."""
    if cell.cell_type == "markdown":
        shown = [block for block in blocks(cell.source) if _SHOWN.match(block)]
        if shown:
            yield _slide("markdown", "\n\n".join(shown), "-")
    elif questions := _questions(cell.source):
        yield _slide("markdown", questions, "-")
    elif outputs := [one for one in map(_without_predictions, cell.outputs) if one is not None]:
        images = [one for one in outputs if _is_image(one)]
        result = _slide("code", cell.source, "-", outputs=images or outputs)
        if images or not _is_short_program(cell.source):
            result.metadata["transient"] = {"remove_source": True}
        if "alt" in cell.metadata:
            result.metadata["alt"] = cell.metadata.alt
        yield result
    else:
        yield _slide("code", cell.source, "-", outputs=[])


def _is_short_program(source: str) -> bool:
    """Whether a text for players is to be seen above what comes out of it."""
    return source.startswith("%%mamba") and len(source.splitlines()) <= LINES


def blocks(text: str) -> list[str]:
    """Paragraphs, lists, tables, formulas; what stands in a fence or in <details> stays whole."""
    found: list[str] = []
    inside = False
    for part in re.split(r"\n[ \t]*\n", text.strip("\n")):
        if inside:
            found[-1] += "\n\n" + part
        elif part.strip():
            found.append(part)
        if found:
            whole = found[-1]
            inside = whole.count("```") % 2 == 1 or whole.count("<details") > whole.count("</det")
    return found


def _is_image(output: NotebookNode) -> bool:
    return any(kind.startswith("image/") for kind in output.get("data", {}))


def _without_predictions(output: NotebookNode) -> NotebookNode | None:
    """What comes out of a cell but for predictions that nobody has made; None if that is all."""
    data = output.get("data", {})
    text = output.get("text", "" if _is_image(output) or "text/html" in data
                      else data.get("text/plain", ""))  # fmt: skip
    lines = text.splitlines()
    kept = [line for line, after in zip(lines, [*lines, ""][1:], strict=True)
            if "No prediction" not in line and "  No prediction" not in after]  # fmt: skip
    if len(kept) == len(lines):
        return output
    said = "\n".join(kept).strip("\n")
    return NotebookNode(output_type="stream", name="stdout", text=said) if said else None


def _questions(source: str) -> str:
    """What a cell asks the reader to predict, as a quotation; nothing when it asks nothing."""
    asked = []
    for line in _statements(source):
        call = line.value if isinstance(line, ast.Assign) else None
        if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "predict"):
            continue
        choices = [key.value for key in call.keywords if key.arg == "choices"]
        try:
            offered = [ast.literal_eval(one) for one in choices]
            asked.append(ast.literal_eval(call.args[0]))
        except (ValueError, IndexError):  # put together by the program
            return ""
        for one in offered:
            names = one.items() if isinstance(one, dict) else ((name, "") for name in one)
            asked += [f"* {name}{words and ': '}{words}" for name, words in names]
    text = "\n\n".join(asked).replace("\n\n* ", "\n* ").replace("?\n* ", "?\n\n* ")
    return "" if not asked else f"{_QUESTION} " + text.replace("\n", "\n> ")


def _statements(source: str) -> list[ast.stmt]:
    """The statements of a cell; none when it is no Python."""
    try:
        return ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M)).body
    except SyntaxError:
        return []


def _slide(kind: str, source: str, start: str, **more: Any) -> NotebookNode:
    metadata = NotebookNode(slideshow=NotebookNode(slide_type=start))
    if kind == "code":
        more["execution_count"] = None
    return NotebookNode(cell_type=kind, source=source, metadata=metadata, **more)
