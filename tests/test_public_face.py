"""What `fl_krum` offers: every name is explained, has types, and its examples run as they are."""

import doctest
import importlib
import importlib.util
import inspect

import pytest

import fl_krum

FUNCTIONS = {name: value for name in fl_krum.__all__ if callable(value := getattr(fl_krum, name))}
MODULES = sorted({f"fl_krum.{home}" for home in fl_krum._HOMES.values()})
if importlib.util.find_spec("torch") is None:  # an extra
    MODULES.remove("fl_krum.federation.torch_model")
# Names whose modules have no example: tables, errors, and what prints what this machine has.
OTHERS = {"fl_krum.lesson.live_session"}


def parts(value):
    """A function, or a class with its public methods."""
    if getattr(value, "_is_protocol", False):  # what others write
        return []
    if not inspect.isclass(value):
        return [value]
    own = [name for name in vars(value) if not name.startswith("_")]
    return [value, *filter(inspect.isroutine, (getattr(value, name) for name in own))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_name_is_explained_and_has_types(name):
    for part in parts(FUNCTIONS[name]):
        assert inspect.getdoc(part), part
        signature = inspect.signature(part)
        untyped = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
        assert not {*untyped} - {"self", "cls"}, (part, untyped)
        assert inspect.isclass(part) or signature.return_annotation is not signature.empty, part


@pytest.mark.parametrize("module", [*MODULES, *OTHERS])
def test_examples_run(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0


def test_there_are_examples():
    modules = [importlib.import_module(module) for module in MODULES]
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = {
        test.name for module in modules for test in finder.find(module) if test.examples
    }
    assert {name.rpartition(".")[2] for name in with_examples} >= {
        "FederatedSession", "FixedPoint", "KrumProgram", "LocalPlayers", "krum", "run_program",
    }  # fmt: skip
