"""The program that the players run: ``krum.mpc`` for n, f, d and a number of rounds.

The file ``mamba/krum.mpc`` is Krum itself; the files of ``mamba/parts`` are what it needs besides.
A `KrumProgram` is that text with other numbers in its parameter block, and with the parts that
these numbers ask for: no part stands in it that its players do not need. Everything that could make
a run fail or leak later, the bound on f and the bit budget above all, is checked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from math import comb
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from ..aggregators.parameters import check_integer, check_name, check_parameters, largest_f
from ..aggregators.weights import TOTALS, WEIGHTS, title
from .bit_budget import SECURITY, BitBudget, check_budget
from .cost import Cost, estimate
from .fixed_point import FixedPoint, real_matrix

TEMPLATE = Path(__file__).resolve().parents[2] / "mamba" / "krum.mpc"
_PARAMETER = r"^(?P<name>{name} *= *)(?P<number>\d+ *)(?=#)"
# "#include parts/check.mpc if check": a file, and the parameter that must not be 0.
_INCLUDE = re.compile(r"^#include (?P<file>\S+)(?: if (?P<parameter>\w+))?\n", re.M)


@dataclass(frozen=True)
class KrumProgram:
    """Secure Krum for n clients and one server.

    Parameters
    ----------
    n : int
        Clients, players 1 to n; at least 3.
    f : int
        Byzantine clients that are tolerated; 2f + 2 < n (Blanchard et al. 2017, Proposition 4.2).
    d : int
        Length of a client's vector, at least 1.
    average : int
        m of Multi-Krum: how many vectors, those with the smallest scores, are averaged; 1, which is
        Krum, to n - f. Of "mixed-krum" it is how many mixtures are; of "clipped-krum" how many
        vectors the centre is the mean of.
    rounds : int
        Aggregations in one start of the players, at least 1.
    fixed_point : FixedPoint
        How the words of a vector are to be read.
    check : bool
        Whether clients must prove inside the computation that their words are in range.
    exact : int
        Longest vector whose words are checked digit by digit; longer ones by random projections.
    security : int
        Bits by which the mask of a comparison is longer than what it hides, at least 40; see
        `largest_security`.
    portable : bool
        Whether the text is for other players than the embedded ones. They know nothing but MAMBA
        and input words of 64 bits, so what embedded players have words for is written out, and all
        words are checked digit by digit. `fl_krum.players` sees to it where such players run it.
    threshold : int
        t, 1 to n // 2: how many holders of shares may pool what they see without learning anything.
        By default the largest, n // 2. With a smaller one, 2t + 1 of the embedded players hold
        shares and compute, and the others only share their vectors; see `exposure`. Real players
        all hold shares, whatever t is.
    rule : {"krum", "mixed-krum", "clipped-krum"}
        What is done besides: nothing; every vector is first mixed with its nearest ones; or all
        vectors are clipped about what was chosen. See `fl_krum.aggregators.mixing` and `clipping`.
    holders : tuple of int
        The 2t + 1 players that are to hold shares; by default nobody's choice: where there is one,
        the players draw them together. Embedded players only.

    Raises
    ------
    ValueError
        A parameter is out of its range, or the bit budget does not fit the field.

    Examples
    --------
    >>> program = KrumProgram(n=5, f=1, d=2)
    >>> program.players, program.threshold
    (6, 2)
    >>> "n = 5 " in program.source()
    True
    """

    n: int = 7
    f: int = 2
    d: int = 5
    rounds: int = 1
    average: int = 1
    fixed_point: FixedPoint = field(default_factory=FixedPoint)
    check: bool = True
    exact: int = 46
    security: int = SECURITY
    portable: bool = False
    threshold: int = cast(int, None)  # until it is known what n is
    holders: tuple[int, ...] = ()
    rule: str = "krum"

    def __post_init__(self) -> None:
        check_parameters(self.n, self.f)
        check_name("rule", self.rule, WEIGHTS)
        largest = self.n // 2
        if cast("int | None", self.threshold) is None:
            object.__setattr__(self, "threshold", largest)
        check_integer(
            "threshold", self.threshold, 1, largest, "2t + 1 of n + 1 players hold shares"
        )
        self._check_holders()
        check_integer("d", self.d, 1, why="a vector has at least one coordinate")
        check_integer("rounds", self.rounds, 1)
        check_integer("average", self.average, 1, self.n - self.f, "at most n - f are honest")
        if self.n > MOST_CLIENTS:
            raise ValueError(
                f"n = {self.n} clients are too many: "
                f"at most {MOST_CLIENTS} can share bits in a byte"
            )
        for name in ("check", "portable"):
            if not isinstance(value := getattr(self, name), bool):
                raise ValueError(f"{name} must be True or False, not {value!r}")
        check_integer("exact", self.exact, 0)
        check_integer("security", self.security, SECURITY)
        _ = self.budget  # refuses what does not fit

    @classmethod
    def suggest(cls, updates: ArrayLike, f: int | None = None, **parameters: Any) -> KrumProgram:
        """A program for clients that send vectors like these, with a fixed point that serves them.

        Parameters
        ----------
        updates : array_like of real numbers, shape (n, d)
            What the clients send in a typical round; values may become twice as large.
        f : int, optional
            By default as many as Krum tolerates.
        **parameters
            All else that a `KrumProgram` takes.

        Returns
        -------
        KrumProgram
            With words of 28 bits, the default; or with more, if these vectors need them and the
            field has room, or with fewer, if it has not. ``program.fixed_point.complaint(updates)``
            says whether that is enough.

        Raises
        ------
        ValueError
            As `KrumProgram` and `FixedPoint.suggest`.
        """
        n, d = real_matrix(updates).shape
        f = largest_f(n) if f is None else f

        def program(fixed_point) -> KrumProgram:
            return cls(n=n, f=f, d=d, fixed_point=fixed_point, **parameters)

        usual = FixedPoint().bits
        most = max(filter(lambda bits: _fits(program, bits), range(2, 54)), default=usual)
        return program(FixedPoint.suggest(updates, min(usual, most), most))

    @property
    def players(self) -> int:
        """Number of players N: the server and the clients."""
        return self.n + 1

    @property
    def holder_count(self) -> int:
        """How many of the embedded players hold shares: 2t + 1."""
        return 2 * self.threshold + 1

    def exposure(self, colluding: int) -> float:
        """Probability, at one start of the players, that so many colluding clients learn the
        secrets of the others: that the draw makes more than t of them holders of shares. Every
        start draws anew."""
        check_integer("colluding", colluding, 0, self.n)
        count, pool = self.holder_count, self.n
        if count > self.n or self.holders:  # nobody is drawn; of named holders, the worst
            return float(colluding > self.threshold)
        more = range(self.threshold + 1, min(count, colluding) + 1)
        ways = sum(comb(colluding, k) * comb(pool - colluding, count - k) for k in more)
        return ways / comb(pool, count)

    @property
    def title(self) -> str:
        """What the players compute, in words."""
        return title(self.rule, self.average)

    def weights(self, words: ArrayLike, excluded: Iterable[int] = ()) -> np.ndarray:
        """The same in the clear: how often each client's words count, shape (n,).

        Parameters
        ----------
        words : array_like of int, shape (n, d)
        excluded : iterable of int
            Rows that are left out, at most f.
        """
        return WEIGHTS[self.rule](words, self.f, self.average, excluded)

    def total(self, excluded: int = 0) -> int:
        """The sum of the weights, which player 0 is told: by it the server divides."""
        return TOTALS[self.rule](self.n - excluded, self.n - self.f, self.average)

    @property
    def fewest(self) -> int:
        """How many vectors the result is made of, at least."""
        if self.rule == "clipped-krum":  # half of those that pass are no farther than the radius
            return (self.n - self.f + 1) // 2
        return self.n - self.f if self.rule == "mixed-krum" else self.average

    @property
    def budget(self) -> BitBudget:
        """Lengths of the numbers that are compared."""
        return check_budget(
            self.n,
            self.f,
            self.d,
            self.fixed_point,
            self.security,
            self.check and self.d > self.exact and not self.portable,
            self.threshold,
            self.rule,
            self.average,
        )

    @property
    def largest_security(self) -> int:
        """The largest security that the field has room for: on embedded players a longer mask costs
        not one byte more."""
        return self.security + self.budget.headroom

    @property
    def sizes(self) -> SimpleNamespace:
        """The numbers that krum.mpc computes from its parameters; its first part is plain
        Python."""
        text = self.source()
        names: dict[str, int] = {}
        exec(text[: text.index("\nvectors = Array")], names)
        return SimpleNamespace(**{k: v for k, v in names.items() if not k.startswith("__")})

    def _check_holders(self) -> None:
        if not self.holders:
            return
        for player in self.holders:
            check_integer("a holder", player, 0, self.n, "players are 0 to n")
        if len(set(self.holders)) != len(self.holders) or len(self.holders) != self.holder_count:
            raise ValueError(
                f"{len(self.holders)} holders {self.holders}: the threshold {self.threshold} takes "
                f"{self.holder_count} different players"
            )

    def source(self) -> str:
        """The program's text in the MAMBA language."""
        text = TEMPLATE.read_text(encoding="utf-8")
        numbers = dict(
            n=self.n,
            f=self.f,
            d=self.d,
            average=self.average,
            rounds=self.rounds,
            bits=self.fixed_point.bits,
            security=self.security,
            check=int(self.check),
            exact=self.exact,
            mixed_krum=int(self.rule == "mixed-krum"),
            clipped_krum=int(self.rule == "clipped-krum"),
            portable=int(self.portable),
        )
        for name, number in numbers.items():
            text, found = re.subn(
                _PARAMETER.format(name=name), partial(_set, number), text, flags=re.M
            )
            if found != 1:
                raise RuntimeError(
                    f"{TEMPLATE.name} sets the parameter {name} {found} times instead of once"
                )
        return _include(text, TEMPLATE.parent, numbers)

    def save(self, path: str | Path) -> Path:
        """Write the program to a file; its path is returned."""
        path = Path(path)
        path.write_text(self.source(), encoding="utf-8", newline="\n")
        return path

    def cost(self) -> Cost:
        """What one aggregation costs on the embedded players."""
        return estimate(self)


def _set(number: int, line: re.Match) -> str:
    """A parameter with its number; the comment behind it stays in its column."""
    return f"{line['name']}{number}".ljust(len(line[0]) - 1) + " "


def _include(text: str, folder: Path, numbers: dict[str, int]) -> str:
    """A text with the files in place of the lines that include them, where the parameter behind the
    "if" is not 0; such a file may include others that lie beside it."""

    def part(line: re.Match) -> str:
        if line["parameter"] and not numbers[line["parameter"]]:
            return ""
        file = folder / line["file"]
        return _include(file.read_text(encoding="utf-8"), file.parent, numbers)

    return _INCLUDE.sub(part, text)


def _fits(program: Callable[[FixedPoint], KrumProgram], bits: int) -> bool:
    try:
        program(FixedPoint(bits, 0))
    except ValueError:
        return False
    return True


MOST_CLIENTS = 254  # players 0 to n need n + 1 points other than 0 in the field of 256 elements
