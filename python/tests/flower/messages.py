"""Messages and strategies that the tests make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Strategy
from flwr.supercore.task_identity import TaskIdentity

# A message says who sends it, which Flower sets in the processes of a run.
TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = 7, 1, 1

MODEL = ArrayRecord({"weights": Array(numpy.zeros(3))})


def asked(node: int = 1, kind: str = "train", **records: Any) -> Message:
    """A server's message to a node."""
    content = RecordDict({"arrays": MODEL, "config": ConfigRecord({"server-round": 1}), **records})
    return Message(content, dst_node_id=node, message_type=kind)


def reply(node: int, bundle: bytes | None, value: float = 1.0, **records: Any) -> Message:
    """A node's reply, whose weights are all of this value; records may replace its own."""
    content = RecordDict(
        {
            "arrays": ArrayRecord({"weights": Array(numpy.full(3, value))}),
            "metrics": MetricRecord({"num-examples": 10}),
        }
    )
    if bundle is not None:
        content["fairshare"] = ConfigRecord({"bundle": bundle})
    for name, record in records.items():
        content.pop(name, None)
        if record is not None:
            content[name] = record
    return Message(content, reply_to=asked(node))


def context(run: int = 7, **config: Any) -> Context:
    return Context(run, 1, config, RecordDict(), {})


class Seen(Strategy):
    """Remembers which values it was given to aggregate, and does nothing else."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.errors = 0
        self.records: set[str] = set()
        self.nodes = [1, 2]

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        shared = RecordDict({"arrays": arrays, "config": config})
        return [Message(shared, dst_node_id=node, message_type="train") for node in self.nodes]

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        given = list(replies)
        self.errors = sum(one.has_error() for one in given)
        contents = [one.content for one in given if one.has_content()]
        self.values = [float(one.array_records["arrays"]["weights"].numpy()[0]) for one in contents]
        self.records = {name for one in contents for name in one}
        return None, None

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        return []

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        return MetricRecord({"replies": len(list(replies))})

    def summary(self) -> None:
        pass
