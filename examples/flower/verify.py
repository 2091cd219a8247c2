"""Compute every round of a run again in the clear, from the models that it has saved.

    python verify.py FOLDER [--byzantine 2] [--average 5]

The app's clients train in a way that can be repeated, so their vectors are known here, which the
server never saw. Multi-Krum of them has to be the next global model, bit for bit.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from secure_krum_app import task

from fl_krum import FixedPoint, multi_krum
from fl_krum.flower.arrays import SCALE, Layout, clipped


def verify(folder: Path, f: int, m: int, parts: int, liars: int, data="", target="", kind="linear"):
    """Number, and whether the model is the right one, of every round that has a result."""
    lines = [json.loads(one) for one in (folder / "rounds.jsonl").read_text().splitlines()]
    models = [saved_model(folder, line["round"]) for line in lines]
    for model, after, line in zip(models, models[1:], lines[1:], strict=False):
        if line["error"]:
            yield line["round"], all(np.array_equal(model[k], after[k]) for k in model)
            continue
        f_now = min(f, (len(line["clients"]) + len(line["missing"]) - 3) // 2)
        f_now -= len(line["missing"])
        vectors = [
            vector(name, line["server-round"], model, parts, liars, data, target, kind)
            for name in line["clients"]
        ]
        point, layout = FixedPoint(), Layout.of(model)
        rows = [clipped(one, SCALE, point) for one in vectors]
        out = [line["clients"].index(name) for name in line["excluded"]]
        average = min(m, len(rows) - f_now)
        right = multi_krum(point.decode(point.encode(np.array(rows))), f_now, average, out)
        right = layout.moved(model, right / SCALE)
        yield line["round"], all(np.array_equal(right[name], after[name]) for name in right)


def vector(
    name: str, number: int, model, parts: int, liars: int, data: str, target: str, kind: str
):
    """How far a client's training moves the model: what its player shares."""
    client = int(name.removeprefix("node"))
    x, y, _ = task.partition(data, target, client, parts)
    trained = task.model_of(kind).train(model, x, y, np.random.default_rng([client, number]))
    if client >= parts - liars:
        trained = task.reversed_model(model, trained)
    return Layout.of(model).difference(trained, model)


def saved_model(folder: Path, number: int):
    """The global model after a round, as `deployment.py --save` keeps it."""
    with np.load(folder / f"model-{number:03d}.npz") as file:
        return dict(file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, default=7)
    parser.add_argument("--byzantine", type=int, default=2)
    parser.add_argument("--average", type=int, default=5)
    parser.add_argument("--liars", type=int, default=2)
    parser.add_argument("--model", choices=["linear", "cnn"], default="linear")
    options = parser.parse_args()
    csv = options.folder / "digits.csv"
    data = (str(csv), "digit") if csv.exists() else ("", "")
    wrong = 0
    numbers = options.byzantine, options.average, options.clients, options.liars
    for number, right in verify(options.folder, *numbers, *data, options.model):
        print(f"round {number}: {'equal, bit for bit' if right else 'NOT EQUAL'}")
        wrong += not right
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
