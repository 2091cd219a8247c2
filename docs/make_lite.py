"""Write what JupyterLite makes the lesson's site of: notebooks 1 to 4, and this package's wheel.

``make lite`` runs this, and then JupyterLite in an environment of its own: the site is in out/lite,
and any web server can serve it. Python runs in the reader's browser, as Pyodide, which the site
loads, with NumPy and the like, from the network that Pyodide's packages are published on.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from addresses import binder, colab, project_url  # noqa: E402

from fl_krum.lesson.browser_copies import make_browser_copies  # noqa: E402


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "-w", wheels, ROOT], check=True)
    (wheel,) = wheels.glob("fl_krum-*.whl")
    make_browser_copies(ROOT, folder / "content", places(project_url()))
    configuration = {
        "LiteBuildConfig": {"contents": ["content"]},
        "PipliteAddon": {"piplite_urls": [f"wheels/{wheel.name}"]},
    }
    (folder / "jupyter_lite_config.json").write_text(json.dumps(configuration, indent=1))
    site = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {"appName": "fl_krum", "collaborative": False},
    }
    (folder / "jupyter-lite.json").write_text(json.dumps(site, indent=1))


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
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "out/lite-source"))
