"""Dependencies, which stand in requirements.txt only, addresses, and the lesson, which comes along.

The rest is in pyproject.toml. The notebooks, and the documents that they link to, are copied into
the package as it is built, so that `fl-krum lab` needs no checkout.

PyTorch is the exception: it is larger than all others together, and whoever installs everything to
read and test the project need not have it. Its tests are skipped then.
"""

import re
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
# Where the repository is; none yet. All addresses of the package's metadata are made of this one,
# and after a change `make addresses` writes README's badges and the notebooks' first cell.
PROJECT_URL = ""

TEXT = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def section(name):
    """Requirements below the comment that begins with this word, up to an empty line."""
    lines = re.search(rf"^# {name}\b.*\n((?:.+\n)+)", TEXT, re.M)[1].splitlines()
    return [line.partition("#")[0].strip() for line in lines]


class BuildWithLesson(build_py):
    """Builds the package, with the notebooks and what they link to in fl_krum/lesson/course."""

    def run(self):
        super().run()
        if self.editable_mode:  # the checkout itself is used
            return
        notebooks = sorted(ROOT.glob("notebooks/[0-9]*.ipynb"))
        linked = {
            link
            for path in notebooks
            for link in re.findall(r"\]\(\.\./([^)#\s]+)", path.read_text(encoding="utf-8"))
        }
        for source in [*notebooks, *(ROOT / link for link in sorted(linked))]:
            if source.is_file():
                target = Path(self.build_lib, "fl_krum/lesson/course", source.relative_to(ROOT))
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))


setup(
    cmdclass={"build_py": BuildWithLesson},
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
