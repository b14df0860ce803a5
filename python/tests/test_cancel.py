"""Cancelled coroutines: they stop themselves, and nobody else."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Iterator

import pyarrow
import pytest

import fairshare
import fairshare.aio


def slow(turns: int) -> pyarrow.RecordBatchReader:
    """Batches of one record, ten every second."""
    schema = pyarrow.schema({"x": pyarrow.float64(), "kind": pyarrow.utf8()})

    def batches() -> Iterator[pyarrow.RecordBatch]:
        for _ in range(turns):
            time.sleep(0.1)
            yield pyarrow.RecordBatch.from_pydict({"x": [1.0], "kind": ["a"]}, schema=schema)

    return pyarrow.RecordBatchReader.from_batches(schema, batches())


@pytest.fixture(scope="module")
def simple() -> fairshare.Policy:
    return fairshare.draft([pyarrow.table({"x": [1.0, 2.0] * 99, "kind": ["a", "b"] * 99})]).policy


def test_one_that_is_cancelled_leaves_its_sibling(simple: fairshare.Policy) -> None:
    async def go() -> None:
        shared = fairshare.Stop()
        works = [asyncio.create_task(fairshare.aio.score(simple, slow(15), stop=shared)) for _ in range(2)]
        await asyncio.sleep(0.5)
        works[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await works[0]
        assert not shared.is_set()
        assert (await works[1]).records == 15
        # The caller's still stops both.
        works = [asyncio.create_task(fairshare.aio.score(simple, slow(100), stop=shared)) for _ in range(2)]
        await asyncio.sleep(0.3)
        shared.set()
        for work in works:
            with pytest.raises(fairshare.Cancelled):
                await work

    asyncio.run(go())


def test_one_that_is_queued_does_not_wait_for_the_others(simple: fairshare.Policy) -> None:
    async def go() -> None:
        asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
        first = asyncio.create_task(fairshare.aio.score(simple, slow(15)))
        await asyncio.sleep(0.2)
        told: list[object] = []
        queued = asyncio.create_task(fairshare.aio.score(simple, slow(1), progress=lambda *state: told.append(state)))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        queued.cancel()
        with pytest.raises(asyncio.CancelledError):
            await queued
        assert time.monotonic() - began < 0.5 and not first.done()
        assert (await first).records == 15 and not told

    asyncio.run(go())


def test_what_progress_raises_stops_the_work(simple: fairshare.Policy) -> None:
    times = 0

    def fail(*state: object) -> None:
        nonlocal times
        times += 1
        raise LookupError("enough")

    async def go() -> None:
        began = time.monotonic()
        with pytest.raises(LookupError, match="enough"):
            await fairshare.aio.score(simple, slow(100), progress=fail)
        assert time.monotonic() - began < 3 and times == 1

    asyncio.run(go())
