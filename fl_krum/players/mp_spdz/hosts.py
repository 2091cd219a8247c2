"""What a host needs to run one MP-SPDZ player, for `fl_krum.players.deploy`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import certificates
from ..engine import RunPlan
from ..host_files import Kind
from ..process import WITHOUT_CORE_DUMP, Command
from . import installation, player_files
from .engine import READY, player_options, read_exit
from .installation import MP_SPDZ_HOME, PROGRAM


class MpSpdzHosts:
    """Writes the files of all hosts; see `fl_krum.players.deploy.Hosts`."""

    kind = Kind(
        home=MP_SPDZ_HOME,
        title="MP-SPDZ 0.4.2",
        source=player_files.PROGRAM_TEXT,
        name="P{}",
        certificate=f"{player_files.KEYS}/P{{}}.pem",
        key=f"{player_files.KEYS}/P{{}}.key",
        before=f"""\
# Where an installation that was built from source has its library.
export LD_LIBRARY_PATH="${MP_SPDZ_HOME}${{{{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}}}"
export DYLD_LIBRARY_PATH="${MP_SPDZ_HOME}"
# Where the player finds the random numbers that hide its output from the others.
ln -sf {player_files.RANDOM} {player_files.masks("{}")}""",
        collect=f"""\
cp certificates/*.pem {player_files.KEYS}/
openssl rehash {player_files.KEYS}""",
    )

    def __init__(self):
        self._found = installation.find()
        self.security = self._found.protocol.security
        self.active = self._found.protocol.active
        self._options: tuple[str, ...] = ()

    def write(self, program, folder: Path, hosts: Sequence[str], port: int) -> None:
        player_files.write(self._found, program, folder)
        lines = player_files.host_lines(hosts, range(port, port + program.players))
        (folder / player_files.HOSTS).write_text(lines, encoding="ascii")
        self._options = player_options(program)

    def write_keys(self, folder: Path, players: int, days: int) -> None:
        issued = certificates.issue(players, "ec", days, prefix="P")
        player_files.write_certificates(issued, folder)

    def of_player(self, folder: Path, player: int) -> list[Path]:
        return player_files.of_player(folder, player)

    def of_party(self, program, folder: Path, addresses, player: int, certified, key: bytes):
        player_files.write(self._found, program, folder)
        player_files.link(folder, program.players)
        keys = folder / player_files.KEYS
        for i, certificate in enumerate(certified):
            (keys / player_files.authority_file(f"P{i}")).write_bytes(certificate)
        (keys / f"P{player}.pem").write_bytes(certified[player])
        certificates.write_private(keys / f"P{player}.key", key)
        lines = player_files.host_lines(*zip(*addresses, strict=True))
        (folder / player_files.HOSTS).write_text(lines, encoding="ascii")
        options = (*player_options(program), "-p", str(player), PROGRAM)
        argv = (*WITHOUT_CORE_DUMP, str(self._found.player), *options)
        command = Command(argv, folder, self._found.environment)
        plan = RunPlan(list, READY, 0.0, 0.0, read_exit=read_exit)
        return plan, command, folder / player_files.PROGRAM_TEXT

    def argv(self, player: int) -> str:
        return (
            f'    "${MP_SPDZ_HOME}/{self._found.protocol.player}" \\\n'
            f"    {' '.join(self._options)} \\\n"
            f"    -p {player} {PROGRAM}"
        )
