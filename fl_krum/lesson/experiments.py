"""Experiments of the lesson that need several sessions, or clients that differ by plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..aggregators.krum import krum
from ..aggregators.rules import AGGREGATORS
from ..federation.attacks import ATTACKS
from ..federation.clients import SimulatedClients
from ..federation.data import load
from ..federation.models import LogisticModel
from ..federation.session import FederatedSession
from ..program.fixed_point import FixedPoint


def accuracy_table(
    rules: Sequence[str], attacks: Sequence[str] = tuple(ATTACKS), seeds=range(1), **session
) -> np.ndarray:
    """Return the accuracy after the last round, under every rule and every attack, for every seed.

    Parameters
    ----------
    rules : sequence of str
        Names in `AGGREGATORS`, or "alone" and "pooled" for what a `RoundRecord` compares with.
    attacks : sequence of str
        Names in `ATTACKS`.
    seeds : sequence of int
        A session for each.
    **session
        Other arguments of `FederatedSession`.

    Returns
    -------
    ndarray of float64, shape (rules, attacks, seeds)
    """
    table = np.empty((len(rules), len(attacks), len(seeds)))
    for layer, seed in enumerate(seeds):
        train = session.get("train") or FederatedSession(**session).model.train
        shared = dict(session, seed=seed, train=_remembering(train))
        for column, attack in enumerate(attacks):
            table[:, column, layer] = _accuracies(rules, attack=attack, **shared)
    return table


def _remembering(train: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Return `train` for sessions of one seed, which does no piece of training twice.

    All these sessions begin alike, and a rule that leaves out whatever is loud goes on alike under
    every loud attack: of ten attacks and five rules more than a quarter of all training is the
    same. What is trained follows from the model, the labels, which an attack may flip, and the
    random numbers, of which every client has its own in every round: they stand for its samples.
    """
    known: dict[tuple[bytes, bytes, str], np.ndarray] = {}

    def remembering(vector, x, y, rng):
        key = (vector.tobytes(), y.tobytes(), str(rng.bit_generator.state))
        if key not in known:
            known[key] = train(vector, x, y, rng)
        return known[key].copy()

    return remembering


def _accuracies(rules, **session) -> list[float]:
    """Return the accuracy after the last round, for each rule."""
    known: dict = {}
    if {"alone", "pooled"} & set(rules):  # one session tells both, and the mean
        last = FederatedSession(aggregate=AGGREGATORS["mean"], **session).run()[-1]
        known = {"alone": last.accuracy_alone, "pooled": last.accuracy_pooled}
        known["mean"] = last.accuracy
    for rule in set(rules) - set(known):
        one = FederatedSession(aggregate=AGGREGATORS[rule], compare=False, **session)
        known[rule] = one.run()[-1].accuracy
    return [known[rule] for rule in rules]


def accuracy_alone(session: FederatedSession, rounds: int) -> list[float]:
    """Return the accuracy that each honest client of a session reaches without the others.

    Each begins where the session begins, and trains on its own samples for as many rounds.
    """
    clients = session.clients
    models = [session.start] * len(clients.honest)
    for number in range(1, rounds + 1):
        models = clients.alone(models, number)
    return [session.accuracy(model) for model in models]


@dataclass(frozen=True)
class MinorityResult:
    """What became of a minority of honest clients with other data than the rest.

    Attributes
    ----------
    accuracy_common, accuracy_rare : float
        On the test samples of the digits that the majority has, and of those that only the
        minority has.
    chosen : tuple of int
        Row that Krum chose, or would have chosen, in each round.
    minority : range
        Rows of the minority.
    """

    accuracy_common: float
    accuracy_rare: float
    chosen: tuple[int, ...]
    minority: range


def minority_session(rule="krum", rounds=8) -> MinorityResult:
    """Train on digits with 7 honest clients, of whom the last 2 alone have the digits 8 and 9.

    Parameters
    ----------
    rule : str
        A name in `AGGREGATORS`; it is told f = 2.
    rounds : int
    """
    rare, seed = (8, 9), 0
    data = load("digits", 650, seed)
    model = LogisticModel(data.features, data.classes)
    rows = np.random.default_rng(seed).permutation(len(data.y_train))
    is_rare = np.isin(data.y_train[rows], rare)
    parts = np.array_split(rows[~is_rare], 5) + np.array_split(rows[is_rare], 2)
    samples = [(data.x_train[part], data.y_train[part]) for part in parts]
    limits = FixedPoint().range()
    clients = SimulatedClients(
        samples, (), ATTACKS["none"], model.train, limits, data.classes, seed
    )
    vector, chosen = np.zeros(model.dimension), []
    for number in range(1, rounds + 1):
        updates = clients.updates(vector, number)
        chosen.append(krum(updates, 2).index)
        vector = AGGREGATORS[rule](updates, 2)
    test = np.isin(data.y_test, rare)
    return MinorityResult(
        accuracy_common=model.accuracy(vector, data.x_test[~test], data.y_test[~test]),
        accuracy_rare=model.accuracy(vector, data.x_test[test], data.y_test[test]),
        chosen=tuple(chosen),
        minority=range(5, 7),
    )
