"""The books that secrets keep, and what an onlooker makes of opened bits."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.lesson.secret_ledger import BranchOnSecret, Ledger, eavesdrop, published_sort

numbers = st.lists(st.integers(0, 2**60), min_size=2, max_size=12)


def opened(secrets):
    return [secret.open() for secret in secrets]


@given(st.integers(-(2**80), 2**80), st.integers(-(2**80), 2**80))
def test_arithmetic_is_that_of_integers(x, y):
    a, b = Ledger().secrets([x, y])
    results = opened([a + b, a - b, a * b, a + 1, 1 + a, 1 - a, a - 1, 3 * a, a * 3])
    assert results == [x + y, x - y, x * y, x + 1, 1 + x, 1 - x, x - 1, 3 * x, x * 3]
    assert opened([a < b, a > b, a == b, a < 7]) == [x < y, x > y, x == y, x < 7]


def test_the_books():
    ledger = Ledger()
    a, b = ledger.secrets([3, 5])
    bit = a + b < 9
    _ = a * b, a * 4, 4 * a, 1 - a, bit * a
    assert (ledger.comparisons, ledger.multiplications) == (1, 2)  # a constant factor is free
    assert ledger.opened == []
    assert repr(a) == "<secret>"


@pytest.mark.parametrize("program", [sorted, min, published_sort, any], ids=lambda p: p.__name__)
def test_a_branch_is_refused(program):
    ledger = Ledger()
    with pytest.raises(BranchOnSecret, match="all players have to know"):
        program(ledger.secrets([3, 1, 2]))
    assert ledger.opened == []


def test_secrets_cannot_be_looked_up():
    with pytest.raises(TypeError, match="unhashable"):
        set(Ledger().secrets([1]))


@given(numbers)
def test_published_sort_sorts(values):
    assert published_sort(values) == sorted(values)


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], [30, 7, 99, 1, 50, 12]])
def test_published_sort_opens_92_bits(values):
    """As counted on the published program in SCALE-MAMBA: 92 a client, 644 for seven clients."""
    ledger = Ledger(open_branches=True)
    published_sort(ledger.secrets(values))
    assert len(ledger.opened) == 92
    assert set(ledger.opened) <= {0, 1}


@pytest.mark.parametrize("program", [sorted, published_sort], ids=lambda p: p.__name__)
@given(values=numbers)
def test_the_opened_bits_give_the_order_away(program, values):
    ledger = Ledger(open_branches=True)
    program(ledger.secrets(values))
    order = eavesdrop(program, len(values), ledger.opened)
    # sorted() is stable, and so is the published sort: equal numbers stay in their order.
    assert order == sorted(range(len(values)), key=values.__getitem__)


def oblivious_score(distances, near):
    """As in notebook 4."""
    rank = [0] * len(distances)
    for j, k in combinations(range(len(distances)), 2):
        nearer = distances[k] < distances[j]
        rank[j] += nearer
        rank[k] += 1 - nearer
    return sum((r < near) * distance for r, distance in zip(rank, distances, strict=True))


@given(numbers, st.data())
def test_the_oblivious_score_opens_nothing(values, data):
    near = data.draw(st.integers(1, len(values)))
    ledger = Ledger()
    score = oblivious_score(ledger.secrets(values), near)
    assert ledger.opened == []
    assert score.open() == sum(sorted(values)[:near])
