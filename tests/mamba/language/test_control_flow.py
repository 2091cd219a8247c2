"""Loops, branches, functions and threads; printing; tests that a program makes itself."""

import textwrap

import pytest
from mamba_players import run_program

from mamba.language.branches import compile_text
from mamba.run_error import RunError


def printed(source, words=((), (), ())):
    """The lines that player 0 prints."""
    return run_program(textwrap.dedent(source), list(words))[0].lines


def test_every_loop():
    assert printed("""\
        @for_range(3)
        def _(i): print_str('%s ', i)
        @for_range(7, 1, -3)
        def _(i): print_str('%s ', i)
        range_loop(lambda i: print_str('%s ', i), 1, regint(3))
        @for_range(20, 0, regint(-7))
        def _(i): print_str('%s ', i)
        print_ln()
        @while_do(lambda x: x < 5, regint(2))
        def _(i):
            print_str('%s ', i)
            return i + 1
        while_loop(lambda i: i * 2, lambda x: x < 100, 30)
        def body(cond):
            print_str('%s ', cond)
            return cond - 1
        do_loop(cint(3), body)
        m = MemValue(cint(0))
        @do_while
        def _():
            m.write(m + 1)
            print_str('%s ', m)
            return m < 3
        print_ln()
        @for_range(2)
        def _(i):
            @for_range(2)
            def _(j):
                print_str('%s', 10 * i + j)
        m.write(2)
        @for_range(m)
        def _(i):
            m.write(cint(4))
            print_str(' %s', i)
        @for_range(0)
        def _(i): crash()
    """) == ["0 1 2 7 4 1 2 20 13 6 ", "2 3 4 3 2 1 1 2 3 ", "011011 0 1 2 3"]


def test_every_branch_also_nested():
    assert printed("""\
        def yes(): print_str('yes ')
        def no(): print_str('no ')
        opened = (sint(1) < 2).reveal()
        for c in regint(1), cint(0), 0, True, lambda: regint(3), MemValue(0), opened:
            if_statement(c, yes, no)
        if_(cint(1))(yes)
        if_(cint(0))(yes)
        @if_e(regint(0))
        def _(): yes()
        @else_
        def _(): no()
        print_ln()
        @for_range(3)
        def _(i):
            if_then(i == 1)
            print_str('one')
            else_then()
            if_then(i > 1)
            print_str('many')
            else_then()
            print_str('none')
            end_if()
            print_str('.')
            end_if()
            if_then(i)
            end_if()
        print_ln()
        calls = []
        def term(value):
            def call():
                print_str('%s', value)
                return regint(value)
            return call
        for f in and_(term(1), term(0), term(1)), or_(term(0), term(1), term(1)):
            print_str('=%s ', f())
        print_str('%s', not_(and_(term(1), term(1)))())
    """) == ["yes no no yes yes no yes yes no ", "none.onemany.", "1001=0 =1 110"]


def test_map_and_reduce():
    assert printed("""\
        def summer(x, y):
            return tuple(a + b for a, b in zip(x, y))
        @map_reduce_single(10, 99, lambda: cint(0), summer)
        def f(i): return i
        @map_reduce(4, 10, regint(99), lambda: cint(0), summer)
        def g(i): return 1
        @map_sum(5, 5, 100, 2, [cint, sint])
        def h(i): return cint(1), sint(i)
        print_ln('%s %s %s %s', f(), g(), h()[0], h()[1].reveal())
        a = regint.Array(10)
        @for_range_parallel(3, 10)
        def _(i): a[i] = i * i
        @for_range_multithread(3, 3, 10, {regint: 1})
        def _(i, memory):
            memory[0] = a[i]
            a[i] = memory[0] + 1
        print_ln('%s %s', a[9], a[8])
    """) == ["4851 99 100 4950", "82 65"]


def test_functions_and_threads():
    assert printed("""\
        @function_block
        def f(i=1): return i + 1
        @function_block
        def g(i): return (sint(i), cint(2)), 3
        print_ln('%s %s %s', f(), f(2), f(MemValue(5)))
        res = g(4)
        print_ln('%s %s %s', res[0][0].reveal(), res[0][1], res[1])
        def work():
            print_ln('%s in %s', get_arg(), get_thread_number())
        t = MPCThread(work, 'worker')
        t.start(7)
        t.join()
        tapes = [program.new_tape(work) for _ in range(2)]
        for tape in [program.run_tape(tape, 5) for tape in tapes]:
            program.join_tape(tape)
        @function_tape
        def h(x, y): print_ln('%s %s', x, y.reveal())
        thread = h(753, sint(239))
        thread.start()
        thread.join()
        class Counter:
            def __init__(self): self.x = MemValue(regint(12))
            @method_block
            def get(self): return self.x
        print_ln('%s %s', Counter().get(), get_thread_number())
    """) == ["2 3 6", "4 2 3", "7 in 1", "5 in 1", "5 in 1", "753 239", "12 0"]


