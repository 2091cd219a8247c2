"""``python -m benchmarks accuracy``: what each rule learns, under attack and without.

Everything is in the clear: the players' result equals Krum in the clear bit for bit, so its
accuracy is the same, and ten seeds take minutes instead of hours. Each number is the accuracy on
the test part after the last round of a `FederatedSession`, as the mean of the seeds with their
standard deviation (of single seeds, n - 1 in the denominator).

"Alone" is the mean over honest clients that train for themselves, "pooled" one model on their data
in one place; `RoundRecord` says exactly how. Neither knows of an attack, but when there is one, the
attackers' own samples are in nobody's hands: they are missing from "pooled", and under a rule that
keeps the attackers out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from fl_krum.aggregators.krum import check_parameters, krum, multi_krum
from fl_krum.aggregators.rules import AGGREGATORS, rules_for
from fl_krum.federation.attacks import ATTACKS
from fl_krum.federation.session import FederatedSession

#: How the data are dealt out -> arguments of the session.
DATA = {
    "even": {"partition": "iid"},
    "uneven": {"partition": "dirichlet", "alpha": 0.5},
}
SHOWN = ("none", "sign-flip", "alie", "fang")
FIXED = {"dataset": "digits", "dimension": 650}
BASELINES = ("alone", "pooled")


def rules(n: int, f: int) -> dict[str, Callable]:
    """Rows of the table that take sessions of their own -> rule(X, f)."""
    between = n - 2 * f
    named = {
        f"Multi-Krum, m = n − 2f = {between}": partial(multi_krum, m=between),
        f"Multi-Krum, m = n − f = {n - f}": multi_krum,
        "Bulyan": AGGREGATORS["bulyan"],
        "median": AGGREGATORS["median"],
        "trimmed mean": AGGREGATORS["trimmed-mean"],
        "geometric median": AGGREGATORS["geometric-median"],
        "centred clipping": AGGREGATORS["centred-clipping"],
    }
    if "bulyan" not in rules_for(n, f):
        del named["Bulyan"]
    return named


def accuracies(data: str, attack: str, seed: int, n: int, f: int, rounds: int) -> dict[str, float]:
    """Return what each row of the table reaches on these data, under this attack, with this seed.

    A session with Krum also trains what it is compared with; each other rule takes a session.
    """
    size = dict(clients=n, byzantine=f, rounds=rounds, attack=attack, seed=seed)

    def last(rule, compare=False):
        session = FederatedSession(**size, **FIXED, **DATA[data], aggregate=rule, compare=compare)
        return session.run()[-1]

    by_krum = last(krum, compare=True)
    found = {
        "alone": by_krum.accuracy_alone,
        "mean": by_krum.accuracy_mean,
        "Krum": by_krum.accuracy,
    }
    found |= {name: last(rule).accuracy for name, rule in rules(n, f).items()}
    return found | {"pooled": by_krum.accuracy_pooled}


def measure(n=7, f=2, rounds=10, seeds=10, attacks=SHOWN, workers=None) -> dict:
    """Run all sessions, several at a time; the result is ready for JSON."""
    began = time.perf_counter()
    columns = list(product(DATA, attacks))
    tasks = [(*column, seed) for column in columns for seed in range(seeds)]
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        found = list(pool.map(partial(_run, n=n, f=f, rounds=rounds), tasks))
    by_task = dict(zip(tasks, found, strict=True))
    return {
        "clients": n, "byzantine": f, "rounds": rounds, "seeds": seeds, **FIXED, "data": DATA,
        "seconds": round(time.perf_counter() - began, 1),
        "cells": [
            {"rule": rule, "data": data, "attack": attack,
             "accuracy": [by_task[data, attack, seed][rule] for seed in range(seeds)]}
            for rule in found[0] for data, attack in columns
        ],
    }  # fmt: skip


def _run(task, **size) -> dict[str, float]:
    return accuracies(*task, **size)


def markdown(results: dict) -> str:
    """The table, a row for each rule; the best of each column, to within half a point, in bold."""
    cells = {(c["rule"], c["data"], c["attack"]): c["accuracy"] for c in results["cells"]}
    columns = list(dict.fromkeys((data, attack) for _, data, attack in cells))
    names = list(dict.fromkeys(rule for rule, _, _ in cells))
    rows = [["", *(f"{data}: {_spoken(attack)}" for data, attack in columns)]]
    rows += [["---", *("--:" for _ in columns)]]
    for name in names:
        row = [name]
        for column in columns:
            best = max(
                np.mean(cells[(other, *column)]) for other in names if other not in BASELINES
            )
            row.append(_cell(cells[(name, *column)], name not in BASELINES, best))
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _spoken(attack: str) -> str:
    return {"none": "no attack", "alie": "ALIE", "fang": "Fang"}.get(attack, attack)


def _cell(values, is_rule, best) -> str:
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    text = f"{100 * np.mean(values):.0f} ± {100 * spread:.0f}"
    return f"**{text}**" if is_rule and np.mean(values) >= best - 0.005 else text


def main(arguments=None) -> int:
    options = _parser().parse_args(arguments)
    try:
        check_parameters(options.clients, options.byzantine)
        if options.seeds < 1 or options.rounds < 1:
            raise ValueError("at least one seed and one round")
    except ValueError as error:
        _parser().error(str(error))
    results = measure(
        options.clients, options.byzantine, options.rounds, options.seeds, options.attacks
    )
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accuracy.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    (folder / "accuracy.md").write_text(markdown(results), encoding="utf-8")
    print(markdown(results))
    print(
        f"{options.seeds} seeds in {results['seconds']:.0f} s; "
        f"written: accuracy.json and accuracy.md in {folder}",
        file=sys.stderr,
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks accuracy",
        description="Measure what each rule learns, in the clear: digits, d = 650.",
    )
    parser.add_argument("--clients", type=int, default=7, metavar="N", help="n (default 7)")
    parser.add_argument("--byzantine", type=int, default=2, metavar="F", help="f (default 2)")
    parser.add_argument("--rounds", type=int, default=10, metavar="T", help="rounds (default 10)")
    parser.add_argument("--seeds", type=int, default=10, metavar="S", help="seeds (default 10)")
    parser.add_argument(
        "--attacks", nargs="+", default=SHOWN, choices=list(ATTACKS), metavar="NAME",
        help=f"the attacks shown (default {' '.join(SHOWN)})",
    )  # fmt: skip
    parser.add_argument(
        "--output",
        default="out/accuracy",
        metavar="FOLDER",
        help="where to write the results (default out/accuracy)",
    )
    return parser
