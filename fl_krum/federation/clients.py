"""The clients of a session, simulated: each trains on its own samples, f of them are Byzantine.

Assumes the strongest adversary of `fl_krum.federation.attacks`: the Byzantine clients know what the
honest ones send in the same round, which a real one would have to guess.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..aggregators.parameters import check_rows
from .attacks import Attack, flip_labels
from .own_functions import as_vector, check_call, name_of, named

# Keep the random numbers of training, attack and pooled training apart, whatever the seed.
_TRAINING, _ATTACK, _POOLED = 1, 2, 3


class SimulatedClients:
    """n clients; call `updates` for what they send in a round.

    Two more ways to train on the same samples are there to compare with: `alone`, each honest
    client for itself, and `pooled`, all their samples in one place.

    Parameters
    ----------
    samples : sequence of n pairs (x, y)
        Features and labels of each client.
    byzantine : sequence of int
        Rows of the Byzantine clients, counted from 0.
    attack : Attack
        What these send, see `attacks`. With ``attack.flips_labels`` they train on flipped
        labels; `classes` says how many there are.
    train : callable
        ``train(vector, x, y, rng)`` gives the vector, shape (d,), that a client makes of the global
        one. All that it is given is a copy of its own, and its result is copied: it may work in
        place, and return the same buffer each time.
    limits : (float, float)
        Smallest and largest value that a client can send.
    classes, seed : int

    Attributes
    ----------
    sizes : list of int
        Samples of each client.
    honest : list of int
        Rows of the clients that do what they should: all of them when the attack is "none".
    """

    def __init__(
        self, samples: Sequence, byzantine, attack: Attack, train: Callable, limits, classes, seed
    ):
        check_call("train", train, "train(vector, x, y, rng)")
        self._byzantine = check_rows("byzantine", byzantine, len(samples))
        self._samples = [
            (x, flip_labels(y, range(classes)))
            if attack.flips_labels and client in self._byzantine
            else (x, y)
            for client, (x, y) in enumerate(samples)
        ]
        self.sizes = [len(y) for _, y in samples]
        liars = () if attack.harmless else self._byzantine
        self.honest = [client for client in range(len(samples)) if client not in liars]
        self._attack = attack
        self._train = train
        self._limits = limits
        self._seed = seed

    def updates(self, model, number) -> np.ndarray:
        """Return what the clients send in round `number`, shape (n, d).

        The same arguments give the same vectors. Byzantine values are clipped to the limits (NaN
        becomes 0), for a player can input valid words only; honest values are left as they are.

        Raises
        ------
        ValueError
            What `train` or the attack returns is no vector of this length, or what `train` returns
            is not finite. The message names the client.
        """
        updates = np.zeros((len(self._samples), len(model)))
        for client in range(len(self._samples)):
            # Byzantine clients whose attack does not ask for it need not train.
            if self._attack.sends_own or client not in self._byzantine:
                updates[client] = self._train_one(model, number, client)
        if self._byzantine:
            updates[self._byzantine] = self._forge(model, updates, number)
        return updates

    def alone(self, models, number) -> list[np.ndarray]:
        """Train each honest client on a model of its own, as in round `number`.

        One pass over its own samples, in the same order as in that round, for `models` of the same
        length as `honest`. In round 1, where all begin at the same model, these are its updates.
        """
        return [
            self._train_one(model, number, client)
            for client, model in zip(self.honest, models, strict=True)
        ]

    def pooled(self, model, number) -> np.ndarray:
        """Train one model as in round `number`, on the samples of all honest clients together.

        Every sample is visited as often as in the federation; so this takes as many steps as all
        honest clients together take side by side.
        """
        x, y = (
            np.concatenate([self._samples[client][k] for client in self.honest]) for k in (0, 1)
        )
        return self._call("pooled data", model, x, y, self._rng(_POOLED, number))

    def _train_one(self, model, number, client) -> np.ndarray:
        x, y = (part.copy() for part in self._samples[client])
        rng = self._rng(_TRAINING, number, client)
        return self._call(f"client {client + 1}", model, x, y, rng)

    def _call(self, who, model, x, y, rng) -> np.ndarray:
        what = f"{who}: train ({name_of(self._train)})"
        with named(what):
            result = self._train(model.copy(), x, y, rng)
        return as_vector(what, result, len(model))

    def _forge(self, model, trained, number) -> np.ndarray:
        honest = np.delete(trained, self._byzantine, axis=0)
        own = trained[self._byzantine] if self._attack.sends_own else None
        rng, f = self._rng(_ATTACK, number), len(self._byzantine)
        forged = self._attack(honest, f, rng, model, own=own)
        return np.clip(np.nan_to_num(forged, nan=0.0), *self._limits)

    def _rng(self, *path) -> np.random.Generator:
        return np.random.default_rng([self._seed, *path])
