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


def _strongest(change):
    """Return the row whose intercept moved most."""
    return change[np.abs(change[:, -1]).argmax()]


@exercise(
    "read_image(change)",
    praise="Right: one division, and the image is there.",
    hints=(
        "Row k is (e_k · x, e_k) up to the step size: the last number of the row is known.",
        "Take the row whose last number is farthest from 0, and divide its first 64 by the last.",
    ),
    mistakes={
        "That is a row of the change itself: the image times a factor. Divide by the change of the "
        "intercept, the last number of the row.": lambda change: _strongest(change)[:-1],
        "That is row 0 itself. Divide it by its last number; and take a row that has moved.": (
            lambda change: change[0, :-1]
        ),
        "Upside down: divide the 64 changes of the weights by the change of the intercept.": (
            lambda change: _strongest(change)[-1] / _strongest(change)[:-1]
        ),
        "You divide by the size of the intercept's change, without its sign: the image comes out "
        "black for white.": lambda change: -_strongest(change)[:-1] / _strongest(change)[-1],
        "One number too many: the last one, always 1, belongs to the intercept.": (
            lambda change: _strongest(change) / _strongest(change)[-1]
        ),
        "That is the same image ten times. Return it once: 64 numbers.": lambda change: (
            change[:, :-1] / change[:, -1:]
        ),
        "You divide by the step size 0.05. There is the error e_k, too, which you do not know: "
        "divide by the change of the intercept, in which both are.": lambda change: (
            _strongest(change)[:-1] / 0.05
        ),
        "You multiply. The change is e_k · x already; divide by e_k.": lambda change: (
            _strongest(change)[:-1] * _strongest(change)[-1]
        ),
    },
)
def check_read_image(read_image: Callable) -> None:
    """Check ``read_image(change)``: the image on which one step of training was made."""
    rng = np.random.default_rng(1)
    images = [rng.integers(1, 17, size=64) / 16 for _ in range(3)]
    errors = [
        rng.uniform(0.1, 0.9, size=10) * np.where(np.arange(10) == k, 1, -1) for k in (5, 0, 9)
    ]
    errors[2][0] = 0.0  # a row that did not move
    errors[1] *= -1  # so that the row that moved most has a negative error
    cases = [
        0.05 * np.outer(error, np.append(image, 1))
        for image, error in zip(images, errors, strict=True)
    ]
    with np.errstate(all="ignore"):
        read = [read_image(change) for change in cases]
    for image, error, result in zip(images, errors, read, strict=True):
        given = numbers(result, (64,), finite=False)
        if not np.isfinite(given).all():
            raise Wrong(
                "You divide by zero: a row whose intercept did not move says nothing. Take another."
            )
        if not np.allclose(given, image):
            factor = given[0] / image[0]
            if np.allclose(given, image, atol=0.006):
                raise Wrong("That is the image, rounded. Return the numbers as they come out.")
            if np.allclose(given, factor * image):
                raise Wrong(f"That is the image times {factor:.3g}. Divide by what is left over.")
            raise Wrong(
                f"The first pixel should be {image[0]:.4f}; yours is {given[0]:.4f} "
                f"(the intercepts moved by {0.05 * np.abs(error).max():.4f} at most)."
            )


@exercise(
    "masks_for(n, d, rng)",
    praise="Right: each is noise by itself, and all together they are nothing.",
    hints=(
        "Draw n - 1 masks at random. What must the last one be?",
        "The sum is zero if the last mask is minus the sum of all the others.",
    ),
)
def check_masks(masks_for: Callable) -> None:
    """Check ``masks_for(n, d, rng)``: n random masks of d numbers each that cancel in the sum."""
    sizes = ((6, 20), (5, 30), (2, 4))
    drawn = [masks_for(n, d, np.random.default_rng(k)) for k, (n, d) in enumerate(sizes)]
    again = masks_for(*sizes[0], np.random.default_rng(99))
    for (n, d), masks in zip(sizes, drawn, strict=True):
        _judge_masks(numbers(masks, (n, d)))
    if np.allclose(numbers(again, sizes[0]), drawn[0]):
        raise Wrong("The masks are the same each time: whoever runs your program knows them. Draw.")


def _judge_masks(masks) -> None:
    n, largest = len(masks), np.abs(masks).max()
    for client, mask in enumerate(masks, start=1):
        if np.abs(mask).max() < 1e-9:
            raise Wrong(f"Client {client} has a mask of zeros: the server sees its vector.")
        if n > 2 and np.ptp(mask) < 1e-9 * largest:
            raise Wrong(
                f"All numbers of client {client}'s mask are the same: draw one for each coordinate."
            )
    total = np.abs(masks.sum(axis=0)).max()
    if total > 1e-9 * largest:
        raise Wrong(
            f"The masks do not cancel: their sum is up to {total:.3g}, and the mean of what the "
            "server sees is wrong by an n-th of that."
        )
    for one in range(n):
        for other in range(one + 1, n):
            if n > 2 and np.allclose(masks[one], masks[other]):
                raise Wrong(
                    f"Clients {one + 1} and {other + 1} have the same mask: the server sees how "
                    "their vectors differ."
                )
            if n > 2 and np.allclose(masks[one], -masks[other]):
                raise Wrong(
                    f"The masks of clients {one + 1} and {other + 1} cancel by themselves: the "
                    "server adds these two vectors and sees their sum."
                )
    if n > 2 and np.linalg.matrix_rank(masks) < n - 1:
        raise Wrong(
            "Some of the masks cancel without the others: the server sees a part of the sum."
        )
    for client, largest in enumerate(np.abs(masks).max(axis=1), start=1):
        if largest < 100:
            raise Wrong(
                f"Client {client}'s mask has no number larger than {largest:.2g}: a vector of "
                "length 5 can be seen beside it. Take a spread of 1000 for each."
            )
    if n > 2:
        _judge_coordinates(masks[:-1])


def _judge_coordinates(masks) -> None:
    """Raise `Wrong` where each client has the same mask, or its negative, in two coordinates."""
    for one in range(masks.shape[1]):
        for other in range(one + 1, masks.shape[1]):
            for sign, how in ((1, "difference"), (-1, "sum")):
                if np.allclose(masks[:, one], sign * masks[:, other]):
                    raise Wrong(
                        f"Numbers {one + 1} and {other + 1} of each mask are one draw: the server "
                        f"sees the {how} of these two coordinates. Draw one for each."
                    )
