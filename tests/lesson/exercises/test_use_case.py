"""Wrong answers to the exercises of notebook 1, and what they are told."""

import numpy as np
import pytest

from fl_krum.lesson.exercises.use_case import check_lie, check_masks, check_read_image


@pytest.fixture(autouse=True)
def first_try():
    for check in (check_lie, check_masks, check_read_image):
        check.tries = 0


def test_right_answers_pass():
    assert check_lie(lambda others, target: (len(others) + 1) * target - others.sum(axis=0)).passed
    assert check_lie(lambda others, target: target + len(others) * (target - others.mean(axis=0)))
    assert check_lie(lambda o, t: [(len(o) + 1) * t[k] - sum(o[:, k]) for k in range(len(t))])


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (lambda others, target: target, "You send the target itself, and the others outvote you."),
        (lambda others, target: len(others) * target - others.sum(0), "you are one client, too"),
        (lambda others, target: len(others) * target - sum(others), "you are one client, too"),
        (lambda others, target: (len(others) + 1) * target, "Too far by the sum of the others"),
        (lambda others, target: others.sum(0) - (len(others) + 1) * target, "The sign is wrong"),
        (lambda others, target: (len(others) + 1) * target + others.sum(0), "You add the sum"),
        (lambda others, target: (len(others) + 1) * target - others.mean(0), "n - 1 times as much"),
        (lambda others, target: target - others.mean(0), "A mean of n moves by one n-th"),
        (lambda others, target: (len(others) + 1) * target - others.sum(), "axis=0"),
        (lambda others, target: others, "Return 2 numbers; you return an array of shape (6, 2)."),
        (lambda others, target: 7 * target, "With n = 7 the mean misses the target by"),
        (lambda others, target: 7 * target - others.sum(axis=0), "With n = 2 the mean misses"),
        (lambda others, target: target - others, "an array of shape (6, 2)"),
        (lambda others, target: (others + target).sum(axis=1), "you return an array of shape (6,)"),
        (lambda others, target: others.sum(axis=0) * np.nan, "not finite (nan or inf)"),
        (lambda others, target: n * target - others.sum(0), "nothing has the name `n`"),  # noqa: F821
        (lambda others, target: others + others[:2], "arrays of these shapes do not fit together"),
        (lambda others: others, "is called as lie(others, target), with 2 arguments"),
        (lambda others, target: print(end=""), "Is the `return` missing"),
    ],
)  # fmt: skip
def test_mistakes_are_named(lie, said):
    line = check_lie(lie)
    assert line.startswith("✗") and said in line


def strongest(change):
    return change[np.abs(change[:, 64]).argmax()]


def test_images_can_be_read_in_several_ways():
    assert check_read_image(lambda change: strongest(change)[:64] / strongest(change)[64]).passed
    assert check_read_image(lambda change: list(change[5, :64] / change[5, 64])).passed
    summed = check_read_image(lambda c: np.abs(c[:, :64]).sum(0) / np.abs(c[:, 64]).sum())
    assert summed == "✓ Right: one division, and the image is there."


@pytest.mark.parametrize(
    ("read_image", "said"),
    [
        (lambda change: strongest(change)[:64], "the image times a factor. Divide by the change"),
        (lambda change: change[0, :64], "That is row 0 itself. Divide it by its last number"),
        (lambda change: strongest(change)[64] / strongest(change)[:64], "Upside down"),
        (lambda change: strongest(change)[:64] / -strongest(change)[64], "black for white"),
        (lambda change: strongest(change) / strongest(change)[64], "One number too many"),
        (lambda change: change[:, :64] / change[:, 64:], "That is the same image ten times."),
        (lambda change: strongest(change)[:64] / 0.05, "You divide by the step size 0.05. There"),
        (lambda change: strongest(change)[:64] * strongest(change)[64], "You multiply. The change"),
        (lambda change: change[0, :64] / change[0, 64], "a row whose intercept did not move says"),
        (lambda change: 2 * strongest(change)[:64] / strongest(change)[64], "the image times 2."),
        (lambda change: change[:, 64], "Return 64 numbers; you return an array of shape (10,)."),
        (lambda change: (strongest(change)[:64] / strongest(change)[64]).round(2), "rounded"),
        (lambda change: [str(pixel) for pixel in change[0, :64]], "you return a list"),
        (lambda change: np.ones(64), "The first pixel should be 0.5000; yours is"),
        (lambda change: change[:64] / change[64], "there is no item with that index (index 64 is"),
        (lambda change: change / change[:, 64], "arrays of these shapes do not fit together"),
    ],
)  # fmt: skip
def test_mistakes_in_reading_are_named(read_image, said):
    line = check_read_image(read_image)
    assert line.startswith("✗") and said in line


