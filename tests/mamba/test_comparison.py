"""Less-than by 3 to 8 players in threads, at every bit length."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mamba_players import dealt, reconstruct, together

from mamba import circuits, comparison, field, gf256
from mamba.masks import Demand, make_masks
from mamba.protocols import Protocols

few = settings(max_examples=settings.default.max_examples // 5)  # each is a run
MOST = 126  # bits of the compared number, its mask and the carries of adding masks


def compare(players, groups, security=40):
    """[value < 0] for several groups (bits, values), each one vector comparison.

    Returns the results of each group, and the rounds that the last one took without its masks.
    """
    demands = [Demand(len(values), bits, security, len(values)) for bits, values in groups]
    shares = dealt(field, players, *(field.from_ints(values) for _, values in groups))

    def step(network):
        protocols = Protocols(network)
        masks = make_masks(protocols, demands)
        results = []
        for (bits, _), share, mask in zip(groups, shares[network.me], masks, strict=True):
            before = network.rounds
            results.append(comparison.less_than_zero(protocols, share, bits, mask))
        return results, network.rounds - before

    answers = together(players, step)
    columns = zip(*(results for results, _ in answers), strict=True)
    opened = [field.to_ints(reconstruct(field, list(shares))) for shares in columns]
    return opened, answers[0][1]


def edges(bits):
    """Smallest and largest numbers of this length, around 0, and around the powers of two."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    near = {sign * 2**k + step for k in range(bits) for sign in (1, -1) for step in (-1, 0, 1)}
    return sorted(v for v in near | {low, low + 1, high, high - 1} if low <= v <= high)


def below_zero(values):
    return [int(v < 0) for v in values]


@pytest.mark.parametrize("players", range(3, 9))
def test_edge_values_at_every_bit_length(players):
    lengths = range(2, 85) if players == 3 else range(players, 85, 17)
    groups = [(bits, edges(bits)) for bits in lengths]
    opened, _ = compare(players, groups)
    assert opened == [below_zero(values) for _, values in groups]


@given(st.integers(3, 8), st.integers(2, 84), st.data())
@few
def test_any_values(players, bits, data):
    numbers = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    values = data.draw(st.lists(numbers, min_size=1, max_size=20))
    assert compare(players, [(bits, values)])[0] == [below_zero(values)]


@pytest.mark.parametrize("players", [3, 6])
def test_results_do_not_depend_on_chance(players):
    """Many masks for one value: whatever carries they make, the result is right."""
    for value in (-1, 0, 1):
        assert compare(players, [(8, [value] * 2000)])[0] == [below_zero([value] * 2000)]


