"""The text of a program as Python executes it: ``if_then`` becomes an ``if``.

``if_then(condition)``, ``else_then()`` and ``end_if()`` are calls, and a call cannot skip the
statements after it. SCALE-MAMBA compiles them into jumps; here the syntax tree is rewritten before
it is compiled to Python's code, every statement keeping its line. Changed are besides ``/`` between
Python integers, which rounds down, since MAMBA is written in Python 2; and ``or`` and ``and`` in
the condition of an if_then, and ``x or 0``: SCALE-MAMBA decides them when there are no values. And
``from Compiler import mpc_math``, which SCALE-MAMBA needs, brings here what is there already.
"""

import ast
import re

from mamba.language.vectors import Vector
from mamba.run_error import RunError

DIVIDE, OR, AND = "__divide__", "__or__", "__and__"
_REWRITTEN = re.compile(
    r"\b(if_then|else_then|end_if|or 0)\b|^[^#\n]*[^/]/[^/]|^\s*from Compiler\b", re.M
)


def compile_text(text, path):
    """Code object of the text of a ``.mpc`` file.

    Raises
    ------
    SyntaxError
        It is not Python.
    RunError
        Its branches do not begin and end in one block, or set Python names that are used later.
    """
    if not _REWRITTEN.search(text):  # nothing to do, which takes longer than to compile it
        return compile(text, str(path), "exec")
    tree = _Rewriter().visit(ast.parse(text, str(path)))
    return compile(ast.fix_missing_locations(tree), str(path), "exec")


def divide(a, b):
    """What ``/`` means in a program: between Python integers it rounds down."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    return a / b


def first_or(a, b):
    """``a or b()`` as compiled once: a public value `a` is an object, so it is `a`."""
    if not _is_public(a):
        return a or b()
    if a.known() == [0] and _known(b()) != [0]:
        raise RunError(
            "SCALE-MAMBA compiles this or before there are values, and takes what stands left of "
            "it, 0, though the right is not 0; or_(a, b) in a condition decides when players run"
        )
    return a


def last_and(a, b):
    """``a and b()`` as compiled once: of public values it is `b`."""
    if not _is_public(a):
        return a and b()
    b = b()
    if a.known() == [0] and _known(b) != [0]:
        raise RunError(
            "SCALE-MAMBA compiles this and before there are values, and takes what stands right of "
            "it, though the left is 0; and_(a, b) in a condition decides when players run"
        )
    return b


def _is_public(value):
    return isinstance(value, Vector) and hasattr(value, "known") and value.size == 1


def _known(value):
    return value.known() if _is_public(value) else [value]


class _Rewriter(ast.NodeTransformer):
    def generic_visit(self, node):
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list):
                setattr(node, name, _with_branches(statements))
        return super().generic_visit(node)

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return _division(node, node.left, node.right) if isinstance(node.op, ast.Div) else node

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "if_then":
            node.args = [_Conditions().visit(argument) for argument in node.args]
        return node

    def visit_BoolOp(self, node):
        """``x or 0`` is x, whatever that is."""
        self.generic_visit(node)
        default = node.values[-1]
        if isinstance(node.op, ast.Or) and len(node.values) == 2:
            if isinstance(default, ast.Constant) and default.value == 0:
                return _joined(node)
        return node

    def visit_ImportFrom(self, node):
        """Of the compiler only names of the language can be imported: the static check says so."""
        if node.module != "Compiler":
            return node
        new: list[ast.stmt] = [
            ast.Assign([ast.Name(one.asname, ast.Store())], ast.Name(one.name, ast.Load()))
            for one in node.names
            if one.asname
        ]
        return [ast.copy_location(one, node) for one in new or [ast.Pass()]]

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if not (isinstance(node.op, ast.Div) and isinstance(node.target, ast.Name)):
            return node
        before = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
        value = _division(node, before, node.value)
        return ast.copy_location(ast.Assign([node.target], value), node)


class _Conditions(ast.NodeTransformer):
    """The ``or`` and ``and`` of an if_then, where nothing is called that could open a secret."""

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        calls = (isinstance(part, ast.Call) for part in ast.walk(node))
        return node if any(calls) else _joined(node)


def _joined(node):
    name, result = OR if isinstance(node.op, ast.Or) else AND, node.values[0]
    for other in node.values[1:]:
        nothing = ast.arguments([], [], None, [], [], None, [])
        later = ast.copy_location(ast.Lambda(nothing, other), node)
        result = _call(name, node, [result, later])
    return result


def _division(node, left, right):
    return _call(DIVIDE, node, [left, right])


def _call(function, node, arguments):
    name = ast.copy_location(ast.Name(function, ast.Load()), node)
    return ast.copy_location(ast.Call(name, arguments, []), node)


def _with_branches(statements):
    """A block whose calls of if_then are if statements."""
    block, rest = _block(list(statements), None)
    if rest:
        raise _error(rest[0], f"{_called(rest[0])} without an if_then before it in the same block")
    return block


def _block(statements, opened):
    """The statements up to the end of a branch, and those from there on."""
    block: list[ast.stmt] = []
    while statements:
        name = _called(statements[0])
        if name in ("else_then", "end_if"):
            return block, statements
        statement = statements.pop(0)
        if name == "if_then":
            statement, statements = _branch(statement, statements)
        block.append(statement)
    if opened is not None:
        raise _error(opened, "if_then without an end_if after it in the same block")
    return block, []


def _branch(opening, statements):
    body, statements = _block(statements, opening)
    other = []
    if _called(statements[0]) == "else_then":
        other, statements = _block(statements[1:], opening)
        if _called(statements[0]) == "else_then":
            raise _error(statements[0], "a second else_then for one if_then")
    rest = statements[1:]
    _check_names(body + other, rest)
    empty = ast.copy_location(ast.Pass(), opening)
    return ast.copy_location(ast.If(opening.value, body or [empty], other), opening), rest


def _check_names(branch, rest):
    """RunError when a branch binds a Python name that is used after it."""
    bound: dict[str, ast.AST] = {}
    for statement in branch:
        for node in _in_scope(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.setdefault(node.id, node)
    for statement in rest:
        used = {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        for name in used & bound.keys():
            raise _error(
                bound[name],
                f"the Python name {name} is bound in a branch and used after it (line "
                f"{statement.lineno}), but SCALE-MAMBA binds it when it compiles the text, "
                "whatever the condition is; use a MemValue",
            )
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                for node in ast.walk(target):
                    if isinstance(node, ast.Name):
                        bound.pop(node.id, None)
        elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            bound.pop(statement.name, None)


def _in_scope(node):
    """The nodes of a statement that belong to the same function as it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp)):
            yield from _in_scope(child)


def _called(statement):
    """Name of the function that a statement is a call of."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        return function.id if isinstance(function, ast.Name) else None
    return None


def _error(node, message):
    return RunError(message, node.lineno)
