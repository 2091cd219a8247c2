"""The clients of a session, simulated: each trains on its own samples, f of them are Byzantine.

Assumes the strongest adversary of `fl_krum.federation.attacks`: the Byzantine clients know what the honest
ones send in the same round, which a real one would have to guess.
"""

import numpy as np

from .attacks import flip_labels

# Keep the random numbers of the training and of the attack apart, whatever the seed.
_TRAINING, _ATTACK = 1, 2


class SimulatedClients:
    """n clients; call `updates` for what they send in a round.

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
        ``train(vector, x, y, rng)`` gives the vector that a client makes of the global one.
    limits : (float, float)
        Smallest and largest value that a client can send.
    classes, seed : int
    """

    def __init__(self, samples, byzantine, attack, train, limits, classes, seed):
        flips = getattr(attack, "flips_labels", False)
        self._samples = [
            (x, flip_labels(y, range(classes))) if flips and client in byzantine else (x, y)
            for client, (x, y) in enumerate(samples)
        ]
        self._byzantine = list(byzantine)
        self._attack = attack
        self._train = train
        self._limits = limits
        self._seed = seed

    def updates(self, model, number) -> np.ndarray:
        """Return what the clients send in round `number`, shape (n, d).

        The same arguments give the same vectors. Byzantine values are clipped to the limits (NaN
        becomes 0), for a player can input valid words only; honest values are left as they are.
        """
        updates = np.array(
            [
                self._train(model, x, y, self._rng(_TRAINING, number, client))
                for client, (x, y) in enumerate(self._samples)
            ]
        )
        if self._byzantine:
            updates[self._byzantine] = self._forge(model, updates, number)
        return updates

    def _forge(self, model, trained, number) -> np.ndarray:
        honest, own = np.delete(trained, self._byzantine, axis=0), trained[self._byzantine]
        forged = self._attack(honest, len(own), self._rng(_ATTACK, number), model, own=own)
        return np.clip(np.nan_to_num(forged, nan=0.0), *self._limits)

    def _rng(self, *path) -> np.random.Generator:
        return np.random.default_rng([self._seed, *path])
