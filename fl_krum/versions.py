"""What a notebook ran with, printed at its end: whoever sees other numbers can start there."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("numpy", "scikit-learn", "matplotlib", "ipywidgets", "cryptography")


def versions() -> dict[str, str]:
    """Return the versions of Python, fl_krum and the packages that results may depend on."""
    from . import __version__

    found = {"Python": platform.python_version(), "fl_krum": __version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def print_versions() -> None:
    """Print `versions`, one a line."""
    for name, number in versions().items():
        print(f"{name:14}{number}")
