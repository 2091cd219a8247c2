"""Make the API reference: pages in out/reference, of the docstrings of `fl_krum` and `mamba`.

``make docs``, or ``python docs/make_reference.py [FOLDER]``. The first page is the public face,
then each module of every room. Needs pdoc.
"""

import importlib
import importlib.util
import pkgutil
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = {"fl_krum.flower": "flwr", "fl_krum.federation.torch_model": "torch"}  # what they need
sys.path.insert(0, str(ROOT))

import pdoc  # noqa: E402

import fl_krum  # noqa: E402
import mamba  # noqa: E402


def modules() -> list[str]:
    """All modules; behind a mark, as pdoc has it, those that run when they are imported, or need an
    extra that is not there."""
    found = (
        module.name
        for package in (fl_krum, mamba)
        for module in pkgutil.walk_packages(
            package.__path__, f"{package.__name__}.", onerror=lambda name: None
        )
    )
    return ["fl_krum", "mamba", *("!" * _is_left_out(name) + name for name in found)]


def _is_left_out(name: str) -> bool:
    needed = (package for start, package in EXTRAS.items() if name.startswith(start))
    return name.endswith("__main__") or not all(map(importlib.util.find_spec, needed))


def main(folder: Path) -> None:
    for name in fl_krum.__all__:  # they come when asked for, and pdoc does not ask
        setattr(fl_krum, name, getattr(fl_krum, name))
    # Of names that are imported for type checkers only, pdoc shows what is written.
    warnings.filterwarnings("ignore", module="pdoc.doc_types")
    # It tries what is left out, which is no matter, and is told of some modules twice.
    warnings.filterwarnings("ignore", "Couldn't import|The module specification")
    pdoc.render.configure(docformat="numpy", footer_text=f"fl_krum {fl_krum.__version__}")
    names = modules()
    for name in names:
        if not name.startswith("!"):
            importlib.import_module(name)
    pdoc.pdoc(*names, output_directory=folder)
    print(folder / "index.html")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "out" / "reference")
