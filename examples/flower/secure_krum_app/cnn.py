"""A small convolutional network in PyTorch, for square images: some 10^5 numbers on digits.

Its state_dict is what is sent: weights, BatchNorm's running means and variances, which are averaged
too, and its counters, integers, which stay as they are.
"""

from math import isqrt

import numpy as np
import torch
from torch import nn

RATE, MOMENTUM, BATCH = 0.05, 0.9, 32


def network(features: int, classes: int) -> nn.Module:
    side = isqrt(features)
    if side * side != features or side % 2:
        raise ValueError(f"{features} features are not a square image of an even side")
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * features, 80), nn.ReLU(), nn.Linear(80, classes)),
    )


def start(features: int, classes: int):
    torch.manual_seed(0)
    return _state(network(features, classes))


def train(model, x, y, rng):
    """One pass over this client's data."""
    torch.set_num_threads(1)  # so that it can be repeated bit for bit
    net = _load(model, x.shape[1])
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    order = rng.permutation(len(x))
    for i in range(0, len(x) - 1, BATCH):  # BatchNorm cannot learn from one image alone
        rows = order[i : i + BATCH]
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(_images(x[rows])), torch.from_numpy(y[rows])).backward()
        optimizer.step()
    return _state(net)


def accuracy(model, x, y) -> float:
    net = _load(model, x.shape[1]).eval()
    with torch.no_grad():
        return float(np.mean(net(_images(x)).argmax(dim=1).numpy() == y))


def _images(x):
    side = isqrt(x.shape[1])
    return torch.from_numpy(x.astype(np.float32)).reshape(-1, 1, side, side)


def _load(model, features: int) -> nn.Module:
    net = network(features, len(list(model.values())[-1]))
    net.load_state_dict({name: torch.tensor(array) for name, array in model.items()})
    return net


def _state(net):
    return {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}
