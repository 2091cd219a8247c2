"""What is said of a program before it runs."""

import textwrap

import pytest

from fl_krum.program.krum_program import KrumProgram
from mamba.language.names import known_names
from mamba.language.static_check import check

NAMES = known_names()


def said(text):
    return [(problem.line, problem.message) for problem in check(textwrap.dedent(text), NAMES)]


def test_all_mistakes_are_told_at_once_in_order():
    text = """\
        total = sint.get_private_input_from(0)
        total = ttoal + sfloat(2)
        for i in xrange(3):
            totl.reveal_to(i)
        sint.get_input_from(1)
    """
    assert said(text) == [
        (2, "'ttoal' is not defined: did you mean 'total'?"),
        (2, "sfloat (floating-point numbers) is not supported by the embedded players; it needs "
            "SCALE-MAMBA"),
        (3, "'xrange' is Python 2: write range"),
        (4, "'totl' is not defined: did you mean 'total'?"),
        (5, "'get_input_from' is MP-SPDZ's: here it is sint.get_private_input_from(player)"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sint.load_mm(0)", "'sint.load_mm' is not known to the embedded players: did you mean "
         "'load_mem'?"),
        ("sint(1).reveall()", "did you mean 'reveal'?"),
        ("x = sint(1)\nx.revael_to(0)", "'.revael_to' is not known to the embedded players: did "
         "you mean 'reveal_to'?"),
        ("zyx + 1", "'zyx' is not known to the embedded players, and the program does not define"),
        ("sregint(1)", "sregint (secret integers modulo 2^64, computed by garbled circuits) is"),
        ("sbit(1)", "sbit (secret bits, computed by garbled circuits) is not supported"),
        ("from Compiler import FixedPt", "FixedPt (the compiler's own routines for"),
        ("from Compiler.oram import OptimalORAM", "Compiler.oram is a part of SCALE-MAMBA's"),
        ("secint(8)", "'secint' is MPyC's: here it is sint"),
        ("n = input()", "'input' is Python's: here it is sint.get_private_input_from(player)"),
        ("sfloat(1)\nsfloat(2)\nx = sfloat(3)", "it needs SCALE-MAMBA (also in line 2, 3)"),
        ("FixedPt.TruncPr(1)", "FixedPt (the compiler's own routines"),
        ("math.sqrrt(2)", "'math.sqrrt' is not known to the embedded players: did you mean"),
        ("if 1:\n        x = 1\n\ty = 2", "tabs and spaces are mixed, which only Python 2 reads"),
        ("{}.has_key(1)", "'has_key' is Python 2"),
        ("return 5", "'return' outside function"),
        ("x = = 1", "invalid syntax"),
        ("x = 1\0", "null bytes"),
    ],
)  # fmt: skip
def test_each_mistake_has_a_message_of_its_own(line, message):
    problems = said(line)
    if line.startswith("return"):  # found when it is compiled
        assert problems == []
        return
    assert len(problems) == 1 and message in problems[0][1]


def test_what_modules_of_the_language_have_is_known():
    assert said("math.log(math.ceil(2.5), 2)\nrandom.randint(1, 2)\nprogram.curr_tape") == []


@pytest.mark.parametrize(
    "line",
    [
        "print 'x'", "print x, y", "exec 'x = 1'", "raise ValueError, 'x'",
        "try:\n    pass\nexcept ValueError, e:\n    pass", "1 <> 2", "`1`", "x = 0777", "x = 10L",
        "ur'x'",
    ],
)  # fmt: skip
def test_python_2_is_named_as_that(line):
    problems = said(line)
    assert len(problems) == 1 and problems[0][1].startswith("this is Python 2, ")


def test_every_line_of_python_2_is_told_and_texts_and_comments_are_not():
    text = '''\
        """print this, says the docstring
        print that"""
        x = "print x"  # print x
        print x
        y = 0777
    '''
    assert [line for line, _ in said(text)] == [4, 5]


def test_what_a_program_defines_in_any_way_is_known():
    text = """\
        import math as m
        from random import randint
        from os import path, sep as separator
        def function(argument, *rest, default=1, **options):
            global late
            late = argument, rest, default, options
        class Pair:
            size = 2
            def __init__(self):
                self.left = self.size
        late, (first, *others) = 1, (2, 3)
        for step in [x for x in range(3)]:
            step, first, others
        with open(path.join(sep_ := separator, "x")) as file:
            file.read(sep_)
        try:
            Pair().left.anything
        except OSError as error:
            print(error, m.pi, randint, late, function, __name__, __file__)
        (lambda inner: inner)(1)
    """
    assert said(text) == []


def test_attributes_are_not_judged_where_objects_may_come_from_elsewhere():
    assert said("import json\njson.JSONDecoder().parse_float") == []
    assert said("x = [1].apend(2)") != []


def test_a_star_import_may_bring_any_name_and_so_may_text_that_is_executed():
    assert said("from math import *\nsqrt(tau)") == []
    assert said("exec('something = 1')\nsomething") == []


@pytest.mark.parametrize("d", [2, 60])
def test_krum_mpc_has_no_mistake(d):
    assert said(KrumProgram(5, 1, d).source()) == []
