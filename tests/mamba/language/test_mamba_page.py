"""docs/mamba.md: every example is run, and prints what the page says."""

import html
import os
import re

import pytest
from mamba_players import run_program
from repository import ROOT

from fl_krum import run_program as run_among_processes

PAGE = (ROOT / "docs/mamba.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+?) \| (`.+`) \| (`.*`|→) \|$", re.M)
EXAMPLES = [
    (what, "\n".join(re.findall(r"`(.+?)`(?:<br>|$)", code)), shown.strip("`→"))
    for what, code, shown in ROW.findall(PAGE.replace(r"\|", "¦"))
]
INPUTS = {0: [7], 1: [7, 7], 2: [1, 2, 3, 7]}
MARK = "=== "


def program(examples=EXAMPLES):
    """Examples as one text, with a mark before what each prints."""
    parts = [f"print_str('{MARK}')\n{html.unescape(code)}" for _, code, _ in examples]
    return "\n".join(parts).replace("¦", "|") + "\n"


def printed(text):
    return [part.rstrip("\n") for part in text.split(MARK)[1:]]


def test_every_example_prints_what_the_page_says():
    assert len(EXAMPLES) >= 80
    lines = run_program(program(), [INPUTS[i] for i in range(3)])[0].lines
    found = printed("\n".join(lines))
    expected = [shown for _, _, shown in EXAMPLES]
    wrong = [
        (what, got, wanted)
        for (what, _, _), got, wanted in zip(EXAMPLES, found, expected, strict=True)
        if got != wanted
    ]
    assert wrong == []


@pytest.mark.skipif(not os.environ.get("SCALE_MAMBA_HOME"), reason="no SCALE-MAMBA is installed")
def test_every_example_prints_the_same_on_scale_mamba():
    ours = ROW.findall(PAGE[PAGE.index("## What only embedded") :])
    examples = [one for one in EXAMPLES[: -len(ours)] if "not in one text" not in one[0]]
    result = run_among_processes(program(examples), INPUTS, engine="scale-mamba")
    assert printed(result.printed) == [shown for _, _, shown in examples]
