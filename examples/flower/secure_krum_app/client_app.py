"""An ordinary ClientApp. One line makes it private and robust: the mod."""

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from fl_krum.flower import secure_krum_mod

from . import task

app = ClientApp(mods=[secure_krum_mod])


@app.train()
def train(message: Message, context: Context) -> Message:
    config, node = context.run_config, context.node_config
    # A host has data of its own, all of them its client's; a simulation's clients share one file.
    number, parts = int(node.get("partition-id", 0)), int(node.get("num-partitions", 1))
    x, y, _ = task.partition(node.get("data", config["data"]), config["target"], number, parts)
    model = {name: array.numpy() for name, array in message.content["arrays"].items()}
    rng = np.random.default_rng([number, message.content["config"]["server-round"]])
    trained = task.model_of(config["model"]).train(model, x, y, rng)
    if parts > 1 and number >= parts - config["liars"]:
        trained = task.reversed_model(model, trained)
    arrays = ArrayRecord({name: Array(array) for name, array in trained.items()})
    metrics = MetricRecord({"num-examples": len(y)})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)
