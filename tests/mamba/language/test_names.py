"""What a program means: small ``.mpc`` texts, run by players in threads and by real processes."""

import random
import textwrap
from unittest import mock

import pytest
from clear_language import run_clear
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mamba_players import run_processes, run_program

from mamba import comparison
from mamba.field import P
from mamba.language import machine
from mamba.run_error import RunError


def outputs(source, words=((), (), ())):
    """What players, in threads, print as their outputs."""
    return [seen.outputs for seen in run_program(textwrap.dedent(source), list(words))]


def outputs_to_0(source, *words):
    return outputs(source, [(), *words] if words else [(), (), ()])[0]


# --- one program with everything in it, by real processes -------------------------------------

EVERYTHING = """\
    a = sint.get_private_input_from(1, 0, size=3)
    b = sint.get_private_input_from(2, size=3)
    results = [
        a + b, a - b, b - a, a * b, -a,
        a + 5, 5 + a, a - 5, 5 - a, a * 3, 3 * a, a * -1,
        a.square(), a * b + a * 7 - b.square(), (a * b) * a,
        a + cint(2), cint(2) - a, cint(2) * a, cint(3, size=3) * a,
        a.less_than(b), a < b, a <= b, a > b, a >= b, a == b, a != b,
        a.less_equal(b), a.greater_than(b), a.greater_equal(b), a.equal(b), a.not_equal(b),
        a < 20, a == 20, 20 < a, a < cint(20), a.less_than(b, 6), a.less_than(b, 10, 60),
        (a < b).if_else(a, b), sint(4, size=3), sint(a), sint(cint(6), size=3),
    ]
    for result in results:
        result.reveal_to(0)

    array = Array(4, sint)
    array.assign_all(9)
    array[1] = 11
    array[2] = sint(3) * array[1]
    sint.load_mem(array.address, size=4).reveal_to(0)

    @for_range(3)
    def body(i):
        array[i] = array[i] + i
    for element in array:
        element.reveal_to(0)

    @for_range(7, 1, -3)
    def countdown(i):
        sint(i).reveal_to(0)

    public = Array(2, cint)
    public[1] = (sint(3) * sint(7)).reveal() * 2
    sint(len(public) + public[1] + public[0]).reveal_to(0)
    sint(public[1] == 42).reveal_to(0)
    regint(3)
    get_tape().start_new_basicblock(name='here')
    print_ln('public: %s and %s', public[1], 7)
    a.reveal_to(1)
    b.reveal_to(2)
"""


def everything(a, b):
    """The outputs of EVERYTHING to player 0, by Python."""

    def each(function):
        return [function(x, y) for x, y in zip(a, b, strict=True)]

    vectors = [
        each(lambda x, y: x + y), each(lambda x, y: x - y), each(lambda x, y: y - x),
        each(lambda x, y: x * y), [-x for x in a],
        *[[x + 5 for x in a]] * 2, [x - 5 for x in a], [5 - x for x in a],
        *[[3 * x for x in a]] * 2, [-x for x in a],
        [x * x for x in a], each(lambda x, y: x * y + x * 7 - y * y), each(lambda x, y: x * y * x),
        [x + 2 for x in a], [2 - x for x in a], [2 * x for x in a], [3 * x for x in a],
        *[each(lambda x, y: x < y)] * 2, each(lambda x, y: x <= y), each(lambda x, y: x > y),
        each(lambda x, y: x >= y), each(lambda x, y: x == y), each(lambda x, y: x != y),
        each(lambda x, y: x <= y), each(lambda x, y: x > y), each(lambda x, y: x >= y),
        each(lambda x, y: x == y), each(lambda x, y: x != y),
        [x < 20 for x in a], [x == 20 for x in a], [20 < x for x in a], [x < 20 for x in a],
        *[each(lambda x, y: x < y)] * 2,
        each(min), [4] * 3, a, [6] * 3,
    ]  # fmt: skip
    rest = [9, 11, 33, 9] + [9, 12, 35, 9] + [7, 4] + [2 + 42 + 0] + [1]
    return [int(v) for vector in vectors for v in vector] + rest


@pytest.mark.parametrize("players", [3, 4])
def test_all_names_and_operators_by_real_processes(tmp_path, players):
    words = ["", "20 3 7 ", "4\t20\n7"] + [""] * (players - 3)
    ended = run_processes(tmp_path, textwrap.dedent(EVERYTHING), words)
    assert [e.status for e in ended] == [0] * players, [e.stderr for e in ended]
    assert ended[0].outputs == everything([20, 3, 7], [4, 20, 7])
    assert ended[1].outputs == [20, 3, 7]
    assert ended[2].outputs == [4, 20, 7]
    assert "\npublic: 42 and 7\n" in ended[0].stdout
    assert all(e.stdout.endswith("End of prog\n") for e in ended)
    assert all("public" not in e.stdout for e in ended[1:])  # only player 0 prints


# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [0, 1, 2**32, 2**63, 2**64 - 1])
def test_words_are_unsigned_and_outputs_signed(word):
    program = """\
        x = sint.get_private_input_from(1)
        x.reveal_to(0)
        (-x).reveal_to(2)
    """
    assert outputs(program, [(), [word], ()]) == [[word], [], [-word]]


def test_integers_are_taken_modulo_p():
    program = f"""\
        x = sint({P + 5}) * {2**200}
        x.reveal_to(0)
        (sint({P // 2}) + 1).reveal_to(0)
        sint({P} - 1).reveal_to(0)
    """
    large = 5 * 2**200 % P
    assert [v % P for v in outputs_to_0(program)] == [large, P // 2 + 1, P - 1]
    assert outputs_to_0(program)[1:] == [-(P // 2), -1]


@pytest.mark.parametrize("players", [3, 4, 5, 8])
def test_inputs_of_all_players_in_any_order(players):
    program = f"""\
        for i in reversed(range({players})):
            sint.get_private_input_from(i, size=2).store_in_mem(2 * i)
        for i in range({players}):
            sint.get_private_input_from(i).store_in_mem({2 * players} + i)
        sint.load_mem(0, size={3 * players}).reveal_to({players} - 1)
    """
    words = [[100 * i, 100 * i + 1, 100 * i + 2] for i in range(players)]
    first = [w for row in words for w in row[:2]]
    expected = [[]] * (players - 1) + [first + [row[2] for row in words]]
    assert outputs(program, words) == expected


def test_a_vector_operation_is_one_round_whatever_its_length():
    def rounds(size):
        source = f"""\
            x = sint.get_private_input_from(1, size={size})
            y = sint.get_private_input_from(2, size={size})
            z = (x * y + x.square()).less_than(y * y)
            (z * x).reveal_to(0)
        """
        return run_program(textwrap.dedent(source), [[], [1] * size, [2] * size])[0].rounds

    assert rounds(1) == rounds(64) == rounds(3000)


def test_a_sum_of_products_is_reduced_once():
    def rounds(terms):
        source = f"""\
            x = sint.get_private_input_from(1, size=4)
            total = sum([x * (x + k) for k in range({terms})], sint(0, size=4))
            (total * total).reveal_to(0)
        """
        return run_program(textwrap.dedent(source), [[], [1, 2, 3, 4], []])[0].rounds

    assert rounds(1) == rounds(20)


def test_comparison_with_a_public_vector_and_number():
    program = """\
        x = sint.get_private_input_from(1, size=2)
        x.less_than(10, 8).reveal_to(0)
        x.equal(9, 8).reveal_to(0)
        x.greater_equal(cint(9), 8).reveal_to(0)
        x.not_equal(sint(200, size=2), 9).reveal_to(0)
    """
    assert outputs_to_0(program, [9, 10], []) == [1, 0, 1, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("players", [3, 4])
def test_equal_differences_are_compared_in_pairs_by_all_players_alike(players):
    """Also by the one of four who holds no shares, who must find as few numbers to mask."""
    program = """\
        a = Array(6000, sint)
        sint.get_private_input_from(1, size=2).store_in_mem(a.address)
        size = 2
        while size < 2000:
            more = min(size, 2000 - size)
            sint.load_mem(a.address, size=more).store_in_mem(a.address + size)
            size += more
        sint(7, size=2000).store_in_mem(a.address + 2000)
        x = sint.load_mem(a.address, size=2000)
        y = sint.load_mem(a.address + 2000, size=2000)
        (x - y).less_than(y - x, 10).reveal_to(0)
    """
    with mock.patch.object(
        comparison.Pairs, "are_many", property(lambda pairs: pairs.numbers.shape[1] == 4)
    ):
        result = outputs(program, [(), (5, 9)] + [()] * (players - 2))[0]
    assert result == [1, 0] * 1000


def test_default_bit_length_holds_signed_64_bit_integers():
    program = """\
        x = sint.get_private_input_from(1, size=2)
        (x < 0).reveal_to(0)
        (-x < x).reveal_to(0)
        (-x < 0).reveal_to(0)
    """
    assert outputs_to_0(program, [2**63 - 1, 0], []) == [0, 0, 1, 0, 1, 0]


# --- memory -----------------------------------------------------------------------------------


def test_memory_is_zero_at_first_and_arrays_do_not_overlap():
    program = """\
        a, b, c = Array(3, sint), Array(2, sint), Array(2, cint)
        a.assign_all(7)
        b[1] = 5
        c.assign_all(cint(4))
        sint.load_mem(a.address, size=3).reveal_to(0)
        sint.load_mem(b.address, size=2).reveal_to(0)
        sint.load_mem(100, size=2).reveal_to(0)
        for element in c:
            sint(element).reveal_to(0)
    """
    assert outputs_to_0(program) == [7, 7, 7, 0, 5, 0, 0, 4, 4]


def test_a_loaded_value_is_a_copy():
    program = """\
        sint(1).store_in_mem(0)
        x = sint.load_mem(0)
        sint(2).store_in_mem(0)
        x.reveal_to(0)
        sint.load_mem(0).reveal_to(0)
    """
    assert outputs_to_0(program) == [1, 2]


def test_an_input_goes_over_a_product_that_stood_there():
    program = """\
        x = sint.get_private_input_from(1, size=100)
        y = sint.get_private_input_from(1, size=100)
        (x - y).square().store_in_mem(0)
        sint.get_private_input_from(1, size=100).store_in_mem(0)
        sint.load_mem(0, size=100).reveal_to(0)
    """
    assert outputs_to_0(program, [5] * 100 + [3] * 100 + [8] * 100, []) == [8] * 100


def test_a_product_goes_over_an_input_that_is_still_to_come():
    program = """\
        x = sint.get_private_input_from(1, size=100)
        product = (sint(5, size=100) - sint(3, size=100)).square()
        x.store_in_mem(0)
        product.store_in_mem(0)
        sint.load_mem(0, size=100).reveal_to(0)
    """
    assert outputs_to_0(program, [8] * 100, []) == [4] * 100


# Programs of random steps on overlapping stretches of memory, against the same text in the clear.

SIZES = st.sampled_from([1, 2, 63, 64, 65, 100, 130])
ADDRESSES = st.one_of(st.integers(0, 300), st.sampled_from([0, 50, 64, 100, 128, 200]))
STEPS = {
    "sum": "add({a}, {b}, {n}, {c})",
    "difference": "store(load({a}, {n}) - load({b}, {n}), {c})",
    "product": "store(load({a}, {n}) * load({b}, {n}), {c})",
    "squares": "squares({a}, {b}, {n}, {c})",
    "square twice": "squares({a}, {b}, {n}, {c}); store(load({c}, {n}) + load({c}, {n}), {c})",
    "one square": "squares({a}, {b}, {n}, {c}); store(load({c} + {n} // 2, 1), {b})",
    "overlapping squares": "squares({a}, {b}, {n}, {c}); "
    "add({c}, {c} + {n} // 2, {n} // 2 + 1, {b})",
    "others' squares": "squares({a}, {b}, {n}, {c}); squares({b}, {a} + 1, {n}, {c} + {n}); "
    "add({c}, {c} + {n} + {n} // 2, {n} // 2 or 1, {b})",
    "fold": "add({a}, {a} + {n}, {n}, {a})",
    "total": "store(total({a}, {n}), {c})",
    "distance": "distance({a}, {b}, {n}, {c})",
    "multiple": "store(sint(load({a}, 1), size={n}) * load({b}, {n}), {c})",
    "multiples": "store(multiples({a}, {b}, {n}), {c})",
    "settled": "store(sint(load({a}, {n}), size={n}), {c})",
    "constant": "store(sint({b}, size={n}), {c})",
    "scaled": "store(3 - load({a}, {n}) * {b}, {c})",
    "input": "store(sint.get_private_input_from(1 + {a} % 2, 0, size={n}), {c})",
    "inputs": "read({a}, {n}, {c})",
    "copy": "store(load({a}, {n}), {c})",
    "reveal": "load({a}, {n}).reveal_to(0)",
}
PRELUDE = """\
def load(address, size):
    return sint.load_mem(address, size=size)

def store(value, address):
    value.store_in_mem(address)

def total(start, size):
    odd = []
    while size > 1:
        half = size // 2
        if size % 2:
            odd.append(load(start + size - 1, 1))
        store(load(start, half) + load(start + half, half), start)
        size = half
    return sum(odd, load(start, 1))

def add(a, b, size, target):
    store(load(a, size) + load(b, size), target)

def squares(a, b, size, target):
    store((load(a, size) - load(b, size)).square(), target)

def distance(a, b, size, target):
    squares(a, b, size, 500)
    store(total(500, size), target)

def multiples(a, b, size):
    parts = [sint(load(a + k, 1), size=size) * load(b + k, size) for k in range(3)]
    return sum(parts[1:], parts[0])

def read(a, size, target):
    parts = [sint.get_private_input_from(1 + (a + k) % 2, 0, size=size) for k in range(3)]
    for k, part in enumerate(parts):
        store(part, target + k)

store(sint.get_private_input_from(1, 0, size=400), 0)
"""


@pytest.mark.parametrize(
    "step",
    [
        "add(600, 750, 50, 0)",
        "add(600, 600, 100, 0)",
        "add(600, 650, 50, 0); store(total(0, 50), 1)",
    ],
)
def test_squares_that_stand_side_by_side_are_not_mixed_up(step):
    draw = random.Random(0).getrandbits
    words = [[], [draw(64) for _ in range(400)], []]
    squares = "squares(0, 100, 100, 600); squares(200, 1, 100, 700)"
    source = f"{PRELUDE}\n{squares}\n{step}\nload(0, 450).reveal_to(0)"
    assert outputs(source, words) == run_clear(source, words)


@st.composite
def programs(draw):
    lines = [
        STEPS[draw(st.sampled_from(sorted(STEPS)))].format(
            a=draw(ADDRESSES), b=draw(ADDRESSES), c=draw(ADDRESSES), n=draw(SIZES)
        )
        for _ in range(draw(st.integers(1, 12)))
    ]
    return PRELUDE + "\n".join([*lines, "load(0, 450).reveal_to(0)"])


@pytest.mark.parametrize("portion", [machine.PORTION, 100])
@given(programs(), st.integers(0, 2**64 - 1))
@settings(
    max_examples=settings.default.max_examples // 4, suppress_health_check=[HealthCheck.too_slow]
)
def test_random_programs_agree_with_the_same_text_in_the_clear(portion, source, seed):
    """Also where inputs and outputs are cut into portions, as very long ones are."""
    draw = random.Random(seed).getrandbits
    words = [[], *([draw(64) for _ in range(6000)] for _ in range(2))]
    with mock.patch.object(machine, "PORTION", portion):
        assert [seen.outputs for seen in run_program(source, words)] == run_clear(source, words)


# --- mistakes ---------------------------------------------------------------------------------

MISTAKES = [
    ("sint(1) + sint(1, size=2) + sint(1, size=3)", "vectors of 1 and 2 elements"),
    ("sint(1, size=3) * sint(1, size=2)", "vectors of 3 and 2 elements"),
    ("sint(1, size=3) + cint(1, size=2)", "vectors of 3 and 2 elements"),
    ("cint(1, size=3) * cint(1, size=2)", "vectors of 3 and 2 elements"),
    ("sint(sint(1, size=3), size=2)", "a vector of 3 elements cannot become one of 2"),
    ("sint(1, size=0)", "at least one element, not 0"),
    ("sint.load_mem(0, size=-1)", "at least one element, not -1"),
    ("sint.load_mem(-1)", "no memory at address -1"),
    ("sint(1).store_in_mem(-7)", "no memory at address -7"),
    ("sint.get_private_input_from(3)", "no player 3; there are players 0 to 2"),
    ("sint(1).reveal_to(-1)", "no player -1"),
    ("if sint(1) < 2: pass", "a sint cannot decide an if"),
    ("if sint(1).reveal(): pass", "a cint cannot decide an if"),
    ("if sint(1).reveal() == 1: pass", "a regint cannot decide an if"),
    ("if cint(1) != 1: pass", "a regint cannot decide an if"),
    ("Array(3, sint)[cint(1, size=3)]", "a cint of 3 elements is not one integer"),
    ("Array(3, sint)[3]", "index 3 is outside an Array of 3 elements"),
    ("Array(3, sint)[-4] = 0", "index -4 is outside"),
    ("Array(3, int)", "an Array holds sint, cint, regint, sfix or cfix, not int"),
    ("sint(1.5)", "1.5 is not an integer"),
    ("sint('x')", "'x' is not an integer"),
    ("sint(1) // 2", "SCALE-MAMBA has no //"),
    ("smallest(sint(1, size=6), 4, 1)", "the 1 smallest of each of 4 columns: 6 elements are no"),
    ("smallest(sint(1, size=6), 3, 2)", "the 2 smallest of each of 3 columns"),
    ("sint(1).less_than(2, 200)", "needs 241 bits with threshold 1"),
]


@pytest.mark.parametrize(("line", "message"), MISTAKES)
def test_mistakes_are_program_errors(line, message):
    with pytest.raises((RunError, ValueError), match=message):
        outputs(line)


@pytest.mark.parametrize(
    "line", ["sint(1) + 1.5", "sint(1) < None", "int(cint(1))", "[1][regint(0)]", "cint(1) - 0.5"]
)
def test_operators_that_do_not_exist_are_type_errors(line):
    with pytest.raises(TypeError):
        outputs(line)


def test_python_s_random_numbers_are_the_same_on_all_players(tmp_path):
    source = "import random\n(sint(random.getrandbits(60)) - random.getrandbits(60)).reveal_to(0)"
    ended = run_processes(tmp_path, source, ["", "", ""])
    draw = random.Random(0).getrandbits
    assert [e.status for e in ended] == [0, 0, 0], [e.stderr for e in ended]
    assert ended[0].outputs == [draw(60) - draw(60)]
