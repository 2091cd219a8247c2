"""One party's player of SCALE-MAMBA or MP-SPDZ, where its host names an installation.

Every party writes the program of the agreement's numbers and compiles it itself, in a folder of its
own that is gone after the run. Addresses and certificates are those of the roster, as with embedded
players; but these players are called by their numbers, so the roster has a certificate for each
number that a party can have.
"""

from __future__ import annotations

from pathlib import Path

from ..program.krum_program import KrumProgram
from . import companions
from .agreement import Agreement
from .deploy import find_hosts
from .engine import ACTIVE, RunPlan
from .process import Command
from .roster import Roster, engine_key


def check(agreement: Agreement, roster: Roster, name: str, key: Path) -> None:
    """ValueError when this party cannot take part: no usable installation, no key, or one that is
    not as secure as agreed."""
    hosts = find_hosts(agreement.engine)
    if agreement.security == ACTIVE and not hosts.active:
        raise ValueError(f"{name} does not take part: active security is agreed on, and here is "
                         f"{agreement.engine}: {hosts.security}")  # fmt: skip
    roster.hosts(agreement.parties)
    for number, party in enumerate(agreement.parties):
        roster[party].as_player(agreement.engine, number)
    if not engine_key(key, agreement.engine).is_file():
        raise ValueError(f"{engine_key(key, agreement.engine)}, the key of {name}, is not there")


def prepare(
    agreement: Agreement, roster: Roster, name: str, key: Path, folder: Path
) -> tuple[RunPlan, Command]:
    """Write what the player needs to a private folder, and say how it is started; ValueError when a
    tool of the installation fails."""
    assert isinstance(agreement.program, KrumProgram), "an agreement takes no other"
    members = [roster[party] for party in agreement.parties]
    number = agreement.parties.index(name)
    certified = [one.as_player(agreement.engine, i) for i, one in enumerate(members)]
    plan, command, program = find_hosts(agreement.engine).of_party(
        agreement.program, folder, [(one.host, one.port) for one in members], number, certified,
        engine_key(key, agreement.engine).read_bytes(),
    )  # fmt: skip
    beside = companions.beside([command, command], agreement.program, program)
    return plan, beside[min(number, 1)]
