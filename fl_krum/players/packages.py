"""How to install a package that is missing, whichever way fl_krum itself was installed.

A checkout of the repository has a requirements.txt; what pip has installed has extras.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow", "IPython": "ipython"}


def install(package: str) -> str:
    """The command that installs a package which is missing."""
    requirements = ROOT / "requirements.txt"
    if requirements.is_file():
        path = "requirements.txt" if Path.cwd() == ROOT else str(requirements)
        return f"pip install -r {path}"
    extra = _extra_of(_DISTRIBUTIONS.get(package, package))
    return f"pip install 'fl_krum[{extra}]'" if extra else "pip install --force-reinstall fl_krum"


def _extra_of(distribution: str) -> str:
    """Which extra of fl_krum brings it; "" if none does."""
    from importlib import metadata  # takes a while, and few ever need it

    try:
        required = metadata.requires("fl_krum") or []
    except metadata.PackageNotFoundError:
        return "notebooks"
    wanted = distribution.lower().replace("_", "-")
    for line in required:
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name and extra and name[0].lower().replace("_", "-") == wanted:
            return extra[1]
    return ""
