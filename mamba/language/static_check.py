"""What can be said of a program before it runs: every name that nobody knows, all at once.

A pass over the syntax tree of a ``.mpc`` file. It knows the names of the language, those of Python,
and those that the program defines; any other one is a mistake, and gets the nearest known name, or
what to write in its place when it belongs to another dialect. Nothing is executed. Whether a value
is secret, or an index in its range, is found out by running only.
"""

import ast
import builtins
import difflib
import dis
import re
import sys
from functools import cached_property
from typing import NamedTuple

from mamba.language.machine import Machine
from mamba.language.names import NOT_SUPPORTED, Missing, missing

# Names and methods of other dialects, and what says the same here.
ELSEWHERE = {
    "get_input_from": ("MP-SPDZ", "sint.get_private_input_from(player)"),
    "input_from": ("MP-SPDZ", "sint.get_private_input_from(player)"),
    "get_raw_input_from": ("MP-SPDZ", "sint.get_private_input_from(player)"),
    "for_range_opt": ("MP-SPDZ", "for_range"),
    "for_range_opt_multithread": ("MP-SPDZ", "for_range"),
    "if_": ("MP-SPDZ", "if_then(b) for a public bit, b.if_else(x, y) for a secret one"),
    "if_e": ("MP-SPDZ", "if_then(b) … else_then() … end_if()"),
    "while_": ("MP-SPDZ", "while_do"),
    "sbitint": ("MP-SPDZ", "sint"),
    "sbits": ("MP-SPDZ", "sint, also for bits"),
    "cbits": ("MP-SPDZ", "cint, also for bits"),
    "print_ln_to": ("MP-SPDZ", "x.reveal_to(player)"),
    "print_ln_if": ("MP-SPDZ", "if_then(b), print_ln(…), end_if()"),
    "reveal_list": ("MP-SPDZ", "x.reveal() for each element"),
    "secint": ("MPyC", "sint"),
    "secfxp": ("MPyC", "sfix"),
    "mpc": ("MPyC", "sint.get_private_input_from(player) and x.reveal()"),
    "sintbit": ("MP-SPDZ", "sint"),
    "input": ("Python", "sint.get_private_input_from(player)"),
}

PYTHON_2_NAMES = {
    "xrange": "range",
    "raw_input": "sint.get_private_input_from(player)",
    "unicode": "str",
    "basestring": "str",
    "long": "int",
    "unichr": "chr",
    "iteritems": "items",
    "itervalues": "values",
    "iterkeys": "keys",
    "has_key": "the operator in",
    "execfile": "exec(open(name).read())",
}

# Lines of Python 2 that Python 3 does not read: what is found, its name, what both read.
_PYTHON_2_LINES = [
    (r"^\s*print\s+[^\s(=.]", "the print statement", 'print_ln("%s", x), or print(x)'),
    (r"^\s*print\s*$", "the print statement", "print_ln()"),
    (r"^\s*exec\s+['\"\w]", "the exec statement", "exec(text)"),
    (r"^\s*raise\s+\w+\s*,", "raise with a comma", "raise Error(message)"),
    (r"^\s*except\s+[\w.]+\s*,\s*\w+\s*:", "except with a comma", "except Error as e:"),
    (r"<>", "the operator <>", "!="),
    (r"`[^`]+`", "backquotes", "str(x)"),
    (r"(?<![\w.])0[0-7]+(?![\w.])", "an octal number", "0o17"),
    (r"(?<![\w.])\d+[lL]\b", "a long integer", "the number without L"),
    (r"\bur['\"]", "a ur string", "a string without the prefix"),
]

_STRING = r"""'''[\s\S]*?'''|"{3}[\s\S]*?"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|#.*"""


class Problem(NamedTuple):
    """A mistake that was found: the line, counted from 1, and what is wrong with it."""

    line: int
    message: str


