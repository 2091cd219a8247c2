"""A folder that looks like an installation of SCALE-MAMBA 1.14, with `fake_scale_mamba` in it."""

import os
import sys
from pathlib import Path

from fl_krum.players.scale_mamba.installation import BASE_CIRCUITS, PYTHON, SCALE_MAMBA_HOME

FAKE = Path(__file__).with_name("fake_scale_mamba.py")
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


def python(path, version):
    """An interpreter that tells its version, and else runs the compiler's stand-in."""
    run = f'exec "{sys.executable}" -S "{FAKE}" compile "$@"'
    return executable(path, f'[ "$1" = -c ] && {{ echo {version}; exit 0; }}\n{run}')


def executable(path, command):
    path.write_text(f"#!/bin/sh\n{command}\n")
    os.chmod(path, 0o755)
    return path
