"""Folders that look like installations of SCALE-MAMBA 1.14 and of MP-SPDZ 0.4.2, with the fakes in
them."""

import os
import sys
from pathlib import Path

from fl_krum.players.mp_spdz.installation import MP_SPDZ_HOME
from fl_krum.players.scale_mamba.installation import BASE_CIRCUITS, PYTHON, SCALE_MAMBA_HOME

FAKE = Path(__file__).with_name("fake_scale_mamba.py")
FAKE_MP_SPDZ = Path(__file__).with_name("fake_mp_spdz.py")
COMMIT = "c111516c111516c111516c111516c111516c1115"


def install(home):
    """Make the folder ``home`` and a Python 2.7 in it; return the environment that names both."""
    for name in ("Compiler", "Circuits/Bristol", "Auto-Test-Data/1", "Documentation", ".git/refs"):
        (home / name).mkdir(parents=True)
    for circuit in BASE_CIRCUITS:
        (home / "Circuits" / "Bristol" / f"{circuit}.txt").write_text("0 0\n")
    (home / "Auto-Test-Data" / "1" / "ConversionCircuit-LSSS_to_GC.txt").write_text("0 0\n")
    (home / "Compiler" / "__init__.py").write_text("")
    (home / "compile-mamba.py").write_text("# never run: our Python 2.7 is not one\n")
    changes = "This is currently {\\bf version 1.14} of the SCALE and MAMBA software.\n"
    (home / "Documentation" / "Changes.tex").write_text(changes)
    (home / ".git" / "HEAD").write_text("ref: refs/heads/master\n")
    (home / ".git" / "packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/master\n")
    executable(home / "PlayerBinary.x", f'exec "{sys.executable}" -S "{FAKE}" player "$@"')
    executable(home / "SetupBinary.x", f'exec "{sys.executable}" -S "{FAKE}" setup "$@"')
    return {SCALE_MAMBA_HOME: str(home), PYTHON: str(python(home / "python2.7", "2.7.18"))}


def install_mp_spdz(home, players=("shamir", "atlas", "sy-shamir")):
    """Make the folder ``home``; return the environment that names it."""
    (home / "Compiler").mkdir(parents=True)
    (home / "Compiler" / "__init__.py").write_text("")
    (home / "CHANGELOG.md").write_text("The changelog.\n\n## 0.4.2 (Dec 24, 2025)\n\n## 0.4.1\n")
    (home / "compile.py").write_text(f"""\
import subprocess, sys
argv = [sys.executable, "-S", {str(FAKE_MP_SPDZ)!r}, "compile.py", *sys.argv[1:]]
sys.exit(subprocess.call(argv))
""")
    for name in players:
        player = f"{name}-party.x"
        executable(home / player, f'exec "{sys.executable}" -S "{FAKE_MP_SPDZ}" {player} "$@"')
    return {MP_SPDZ_HOME: str(home)}


def python(path, version):
    """An interpreter that tells its version, and else runs the compiler's stand-in."""
    run = f'exec "{sys.executable}" -S "{FAKE}" compile "$@"'
    return executable(path, f'[ "$1" = -c ] && {{ echo {version}; exit 0; }}\n{run}')


def executable(path, command):
    path.write_text(f"#!/bin/sh\n{command}\n")
    os.chmod(path, 0o755)
    return path
