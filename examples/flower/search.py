"""Look for what the clients trained in all that reached, left or stayed in a SuperLink.

    python search.py FOLDER FILE…

FOLDER has the models that a run has saved; of them, what every client trained is computed again,
and then looked for in the files: the SuperLink's traffic, its database and logs. Looked for are two
consecutive numbers (so that nothing is found by chance) of the trained model and of its difference
to the global one, as float64, float32 and fixed-point words, and each alone as decimal text.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from verify import saved_model, vector

from fl_krum import FixedPoint
from fl_krum.flower.arrays import SCALE, Layout, clipped

_PREFIX = 8  # bytes that all places are compared with, before the rest is


def found_in(data: bytes, needles: Iterable[bytes]) -> set[bytes]:
    """Which of these byte strings, of at least 8 bytes, occur in the data."""
    by_prefix: dict[bytes, list[bytes]] = {}
    for needle in needles:
        by_prefix.setdefault(needle[:_PREFIX], []).append(needle)
    prefixes = np.sort(np.frombuffer(b"".join(by_prefix), np.uint64))
    found: set[bytes] = set()
    for offset in range(_PREFIX):
        places = np.frombuffer(data, np.uint64, (len(data) - offset) // _PREFIX, offset)
        nearest = prefixes[np.searchsorted(prefixes, places).clip(max=len(prefixes) - 1)]
        for k in np.flatnonzero(nearest == places):
            start = offset + int(k) * _PREFIX
            for needle in by_prefix[data[start : start + _PREFIX]]:
                if data.startswith(needle, start):
                    found.add(needle)
    return found


def needles_of(model: Mapping[str, np.ndarray], difference: np.ndarray) -> Iterator[bytes]:
    """The forms in which a client's training could be sent."""
    layout, point = Layout.of(model), FixedPoint()
    trained = np.concatenate([np.ravel(model[name]) for name, _ in layout.shapes]) + difference
    scaled = clipped(difference, SCALE, point)
    words = point.encode(scaled[None])[0]
    for values in (trained, difference, scaled):
        moved = np.flatnonzero((difference[:-1] != 0) & (difference[1:] != 0))
        for kind in (np.float64, np.float32):
            rows = np.stack([values[:-1], values[1:]], axis=1).astype(kind)[moved]
            yield from (row.tobytes() for row in rows)
        yield from (repr(value).encode() for value in values[moved].tolist())
    for kind in ("<u8", ">u8", "<u4", ">u4"):
        rows = np.stack([words[:-1], words[1:]], axis=1).astype(kind)[moved]
        yield from (row.tobytes() for row in rows)


def clients_words(
    folder: Path, clients: int, liars: int, data="", target="", kind="linear"
) -> set[bytes]:
    """What nobody but each client may know, of all rounds; without what is public."""
    lines = [json.loads(one) for one in (folder / "rounds.jsonl").read_text().splitlines()]
    models = [saved_model(folder, line["round"]) for line in lines]
    needles: set[bytes] = set()
    for model, line in zip(models, lines[1:], strict=False):
        for client in range(clients):
            moved = vector(
                f"node{client}", line["server-round"], model, clients, liars, data, target, kind
            )
            needles |= {one for one in needles_of(model, moved) if len(one) >= _PREFIX}
    public: set[bytes] = set()
    for model, after in zip(models, models[1:], strict=False):
        public |= set(needles_of(model, Layout.of(model).difference(after, model)))
    return needles - public


def public_of(path: Path) -> set[bytes]:
    """Two consecutive numbers of a global model, which everybody gets."""
    with np.load(path) as file:
        model = np.concatenate([np.ravel(array) for array in file.values()])
    return {pair.tobytes() for pair in np.stack([model[:-1], model[1:]], axis=1) if pair.all()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--clients", type=int, default=7)
    parser.add_argument("--liars", type=int, default=2)
    parser.add_argument("--model", choices=["linear", "cnn"], default="linear")
    options = parser.parse_args()
    csv = options.folder / "digits.csv"
    data = (str(csv), "digit") if csv.exists() else ("", "")
    needles = clients_words(options.folder, options.clients, options.liars, *data, options.model)
    public = {one for name in sorted(options.folder.glob("model-*.npz")) for one in public_of(name)}
    status = 0
    for path in options.files:
        content = path.read_bytes()
        hits, seen = found_in(content, needles), found_in(content, public)
        print(
            f"{path.name}: {len(content)} bytes, {len(hits)} of {len(needles)} words of clients, "
            f"{len(seen)} of {len(public)} of the global models"
        )
        status |= bool(hits)
    return status


if __name__ == "__main__":
    sys.exit(main())
