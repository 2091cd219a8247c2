"""The files that SCALE-MAMBA's players work with, for all players of a run or for one of them.

A player takes everything relative to the folder it stands in:

    Data/NetworkData.txt     who the players are and where
    Data/SharingData.txt     how values are shared: Shamir, the threshold t, the prime p
    Data/SharingData2.txt    the same for single bits, which Krum does not use; for few players only
    Data/MKey-I.key          player I's keys for message authentication: none with Shamir
    Data/ConversionCircuit-LSSS_to_GC.txt     not used by Krum either, but it has to be there
    Cert-Store/RootCA.crt, PlayerI.crt, PlayerI.key     who it is, for TLS with the others
    Programs/krum/krum.sch, krum-0.bc     the compiled program, and krum.mpc, its source
    Circuits/                a link to the installation's

Players on one machine share such a folder; on several machines each has its own, with its own key
only (`fl_krum.players.scale_mamba.deploy`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from .installation import CIRCUITS, CONVERSION, PROGRAM, Installation, OfflineNeeds

CERTIFICATES = "Cert-Store"


def write(installation: Installation, program, folder: Path, hosts: Sequence[str]) -> OfflineNeeds:
    """Write all but certificates and links to ``folder``, and return what the program needs.

    Parameters
    ----------
    installation : Installation
        Whose tools are used.
    program : KrumProgram
    folder : Path
        Of this run alone, readable by its owner alone.
    hosts : sequence of str
        Address or name of player i's host.

    Raises
    ------
    ValueError
        One of the tools has failed.
    """
    data, source = folder / "Data", folder / PROGRAM
    for new in (data, source, folder / CERTIFICATES):
        new.mkdir(parents=True)
    (data / "NetworkData.txt").write_text(network_data(hosts), encoding="ascii")
    shutil.copyfile(installation.conversion_circuit, data / CONVERSION)
    installation.set_up_sharing(folder, program.threshold)
    program.save(source / "krum.mpc")
    return installation.compile(folder)


def network_data(hosts: Sequence[str]) -> str:
    """The content of NetworkData.txt.

    The root certificate, the number of players, a line for each (number, host, certificate, common
    name), and two zeros: neither the offline phase nor its checks are to be faked.
    """
    players = [f"{i} {host} Player{i}.crt Player{i}" for i, host in enumerate(hosts)]
    return "\n".join(["RootCA.crt", str(len(hosts)), *players, "0", "0"]) + "\n"


def link(installation: Installation, folder: Path, players: int) -> None:
    """Put the circuits where players look for them, and let nothing be left when players end."""
    (folder / CIRCUITS).symlink_to(installation.circuits, target_is_directory=True)
    for i in range(players):
        # At its end a player writes its memory, 60 MB full of shares, to this file.
        (folder / memory(i)).symlink_to("/dev/null")


def memory(player: int | str) -> str:
    """Where a player leaves its memory at its end."""
    return f"Data/Memory-P{player}"


def of_player(folder: Path, player: int) -> list[Path]:
    """What player ``player`` needs of ``folder``, and nothing else, relative to it."""
    names = [
        "Data/NetworkData.txt",
        "Data/SharingData.txt",
        "Data/SharingData2.txt",
        f"Data/MKey-{player}.key",
        f"Data/{CONVERSION}",
        f"{CERTIFICATES}/RootCA.crt",
        f"{CERTIFICATES}/Player{player}.crt",
        f"{CERTIFICATES}/Player{player}.key",
        f"{PROGRAM}/krum.mpc",
        f"{PROGRAM}/krum.sch",
        f"{PROGRAM}/krum-0.bc",
    ]
    return [Path(name) for name in names if (folder / name).exists()]
