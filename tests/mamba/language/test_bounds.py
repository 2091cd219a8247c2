"""No comparison of numbers that are too long is wrong in silence; no shift, root or division is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mamba_players import run_program

from mamba.language.bounds import BIT, LARGEST_WORD, Bound, constant, of_input
from mamba.run_error import RunError

INPUTS = "a = sint.get_private_input_from(0)\nb = sint.get_private_input_from(1)\n"


def printed(text, *inputs, players=3, **choice):
    words = [[word] for word in inputs] + [[]] * (players - len(inputs))
    return run_program(text, words, **choice)[0].lines


def shown(expression, *inputs, **choice):
    (line,) = printed(f"{INPUTS}print_ln('%s', ({expression}).reveal())", *inputs, **choice)
    return int(line)


# --- comparisons ----------------------------------------------------------------------------------

RIGHT = [  # of numbers longer than 64 bits, but not longer than the field has room for
    ("a * a == 0", (2**33, 0), 0),
    ("a * a > b", (2**35, 5), 1),
    ("a * b == b * a + 2**64", (2**40, 2**24), 0),
    ("a + a + a < b", (2**64 - 1, 2**64 - 1), 0),
    ("a * a != b * b", (2**41, 1), 1),
    ("(a * a).greater_equal(b * b)", (2**33, 2**34), 0),
    ("0 - a * b < 0", (2**32, 2**33), 1),
    ("sint(2**80) == sint(0)", (0, 0), 0),
    ("sint(-(2**70)) < a", (5, 0), 1),
    ("cint(2**66) > a", (7, 0), 1),
    ("(a * a) % 8", (2**33 + 1, 0), 1),
    ("(a * a) >> 60", (2**33, 0), 64),
    ("sum((a * a).bit_decompose(70))", (2**33, 0), 1),
    ("(a < b).if_else(b, a) * 2**30 > a", (2**33, 2**34), 1),
]


@pytest.mark.parametrize(("expression", "inputs", "value"), RIGHT)
def test_numbers_of_more_than_64_bits_are_compared_as_they_are(expression, inputs, value):
    assert shown(expression, *inputs) == value


WRONG = [
    ("a * a == 0", (2**43, 0), "an input of line 1 is above 4398046511103: .* 85 bits; "),
    ("a * a * a < b", (2**30, 0), "line 1 is above 268435455"),
    ("a * b < 5", (2**20, 2**63), "line 2 is above 4398046511104"),
    ("sint(2**100) == 0", (0, 0), "may have 102 bits, its sign included, and 85 are looked at"),
    ("sint(2**90) * a > 3", (1, 0), "an input of line 1 is above 0"),
    ("(a * a) % 4", (2**63, 0), "line 1 is above"),
    ("sint(2**40).less_than(5, 20)", (0, 0), "a number of 41 bits.* cannot be compared by 20"),
]


@pytest.mark.parametrize(("expression", "inputs", "message"), WRONG)
def test_what_may_be_longer_than_the_field_has_room_for_is_an_error(expression, inputs, message):
    with pytest.raises(RunError, match=message):
        shown(expression, *inputs)


@pytest.mark.parametrize("threshold", [1, 2])
def test_also_of_players_without_shares(threshold):
    with pytest.raises(RunError, match="an input of line 1 is above"):
        shown("a * a == 0", 2**43, 0, players=5, threshold=threshold)
    assert shown("a * a == 0", 2**40, 0, players=5, threshold=threshold) == 0


def test_a_length_that_the_program_sets_holds_and_is_checked():
    text = f"program.bit_length = 80\n{INPUTS}print_ln('%s', (a * a > b).reveal())"
    assert printed(text, 2**39, 5) == ["1"]
    with pytest.raises(RunError, match="line 2 is above 1099511627775: .*at most 84|is 84"):
        printed(text, 2**41, 5)


def test_bounds_go_through_memory_and_loops():
    text = f"""{INPUTS}
