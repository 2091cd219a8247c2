"""One folder a host, for real players on several machines.

`LocalPlayers` runs all players on one machine, which is right for learning and wrong for privacy:
whoever has that machine has every update. Here each player gets a folder with what it needs and no
other player's key. Copied to its host, where SCALE-MAMBA, MP-SPDZ or, for embedded players, fl_krum
is installed too, it holds the command to start that player. What nobody can do for the hosts: each
gives its own numbers to its own player.

This machine makes all the keys, so it has to be trusted not to keep them, unless each host is to
make its own; docs/engines.md.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..program.krum_program import KrumProgram
from . import certificates, companions, embedded_hosts, host_files
from .engine import RunPlan
from .mp_spdz.hosts import MpSpdzHosts
from .mp_spdz.installation import MP_SPDZ_HOME
from .process import Command
from .scale_mamba import SCALE_MAMBA_HOME
from .scale_mamba.hosts import ScaleMambaHosts

PORT = 14000  # of player 0; player i listens on PORT + i
DAYS = 365  # that the certificates are valid

# What both installations can look up: they know IPv4 only.
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def read_hosts(path: Path) -> list[str]:
    """The hosts in a file, one a line, the server's first; blank lines and # comments are skipped.

    A host may stand there more than once: it runs as many players.

    Raises
    ------
    ValueError
        Naming the line that is not the name or IPv4 address of a host.
    """
    hosts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        host = line.split("#")[0].strip()
        if not host:
            continue
        if not _HOST.fullmatch(host):
            raise ValueError(
                f"{path}, line {number}: {host[:60]!r} is not the name or IPv4 address of a host"
            )
        hosts.append(host)
    if len(hosts) < 4:
        raise ValueError(
            f"{path} names {len(hosts)} hosts; the server and at least three clients are needed"
        )
    return hosts


class Hosts(Protocol):
    """What differs between the engines whose players run on several machines.

    Made without arguments; ValueError when there is no usable installation here.
    """

    kind: host_files.Kind
    security: str
    active: bool  # whether players that depart from the protocol are found out

    def write(self, program: KrumProgram, folder: Path, hosts: Sequence[str], port: int) -> None:
        """Write all that players need but certificates; ValueError when a tool fails."""

    def write_keys(self, folder: Path, players: int, days: int) -> None:
        """Write keys and certificates of all players."""

    def of_player(self, folder: Path, player: int) -> list[Path]:
        """What this player needs of it, and nothing else, relative to it."""

    def argv(self, player: int) -> str:
        """The lines of a shell script that are the command of this player."""

    def of_party(
        self,
        program: KrumProgram,
        folder: Path,
        addresses: Sequence[tuple[str, int]],
        player: int,
        certified: Sequence[bytes],
        key: bytes,
    ) -> tuple[RunPlan, Command, Path]:
        """Write what one party's player needs to its private folder: how it runs, and its program.

        ``addresses`` are host and port of all players, ``certified`` their certificates.
        """


EMBEDDED = "embedded"
ENGINES: dict[str, type[Hosts]] = {"scale-mamba": ScaleMambaHosts, "mp-spdz": MpSpdzHosts}


def find_hosts(engine: str = "auto") -> Hosts:
    """What writes the folders for this engine's players.

    ``auto`` is the engine whose installation is named by the environment, scale-mamba rather than
    mp-spdz when both are.
    """
    if engine == "auto":
        named = [one for one in (SCALE_MAMBA_HOME, MP_SPDZ_HOME) if os.environ.get(one)]
        if not named:
            raise ValueError(
                f"neither {SCALE_MAMBA_HOME} nor {MP_SPDZ_HOME} names an installation; embedded "
                f"players need none: --engine {EMBEDDED}"
            )
        engine = "scale-mamba" if named[0] == SCALE_MAMBA_HOME else "mp-spdz"
    if engine not in ENGINES:
        raise ValueError(
            f"{engine} players do not run on several machines: {EMBEDDED}, {', '.join(ENGINES)} do"
        )
    return ENGINES[engine]()


def deploy(
    program: KrumProgram,
    hosts: Sequence[str],
    output: Path,
    port: int = PORT,
    engine: str = "auto",
    own_keys: bool = False,
) -> list[Path]:
    """Write the folders of all players to the new folder ``output``; return their paths.

    Parameters
    ----------
    program : KrumProgram
        With n one less than the number of hosts.
    hosts : sequence of str
        Of players 0 … n; player 0 is the server.
    output : Path
        Must not exist, or be empty. Readable by its owner alone, as it holds all keys.
    port : int
        Player i listens on ``port + i``, on every interface of its host.
    engine : {"auto", "embedded", "scale-mamba", "mp-spdz"}
        See `find_hosts`.
    own_keys : bool
        Whether each host is to make its own key, in place of this machine.

    Raises
    ------
    ValueError
        Wrong arguments, no usable installation here, or one of its tools fails; nothing is written.
    """
    if len(hosts) != program.players:
        raise ValueError(f"{program.players} players cannot run on a list of {len(hosts)} hosts")
    if not 1024 <= port <= 65536 - program.players:
        raise ValueError(f"port must lie in 1024 … {65536 - program.players}, not {port}")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ValueError(f"{output} exists: give the name of a new folder, so that no keys mix")
    if engine == EMBEDDED:
        output.mkdir(mode=0o700, exist_ok=True)
        output.chmod(0o700)
        folders = embedded_hosts.write(program, hosts, output, port, own_keys)
        _write(output / "README.txt", embedded_hosts.overview(hosts, folders, own_keys))
        return folders
    engine_hosts = find_hosts(engine)
    program = companions.checked_digit_by_digit(program)
    with tempfile.TemporaryDirectory(prefix="fl_krum-") as temporary:
        common = Path(temporary)
        engine_hosts.write(program, common, hosts, port)
        if not own_keys:
            engine_hosts.write_keys(common, program.players, DAYS)
        output.mkdir(mode=0o700, exist_ok=True)
        output.chmod(0o700)
        folders = [output / f"player{i}-{host}" for i, host in enumerate(hosts)]
        for i, folder in enumerate(folders):
            _copy(common, folder, engine_hosts.of_player(common, i))
            if i and program.check:
                _copy_companion(folder / companions.MAMBA.name)
            for name, (content, mode) in _texts(
                engine_hosts, program, hosts, i, port, own_keys
            ).items():
                _write(folder / name, content, mode)
    _write(output / "README.txt", host_files.overview(program, hosts, folders, own_keys))
    return folders


def _texts(engine_hosts: Hosts, program, hosts, i, port, own_keys) -> dict[str, tuple[str, int]]:
    """The files of a host that are made here: content and mode."""
    kind = engine_hosts.kind
    readme = host_files.instructions(kind, program, hosts, i, port, engine_hosts.security, own_keys)
    argv = engine_hosts.argv(i)
    if i and program.check:
        argv = host_files.beside(kind, argv)
    texts = {
        "run.sh": (host_files.command(kind, i, hosts, argv, own_keys), 0o700),
        "guard.py": (host_files.GUARD.read_text(encoding="utf-8"), 0o600),
        "README.txt": (readme, 0o600),
    }
    if i:
        texts["words.py"] = (host_files.words(program), 0o600)
    else:
        texts["numbers.awk"] = (host_files.numbers(program), 0o600)
    if own_keys:
        texts["make_key.sh"] = (host_files.make_key(kind, i, DAYS), 0o700)
    return texts


def _copy(common: Path, folder: Path, names: Sequence[Path]) -> None:
    folder.mkdir(mode=0o700)
    for name in names:
        new = folder / name
        for parent in reversed(new.relative_to(folder).parents[:-1]):
            (folder / parent).mkdir(mode=0o700, exist_ok=True)
        _write(new, (common / name).read_bytes())


def _copy_companion(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for name in companions.FILES:
        _write(folder / name, (companions.MAMBA / name).read_bytes())


def _write(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a new file that only its owner can read."""
    certificates.write_private(path, content.encode() if isinstance(content, str) else content)
    os.chmod(path, mode)
