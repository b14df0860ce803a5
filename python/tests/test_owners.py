"""Whoever gives a table: one that reads once, one that takes its time, and one that means something else."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable, Iterator

import pandas
import polars
import pyarrow
import pytest

import fairshare


@pytest.fixture(scope="module")
def small() -> pyarrow.Table:
    return pyarrow.table({"x": [float(number) for number in range(400)], "kind": ["a", "b"] * 200})


@pytest.fixture(scope="module")
def simple(small: pyarrow.Table) -> fairshare.Policy:
    return fairshare.draft([small]).policy


def reader_of(table: pyarrow.Table, batches: Callable[[], Iterator[pyarrow.RecordBatch]]) -> pyarrow.RecordBatchReader:
    return pyarrow.RecordBatchReader.from_batches(table.schema, batches())


def test_a_reader_that_was_begun_is_refused_in_every_later_call(
    simple: fairshare.Policy, small: pyarrow.Table
) -> None:
    stop = fairshare.Stop()

    def batches() -> Iterator[pyarrow.RecordBatch]:
        yield from small.slice(0, 100).to_batches()
        stop.set()
        time.sleep(0.2)
        yield from small.slice(100).to_batches()

    reader = reader_of(small, batches)
    with pytest.raises(fairshare.Cancelled):
        fairshare.score(simple, reader, stop=stop)
    for work in [fairshare.score, fairshare.reference]:
        with pytest.raises(fairshare.IngestError, match="read once only, and was begun before"):
            work(simple, reader)
    whole = small.to_reader()
    assert fairshare.score(simple, whole).records == 400
    with pytest.raises(fairshare.IngestError, match="read once only"):
        fairshare.score(simple, whole)
    twice = small.to_reader()
    with pytest.raises(fairshare.IngestError, match="read once only"):
        fairshare.score(simple, [twice, twice])


def test_a_reader_that_is_gone_is_not_kept_and_not_taken_for_another(
    simple: fairshare.Policy, small: pyarrow.Table
) -> None:
    # Objects that are gone leave their identity to new ones.
    for _ in range(200):
        assert fairshare.reference(simple, small.to_reader())["kind"][:2] == [200, 200]
    from fairshare import _data

    assert len(_data._begun) < 20


def waiting(table: pyarrow.Table, released: threading.Event) -> pyarrow.RecordBatchReader:
    def batches() -> Iterator[pyarrow.RecordBatch]:
        yield table.to_batches()[0]
        released.wait(30)
        yield table.to_batches()[0]

    return reader_of(table, batches)


def empty(table: pyarrow.Table, released: threading.Event) -> pyarrow.RecordBatchReader:
    def batches() -> Iterator[pyarrow.RecordBatch]:
        while not released.is_set():
            yield table.to_batches()[0].slice(0, 0)

    return reader_of(table, batches)


class Query:
    """It opens as late as it likes."""

    def __init__(self, table: pyarrow.Table, released: threading.Event) -> None:
        self.table, self.released = table, released

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        self.released.wait(30)
        return self.table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        self.released.wait(30)
        return 1


@pytest.mark.parametrize("owner", [waiting, empty, Query])
def test_a_stop_is_heard_while_the_owner_takes_its_time(
    simple: fairshare.Policy, small: pyarrow.Table, owner: Callable[[pyarrow.Table, threading.Event], object]
) -> None:
    released = threading.Event()
    for ask, expected in [(None, KeyboardInterrupt), (fairshare.Stop(), fairshare.Cancelled)]:
        timer = threading.Timer(0.5, _thread.interrupt_main if ask is None else ask.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(expected):
            fairshare.score(simple, owner(small, released), stop=ask)
        taken = time.monotonic() - began
        assert 0.4 < taken < 2.5
    released.set()


def test_records_that_are_null_themselves_are_refused(simple: fairshare.Policy, small: pyarrow.Table) -> None:
    batch = small.to_batches()[0]
    fields = [batch.column(name) for name in batch.schema.names]
    whole = pyarrow.StructArray.from_arrays(fields, names=batch.schema.names)
    assert fairshare.score(simple, pyarrow.chunked_array([whole])).records == 400
    mask = pyarrow.array([True] + [False] * 399)
    holes = pyarrow.StructArray.from_arrays(fields, names=batch.schema.names, mask=mask)
    for column in [pyarrow.chunked_array([holes]), polars.Series([None, {"x": 1.0, "kind": "a"}])]:
        with pytest.raises(fairshare.IngestError, match="records themselves are null"):
            fairshare.score(simple, column)


def test_columns_without_values_are_read_or_passed_over(simple: fairshare.Policy, small: pyarrow.Table) -> None:
    frame = polars.DataFrame({"x": [1.0, 2.0], "kind": ["a", "b"], "empty": [None, None]})
    assert frame["empty"].dtype == polars.Null
    assert fairshare.reference(simple, frame)["kind"][:2] == [1, 1]
    none = frame.with_columns(kind=polars.lit(None))
    assert none["kind"].dtype == polars.Null
    assert fairshare.reference(simple, none)["kind"][-1] == 2
    assert fairshare.draft([polars.from_arrow(small).with_columns(empty=polars.lit(None))], accept_unmatched=True)


def test_extension_types_are_refused_where_they_are_asked_for(simple: fairshare.Policy, small: pyarrow.Table) -> None:
    frame = pandas.DataFrame({"x": pandas.period_range("2024-01", periods=2, freq="M"), "kind": ["a", "b"]})
    with pytest.raises(fairshare.IngestError, match="column `x`: it is of the extension type `pandas.period`"):
        fairshare.score(simple, frame)
    other = pyarrow.table({"x": [1.0], "kind": ["a"], "flag": pyarrow.array([1], pyarrow.bool8())})
    assert fairshare.score(simple, other).records == 1


def test_what_an_owner_raises_is_the_cause(simple: fairshare.Policy) -> None:
    class Broken:
        def __init__(self, error: BaseException) -> None:
            self.error = error

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise self.error

    fault = RuntimeError("the connection is closed")
    with pytest.raises(fairshare.IngestError, match="connection is closed") as caught:
        fairshare.score(simple, Broken(fault))
    assert caught.value.__cause__ is fault
    with pytest.raises(SystemExit):
        fairshare.score(simple, Broken(SystemExit(3)))
