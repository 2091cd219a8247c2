"""Where the tests find what is not Python: the repository itself, and the frozen vectors."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
