"""What a host needs to run one MP-SPDZ player, for `fl_krum.players.deploy`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import certificates
from ..host_files import Kind
from . import installation, player_files
from .engine import player_options
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

    def argv(self, player: int) -> str:
        return (
            f'    "${MP_SPDZ_HOME}/{self._found.protocol.player}" \\\n'
            f"    {' '.join(self._options)} \\\n"
            f"    -p {player} {PROGRAM}"
        )
