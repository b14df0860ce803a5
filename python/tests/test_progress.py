"""Bars, and what the caller's own listener raises."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pyarrow
import pytest
import tqdm.auto
from conftest import CONTRIBUTOR

import fairshare


class Bar:
    """What `tqdm` would show."""

    made: list[Bar] = []

    def __init__(self, desc: str, total: int | None, initial: int, **_: Any) -> None:
        self.desc, self.total, self.n, self.closed = desc, total, initial, 0
        Bar.made.append(self)

    def update(self, more: int) -> None:
        assert not self.closed
        self.n += more

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Bar]:
    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    Bar.made = []
    return Bar.made


def test_each_task_has_a_bar_that_fills_and_is_taken_away(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    flights: pyarrow.Table,
    tmp_path: Any,
    bars: list[Bar],
) -> None:
    table = flights.slice(0, 20_000)
    made = fairshare.commit(policy, parameters, CONTRIBUTOR, table, tmp_path / "c", progress=True)
    assert [bar.desc for bar in bars] == ["reading", "committing"]
    assert [(bar.n, bar.total) for bar in bars] == [(20_000, 20_000), (made.segments, made.segments)]
    assert all(bar.closed == 1 for bar in bars)


def test_a_total_that_is_told_late_reaches_the_bar(bars: list[Bar]) -> None:
    """A reader has no length: its total is known at its end."""
    from fairshare._progress import listening

    with listening(True) as heard:
        assert heard is not None
        heard("reading", 0, None)
        assert bars[0].total is None
        heard("reading", 7, 9)
        assert (bars[0].n, bars[0].total) == (7, 9)
    assert bars[0].closed == 1


def test_bars_are_taken_away_after_an_error(policy: fairshare.Policy, flights: pyarrow.Table, bars: list[Bar]) -> None:
    def batches() -> Iterator[pyarrow.RecordBatch]:
        yield flights.to_batches()[0]
        time.sleep(0.2)
        raise RuntimeError("the query failed")

    reader = pyarrow.RecordBatchReader.from_batches(flights.schema, batches())
    with pytest.raises(fairshare.IngestError, match="the query failed"):
        fairshare.score(policy, reader, progress=True)
    assert bars and all(bar.closed == 1 for bar in bars)


def test_what_a_listener_raises_stops_the_reading(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    """It is raised while most batches have not been asked for, and not once all of them are read."""
    batch, asked = flights.slice(0, 1_000).combine_chunks().to_batches()[0], 0

    def batches() -> Iterator[pyarrow.RecordBatch]:
        nonlocal asked
        for _ in range(300):
            asked += 1
            time.sleep(0.01)
            yield batch

    def fail(task: str, done: int, total: int | None) -> None:
        raise LookupError("enough")

    reader = pyarrow.RecordBatchReader.from_batches(batch.schema, batches())
    with pytest.raises(LookupError, match="enough"):
        fairshare.score(policy, reader, progress=fail)
    assert asked < 150
