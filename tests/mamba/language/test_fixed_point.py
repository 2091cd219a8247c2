"""sfix and cfix against floating point, and what a truncation opens."""

import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mamba_players import dealt, reconstruct, run_program, together

from mamba import field, truncation
from mamba.masks import make_masks
from mamba.protocols import Protocols
from mamba.run_error import RunError

ULP = 2**-20


def numbers(source, players=3):
    """All numbers that player 0 prints, with six digits."""
    lines = run_program(textwrap.dedent(source), [()] * players)[0].lines
    return [float(word) for word in re.findall(r"-?[\d.]+(?:e[-+]\d+)?", " ".join(lines))]


REALS = st.floats(-1000, 1000, allow_nan=False).map(lambda x: round(x, 3))


@given(REALS, REALS.filter(lambda x: abs(x) > 0.05), st.sampled_from(["sfix", "cfix"]),
       st.sampled_from(["sfix", "cfix"]))  # fmt: skip
@settings(max_examples=settings.default.max_examples // 12)
def test_arithmetic_and_comparisons_of_both_types(a, b, left, right):
    source = f"""\
        x, y = {left}({a}), {right}({b})
        for z in x + y, x - y, x * y, x / y, -x, x + {b}, {b} - x, x * {b}, {a} / y, x * 3:
            print_ln('%s', z.reveal())
        for bit in x < y, x <= y, x > y, x >= y, x == y, x != y, x < {b}, {a} >= y, x == {a}:
            print_ln('%s', bit.reveal())
    """
    found = numbers(source)
    expected = [a + b, a - b, a * b, a / b, -a, a + b, b - a, a * b, a / b, a * 3]
    for value, wanted in zip(found, expected, strict=False):
        assert value == pytest.approx(wanted, abs=2e-3, rel=1e-5)
    bits = [a < b, a <= b, a > b, a >= b, a == b, a != b, a < b, a >= b, True]
    assert found[len(expected) :] == [float(bit) for bit in bits]


ROOTS_OF = [0, ULP, 3 * ULP, 0.01, 0.5, 0.9999, 1, 2, 6.25, 144, 1023.5, 99999, 2**20 - 1]


@pytest.mark.parametrize("players", [3, 4])
def test_square_roots_are_as_exact_as_their_last_places(players):
    found = numbers(
        f"""\
        x = sfix.Array({len(ROOTS_OF)})
        x.assign({ROOTS_OF})
        roots = mpc_math.sqrt(sfix.load_mem(x.address, size={len(ROOTS_OF)}))
        for place in range({len(ROOTS_OF)}):
            print_ln('%s', roots.v[place].reveal())
        print_ln('%s', mpc_math.sqrt(sint(49), 6, 0).reveal())
    """,
        players,
    )
    expected = [x**0.5 for x in ROOTS_OF]
    assert [v * ULP for v in found[:-1]] == pytest.approx(expected, abs=4 * ULP)
    assert found[-1] == pytest.approx(7, abs=1e-5)


@pytest.mark.parametrize(
    ("line", "name"),
    [("from Compiler import mpc_math", "mpc_math"), ("from Compiler import mpc_math as m", "m")],
)
def test_the_import_that_scale_mamba_needs_is_no_mistake_here(line, name):
    assert numbers(f"{line}\nprint_ln('%s', {name}.sqrt(sint(49), 6, 0).reveal())")[0] == 7


def test_roots_of_what_has_none():
    with pytest.raises(RunError, match="the square root of a number below 0"):
        numbers("mpc_math.sqrt(sfix(-1000))")
    with pytest.raises(RunError, match="takes a sfix or a sint, not 1.5"):
        numbers("mpc_math.sqrt(1.5)")
    with pytest.raises(RunError, match="needs sfix of 12 bits at least, not 8"):
        numbers("sfix.set_precision(4, 8)\nmpc_math.sqrt(sfix(1))")


@pytest.mark.parametrize("players", [3, 4])
def test_vectors_of_secrets(players):
    assert numbers(
        """\
        x = sfix.Array(3)
        x.assign([1.5, -2.25, 100])
        v = sfix.load_mem(x.address, size=3)
        for z in v * v, v / 8, v / v, v ** 3:
            z.store_in_mem(x.address)
            for element in x:
                print_ln('%s', element.reveal())
    """,
        players,
    ) == pytest.approx(
        [2.25, 5.0625, 1e4, 0.1875, -0.28125, 12.5, 1, 1, 1, 3.375, -11.3906, 1e6],
        rel=1e-3,
        abs=players * ULP,
    )


def test_conversions_and_precision():
    assert numbers("""\
        a = sfix()
        a.load_int(sint(5))
        print_ln('%s %s', (a * 3.0).reveal(), sfix.load_sint(sint(4)).reveal())
        print_ln('%s %s', sfix(2).compute_reciprocal().reveal(), a.sizeof())
        print_ln('%s %s', (sint(3) * sfix(1.5)).reveal(), (cint(3) + cfix(1.5)))
        print_ln('%s %s', sint(1).if_else(sfix(2.5), sfix(7)).reveal(), sfix(1).v.reveal())
        sfix.set_precision(8, 24)
        cfix.set_precision(8, 24)
        print_ln('%s %s', (sfix(1.5) * cfix(2.5)).reveal(), sfix(1).v.reveal())
    """) == pytest.approx([15, 4, 0.5, 1, 4.5, 4.5, 2.5, 2**20, 3.75, 256], abs=1e-2)


@given(st.sampled_from([3, 4, 7]), st.integers(3, 80), st.data())
@settings(max_examples=settings.default.max_examples // 6)
def test_truncation_is_exact_or_one_more(players, bits, data):
    places = data.draw(st.integers(1, bits - 1))
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    values = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=8)) + [low, high]
    shares = dealt(field, players, field.from_ints(values))

    def step(network):
        protocols = Protocols(network)
        results, rounds = [], 0
        for exact in (True, False):
            demand = truncation.demand_for(len(values), bits, places, 40, exact)
            (mask,) = make_masks(protocols, [demand])
            before = network.rounds
            results += truncation.divide(
                protocols, shares[network.me][0], bits, places, mask, exact
            )
            rounds = network.rounds - before
        return [*results, field.from_ints([rounds])]

    *results, rounds = zip(*together(players, step), strict=True)
    opened = [field.to_signed(reconstruct(field, list(column))) for column in results]
    exact, remainders, about, _ = opened
    assert exact == [value >> places for value in values]
    assert remainders == [value % 2**places for value in values]
    assert all(a - (value >> places) in (0, 1) for a, value in zip(about, values, strict=True))
    assert {field.to_ints(r)[0] for r in rounds[1:]} == {1}  # the probabilistic one opens once


