"""Exercises of the notebook on several hosts: whose key, who was missing, what waiting costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from .exercise import Wrong, compare, exercise, listed

_ROSTER = [("server", "3f9a"), ("alice", "77c0"), ("bob", "77c1"), ("carol", "0b52")]


@exercise(
    "swapped(roster, heard)",
    praise="Right. Whoever swaps a certificate cannot swap what you hear on the telephone.",
    hints=(
        "roster is a list of (name, fingerprint); heard is a dict of name to fingerprint.",
        "[name for name, fingerprint in roster if heard.get(name) != fingerprint]",
    ),
    mistakes={
        "These are the parties whose fingerprints are right. Return the others.": (
            lambda roster, heard: [n for n, print_ in roster if heard.get(n) == print_]
        ),
        "That is how many there are. Return their names, as a list.": lambda roster, heard: sum(
            heard.get(n) != print_ for n, print_ in roster
        ),
        "That says whether there is one. Return the names, as a list.": lambda roster, heard: any(
            heard.get(n) != print_ for n, print_ in roster
        ),
        "Return the names, not the fingerprints.": lambda roster, heard: [
            print_ for n, print_ in roster if heard.get(n) != print_
        ],
        "All of a fingerprint has to be compared: it is easy to find a key that agrees in the "
        "beginning.": lambda roster, heard: [
            n for n, print_ in roster if heard.get(n, "")[:3] != print_[:3]
        ],
        "Whom nobody has heard of is not right either: heard.get(name) is None there.": (
            lambda roster, heard: [n for n, p in roster if n in heard and heard[n] != p]
        ),
        "The right fingerprint under another name is wrong: it says whose key it is.": (
            lambda roster, heard: [n for n, print_ in roster if print_ not in heard.values()]
        ),
    },
)
def check_swapped(swapped: Callable) -> None:
    """Check ``swapped(roster, heard)``: whose certificate is not the one that was read out?"""
    right = dict(_ROSTER)
    cases = [
        (right, []),
        ({**right, "bob": "77c9"}, ["bob"]),
        ({**right, "alice": "77c1", "bob": "77c0"}, ["alice", "bob"]),
        ({name: text for name, text in _ROSTER if name != "carol"}, ["carol"]),
        ({**right, "server": "0000", "carol": "0b5f"}, ["server", "carol"]),
    ]
    given = [swapped(list(_ROSTER), dict(heard)) for heard, _ in cases]
    for (heard, expected), result in zip(cases, given, strict=True):
        names = listed(result, "['bob']")
        if sorted(map(str, names)) != sorted(expected):
            raise Wrong(f"When {heard} is read out, {expected} are right; you return {names}.")


def _named(claims, spoke, count_speakers=False):
    votes = Counter(
        named for _, named in claims if count_speakers or named not in spoke or not spoke
    )
    return votes.most_common(1)[0][0] if votes else None


@exercise(
    "missing(claims, spoke)",
    praise="Right. Nobody has to believe one witness, or the server's own player.",
    hints=(
        "Leave out the claims about players in spoke, and count how often each other one is named.",
        "Counter(named for witness, named in claims if named not in spoke).most_common(1)[0][0]",
    ),
    mistakes={
        "A player that has spoken is there, however many name it.": lambda claims, spoke: _named(
            claims, spoke, count_speakers=True
        ),
        "That is what the first witness says. It may have waited for somebody who waited itself.": (
            lambda claims, spoke: claims[0][1]
        ),
        "That is a witness. Return whom the witnesses name.": (
            lambda claims, spoke: next(w for w, n in claims if n == _named(claims, spoke))
        ),
        "That is how many name it. Return its name.": lambda claims, spoke: sum(
            named == _named(claims, spoke) for _, named in claims
        ),
        "That is all who are named. Return the one whom most name.": lambda claims, spoke: sorted(
            {named for _, named in claims if named not in spoke}
        ),
        "You return whom the fewest name.": lambda claims, spoke: min(
            (named for _, named in claims if named not in spoke),
            key=[named for _, named in claims].count,
        ),
    },
)
def check_missing(missing: Callable) -> None:
    """Check ``missing(claims, spoke)``: from last words, who was missing?"""
    cases = [
        (
            [("server", "client2"), ("client1", "client3"), ("client2", "client3"),
             ("client4", "client3"), ("client5", "client6")],
            {"server", "client1", "client2", "client4", "client5"}, "client3",
        ),
        (
            [("client2", "client1"), ("client4", "client1"), ("client5", "client1"),
             ("client1", "client3"), ("server", "client3"), ("client6", "client7")],
            {"server", "client1", "client2", "client4", "client5", "client6"}, "client3",
        ),
    ]  # fmt: skip
    given = [missing(list(claims), set(spoke)) for claims, spoke, _ in cases]
    for (claims, spoke, expected), result in zip(cases, given, strict=True):
        if result != expected:
            raise Wrong(
                f"Of {len(claims)} claims, when {sorted(spoke)} have spoken, {expected} was "
                f"missing; you return {result!r:.40}."
            )


def _worst(delays):
    return max(delays[i][j] for i in range(len(delays)) for j in range(len(delays)) if i != j)


@exercise(
    "waiting(exchanges, delays)",
    praise="Right. All wait for the slowest pair: one far client makes the round slow for all.",
    hints=(
        "In one exchange everybody sends to everybody, and all wait for the last message.",
        "The slowest message takes max of all delays[i][j]; times exchanges, divided by 1000.",
    ),
    mistakes={
        "delays are in milliseconds: divide by 1000.": lambda exchanges, delays: (
            exchanges * _worst(delays)
        ),
        "All messages of an exchange are on their way at the same time: the largest counts, not "
        "the sum.": lambda exchanges, delays: exchanges * np.sum(delays) / 1000,
        "The next exchange begins when the last message is here, not the average one.": (
            lambda exchanges, delays: (
                exchanges * np.sum(delays) / (len(delays) * (len(delays) - 1)) / 1000
            )
        ),
        "You wait for the fastest message. All are needed.": lambda exchanges, delays: (
            exchanges * min(d for row in delays for d in row if d) / 1000
        ),
        "A message need not come back before the next exchange: one way counts once.": (
            lambda exchanges, delays: 2 * exchanges * _worst(delays) / 1000
        ),
        "That is one exchange. There are more.": lambda exchanges, delays: _worst(delays) / 1000,
    },
)
def check_waiting(waiting: Callable) -> None:
    """Check ``waiting(exchanges, delays)``: seconds that players wait for messages on their way."""
    cases = [
        (60, [[0, 10, 10], [10, 0, 10], [10, 10, 0]]),
        (42, [[0, 5, 80, 7], [5, 0, 90, 6], [80, 90, 0, 100], [7, 6, 100, 0]]),
        (5, [[0, 2, 3], [40, 0, 3], [2, 2, 0]]),
    ]
    compare(waiting, lambda exchanges, delays: exchanges * _worst(delays) / 1000, cases)
