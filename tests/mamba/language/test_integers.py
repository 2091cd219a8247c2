"""sint, cint and regint: operators, bits and division, against Python's integers."""

import operator
import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mamba_players import run_program

from mamba.field import P
from mamba.run_error import RunError


def printed(source, players=3):
    """The lines that player 0 prints."""
    return run_program(textwrap.dedent(source), [()] * players)[0].lines


def numbers(lines):
    return [[int(word) for word in line.split()] for line in lines]


# --- regint: 64 bits ----------------------------------------------------------------------------

WORDS = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9), st.sampled_from([-(2**63), 2**63 - 1])
)
REGINT = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_,
    "|": operator.or_, "^": operator.xor, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0,
    "%": lambda a, b: abs(a) % abs(b) * (1 if a >= 0 else -1) if b else 0,
}  # fmt: skip


def wrapped(value):
    return (int(value) + 2**63) % 2**64 - 2**63


@given(st.lists(st.tuples(WORDS, st.sampled_from(sorted(REGINT)), WORDS), min_size=1, max_size=20))
@settings(max_examples=settings.default.max_examples // 4)
def test_regint_counts_as_64_bits_do(cases):
    cases = [(a, sign, b or 1) for a, sign, b in cases]
    lines = [
        f"print_ln('%s %s %s', regint({a}) {sign} regint({b}), {a} {sign} regint({b}), "
        f"regint({a}) {sign} ({b}))"
        for a, sign, b in cases
    ]
    expected = [[wrapped(REGINT[sign](a, b))] * 3 for a, sign, b in cases]
    assert numbers(printed("\n".join(lines))) == expected


def test_regint_shifts_powers_and_conversions():
    assert numbers(
        printed("""\
            print_ln('%s %s %s', regint(-7) >> 1, regint(-7) >> regint(1), regint(5) << 62)
            print_ln('%s %s %s', regint(3) ** 4, 2 ** regint(70 - 10), cint(2) ** 100 * 0)
            print_ln('%s %s', regint(cint(-5)), regint(cint(2**65 + 3)))
            print_ln('%s %s', cint(regint(-5)) + regint(1), sint(regint(-5)).reveal())
            print_ln('%s %s %s', *regint(11).bit_decompose(3))
        """)
    ) == [[-3, -4, 2**62], [81, 2**60, 0], [-5, 3], [-4, -5], [1, 1, 0]]


# --- cint: modulo p -----------------------------------------------------------------------------

FIELD = st.one_of(st.integers(-(2**62), 2**62), st.integers(-9, 9))
CINT = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": lambda a, b: a * pow(b, -1, P),
    "%": lambda a, b: a % P % (b % P),
    "&": lambda a, b: a % P & b % P,
    "|": lambda a, b: a % P | b % P,
    "^": lambda a, b: a % P ^ b % P,
}  # fmt: skip


