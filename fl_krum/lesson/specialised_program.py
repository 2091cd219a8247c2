"""``krum.mpc`` for a reader of one setting: without the branches that its parameters rule out.

A generated program still has what other parameters would need: Multi-Krum beside Krum, two ways to
rank neighbours, a check of long vectors beside that of short ones. Here whatever the parameters
decide is decided, in the text itself, and functions that are then never called are left out. What
is left is the text that the players would execute anyway, line by line, comments included.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from ..program.krum_program import KrumProgram


def specialised(program: KrumProgram) -> str:
    """Return the text of a program without what its own parameters rule out.

    Parameters
    ----------
    program : KrumProgram

    Returns
    -------
    str
        A program with the same parameters, which does the same.
    """
    source = program.source()
    before = None
    while source != before:  # a decision may lay another one open, or leave a function unused
        before = source
        source = _without_leftovers(_with_decisions(source))
    return re.sub(r"\n{4,}", "\n\n\n", source)


def functions(source: str, *names: str) -> str:
    """The text of some functions of a program, in this order.

    Raises
    ------
    ValueError
        There is no function of this name.
    """
    found = {one.name: one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)}
    lines, texts = source.splitlines(), []
    for name in names:
        if name not in found:
            raise ValueError(f"the program has no function {name}")
        texts.append("\n".join(lines[found[name].lineno - 1 : found[name].end_lineno]))
    return "\n\n\n".join(texts) + "\n"


def _with_decisions(source: str) -> str:
    """Decide every `if` and `while` whose test the parameters decide."""
    tree = ast.parse(source)
    constants, lowest = _constants(tree), len(source)
    for node, local in sorted(_branches(tree, frozenset()), key=lambda one: -one[0].lineno):
        known = {name: value for name, value in constants.items() if name not in local}
        holds = _decided(node.test, known)
        if holds is None or (isinstance(node, ast.While) and holds) or node.end_lineno >= lowest:
            continue  # where something below it was changed, it waits for the next time
        kept, lowest = node.body if holds else node.orelse, node.lineno
        replaced = _replaced_expression if isinstance(node, ast.IfExp) else _replaced_statement
        source = replaced(source, node, kept)
    return source


def _decided(test: ast.expr, known: dict[str, object]) -> bool | None:
    """Whether a test holds; None where it takes more than what is known."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        parts = [_decided(part, known) for part in test.values]
        return False if False in parts else None if None in parts else True
    names = {one.id for one in ast.walk(test) if isinstance(one, ast.Name)}
    return bool(_value(test, known)) if names and names <= known.keys() else None


def _branches(node: ast.AST, local: frozenset[str]) -> Iterator[tuple]:
    """Every `if` and `while` below a node, with the names that are local where it stands."""
    if isinstance(node, ast.FunctionDef):
        own = {one.arg for one in node.args.args}
        own |= {one.id for one in ast.walk(node)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}  # fmt: skip
        local = local | own
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield node, local
    for child in ast.iter_child_nodes(node):
        yield from _branches(child, local)


def _constants(tree: ast.Module) -> dict[str, object]:
    """Names that are set once, at the top, to what follows from the parameters alone."""
    known: dict[str, object] = {}
    stores = [one.id for one in ast.walk(tree)
              if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]  # fmt: skip
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            try:
                known[name] = _value(statement.value, known)
            except Exception:  # it takes a word of the players
                continue
    # What a function has as a name of its own is looked at where the branch stands.
    return {name: value for name, value in known.items() if stores.count(name) == 1}


def _value(expression: ast.expr, names: dict[str, object]):
    """What an expression of the program's own text is, given these names."""
    return eval(compile(ast.Expression(expression), "krum.mpc", "eval"), {**names})


def _replaced_expression(source: str, node: ast.IfExp, kept: ast.expr) -> str:
    lines = source.splitlines(keepends=True)
    line = lines[node.lineno - 1]
    start, end = _column(line, node.col_offset), _column(line, node.end_col_offset or 0)
    if line[:start].endswith(" (") and line[end:].startswith(")") and isinstance(kept, ast.Call):
        start, end = start - 1, end + 1
    text = ast.get_source_segment(source, kept) or ""
    lines[node.lineno - 1] = line[:start] + text + line[end:]
    return "".join(lines)


def _replaced_statement(source: str, node: ast.If | ast.While, kept: list[ast.stmt]) -> str:
    lines = source.splitlines(keepends=True)
    body: list[str] = []
    if kept:
        # From the line after the test, or after "else:", so that comments stay.
        begin = node.lineno if kept is node.body else (node.body[-1].end_lineno or 0) + 1
        text = textwrap.dedent("".join(lines[begin : kept[-1].end_lineno]))
        body = textwrap.indent(text, " " * node.col_offset).splitlines(keepends=True)
    lines[node.lineno - 1 : node.end_lineno] = body
    return "".join(lines)


def _without_leftovers(source: str) -> str:
    """Leave out what is of no use any more: what stands behind a `return`, a function that nothing
    calls, an array that nothing reads.
    """
    tree, lines = ast.parse(source), source.splitlines(keepends=True)
    used = {one.id for one in ast.walk(tree)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}  # fmt: skip
    for node in reversed(tree.body):
        first = 0
        if isinstance(node, ast.FunctionDef):
            ends = [place for place, one in enumerate(node.body) if isinstance(one, ast.Return)]
            if not node.decorator_list and node.name not in used:
                first = node.lineno
            elif ends and ends[0] + 1 < len(node.body):
                first = node.body[ends[0] + 1].lineno
        elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Array("):
            first = node.lineno if ast.unparse(node.targets[0]) not in used else 0
        if first:
            del lines[first - 1 : node.end_lineno]
    return "".join(lines)


def _column(line: str, offset: int) -> int:
    """A place in a line, which `ast` counts in bytes of UTF-8."""
    return len(line.encode()[:offset].decode())
