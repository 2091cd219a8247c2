"""Exercises of notebook 1, why federated learning needs privacy and robustness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .exercise import Wrong, exercise, numbers


@exercise(
    "lie(others, target)",
    praise="Right: one client alone decides the mean.",
    hints=(
        "The mean is the target when the sum of all n vectors is n times the target.",
        "The others already sum to others.sum(axis=0). What is missing from n * target is yours.",
    ),
    mistakes={
        "You send the target itself, and the others outvote you.": lambda others, target: target,
        "All vectors together are n, and `others` has n - 1 rows: you are one client, too.": (
            lambda others, target: len(others) * target - others.sum(axis=0)
        ),
        "Too far by the sum of the others: they pull the mean as well, so take their sum away.": (
            lambda others, target: (len(others) + 1) * target
        ),
        "The sign is wrong: take the sum of the others away from n * target.": (
            lambda others, target: others.sum(axis=0) - (len(others) + 1) * target
        ),
        "You add the sum of the others. Take it away: it is in the mean already.": (
            lambda others, target: (len(others) + 1) * target + others.sum(axis=0)
        ),
        "You take away the mean of the others. Their sum is n - 1 times as much.": (
            lambda others, target: (len(others) + 1) * target - others.mean(axis=0)
        ),
        "You send what is between the mean of the others and the target. A mean of n moves by one "
        "n-th of that only.": lambda others, target: target - others.mean(axis=0),
        "`others.sum()` adds up all numbers of all clients. Add up each coordinate: axis=0.": (
            lambda others, target: (len(others) + 1) * target - others.sum()
        ),
    },
)
def check_lie(lie: Callable) -> None:
    """Check ``lie(others, target)``: what one client sends so that the mean becomes the target."""
    rng = np.random.default_rng(0)
    cases = [
        (rng.normal(size=(n - 1, d)), rng.normal(size=d)) for n, d in ((7, 2), (2, 1), (20, 5))
    ]
    sent = [lie(others, target) for others, target in cases]
    for (others, target), vector in zip(cases, sent, strict=True):
        reached = np.vstack([others, numbers(vector, target.shape)]).mean(axis=0)
        if not np.allclose(reached, target):
            missed = np.linalg.norm(reached - target)
            raise Wrong(f"With n = {len(others) + 1} the mean misses the target by {missed:.2g}.")
