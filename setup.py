"""The dependencies, which stand in requirements.txt only; all else is in pyproject.toml.

PyTorch is the exception: it is larger than all others together, and whoever installs everything to
read and test the project need not have it. Its tests are skipped then.
"""

import re
from pathlib import Path

from setuptools import setup

TEXT = (Path(__file__).parent / "requirements.txt").read_text(encoding="utf-8")


def section(name):
    """Requirements below the comment that begins with this word, up to an empty line."""
    lines = re.search(rf"^# {name}\b.*\n((?:.+\n)+)", TEXT, re.M)[1].splitlines()
    return [line.partition("#")[0].strip() for line in lines]


setup(
    install_requires=section("Running"),
    extras_require={
        "notebooks": section("Notebooks"),
        "slides": section("Slides"),
        "test": section("Testing"),
        "torch": ["torch>=2.2"],  # the first for NumPy 2
    },
)
