"""Arrays, matrices and memory values."""

import textwrap

import pytest
from mamba_players import run_program

from mamba.run_error import RunError


def printed(source):
    """The lines that player 0 prints."""
    return run_program(textwrap.dedent(source), [()] * 3)[0].lines


@pytest.mark.parametrize("kind", ["sint", "cint", "regint", "sfix", "cfix"])
def test_arrays_of_every_type(kind):
    assert printed(f"""\
        def show(values):
            print_ln('%s', [value.reveal() for value in values])
        a = {kind}.Array(6)
        a.assign(range(6))
        show(a)
        show([a[-1], a[regint(2)], a[MemValue(3)]])
        show(a[1:3])
        show(a[::2])
        show(a[3:])
        b = {kind}.Array(6)
        b.assign_all(7)
        b[1:3] = a[4:]
        b[3:6:2] = a
        show(b)
        b.assign(a)
        show(b)
        show({kind}.Array(None, a.address + 4)[:2])
    """) == [
        "[0, 1, 2, 3, 4, 5]",
        "[5, 2, 3]",
        "[1, 2]",
        "[0, 2, 4]",
        "[3, 4, 5]",
        "[7, 4, 5, 0, 7, 1]",
        "[0, 1, 2, 3, 4, 5]",
        "[4, 5]",
    ]


def test_matrices_and_arrays_of_more_levels():
    assert printed("""\
        m = sint.Matrix(2, 3)
        @for_range(len(m))
        def fill(i):
            @for_range(3)
            def row(j):
                m[i][j] = 10 * i + j
        print_ln('%s', [m[i][j].reveal() for i in range(2) for j in range(3)])
        n = Matrix(2, 2, cint).assign_all(4)
        print_ln('%s', [n[i][j] for i in range(2) for j in range(2)])
        c = sfix.MultiArray([2, 3, 2])
        c[1][2][1] = 1.5
        c[0][0].assign_all(2)
        print_ln('%s %s %s', c[1][2][1].reveal(), c[0][0][1].reveal(), c[0][1][0].reveal())
    """) == ["[0, 1, 2, 10, 11, 12]", "[4, 4, 4, 4]", "1.5 2 0"]


def test_memory_of_each_type_is_apart_and_arrays_begin_behind_what_a_program_chooses():
    assert printed("""\
        a = sint.Array(2)
        a[0] = 5
        store_in_mem(sint(1), 0)
        store_in_mem(cint(2), 0)
        store_in_mem(regint(3), 0)
        print_ln('%s %s %s', load_secret_mem(0).reveal(), load_clear_mem(0), regint.load_mem(0))
        print_ln('%s %s %s', a[0].reveal(), a.address, program.malloc(3, 'c'))
    """) == ["1 2 3", "5 8192 8192"]


def test_memory_values_keep_their_type_and_stand_wherever_it_can():
    assert printed("""\
        m, s, f = MemValue(3), MemValue(sint(4)), MemFix(sfix(0.5))
        m.iadd(2)
        m *= 2
        s.write(s + m)
        f.write(f * 3)
        print_ln('%s %s %s', m, s.reveal(), f.reveal())
        print_ln('%s %s %s', 7 - m, (s > m).reveal(), (sint(20) < m).reveal())
        print_ln('%s %s', s.less_than(15, 8).reveal(), [b.reveal() for b in s.bit_decompose(4)])
        v = sint.MemValue(sint(2, size=3))
        print_ln('%s', (v * 3).reveal())
    """) == ["10 14 1.5", "-3 1 0", "1 [0, 1, 1, 1]", "666"]


def test_vector_instructions():
    assert printed("""\
        n = 4
        A, B = Array(n, sint), Array(n, sint)
        for i in range(n):
            A[i] = sint(2 * i)
        a = sint(size=n)
        vldms(n, a, A.address)
        c = a * a
        vstms(n, c, B.address)
        B[n / 2].reveal().print_reg()
        B[n - 1].reveal().print_reg()
        S, s = Array(n, regint), regint(size=n)
        for i in range(n):
            S[i] = regint(n - i)
        vldmint(n, s, S.address)
        print_ln(' %s', s)
    """) == ["1636 4321"]


MISTAKES = [
    ("sint.Array(3)[3]", "index 3 is outside an Array of 3 elements"),
    ("sint.Array(3)[regint(-1)]", "index -1 is outside"),
    ("sint.Array(3)[sint(1)]", "a secret, sint, cannot be an index"),
    ("sint.Array(3)[0:4]", "bounds from 0 to that"),
    ("sint.Array(3)[-2:]", "not -2:3:1"),
    ("sint.Array(regint(3))", "is a Python integer, not regint"),
    ("sint.Array(0)", "at least one element, not 0"),
    ("sint.Array(3)[2] = sint(1, size=2)", "does not fit at index 2"),
    ("cint.Array(3)[0] = sint(1)", "reveal\\(\\) opens it"),
    ("sint.Array(3).assign(sint.Array(2))", "an Array of 2 elements cannot be assigned"),
    ("5 in sint.Array(3)", "known only when the players run"),
    ("sint.Matrix(2, 2)[2]", "index 2 is outside a Matrix of 2 rows"),
    ("for row in sint.Matrix(2, 2): pass", "cannot iterate over a Matrix"),
    ("sint.MultiArray([3])", "two sizes or more"),
    ("MemValue(cint(1)).write(sint(1))", "holds a cint of 1, so a sint cannot be written"),
    ("MemValue(1.5)", "see MemFix"),
    ("MemFix(1)", "a MemFix holds a sfix or a cfix, not 1"),
    ("m = MemValue(1)\nm.delete()\nm.read()", "this MemValue was deleted"),
    ("vldms(2, cint(0, size=2), 0)", "takes a sint"),
]


@pytest.mark.parametrize(("lines", "message"), MISTAKES)
def test_mistakes_are_program_errors(lines, message):
    with pytest.raises(RunError, match=message):
        printed(lines)