def pairs(n, d, rng):
    masks = np.zeros((n, d))
    for i in range(n):
        for j in range(i):
            mask = rng.normal(scale=1000, size=d)
            masks[i] += mask
            masks[j] -= mask
    return masks


def last_one_cancels(n, d, rng):
    first = rng.normal(scale=1000, size=(n - 1, d))
    return np.vstack([first, -first.sum(axis=0)])


def neighbours_cancel(n, d, rng):
    half = rng.normal(scale=1000, size=(n // 2, d))
    return np.vstack([*zip(half, -half, strict=True), np.zeros((n % 2, d))])


def two_groups_cancel(n, d, rng):
    groups = (3, n - 3) if n > 4 else (n,)
    return np.vstack([last_one_cancels(size, d, rng) for size in groups])


def one_is_zero(n, d, rng):
    return np.vstack([last_one_cancels(n - 1, d, rng), np.zeros(d)])


def one_large_others_small(n, d, rng):
    masks = last_one_cancels(n, d, rng)
    masks[1:-1] *= 1e-6
    masks[-1] = -masks[:-1].sum(axis=0)
    return masks


def repeated(sign):
    def masks_for(n, d, rng):
        half = last_one_cancels(n, d // 2, rng)
        return np.hstack([half, sign * half])

    return masks_for


def whole_numbers(n, d, rng):
    first = rng.integers(-1000, 1001, size=(n - 1, d))
    return np.vstack([first, -first.sum(axis=0)])


def lists_of_lists(n, d, rng):
    return last_one_cancels(n, d, rng).tolist()


def uniform(n, d, rng):
    first = rng.uniform(-1e6, 1e6, size=(n - 1, d))
    return np.concatenate([-first.sum(axis=0, keepdims=True), first])


@pytest.mark.parametrize(
    "masks_for", [pairs, last_one_cancels, whole_numbers, lists_of_lists, uniform]
)
def test_masks_that_cancel_pass(masks_for):
    assert check_masks(masks_for) == (
        "✓ Right: each is noise by itself, and all together they are nothing."
    )


@pytest.mark.parametrize(
    ("masks_for", "said"),
    [
        (lambda n, d, rng: rng.normal(scale=1000, size=(n, d)), "The masks do not cancel: their"),
        (lambda n, d, rng: np.zeros((n, d)), "Client 1 has a mask of zeros: the server sees its"),
        (lambda n, d, rng: np.tile(rng.normal(size=d), (n, 1)), "The masks do not cancel"),
        (lambda n, d, rng: pairs(n, d, np.random.default_rng(0)), "the same each time: whoever"),
        (lambda n, d, rng: pairs(n, d, rng) / 1000, "a vector of length 5 can be seen beside it"),
        (lambda n, d, rng: pairs(n, 1, rng) * np.ones(d), "All numbers of client 1's mask are the"),
        (lambda n, d, rng: pairs(n, d, rng).T, "Return an array of shape (6, 20); you return an"),
        (lambda n, d, rng: pairs(n, d, rng)[:-1], "you return an array of shape (5, 20)"),
        (neighbours_cancel, "Clients 1 and 2 cancel by themselves"),
        (two_groups_cancel, "Some of the masks cancel without the others"),
        (one_is_zero, "Client 6 has a mask of zeros"),
        (one_large_others_small, "Client 2's mask has no number larger than 0.0"),
        (repeated(1), "Numbers 1 and 11 of each mask are one draw: the server sees the difference"),
        (repeated(-1), "the server sees the sum of these two coordinates"),
        (lambda n, d: pairs(n, d, 0), "is called as masks_for(n, d, rng), with 3 arguments"),
        (lambda n, d, rng: rng.normal(n, d).mask, "there is no such attribute ("),
    ],
)  # fmt: skip
def test_masks_that_hide_too_little_are_named(masks_for, said):
    line = check_masks(masks_for)
    assert line.startswith("✗") and said in line.replace("The masks of clients", "Clients")
