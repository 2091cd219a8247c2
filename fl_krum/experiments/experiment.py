"""`Experiment`: which sessions to run, read from a TOML file or a dict and checked at the door.

An experiment is the arguments that all sessions share (`session`), what differs between them
(`grid`, of which every combination is run), and whether Krum runs among real players (`players`):

    title = "Handwritten digits, seven clients"

    [session]
    dataset = "digits"
    dimension = 650
    rounds = 10

    [grid]
    rule = ["alone", "mean", "krum", {name = "multi-krum", m = "n-2f"}, "pooled"]
    attack = ["none", "sign-flip"]
    byzantine = 2
    partition = ["iid", {name = "dirichlet", alpha = 0.5, label = "uneven"}]
    seeds = 10
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..aggregators.parameters import check_name, check_parameters
from ..aggregators.rules import AGGREGATORS
from ..aggregators.weights import WEIGHTS
from ..federation.attacks import ATTACKS, Attack
from ..federation.partitions import PARTITIONS, partition_shares
from ..federation.session import FederatedSession
from ..players.find_engine import find_engine
from . import setting

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Rows of a table that are no rules: what a `RoundRecord` compares with -> its field.
BASELINES = {"alone": "accuracy_alone", "pooled": "accuracy_pooled"}
#: Rules whose model a session trains alongside -> its field.
ALONGSIDE = {"mean": "accuracy_mean", "weighted-mean": "accuracy_weighted"}
#: Rules that players can compute -> `rule` of their program.
SECURE = {name: name for name in WEIGHTS} | {"multi-krum": "krum"}

_SECTIONS = ("title", "session", "grid", "players")
_GRID = ("rule", "attack", "byzantine", "partition", "seeds")
_COUNTS = {"n-f": lambda n, f: n - f, "n-2f": lambda n, f: n - 2 * f}


@dataclass(frozen=True)
class Choice:
    """One value of the grid that has a name and keywords: a rule, an attack or a partition.

    Attributes
    ----------
    name : str
    label : str
        As it is printed; it tells the rows of the table apart.
    keywords : dict
    function : callable, optional
        One's own, in place of one that is found by `name`.
    """

    name: str
    label: str
    keywords: dict[str, Any] = field(default_factory=dict)
    function: Callable | None = None

    @classmethod
    def read(cls, value, what: str, known, folder: str) -> Choice:
        """From a name, a dict with name, label and keywords, or a function of one's own."""
        if callable(value):
            name = getattr(value, "__name__", "custom")
            return cls(name, name, function=value)
        content = {"name": value} if isinstance(value, str) else dict(_table(value, what))
        name = content.pop("name", None)
        if not isinstance(name, str):
            raise ValueError(f'a {what} is a name, or {{name = "…", …}}; got {value!r}')
        label, keywords = content.pop("label", None), content
        if ":" in name:
            return cls(
                name, label or name.rpartition(":")[2], keywords, setting.own_function(name, folder)
            )
        check_name(what, name, known)
        said = ", ".join(f"{key} = {value}" for key, value in keywords.items())
        return cls(name, label or (f"{name}, {said}" if said else name), keywords)


class Unit(NamedTuple):
    """Sessions that differ in the rule alone."""

    partition: Choice
    attack: Choice
    byzantine: int
    seed: int

    def key(self) -> tuple[str, str, int, int]:
        """What tells it apart in a table."""
        return self.partition.label, self.attack.label, self.byzantine, self.seed


