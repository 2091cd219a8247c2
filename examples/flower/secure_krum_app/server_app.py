"""The ServerApp: FedAvg's place is taken by SecureKrum."""

from flwr.app import Array, ArrayRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp

from fl_krum.flower import SecureKrum

from . import task

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    config = context.run_config
    x, y, classes = task.test_set(config["data"], config["target"])

    def evaluate(number: int, arrays: ArrayRecord) -> MetricRecord:
        model = {name: array.numpy() for name, array in arrays.items()}
        found = task.accuracy(model, x, y)
        print(f"round {number}: accuracy {found:.1%}", flush=True)
        return MetricRecord({"accuracy": found})

    strategy = SecureKrum(
        roster=config["roster"] or None,
        key=config["key"] or None,
        num_malicious_nodes=config["byzantine"],
        num_nodes_to_select=config["average"],
        min_available_nodes=2 * config["byzantine"] + 3,
        fraction_evaluate=0.0,
    )
    start = task.start(x.shape[1], classes)
    strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord({name: Array(array) for name, array in start.items()}),
        num_rounds=config["num-server-rounds"],
        evaluate_fn=evaluate,
    )
