"""Which numbers of the vector are which weights: arrays with names and shapes, laid end to end.

Aggregation moves one vector of d real numbers; a model has matrices and biases. A `Layout` turns
one into the other. What is not in it stays at home: no client sends it, no aggregation changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layout:
    """The order, the names and the shapes of the arrays in a vector.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        In the order of the vector.
    at_home : tuple of str
        What a model has besides, and does not share.

    Examples
    --------
    >>> layout = Layout({"weight": (2, 3), "bias": (2,)}, at_home=("counter",))
    >>> layout.dimension
    8
    >>> layout.flatten({"weight": [[1, 2, 3], [4, 5, 6]], "bias": [7, 8]})
    array([1., 2., 3., 4., 5., 6., 7., 8.])
    >>> layout.unflatten(range(8))["bias"]
    array([6., 7.])
    >>> print(layout)
    d = 8: weight (2 x 3), bias (2); at home: counter
    """

    shapes: dict[str, tuple[int, ...]]
    at_home: tuple[str, ...] = ()

    @property
    def dimension(self) -> int:
        """Length d of the vector."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def flatten(self, arrays: Mapping) -> np.ndarray:
        """Lay the arrays end to end, as float64 of shape (d,), a copy.

        Raises
        ------
        ValueError
            One is missing, or of another shape.
        """
        pieces = []
        for name, shape in self.shapes.items():
            if name not in arrays:
                raise ValueError(f"there is no array {name!r} to flatten")
            array = np.asarray(arrays[name], dtype=np.float64)
            if array.shape != shape:
                raise ValueError(f"{name} must have the shape {shape}; got {array.shape}")
            pieces.append(array.ravel())
        return np.concatenate(pieces)

    def unflatten(self, vector) -> dict[str, np.ndarray]:
        """Cut a vector into its arrays, which are copies.

        Raises
        ------
        ValueError
            The vector has not the length d.
        """
        vector = np.array(vector, dtype=np.float64)
        if vector.shape != (self.dimension,):
            raise ValueError(f"vector must have shape ({self.dimension},), got {vector.shape}")
        arrays, begin = {}, 0
        for name, shape in self.shapes.items():
            end = begin + int(np.prod(shape))
            arrays[name] = vector[begin:end].reshape(shape)
            begin = end
        return arrays

    def __str__(self) -> str:
        parts = [f"{name} ({' x '.join(map(str, s)) or 1})" for name, s in self.shapes.items()]
        home = f"; at home: {', '.join(self.at_home)}" if self.at_home else ""
        return f"d = {self.dimension}: {', '.join(parts)}{home}"
