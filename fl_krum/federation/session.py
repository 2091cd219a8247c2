"""A federated session: T rounds of local training and aggregation on one machine.

Three things are arguments: the data, the model that clients train, and the rule that turns their
vectors into the next global model. So the same session runs with the plain mean, with Krum in the
clear, or with Krum inside SMPC among `fl_krum.players.local_players.LocalPlayers`.

`task` finds data and model; `rule`, `clients`, `sharing` and `alongside` do the work of a round,
`records` says what came of it, and `report` keeps that on disk.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import __version__
from ..aggregators.krum import krum
from ..aggregators.parameters import check_integer, check_parameters
from ..program.fixed_point import FixedPoint, PrecisionWarning
from .alongside import NOTHING, Alongside
from .attacks import Attack, as_attack
from .below_protocol import lying_words
from .clients import SimulatedClients
from .dataset import Dataset
from .models import model_name
from .own_functions import add_note, as_vector, name_of
from .partitions import partition_name
from .records import RoundError, RoundRecord, plain
from .report import Report
from .rule import Rule
from .sharing import Sharing
from .task import find_task, first_model

__all__ = ["FederatedSession", "RoundError", "RoundRecord"]


class FederatedSession:
    """A federated training: clients with their data, f of them Byzantine, and the rounds.

    The same arguments give the same run, and so does a second `run`. The user's own functions
    (`train`, an attack, a rule) are given arrays of their own, and may work in place.

    Parameters
    ----------
    clients, byzantine : int
        n and f of Krum, 2f + 2 < n; f clients, picked by the seed, are Byzantine. By default there
        are 7 clients, or as many as the data are for.
    dimension : int, optional
        Length d of the model vector, one of ``fl_krum.federation.data.DATASETS[dataset]``, for the
        built-in data; your own model has a length of its own.
    rounds : int
        T, at least 1.
    attack : str, Attack or callable
        A name in `fl_krum.federation.attacks.ATTACKS`, or a function ``attack(honest, f, rng,
        previous)`` of the user's own, which returns one vector, shape (d,), or a row for each
        Byzantine client, (f, d). With a parameter `own` it is also given what these trained. What
        they send is clipped to the range of `fixed_point`: a player can input valid words only.
    dataset : str
        A name in `fl_krum.federation.data.DATASETS`.
    partition : str, callable or sequence of arrays, optional
        How the training part is divided: "iid" (the default), "dirichlet", with the concentration
        `alpha`, "column", a client for each of the data's groups, or your own; see
        `fl_krum.federation.partitions.split`. Data that clients hold already are "given".
    aggregate : str, callable or LocalPlayers
        The rule: a name in `AGGREGATORS`; ``rule(X, f)`` or ``rule(X)`` with X of shape (n, d),
        giving a vector or a KrumResult; or an object with a method ``aggregate(X)``.
    train : callable, optional
        ``train(vector, x, y, rng)`` gives the vector that a client makes of the global one; by
        default the method of the model.
    fixed_point : FixedPoint, optional
        By default that of the players' program, or else the standard one. It rounds what the
        clients send under every rule, so that runs under different rules compare.
    seed : int
        0 to 2^32 - 1.
    compare : bool
        Whether to train alongside what the records compare with: the plain mean, clients alone, and
        pooled data. The global models are the same with and without, in a third of the time.
    start : array_like of shape (d,), or RoundRecord, optional
        The first global model; or the last round of an earlier session with the same arguments.
        After a record the session goes on with the next round, up to round `rounds`, bit for bit as
        if it had never ended.
    data : Dataset, optional
        Your own data, instead of `dataset`.
    model : optional
        What is trained: an object with the methods of `fl_krum.federation.models.Model`, a
        scikit-learn classifier with `partial_fit`, or a torch.nn.Module; by default a
        `LogisticModel`.
    share : {"model", "update"}
        Whether clients share the vector that they have trained, or what they have changed: that
        minus the global model. Krum's choice is the same, the resolution is not; see `sharing`.

    dropout : float
        Probability that a client, whichever it is, is missing from a round, 0 to below 1. It is
        left out and counts as one of the f. When more than f are missing, the round gives
        nothing, and the global model stays.

    Attributes
    ----------
    absent : tuple of int
        Numbers (1 ... n) of the clients that are missing from the present or last round.
    settings : dict
        What is run: the arguments, the names of what is no number, the version, and
        `start_accuracy`, that of `start`. Ready for JSON; docs/records.md has all of it.
    records : list of RoundRecord
        The finished rounds of the present or last run, whatever ended it.
    data : Dataset
    model : Model
    parts : list of ndarray
        Row numbers of each client's samples in the training part.
    clients : SimulatedClients
    byzantine_clients : tuple of int
        Rows of the Byzantine clients, counted from 0.
    start : ndarray, shape (d,)
        The first global model. Unless given, what the model starts at; of a `LogisticModel`, a
        random vector or its opposite, whichever is the worse on the training part, so that there is
        something to learn whatever the seed.

    Raises
    ------
    ValueError
        For any argument out of range, and for a function that cannot be called as it should or,
        where that can be tried without leaving a trace, does not return what it should.

    Examples
    --------
    >>> records = FederatedSession(rounds=2, aggregate=krum, seed=1).run()
    >>> [record.matches_plaintext for record in records]
    [True, True]
    """

    def __init__(
        self,
        clients: int | None = None,
        byzantine: int = 2,
        dimension: int | None = None,
        rounds: int = 5,
        attack: str | Attack | Callable[..., np.ndarray] = "sign-flip",
        dataset: str = "breast_cancer",
        partition: Any = None,
        alpha: float = 0.5,
        aggregate: Any = krum,
        train: Callable[..., np.ndarray] | None = None,
        fixed_point: FixedPoint | None = None,
        seed: int = 0,
        compare: bool = True,
        start: ArrayLike | RoundRecord | None = None,
        data: Dataset | None = None,
        model: Any = None,
        share: str = "model",
        dropout: float = 0.0,
    ):
        self._rounds = check_integer("rounds", rounds, 1)
        seed = check_integer("seed", seed, 0, 2**32 - 1)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout is a probability from 0 to below 1, not {dropout}")
        self._dropout, self._seed = float(dropout), seed
        self.absent: tuple[int, ...] = ()
        self.data, self.model = find_task(data, dataset, dimension, model, seed)
        clients = self.data.clients(partition) if clients is None else clients
        check_parameters(clients, byzantine)
        self._attack = as_attack(attack)
        if self._attack.below_protocol and byzantine < 2:
            raise ValueError(
                f"the attack {self._attack.name} takes two Byzantine clients; f = {byzantine}"
            )
        if self._attack.below_protocol and dropout:
            raise ValueError(
                f"the attack {self._attack.name} has clients left out already: try it without "
                "dropout"
            )
        self._earlier = start if isinstance(start, RoundRecord) else None
        self._first = _round_after(self._earlier, self._rounds)
        self._rule = Rule(aggregate, clients, byzantine)
        left = self._rounds - self._first + 1
        self._rule.check_size(n=clients, f=byzantine, rounds=left)
        self._attack = self._attack.against(self._rule.without_players)
        self._compare = compare
        self.fixed_point = fixed_point or self._rule.fixed_point or FixedPoint()
        self._sharing = Sharing(self.fixed_point, share)
        # In this order, so that the same clients are Byzantine however the data are dealt out.
        rng = np.random.default_rng(seed)
        picked = rng.choice(clients, byzantine, replace=False)
        self.byzantine_clients = tuple(sorted(picked.tolist()))
        self.start = first_model(self.data, self.model, dimension, rng)
        self._rule.check_size(d=len(self.start), rounds=left)
        partition = partition or ("given" if self.data.apart else "iid")
        samples, self.parts = self.data.deal(clients, partition, alpha, rng)
        self.clients = SimulatedClients(
            samples,
            self.byzantine_clients,
            self._attack,
            train or self.model.train,
            limits=self._sharing.limits,
            classes=self.data.classes,
            seed=seed,
        )
        if start is not None:
            vector = start if self._earlier is None else self._earlier.vector
            self.start = as_vector("start: whoever made it", vector, len(self.start))
        self.start.flags.writeable = False
        self._attack.try_out(clients - byzantine, byzantine, len(self.start))
        self._rule.try_out(clients, len(self.start))
        self.records: list[RoundRecord] = []
        self._has_warned = False  # of lost precision
        self.settings: dict[str, Any] = plain(dict(
            version=__version__, clients=clients, byzantine=byzantine,
            byzantine_clients=self.byzantine_clients, dimension=len(self.start), rounds=rounds,
            first_round=self._first, attack=self._attack.name,
            attack_parameters=self._attack.parameters, dataset=self.data.name,
            **self.data.origin(), samples=[len(part) for part in self.parts],
            partition=partition_name(partition),
            alpha=alpha if partition == "dirichlet" else None, seed=seed, compare=bool(compare),
            train=model_name(self.model) if train is None else name_of(train),
            share=share, dropout=self._dropout, rule=self._rule.name,
            average=self._rule.average, engine=self._rule.engine, security=self._rule.security,
            bits=self.fixed_point.bits, fraction=self.fixed_point.fraction,
            start_accuracy=self.accuracy(self.start),
        ))  # fmt: skip

    def run(
        self,
        callback: Callable[[RoundRecord], object] | None = None,
        file: str | Path | None = None,
    ) -> list[RoundRecord]:
        """Go through all rounds.

        Parameters
        ----------
        callback : callable, optional
            Gets the record of each round as soon as it is over.
        file : path, optional
            Where to keep the settings and all finished rounds, as JSON: whole on disk whenever the
            next round begins. `fl_krum.federation.report.read_report` reads it.

        Returns
        -------
        list of RoundRecord

        Raises
        ------
        RoundError, and any error in a user's function or of the players
            Its attribute `records` has the finished rounds, `round` the number of the one that
            failed.
        """
        report = None if file is None else Report(file, self.settings, self.start)
        try:
            for record in self.rounds():
                if report is not None:
                    report.add(record)
                if callback is not None:
                    callback(record)
            if report is not None:
                report.finish()
        except BaseException as error:  # also of the disk, or of the callback
            if not hasattr(error, "records"):
                _attach(error, len(self.records) + self._first - 1, self.records)
            raise
        return self.records

    def rounds(self) -> Iterator[RoundRecord]:
        """Go through the rounds one by one, yielding a `RoundRecord` after each.

        Raises
        ------
        RoundError
            If what an honest client sends is out of the range of `fixed_point`, or what a user's
            function returns is of no use. See `run` for all other errors.
        """
        records = self.records = []
        self._has_warned = False
        model, alongside = self.start, self._alongside() if self._compare else None
        for number in range(self._first, self._rounds + 1):
            with _naming(number, records):
                record = self._round(number, model, alongside)
            records.append(record)
            model = np.array(record.vector)
            yield record

    def accuracy(self, vector: ArrayLike) -> float:
        """Share of the test part that the model `vector` classifies correctly."""
        return self.data.accuracy(self.model, np.array(vector, dtype=np.float64))

    def _alongside(self) -> Alongside:
        models: np.ndarray | dict[str, np.ndarray] = self.start
        if self._earlier is not None:
            if self._earlier.alongside is None:
                raise ValueError(
                    "start has no models to compare with, from a session without `compare`: go on "
                    "with compare=False"
                )
            models = self._earlier.alongside
        return Alongside(self.clients, self._sharing, self.accuracy, models)

    def _round(self, number, model, alongside) -> RoundRecord:
        trained = self.clients.updates(model, number)
        values = self._sharing.values(trained, model, self.byzantine_clients)
        words = self._encode(values, number)
        updates = self.fixed_point.decode(words)
        shared = self._what_is_shared(words, number)
        self.absent = self._who_is_absent(number)
        began, of_krum = time.perf_counter(), dict.fromkeys(_OF_KRUM)
        aggregated = self._rule(shared, updates, self.absent)
        seconds = time.perf_counter() - began
        if aggregated is not None:
            of_krum = self._of_krum(words, aggregated, model)
            model = self._sharing.next_model(aggregated, model)
        compared = alongside.after(number) if alongside else NOTHING
        return RoundRecord(
            round=number,
            accuracy=self.accuracy(model),
            **compared,
            seconds=seconds,
            vector=model.tolist(),
            **of_krum,
            excluded=self._rule.excluded,
            absent=self.absent,
            updates=updates,
            alongside=alongside.models if alongside else None,
        )

    def _encode(self, updates, number) -> np.ndarray:
        """Words of the round; what is lost is told in the first round in which it matters."""
        words = self.fixed_point.encode(updates, warn=False)
        if not self._has_warned and (text := self.fixed_point.complaint(updates)):
            self._has_warned = True
            warnings.warn(f"round {number}: {text}", PrecisionWarning, stacklevel=2)
        return words

    def _of_krum(self, words, aggregated, model) -> dict[str, Any]:
        """What a record says of Krum and Multi-Krum: all None under any other rule."""
        left_out = (*self.absent, *self._rule.excluded)
        clear = self._rule.in_the_clear(words, self.fixed_point, left_out)
        if clear is None:
            return dict.fromkeys(_OF_KRUM)
        equal = bool(np.array_equal(aggregated, clear.vector))
        return {
            "accuracy_krum": self.accuracy(self._sharing.next_model(clear.vector, model)),
            "matches_plaintext": equal if self._rule.compares else None,
            "chosen": clear.chosen,
            "averaged": clear.averaged,
            "weights": clear.weights,
            "byzantine_chosen": bool({*clear.averaged} & {*self.byzantine_clients}),
        }

    def _who_is_absent(self, number) -> tuple[int, ...]:
        """The same in every session of this seed, wherever it begins."""
        rng = np.random.default_rng([self._seed, number, 0xAB5E17])
        drawn = rng.random(len(self.parts)) < self._dropout
        return tuple((np.flatnonzero(drawn) + 1).tolist())

    def _what_is_shared(self, words, number) -> np.ndarray:
        """The words that go into the players: other ones when clients lie below the protocol."""
        program = self._rule.program
        if program is None or not (self._attack.below_protocol and self._rule.reads_words):
            return words
        return lying_words(words, self.byzantine_clients, program, number)


_OF_KRUM = (
    "accuracy_krum", "matches_plaintext", "chosen", "averaged", "weights", "byzantine_chosen",
)  # fmt: skip


@contextlib.contextmanager
def _naming(number: int, records: list[RoundRecord]) -> Iterator[None]:
    """Let what ends a round say which one, and hand the finished ones to whoever catches it."""
    try:
        yield
    except BaseException as error:
        if type(error) is ValueError:
            raise RoundError(f"round {number}: {error}", number, list(records)) from error
        _attach(error, number, records)
        raise


def _attach(error: BaseException, number: int, records: list[RoundRecord]) -> None:
    vars(error).update(round=number, records=list(records))
    add_note(error, f"(in round {number} of the session)")


def _round_after(record: RoundRecord | None, rounds: int) -> int:
    done = 0 if record is None else record.round
    if done >= rounds:
        raise ValueError(
            f"rounds must be more than the {done} that start has behind it; got rounds = {rounds}"
        )
    return done + 1
