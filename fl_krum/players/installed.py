"""What is installed here: the versions of packages, and the engines that are found.

The notebooks begin with these engines, and end with the versions that they ran with.
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from .. import __version__
from .find_engine import ENGINES, find_engine
from .mp_spdz.installation import MP_SPDZ_HOME
from .packages import install
from .scale_mamba import SCALE_MAMBA_HOME

# Engines that the user has to install, and what names the installation.
INSTALLED = {"scale-mamba": SCALE_MAMBA_HOME, "mp-spdz": MP_SPDZ_HOME}

PACKAGES = ("numpy", "scikit-learn", "cryptography", "matplotlib", "tqdm", "ipywidgets")


def print_versions() -> None:
    """Print the versions of Python, fl_krum and the packages that results may depend on."""
    print(f"Python        {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"fl_krum       {__version__}")
    for package in PACKAGES:
        try:
            print(f"{package:<13} {version(package)}")
        except PackageNotFoundError:
            print(f"{package:<13} not installed: {install(package)}")


def engine_report() -> str:
    """Say for each engine whether it was found on this machine, one line each."""
    lines = []
    for name in ENGINES:
        status = find_engine(name).status()
        found = f"found, {status.version}" if status.usable else f"not found: {status.reason}"
        lines.append(f"engine {name:12} {found}")
    return "\n".join(lines)