@pytest.mark.parametrize(("players", "bits", "security"), [(3, 85, 40), (4, 2, 123), (7, 84, 40)])
def test_the_field_is_used_to_its_last_bit(players, bits, security):
    assert bits + security + ((players - 1) // 2).bit_length() == MOST
    values = edges(bits)
    for _ in range(3):  # masks of full length only come by chance
        assert compare(players, [(bits, values)], security)[0] == [below_zero(values)]
    threshold = (players - 1) // 2
    with pytest.raises(ValueError, match=f"needs {MOST + 1} bits with threshold {threshold}"):
        Demand(1, bits + 1, security, 1).check(threshold)


def test_a_vector_takes_as_many_rounds_as_one_number():
    rounds = {compare(3, [(57, [5] * width)])[1] for width in (1, 2, 1000)}
    assert len(rounds) == 1


def test_masks_are_made_together_in_the_rounds_of_the_slowest():
    def rounds(demands):
        def step(network):
            protocols = Protocols(network)
            make_masks(protocols, demands)
            return network.rounds

        return together(5, step)[0]

    one, other = Demand(7, 60, 40, 7), Demand(30, 5, 40, 90)
    assert rounds([one, other, one]) == max(rounds([one]), rounds([other]))


# --- many pairs of few numbers ----------------------------------------------------------------


def compare_among(players, bits, values, pairs):
    """[values[i] < values[j]] for pairs (i, j), and the rounds it took without its mask; `bits` are
    those of the differences."""
    left, right = np.array(pairs).T
    shares = dealt(field, players, field.from_ints(values))

    def step(network):
        protocols = Protocols(network)
        (own,) = shares[network.me]
        found = comparison.pair_up(own[:, left], own[:, right])
        count = found.numbers.shape[1]
        assert count == len({int(i) for pair in pairs for i in pair})
        (mask,) = make_masks(protocols, [found.demand(bits, 40)])
        before = network.rounds
        return (
            comparison.less_than_among(protocols, found, bits, mask),
            network.rounds - before,
        )

    answers = together(players, step)
    opened = reconstruct(field, [result for result, _ in answers])
    return field.to_ints(opened), answers[0][1]


@pytest.mark.parametrize(
    ("players", "bits"),
    [(3, bits) for bits in (2, 3, 4, 5, 17, 64, 67, 70, 83)]
    + [(4, 2), (6, 3), (9, 4), (4, 17), (6, 64), (9, 67), (4, 70), (6, 83)],
)
def test_edge_values_in_all_pairs(players, bits):
    values = edges(bits - 1) if bits > 2 else [0, -1]
    values = values[:: 1 + len(values) // 25] + [values[-1]]
    pairs = [(i, j) for i in range(len(values)) for j in range(len(values))]
    opened, _ = compare_among(players, bits, values, pairs)
    assert opened == [int(values[i] < values[j]) for i, j in pairs]


@given(st.integers(3, 7), st.integers(2, 83), st.data())
@few
def test_any_values_in_any_pairs(players, bits, data):
    numbers = st.integers(-(2 ** (bits - 2)), 2 ** (bits - 2) - 1)
    values = data.draw(st.lists(numbers, min_size=1, max_size=8))
    places = st.integers(0, len(values) - 1)
    pairs = data.draw(st.lists(st.tuples(places, places), min_size=1, max_size=20))
    opened, _ = compare_among(players, bits, values, pairs)
    assert opened == [int(values[i] < values[j]) for i, j in pairs]


def test_pairs_take_as_many_rounds_as_differences():
    for bits in (2, 50, 83):
        in_pairs = compare_among(3, bits, [-1, 0, 0, -1], [(0, 1), (2, 3)])[1]
        assert in_pairs == compare(3, [(bits, [1])])[1]


def test_results_in_pairs_do_not_depend_on_chance():
    values = [-1, 0, 0, 1, 3, -4]
    pairs = [(i, j) for i in range(6) for j in range(6)]
    for _ in range(30):
        opened, _ = compare_among(4, 4, values, pairs)
        assert opened == [int(values[i] < values[j]) for i, j in pairs]


def test_equal_numbers_that_were_dealt_separately_are_two_numbers():
    assert compare_among(3, 10, [5, 5, 4], [(0, 1), (1, 0), (2, 0), (0, 2)])[0] == [0, 0, 1, 0]


def test_pairs_pay_where_there_are_fewer_numbers():
    def are_many(count, pairs):
        return comparison.Pairs(field.zeros(count), *np.zeros((2, pairs), int)).are_many

    assert are_many(3, 4) and not are_many(3, 3) and not are_many(4, 2)


# --- the smallest of several ------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 9, 16, 28, 98])
def test_so_many_bits_or_more(count):
    """Every number of ones, anywhere, against every bound of a few."""
    rng = np.random.default_rng(count)
    bits = rng.permuted(np.tri(count + 1, count, -1, np.uint8).T, axis=0)
    shares = dealt(gf256, 3, bits.ravel())

    def step(network):
        protocols, own = Protocols(network), shares[network.me][0].reshape(bits.shape)
        return [circuits.at_least(protocols, own, least) for least in bounds]

    bounds = sorted({1, 2, count // 2 + 1, count - 1, count} & {*range(1, count + 1)})
    for least, result in zip(bounds, zip(*together(3, step), strict=True), strict=True):
        assert (reconstruct(gf256, list(result)) == (bits.sum(axis=0) >= least)).all()


def smallest(players, table, most, bits=20, same=False):
    """1 for each of the smallest numbers of every column, 0 for the others."""
    shares = dealt(field, players, field.from_ints(table.ravel().tolist()))

    def step(network):
        protocols = Protocols(network)
        (own,) = shares[network.me]
        if same:  # the same sharings again, in more columns
            own = own.reshape(4, *table.shape).repeat(2, axis=2).reshape(4, -1)
        columns = comparison.tabulate(own, table.shape[1] * (1 + same), most)
        assert columns.numbers.shape[1] == table.size
        (mask,) = make_masks(protocols, [Demand(table.size, bits, 40, own.shape[1])])
        return comparison.smallest_among(protocols, columns, bits, mask)

    opened = field.to_ints(reconstruct(field, together(players, step)))
    return np.array(opened).reshape(len(table), -1)


def smallest_in_the_clear(table, most):
    order = np.argsort(table, axis=0, kind="stable")
    result = np.zeros(table.shape, int)
    np.put_along_axis(result, order[:most], 1, axis=0)
    return result


@given(st.integers(3, 7), st.integers(2, 9), st.integers(1, 4), st.data())
@few
def test_the_smallest_of_every_column_with_ties(players, rows, columns, data):
    numbers = st.lists(st.integers(-2, 2), min_size=rows * columns, max_size=rows * columns)
    table = np.array(data.draw(numbers)).reshape(rows, columns)
    most = data.draw(st.integers(1, rows - 1))
    assert (smallest(players, table, most) == smallest_in_the_clear(table, most)).all()


def test_the_smallest_of_many_by_numbers_that_stand_in_several_places():
    table = np.random.default_rng(0).integers(-(2**18), 2**18, (49, 5))
    found, expected = smallest(3, table, 25, same=True), smallest_in_the_clear(table, 25)
    assert (found == expected.repeat(2, axis=1)).all()
