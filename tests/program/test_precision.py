"""What rounding loses is told when it matters, with a cure that works, and never otherwise."""

import contextlib
import io
import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from repository import ROOT

from fl_krum.aggregators.krum import krum
from fl_krum.federation.attacks import ATTACKS
from fl_krum.federation.session import FederatedSession
from fl_krum.program.fixed_point import FixedPoint, PrecisionWarning
from fl_krum.program.krum_program import KrumProgram
from fl_krum.program.precision import _quantile


def normal(scale=1.0, n=7, d=50, seed=0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


TOLD = {
    "tiny": ([[1e-6, 2e-6], [2e-6, 1e-6], [1e-6, 1e-6], [2e-6, 2e-6], [3e-6, 1e-6]], "100% .* 0"),
    "a tiny coordinate": ([[1, 2e-6], [2, 1e-6], [3, 2e-6], [4, 1e-6], [5, 0]], "44% .* become 0"),
    "gradients": (normal(1e-5), r"\d\d% of the non-zero values become 0"),
    "below the resolution": (np.where(normal() > 0, 1.2e-5, -1e-5), "100% .* below the resolution"),
    "a client's": (np.vstack([normal(1, 30), normal(1e-7, 1)]), "values of client 31 .* become 0"),
    "what differs": (5 + normal(1e-5), "moves vectors by .* distance to their nearest other"),
    "nothing differs any more": (-0.3 + normal(1e-7), "moves vectors by"),
    "too far apart": (np.hstack([normal(500), normal(1e-7)]), "bits=39 with fraction=.* field has"),
    "tinier than any": (normal(1e-15), r"multiply all vectors by 2\^57"),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_is_lost_is_told(case):
    values, words = TOLD[case]
    with pytest.warns(PrecisionWarning, match=words):
        FixedPoint().encode(values)
    assert re.search(words, FixedPoint().complaint(values))


ORDINARY = {
    "weights": normal(),
    "weights of a net": normal(0.02, d=20000),
    "many and small": normal(0.001, n=50, d=200),
    "whole numbers": [[4, 1], [2, 4], [1, 2], [3, -2], [-18, -8]],
    "all equal": np.full((5, 4), 0.1),
    "zeros": np.zeros((5, 4)),
    "zeros and one liar": np.vstack([np.zeros((6, 3)), [[900, 1, 2]]]),
    "mostly zeros": normal() * (normal(seed=1) > 1.5),
    "copies": np.repeat(normal(n=2), 4, axis=0),
    "noise of float64": [[1, 5.5e-17], [2, 0.1 + 0.2 - 0.3], [3, 0], [4, 1e-16], [5, 1]],
    "equal but for noise": 1 + np.vstack([np.zeros((5, 3)), np.full((2, 3), 1e-14)]),
    "both ends": [[-2048, 2047], [2000, -2000], [0, 1], [5, 5], [100, -100]],
    "a loud attack": np.vstack([normal(n=5), normal(500, n=2)]),
}


@pytest.mark.parametrize("case", ORDINARY)
def test_not_a_word_for_ordinary_data(case):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FixedPoint().encode(ORDINARY[case])


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("partition", ["iid", "dirichlet"])
def test_not_a_word_in_the_sessions_of_the_lesson(attack, partition):
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrecisionWarning)
        FederatedSession(attack=attack, partition=partition, compare=False).run()


def said_cures(text):
    """The fixed point and the factor that a sentence names."""
    bits = int(found[1]) if (found := re.search(r"bits=(\d+) with", text)) else 28
    fraction = re.search(r"(?:: |with |then )fraction=(\d+)|: bits=.*?fraction=(\d+)", text)
    scale = re.search(r"(multiply|divide) all vectors by 2\^(\d+)", text)
    shift = (1 if scale[1] == "multiply" else -1) * int(scale[2]) if scale else None
    return bits, fraction and int(fraction[1] or fraction[2]), shift


@given(st.floats(-45, 9), st.floats(0, 3), st.floats(-20, 0), st.integers(0, 2**32 - 1))
def test_the_cure_that_is_named_works(size, spread, differ, seed):
    """Values of any size, spread over some orders, with differences of any size."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=12) * np.exp(spread * rng.normal(size=12))
    values = 2.0**size * (common + 2.0**differ * rng.normal(size=(7, 12)))
    values *= 2000 / max(2000, np.abs(values).max())
    text = FixedPoint().complaint(values)
    if not text:
        return
    bits, fraction, shift = said_cures(text)
    assert fraction is not None or shift is not None
    if fraction is not None:
        cured = FixedPoint(bits, fraction)
        cured.check_range(2 * values)
        assert cured.complaint(values) == ""
        assert krum(cured.encode(values), 2).index == krum(values, 2).index or differ < 0
    if shift is not None and bits == 28:
        assert FixedPoint().complaint(np.ldexp(values, shift)) == ""


@given(st.floats(2048, 1e300), st.sampled_from([(28, 16), (12, 3), (53, 40)]))
def test_out_of_range_names_a_cure_that_works(largest, lengths):
    fixed_point, values = FixedPoint(*lengths), normal()
    values[3, 7] = -max(largest, 1.01 * fixed_point.range()[1])
    with pytest.raises(ValueError, match=r"client 4 \(row 3\), coordinate 7: .* out of r") as error:
        fixed_point.encode(values)
    fraction = re.search(r"; fraction=(\d+) \(--fraction \1\) would do", str(error.value))
    _, _, shift = said_cures(str(error.value))
    if fraction:
        FixedPoint(lengths[0], int(fraction[1])).check_range(values)
    FixedPoint(*lengths).check_range(np.ldexp(values, shift))


@given(st.floats(-60, 30), st.sampled_from([3, 7, 12]))
def test_what_is_suggested_serves(size, n):
    values = 2.0**size * normal(n=n, d=9)
    fixed_point = KrumProgram.suggest(values).fixed_point
    if -25 < size < 25:  # else no fraction of so many bits does
        fixed_point.check_range(2 * values)
        assert fixed_point.complaint(values) == ""


def test_a_suggestion_keeps_to_the_bit_budget():
    wide = np.hstack([normal(500), normal(1e-7)])
    program = KrumProgram.suggest(wide, f=2)
    assert program.fixed_point.bits > 28
    assert program.fixed_point.complaint(wide) == "" or program.budget.headroom < 2
    long = np.broadcast_to(normal(n=1, d=10**6), (30, 10**6))
    with pytest.raises(ValueError, match="bit budget"):
        KrumProgram(n=30, f=5, d=10**6)
    assert KrumProgram.suggest(long, f=5).fixed_point.bits < 28
    with pytest.raises(ValueError, match="finite"):
        KrumProgram.suggest([[np.nan, 1]] * 5)


@given(
    values=st.lists(st.floats(0, 1e300), min_size=1, max_size=50).map(np.array),
    part=st.floats(0, 1),
)
def test_quantiles_are_those_of_numpy(values, part):
    assert _quantile(values, part) == pytest.approx(np.quantile(values, part), rel=1e-9)


def test_a_session_warns_once_and_names_the_round():
    def train(vector, x, y, rng):
        return vector * 1e-3 + 1e-9

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FederatedSession(3, 0, rounds=6, attack="none", train=train).run()
    said = [str(one.message) for one in caught if one.category is PrecisionWarning]
    assert len(said) == 1 and re.match(r"round [23]: ", said[0])


def test_the_blocks_of_the_page_print_what_it_says():
    text = (ROOT / "docs/precision.md").read_text(encoding="utf-8")
    code, printed = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.S).groups()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == printed
