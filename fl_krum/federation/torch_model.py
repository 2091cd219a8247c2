"""A PyTorch module as a model of a federated session. PyTorch is imported only by who imports this.

Of a module's state the vector has every parameter that is trained and every buffer of real numbers,
such as the running means of BatchNorm. What stays at home: buffers of integers, such as BatchNorm's
`num_batches_tracked`, and parameters that are frozen (``requires_grad_(False)``), for instance of a
pre-trained backbone. They are what they were in the module that was given, in every round.

Weights that two layers share are in the vector once.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from .layout import Layout

_BATCH = 4096  # samples tested at a time


def state_layout(module: nn.Module) -> Layout:
    """What of a module's state is shared, where it is in the vector, and what stays at home.

    Examples
    --------
    >>> print(state_layout(nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))))  # doctest: +SKIP
    d = 72: 0.weight (8 x 4), 0.bias (8), 1.weight (8), 1.bias (8), 1.running_mean (8),
    1.running_var (8); at home: 1.num_batches_tracked
    """
    state = module.state_dict()
    trained = [name for name, value in module.named_parameters() if value.requires_grad]
    buffers = [
        name
        for name, value in module.named_buffers()
        if name in state and value.is_floating_point()
    ]
    shared = [*trained, *buffers]
    tied = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    tied -= {name for name, _ in module.named_parameters()}
    at_home = tuple(name for name in state if name not in shared and name not in tied)
    return Layout({name: tuple(state[name].shape) for name in shared}, at_home)


def flatten(module: nn.Module) -> np.ndarray:
    """The shared part of a module's state as one vector, float64, shape (d,), a copy."""
    state = module.state_dict()
    layout = state_layout(module)
    return layout.flatten({name: state[name].detach().cpu().numpy() for name in layout.shapes})


def unflatten(vector, module: nn.Module) -> nn.Module:
    """Write a vector, shape (d,), into a module; the vector is copied. Gives the module."""
    arrays = state_layout(module).unflatten(vector)
    state = module.state_dict()
    with torch.no_grad():
        for name, array in arrays.items():
            state[name].copy_(torch.from_numpy(array))
    return module


class TorchModel:
    """A PyTorch module, trained with stochastic gradient descent, as vectors of d real numbers.

    Training is a pure function of the vector, the samples and the generator: an optimiser with
    moments, or dropout, begins anew in every round, from random numbers that follow the seed.

    Parameters
    ----------
    module : torch.nn.Module, or callable that makes one
        It is given x as float32 of shape (samples, …) and gives scores of shape (samples, classes).
        A module starts with the weights that it has; a callable is asked for a new one, after the
        session's seed was set. It is copied, and itself left alone.
    epochs : int
        Passes over a client's samples in one round.
    batch_size : int
    learning_rate : float
    loss : callable
        ``loss(scores, y)`` with y of int64; by default cross entropy.
    optimizer : callable, optional
        ``optimizer(parameters)`` makes an optimiser, in place of SGD with the `learning_rate`.
    device : str

    Attributes
    ----------
    name : str
        The module's class.
    layout : Layout
        What is where in the vector, and what stays at home.

    Raises
    ------
    ValueError
        A setting is out of range, or no parameter is trained.
    """

    def __init__(
        self,
        module: nn.Module | Callable[[], nn.Module],
        epochs: int = 1,
        batch_size: int = 32,
        learning_rate: float = 0.1,
        loss: Callable = nn.functional.cross_entropy,
        optimizer: Callable | None = None,
        device: str = "cpu",
    ):
        for name, value in (("epochs", epochs), ("batch_size", batch_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if not 0 < learning_rate < np.inf:
            raise ValueError(f"learning_rate must be a number above 0, got {learning_rate}")
        if not callable(module):
            raise ValueError(f"module must be a torch.nn.Module, or make one; got {module!r:.60}")
        self._make = None if isinstance(module, nn.Module) else module
        made = copy.deepcopy(module) if isinstance(module, nn.Module) else self._seeded_module(0)
        if not isinstance(made, nn.Module):
            raise ValueError(f"module must be a torch.nn.Module, or make one; got {made!r:.60}")
        self._module = made.to(device)
        self.name = type(made).__name__
        self._epochs, self._batch_size, self._rate = epochs, batch_size, learning_rate
        self._loss, self._optimizer, self._device = loss, optimizer, device
        self.layout = state_layout(self._module)
        if not any(value.requires_grad for value in self._module.parameters()):
            raise ValueError("all parameters of the module are frozen: there is nothing to train")

    @property
    def dimension(self) -> int:
        """Length d of the vector."""
        return self.layout.dimension

    def start(self, rng) -> np.ndarray:
        """The first global model: the module's own weights, or those of a new one."""
        seed = int(rng.integers(2**32))
        return flatten(self._module if self._make is None else self._seeded_module(seed))

    def train(self, vector, x, y, rng) -> np.ndarray:
        """Start at `vector` and make `epochs` passes over the samples of one client.

        Parameters
        ----------
        vector : array_like, shape (d,)
        x : ndarray, shape (samples, …)
        y : ndarray of int, shape (samples,)
        rng : numpy.random.Generator
            Decides the order of the samples, and what dropout leaves out.

        Returns
        -------
        ndarray of float64, shape (d,)
        """
        module = unflatten(vector, copy.deepcopy(self._module)).train()
        x, y = self._tensor(x), torch.as_tensor(np.array(y, dtype=np.int64), device=self._device)
        parameters = [value for value in module.parameters() if value.requires_grad]
        make = self._optimizer
        descent = torch.optim.SGD(parameters, lr=self._rate) if make is None else make(parameters)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**63)))
            for _ in range(self._epochs):
                for rows in self._batches(len(y), rng):
                    descent.zero_grad()
                    self._loss(module(x[rows]), y[rows]).backward()
                    descent.step()
        return flatten(module)

    def predict(self, vector, x) -> np.ndarray:
        """Classes, shape (samples,), that the model `vector` gives to the samples `x`."""
        module = unflatten(vector, copy.deepcopy(self._module)).eval()
        with torch.no_grad():
            scores = [module(part) for part in self._tensor(x).split(_BATCH)]
        return torch.cat(scores).argmax(dim=1).cpu().numpy()

    def accuracy(self, vector, x, y) -> float:
        """Share of the samples `x` to which the model `vector` gives the label in `y`, 0 … 1."""
        return float(np.mean(self.predict(vector, x) == y)) if len(y) else 0.0

    def _batches(self, samples: int, rng):
        """Row numbers in random order, batch by batch.

        A last batch of one sample joins the one before: BatchNorm cannot train on one.
        """
        order = torch.from_numpy(rng.permutation(samples))
        batches = list(order.split(self._batch_size))
        if len(batches) > 1 and len(batches[-1]) == 1:
            batches[-2:] = [torch.cat(batches[-2:])]
        return batches

    def _tensor(self, x) -> torch.Tensor:
        return torch.as_tensor(np.array(x, dtype=np.float32), device=self._device)

    def _seeded_module(self, seed: int) -> nn.Module:
        assert self._make is not None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self._make()
