"""What an update has to look like, so that one node's does not spoil the round for all."""

from __future__ import annotations

from collections.abc import Callable

import numpy
from flwr.app import Array, ArrayRecord, Message, MetricRecord

UpdateCheck = Callable[[Message, "ArrayRecord | None"], "str | None"]
"""Takes a reply, and the model that was sent in this round if it is known. Returns None, or why it cannot be used."""


def fits_model(reply: Message, model: ArrayRecord | None) -> str | None:
    """The check for strategies that average models, and want one ``ArrayRecord`` and one ``MetricRecord``.

    Arrays have the model's names, shapes and types. Their numbers and the metrics are finite: one that is not makes an
    average useless.
    """
    arrays = list(reply.content.array_records.values())
    metrics = list(reply.content.metric_records.values())
    if len(arrays) != 1 or len(metrics) != 1:
        return f"{len(arrays)} array records and {len(metrics)} metric records: send one of each"
    return _arrays_fault(arrays[0], model) or _metrics_fault(metrics[0])


def weight_fault(reply: Message, key: str) -> str | None:
    """Why the weights of a strategy that weighs by this metric cannot be used, or None."""
    for metrics in reply.content.metric_records.values():
        weight = metrics.get(key)
        if not isinstance(weight, (int, float)) or not 0 <= weight < float("inf"):
            return f"its metric `{key}` is missing, or not a finite number from 0 on"
    return None


def _arrays_fault(arrays: ArrayRecord, model: ArrayRecord | None) -> str | None:
    if model is None:
        return None
    if set(arrays) != set(model):
        return "its arrays have other names than the model's"
    faults = (_array_fault(arrays[name], model[name]) for name in model)
    return next((fault for fault in faults if fault is not None), None)


def _array_fault(array: Array, expected: Array) -> str | None:
    if (array.stype, array.dtype, tuple(array.shape)) != (expected.stype, expected.dtype, tuple(expected.shape)):
        return "an array has another shape or type than the model's"
    # The bytes have a header of their own, which need not agree with what stands beside them.
    if abs(len(array.data) - len(expected.data)) > _HEADER_BYTES:
        return "an array has another length than the model's"
    numbers = array.numpy()
    if numbers.shape != tuple(expected.shape) or str(numbers.dtype) != expected.dtype:
        return "an array's bytes are of another shape or type than it says"
    if numbers.dtype.kind in "fc" and not bool(numpy.isfinite(numbers).all()):
        return "an array holds numbers that are not finite"
    return None


_HEADER_BYTES = 256
"""By how much two arrays of the same shape may differ in bytes: their headers name the order of axes."""


def _metrics_fault(metrics: MetricRecord) -> str | None:
    for value in metrics.values():
        if not bool(numpy.isfinite(numpy.asarray(value, dtype=numpy.float64)).all()):
            return "a metric is not finite"
    return None
