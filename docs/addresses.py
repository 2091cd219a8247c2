"""Write what follows from the repository's address: README's badges, the notebooks' first cell.

The address is one setting, ``PROJECT_URL`` in setup.py. After a change of it, ``make addresses``
(or ``python docs/addresses.py``) writes

* the badges in README.md, between two comments: Binder for any address, Colab for one on GitHub;
* in the first cell of each notebook what pip installs where no repository is, as on Colab.

With no address there are no badges, and the cell installs the package by its name.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- badges, by `make addresses` -->"
END = "<!-- end of badges -->"
TOUR = "00_tour.ipynb"
LESSON = "lesson"  # the folder in which binder/postBuild puts copies of the notebooks


def project_url() -> str:
    """The setting in setup.py; "" when there is none."""
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    return re.search(r'^PROJECT_URL = "(.*)"', text, re.M)[1].rstrip("/").removesuffix(".git")


def binder(url: str, notebook: str = TOUR) -> str:
    """Where Binder opens a copy of a notebook."""
    path = f"?urlpath={quote(f'lab/tree/{LESSON}/{notebook}', safe='')}"
    for host, kind in (("github.com", "gh"), ("gitlab.com", "gl")):
        if found := re.fullmatch(rf"https://{re.escape(host)}/(.+)", url):
            name = found[1] if kind == "gh" else quote(found[1], safe="")
            return f"https://mybinder.org/v2/{kind}/{name}/HEAD{path}"
    return f"https://mybinder.org/v2/git/{quote(url, safe='')}/HEAD{path}"


def colab(url: str, notebook: str = TOUR) -> str:
    """Where Colab opens a notebook; "" when it cannot, for it only reads from GitHub."""
    found = re.fullmatch(r"https://github\.com/(.+)", url)
    if not found:
        return ""
    return f"https://colab.research.google.com/github/{found[1]}/blob/main/notebooks/{notebook}"


def badges(url: str) -> str:
    """The lines of README; "" without an address."""
    if not url:
        return ""
    picture = "https://mybinder.org/badge_logo.svg"
    lines = [f"[![Open the lesson on Binder]({picture})]({binder(url)})"]
    if there := colab(url):
        picture = "https://colab.research.google.com/assets/colab-badge.svg"
        lines.append(f"[![Open the lesson in Colab]({picture})]({there})")
    return "\n".join(lines) + "\n"


def first_cell(url: str) -> str:
    """The first cell of every notebook: it finds the package, or installs it."""
    package = f"git+{url}" if url else "fl_krum"
    return f"""\
%matplotlib inline
import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("fl_krum") is None:  # not installed: use the repository that this notebook is in
    sys.path.insert(0, str(Path.cwd().parent))
if find_spec("fl_krum") is None:  # there is none, as on Colab: install it for this kernel
    get_ipython().run_line_magic("pip", "install --quiet {package}")"""


def with_badges(readme: str, url: str) -> str:
    """README's text with the badges of an address."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{badges(url)}{END}{rest.partition(END)[2]}"


def with_first_cell(notebook: str, url: str) -> str:
    """A notebook's text with the first cell of an address."""
    content = json.loads(notebook)
    first = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    first["source"] = first_cell(url).splitlines(keepends=True)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    url = project_url()
    readme = ROOT / "README.md"
    files = {readme: with_badges(readme.read_text(encoding="utf-8"), url)}
    for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb")):
        files[path] = with_first_cell(path.read_text(encoding="utf-8"), url)
    for path, text in files.items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"Written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