def check(text, names):
    """Every mistake in the text of a program that can be seen without running it.

    Parameters
    ----------
    text : str
    names : dict
        What `mamba.language.namespace` gives; the values are only asked for their attributes.

    Returns
    -------
    problems : list of Problem, by line
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return _syntax_problems(text, error)
    except ValueError as error:  # null bytes
        return [Problem(1, f"the program is not a text file: {error}")]
    names = {**names, "__name__": None, "__file__": None}
    known = _Known(tree, names)
    return _each_once(problem for node in ast.walk(tree) for problem in known.problems_of(node))


def _each_once(problems):
    """The problems by line; what is said of several lines is said of the first."""
    lines: dict[str, set[int]] = {}
    for line, message in problems:
        lines.setdefault(message, set()).add(line)
    found = []
    for message, all_lines in lines.items():
        first, *others = sorted(all_lines)
        shown = ", ".join(map(str, others[:5])) + ", …" * (len(others) > 5)
        found.append(Problem(first, f"{message} (also in line {shown})" if others else message))
    return sorted(found)


def nearest(name, known):
    """The known name that is most like this one, or None."""
    found = difflib.get_close_matches(name, [one for one in known if one != name], 1, 0.7)
    return found[0] if found else None


class _Known:
    """All names and attributes that something in a program may have."""

    def __init__(self, tree, names):
        self._names = names
        self._bound = set(_bound_names(tree))
        self._imports = any(_is_import(node) for node in ast.walk(tree))
        # A star import, and text that is executed, may define any name.
        self._star = "*" in self._bound or any(_executes_text(node) for node in ast.walk(tree))
        self._types = _types(names)
        self._attributes = {name for kind in self._types for name in dir(kind)}
        self._attributes |= set(_defined_attributes(tree))

    def problems_of(self, node):
        """The mistakes of one node of the tree, without its children."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield from self._name(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from self._attribute(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from self._import(node)

    def _name(self, node):
        name = node.id
        if name in self._bound or (self._star and name not in PYTHON_2_NAMES):
            return
        if name in NOT_SUPPORTED:
            yield Problem(node.lineno, missing(name))
        if name in self._names:
            return
        if name != "input" and hasattr(builtins, name):
            return
        yield Problem(node.lineno, self._advice(name) or self._unknown(name, self._all_names()))

    def _attribute(self, node):
        name, owner, value = node.attr, node.value, None
        is_call = isinstance(owner, ast.Call)  # sint(1).reveal
        owner = owner.func if isinstance(owner, ast.Call) else owner
        if isinstance(owner, ast.Name) and owner.id not in self._bound:
            value = self._names.get(owner.id)
        if isinstance(value, Missing):
            return  # whose own name is the mistake
        if isinstance(value, type) or (value is not None and not is_call):
            if not (hasattr(value, name) or name in self._set_by_methods):
                shown = f"{owner.id}.{name}" if isinstance(owner, ast.Name) else name
                yield Problem(node.lineno, self._missing(shown, name, dir(value)))
        elif not (name in self._attributes or self._imports or name in self._set_by_methods):
            yield Problem(node.lineno, self._missing(f".{name}", name, self._attributes))

    @cached_property
    def _set_by_methods(self):
        """Attributes that methods of the language's types give to their objects."""
        methods = (method for kind in self._types for method in vars(kind).values())
        codes = [getattr(method, "__code__", None) for method in methods]
        steps = (step for code in codes if code for step in dis.get_instructions(code))
        return {step.argval for step in steps if step.opname == "STORE_ATTR"}

    def _import(self, node):
        module = getattr(node, "module", None) or node.names[0].name
        if module.split(".")[0] == "Compiler":
            if module == "Compiler" and all(one.name in self._known_here for one in node.names):
                return
            unsupported = [missing(one.name) for one in node.names if one.name in NOT_SUPPORTED]
            yield Problem(
                node.lineno,
                unsupported[0]
                if unsupported
                else f"{module} is a part of SCALE-MAMBA's compiler, which is not here; the names "
                "of the language need no import",
            )

    @property
    def _known_here(self):
        """What the compiler has too and is here without an import, such as mpc_math."""
        return {name for name, value in self._names.items() if not isinstance(value, Missing)}

    def _all_names(self):
        return [*self._bound, *self._names, *dir(builtins)]

    def _missing(self, shown, name, known):
        """An attribute that is not there."""
        if advice := self._advice(name):
            return advice
        guess = nearest(name, [one for one in known if not one.startswith("_")])
        hint = f": did you mean '{guess}'?" if guess else ""
        return f"'{shown}' is not known to the embedded players{hint}"

    def _unknown(self, name, known):
        guess = nearest(name, known)
        if guess:
            return f"'{name}' is not defined: did you mean '{guess}'?"
        return f"'{name}' is not known to the embedded players, and the program does not define it"

    def _advice(self, name):
        """What to write instead of a name that is known from elsewhere."""
        if name in PYTHON_2_NAMES:
            return f"'{name}' is Python 2: write {PYTHON_2_NAMES[name]}"
        if name in ELSEWHERE:
            dialect, instead = ELSEWHERE[name]
            return f"'{name}' is {dialect}'s: here it is {instead}"
        return None


def _bound_names(tree):
    """Every name that the program gives a value somewhere; "*" when it may be any."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)


def _defined_attributes(tree):
    """Attributes that the program sets, and methods of its classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield node.attr
        elif isinstance(node, ast.ClassDef):
            yield from _bound_names(node)


def _types(names):
    """The types of all that the language knows, and Python's own."""
    types = {value for value in vars(builtins).values() if isinstance(value, type)}
    types |= {type(lambda: 0), type(_ for _ in ()), Machine}  # which get_tape gives
    for value in names.values():
        kind = value if isinstance(value, type) else type(value)
        types.add(kind)
        for module in {sys.modules.get(base.__module__) for base in kind.__mro__}:
            types |= {one for one in vars(module or object).values() if isinstance(one, type)}
    return types


def _is_import(node):
    """Whether a module of somebody else's is imported, whose objects may have any attribute."""
    if isinstance(node, ast.ImportFrom):
        return node.module not in ("__future__", "Compiler")
    return isinstance(node, ast.Import)


def _executes_text(node):
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in ("exec", "execfile", "eval")


def _syntax_problems(text, error):
    """What is no Python 3; Python 2 is named as that, on every line where it stands."""
    old = [
        Problem(number, f"this is Python 2, {what}: write {instead}")
        for number, line in enumerate(_without_strings(text).split("\n"), 1)
        for pattern, what, instead in _PYTHON_2_LINES
        if re.search(pattern, line)
    ]
    if any(problem.line == error.lineno for problem in old) or (old and _is_print(error)):
        return old
    message = error.msg or "invalid syntax"
    if isinstance(error, TabError):
        message = "tabs and spaces are mixed, which only Python 2 reads: take spaces"
    return [Problem(error.lineno or 1, message), *old]


def _is_print(error):
    return "call to 'print'" in (error.msg or "")


def _without_strings(text):
    """The code alone: strings are emptied but for their quotes, comments cut off; lines stay."""

    def empty(match):
        return match[0][0] * 2 + "\n" * match[0].count("\n") if match[0][0] != "#" else ""

    return re.sub(_STRING, empty, text)
