"""The arrays of a model as one vector, and back: scaled differences to the global model.

What is shared is how far training has moved each number, times a scale: differences are small, and
the fixed point of krum.mpc has the same resolution everywhere. Krum of differences chooses as Krum
of whole vectors does, for distances are the same.

Floating-point arrays are averaged. Integers and booleans (BatchNorm's counters, for instance) have
no mean that means anything: they stay as they are in the global model, as do arrays whose names
match one of the patterns in ``stays``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

SCALE = 256.0  # with words of 28 bits, 16 of them a fraction: ±8 in steps of 6e-8


@dataclass(frozen=True)
class Layout:
    """Where each array of a model stands in the vector.

    Attributes
    ----------
    shapes : tuple of (str, tuple of int)
        Name and shape of each array that is averaged, in the model's order.
    stays : tuple of str
        Names of the arrays that stay as they are in the global model.
    """

    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    stays: tuple[str, ...]

    @classmethod
    def of(cls, model: Mapping[str, np.ndarray], stays: Iterable[str] = ()) -> Layout:
        """The layout of a global model.

        Parameters
        ----------
        model : mapping of str to ndarray
        stays : iterable of str
            Patterns as of a shell, such as ``"*running_*"``: names that are not averaged.

        Raises
        ------
        ValueError
            Nothing is left to be averaged.
        """
        patterns = tuple(stays)
        averaged, home = [], []
        for name, array in model.items():
            if array.dtype.kind == "f" and not any(fnmatchcase(name, p) for p in patterns):
                averaged.append((name, tuple(array.shape)))
            else:
                home.append(name)
        layout = cls(tuple(averaged), tuple(home))
        if layout.size == 0:
            raise ValueError("the model has no floating-point number that is averaged")
        return layout

    @property
    def size(self) -> int:
        """d: numbers in the vector."""
        return sum(int(np.prod(shape)) for _, shape in self.shapes)

    def difference(
        self, trained: Mapping[str, np.ndarray], model: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """How far training has moved the model, shape (d,), float64.

        Raises
        ------
        ValueError
            An array is missing, has another shape, or holds a number that is not finite; the
            message names the array and quotes no number.
        """
        parts = []
        for name, shape in self.shapes:
            if name not in trained:
                raise ValueError(f"training has returned no array {name!r}")
            array = np.asarray(trained[name], dtype=np.float64)
            if array.shape != shape:
                raise ValueError(f"array {name!r} has another shape than in the global model")
            moved = array - np.asarray(model[name], dtype=np.float64)
            if not np.isfinite(moved).all():
                raise ValueError(f"array {name!r} has numbers that are not finite")
            parts.append(moved.ravel())
        return np.concatenate(parts)

    def moved(self, model: Mapping[str, np.ndarray], difference) -> dict[str, np.ndarray]:
        """The global model, moved by a vector of differences; every array keeps its dtype."""
        values = np.asarray(difference, dtype=np.float64)
        if values.shape != (self.size,):
            raise ValueError(f"{self.size} numbers are expected, not {values.size}")
        found, start = {name: array for name, array in model.items()}, 0
        for name, shape in self.shapes:
            size = int(np.prod(shape))
            part = values[start : start + size].reshape(shape)
            start += size
            whole = np.asarray(model[name], dtype=np.float64) + part
            found[name] = whole.astype(model[name].dtype)
        return found


def clipped(difference, scale: float, fixed_point) -> np.ndarray:
    """A vector of differences, scaled, and cut to what the fixed point can represent."""
    low, high = fixed_point.range()
    return np.clip(np.asarray(difference) * scale, low, high)
