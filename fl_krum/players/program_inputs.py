"""What each player inputs to a program, checked before anything is started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

LARGEST = 2**64 - 1  # players read words of 64 bits
FEWEST = 3  # players, for an honest majority of which one may be curious
MOST = 100  # more have never been tried


def count_players(inputs, players: int | None) -> int:
    """How many players there are: as many as asked for, or as have an input, and 3 at least.

    Raises
    ------
    ValueError
        They are too few or too many.
    """
    if players is None:
        last = max(inputs, default=-1) if isinstance(inputs, Mapping) else len(inputs) - 1
        players = max(FEWEST, last + 1) if isinstance(last, int) else FEWEST
    if isinstance(players, bool) or not isinstance(players, (int, np.integer)):
        raise ValueError(f"players is a number of players, not {players!r}")
    if not FEWEST <= players <= MOST:
        raise ValueError(f"a program runs among {FEWEST} to {MOST} players, not {players}")
    return int(players)


def words_of_players(inputs, players: int) -> list[np.ndarray]:
    """The words of each player, as ``uint64``.

    Parameters
    ----------
    inputs : mapping of int to values, or sequence of values
        By player; values are one integer, or any number of them in lists or arrays.
    players : int

    Raises
    ------
    ValueError
        A player that is not there, or what is no integer from 0 to 2^64 - 1.
    """
    by_player = dict(inputs.items() if isinstance(inputs, Mapping) else enumerate(inputs))
    for player in by_player:
        if isinstance(player, bool) or not isinstance(player, (int, np.integer)):
            raise ValueError(f"inputs belong to a player's number, not to {player!r}")
        if not 0 <= player < players:
            raise ValueError(
                f"there is no player {player} to have an input: there are players 0 to "
                f"{players - 1}"
            )
    return [_words(player, by_player.get(player, ())) for player in range(players)]


def _words(player: int, values) -> np.ndarray:
    words = []
    for place, value in enumerate(_flat(values), 1):
        if not isinstance(value, (int, np.integer)):  # a bool is 0 or 1
            hint = ": scale it, say by 2^16, and round" if isinstance(value, float) else ""
            raise ValueError(
                f"player {player}, input {place} is {_short(value)}, not an integer{hint}"
            )
        if not 0 <= value <= LARGEST:
            hint = "; add an offset, and subtract it in the program" if value < 0 else ""
            raise ValueError(
                f"player {player}, input {place} is {_short(value)}: an input is an integer from 0 "
                f"to 2^64 - 1{hint}"
            )
        words.append(int(value))
    return np.array(words, np.uint64)


def _flat(values) -> Iterable:
    """All values, whatever they are nested in."""
    if isinstance(values, np.ndarray):
        yield from values.reshape(-1).tolist()
    elif isinstance(values, np.generic):
        yield values.item()
    elif isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping)):
        for value in values:
            yield from _flat(value)
    else:
        yield values


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"
