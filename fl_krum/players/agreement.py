"""What the parties of one run agree on, and within which limits each of them does.

An agreement is names and numbers, and may come from the server; the program's text does not. Every
party makes it of these numbers itself, since whoever sends a text could have it reveal everything.
A party has limits of its own, and refuses what is outside them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

from ..aggregators.parameters import check_integer
from ..program.fixed_point import FixedPoint
from ..program.krum_program import KrumProgram
from .companions import checked_digit_by_digit
from .engine import ACTIVE, SECURITIES, MambaProgram
from .roster import ENGINES, Roster, check_name

EMBEDDED = "embedded"
ATTEMPTS = 256  # a round can begin again so many times less one


@dataclass(frozen=True)
class Agreement:
    """One run: who takes part, and what is computed.

    Parameters
    ----------
    parties : tuple of str
        Names in the roster, the server's first: they are players 0 to n.
    f, d, average, rule, threshold, check, rounds, fixed_point
        Of the `KrumProgram`, with n one less than there are parties.
    session : str
        Chosen anew for each training, so that players of an earlier one are not taken for those of
        this one.
    round : int
        Of the training, from 1. A player ends when it meets one of a later round.
    attempt : int
        How often the round has begun again without somebody.
    text : str
        A program of one's own, in place of Krum; then f, d and the rest say nothing.
    security : {"active", "semi-honest"}
        Whether the run ends when a player departs from the protocol. On several hosts it may.
    engine : {"embedded", "scale-mamba", "mp-spdz"}
        Whose players run it; the last two compute Krum only, and can leave nobody out.

    Raises
    ------
    ValueError
        Names or numbers make no sense.
    """

    parties: tuple[str, ...]
    f: int = 0
    d: int = 1
    average: int = 1
    rule: str = "krum"
    threshold: int | None = None
    check: bool = True
    rounds: int = 1
    fixed_point: FixedPoint = field(default_factory=FixedPoint)
    session: str = "run"
    round: int = 1
    attempt: int = 0
    text: str = field(default="", repr=False)
    security: str = ACTIVE
    engine: str = EMBEDDED

    def __post_init__(self) -> None:
        object.__setattr__(self, "parties", tuple(self.parties))
        for name in self.parties:
            check_name(name)
        if len(set(self.parties)) != len(self.parties):
            raise ValueError(f"a party is named twice: {', '.join(self.parties)}")
        if not self.session:
            raise ValueError("a session has a name")
        if self.security not in SECURITIES:
            raise ValueError(f"security is one of {', '.join(SECURITIES)}, not {self.security!r}")
        if self.engine != EMBEDDED and self.engine not in ENGINES:
            raise ValueError(
                f"engine {self.engine!r}: choose one of {', '.join((EMBEDDED, *ENGINES))}"
            )
        if self.text and self.engine != EMBEDDED:
            raise ValueError(f"{self.engine} players on several hosts compute Krum only")
        check_integer("round", self.round, 1, 1 << 40)
        check_integer("attempt", self.attempt, 0, ATTEMPTS - 1)
        _ = self.program

    @property
    def server(self) -> str:
        return self.parties[0]

    @property
    def is_krum(self) -> bool:
        return not self.text

    @property
    def program(self) -> KrumProgram | MambaProgram:
        """What is computed."""
        threshold = cast(int, self.threshold)
        if self.text:
            return MambaProgram(self.text, len(self.parties), threshold=threshold)
        program = self._krum(threshold)
        if self.engine != EMBEDDED:
            return checked_digit_by_digit(program)
        return dataclasses.replace(program, security=program.largest_security)

    def _krum(self, threshold) -> KrumProgram:
        return KrumProgram(
            n=len(self.parties) - 1,
            f=self.f,
            d=self.d,
            rounds=self.rounds,
            average=self.average,
            rule=self.rule,
            fixed_point=self.fixed_point,
            check=self.check,
            threshold=threshold,
        )

    @property
    def fewest(self) -> int:
        """How many clients' vectors the result of Krum is made of, at least."""
        return self._krum(cast(int, self.threshold)).fewest

    @property
    def number(self) -> int:
        """Grows with round and attempt."""
        return self.round * ATTEMPTS + self.attempt

    def without(self, missing: Collection[str]) -> Agreement:
        """The same round for those who are there.

        A client that is missing counts as one of the f: with one client and one of f less, each
        vector has as many nearest neighbours, n − f − 2, as before, so the choice is the one that
        Krum makes when it leaves that client out.

        Raises
        ------
        ValueError
            The server is missing, or more clients than f, or the program is not Krum.
        """
        names = ", ".join(sorted(missing))
        if self.engine != EMBEDDED:
            raise ValueError(f"{self.engine} players cannot do without {names}")
        if not self.is_krum:
            raise ValueError(f"this program needs all its players, and {names} is missing")
        if self.server in missing or not set(missing) <= set(self.parties):
            raise ValueError(f"without {names} there is no round")
        if len(missing) > self.f:
            raise ValueError(
                f"{names} are missing, and f = {self.f} clients may be"
                if len(missing) > 1
                else f"{names} is missing, and no client may be: f = 0"
            )
        parties = tuple(name for name in self.parties if name not in missing)
        threshold = self.threshold
        if threshold is not None:
            threshold = min(threshold, (len(parties) - 1) // 2)
        return dataclasses.replace(
            self,
            parties=parties,
            f=self.f - len(missing),
            threshold=threshold,
            attempt=self.attempt + 1,
        )

    def as_json(self) -> str:
        """Names and numbers, for a message; not the text of a program of one's own."""
        content = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        del content["text"]
        content["fixed_point"] = [self.fixed_point.bits, self.fixed_point.fraction]
        return json.dumps(content)

    @classmethod
    def from_json(cls, text: str) -> Agreement:
        """From a message; ValueError when it is none, or does not make sense."""
        known = {one.name for one in dataclasses.fields(cls)} - {"text"}
        try:
            content: dict[str, Any] = dict(json.loads(text))
            if unknown := content.keys() - known:
                raise ValueError(f"nobody knows {', '.join(sorted(unknown))}")
            for name in ("session", "security", "engine"):
                if not isinstance(content.get(name, ""), str):
                    raise ValueError(f"{name} is a text")
            content["parties"] = tuple(map(str, content["parties"]))
            bits, fraction = content.get("fixed_point", [28, 16])
            return cls(**{**content, "fixed_point": FixedPoint(bits, fraction)})
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(f"the agreement makes no sense: {error}") from None


@dataclass(frozen=True)
class Limits:
    """What one party insists on, whatever the others propose.

    Parameters
    ----------
    min_clients : int
        Clients, n, that have to take part: the fewer there are, the more a result tells of each.
    min_threshold : int
        t: how many holders of shares may pool what they see without learning anything.
    min_average : int
        How many vectors the result is made of at least: with one the server gets the vector of a
        client as it is. See `KrumProgram.fewest`.
    max_byzantine : int, optional
        f: a larger one leaves fewer neighbours to judge a vector by, and lets more clients be
        missing.
    roster : str, optional
        Digest of the only roster that will do.
    """

    min_clients: int = 2
    min_threshold: int = 1
    min_average: int = 1
    max_byzantine: int | None = None
    roster: str | None = None

    def __post_init__(self) -> None:
        for name in ("min_clients", "min_threshold", "min_average"):
            check_integer(name, getattr(self, name), 1)
        if self.max_byzantine is not None:
            check_integer("max_byzantine", self.max_byzantine, 0)

    def check(self, agreement: Agreement, roster: Roster, name: str) -> None:
        """ValueError, in one sentence, when this party does not take part in that."""
        if self.roster is not None and self.roster != roster.digest:
            raise ValueError(
                f"{name} does not take part: the roster has the digest {roster.digest[:16]}… and "
                f"not {self.roster[:16]}…"
            )
        if name not in agreement.parties:
            raise ValueError(f"{name} is none of the parties: {', '.join(agreement.parties)}")
        for party in agreement.parties:
            _ = roster[party]
        clients, threshold = len(agreement.parties) - 1, agreement.program.threshold
        refused = [
            (clients < self.min_clients, "n", clients, "at least", self.min_clients),
            (threshold < self.min_threshold, "t", threshold, "at least", self.min_threshold),
        ]
        if agreement.is_krum:
            fewest = agreement.fewest
            f, most = agreement.f, self.max_byzantine
            what = "m" if agreement.rule == "krum" else "the vectors in the result"
            refused.append((fewest < self.min_average, what, fewest, "at least", self.min_average))
            refused.append((most is not None and f > most, "f", f, "at most", most or 0))
        for is_refused, what, value, bound, limit in refused:
            if is_refused:
                raise ValueError(
                    f"{name} does not take part: {what} = {value}, and it insists on {bound} "
                    f"{limit}"
                )