def test_what_a_product_opens_is_hidden_by_forty_bits_more():
    """The number that is opened varies over 2^(k + kappa), whatever the secret is."""
    source = "x = sfix(3.25)\n@for_range(40)\ndef _(i): (x * x).reveal()"
    opened = [
        value
        for module, array in run_program(source, [()] * 3)[0].opened
        if module is field
        for value in field.to_ints(array)
        if value > 2**90
    ]
    assert len(opened) == 40
    assert max(value.bit_length() for value in opened) in (122, 123)
    assert len({value >> 112 for value in opened}) > 20  # the high bits are random
    assert len({value & 2**20 - 1 for value in opened}) > 35  # and so are the low ones


MISTAKES = [
    ("sfix(1) + 'a'", "unsupported operand"),
    ("sfix(1) == 'a'", "a sfix cannot be compared with 'a'"),
    ("sfix(2**20)", "1048576 does not fit a sfix of 41 bits, 20 after the point"),
    ("cfix(sint(1))", "made of a public number, not of a sint"),
    ("sfix(cfix(1))", "a sfix is not made of a cfix"),
    ("sfix(1).load_int(4.5)", "load_int takes an integer; write sfix\\(4.5\\)"),
    ("sfix(1) / 0", "division by zero"),
    ("sfix.set_precision(8, 24)\nsfix(1) + 1", "sfix and cfix have different precisions"),
    ("sfix.set_precision(8, 4)", "set_precision takes 0 < f < k"),
    ("sfix(1) % 2", "unsupported operand"),
]


@pytest.mark.parametrize(("lines", "message"), MISTAKES)
def test_mistakes_are_errors(lines, message):
    with pytest.raises((RunError, TypeError), match=message):
        numbers(lines)
