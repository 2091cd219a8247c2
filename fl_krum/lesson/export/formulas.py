"""Formulas of a notebook's text as MathML: drawn by the browser, without a script."""

from __future__ import annotations

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


class MathMLRenderer(IPythonRenderer):
    """nbconvert's way from Markdown to HTML, with MathML where it leaves TeX to a script."""

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def _html_embed_images(self, html: str) -> str:
        # It parses each piece of HTML alone, and closes whatever ends in a later one: a <details>
        # before what is folded away in it, a <sub> before its letter.
        return super()._html_embed_images(html) if "<img" in html else html


def mathml(tex: str, display: str) -> str:
    """A formula in TeX as a ``<math>`` element; `display` is "inline" or "block"."""
    return convert(tex.strip(), display=display)


def markdown_to_html(text: str) -> str:
    """Markdown with formulas as HTML; images are put into the text itself."""
    renderer = MathMLRenderer(escape=False, embed_images=True, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(text)
