"""The ServerApp: FedAvg's place is taken by SecureKrum."""

import time
from dataclasses import asdict

from flwr.app import Array, ArrayRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg, Krum, MultiKrum

from fl_krum.flower import SecureKrum

from . import task

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    config = context.run_config
    x, y, classes = task.test_set(config["data"], config["target"])
    strategy = strategy_of(config)
    done, start = task.saved(config["save"])  # a training that was ended goes on
    learner = task.model_of(config["model"])
    start = start or learner.start(x.shape[1], classes)
    began = time.monotonic()

    def evaluate(number: int, arrays: ArrayRecord) -> MetricRecord:
        model = {name: array.numpy() for name, array in arrays.items()}
        found = learner.accuracy(model, x, y)
        print(f"round {done + number}: accuracy {found:.1%}", flush=True)
        if config["save"] and (number or not done):
            line = {"round": done + number, "accuracy": found, "server-round": number}
            line["since-start"] = round(time.monotonic() - began, 2)
            for one in getattr(strategy, "rounds", [])[-1:]:
                line.update(asdict(one))
            task.save(config["save"], model, line)
        return MetricRecord({"accuracy": found})

    strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord({name: Array(array) for name, array in start.items()}),
        num_rounds=config["num-server-rounds"],
        evaluate_fn=evaluate,
    )


def strategy_of(config):
    """SecureKrum; or one of Flower's own, which see every client's model, to compare with."""
    f, m = config["byzantine"], config["average"]
    # One client more than 2f + 1: so the training begins, and goes on, where one is away.
    common = {"min_available_nodes": 2 * f + 2, "fraction_evaluate": 0.0}
    if config["strategy"] == "fedavg":
        return FedAvg(**common)
    if config["strategy"] == "krum":
        return Krum(num_malicious_nodes=f, **common)
    if config["strategy"] == "multi-krum":
        return MultiKrum(num_malicious_nodes=f, num_nodes_to_select=m, **common)
    return SecureKrum(
        roster=config["roster"] or None,
        key=config["key"] or None,
        num_malicious_nodes=f,
        num_nodes_to_select=m,
        security=config["security"],
        engine=config["engine"],
        patience=config["patience"],
        **common,
    )
