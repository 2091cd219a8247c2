"""The two forms: `slides` and a `page`, each one file of HTML with everything in it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter, SlidesExporter

from .formulas import markdown_to_html
from .slides import as_slides

WIDTH, HEIGHT = 1024, 768  # of a slide: what old projectors have
_HERE = Path(__file__).parent


def slides(notebook: Path) -> str:
    """The slides of a notebook."""
    exporter = _exporter(SlidesExporter, "slides.html.j2")
    content = as_slides(_read(notebook))
    resources = {"fl_krum": {"width": WIDTH, "height": HEIGHT, **reveal_js()}}
    return _export(exporter, content, resources, notebook)


def page(notebook: Path) -> str:
    """A notebook as a page to read, as it is committed: with its outputs."""
    content = _read(notebook)
    return _export(_exporter(HTMLExporter, "page.html.j2"), content, {}, notebook)


def reveal_js() -> dict[str, str]:
    """Script, style and theme of reveal.js, from the package sphinx-revealjs.

    Raises
    ------
    ModuleNotFoundError
        It is not installed.
    """
    package = find_spec("sphinx_revealjs")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("no sphinx_revealjs", name="sphinx-revealjs")
    dist = Path(package.submodule_search_locations[0]) / "_static/revealjs/dist"
    names = {"script": "reveal.js", "style": "reveal.css", "reset": "reset.css"}
    return {name: (dist / file).read_text(encoding="utf-8") for name, file in names.items()}


def _read(path: Path) -> nbformat.NotebookNode:
    """A notebook, of format 4 whatever it was; ValueError for what is none."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except OSError:
        raise
    except Exception as error:  # nbformat raises what it meets
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ValueError(f"{path} is not a notebook: {reason}") from None
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _links(cell.source)
    return notebook


def _links(text: str) -> str:
    """No link to what is not beside the new file: to other notebooks, which are, but not above."""
    text = re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", text)
    return re.sub(r"(\]\([\w-]+)\.ipynb\b", r"\1.html", text)


def _exporter(kind, template: str):
    class WithFormulas(kind):
        def default_filters(self):
            yield from super().default_filters()
            yield "markdown2html", markdown_to_html

    exporter = WithFormulas(embed_images=True)
    exporter.raw_template = (_HERE / template).read_text(encoding="utf-8")
    return exporter


def _export(exporter, content, resources: dict[str, Any], notebook: Path) -> str:
    resources |= {"metadata": {"name": _title(content, notebook), "path": str(notebook.parent)}}
    body, _ = exporter.from_notebook_node(content, resources=resources)
    return body


def _title(content, notebook: Path) -> str:
    """The first heading."""
    for cell in content.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            return cell.source.splitlines()[0][2:].replace("*", "").replace("`", "")
    return notebook.stem
