"""Sorting lists and arrays of secrets: comparisons and swaps at places that do not depend on them.

Nothing is opened, so nobody learns the order. The networks are Batcher's (AFIPS Spring Joint
Computer Conference, 1968), and bubble sort.
"""

from mamba.run_error import RunError

NAMES = "cond_swap sort odd_even_merge odd_even_merge_sort loopy_odd_even_merge_sort".split()


def cond_swap(x, y):
    """The smaller and the larger of two numbers."""
    smaller = x < y
    change = smaller * (x - y)
    return y + change, x - change


def sort(a):
    """Sort a list or an Array, in place, by about n^2 / 2 comparisons."""
    for i in range(len(a)):
        for j in reversed(range(i)):
            a[j], a[j + 1] = cond_swap(a[j], a[j + 1])
    return a


def odd_even_merge(a):
    """Merge the two sorted halves of a list, in place."""
    if len(a) == 2:
        a[0], a[1] = cond_swap(a[0], a[1])
        return
    even, odd = list(a[::2]), list(a[1::2])
    odd_even_merge(even)
    odd_even_merge(odd)
    a[0], a[len(a) - 1] = even[0], odd[-1]
    for i in range(1, len(a) // 2):
        a[2 * i - 1], a[2 * i] = cond_swap(odd[i - 1], even[i])


def odd_even_merge_sort(a):
    """Sort a list whose length is a power of two, in place, by about n (log n)^2 / 4
    comparisons."""
    if len(a) & len(a) - 1 or not len(a):
        raise RunError(f"odd_even_merge_sort takes 1, 2, 4, 8, ... numbers, not {len(a)}")
    if len(a) == 1:
        return
    half = len(a) // 2
    halves = list(a[:half]), list(a[half:])
    for part in halves:
        odd_even_merge_sort(part)
    for place, value in enumerate(halves[0] + halves[1]):
        a[place] = value
    odd_even_merge(a)


def loopy_odd_even_merge_sort(a, sorted_length=1, n_parallel=32):
    """As `odd_even_merge_sort`, of an Array."""
    odd_even_merge_sort(a)
