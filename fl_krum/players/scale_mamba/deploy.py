"""One folder a host, for SCALE-MAMBA players on several machines.

`LocalPlayers` runs all players on one machine, which is right for learning and wrong for privacy:
whoever has that machine has every update. Here each player gets a folder with what it needs and
no other player's key. Copied to its host, where SCALE-MAMBA is installed too, it holds the command
to start that player. What nobody can do for the hosts: each gives its own numbers to its own
player.

This machine makes all the keys, so it has to be trusted not to keep them; docs/scale-mamba.md.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ...program.krum_program import KrumProgram
from .. import certificates
from . import host_files, installation, player_files
from .engine import player_options

PORT = 14000  # of player 0; player i listens on PORT + i
DAYS = 365  # that the certificates are valid

# What SCALE-MAMBA can look up: it knows IPv4 only.
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


def deploy(
    program: KrumProgram, hosts: Sequence[str], output: Path, port: int = PORT
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
    found = installation.find()
    with tempfile.TemporaryDirectory(prefix="fl_krum-") as temporary:
        common = Path(temporary)
        needs = player_files.write(found, program, common, hosts)
        options = (*player_options(program, needs), "-pnb", str(port))
        issued = certificates.issue(program.players, "rsa", DAYS)
        (common / player_files.CERTIFICATES / certificates.ROOT).write_bytes(issued.root)
        output.mkdir(mode=0o700, exist_ok=True)
        output.chmod(0o700)
        folders = [output / f"player{i}-{host}" for i, host in enumerate(hosts)]
        for i, folder in enumerate(folders):
            _copy(common, folder, i)
            # No key is ever in the folder that all have in common.
            own = folder / player_files.CERTIFICATES / issued.players[i].name
            _write(own.with_suffix(".crt"), issued.players[i].certificate)
            _write(own.with_suffix(".key"), issued.players[i].key)
            _write(folder / "run.sh", host_files.command(i, options), 0o700)
            _write(folder / "README.txt", host_files.instructions(program, hosts, i, port))
            if i:
                _write(folder / "words.py", host_files.words(program))
    _write(output / "README.txt", host_files.overview(program, hosts, folders))
    return folders


def _copy(common: Path, folder: Path, player: int) -> None:
    folder.mkdir(mode=0o700)
    for name in player_files.of_player(common, player):
        new = folder / name
        for parent in reversed(new.relative_to(folder).parents[:-1]):
            (folder / parent).mkdir(mode=0o700, exist_ok=True)
        _write(new, (common / name).read_bytes())


def _write(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a new file that only its owner can read."""
    certificates.write_private(path, content.encode() if isinstance(content, str) else content)
    os.chmod(path, mode)