squares, total = Array(2, sint), MemValue(sint(0))
squares[0], squares[1] = a * a, b
@for_range(2)
def add(i):
    total.iadd(squares[i])
print_ln('%s', (total.read() == 0).reveal())"""
    assert printed(text, 2**40, 0) == ["0"]
    with pytest.raises(RunError, match="line 1 is above"):
        printed(text, 2**43, 0)


def test_a_choice_of_two_is_no_longer_than_they_are():
    """So a hundred of them are compared like one: the largest of a list, and a sorted list."""
    largest = (
        INPUTS + "for _ in range(70):\n    a = (a > b).if_else(a, b)\nprint_ln('%s', a.reveal())"
    )
    assert printed(largest, 2**63, 5) == [str(2**63)]
    by_hand = largest.replace("(a > b).if_else(a, b)", "b + (a > b) * (a - b)")
    assert printed(by_hand, 5, 2**63) == [str(2**63)]
    text = INPUTS + "l = [a, b, a * b, b * b]\nsort(l)\nfor x in l: print_ln('%s', x.reveal())"
    assert printed(text, 2**30, 2**35) == [str(2**k) for k in (30, 35, 65, 70)]


def test_the_second_price_of_long_bids():
    text = (
        INPUTS
        + """best, second = sint(0), sint(0)
for bid in (a * a, b * b, a * b):
    beats, beats_second = bid > best, bid > second
    second = beats.if_else(best, beats_second.if_else(bid, second))
    best = beats.if_else(bid, best)
