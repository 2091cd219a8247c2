"""How the cells of a notebook become slides.

A notebook is made to be read, a slide to be seen from the back row. So a heading begins a new
slide, long text goes on on the next one, a prediction has a slide of its own, and a figure does not
share one with a long program. What only the reader at a keyboard needs is left out: the cells that
find the package, that import, and that print versions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

WORDS = 90  # on one slide of text, unless what belongs together has more
LINES, LINES_WITH_FIGURE = 9, 3  # of a program that shares a slide with what comes out of it
_PREDICTION = "> **Predict"
_LEFT_OUT = "find_spec(", "print_versions("


def as_slides(notebook: NotebookNode) -> NotebookNode:
    """A notebook whose cells are the slides of another; its columns begin at headings 1 and 2."""
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cells += _text_slides(cell.source)
        elif questions := _questions(cell.source):
            cells.append(_slide("markdown", questions, "subslide"))
            cells[-1].metadata["question"] = True
        elif cell.cell_type == "code" and not _is_left_out(cell.source):
            first, *rest = _code_slides(cell)
            if cells and _leaves_room(cells[-1], first):
                first.metadata.slideshow.slide_type = "-"  # on the slide of the text above it
            cells += [first, *rest]
    for number, cell in enumerate(cells):
        cell["id"] = f"slide-{number}"
    return NotebookNode(notebook, cells=cells)


def _text_slides(text: str) -> Iterator[NotebookNode]:
    slide: list[str] = []
    for block in blocks(text):
        if slide and not _belongs(slide, block):
            yield _text_slide(slide)
            slide = []
        slide.append(block)
    if slide:
        yield _text_slide(slide)


def _belongs(slide: list[str], block: str) -> bool:
    """Whether a block is shown on the slide before it."""
    last = slide[-1]
    if block.startswith("#") or _PREDICTION in (block[:11], last[:11]):
        return False
    if last.startswith("#") or re.match(r"([-*]|1\.) |\$\$", block) or last[-1] not in ".?!>":
        return True  # nothing ends with a heading, nor in the middle of a sentence
    return sum(len(other.split()) for other in [*slide, block]) <= WORDS


def blocks(text: str) -> list[str]:
    """Paragraphs, lists, tables, formulas; what stands in a fence or in <details> stays whole."""
    found: list[str] = []
    inside = False
    for part in re.split(r"\n[ \t]*\n", text.strip("\n")):
        if inside:
            found[-1] += "\n\n" + part
        elif part.startswith("#") and "\n" in part:  # a heading right above its paragraph
            found += part.split("\n", 1)
        elif part.strip():
            found.append(part)
        if found:
            whole = found[-1]
            inside = whole.count("```") % 2 == 1 or whole.count("<details") > whole.count("</det")
    return found


def _text_slide(parts: list[str]) -> NotebookNode:
    column = re.match(r"##? ", parts[0]) is not None
    return _slide("markdown", "\n\n".join(parts), "slide" if column else "subslide")


def _code_slides(cell: NotebookNode) -> list[NotebookNode]:
    most = LINES_WITH_FIGURE if _has_image(cell) else LINES
    apart = cell.outputs and len(cell.source.splitlines()) > most
    first = _slide("code", cell.source, "subslide", outputs=[] if apart else cell.outputs)
    if not apart:
        return [first]
    result = _slide("code", cell.source, "subslide", outputs=cell.outputs)
    result.metadata["transient"] = {"remove_source": True}
    return [first, result]


def _leaves_room(text: NotebookNode, code: NotebookNode) -> bool:
    """Whether a program can stand below a text: a short one, no question that it would answer."""
    if text.cell_type != "markdown" or _PREDICTION in text.source or _has_image(code):
        return False
    printed = sum(len(out.get("text", "").splitlines()) for out in code.outputs)
    lines = len(code.source.splitlines()) + printed
    return lines <= LINES + 3 and len(text.source.split()) <= WORDS // 2


def _has_image(cell: NotebookNode) -> bool:
    return any(kind.startswith("image/") for out in cell.outputs for kind in out.get("data", {}))


def _questions(source: str) -> str:
    """What a cell of predictions asks, as a quotation; nothing when it does anything else too."""
    asked = []
    for line in _statements(source):
        call = line.value if isinstance(line, ast.Assign) else None
        if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "predict"):
            return ""
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
    return "" if not asked else f"{_PREDICTION}.** " + text.replace("\n", "\n> ")


def _is_left_out(source: str) -> bool:
    if any(sign in source for sign in _LEFT_OUT):
        return True
    lines = _statements(source)
    return bool(lines) and all(isinstance(one, (ast.Import, ast.ImportFrom)) for one in lines)


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
