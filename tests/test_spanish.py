"""What is in Spanish keeps step with the English: entries of the glossary, commands, notebooks."""

import re

from repository import ROOT

ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
SPANISH = (ROOT / "README.es.md").read_text(encoding="utf-8")
#: Sections of README, and how they are called in Spanish.
SECTIONS = {
    "Two commands": "Dos comandos",
    "What you will see": "Qué verá",
    "Use it": "Cómo se usa",
    "The lesson": "Las lecciones",
}


def entries(name):
    """Headings of a page below its title, with how deep they are."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(r"^(##+) (.+)$", text, re.M)


def section(text, heading):
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def commands(text):
    """All blocks of code and of output, without comments."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.S)
    lines = [(kind, line) for kind, block in blocks for line in block.splitlines()]
    return [(kind, line if kind == "text" else line.partition("  #")[0].rstrip())
            for kind, line in lines]  # fmt: skip


def test_both_glossaries_have_the_same_entries_in_the_same_order():
    in_spanish = []
    for depth, heading in entries("glossary.es.md"):
        found = re.fullmatch(r"(.+) \((.+)\)", heading)
        assert found and found[1].strip(), heading
        in_spanish.append((depth, found[2].casefold()))
    assert in_spanish == [(depth, name.casefold()) for depth, name in entries("glossary.md")]


def test_both_glossaries_name_the_same_symbols_and_options():
    for pattern in (r"`[^`\n]+`", r"2\^-?\w+", r"n − f − 2", r"2f \+ 2 < n"):
        found = [
            sorted(re.findall(pattern, (ROOT / "docs" / name).read_text(encoding="utf-8")))
            for name in ("glossary.md", "glossary.es.md")
        ]
        assert found[0] == found[1], pattern


def test_readme_in_spanish_has_the_first_sections_and_their_commands():
    headings = re.findall(r"^## (.+)$", SPANISH, re.M)
    assert headings == list(SECTIONS.values())
    assert re.findall(r"^## (.+)$", ENGLISH, re.M)[: len(SECTIONS)] == list(SECTIONS)
    for english, spanish in SECTIONS.items():
        assert commands(section(ENGLISH, english)) == commands(section(SPANISH, spanish)), spanish


def test_readme_in_spanish_shows_the_same_notebooks_and_pictures():
    for pattern in (r"\]\((notebooks/0\d_\w+\.ipynb)\)", r"\]\((docs/images/\w+\.png)\)"):
        first_screen = ENGLISH.partition("\n## What Krum buys")[0]
        assert set(re.findall(pattern, SPANISH)) >= set(re.findall(pattern, first_screen))
