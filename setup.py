"""Dependencies, which stand in requirements.txt only, and addresses; the rest is in pyproject.toml.

PyTorch is the exception: it is larger than all others together, and whoever installs everything to
read and test the project need not have it. Its tests are skipped then.
"""

import re
from pathlib import Path

from setuptools import setup

# Where the repository is. All addresses of the package's metadata are made of this one; none yet.
PROJECT_URL = ""

TEXT = (Path(__file__).parent / "requirements.txt").read_text(encoding="utf-8")


def section(name):
    """Requirements below the comment that begins with this word, up to an empty line."""
    lines = re.search(rf"^# {name}\b.*\n((?:.+\n)+)", TEXT, re.M)[1].splitlines()
    return [line.partition("#")[0].strip() for line in lines]


setup(
    project_urls={
        "Source": PROJECT_URL,
        "Changelog": f"{PROJECT_URL}/blob/main/CHANGELOG.md",
        "Documentation": f"{PROJECT_URL}/blob/main/docs/index.md",
        "Issues": f"{PROJECT_URL}/issues",
    }
    if PROJECT_URL
    else {},
    install_requires=section("Running"),
    extras_require={
        "notebooks": section("Notebooks"),
        "slides": section("Slides"),
        "docs": section("Documentation"),
        "test": section("Testing"),
        # Later ones are untried. Not in requirements.txt: the lesson does without, and Flower pins
        # some forty packages of its own.
        "flower": ["flwr[simulation]>=1.42,<1.43"],
        "torch": ["torch>=2.2"],  # the first for NumPy 2
    },
)