@dataclass(frozen=True)
class Experiment:
    """All sessions of an experiment; `read` makes and checks one.

    Attributes
    ----------
    title : str
    session : dict
        What all sessions have in common, see `fl_krum.experiments.setting`.
    rules, attacks, partitions : tuple of Choice
    byzantine, seeds : tuple of int
    engine : str or None
        Of the players that compute the rules of `SECURE`; None: everything in the clear.
    folder : str
        What relative paths are relative to: that of the file.
    """

    title: str
    session: dict[str, Any]
    rules: tuple[Choice, ...]
    attacks: tuple[Choice, ...]
    byzantine: tuple[int, ...]
    partitions: tuple[Choice, ...]
    seeds: tuple[int, ...]
    engine: str | None = None
    folder: str = field(default=".", compare=False)

    @classmethod
    def read(cls, source: str | Path | Mapping[str, Any]) -> Experiment:
        """Read a TOML file, or a dict of the same form, and check all of it.

        Parameters
        ----------
        source : str, Path or mapping

        Raises
        ------
        ValueError
            Something in it is unknown or does not fit; the message names it and what is allowed.
        OSError
            The file cannot be read.
        """
        folder = "."
        if isinstance(source, Mapping):
            content = dict(source)
        else:
            folder = str(Path(source).parent)
            try:
                content = tomllib.loads(Path(source).read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ValueError(f"{source} is not valid TOML: {error}") from None
        _check_keys(content, _SECTIONS, "an experiment")
        session, grid = (dict(_table(content.get(part, {}), part)) for part in ("session", "grid"))
        players = dict(_table(content["players"], "players")) if "players" in content else None
        _check_keys(session, setting.KEYS, "[session]")
        _check_keys(grid, _GRID, "[grid]")
        _check_keys(players or {}, ("engine",), "[players]")
        known_rules = list(dict.fromkeys([*BASELINES, *ALONGSIDE, *AGGREGATORS]))
        clients, partition = setting.default_clients(session, folder)
        experiment = cls(
            title=_text(content.get("title", ""), "title"),
            session={"clients": clients, "rounds": 5, **session},
            rules=tuple(
                Choice.read(rule, "rule", known_rules, folder)
                for rule in _several(grid.get("rule", ["mean", "krum"]))
            ),
            attacks=tuple(
                Choice.read(attack, "attack", ATTACKS, folder)
                for attack in _several(grid.get("attack", "sign-flip"))
            ),
            byzantine=tuple(_several(grid.get("byzantine", 2))),
            partitions=tuple(
                Choice.read(value, "partition", [*PARTITIONS, "shares", "given"], folder)
                for value in _several(grid.get("partition", partition))
            ),
            seeds=_seeds(grid.get("seeds", 1)),
            engine=None if players is None else players.get("engine", "auto"),
            folder=folder,
        )
        experiment._check()
        return experiment

    def units(self) -> list[Unit]:
        """All units, seeds last, so that a first impression of every cell is there early."""
        return [
            Unit(partition, attack, byzantine, seed)
            for seed, partition, byzantine, attack in product(
                self.seeds, self.partitions, self.byzantine, self.attacks
            )
        ]

    def arguments(self, unit: Unit) -> dict[str, Any]:
        """Arguments of `FederatedSession` for one unit, but for the rule."""
        given: dict[str, Any] = {}
        if unit.partition.name == "shares":
            given["partition"] = partial(partition_shares, **unit.partition.keywords)
        else:
            given = {"partition": unit.partition.function or unit.partition.name}
            given |= unit.partition.keywords
        return {
            **setting.session_arguments(self.session, self.folder, unit.seed), **given,
            "attack": _attack(unit.attack), "byzantine": unit.byzantine, "seed": unit.seed,
        }  # fmt: skip

    def rule(self, rule: Choice, byzantine: int) -> Callable:
        """The function of a rule, for one f."""
        keywords = self.keywords(rule, byzantine)
        function = rule.function or AGGREGATORS[rule.name]
        return partial(function, **keywords) if keywords else function

    def keywords(self, rule: Choice, byzantine: int) -> dict[str, Any]:
        """The keywords of a rule, "n-f" and the like as numbers."""
        n = self.session["clients"]
        return {
            key: _COUNTS[value](n, byzantine)
            if isinstance(value, str) and value in _COUNTS
            else value
            for key, value in rule.keywords.items()
        }

    def described(self) -> dict[str, Any]:
        """All of it as plain data, for a file beside the results."""
        content = asdict(replace(self, session={})) | {"session": setting.described(self.session)}
        for part in ("rules", "attacks", "partitions"):
            for choice in content[part]:
                choice["function"] = getattr(choice["function"], "__name__", None)
        return content

    def _check(self) -> None:
        for name in ("rules", "attacks", "partitions", "byzantine", "seeds"):
            labels = [getattr(choice, "label", choice) for choice in getattr(self, name)]
            if not labels:
                raise ValueError(f"the grid has no {name}: name at least one")
            if twice := {label for label in labels if labels.count(label) > 1}:
                one = twice.pop()
                hint = ": give one a label" if isinstance(one, str) else ""
                raise ValueError(f"{name} has {one!r} twice{hint}")
        if self.engine is not None:
            find_engine(self.engine)
        n = self.session["clients"]
        for f in self.byzantine:
            check_parameters(n, f)
            for rule in self.rules:
                if rule.function or rule.name not in {*BASELINES, *ALONGSIDE}:
                    self._check_rule(rule, n, f)
        for unit in self.units():
            if unit.seed == self.seeds[0]:
                FederatedSession(**self.arguments(unit), compare=False)

    def _check_rule(self, rule: Choice, n: int, f: int) -> None:
        try:
            result = self.rule(rule, f)(np.zeros((n, 2)), f)
        except TypeError as error:
            raise ValueError(f"rule {rule.label!r}: {error}") from None
        vector = np.asarray(getattr(result, "vector", result))
        if vector.shape != (2,):
            raise ValueError(
                f"rule {rule.label!r} makes the shape {vector.shape} of {n} vectors of length 2"
            )


def _attack(choice: Choice) -> Attack:
    """The attack of this name, or one's own, with its strength bound."""
    known = ATTACKS.get(choice.name)
    if known is not None and not choice.keywords and choice.function is None:
        return known
    forge = choice.function or (known and known.forge)
    if forge is None:
        raise ValueError(f"attack {choice.name!r} has no strength: {', '.join(choice.keywords)}")
    bound = partial(forge, **choice.keywords)
    return Attack(choice.label, bound) if known is None else replace(known, forge=bound)


def _several(value) -> list:
    return list(value) if isinstance(value, list | tuple | range) else [value]


def _seeds(value) -> tuple[int, ...]:
    seeds = range(value) if isinstance(value, int) else _several(value)
    if not seeds or any(not isinstance(seed, int) or seed < 0 for seed in seeds):
        raise ValueError(f"seeds is how many, or a list of integers from 0 up; got {value!r}")
    return tuple(seeds)


def _text(value, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text; got {value!r}")
    return value


def _table(value, name: str) -> Mapping:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a table of names and values; got {value!r}")
    return value


def _check_keys(content: Mapping, known, where: str) -> None:
    for key in content:
        check_name(f"an entry of {where}", key, known)
