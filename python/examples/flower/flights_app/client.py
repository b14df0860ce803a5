"""A node: it owns a file of flights and the bundle that proves their score. Both are named in its own configuration."""

from __future__ import annotations

from logging import INFO

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.common.logger import log

from fairshare.flower import bundle_mod, rounds_trained
from flights_app import model

app = ClientApp(mods=[bundle_mod(lambda context: str(context.node_config["bundle"]))])


@app.train()
def train(message: Message, context: Context) -> Message:
    """Trains on the node's flights."""
    flights = model.load(str(context.node_config["data"]))
    [weights] = message.content.array_records["arrays"].to_numpy_ndarrays()
    arrays = ArrayRecord([model.trained(weights, *flights)])
    metrics = MetricRecord({"num-examples": len(flights[0])})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)


@app.evaluate()
def evaluate(message: Message, context: Context) -> Message:
    """Evaluates on the same flights, and says which rounds this node has to be paid for."""
    flights = model.load(str(context.node_config["data"]))
    [weights] = message.content.array_records["arrays"].to_numpy_ndarrays()
    log(INFO, "rounds of the epoch in which this node trained: %s", list(rounds_trained(context)))
    metrics = MetricRecord({"num-examples": len(flights[0]), "loss": model.loss(weights, *flights)})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)
