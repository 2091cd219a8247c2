"""MP-SPDZ (Keller, CCS 2020), its four protocols for an honest majority: runs krum_mp_spdz.mpc.

Semi-honest players, ``shamir`` and ``atlas``: the second one sends less and takes more rounds,
slower for few clients, faster for fifteen with long vectors. Active ones with abort, ``sy-shamir``
and ``malicious-shamir``. (krum.mpc itself on MP-SPDZ is an engine of fl_krum; this program of
MP-SPDZ's own kind is the stronger rival.)

``MP_SPDZ_HOME`` names a folder where these have been built and ``Scripts/setup-ssl.sh``
has made certificates for enough players. Nothing in that folder is changed: the program is
compiled, and runs, in a temporary folder of its own.

As in fl_krum: t = (N - 1) // 2, a 128-bit prime, statistical security 40, TLS. Compiling is not
counted. Of the ways in which it can compare (default, ``-X``, ``-Y``) the default was the fastest
at n = 7 for every d, or as fast as any.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.cases import Case, Sample, Task, Unavailable
from benchmarks.peers.processes import Finished, PeerError, consecutive_ports, run_players

HOME = "MP_SPDZ_HOME"
PROGRAM = Path(__file__).parent / "programs" / "krum_mp_spdz.mpc"
INTEGERS = 80  # bits of the longest number that is compared; with 40 for security, below the prime
CHUNK = 10**5  # values in one vector instruction


class MPSPDZ:
    """Measures MP-SPDZ; see `benchmarks.peers`."""

    name = "mp-spdz"
    player = "shamir-party.x"
    active = False

    def __init__(self):
        home = os.environ.get(HOME)
        if not home:
            raise Unavailable(f"{HOME} does not name an installation of MP-SPDZ")
        self.home = Path(home)
        for file in (self.player, "compile.py", "Player-Data/P0.pem"):
            if not (self.home / file).exists():
                raise Unavailable(f"{HOME}={home}: {file} is missing")
        self.version = find_version((self.home / "CHANGELOG.md").read_text(encoding="utf-8"))

    def measure(self, task: Task) -> Sample:
        self._check_certificates(task.case)
        with tempfile.TemporaryDirectory(prefix="fl_krum-bench-") as name:
            folder = Path(name)
            program = self._prepare(task, folder)
            finished = run_players(self._commands(task.case, program), folder)
            output = folder / "Player-Data" / "Binary-Output-P0-0"
            result = np.fromfile(output, dtype="<i8")
        return Sample(
            with_start=finished.seconds,
            cpu_with_start=finished.cpu,
            memory=finished.memory,
            correct=np.array_equal(result, task.words[task.chosen]),
            **parse(finished),
        )

    def _check_certificates(self, case: Case) -> None:
        if not (self.home / "Player-Data" / f"P{case.n}.pem").exists():
            raise Unavailable(f"Scripts/setup-ssl.sh {case.n + 1} has not been run in {self.home}")

    def _prepare(self, task: Task, folder: Path) -> str:
        """Certificates, inputs and the compiled program in a folder; the program's name."""
        data, source = folder / "Player-Data", folder / "Programs" / "Source"
        shutil.copytree(self.home / "Player-Data", data, symlinks=True, ignore=_no_other_data)
        source.mkdir(parents=True)
        shutil.copy(PROGRAM, source)
        for i, words in enumerate([[], *task.words.tolist()]):
            (data / f"Input-P{i}-0").write_text(" ".join(map(str, words)) + "\n")
        if self.active:  # the server's masks; see the program
            (data / "Input-Binary-P0-0").symlink_to("/dev/urandom")
        case = task.case
        sizes = [str(value) for value in (case.n, case.f, case.d, CHUNK, int(self.active))]
        compiler = [sys.executable, str(self.home / "compile.py"), "-F", str(INTEGERS)]
        run_players([[*compiler, PROGRAM.stem, *sizes]], folder)
        return "-".join([PROGRAM.stem, *sizes])

    def _commands(self, case: Case, program: str) -> list[list]:
        first = consecutive_ports(case.n + 1)
        party = [self.home / self.player, "-N", case.n + 1, "-T", case.program().threshold]
        return [[*party, "-p", i, "-pn", first, program] for i in range(case.n + 1)]


class MPSPDZAtlas(MPSPDZ):
    """The same with ATLAS (Goyal et al., CRYPTO 2021)."""

    name = "mp-spdz-atlas"
    player = "atlas-party.x"


class MPSPDZSy(MPSPDZ):
    """Active security by checking products with a second sharing (Chida et al., CRYPTO 2018)."""

    name = "mp-spdz-sy"
    player = "sy-shamir-party.x"
    active = True


class MPSPDZMalicious(MPSPDZ):
    """Active security by sacrificing products (Lindell and Nof, CCS 2017)."""

    name = "mp-spdz-malicious"
    player = "malicious-shamir-party.x"
    active = True


def _no_other_data(folder: str, names: list[str]) -> list[str]:
    """What is not a certificate, a key, or a link with the hash of one."""
    return [name for name in names if not re.fullmatch(r"P\d+\.(pem|key)|[0-9a-f]{8}\.\d+", name)]


def parse(finished: Finished) -> dict:
    """Running time, bytes and rounds of a `Sample`, by name, from what player 0 prints.

    Raises
    ------
    PeerError
        It does not say them.
    """
    said = finished.outputs[0]
    running = re.search(r"^Time = ([\d.e+-]+) seconds", said, re.M)
    sent = re.search(r"^Global data sent = ([\d.e+-]+) MB", said, re.M)
    rounds = re.search(r"in ~(\d+) rounds", said)
    if not (running and sent):
        raise PeerError(f"MP-SPDZ did not tell its time: {said[-400:]}")
    return {
        "running": float(running[1]),
        "sent": 1e6 * float(sent[1]),
        "rounds": int(rounds[1]) if rounds else None,
    }


def find_version(changelog: str) -> str:
    """The number of the newest release in its change log."""
    found = re.search(r"^## ([\d.]+)", changelog, re.M)
    return found[1] if found else "unknown"
