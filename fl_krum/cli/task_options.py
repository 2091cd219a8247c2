"""Options of a session on the training: which data, of whom, and how clients train."""

from __future__ import annotations

import argparse
from typing import Any

#: As in a session's file, so that --resume finds them.
NAMES = ("data", "target", "by", "without", "client_data", "epochs", "learning_rate", "share")


def add_task(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("your own data, instead of --dataset")
    group.add_argument(
        "--data",
        metavar="FILE",
        help="a CSV file with a line of column names, to be divided among the clients",
    )
    group.add_argument("--target", metavar="COLUMN", help="its column with the labels")
    group.add_argument(
        "--by",
        metavar="COLUMN",
        help="one client for each value of this column, for instance a hospital",
    )
    group.add_argument(
        "--without",
        metavar="A,B,...",
        help="columns to leave out, for instance a patient's number",
    )
    group.add_argument(
        "--client-data",
        metavar="FOLDER",
        help="a folder with a CSV file for each client; these are never combined (except for "
        "`pooled`)",
    )
    group = parser.add_argument_group("how clients train")
    group.add_argument(
        "--epochs", type=int, metavar="E", help="passes over a client's samples a round (default 1)"
    )
    group.add_argument(
        "--learning-rate", type=float, metavar="R", help="of gradient descent (default 0.05)"
    )
    group.add_argument(
        "--share",
        default="model",
        metavar="WHAT",
        help="model, or update (how training changed it), which fits a larger --fraction "
        "(default model)",
    )


def task_of(options: argparse.Namespace) -> dict[str, Any]:
    """Arguments of `FederatedSession` that these options stand for.

    Raises
    ------
    ValueError
        Options do not go together, or the files do not fit.
    """
    from ..federation.dataset import Dataset
    from ..federation.models import LogisticModel
    from ..federation.task import find_task

    _check(options)
    given: dict[str, Any] = {"share": options.share}
    read = {"seed": options.seed, "without": options.without.split(",") if options.without else ()}
    if options.data is not None:
        given["data"] = Dataset.from_csv(options.data, options.target, by=options.by, **read)
    elif options.client_data is not None:
        given["data"] = Dataset.from_folder(options.client_data, options.target, **read)
    if options.by is not None:
        given["partition"] = "column"
    settings = {"epochs": options.epochs, "learning_rate": options.learning_rate}
    settings = {name: value for name, value in settings.items() if value is not None}
    if settings:
        data, _ = find_task(
            given.get("data"), options.dataset, options.dimension, None, options.seed
        )
        given |= {"data": data, "model": LogisticModel(data.features, data.classes, **settings)}
    return given


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """What a session's file says of these options: those that were given."""
    found = {name: getattr(options, name) for name in NAMES}
    return {name: value for name, value in found.items() if value is not None}


def _check(options: argparse.Namespace) -> None:
    if options.data is not None and options.client_data is not None:
        raise ValueError("--data and --client-data: give one of them")
    own = options.data or options.client_data
    if own and options.target is None:
        raise ValueError("--target: which column has the labels?")
    if options.by is not None and options.data is None:
        raise ValueError("--by is a column of the file that --data names")
    for name in ("target", "without"):
        if not own and getattr(options, name) is not None:
            raise ValueError(f"--{name} is of --data or --client-data, and there is neither")
    if own and "--dataset" in getattr(options, "given", ()):
        raise ValueError(f"--dataset {options.dataset}: with data of your own it is not read")
    if options.alpha is not None and (options.by is not None or options.client_data is not None):
        raise ValueError("--alpha deals data out, and here it is known already whose they are")
