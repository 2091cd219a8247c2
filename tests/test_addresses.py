"""What follows from the repository's address, which is one setting."""

import importlib.util
import json
import re

import pytest
from repository import ROOT

SPEC = importlib.util.spec_from_file_location("addresses", ROOT / "docs/addresses.py")
addresses = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(addresses)
GITHUB, GITLAB, OTHER = (
    "https://github.com/someone/fl_krum", "https://gitlab.com/a/b/fl_krum",
    "https://git.example.org/fl_krum",
)  # fmt: skip


def test_files_say_what_the_setting_says():
    url = addresses.project_url()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert addresses.with_badges(readme, url) == readme, "run make addresses"
    for path in ROOT.glob("notebooks/[0-9]*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        assert first == addresses.first_cell(url), f"{path.name}: run make addresses"


@pytest.mark.parametrize(
    ("url", "binder", "in_colab"),
    [
        (GITHUB, "https://mybinder.org/v2/gh/someone/fl_krum/HEAD?", True),
        (GITLAB, "https://mybinder.org/v2/gl/a%2Fb%2Ffl_krum/HEAD?", False),
        (OTHER, "https://mybinder.org/v2/git/https%3A%2F%2Fgit.example.org%2Ffl_krum/HEAD?", False),
    ],
)
def test_badges_of_an_address(url, binder, in_colab):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = addresses.with_badges(readme, url)
    assert f"({binder}urlpath=lab%2Ftree%2Flesson%2F00_tour.ipynb)" in text
    assert ("colab.research.google.com/github/someone/fl_krum/blob/main/notebooks/" in text) == (
        in_colab
    )
    assert addresses.with_badges(addresses.with_badges(text, OTHER), "") == (
        addresses.with_badges(readme, "")
    )


def test_the_first_cell_installs_from_the_address_or_by_name():
    content = {"cells": [{"cell_type": "markdown", "source": "x"},
                         {"cell_type": "code", "source": "old"}]}  # fmt: skip
    for url, package in ((GITHUB, f"git+{GITHUB}"), ("", "fl_krum")):
        made = json.loads(addresses.with_first_cell(json.dumps(content), url))
        code = "".join(made["cells"][1]["source"])
        assert f'"install --quiet {package}"' in code
        compile(re.sub(r"^%.*$", "", code, flags=re.M), "cell", "exec")


def test_binder_opens_the_folder_that_its_script_makes():
    script = (ROOT / "binder/postBuild").read_text(encoding="utf-8")
    assert f"fl_krum lab {addresses.LESSON} --copy-only" in script
    assert (ROOT / "notebooks" / addresses.TOUR).is_file()
    assert ".[notebooks]" in (ROOT / "binder/requirements.txt").read_text(encoding="utf-8")
