"""One attack against one rule: a federated session for each hidden seed.

Both sides run in processes of their own, and the session in this one: data, seeds and accuracies
never leave it. What a hand-in sees of the vectors is disguised: coordinates are in a hidden order,
and half of them have the opposite sign, anew for every seed. Rules that look at distances or at one
coordinate at a time do not notice. A rule that returns a model trained beforehand, on the public
data, fails.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..aggregators.rules import AGGREGATORS
from ..federation.attacks import ATTACKS, Attack
from ..federation.models import LogisticModel
from ..federation.session import FederatedSession
from ..program.fixed_point import FixedPoint
from .guest import Guest, Limits
from .hand_in import Failed, HandIn

DIMENSION = 650  # of a model for the digits: 10 classes, 64 pixels and an intercept
ALPHA = 0.5  # how uneven the data are
_DISGUISE, _CHANCE = 101, 102  # keep their random numbers apart from those of the session


@dataclass(frozen=True)
class Setting:
    """What all matches have in common.

    Attributes
    ----------
    seeds : tuple of int
        Hidden: a session for each.
    clients, byzantine, rounds : int
    limits : Limits
    """

    seeds: tuple[int, ...]
    clients: int = 7
    byzantine: int = 2
    rounds: int = 5
    limits: Limits = Limits()


@dataclass(frozen=True)
class Outcome:
    """How one match went: an accuracy for each seed, or who has failed and why."""

    accuracy: tuple[float, ...] = ()
    failed: Failed | None = None


def play(rule: HandIn | str, attack: HandIn | str, setting: Setting) -> Outcome:
    """Let a rule meet an attack; each is a hand-in, or the name of one of ours."""
    try:
        with contextlib.ExitStack() as guests:
            one, other = (
                side if isinstance(side, str) else guests.enter_context(Guest(side, setting.limits))
                for side in (rule, attack)
            )
            return Outcome(tuple(_session(one, other, setting, seed) for seed in setting.seeds))
    except Failed as failure:
        return Outcome(failed=failure)


def _session(rule, attack, setting: Setting, seed: int) -> float:
    """The test accuracy after the last round."""
    disguise = Disguise(DIMENSION, seed)
    for side in (rule, attack):
        if isinstance(side, Guest):
            side.load()  # anew: nothing is left of the session before
    session = FederatedSession(
        clients=setting.clients,
        byzantine=setting.byzantine,
        rounds=setting.rounds,
        dataset="digits",
        dimension=DIMENSION,
        partition="dirichlet",
        alpha=ALPHA,
        attack=ATTACKS[attack] if isinstance(attack, str) else _attack(attack, disguise, seed),
        aggregate=AGGREGATORS[rule] if isinstance(rule, str) else _rule(rule, disguise),
        train=_within_range(LogisticModel(features=64, classes=10).train),
        compare=False,
        seed=seed,
    )
    return session.run()[-1].accuracy


class Disguise:
    """A hidden order and hidden signs of the coordinates, which can be taken off again exactly."""

    def __init__(self, dimension: int, seed: int):
        rng = np.random.default_rng([seed, _DISGUISE])
        self._order = rng.permutation(dimension)
        self._signs = rng.choice([-1.0, 1.0], dimension)

    def put_on(self, vectors) -> np.ndarray:
        """Disguise a vector, or the rows of a matrix."""
        return (np.asarray(vectors, dtype=np.float64) * self._signs)[..., self._order]

    def take_off(self, vectors) -> np.ndarray:
        """Undo `put_on`."""
        result = np.empty_like(vectors)
        result[..., self._order] = vectors
        return result * self._signs


def _rule(guest: Guest, disguise: Disguise) -> Callable:
    def rule(X, f):
        # A model out of the range would only be one that nobody can send on: it is lost anyway.
        return np.clip(disguise.take_off(guest.rule(disguise.put_on(X), f)), *_range())

    return rule


def _attack(guest: Guest, disguise: Disguise, seed: int) -> Attack:
    chance = np.random.default_rng([seed, _CHANCE])

    def forge(honest, f, rng, previous):
        # The state of `rng` would tell the seed; what is drawn from another one does not.
        number = int(chance.integers(2**63))
        return disguise.take_off(
            guest.attack(disguise.put_on(honest), f, number, disguise.put_on(previous))
        )

    return Attack("handed-in", forge)


def _within_range(train: Callable) -> Callable:
    """Train, and clip: under a ruined model honest values may leave the range as well."""

    def clipped(vector, x, y, rng):
        return np.clip(np.nan_to_num(train(vector, x, y, rng)), *_range())

    return clipped


def _range() -> tuple[float, float]:
    return FixedPoint().range()
