"""How much of MAMBA embedded players run: SCALE-MAMBA's own programs and its manual's listings.

``python -m benchmarks language FOLDER`` takes the folder of a checkout of SCALE-MAMBA, mends what
is Python 2 in its programs by rules, runs every program that computes modulo p and every listing
among three players, and prints what did not run and why. A program is right when it ends and all
its calls of ``test`` and ``test_mem`` hold; where these name no result, the one that counts is
what SCALE-MAMBA's own script expects: its ``Compiler/core.py``, on plain integers.

With ``--python2 PYTHON`` only those listings count that SCALE-MAMBA's compiler takes itself. The
players are those of the tests, in threads: a process for each would take minutes.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import itertools
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
P = 2**127 - 1
PATIENCE = 240  # seconds for one text
MANUAL = "Mamba.tex", "Advanced.tex"

# What a text needs that does not compute modulo p: garbled circuits and integers modulo 2^64.
_OTHER_WORLDS = re.compile(r"\b(sregint|sbit|GC|dabit|vdabit|get_random_dabit|ieee\w*)\b")
_MENDS = [
    (r"^(\s*)print +(?!\()(.+?);?$", r"\1print(\2)"),
    (r"\bxrange\b", "range"),
    (r"<>", "!="),
    (r"\b(\d+)[lL]\b", r"\1"),
    (r"\b(iteritems|itervalues|iterkeys)\b", lambda match: match[1][4:]),
    (r"^(\s*)from Compiler import .*$", r"\1pass"),
]


def main(arguments=None) -> int:
    """Print both tables; the exit status is 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks language", description=__doc__)
    parser.add_argument("folder", type=Path, help="a checkout of SCALE-MAMBA")
    parser.add_argument("--python2", help="a Python 2.7, which SCALE-MAMBA's compiler needs")
    parser.add_argument("--only", default="", help="only what has this in its name")
    options = parser.parse_args(arguments)
    if not (options.folder / "Programs").is_dir():
        parser.error(f"{options.folder} is no checkout of SCALE-MAMBA: it has no folder Programs")
    warnings.simplefilter("ignore", SyntaxWarning)  # of escapes in other people's strings
    programs = [p for p in find_programs(options.folder) if options.only in p.name]
    report("programs", {f"{path.parent.name}/{path.stem}": judge(path) for path in programs})
    listings = find_listings(options.folder, options.python2)
    report("listings", {n: outcome(text) for n, text in listings.items() if options.only in n})
    return 0


def report(what: str, results: dict[str, str]) -> None:
    """Print the results: "" for what is right, else the reason why not."""
    right = [name for name, reason in results.items() if not reason]
    print(f"\n{len(right)} of {len(results)} {what} are right: {', '.join(right)}")
    for name, reason in results.items():
        if reason:
            print(f"  {name}: {reason}")


# --- programs -----------------------------------------------------------------------------------


def find_programs(folder: Path) -> list[Path]:
    """The programs that compute modulo p, in part at least."""
    found = sorted(folder.glob("Programs/*/*.mpc"))
    parts = {
        match
        for path in found
        for match in re.findall(r'execfile\("(.+?)"\)', path.read_text("utf-8"))
    }
    return [
        path
        for path in found
        if not _only_elsewhere(path.read_text("utf-8"))
        and path.relative_to(folder).as_posix() not in parts
    ]


def _only_elsewhere(text: str) -> bool:
    return bool(_OTHER_WORLDS.search(text)) and not re.search(r"\b(sint|cint)\.push\b", text)


def judge(path: Path) -> str:
    """Why a program is not right; "" when it is."""
    text = mend(path.read_text("utf-8"), path.parents[2])
    with contextlib.suppress(Exception):  # without this help, only what the program says counts
        text = with_results(text, expected_results(path.parents[2], text))
    reason = outcome(text)
    if "crash()" in text and "the program ended itself" in reason:
        return ""  # as it should
    return reason


def mend(text: str, folder: Path | None = None) -> str:
    """A text of Python 2 in Python 3, as far as SCALE-MAMBA's programs need it."""
    text = text.expandtabs(8)
    if folder:
        text = re.sub(
            r'^execfile\("(.+?)"\)',
            lambda match: mend((folder / match[1]).read_text("utf-8")),
            text,
            flags=re.M,
        )
    for pattern, replacement in _MENDS:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return text


