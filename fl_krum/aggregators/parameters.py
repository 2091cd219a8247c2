"""What the number of clients, and any other whole number, may be: checked in one place."""

from __future__ import annotations

import operator


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
