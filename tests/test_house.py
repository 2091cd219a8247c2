"""The house: which room may import which, and that its documents speak of files that are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from repository import ROOT

import fl_krum

# Every room and what it may import, floor by floor from the ground: a room imports downwards only.
# `players/scale_mamba` belongs to the room players. `__init__` has no imports, so all may read it.
ROOMS = {
    "fl_krum": set(),
    "fl_krum.aggregators": set(),
    "fl_krum.program": {"aggregators"},
    "fl_krum.federation": {"aggregators", "program"},
    "fl_krum.players": {"aggregators", "program"},
    "fl_krum.plots": {"aggregators", "program"},
    "fl_krum.experiments": {"aggregators", "program", "federation", "players", "plots"},
    "fl_krum.lesson": {"aggregators", "program", "federation", "players"},
    "fl_krum.lesson.widgets": {
        "aggregators", "program", "federation", "players", "plots", "lesson",
    },
    "fl_krum.flower": {"program", "players"},
    "fl_krum.contest": {"aggregators", "program", "federation", "lesson"},
    "fl_krum.cli": {
        "aggregators", "program", "federation", "players", "plots", "experiments", "lesson",
        "contest",
    },
    "fl_krum.__main__": {"players", "cli"},
    "mamba": set(),
    "mamba.language": {"mamba"},
    "mamba.player": {"mamba", "mamba.language"},
    "mamba.fork_server": {"mamba.player"},
}  # fmt: skip
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/**/*.md")]


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {
    name_of(file): file for top in ("fl_krum", "mamba") for file in ROOT.glob(f"{top}/**/*.py")
}


def may_import(room: str) -> set[str]:
    """The rooms below it, by their full names."""
    return {name if name.startswith("mamba") else f"fl_krum.{name}" for name in ROOMS[room]}


def room_of(module: str) -> str:
    """The longest name in ROOMS that the module lies in."""
    return max((r for r in ROOMS if f"{module}.".startswith(f"{r}.")), key=len)


@cache
def imports_of(module: str) -> set[str]:
    """Modules of this project that it imports, anywhere in the file, relative names resolved."""
    file, found = FILES[module], set()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                found.add(inner if inner in FILES else source)
    return {name for name in found if name.split(".")[0] in ("fl_krum", "mamba")}


def test_every_import_is_of_a_module_that_is_there():
    for module in FILES:
        assert imports_of(module) <= FILES.keys(), module


def test_rooms_are_listed_floor_by_floor():
    below = set()
    for room in ROOMS:
        assert may_import(room) <= below, room
        below.add(room)


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_from_its_room_and_rooms_that_it_may(module):
    room = room_of(module)
    allowed = {room, *may_import(room)}
    if not room.startswith("mamba"):
        allowed.add("fl_krum")  # the face; that fl_krum has no imports itself is tested too
    assert {room_of(name) for name in imports_of(module)} <= allowed


def test_no_modules_import_each_other_in_a_circle():
    done, path = set(), []

    def visit(module):
        assert module not in path, f"circle: {' → '.join([*path[path.index(module) :], module])}"
        if module not in done:
            path.append(module)
            for name in sorted(imports_of(module) - {module}):
                visit(name)
            done.add(path.pop())

    for module in FILES:
        visit(module)


def test_nothing_but_rooms_at_the_root_of_the_package():
    rooms = {name.split(".")[1] for name in ROOMS if name.startswith("fl_krum.")} - {"__main__"}
    there = {path.name for path in (ROOT / "fl_krum").iterdir()} - {"__pycache__"}
    assert there == rooms | {"__init__.py", "__main__.py", "py.typed"}


@pytest.mark.parametrize("package", ["mamba", "mamba/language"])
def test_every_file_of_mamba_is_in_its_table_of_contents(package):
    listed = re.findall(r"^``(\w+\.py)``", (ROOT / package / "__init__.py").read_text(), re.M)
    files = {file.name for file in (ROOT / package).glob("*.py")} - {"__init__.py"}
    assert sorted(listed) == sorted(files)


def test_the_tests_mirror_the_rooms():
    rooms = {name.split(".")[1] for name in ROOMS if name.startswith("fl_krum.")} - {"__main__"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert rooms | {"mamba"} == folders - {"fakes", "vectors", "__pycache__"}


@cache
def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_of_documents_resolve(document):
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = link.partition("#")
            target = document.parent / path if path else document
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_that_documents_name_are_there(document):
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:fl_krum|mamba|tests|docs|notebooks)/[\w./]+)`", text):
        assert (ROOT / name).exists(), name


def test_each_page_of_docs_is_in_the_index():
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    for page in [*ROOT.glob("docs/*.md"), *ROOT.glob("notebooks/*.ipynb")]:
        assert page.name == "index.md" or f"{page.name})" in index, page.name


def test_one_version_everywhere():
    changes = re.findall(
        r"^## (\S+): (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    citation = (ROOT / "CITATION.cff").read_text()
    assert changes[0] == (
        fl_krum.__version__,
        re.search(r"^date-released: (.+)$", citation, re.M)[1],
    )
    assert f"\nversion: {fl_krum.__version__}\n" in citation


def test_make_readme_and_pre_commit_run_the_same_checks():
    make = [re.sub(r"^\t\$\(BIN\)/", "", line) for line in _lines_of_make_test()]
    checks = [line for line in make if line.startswith(("ruff", "mypy"))]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\.venv/bin/((?:ruff|mypy).*)$", readme, re.M) == checks
    hooks = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert hooks == checks
    (notebooks,) = (line.split(" ", 1)[1] for line in make if line.endswith(" notebooks"))
    assert f"\n.venv/bin/python -m pytest {notebooks}\n.venv/bin/python -m pytest tests\n" in readme


def test_the_parts_of_make_test_leave_no_test_out_and_run_none_twice():
    parts = re.findall(r"^\t\$\(PYTEST\) (tests.*)$", "\n".join(_lines_of_make_test()), re.M)
    split = [part.split(" --ignore ") for part in parts]
    left_to_others = sorted(folder for _, *without in split for folder in without)
    folders = [folder for some, *_ in split for folder in some.split()]
    assert left_to_others == sorted(folder for folder in folders if folder != "tests")
    assert folders.count("tests") == 1


def _lines_of_make_test() -> list[str]:
    makefile = (ROOT / "Makefile").read_text()
    parts = re.search(r"^PARTS := (.+)$", makefile, re.M)[1].split()
    recipes = [re.search(rf"^{part}:.*\n((?:\t.*\n)+)", makefile, re.M)[1] for part in parts]
    return "".join(recipes).splitlines()
