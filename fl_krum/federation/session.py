"""A federated session: T rounds of local training and aggregation on one machine.

Two things are arguments: how a client trains, and the rule that turns the clients' vectors into the
next global model. So the same session runs with the plain mean, with Krum in the clear, or with
Krum inside SMPC among `fl_krum.players.local_players.LocalPlayers`.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..aggregators.krum import krum
from ..aggregators.parameters import check_parameters
from ..aggregators.rules import AGGREGATORS, mean, rules_for
from ..program.fixed_point import FixedPoint
from .attacks import ATTACKS
from .below_protocol import lying_words
from .clients import SimulatedClients
from .data import load
from .dataset import Dataset
from .models import LogisticModel
from .partitions import split


@dataclass(frozen=True)
class RoundRecord:
    """What one round brought; accuracies are those on the test part, 0 … 1.

    The last three only a simulation can know. In a real federation nobody is told them, not even
    the server, which gets one vector and not whose it is. (The chosen client can tell: the new
    global model is what it sent.) The three accuracies to compare with are None in a session that
    was told not to `compare`.

    Attributes
    ----------
    round : int
        Counted from 1.
    accuracy : float
        Of the new global model.
    accuracy_mean : float
        Of a second global model, trained alongside from the same start and under the same attack,
        but aggregated with the plain mean.
    accuracy_alone : float
        What honest clients reach without each other: their mean, when each goes on training a model
        of its own from the same start, with the same number of passes over its own samples, in the
        same order.
    accuracy_pooled : float
        What they would reach if the data could be put together: of one model, trained from the same
        start on the samples of all honest clients, each of which it has seen as often as the
        federation has. (In steps, that is as many as all honest clients together take.)
    accuracy_krum : float
        Of the vector that Krum in the clear chooses among this round's vectors: the same as
        `accuracy` when `matches_plaintext`.
    seconds : float
        Wall-clock time of the aggregation alone.
    matches_plaintext : bool or None
        Whether the new global model is, bit for bit, what (Multi-)Krum in the clear gives for the
        same fixed-point words; None when the session aggregates by another rule.
    vector : list of float, length d
        The new global model.
    chosen : int
        Row that Krum in the clear chooses, counted from 0.
    averaged : tuple of int
        Rows of which the new global model is the mean, best score first: `chosen` alone for Krum.
    byzantine_chosen : bool
        Whether one of these rows is a Byzantine client's.
    excluded : tuple of int
        Numbers (1 ... n) of the clients that failed the check of their input, and were left out.
    updates : ndarray of float64, shape (n, d)
        What the clients sent, rounded to fixed point.
    """

    round: int
    accuracy: float
    accuracy_mean: float | None
    accuracy_alone: float | None
    accuracy_pooled: float | None
    accuracy_krum: float
    seconds: float
    matches_plaintext: bool | None
    vector: list[float]
    chosen: int
    averaged: tuple[int, ...]
    byzantine_chosen: bool
    excluded: tuple[int, ...]
    updates: np.ndarray = field(repr=False, compare=False)


class FederatedSession:
    """Clients with their data, f of them Byzantine, and the rounds that they go through.

    The same arguments give the same run.

    Parameters
    ----------
    clients, byzantine : int
        n and f of Krum, 2f + 2 < n; f clients, picked by the seed, are Byzantine.
    dimension : int
        Length d of the model vector, one of ``fl_krum.federation.data.DATASETS[dataset]``.
    rounds : int
        T, at least 1.
    attack : str or Attack
        A name in `fl_krum.federation.attacks.ATTACKS`, or anything called in the same way. What
        Byzantine clients send is clipped to the range of `fixed_point`: a player can input valid
        words only.
    dataset : str
        A name in `fl_krum.federation.data.DATASETS`.
    partition : {"iid", "dirichlet"}
        How the training part is dealt out; `alpha` is the concentration of "dirichlet".
    aggregate : callable or LocalPlayers
        The rule: ``rule(X, f)`` with X of shape (n, d), giving a vector or a KrumResult, or an
        object with a method ``aggregate(X)``.
    train : callable, optional
        ``train(vector, x, y, rng)`` gives the vector that a client makes of the global one; by
        default the method of a `LogisticModel`.
    fixed_point : FixedPoint, optional
        By default that of the players' program, or else the standard one. It rounds what the
        clients send under every rule, so that runs under different rules compare.
    seed : int
        At least 0.
    compare : bool
        Whether to train alongside what the records compare with: the plain mean, clients alone, and
        pooled data. The global models are the same with and without, in a third of the time.

    Attributes
    ----------
    settings : dict
        The arguments that are numbers or names; the name of the `rule`; the players' `engine`,
        None without players; and `start_accuracy`, that of `start`. Ready for JSON.
    data : Dataset
    model : LogisticModel
    parts : list of ndarray
        Row numbers of each client's samples in the training part.
    clients : SimulatedClients
    byzantine_clients : tuple of int
        Rows of the Byzantine clients, counted from 0.
    start : ndarray, shape (d,)
        The first global model: a random vector or its opposite, whichever is the worse on the
        training part, so that there is something to learn whatever the seed.

    Raises
    ------
    ValueError
        For any argument out of range, before anything runs.

    Examples
    --------
    >>> records = FederatedSession(rounds=2, aggregate=krum, seed=1).run()
    >>> [record.matches_plaintext for record in records]
    [True, True]
    """

    def __init__(
        self,
        clients: int = 7,
        byzantine: int = 2,
        dimension: int = 5,
        rounds: int = 5,
        attack="sign-flip",
        dataset: str = "breast_cancer",
        partition: str = "iid",
        alpha: float = 0.5,
        aggregate=krum,
        train: Callable[..., np.ndarray] | None = None,
        fixed_point: FixedPoint | None = None,
        seed: int = 0,
        compare: bool = True,
    ):
        check_parameters(clients, byzantine)
        for name, value, least in (("rounds", rounds, 1), ("seed", seed, 0)):
            if not isinstance(value, int | np.integer) or value < least:
                raise ValueError(f"{name} must be an integer of at least {least}; got {value!r}")
        _check_program(aggregate, n=clients, f=byzantine, d=dimension, rounds=rounds)
        _check_rule(aggregate, clients, byzantine)
        attack = _find_attack(attack)
        if getattr(attack, "below_protocol", False) and byzantine < 2:
            raise ValueError(
                f"the attack {attack.name} takes two Byzantine clients; f = {byzantine}"
            )
        self._attack = attack
        self._rule, self._f, self._rounds = aggregate, byzantine, rounds
        self._compare = compare
        self.fixed_point = fixed_point or _fixed_point_of(aggregate)
        self.data = load(dataset, dimension, seed)
        self.model = LogisticModel(self.data.features, self.data.classes)
        # In this order, so that the same clients are Byzantine however the data are dealt out.
        rng = np.random.default_rng(seed)
        picked = rng.choice(clients, byzantine, replace=False)
        self.byzantine_clients = tuple(sorted(picked.tolist()))
        self.start = _poor_start(self.model, self.data, rng)
        self.parts = split(self.data.y_train, clients, partition, alpha, rng)
        self.clients = SimulatedClients(
            [(self.data.x_train[part], self.data.y_train[part]) for part in self.parts],
            self.byzantine_clients,
            attack,
            train or self.model.train,
            limits=self.fixed_point.range(),
            classes=self.data.classes,
            seed=seed,
        )
        self.settings: dict[str, Any] = dict(
            clients=clients, byzantine=byzantine, dimension=dimension, rounds=rounds,
            attack=getattr(attack, "name", "custom"), dataset=dataset, partition=partition,
            alpha=alpha, seed=seed, rule=_name_of(aggregate), average=_average_of(aggregate),
            engine=getattr(aggregate, "engine", None), start_accuracy=self.accuracy(self.start),
        )  # fmt: skip

    def run(self, callback: Callable[[RoundRecord], object] | None = None) -> list[RoundRecord]:
        """Go through all rounds; `callback` gets the record of each as soon as it is over."""
        records = []
        for record in self.rounds():
            records.append(record)
            if callback is not None:
                callback(record)
        return records

    def rounds(self) -> Iterator[RoundRecord]:
        """Go through the rounds one by one, yielding a `RoundRecord` after each.

        Raises
        ------
        ValueError
            If what an honest client sends is out of the range of `fixed_point`.
        """
        model, others = self.start, _Others(self)
        for number in range(1, self._rounds + 1):
            words = self.fixed_point.encode(self.clients.updates(model, number))
            shared = self._what_is_shared(words, number)
            began = time.perf_counter()
            model = self._aggregate(words, shared)
            seconds = time.perf_counter() - began
            compared = others.after(number) if self._compare else _NOTHING
            yield self._record(number, words, model, compared, seconds)

    def accuracy(self, vector) -> float:
        """Share of the test part that the model `vector` classifies correctly."""
        return self.model.accuracy(vector, self.data.x_test, self.data.y_test)

    def _what_is_shared(self, words, number) -> np.ndarray:
        """The words that go into the players: other ones when clients lie below the protocol."""
        below = getattr(self._attack, "below_protocol", False)
        if not (below and hasattr(self._rule, "aggregate_words")):
            return words
        return lying_words(words, self.byzantine_clients, self._rule.program, number)

    def _aggregate(self, words, shared) -> np.ndarray:
        if shared is not words:
            return self._rule.aggregate_words(shared)
        updates = self.fixed_point.decode(words)
        if hasattr(self._rule, "aggregate"):
            return self._rule.aggregate(updates)
        result = self._rule(updates, self._f)
        return getattr(result, "vector", result)

    def _record(self, number, words, model, compared, seconds) -> RoundRecord:
        excluded = tuple(getattr(self._rule, "excluded", ()))
        plain = krum(words, self._f, [client - 1 for client in excluded])  # on integers: exact
        averaged = plain.ranking[: self.settings["average"]].tolist()
        expected = self.fixed_point.decode(words[averaged].sum(axis=0), len(averaged))
        is_krum = self.settings["rule"] == "krum" or hasattr(self._rule, "aggregate")
        return RoundRecord(
            round=number,
            accuracy=self.accuracy(model),
            **compared,
            accuracy_krum=self.accuracy(expected),
            seconds=seconds,
            matches_plaintext=bool(np.array_equal(model, expected)) if is_krum else None,
            vector=model.tolist(),
            chosen=plain.index,
            averaged=tuple(averaged),
            byzantine_chosen=bool({*averaged} & {*self.byzantine_clients}),
            excluded=excluded,
            updates=self.fixed_point.decode(words),
        )


class _Others:
    """The models that train alongside a session, for its records to compare with."""

    def __init__(self, session: FederatedSession):
        self._clients, self._fixed_point = session.clients, session.fixed_point
        self._accuracy = session.accuracy
        self._mean = self._pooled = session.start
        self._alone = [session.start] * len(session.clients.honest)

    def after(self, number) -> dict[str, float]:
        """Train all of them as in round `number`; give what they reach."""
        self._mean = self._mean_round(number)
        self._alone = self._clients.alone(self._alone, number)
        self._pooled = self._clients.pooled(self._pooled, number)
        return {
            "accuracy_mean": self._accuracy(self._mean),
            "accuracy_alone": float(np.mean([self._accuracy(model) for model in self._alone])),
            "accuracy_pooled": self._accuracy(self._pooled),
        }

    def _mean_round(self, number) -> np.ndarray:
        # A ruined model may take honest clients out of the range too. Their values are clipped as
        # well: this session is a comparison, and has no players that could not input them.
        updates = np.clip(self._clients.updates(self._mean, number), *self._fixed_point.range())
        return mean(self._fixed_point.decode(self._fixed_point.encode(updates)))


_NOTHING = dict.fromkeys(("accuracy_mean", "accuracy_alone", "accuracy_pooled"))


def _poor_start(model: LogisticModel, data: Dataset, rng) -> np.ndarray:
    vector = model.random_vector(rng)
    return min(vector, -vector, key=lambda v: model.accuracy(v, data.x_train, data.y_train))


def _name_of(aggregate) -> str:
    """Name of the rule as in `AGGREGATORS`; players compute Krum or Multi-Krum."""
    if aggregate is krum or hasattr(aggregate, "aggregate"):
        return "krum" if _average_of(aggregate) == 1 else "multi-krum"
    names = (name for name, rule in AGGREGATORS.items() if rule is aggregate)
    return next(names, getattr(aggregate, "__name__", "custom"))


def _check_rule(aggregate, clients, byzantine) -> None:
    name = _name_of(aggregate)
    if name in AGGREGATORS and name not in rules_for(clients, byzantine):
        AGGREGATORS[name](np.zeros((clients, 1)), byzantine)  # says why it cannot be used


def _find_attack(attack):
    if callable(attack):
        return attack
    if attack not in ATTACKS:
        raise ValueError(f"attack must be one of {', '.join(ATTACKS)}; got {attack!r}")
    return ATTACKS[attack]


def _fixed_point_of(aggregate) -> FixedPoint:
    program = getattr(aggregate, "program", None)
    return FixedPoint() if program is None else program.fixed_point


def _average_of(aggregate) -> int:
    """How many vectors the players average; 1 for any other rule, where Krum is the reference."""
    return getattr(getattr(aggregate, "program", None), "average", 1)


def _check_program(aggregate, rounds, **shape) -> None:
    """Refuse players whose program is for another n, f or d, or for fewer rounds."""
    program = getattr(aggregate, "program", None)
    if program is None:
        return
    for name, wanted in shape.items():
        if (made_for := getattr(program, name)) != wanted:
            raise ValueError(f"the players' program is for {name} = {made_for}, not for {wanted}")
    if not getattr(program, "check", True):
        raise ValueError(
            "the players' program believes what clients share (check=False): for teaching only"
        )
    if program.rounds < rounds:
        raise ValueError(f"the players' program ends after {program.rounds} rounds, not {rounds}")
