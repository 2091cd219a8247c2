"""Write what JupyterLite makes the lesson's site of: notebooks 1 to 4, and this package's wheel.

``make lite`` runs this, and then JupyterLite in an environment of its own: the site is in out/lite,
and any web server can serve it. Python runs in the reader's browser, as Pyodide, which the site
loads, with NumPy and the like, from the network that Pyodide's packages are published on; or, for a
room without network, from a folder of its own (``make lite PYODIDE=FOLDER``).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from addresses import binder, colab, project_url  # noqa: E402

from fl_krum.lesson.browser_copies import make_browser_copies  # noqa: E402


def main(folder: Path, pyodide: Path | None = None) -> None:
    if pyodide and not (pyodide / "pyodide.mjs").is_file():
        sys.exit(f"{pyodide} is no distribution of Pyodide: it has no pyodide.mjs")
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    _build_wheel(wheels)
    (wheel,) = wheels.glob("fl_krum-*.whl")
    make_browser_copies(ROOT, folder / "content", places(project_url()))
    configuration = {
        "LiteBuildConfig": {"contents": ["content"]},
        "PipliteAddon": {"piplite_urls": [f"wheels/{wheel.name}"]},
    }
    (folder / "jupyter_lite_config.json").write_text(json.dumps(configuration, indent=1))
    if pyodide:  # from this place JupyterLite takes it into the site, and has kernels load it
        shutil.copytree(pyodide, folder / "static/pyodide")
    site = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {"appName": "fl_krum", "collaborative": False},
    }
    (folder / "jupyter-lite.json").write_text(json.dumps(site, indent=1))


def _build_wheel(folder: Path) -> None:
    """Build the wheel, and leave nothing in the checkout: the next one would have it as well."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    with tempfile.TemporaryDirectory() as work:
        settings = Path(work, "setup.cfg")
        settings.write_text(f"[build]\nbuild_base={work}\n[egg_info]\negg_base={work}\n")
        done = subprocess.run(
            [*command, "-w", folder, ROOT], env={**os.environ, "DIST_EXTRA_CONFIG": str(settings)},
            capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        sys.exit(f"the wheel was not built:\n{done.stderr}")


def places(url: str) -> dict[str, list[tuple[str, str]]]:
    """Where each notebook also runs, once the repository has an address."""
    if not url:
        return {}
    return {
        path.name: [
            (name, address)
            for name, address in (
                ("Binder", binder(url, path.name)),
                ("Colab", colab(url, path.name)),
            )
            if address
        ]
        for path in ROOT.glob("notebooks/*.ipynb")
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "out/lite-source")
    parser.add_argument("--pyodide", type=Path, help="a folder with a distribution of Pyodide")
    options = parser.parse_args()
    main(options.folder, options.pyodide)
