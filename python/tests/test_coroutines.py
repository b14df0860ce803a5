"""Where coroutines work, where they call back, and when they are over."""

from __future__ import annotations

import asyncio
import pathlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow
import pytest
from conftest import CONTRIBUTOR, FLIGHTS, NODE
from test_stops import Slow

import fairshare
import fairshare.aio


class Counted(ThreadPoolExecutor):
    """The loop's threads, with all that they were given to do."""

    def __init__(self) -> None:
        super().__init__(max_workers=4)
        self.given: list[Future[Any]] = []

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = super().submit(*args, **kwargs)
        self.given.append(future)
        return future


def run(go: Callable[[Counted], Any]) -> None:
    async def whole() -> None:
        executor = Counted()
        asyncio.get_running_loop().set_default_executor(executor)
        await go(executor)

    asyncio.run(whole())


def test_a_cancelled_coroutine_has_stopped_before_it_raises(
    policy: fairshare.Policy, parameters: fairshare.Parameters, flights: pyarrow.Table, tmp_path: pathlib.Path
) -> None:
    async def go(executor: Counted) -> None:
        begun = asyncio.Event()
        folder = tmp_path / "c"
        work = fairshare.aio.commit(
            policy, parameters, CONTRIBUTOR, Slow(flights), folder, progress=lambda *_: begun.set()
        )
        task = asyncio.create_task(work)
        await asyncio.wait_for(begun.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(executor.given) == 1 and executor.given[0].done()
        # So nobody holds the folder any more.
        again = await fairshare.aio.commit(policy, parameters, CONTRIBUTOR, flights.slice(0, 2_000), folder)
        assert again.records == 2_000

    run(go)


def test_progress_is_told_in_the_loop(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    async def go(_: Counted) -> None:
        threads: set[int] = set()
        told: list[tuple[str, int, int | None]] = []

        def hear(*state: Any) -> None:
            threads.add(threading.get_ident())
            told.append(state)

        await fairshare.aio.score(policy, flights, progress=hear)
        # What was told at the very end may wait for the loop's next turn.
        await asyncio.sleep(0)
        assert threads == {threading.get_ident()}
        assert told[0][:2] == ("reading", 0)

    run(go)


def test_the_callers_stop_is_heard(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    async def go(_: Counted) -> None:
        stop, begun = fairshare.Stop(), asyncio.Event()
        table = Slow(flights)
        work = fairshare.aio.score(policy, table, stop=stop, progress=lambda *_: begun.set())
        task = asyncio.create_task(work)
        await asyncio.wait_for(begun.wait(), 10)
        stop.set()
        with pytest.raises(fairshare.Cancelled):
            await task
        assert table.asked < 300

    run(go)


def test_what_is_short_leaves_the_loop_too(policy: fairshare.Policy, parameters: fairshare.Parameters) -> None:
    """A verification takes a second where keys are derived: it works on one of the loop's threads."""

    async def go(executor: Counted) -> None:
        with pytest.raises(fairshare.VerifyError, match="truncated at byte 0"):
            await fairshare.aio.verify(policy, parameters, b"not a bundle", allow_insecure=True)
        assert len(executor.given) == 1
        found = await fairshare.aio.score_compute(policy, FLIGHTS / "units.csv", NODE)
        assert found.units == 111_279 and len(executor.given) == 2

    run(go)