print_ln('%s', second.reveal())"""
    )
    assert printed(text, 2**35, 2**38) == [str(2**73)]
    with pytest.raises(RunError, match="line 2 is above"):
        printed(text, 2**35, 2**45)


CONSTANTS = {"three": 3, "large": 2**50, "minus": -7}


@st.composite
def expressions(draw, depth=3):
    if not depth or draw(st.booleans()):
        return draw(st.sampled_from(["a", "b", *CONSTANTS]))
    left, right = (draw(expressions(depth=depth - 1)) for _ in range(2))
    return f"({left} {draw(st.sampled_from('+-*'))} {right})"


WORDS = st.one_of(st.integers(0, 9), st.integers(0, LARGEST_WORD), st.sampled_from([2**32, 2**42]))


@given(expressions(), expressions(), st.sampled_from(["<", ">=", "==", "!="]), WORDS, WORDS)
@settings(max_examples=settings.default.max_examples // 3)
def test_no_comparison_is_wrong(left, right, operator, a, b):
    """It is an error, or what Python says."""
    expression = f"({left}) {operator} ({right})"
    constants = "".join(f"{name} = sint({number})\n" for name, number in CONSTANTS.items())
    try:
        (line,) = printed(f"{INPUTS}{constants}print_ln('%s', ({expression}).reveal())", a, b)
    except RunError as error:
        assert "bits" in str(error)
    else:
        assert int(line) == eval(expression, {"a": a, "b": b, **CONSTANTS})


@given(expressions(depth=4), WORDS, WORDS)
@settings(max_examples=2 * settings.default.max_examples)
def test_numbers_are_within_their_bounds(text, a, b):
    constants = {name: constant(number) for name, number in CONSTANTS.items()}
    bound = eval(text, {"a": of_input(0), "b": of_input(1), **constants})
    value = eval(text, {"a": a, "b": b, **CONSTANTS})
    low, high = bound.at(max(a, b))
    assert low <= value <= high
    caps = bound.largest_inputs(-(2**90), 2**90)
    if caps is not None and a <= caps.get(0, a) and b <= caps.get(1, b):
        assert -(2**90) <= value <= 2**90


def test_bounds_of_squares_choices_and_shifts():
    word = of_input(0)
    assert (word - word).squared().at(10) == (0, 100)
    assert (constant(1) - BIT).range == (0, 1)
    assert (word * word).shifted(4).at(10) == (0, 7)
    assert word.joined(constant(-3)).at(10) == (-3, 10)
    assert Bound.between(-8, 7).bits == 4


# --- shifts and powers by secrets, roots, division ------------------------------------------------

OUT_OF_RANGE = [
    ("sint(3) << a", (64, 0), "an input of line 1 is above 63: a secret power of 2 is 0 to 63"),
    ("2 ** b", (0, 100), "an input of line 2 is above 63"),
    ("2 ** sint(64)", (0, 0), "is 0 to 63, and may be 64"),
    ("2 ** sint(-1)", (0, 0), "is 0 to 63, and may be -1"),
    ("b >> a", (65, 1), "an input of line 1 is above 64: a shift by a secret number is 0 to 64"),
    ("sint(8) >> sint(-1)", (0, 0), "is 0 to 64, and may be -1"),
    ("b.mod2m(a)", (70, 1), "an input of line 1 is above 64"),
    ("(a + a).pow2(10)", (5, 0), "an input of line 1 is above 4: a secret power of 2 is 0 to 9"),
]


@pytest.mark.parametrize(("expression", "inputs", "message"), OUT_OF_RANGE)
def test_shifts_and_powers_by_secrets_out_of_range_are_errors(expression, inputs, message):
    with pytest.raises(RunError, match=message):
        shown(expression, *inputs)


@pytest.mark.parametrize("places", [0, 1, 5, 63])
def test_shifts_and_powers_by_secrets_in_range(places):
    assert shown("sint(3) << a", places, 0) == 3 << places
    assert shown("b >> a", places, 2**62 + 9) == 2**62 + 9 >> places


FIXED = [
    ("sfix(1) / sfix(0)", "division by a secret that is 0"),
    ("sfix(5) / (sfix.load_sint(a) - sfix.load_sint(a))", "division by a secret that is 0"),
    ("sfix(1000) / sfix(0.0001)", "so small that the quotient does not fit"),
    ("sfix.load_sint(a) / sfix(0.000002)", "so small that the quotient does not fit"),
    ("sfix(2**19) * sfix(2**19) * 16", "this mantissa may have 84 bits, its sign included, and 82"),
    ("sfix.load_sint(a) * sfix.load_sint(b)", "an input of line 2 is above"),
    ("sfix.load_sint(b) * 2 < sfix.load_sint(b) * 3", "an input of line 2 is above"),
    ("mpc_math.sqrt(sfix(-4))", "the square root of a number below 0"),
    ("mpc_math.sqrt(sfix.load_sint(a) - 10)", "the square root of a number below 0"),
    ("mpc_math.sqrt(a - b)", "an input of line 2 is above|the square root of a number below 0"),
]


@pytest.mark.parametrize(("expression", "message"), FIXED)
def test_fixed_point_results_that_do_not_fit_are_errors(expression, message):
    with pytest.raises(RunError, match=message):
        printed(f"{INPUTS}x = {expression}\nprint_ln('%s', x.reveal())", 9, 2**21)


@pytest.mark.parametrize(
    ("expression", "value"),
    [("sfix(-6) / sfix(4)", -1.5), ("sfix.load_sint(a) / sfix(-0.5)", -18),
     ("sfix(1000) * sfix(1000)", 10**6), ("mpc_math.sqrt(sfix.load_sint(a))", 3)],
)  # fmt: skip
def test_fixed_point_results_that_fit(expression, value):
    (line,) = printed(f"{INPUTS}print_ln('%s', ({expression}).reveal())", 9, 0)
    assert float(line) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("line", "advice"),
    [("sint(7) // 2", "x >> k divides by 2"), ("7 // sint(2)", "a sfix divides by other numbers"),
     ("cint(7) // 2", "x >> k divides by 2"), ("sint(7) // cint(2)", "leaves no rest"),
     ("regint(7) // 2", "/ of two regint divides and cuts towards zero"),
     ("regint(7) // sint(2)", "x >> k divides by 2"), ("sfix(7) // 2", "/ divides")],
)  # fmt: skip
def test_what_there_is_in_place_of_whole_division_fits_the_type(line, advice):
    with pytest.raises(RunError, match=advice):
        printed(line)
