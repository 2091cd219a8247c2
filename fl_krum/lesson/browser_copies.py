"""Copies of the notebooks for a browser, where Python is Pyodide: no processes, and no threads.

Notebooks 1, 2, 3 and 4 run there, all but the cells that start players or a hand-in of the contest,
and those that need what came of it. In a copy such a cell is a sentence instead, with links to
where it does run. The other notebooks are about players from the first cell on.

Checks of exercises run without a time limit there, since a limit takes a thread: a student's
endless loop is ended with the kernel.
"""

from __future__ import annotations

import ast
import json
import re
import symtable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .lab_copies import copy_reading, find_notebooks, fit, without_outputs

NOTEBOOKS = ("01", "02", "03", "04")
#: What starts a process when it is called.
STARTS = {
    "LocalPlayers", "run_program", "watch_cheat", "CheatPanel", "LiveSession", "SessionPanel",
    "try_rule", "try_attack",
}  # fmt: skip
_FIRST_CELL = """\
%matplotlib inline
import piplite

await piplite.install(["fl_krum", "ipywidgets", "pygments"])  # takes a minute at the first time

# Each check of an exercise notes in results.json whether it was passed, after how many tries, and
# nothing else. Hand it in if you are asked to.
from fl_krum.lesson.prediction import keep_predictions
from fl_krum.lesson.results import keep_results

keep_results()
keep_predictions()  # they are there again after a restart; nobody else needs them
"""

Place = tuple[str, str]  # what a link says, and where it leads


def make_browser_copies(root: Path, folder: Path, places: dict[str, list[Place]]) -> list[Path]:
    """Write the copies into a folder, with what they link to.

    Parameters
    ----------
    root : Path
        Where the notebooks are, in the folder ``notebooks``.
    folder : Path
        Is made if need be.
    places : dict of str to list of Place
        For each notebook's name where else it can be run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copy_reading(root, folder)
    written = []
    for path in find_notebooks(root):
        if path.name[:2] in NOTEBOOKS:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            target = folder / path.name
            content = browser_copy(notebook, places.get(path.name, []))
            target.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
            written.append(target)
    return written


def browser_copy(notebook: dict[str, Any], places: Sequence[Place] = ()) -> dict[str, Any]:
    """One notebook as it runs in a browser."""
    result = without_outputs(notebook)
    left_out, cells = need_processes(result["cells"]), []
    for number, cell in enumerate(result["cells"]):
        if number not in left_out:
            cells.append(cell)
        elif number - 1 not in left_out:
            cells.append(_instead(cell, places))
    result["cells"] = cells
    fit(result, lambda text: _FIRST_CELL)
    return result


def need_processes(cells: list[dict[str, Any]]) -> set[int]:
    """Which cells of a notebook cannot run without processes, by their numbers.

    Those that call one of `STARTS`; those that use a name which only such cells bind; and
    predictions that are compared in no other cell than these.
    """
    used = [_names(cell) for cell in cells]
    found: set[int] = set()
    here: set[str] = set()  # what the cells that do run have bound
    missing: set[str] = set()
    for number, (bound, read, called) in enumerate(used):
        if called & STARTS or read & (missing - here):
            found.add(number)
            missing |= bound
        else:
            here |= bound
    for number, (bound, _, called) in enumerate(used):
        readers = {other for other in range(number + 1, len(used)) if bound & used[other][1]}
        if called == {"predict"} and readers <= found:
            found.add(number)
    return found


def _names(cell: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """Names that a cell binds, those that it needs from other cells, and those that it calls."""
    text = "".join(cell["source"])
    if cell["cell_type"] != "code":
        return set(), set(), set()
    if text.startswith("%%mamba"):
        return set(re.findall(r"--output (\w+)", text)), set(), {"run_program"}
    text = re.sub(r"^%.*$", "", text, flags=re.M)
    calls = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    called = {function.id for function in calls if isinstance(function, ast.Name)}
    top = symtable.symtable(text, "cell", "exec")
    symbols = top.get_symbols()
    bound = {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}
    bound |= {one.get_name() for one in symbols if one.is_namespace()}
    read = {one.get_name() for one in symbols if one.is_referenced()} - bound
    tables = list(top.get_children())
    while tables:  # functions, and comprehensions, read what is outside of them
        table = tables.pop()
        tables += table.get_children()
        read |= {one.get_name() for one in table.get_symbols() if one.is_global()} - bound
    return bound, read, called


def _instead(cell: dict[str, Any], places: Sequence[Place]) -> dict[str, Any]:
    """The sentence in place of a cell, or of several on end."""
    where = [f"[{name}]({address})" for name, address in places]
    where.append("your own machine, after `pip install fl_krum` and `fl-krum lab`")
    text = (
        "*What follows here starts processes, which a browser does not have. It runs on "
        f"{', '.join(where[:-1])}{' or on ' if where[1:] else ''}{where[-1]}.*"
    )
    made = {"cell_type": "markdown", "metadata": {}, "source": [text]}
    return made | ({"id": cell["id"]} if "id" in cell else {})