def outcome(text: str) -> str:
    """Why a text does not run among players; "" when it does."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_try, args=(text, theirs))
    process.start()
    ended = ours.poll(PATIENCE)
    reason = ours.recv() if ended else f"not ready after {PATIENCE} s"
    process.kill()
    process.join()
    return reason


def _try(text: str, answer) -> None:
    answer.send(_run(text))


def _run(text: str) -> str:
    # The players in threads are the tests'.
    for folder in (ROOT / "tests", ROOT / "tests" / "fakes"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    from mamba_players import run_program

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            run_program(text, [itertools.cycle([1, 0, 5]) for _ in range(3)])
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == "test.mpc"]
        where = f"line {lines[-1]}: " if lines else ""
        return f"{where}{type(error).__name__}: {str(error)[:150]}"
    return ""


# --- what SCALE-MAMBA expects -------------------------------------------------------------------


def expected_results(folder: Path, text: str) -> dict[int, object]:
    """The values that ``test`` is called with, by line, as SCALE-MAMBA's script emulates them."""
    core = mend((folder / "Compiler" / "core.py").read_text("utf-8"))
    core = re.sub(r"__(r?)div__", r"__\1truediv__", core).replace(
        "operator.div", "operator.floordiv"
    )
    names: dict = {"long": int, "__name__": "core", "divide": _python_2_division}
    exec("from functools import reduce", names)
    exec(_with_division(core, "core.py"), names)
    names["program"].P, names["program"].bit_length, names["program"].security = P, 64, 40
    found: dict[int, object] = {}

    def test(value, lower=None, upper=None, prec=None):
        found[sys._getframe(1).f_lineno] = value

    names |= {"test": test, "test_mem": lambda *_: None, "print_str": lambda *_: None}
    names["AdvInteger"] = names.get("AdvInteger")
    with contextlib.redirect_stdout(io.StringIO()):
        exec(_with_division(text, "program"), names)
    return found


def with_results(text: str, results: dict[int, object]) -> str:
    """The text, in which each call of ``test`` with one argument has its result as another."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "test"):
            continue
        if len(node.args) == 1 and not node.keywords and node.lineno in results:
            value = results[node.lineno]
            values = list(getattr(value, "v", [value]) or [value])
            if all(isinstance(v, (int, float)) and v == values[0] for v in values):
                plain = float(values[0]) if isinstance(values[0], float) else int(values[0])
                node.args.append(ast.parse(repr(plain), mode="eval").body)
    return ast.unparse(tree)


class _Division(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        call = ast.Call(ast.Name("divide", ast.Load()), [node.left, node.right], [])
        return ast.copy_location(call, node)


def _with_division(text: str, name: str):
    tree = ast.fix_missing_locations(_Division().visit(ast.parse(text)))
    return compile(tree, name, "exec")


def _python_2_division(a, b):
    plain = type(a) in (int, bool) and type(b) in (int, bool)
    return a // b if plain else a / b


# --- listings -----------------------------------------------------------------------------------


def find_listings(folder: Path, python2: str | None) -> dict[str, str]:
    """The manual's listings that compute modulo p, mended, by file and line."""
    listings = {}
    for file in MANUAL:
        text = (folder / "Documentation" / file).read_text("utf-8", errors="replace")
        for match in re.finditer(r"\\begin\{lstlisting\}(?:\[.*?\])?\n(.*?)\\end", text, re.S):
            name = f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
            if _OTHER_WORLDS.search(match[1]):
                continue
            if python2 is None or compiles(match[1], folder.resolve(), python2):
                listings[name] = mend(match[1])
    return listings


def compiles(text: str, folder: Path, python2: str) -> bool:
    """Whether SCALE-MAMBA's compiler takes a text."""
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "Programs" / "listing"
        program.mkdir(parents=True)
        (program / "listing.mpc").write_text(text, "utf-8")
        (Path(scratch) / "Data").mkdir()
        (Path(scratch) / "Data" / "SharingData.txt").write_text(f"{P}\n1\n")
        done = subprocess.run(
            [python2, "-B", folder / "compile-mamba.py", "Programs/listing"],
            cwd=scratch,
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
        )
    return done.returncode == 0
