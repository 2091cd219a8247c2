"""What the number of clients, a row, a name and any other whole number may be: in one place."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable


def check_parameters(n: int, f: int) -> None:
    """Raise a ValueError unless n >= 3, f >= 0 and 2f + 2 < n, as the paper assumes."""
    n, f = check_integer("n", n), check_integer("f", f)
    if f < 0:
        raise ValueError(f"the number of Byzantine clients must be f >= 0; got f = {f}")
    if n < 3:
        raise ValueError(f"Krum needs at least n = 3 clients; got n = {n}")
    if f > largest_f(n):
        clients = "client needs" if f == 1 else "clients need"
        raise ValueError(
            f"f = {f} Byzantine {clients} 2f + 2 < n, so at least n = {2 * f + 3} clients; "
            f"got n = {n} (largest f here: {largest_f(n)})"
        )


def largest_f(n: int) -> int:
    """The most Byzantine clients that Krum tolerates among n, 2f + 2 < n; 0 if n is small."""
    return max(0, (n - 3) // 2)


def check_average(n: int, f: int, m: int | None = None) -> int:
    """m of Multi-Krum, by default the largest, n - f; ValueError unless 1 <= m <= n - f."""
    m = n - f if m is None else check_integer("m", m)
    if not 1 <= m <= n - f:
        raise ValueError(f"Multi-Krum averages 1 <= m <= n - f = {n - f} vectors; got m = {m}")
    return m


def check_excluded(n: int, f: int, excluded: Iterable[int]) -> list[int]:
    """The rows that are left without the excluded ones; ValueError where these are more than f."""
    excluded = check_rows("excluded", excluded, n)
    check_integer("the number of excluded clients", len(excluded), 0, f, "they count among the f")
    return [row for row in range(n) if row not in excluded]


def check_integer(
    name: str, value, least: int | None = None, most: int | None = None, why: str = ""
) -> int:
    """The value as an int; ValueError for what is none, or is not in least … most."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise ValueError(f"{name} must be an integer; got {name} = {value!r}")
    below, above = least is not None and number < least, most is not None and number > most
    if below or above:
        allowed = f"at least {least}" if most is None else f"{least} to {most}"
        raise ValueError(f"{name} must be {allowed}; got {name} = {number}{why and f': {why}'}")
    return number


def check_rows(name: str, rows: Iterable, n: int) -> list[int]:
    """The `name` rows, 0 to n - 1, ascending and each once; ValueError for anything else.

    NumPy would take -1 for the last row and True for row 1: here both are mistakes.
    """
    why = f"rows count from 0, and there are {n}"
    try:
        given = list(rows)
    except TypeError:
        raise ValueError(f"{name} must be a list of rows, such as [0, 2]; got {rows!r}") from None
    one = f"{'an' if name[0] in 'aeiou' else 'a'} {name} row"
    return sorted({check_integer(one, row, 0, n - 1, why) for row in given})


def check_name(what: str, value, known: Iterable[str]) -> str:
    """The value, which is one of the `known` names; ValueError with the nearest one otherwise."""
    known = list(known)
    if isinstance(value, str) and value in known:
        return value
    raise ValueError(
        f"{what} must be one of {', '.join(known)}; got {value!r}{did_you_mean(value, known)}"
    )


def did_you_mean(word, known: Iterable[str]) -> str:
    """A question after the nearest of the known names, to end a sentence with; "" if none is."""
    plain = {name.casefold().replace("_", "-"): name for name in known}
    near = difflib.get_close_matches(str(word).casefold().replace("_", "-"), plain, n=1)
    return f" (did you mean {plain[near[0]]}?)" if near else ""
