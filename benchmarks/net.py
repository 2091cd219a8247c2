"""``python -m benchmarks net``: 10^5 weights through real players, and what rounding costs.

A two-layer net, 64-1330-10, d = 99,760, learns the digits: 7 clients, 2 of them flip signs,
Multi-Krum (m = 5) among real players, 20 rounds. Every result is compared with the same rule in the
clear, bit for bit, and the accuracy with what clients reach alone and what their pooled data would.

The second table is about words: what is shared, the model or the update, and how many of its 28
bits are after the point. It is in the clear: how far the aggregated vector is from that of the
unrounded ones, whether the same clients are chosen, and how accurate the model is at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

from fl_krum.aggregators.krum import krum, multi_krum
from fl_krum.federation.estimator_model import EstimatorModel
from fl_krum.federation.session import FederatedSession
from fl_krum.players.local_players import LocalPlayers
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram

N, F, M = 7, 2, 5
WORDS = (("model", 16), ("update", 16), ("update", 24))
RATES = (0.05, 0.0005)  # of learning: a step of usual length, and a short one


def main(arguments=None) -> int:
    options = _parser().parse_args(arguments)
    results = {
        "hidden": options.hidden,
        "rounds": options.rounds,
        "players": among_players(options.hidden, options.rounds),
        "words": [of_words(rate, *words, options) for rate in RATES for words in WORDS],
    }
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    text = markdown(results)
    (folder / "net.md").write_text(text, encoding="utf-8")
    print(text)
    return 0 if results["players"]["equal"] else 1


def model(hidden: int, rate: float = RATES[0]) -> EstimatorModel:
    """The net, trained with plain stochastic gradient descent."""
    net = MLPClassifier(
        (hidden,), solver="sgd", batch_size=32, learning_rate_init=rate, momentum=0.0
    )
    return EstimatorModel(net, features=64, classes=10)


def session(hidden: int, rounds: int, rate: float = RATES[0], **more) -> FederatedSession:
    return FederatedSession(
        N, F, rounds=rounds, dataset="digits", model=model(hidden, rate), attack="sign-flip", **more
    )


def among_players(hidden: int, rounds: int) -> dict:
    """Run it among real players."""
    d = model(hidden).dimension
    with LocalPlayers(KrumProgram(N, F, d, rounds, average=M)) as players:
        run = session(hidden, rounds, aggregate=players)
        records = run.run(lambda record: _say(f"round {record.round}: {record.accuracy:.1%}"))
    last = records[-1]
    return {
        "d": d,
        "start": run.settings["start_accuracy"],
        "start_seconds": players.startup_seconds,
        "seconds": [record.seconds for record in records],
        "equal": all(record.matches_plaintext for record in records),
        "accuracy": [record.accuracy for record in records],
        **{name: getattr(last, f"accuracy_{name}") for name in ("mean", "alone", "pooled")},
    }


def of_words(rate: float, what: str, fraction: int, options) -> dict:
    """What one way to make words loses."""
    run = session(
        options.hidden, options.rounds, rate, aggregate=multi_krum, compare=False,
        share=what, fixed_point=FixedPoint(28, fraction),
    )  # fmt: skip
    lost, same, model = [], [], run.start
    for record in run.rounds():
        exact = run.clients.updates(model, record.round)
        wanted = multi_krum(exact, F)
        change = np.linalg.norm(wanted - model)
        lost.append(float(np.linalg.norm(np.array(record.vector) - wanted) / change))
        chosen = krum(exact, F).ranking[:M]
        same.append(set(chosen.tolist()) == set(record.averaged))
        model = np.array(record.vector)
    return {
        "learning_rate": rate, "share": what, "fraction": fraction, "error": float(np.median(lost)),
        "same_choice": sum(same), "accuracy": record.accuracy,
    }  # fmt: skip


def markdown(results: dict) -> str:
    of, rounds = results["players"], results["rounds"]
    percent = {name: f"{100 * of[name]:.1f} %" for name in ("start", "mean", "alone", "pooled")}
    lines = [
        f"d = {of['d']:,}, {rounds} rounds among {N + 1} players, which started in "
        f"{of['start_seconds']:.1f} s; median {np.median(of['seconds']):.1f} s a round "
        f"({min(of['seconds']):.1f} to {max(of['seconds']):.1f}); equal in the clear: "
        f"{'yes, bit for bit' if of['equal'] else 'NO'}.",
        "",
        "| start | Multi-Krum in SMPC | plain mean | alone | pooled |",
        "|--:|--:|--:|--:|--:|",
        f"| {percent['start']} | {100 * of['accuracy'][-1]:.1f} % | {percent['mean']} | "
        f"{percent['alone']} | {percent['pooled']} |",
        "",
        "| learning rate | shared | bits after the point | error / change of a round | "
        "same clients | accuracy |",
        "|--:|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['learning_rate']:g} | {row['share']} | {row['fraction']} of 28 | "
        f"{row['error']:.1e} | {row['same_choice']} of {rounds} | {100 * row['accuracy']:.1f} % |"
        for row in results["words"]
    ]
    return "\n".join(lines) + "\n"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks net",
        description="A two-layer net through real players: 7 clients, 2 Byzantine, on the digits.",
    )
    parser.add_argument(
        "--hidden", type=int, default=1330, metavar="H",
        help="hidden units, which gives d = 75 H + 10 weights (default 1330: d = 99,760)",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=20, metavar="T", help="(default 20)")
    parser.add_argument("--output", default="out/net", metavar="FOLDER", help="(default out/net)")
    return parser
