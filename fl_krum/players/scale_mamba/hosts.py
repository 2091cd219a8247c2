"""What a host needs to run one SCALE-MAMBA player, for `fl_krum.players.deploy`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import certificates
from ..engine import RunPlan
from ..host_files import Kind
from ..process import WITHOUT_CORE_DUMP, Command
from . import SCALE_MAMBA_HOME, installation, player_files
from .engine import READY, SECURITY, player_options, read_exit
from .installation import CIRCUITS, PLAYER, PROGRAM


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

    active = True

    def of_party(self, program, folder: Path, addresses, player: int, certified, key: bytes):
        needs = player_files.write(self._found, program, folder, [host for host, _ in addresses])
        store = folder / player_files.CERTIFICATES
        (store / certificates.ROOT).write_bytes(b"".join(certified))
        certificates.Identity(f"Player{player}", certified[player], key).write(store)
        player_files.link(self._found, folder, program.players)
        ports = ",".join(str(port) for _, port in addresses)
        options = (*player_options(program, needs), "-pns", ports, str(player), PROGRAM)
        command = Command((*WITHOUT_CORE_DUMP, str(self._found.player), *options), folder)
        plan = RunPlan(list, READY, 0.0, 0.0, read_exit=read_exit)
        return plan, command, folder / PROGRAM / "krum.mpc"

    def argv(self, player: int) -> str:
        return (
            f'    "${SCALE_MAMBA_HOME}/{PLAYER}" \\\n'
            f"    {' '.join(self._options)} \\\n"
            f"    {player} {PROGRAM}"
        )
