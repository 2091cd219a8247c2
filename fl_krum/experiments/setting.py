"""What all sessions of an experiment have in common, as arguments of `FederatedSession`.

Data may be built in, a CSV file, a folder of clients' files or a `Dataset`; a model the logistic
one with other settings, "file.py:function", or an object. A file is divided anew for each seed, as
built-in data are; a `Dataset` is as it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import Any

from ..federation.dataset import Dataset
from ..federation.models import LogisticModel
from ..federation.task import find_task
from ..program.fixed_point import FixedPoint

#: What may stand in the section [session].
KEYS = (
    "clients", "rounds", "dimension", "dataset", "data", "target", "by", "without",
    "client_data", "model", "epochs", "learning_rate", "share", "bits", "fraction",
)  # fmt: skip
_PASSED_ON = ("clients", "rounds", "dimension", "dataset", "share")
_OF_LOGISTIC = ("epochs", "learning_rate")


def session_arguments(session: Mapping[str, Any], folder: str, seed: int) -> dict[str, Any]:
    """The arguments, for one seed.

    Parameters
    ----------
    session : mapping
        With `KEYS`.
    folder : str
        What relative paths are relative to.
    seed : int

    Raises
    ------
    ValueError
        They do not go together; or a file, a model or a setting does not fit.
    """
    given = {name: session[name] for name in _PASSED_ON if name in session}
    if (data := _data(session, folder, seed)) is not None:
        given["data"] = data
    if {"bits", "fraction"} & {*session}:
        given["fixed_point"] = FixedPoint(
            **{name: session[name] for name in ("bits", "fraction") if name in session}
        )
    settings = {name: session[name] for name in _OF_LOGISTIC if name in session}
    model = session.get("model")
    if model is not None and settings:
        raise ValueError(f"{' and '.join(settings)}: set them where your own model is made")
    if settings or isinstance(model, str):
        data, _ = find_task(
            data, given.get("dataset", "breast_cancer"),
            None if isinstance(model, str) else given.get("dimension"),
            None, seed,
        )  # fmt: skip
        given["data"] = data
        make = own_function(model, folder) if isinstance(model, str) else _logistic(settings)
        given["model"] = make(data.features, data.classes)
    elif model is not None:
        given["model"] = model
    return given


def default_clients(session: Mapping[str, Any], folder: str) -> tuple[int, str]:
    """How many clients, and in which partition, where neither is said."""
    data = _data(session, folder, seed=0)
    if data is None:
        return 7, "iid"
    partition = "given" if data.apart else "iid" if data.groups is None else "column"
    return data.clients(partition), partition


def own_function(name: str, folder: str) -> Callable:
    """The function "file.py:function"."""
    file, _, function = name.rpartition(":")
    path = Path(folder, file)
    if not file or not path.is_file():
        raise ValueError(f"{name!r}: there is no file {path}; write file.py:function")
    spec = util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(found := getattr(module, function, None)):
        raise ValueError(f"{path} has no function {function!r}")
    return found


def described(session: Mapping[str, Any]) -> dict[str, Any]:
    """The section as plain data; what is an object is told by its name."""
    return {key: _described(value) for key, value in session.items()}


def _described(value):
    if isinstance(value, Dataset):
        return {"name": value.name, **value.origin()}
    plain = isinstance(value, str | int | float | bool | list | tuple)
    return value if plain else type(value).__name__


def _logistic(settings: Mapping[str, Any]) -> Callable:
    return lambda features, classes: LogisticModel(features, classes, **settings)


def _data(session: Mapping[str, Any], folder: str, seed: int) -> Dataset | None:
    data, folder_of_clients = session.get("data"), session.get("client_data")
    if data is not None and folder_of_clients is not None:
        raise ValueError("data and client_data: give one of them")
    if data is None and folder_of_clients is None:
        if odd := {"target", "by", "without"} & {*session}:
            raise ValueError(f"{odd.pop()} names columns, and there is no data or client_data")
        return None
    if data is not None and not isinstance(data, str):
        return data
    if "target" not in session:
        raise ValueError("target: which column has the labels?")
    without = session.get("without", ())
    columns = (session["target"], (without,) if isinstance(without, str) else tuple(without), seed)
    if folder_of_clients is not None:
        return _from_folder(str(Path(folder, folder_of_clients)), *columns)
    return _from_csv(str(Path(folder, str(data))), session.get("by"), *columns)


@lru_cache(maxsize=2)  # sessions come in series that differ in the rule or the attack alone
def _from_csv(path: str, by: str | None, target: str, without: tuple, seed: int) -> Dataset:
    return Dataset.from_csv(path, target, by=by, without=without, seed=seed)


@lru_cache(maxsize=2)
def _from_folder(path: str, target: str, without: tuple, seed: int) -> Dataset:
    return Dataset.from_folder(path, target, without=without, seed=seed)
