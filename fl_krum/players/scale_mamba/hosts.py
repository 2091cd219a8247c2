"""What a host needs to run one SCALE-MAMBA player, for `fl_krum.players.deploy`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import certificates
from ..host_files import Kind
from . import installation, player_files
from .engine import SECURITY, player_options
from .installation import CIRCUITS, PLAYER, PROGRAM, SCALE_MAMBA_HOME


class ScaleMambaHosts:
    """Writes the files of all hosts; see `fl_krum.players.deploy.Hosts`."""

    kind = Kind(
        home=SCALE_MAMBA_HOME,
        title="SCALE-MAMBA 1.14",
        source=f"{PROGRAM}/krum.mpc",
        name="Player{}",
        certificate=f"{player_files.CERTIFICATES}/Player{{}}.crt",
        key=f"{player_files.CERTIFICATES}/Player{{}}.key",
        before=f"""\
ln -sfn "${SCALE_MAMBA_HOME}/{CIRCUITS}" {CIRCUITS}
# Where the player would leave its memory at its end.
ln -sf /dev/null {player_files.memory("{}")}""",
        collect=f"cat certificates/*.crt > {player_files.CERTIFICATES}/{certificates.ROOT}",
    )

    def __init__(self):
        self._found = installation.find()
        self.security = SECURITY
        self._options: tuple[str, ...] = ()

    def write(self, program, folder: Path, hosts: Sequence[str], port: int) -> None:
        needs = player_files.write(self._found, program, folder, hosts)
        self._options = (*player_options(program, needs), "-pnb", str(port))

    def write_keys(self, folder: Path, players: int, days: int) -> None:
        issued = certificates.issue(players, "rsa", days)
        issued.write(folder / player_files.CERTIFICATES)

    def of_player(self, folder: Path, player: int) -> list[Path]:
        return player_files.of_player(folder, player)

    def argv(self, player: int) -> str:
        return (
            f'    "${SCALE_MAMBA_HOME}/{PLAYER}" \\\n'
            f"    {' '.join(self._options)} \\\n"
            f"    {player} {PROGRAM}"
        )
