"""Results that nobody has asked for yet: found together, in the same order on all players."""

import random
from unittest import mock

import numpy as np
import pytest
from clear_language import run_clear
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mamba_players import run_program

from fl_krum.aggregators.krum import krum
from fl_krum.program.krum_program import TEMPLATE, KrumProgram
from mamba import comparison
from mamba.language import waiting

SHORT = TEMPLATE.with_name("krum_short.mpc")

LISTS = """\
a = [sint.get_private_input_from(1) for _ in range(100)]
b = sint.get_private_input_from(2)
sum([x < b for x in a]).reveal_to(0)
"""
ARRAYS = """\
a, smaller = Array(100, sint), Array(100, sint)
@for_range(100)
def read(i):
    a[i] = sint.get_private_input_from(1)
b = sint.get_private_input_from(2)
@for_range(100)
def compare(i):
    smaller[i] = a[i] < b
total = Array(1, sint)
@for_range(100)
def add(i):
    total[0] += smaller[i]
total[0].reveal_to(0)
"""


@pytest.mark.parametrize("text", [LISTS, ARRAYS])
def test_a_hundred_comparisons_take_as_many_rounds_as_one(text):
    one = run_program(text.replace("100", "1"), [[], [7], [50]])[0]
    words = [[], list(range(100)), [50]]
    many = run_program(text, words)
    assert many[0].outputs == [50] and one.outputs == [1]
    assert max(seen.rounds for seen in many) == one.rounds


def test_what_is_computed_with_them_waits_too():
    """The second comparison of each number depends on the first: two levels."""
    text = """\
a = [sint.get_private_input_from(1) for _ in range({n})]
high = [(x < 5).if_else(5, x) for x in a]
both = [(x < 8).if_else(x, 8) for x in high]
for x in both:
    x.reveal_to(0)
"""
    one, many = (run_program(text.format(n=n), [[], [3, 6, 9, 12][:n], []])[0] for n in (1, 4))
    assert many.outputs == [5, 6, 8, 8] and many.rounds == one.rounds


def test_products_that_are_settled_are_found_together():
    text = "x = sint.get_private_input_from(1)\nfor _ in range({n}):\n    y = sint(x * x)\n"
    text += "    store.append(y)\nsum(store).reveal_to(0)"
    one, many = (run_program("store = []\n" + text.format(n=n), [[], [3], []])[0] for n in (1, 40))
    assert many.outputs == [360] and many.rounds == one.rounds


def test_what_nobody_asks_for_is_not_computed():
    text = "x = sint.get_private_input_from(1)\n{line}\nx.reveal_to(0)"
    bare, idle = (
        run_program(text.format(line=line), [[], [3], []])[0] for line in ("", "y = x < 5")
    )
    assert idle.rounds == bare.rounds and idle.outputs == [3]


# --- random programs ------------------------------------------------------------------------------

STEPS = [
    "v.append(v[{a}].less_than(v[{b}], 30, 40))",
    "v.append(1 - v[{a}].less_than({c}, 30, 40))",
    "v.append(v[{a}].less_than(v[{b}], 30, 40) * v[{b}])",
    "v.append(v[{a}].less_than(v[{b}], 30, 40) * v[{a}] + v[{b}])",
    "v.append(sint(v[{a}].less_than({c}, 30, 40) * v[{b}]))",
    "v.append({c} * v[{a}] - v[{b}])",
    "v.append(v[{a}] - v[{b}])",
    "v[{a}].store_in_mem({c})",
    "v[{a}].less_than(v[{b}], 30, 40).store_in_mem({c})",
    "v.append(sint.load_mem({c}))",
    "sint.load_mem({c}, size=3).store_in_mem({a})",
    "v[{a}].reveal_to({c} % 3)",
    "v.append(sint.get_private_input_from(1 + {c} % 2))",
]


@st.composite
def programs(draw):
    lines = ["v = [sint.get_private_input_from(1 + k % 2) for k in range(4)]"]
    places = st.integers(0, 3)
    for _ in range(draw(st.integers(1, 14))):
        step = draw(st.sampled_from(STEPS))
        lines.append(step.format(a=draw(places), b=-1 - draw(places), c=draw(st.integers(0, 6))))
    return "\n".join([*lines, "for x in v[-3:]:", "    x.reveal_to(0)"])


@pytest.mark.parametrize("most", [waiting.MOST, 3])
@pytest.mark.parametrize(("players", "threshold"), [(3, 1), (5, 1)])
@given(programs(), st.integers(0, 2**32))
@settings(
    max_examples=settings.default.max_examples // 5, suppress_health_check=[HealthCheck.too_slow]
)
def test_random_programs_agree_with_the_same_text_in_the_clear(
    players, threshold, most, source, seed
):
    """Also where some players hold no shares, and where not much may wait."""
    draw = random.Random(seed)
    words = [[], *([draw.randrange(10) for _ in range(40)] for _ in range(2))]
    words += [[]] * (players - 3)
    with mock.patch.object(waiting, "MOST", most):
        seen = run_program(source, words, threshold=threshold)
    assert [one.outputs for one in seen] == run_clear(source, words)


# --- errors and lines -----------------------------------------------------------------------------


def test_a_length_that_does_not_fit_is_an_error_of_the_comparison_itself():
    with pytest.raises(ValueError, match="needs 241 bits"):
        run_program("x = sint(1).less_than(2, 200)\nraise RuntimeError('too late')", [[]] * 3)


def test_an_error_on_the_way_names_the_line_of_the_comparison(monkeypatch):
    def fails(*_):
        raise ValueError("of a protocol")

    monkeypatch.setattr(comparison, "less_than_zero", fails)
    with pytest.raises(ValueError, match="of a protocol") as caught:
        run_program("x = sint(3)\ny = x < 5\nz = y + 1\nz.reveal_to(0)", [[]] * 3)
    assert caught.value.line == 2


# --- Krum, number by number -----------------------------------------------------------------------


def short_krum(n, f, d):
    text = SHORT.read_text(encoding="utf-8")
    line = "n, f, d, bits, security = 7, 2, 5, 28, 40"
    assert text.count(line) == 1
    return text.replace(line, f"n, f, d, bits, security = {n}, {f}, {d}, 28, 40")


@pytest.mark.parametrize(("n", "f", "d", "largest"), [(7, 2, 5, 2**28), (5, 1, 2, 3), (4, 0, 1, 2)])
def test_krum_number_by_number_is_krum_ties_included(n, f, d, largest):
    X = np.random.default_rng(n).integers(0, largest, (n, d))
    words = [[], *X.tolist()]
    text, program = short_krum(n, f, d), KrumProgram(n, f, d, check=False)
    seen = run_program(text, words)
    assert seen[0].outputs == krum(X.astype(object), f).vector.tolist() == run_clear(text, words)[0]
    assert all(player.outputs == [] for player in seen[1:])
    on_vectors = run_program(program.source(), words)
    assert on_vectors[0].outputs[1:] == seen[0].outputs
    if n == 7:
        assert max(one.rounds for one in seen) <= 20 + max(one.rounds for one in on_vectors)
