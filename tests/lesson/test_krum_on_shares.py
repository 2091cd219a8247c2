"""Krum on toy shares as it stands in notebook 3, against the definition and frozen vectors."""

import json
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repository import ROOT

from fl_krum import krum
from fl_krum.lesson.program_sections import TWINS
from fl_krum.lesson.toy_comparison import less_than
from fl_krum.lesson.toy_shares import Computation

NOTEBOOK = ROOT / "notebooks" / "03_shares_by_hand.ipynb"
V1 = [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]]  # confirmed with Flower and ByzFL: index 2


@pytest.fixture(scope="module")
def cells():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def krum_on_shares(cells):
    source = next(
        text
        for cell in cells
        if (text := "".join(cell["source"])).startswith("def squared_distance")
    )
    assert source.partition("def krum_on_shares")[2].count("\n") < 20
    scope = {"combinations": combinations}
    exec(source, scope)
    return scope["krum_on_shares"]


def test_the_twins_of_krum_mpc_are_its_lines(cells):
    lines = {line.strip() for cell in cells for line in "".join(cell["source"]).split("\n")}
    for title, twin in TWINS.items():
        assert {line.strip() for line in twin.split("\n")} <= lines, title


def run(program, X, f, k):
    """Its result as signed numbers, and how many numbers were opened beside it."""
    computation = Computation(len(X), p=2**61 - 1, rng=Random(1))
    shared = [[computation.share(int(word)) for word in row] for row in X]
    result = program(shared, f, lambda a, b: less_than(a, b, k, security=25))
    half = computation.p // 2
    opened = len(computation.opened) - len(result)
    return [value - computation.p * (value > half) for value in result], opened


def test_frozen_vectors(krum_on_shares):
    result, opened = run(krum_on_shares, V1, 1, 14)
    assert result == V1[2]
    assert opened == 5 * 6 + 5 * 4 + 10  # one number a comparison


@settings(max_examples=4)
@given(st.lists(st.lists(st.integers(-4, 4), min_size=2, max_size=2), min_size=5, max_size=5))
def test_it_is_krum_ties_included(krum_on_shares, X):
    result, _ = run(krum_on_shares, X, 1, 11)
    assert result == krum(np.array(X), 1).vector.tolist()


def test_three_clients_always_tie(krum_on_shares):
    result, _ = run(krum_on_shares, [[0], [5], [7]], 0, 8)
    assert result == [5]