# --- what SCALE-MAMBA compiles once ---------------------------------------------------------------


def test_python_names_and_lists_in_a_loop_are_those_of_one_compilation():
    """As on SCALE-MAMBA: the players repeat what came out of compiling the body once."""
    assert printed(
        """\
        total, items, nested = 0, [], {'a': [1]}
        @for_range(3)
        def _(i):
            global total
            total = total + 5
            items.append(i)
            nested['a'].append(2)
        print_ln('%s %s %s', total, len(items), len(nested['a']))
        def outer():
            count = 0
            def body(i):
                nonlocal count
                count += 1
                return i + 1
            while_loop(body, lambda x: x < 4, 0)
            return count
        class Holder: x = 1
        holder = Holder()
        holder.x = 1
        @do_while
        def _():
            holder.x = holder.x * 2
            m.iadd(1)
            return m < 3
        print_ln('%s %s', outer(), holder.x)
    """.replace("total, items", "m = MemValue(0)\n        total, items")
    ) == ["5 1 2", "1 2"]


def test_a_secret_that_a_loop_binds_anew_is_put_back_too():
    assert printed("""\
        x = sint(1)
        @for_range(3)
        def _(i):
            global x
            x = x + sint(5)
        print_ln('%s', x.reveal())
    """) == ["6"]


def test_division_of_python_integers_rounds_down_as_in_python_2():
    assert printed("""\
        n = 7
        n /= 2
        print_ln('%s %s %s %s', 7 / 2, n, 7 / 2.0, sfix(7 / 2).reveal())
    """) == ["3 3 3.5 3"]


REFUSED = [
    ("if_then(cint(1))\nx = 1\nend_if()\nprint_ln('%s', x)", 2, "x is bound in a branch"),
    ("if_then(cint(1))\nprint_ln()", 1, "if_then without an end_if"),
    ("for i in 1, 2:\n  end_if()", 2, "end_if without an if_then"),
    ("else_then()", 1, "else_then without an if_then"),
    ("if_then(cint(1))\nelse_then()\nelse_then()\nend_if()", 3, "a second else_then"),
]


@pytest.mark.parametrize(("text", "line", "message"), REFUSED)
def test_branches_that_cannot_be_are_told_with_their_line(text, line, message):
    with pytest.raises(RunError, match=message) as caught:
        compile_text(text, "test.mpc")
    assert caught.value.line == line


def test_a_branch_may_bind_names_of_its_own():
    assert printed("""\
        if_then(cint(1))
        x = 1
        print_ln('%s', x)
        end_if()
        x = 2
        print_ln('%s', x)
    """) == ["1", "2"]


def test_lines_and_columns_stay_where_they_are():
    text = "if_then(cint(0))\nprint_ln()\nelse_then()\n\nsint(1.5)\nend_if()\n"
    with pytest.raises(RunError) as caught:
        printed(text)
    frames, error = [], caught.value.__traceback__
    while error:
        if error.tb_frame.f_code.co_filename == "test.mpc":
            frames.append(error.tb_lineno)
        error = error.tb_next
    assert frames == [5]


def test_or_and_and_in_a_condition_are_what_scale_mamba_makes_of_them():
    source = """\
        l = [1]
        x, y = regint(3), regint(4)
        if_then(x != 3 or y != 4)
        print_ln('or')
        end_if()
        if_then(x == 3 and y == 4)
        print_ln('and')
        end_if()
        if_then(not l or len(l) > 1 or l[0] == 1)
        print_ln('Python')
        end_if()
        print_ln('%s %s', x or 0, None or 0)
    """
    assert printed(source) == ["and", "Python", "3 0"]


@pytest.mark.parametrize(
    ("words", "side"), [("x == 1 or x == 3", "left"), ("x == 1 and x == 3", "right")]
)
def test_where_they_would_differ_the_error_says_so(words, side):
    with pytest.raises(RunError, match=f"takes what stands {side} of it"):
        printed(f"x = regint(3)\nif_then({words})\nend_if()")


