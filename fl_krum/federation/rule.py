"""The rule of a session: a name, a function, an object or players, behind one face.

What a record may say of a round depends on the rule: that its result is Krum's, or that a
Byzantine vector was chosen, has a meaning for Krum and Multi-Krum alone. So this file also says
what these, and the other two rules that players can compute, give in the clear, and says nothing
of any other rule.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..aggregators import rules
from ..aggregators.krum import krum
from ..aggregators.parameters import check_name
from ..aggregators.rules import AGGREGATORS
from ..aggregators.weights import WEIGHTS, krum_weights, weighted_sum
from ..program.fixed_point import FixedPoint
from .own_functions import as_vector, check_call, name_of, named, try_out

_OF_X_ALONE = {
    rules.mean: "mean",
    rules.median: "median",
    rules.geometric_median: "geometric-median",
    rules.centred_clipping: "centred-clipping",
}
_AVERAGING = ("multi-krum", "mixed-krum", "clipped-krum")
_NAMES: dict[Callable, str] = {krum: "krum", **_OF_X_ALONE}
_NAMES |= {rule: name for name, rule in AGGREGATORS.items()}


@dataclass(frozen=True)
class InTheClear:
    """What a rule of `WEIGHTS` in the clear makes of the words of a round.

    Attributes
    ----------
    chosen : int
        The first of `averaged`.
    averaged : tuple of int
        The rows that the result is made of, counted from 0: the one with the best score first,
        under Krum and Multi-Krum; else the one that counts most.
    weights : tuple of float
        What share of the result each row is.
    vector : ndarray, shape (d,)
        The result.
    """

    chosen: int
    averaged: tuple[int, ...]
    weights: tuple[float, ...]
    vector: np.ndarray


_NO_WORD = np.uint64(1 << 62)  # far out of every range


class Rule:
    """A rule that a session can use, whatever it was given as.

    Parameters
    ----------
    given : str, callable, or object with a method ``aggregate(X)``
        A name in `AGGREGATORS`; ``rule(X, f)`` or ``rule(X)``; players.
    n, f : int
        Clients, and how many of them are Byzantine.

    Attributes
    ----------
    name : str
        As in `AGGREGATORS`, or that of the function or class.
    average : int or None
        m of a rule of `WEIGHTS`, such as 1 of Krum; None for any other rule.
    program : KrumProgram or None
        That of the players.
    engine, security : str or None
        Theirs.

    Raises
    ------
    ValueError
        The name is unknown, the object cannot be called as a rule, or n is too small for it.
    """

    def __init__(self, given, n: int, f: int):
        self._f, self._n, self._given = f, n, given
        self._absent: tuple[int, ...] = ()
        self.name: str
        self.average: int | None = None
        self.program: Any = None
        self.engine: str | None = None
        self.security: str | None = None
        self._words: Callable | None = None
        if isinstance(given, str):
            given = AGGREGATORS[check_name("aggregate", given, AGGREGATORS)]
        self._object = given
        if isinstance(given, type) or not hasattr(given, "aggregate"):
            self._take_function(given, n)
        else:
            self._take_object(given)

    def _take_function(self, given, n) -> None:
        base = given.func if isinstance(given, partial) else given
        self.name = _NAMES[base] if _is_known(base) else name_of(given)
        self.average = self._average_in_the_clear(given, n)
        if not callable(given):
            raise ValueError(
                "aggregate must be a name, a function rule(X, f), or an object with a method "
                f"aggregate(X); got {given!r:.60}"
            )
        if _is_known(base) and base in _OF_X_ALONE or not _takes_f(given):
            check_call("aggregate", given, "rule(X)")
            self._call = given
        else:
            check_call("aggregate", given, "rule(X, f)")
            self._call = partial(_with_f, given, self._f)
        if _is_known(base):
            given(*(np.zeros((n, 1)), self._f)[: 1 if base in _OF_X_ALONE else 2])  # says if it is
            # no rule for n and f

    def _take_object(self, given) -> None:
        program = getattr(given, "program", None)
        check_call("aggregate", given.aggregate, "aggregate(X)")
        self._call = given.aggregate
        if all(hasattr(program, name) for name in ("n", "f", "d", "rounds", "fixed_point")):
            self.program, self.engine = program, getattr(given, "engine", None)
            self.security = getattr(given, "security", None)
            self.average = getattr(program, "average", 1)
            rule = getattr(program, "rule", "krum")
            self.name = "multi-krum" if rule == "krum" and self.average > 1 else rule
            self._words = getattr(given, "aggregate_words", None)
        else:
            self.name = getattr(given, "name", None) or name_of(given)

    def _average_in_the_clear(self, given, n) -> int | None:
        if self.name == "krum":
            return 1
        if self.name not in _AVERAGING:
            return None
        m = given.keywords.get("m") if isinstance(given, partial) else None
        return n - self._f if m is None else m

    def without_players(self, X, f: int) -> np.ndarray:
        """The same rule in the clear, shape (d,), for an attack that tries it."""
        if self.program is not None:
            weights = self._weights(X, f, self.average)
            return weights @ np.asarray(X, np.float64) / weights.sum()
        result = self._call(X)
        return np.asarray(getattr(result, "vector", result))

    @property
    def fixed_point(self) -> FixedPoint | None:
        """That of the players' program."""
        return None if self.program is None else self.program.fixed_point

    @property
    def compares(self) -> bool:
        """Whether its result must be, bit for bit, that of `in_the_clear`."""
        return self.program is not None or self.name == "krum"

    @property
    def reads_words(self) -> bool:
        """Whether players take the words as they are."""
        return self._words is not None

    def try_out(self, n: int, d: int) -> None:
        """ValueError for a function of the user's own that gives no vector; see `own_functions`."""
        if self.average is None and self.name not in AGGREGATORS and self.program is None:
            X = np.random.default_rng(0).normal(size=(n, d))
            look = partial(self._vector, d=d)
            try_out(self._what, self._object, (X,), look, self._call)

    def __call__(
        self, words: np.ndarray, updates: np.ndarray, absent: tuple[int, ...] = ()
    ) -> np.ndarray | None:
        """The new global model, shape (d,), an array of its own; None when more than f clients are
        absent.

        Parameters
        ----------
        words : ndarray of uint64, shape (n, d)
            For players that take words.
        updates : ndarray of float64, shape (n, d)
            The same as real numbers, for all others; they get a copy.
        absent : tuple of int
            Numbers (1 ... n) of the clients that are missing.
        """
        self._absent, d = absent, words.shape[1]
        if len(absent) > self._f:
            return None
        if absent:
            return self._without(absent, words, updates)
        if self.program is not None:
            result = self._words(words) if self._words else self._call(updates.copy())
        else:
            with named(self._what):
                result = self._call(updates.copy())
        return self._vector(result, d)

    def _without(self, absent, words, updates) -> np.ndarray:
        """For those that are there: with one client and one of f less for each that is missing, so
        that every vector has as many neighbours as before.

        Players that are running already stay n + 1: there a missing client's player shares what
        cannot be a word, and is left out by the check of the inputs. The result is the same.
        """
        rows = [client - 1 for client in absent]
        if self.program is not None and self._words:
            words = words.copy()
            words[rows] = _NO_WORD
            return self._vector(self._words(words), words.shape[1])
        rule = Rule(self._given, self._n - len(rows), self._f - len(rows))
        left = np.delete(words, rows, 0), np.delete(updates, rows, 0)
        result = rule(*left)
        assert result is not None, "nobody else is missing"
        return result

    @property
    def excluded(self) -> tuple[int, ...]:
        """Numbers (1 ... n) of the clients that players have left out of the last round, though
        they were there."""
        if self.program is None:
            return ()
        return tuple(c for c in getattr(self._object, "excluded", ()) if c not in self._absent)

    def in_the_clear(
        self, words: np.ndarray, fixed_point: FixedPoint, excluded=()
    ) -> InTheClear | None:
        """What must come out of `words`, without the clients `excluded`; None for other rules."""
        if self.average is None:
            return None
        rows = [client - 1 for client in excluded]
        weights = self._weights(words, self._f, self.average, rows)  # on integers: exact
        total = int(weights.sum())
        vector = fixed_point.decode(weighted_sum(words, weights), total)
        shares = tuple((weights / total).tolist())
        if self._weights is krum_weights:
            averaged = krum(words, self._f, rows).ranking[: self.average].tolist()
        else:
            averaged = np.argsort(-weights, kind="stable")[: np.count_nonzero(weights)].tolist()
        return InTheClear(averaged[0], tuple(averaged), shares, vector)

    @property
    def _weights(self) -> Callable[..., np.ndarray]:
        return WEIGHTS.get(self.name, krum_weights)

    def check_size(self, rounds: int, **shape: int) -> None:
        """ValueError for players whose program is for another n, f or d, or for fewer rounds."""
        program = self.program
        if program is None:
            return
        for name, wanted in shape.items():
            if (made_for := getattr(program, name)) != wanted:
                raise ValueError(
                    f"the players' program is for {name} = {made_for}, not for {wanted}"
                )
        if not getattr(program, "check", True):
            raise ValueError(
                "the players' program believes what clients share (check=False): for teaching only"
            )
        if program.rounds < rounds:
            raise ValueError(
                f"the players' program ends after {program.rounds} rounds, not {rounds}"
            )

    @property
    def _what(self) -> str:
        return f"the rule {self.name}"

    def _vector(self, result, d: int) -> np.ndarray:
        return as_vector(self._what, getattr(result, "vector", result), d)


def _is_known(function) -> bool:
    try:
        return function in _NAMES
    except TypeError:  # it has no hash
        return False


def _with_f(rule, f, X):
    return rule(X, f)


def _takes_f(rule) -> bool:
    """Whether the rule's second argument is f; ValueError when that cannot be told."""
    try:
        parameters = list(inspect.signature(rule).parameters.values())
    except (TypeError, ValueError):
        return True
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    positional = [one for one in parameters if one.kind in kinds]
    if len(positional) < 2:
        return any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters)
    second = positional[1]
    if second.default is not inspect.Parameter.empty and second.name != "f":
        name = name_of(rule)
        raise ValueError(
            f"aggregate: is {second} of {name} meant to be f? A rule is rule(X, f) or rule(X): "
            f"write lambda X, f: {name}(X), or call it f"
        )
    return True
