"""The files that MP-SPDZ's players work with, for all players of a run or for one of them.

A player takes everything relative to the folder it stands in:

    Player-Data/PI.pem, PI.key     who it is, for TLS with the others
    Player-Data/HASH.0             the certificate that signed theirs, as OpenSSL looks for it
    Player-Data/Input-Binary-PI-0  a link to the system's random numbers, which hide its output
    krum.mpc                       the program, for the companions of clients
    Programs/Source/krum.mpc       what is compiled: the prelude and, unchanged, the program
    Programs/Schedules/krum.sch, Programs/Bytecode/krum-*.bc     what it compiles to
    hosts.txt                      a line HOST:PORT for every player

Players on one machine share such a folder; on several machines each has its own, with its own key
only (`fl_krum.players.mp_spdz.deploy`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ...program.krum_program import TEMPLATE, KrumProgram
from ..certificates import Certificates, write_private
from .installation import PROGRAM, Installation

PRELUDE = TEMPLATE.with_name("mp_spdz_prelude.mpc")
KEYS = Path("Player-Data")
RANDOM = "/dev/urandom"
PROGRAM_TEXT = f"{PROGRAM}.mpc"
SOURCE = Path("Programs") / "Source" / f"{PROGRAM}.mpc"
HOSTS = "hosts.txt"

LEAST_BITS = 64  # of the longest number that the compiler expects, as it has it by default


def write(installation: Installation, program, folder: Path) -> None:
    """Write the program and what it compiles to; ValueError when the compiler fails.

    ``folder`` belongs to this run alone and is readable by its owner alone.
    """
    for new in (folder / KEYS, (folder / SOURCE).parent):
        new.mkdir(parents=True)
    program.save(folder / PROGRAM_TEXT)
    (folder / SOURCE).write_text(_prelude() + program.source(), encoding="utf-8", newline="\n")
    bits = program.budget.score_bits if isinstance(program, KrumProgram) else LEAST_BITS
    installation.compile(folder, max(LEAST_BITS, bits))


def lines_before() -> int:
    """How many lines of what is compiled come before the program."""
    return _prelude().count("\n")


def _prelude() -> str:
    return PRELUDE.read_text(encoding="utf-8") + "\n\n"


def link(folder: Path, players: int) -> None:
    """Give players random numbers of the system's."""
    for i in range(players):
        (folder / masks(i)).symlink_to(RANDOM)


def masks(player: int | str) -> str:
    """Where a player finds what hides its output from the others."""
    return f"{KEYS}/Input-Binary-P{player}-0"


def write_certificates(certificates: Certificates, folder: Path) -> list[Path]:
    """Write the certificates of all players and their authority's; return the paths of the keys."""
    keys = []
    (folder / KEYS / authority_file(certificates.authority)).write_bytes(certificates.root)
    for player in certificates.players:
        (folder / KEYS / f"{player.name}.pem").write_bytes(player.certificate)
        keys.append(folder / KEYS / f"{player.name}.key")
        write_private(keys[-1], player.key)
    return keys


def authority_file(common_name: str) -> str:
    """The name under which OpenSSL looks for the certificate of who is called so: "1a2b3c4d.0".

    The hash of the canonical form of its subject, as ``openssl x509 -hash`` tells it: one attribute
    (common name), UTF-8, in lower case; 4 bytes of its SHA-1, the last one first.
    """
    text = common_name.lower().encode("ascii")
    value = b"\x0c" + bytes([len(text)]) + text
    attribute = b"\x30" + bytes([5 + len(value)]) + b"\x06\x03\x55\x04\x03" + value
    canonical = b"\x31" + bytes([len(attribute)]) + attribute
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}.0"


def host_lines(hosts: Sequence[str], ports: Sequence[int]) -> str:
    """The content of hosts.txt."""
    return "".join(f"{host}:{port}\n" for host, port in zip(hosts, ports, strict=True))


def of_player(folder: Path, player: int) -> list[Path]:
    """What player ``player`` needs of ``folder``, and nothing else, relative to it."""
    found = [
        *(folder / KEYS).glob("*.0"),
        *(folder / KEYS / f"P{player}.{kind}" for kind in ("pem", "key")),
        folder / PROGRAM_TEXT,
        folder / SOURCE,
        folder / "Programs" / "Schedules" / f"{PROGRAM}.sch",
        *(folder / "Programs" / "Bytecode").glob(f"{PROGRAM}-*.bc"),
        folder / HOSTS,
    ]
    return [path.relative_to(folder) for path in found if path.exists()]
