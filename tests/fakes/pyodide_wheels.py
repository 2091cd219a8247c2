"""Completes npm's Pyodide to what a kernel of JupyterLite starts from, so that tests need no CDN.

The npm package has Python alone. A kernel also wants IPython and a few packages that IPython needs,
all in plain Python. They are fetched by pip, in the versions that Pyodide's lock file names::

    npm install --no-save pyodide@314.0.6
    python tests/fakes/pyodide_wheels.py node_modules/pyodide

Pyodide packs the same files anew, so the hashes in the lock file are replaced by those of pip's.
NumPy and the like, which are compiled, are not there: notebooks need the whole distribution.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

PYTHON = "3.14"
#: What a kernel installs as it starts; the others come with JupyterLite.
WANTED = ("micropip", "ipython", "jedi")
COMM = "comm==0.2.3"  # wanted as well, and not in the lock file


def with_needed(packages, names):
    """The names, and all that these packages depend on."""
    found, left = set(), [name.replace("_", "-") for name in names]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [one.replace("_", "-") for one in packages[name]["depends"]]
    return found


def complete(folder: Path) -> None:
    lock_file = folder / "pyodide-lock.json"
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    packages = lock["packages"]
    versions = [f"{name}=={packages[name]['version']}" for name in with_needed(packages, WANTED)]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
         f"--python-version={PYTHON}", f"--dest={folder}", *sorted(versions), COMM],
        check=True,
    )  # fmt: skip
    (comm,) = folder.glob("comm-*.whl")
    packages["comm"] = {
        **packages["traitlets"], "name": "comm", "version": COMM.partition("==")[2],
        "file_name": comm.name, "imports": ["comm"], "depends": ["traitlets"],
    }  # fmt: skip
    for package in packages.values():
        wheel = folder / package["file_name"]
        if wheel.is_file():
            package["sha256"] = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock_file.write_text(json.dumps(lock), encoding="utf-8")


if __name__ == "__main__":
    complete(Path(sys.argv[1]))