@given(st.lists(st.tuples(FIELD, st.sampled_from(sorted(CINT)), FIELD), min_size=1, max_size=20))
@settings(max_examples=settings.default.max_examples // 4)
def test_cint_counts_modulo_p(cases):
    cases = [(a, sign, b or 1) for a, sign, b in cases]
    lines = [
        f"print_ln('%s %s %s', cint({a}) {sign} cint({b}), {a} {sign} cint({b}), "
        f"cint({a}) {sign} ({b}))"
        for a, sign, b in cases
    ]
    found = numbers(printed("\n".join(lines)))
    assert [[v % P for v in row] for row in found] == [[CINT[s](a, b) % P] * 3 for a, s, b in cases]


def test_cint_is_compared_with_all_bits_and_shifted_as_a_positive_number():
    assert numbers(
        printed("""\
            print_ln('%s %s %s', cint(3) < cint(4), cint(-3) < -4, cint(2**64) == 0)
            print_ln('%s %s %s', cint(5) << 3, cint(5) >> cint(1), 2 ** cint(10))
            print_ln('%s %s', cint(-1) >> 1, ~cint(5) + 6)
            print_ln('%s %s %s %s', *cint(11).bit_decompose(4))
            print_ln('%s %s', cint(4).legendre(), (cint(1, size=2) * cint(7))[1])
        """)
    ) == [[1, 0, 0], [40, 2, 1024], [P // 2, 2**64], [1, 1, 0, 1], [1, 7]]


# --- sint: bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("players", [3, 4])
def test_bits_remainders_and_shifts_of_secrets(players):
    values = [0, 1, -1, 5424, -5424, 2**15 - 1, -(2**15)]
    source = f"""\
        values = {values}
        x = load_int_to_secret_vector(values)
        def show(y):
            print_ln('%s', [v for v in y.reveal()])
        for bit in x.bit_decompose(16):
            show(bit)
        for m in (1, 2, 7, 15):
            show(x.mod2m(m, 16))
            show(x.right_shift(m, 16))
        for m in (0, 1, 5, 15):
            show(x.right_shift(sint(m), 16))
            show(x.mod2m(sint(m), 16))
        show(x % 8)
        show(x >> 3)
        show(x << 3)
        show(x == 5424)
        show(x.not_equal(0, 16))
    """
    found = [[int(v) for v in re.findall(r"-?\d+", line)] for line in printed(source, players)]
    expected = [[v >> place & 1 for v in values] for place in range(16)]
    for m in (1, 2, 7, 15):
        expected += [[v % 2**m for v in values], [v >> m for v in values]]
    for m in (0, 1, 5, 15):
        expected += [[v >> m for v in values], [v % 2**m for v in values]]
    expected += [[v % 8 for v in values], [v >> 3 for v in values], [v << 3 for v in values]]
    expected += [[int(v == 5424) for v in values], [int(v != 0) for v in values]]
    assert found == expected


@given(st.integers(2, 64), st.data())
@settings(max_examples=settings.default.max_examples // 5)
def test_division_by_powers_of_two_at_any_length(bits, data):
    value = data.draw(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
    places = data.draw(st.integers(1, bits - 1))
    source = f"""\
        x = sint({value})
        print_ln('%s %s %s', x.right_shift({places}, {bits}).reveal(),
                 x.mod2m({places}, {bits}).reveal(), (x == {value}).reveal())
        print_ln('%s', x.truncated({bits}, {places}).reveal())
    """
    exact, (about,) = numbers(printed(source))
    assert exact == [value >> places, value % 2**places, 1]
    assert about - (value >> places) in (0, 1)


def test_powers_division_and_choice():
    assert numbers(
        printed("""\
            print_ln('%s %s', (2 ** sint(10)).reveal(), (sint(3) ** 5).reveal())
            print_ln('%s %s', (sint(5424) / sint(2)).reveal(), (12 / sint(3)).reveal())
            print_ln('%s %s', *[x.reveal() for x in cond_swap(sint(7), sint(4))])
            print_ln('%s %s', *[x.reveal() for x in sint(1).cond_swap(7, 4)])
            print_ln('%s', sint(0).if_else(5, sint(6)).reveal())
        """)
    ) == [[1024, 243], [2712, 4], [4, 7], [4, 7], [6]]


def test_random_numbers_are_in_their_ranges_and_differ():
    source = """\
        bits = sint.get_random_bit(size=200).reveal()
        print_ln('%s', [b for b in bits])
        print_ln('%s', [v for v in sint.get_random_int(5, size=200).reveal()])
        a, b = sint.get_random_square(size=2)
        c, d, e = sint.get_random_triple()
        print_ln('%s', ((a * a - b).reveal()[1] == 0) * (c * d == e).reveal())
        print_ln('%s', regint.get_random(3))
    """
    bits, words, equal, word = (
        [int(v) for v in re.findall(r"-?\d+", line)] for line in printed(source, 4)
    )
    assert set(bits) == {0, 1} and 60 < sum(bits) < 140
    assert set(words) <= set(range(32)) and len(set(words)) > 20
    assert equal == [1] and 0 <= word[0] < 8


def test_the_stacks():
    assert (
        numbers(
            printed("""\
            for kind in (regint, cint, sint):
                kind.push(kind(1))
                kind.push(kind(2))
                top = kind.getsp()
                below, same = kind.peek(top - 1), kind.reverse_peek(regint(1))
                kind.poke(top, kind(3))
                print_ln('%s %s %s %s', below.reveal(), same.reveal(), kind.pop().reveal(),
                         kind.pop().reveal())
        """)
        )
        == [[1, 1, 3, 1]] * 3
    )


def test_the_routines_of_the_manual():
    assert numbers(
        printed("""\
            A, r, bits = AdvInteger, sint(), [sint(b) for b in (1, 0, 1, 1)]
            def show(*values): print_ln('%s ' * len(values), *[v.reveal() for v in values])
            show(A.Inv(sint(5)) * 5, A.or_op(sint(1), sint(0)), A.xor_op(sint(1), sint(1)))
            show(A.KOpL(A.addition_op, [sint(2)] * 16), A.PreOpL(A.mul_op, [sint(2)] * 5)[4])
            show(*A.PreOR([sint(0), sint(1), sint(0)]), A.PreOpN(A.addition_op, bits)[3])
            show(A.SumBits(bits, 4), *A.BitAdd(bits, bits), *A.BitIncrement(bits))
            for a in 12, 13, 14:
                A.BitLT(r, cint(a), bits)
                show(r)
            A.BitLTFull(r, bits, [sint(b) for b in (0, 1, 1, 1)])
            show(r, A.TruncRoundNearest(sint(7), 16, 2, 8))
            show(A.Oblivious_Trunc(sint(23), 5, sint(3), 20))
            A.Mod2m(r, sint(2137), 16, 2, 8, True)
            show(r, *A.B2U(sint(3), 5, 20)[0], A.B2U(sint(3), 5, 20)[1], A.Pow2(sint(4), 8, 20))
            A.Trunc(r, sint(-23), 6, 3, 40, True)
            show(r, A.EQZ(sint(0), 8, 40), *A.BitDec(sint(23), 5, 5, 20))
            A.PRandM(r, bits[0], bits[1:], 5, 3, 7)
            show(bits[0] - bits[1] - 2 * bits[2] - 4 * bits[3], r.less_than(2**9, 12))
        """)
    ) == [
        [1, 1, 0], [32, 32], [0, 1, 1, 3], [13, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0],
        [1], [0], [0], [1, 2], [2], [1, 1, 1, 1, 0, 0, 8, 16], [-3, 1, 1, 1, 1, 0, 1], [0, 1],
    ]  # fmt: skip


def test_the_remainder_gives_what_it_was_computed_from():
    masked, opened, low, smaller, result = numbers(
        printed("""\
            r = sint()
            _, low, c, c_low, u, t, offset = AdvInteger.Mod2m(r, sint(2137), 16, 2, 8, True)
            for value in t[0] + t[1] + low, c, c_low, u, r:
                print_ln('%s', value.reveal())
        """)
    )
    assert masked == opened and low[0] == opened[0] % 4
    assert 2137 + 2**15 <= opened[0] < 2137 + 2**15 + 2**24
    assert smaller[0] in (0, 1) and result == [2137 % 4]
    with pytest.raises(ValueError, match="room for 126"):
        printed("AdvInteger.Mod2m(sint(), sint(1), 100, 2, 40)")


@pytest.mark.parametrize("value", range(16))
def test_rounding_to_fewer_bits(value):
    rounded = int(value / 4 + 0.5)
    expected = [2, 1] if rounded == 4 else [rounded, 0]
    (found,) = numbers(
        printed(f"""\
            s, o = floatingpoint.TruncRoundNearestAdjustOverflow(sint({value}), 4, 2, 8)
            print_ln('%s %s', s.reveal(), o.reveal())
        """)
    )
    assert found == expected


def test_prefix_ors_of_many_bits():
    source = """\
        x = AdvInteger.PreOR([sint(0)] * 900 + [sint(1)] + [sint(0)] * 99)
        print_ln('%s %s %s', x[899].reveal(), x[900].reveal(), x[999].reveal())
    """
    assert numbers(printed(source)) == [[0, 1, 1]]


MISTAKES = [
    ("sint(5) % 3", "powers of two"),
    ("regint(1) / 0", "division by zero"),
    ("cint(1) / 0", "division by zero"),
    ("sint(1) / sint(0)", "division by a secret that is 0"),
    ("sint(3) ** -1", "from 0 on, not -1"),
    ("cint(sint(1))", "reveal\\(\\) opens it"),
    ("sint.pop()", "the stack of sint holds 0 values"),
    ("cint(1) == None", "a cint cannot be compared with None"),
    ("regint(1) != 'a'", "a regint cannot be compared with 'a'"),
    ("sint.load_mem(sint(3))", "a secret, sint, cannot be an index"),
]


@pytest.mark.parametrize(("line", "message"), MISTAKES)
def test_mistakes_are_program_errors(line, message):
    with pytest.raises(RunError, match=message):
        printed(line)