def test_what_may_open_a_secret_is_not_called_by_or():
    with pytest.raises(RunError, match="a regint cannot decide"):
        printed("if_then(cint(0) == 1 or sint(1).reveal() == 1)\nend_if()")


MISTAKES = [
    ("if cint(1) < 2: pass", "a regint cannot decide an if"),
    ("x = regint(1) or 2", "a regint cannot decide"),
    ("if_then(sint(1))\nend_if()", "a secret, sint, cannot decide"),
    ("do_while(lambda: sint(1))", "a secret, sint, cannot decide"),
    ("do_while(lambda: None)", "None is not a condition"),
    ("while_loop(lambda i: None, lambda x: x < 5, 0)", "returns the next value"),
    ("for_range(0, 5, 0)(lambda i: 1)", "the step of a loop is not 0"),
    ("for_range(sint(3))(lambda i: 1)", "a secret, sint, cannot be"),
    ("for_range(1.5)(lambda i: 1)", "1.5 is not an integer"),
    ("x = 1\ndef f():\n  global x\n  x = 2\nif_statement(cint(1), f)", "changes the Python name x"),
    ("l = []\nif_(cint(1))(lambda: l.append(1))", "a branch changes a Python name or list"),
    ("else_(lambda: 1)", "else_ belongs after if_e"),
    ("k = 1\n@function_block\ndef f(): return k\nf()\nk = 2\nf()", "k meant something else"),
    ("MPCThread(lambda: 1, 't').join()", "the thread t is not running"),
    ("print_ln('%s', sint(1))", "a sint is secret and cannot be printed"),
    ("print_ln('%s', cint.Array(2))", "a whole Array cannot be printed; print its elements"),
    ("print_ln('%s', sfix(1))", "a sfix is secret and cannot be printed"),
    ("print_ln('%s')", "has 1 times %s, and 0 values"),
    ("runtime_error('no %s', cint(5))", "ended itself: no 5"),
    ("sfloat(1)", "sfloat \\(floating-point numbers\\) is not supported"),
    ("program.security = 0", "program.security is a Python integer from 1 on"),
    ("test(sint(4), 5)", "the test in line 1 found 4, and wanted 5 \\(1 of 1 tests failed\\)"),
    ("test_mem(5, 0)", "found 0 at address 0, and wanted 5"),
    ("test(sfix(0.5), 0.6)", "found 0.5, and wanted 0.6"),
    ("test(cint(7), 0, 7)", "found 7, and wanted 0 to below 7"),
]


@pytest.mark.parametrize(("lines", "message"), MISTAKES)
def test_mistakes_are_program_errors(lines, message):
    with pytest.raises(RunError, match=message):
        printed(lines)


def test_the_last_value_of_a_test_counts_and_memory_as_it_stands_in_the_end():
    printed("""\
        @while_do(lambda x: x < 10, regint(1))
        def _(i):
            test(i, 9)
            store_in_mem(cint(i), 3)
            test_mem(9, 3)
            return i + 1
        test(cint(1, size=3) * 2, 2)
        test(sfix(0.5) * 3, 1.5)
        test(sint(4))
    """)


def test_only_s_is_filled_in_and_values_are_printed_as_they_are():
    assert printed("""\
        print_ln('100% sure: %s, %d', cint(-5))
        print_ln('%s%s %s', cfix(0.25), [cint(1), 2], cint(7, size=3))
        print_str('a')
        cint(3).print_reg()
        cfix(1.5).print_fix()
        print_reg(regint(4))
    """) == ["100% sure: -5, %d", "0.25[1, 2] 777", "a31.54"]


def test_public_input_is_the_same_for_all_or_an_error():
    source = "print_ln('%s %s', cint.public_input(), regint.public_input(2))"
    assert printed(source, [(5, 6)] * 3) == ["5 6"]
    with pytest.raises(RunError, match="gave another public input"):
        printed(source, [(5, 6), (5, 6), (5, 7)])


def test_comparison_length_and_security_are_those_of_the_program():
    lines = printed("""\
        program.bit_length = 16
        program.set_security(8)
        print_ln('%s %s', (sint(2**15) < sint(2**15 + 1)).reveal(), program.bit_length)
        print_ln('%s', len(sint(1).bit_decompose()))
    """)
    assert lines == ["1 16", "16"]
