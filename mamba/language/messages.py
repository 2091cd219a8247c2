"""What an error says to whoever wrote the program: one line, with the line of the text.

Python's own words for a wrong operand or a name without a value are about objects; what is wrong
in a program is that something is secret, or not a part of the language.
"""

import ast
import linecache
import re
import traceback
from pathlib import Path

from mamba.language.static_check import nearest

SECRET = {"sint", "sfix"}
PUBLIC = {"cint", "regint", "cfix", "MemValue"}
_OPERANDS = re.compile(r"unsupported operand type\(s\) for (.+?): '(\w+)' and '(\w+)'")
_ORDER = re.compile(r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'")
_JOIN = re.compile(r'can only concatenate (\w+) \(not "(\w+)"\) to')
_UNARY = re.compile(r"bad operand type for (?:unary )?(\S+?)(?:\(\))?: '(\w+)'")
_INDEX = re.compile(r"(?:list|tuple|string|range object) (?:indices|index).*, not (\w+)")
_INTEGER = re.compile(r"'(\w+)' object cannot be interpreted as an integer")
_SUBSCRIPT = re.compile(r"'(\w+)' object (?:is not subscriptable|does not support item \w+)")
_LENGTH = re.compile(r"object of type '(\w+)' has no len\(\)")
_CALL = re.compile(r"'(\w+)' object is not callable")
_REAL = re.compile(r"real number(?: is required)?, not (\w+)|argument must be .*, not '(\w+)'")
# The language's names of what Python calls otherwise.
CLASSES = {
    "SharedInteger": "sint",
    "PublicInteger": "cint",
    "MachineInteger": "regint",
    "SharedFixedPoint": "sfix",
    "PublicFixedPoint": "cfix",
    "Array": "Array",
    "Matrix": "Matrix",
    "MemValue": "MemValue",
}
_NUMBERS = {"sint", "cint", "regint", "sfix", "cfix"}

OBLIVIOUS = "reveal it, or go through all places and choose by arithmetic"


def explain(error, path):
    """One line on an error, with the line of the program where it happened."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    message = _message(error, path)
    line = getattr(error, "line", None) or (frames[-1].lineno if frames else None)
    return message if line is None else at_line(path, line, message)


def at_line(path, line, message):
    """A message about one line of a program, which is quoted."""
    source = linecache.getline(str(path), line).strip()
    quoted = f" (in: {source})" if source else ""
    return f"{Path(path).name}, line {line}: {message}{quoted}"


def _message(error, path):
    if isinstance(error, UnboundLocalError):
        return _no_local_value(str(error))
    if isinstance(error, NameError):
        return _no_value(error.name, path)
    if isinstance(error, AttributeError) and error.name:
        return _no_attribute(error)
    message = str(error) or type(error).__name__
    if isinstance(error, KeyError):
        return f"the key {message} is not there"
    if isinstance(error, IndexError):
        return f"there is no item with that index ({message}); places are counted from 0"
    if isinstance(error, TypeError):
        return _type_error(message)
    if isinstance(error, RecursionError):
        return "a function calls itself without end"
    return message


def _no_value(name, path):
    """A name that has none at this moment; that somebody defines it was checked before."""
    lines = _assignments(name, "".join(linecache.getlines(str(path))))
    if not lines:
        return f"'{name}' is not known to the embedded players"
    where = ", ".join(map(str, lines))
    return f"'{name}' has no value here: it is given one in line {where}, later or in a function"


def _no_local_value(message):
    name = next(iter(re.findall(r"'(\w+)'", message)), "this name")
    return (
        f"'{name}' has no value yet in this function, which gives it one: the body of a loop is a "
        "function, and what it changes belongs into an Array"
    )


def _assignments(name, text):
    tree = ast.parse(text)
    return sorted(
        {
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        }
    )


def _no_attribute(error):
    owner = error.obj if isinstance(error.obj, type) else type(error.obj)
    if error.obj is None:
        return f"there is no '{error.name}' of None: what gave it returns nothing"
    guess = nearest(error.name, [name for name in dir(owner) if not name.startswith("_")])
    hint = f": did you mean '{guess}'?" if guess else ""
    known = "is not known to the embedded players"
    return f"'{owner.__name__}.{error.name}' {known}{hint}"


def _type_error(message):
    """Python's message on operands in the language's words; what is about calls stays."""
    if match := _OPERANDS.search(message) or _ORDER.search(message):
        return _operator(*match.groups())
    if match := _JOIN.search(message):
        return _operator("+", *match.groups())
    if match := _UNARY.search(message):
        hint = ": (x < 0).if_else(-x, x) is" if match[1] == "abs" else ""
        return f"{match[1]} of a {match[2]} is not known to the embedded players{hint}"
    if match := _INDEX.search(message) or _INTEGER.search(message):
        return _no_integer(match[1], message)
    if match := _SUBSCRIPT.search(message):
        if match[1] in _NUMBERS:
            return f"a {match[1]} has no elements to take by [ ]: use an Array"
    if match := _LENGTH.search(message):
        if match[1] in _NUMBERS:
            return f"a {match[1]} has no len(); x.size is the number of its elements"
    if match := _CALL.search(message):
        return (
            f"a {match[1]} cannot be called like a function: is an operator missing before the ('?"
        )
    if match := _REAL.search(message):
        kind = match[1] or match[2]
        if kind in SECRET:
            return f"a {kind} is secret: nothing in Python's hands is made of it before x.reveal()"
        return _no_integer(kind, message)
    return _call(message)


def _call(message):
    """Python's words on a call, with the language's names, and the object itself not counted."""
    message = re.sub(
        r"^(\w+)\.(\w+)\(\)",
        lambda match: (
            CLASSES.get(match[1], "") + (f".{match[2]}" if match[2] != "__init__" else "")
        ),
        message,
    ).removeprefix(".")

    def one_less(match):
        return re.sub(r"\d+", lambda number: str(int(number[0]) - 1), match[0])

    return re.sub(r"takes .* but \d+ w\w+ given", one_less, message)


def _operator(operator, left, right):
    operator = operator.split(" or ")[0]
    kinds = {left, right}
    shown = f"{left} {operator} {right}"
    if "NoneType" in kinds:
        return f"{shown}: one side is None, what a function gives that returns nothing (reveal_to)"
    if "function" in kinds or "method" in kinds or "builtin_function_or_method" in kinds:
        return f"{shown}: one side is a function; are its () missing?"
    if "float" in kinds and kinds & _NUMBERS:
        number = "/".join(sorted(kinds & _NUMBERS))
        way = f"scale the number, or take {'cfix' if number in ('cint', 'regint') else 'sfix'}"
        return f"{shown} is not possible: a {number} is an integer; {way}"
    if "str" in kinds:
        return f"{shown} is not possible: text is not a number; print_ln('%s', x) fills it in"
    return f"{shown} is not known to the embedded players"


def _no_integer(kind, message):
    if kind in SECRET:
        return f"a {kind} is secret, so it cannot be an index, a range or a size: {OBLIVIOUS}"
    if kind == "float":
        return "a float cannot be an index, range or size: write // for a division of integers"
    if kind in PUBLIC:
        return (
            f"a {kind} has its value only when the players run, so it cannot be a number of "
            "Python's: it can be an index of an Array, and count a for_range"
        )
    return message
