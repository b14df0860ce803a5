"""The package's functions as coroutines. Each works on a thread, so that the loop goes on.

Cancelling the task stops the work within two seconds, and waits for it: what is finished is kept, and the same call goes
on from there. Work that no thread has begun yet is not waited for. A callable given as ``progress`` is called in the
loop, and what it raises stops the work and is raised.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

import fairshare

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["audit", "commit", "draft", "prove", "prove_compute", "reference", "score", "score_compute", "verify"]


def _stoppable(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(function)
    async def called(*args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        given: dict[str, Any] = dict(kwargs)
        # Set for this task alone: the caller's may stop others, too.
        stop = given["stop"] = fairshare.Stop(given.get("stop"))
        progress = given.get("progress")
        raised: list[BaseException] = []

        def hear(*state: Any) -> None:
            if raised or not callable(progress):
                return
            try:
                progress(*state)
            except BaseException as error:
                raised.append(error)
                stop.set()

        if callable(progress):
            given["progress"] = lambda *state: loop.call_soon_threadsafe(hear, *state)
        # Whoever takes it first, the thread or the cancellation, has the work.
        gate = threading.Lock()

        def begin() -> R | None:
            return function(*args, **given) if gate.acquire(blocking=False) else None

        work: asyncio.Future[R | None] = loop.run_in_executor(None, begin)
        try:
            done = await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            if gate.acquire(blocking=False):
                work.cancel()
                raise
            await asyncio.wait([work])
            work.exception()
            raise
        except fairshare.Cancelled:
            if raised:
                raise raised[0] from None
            raise
        if raised:
            raise raised[0]
        return cast(R, done)

    return called


def _short(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(function)
    async def called(*args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(function, *args, **kwargs)

    return called


audit = _stoppable(fairshare.audit)
commit = _stoppable(fairshare.commit)
draft = _stoppable(fairshare.draft)
prove = _stoppable(fairshare.prove)
prove_compute = _stoppable(fairshare.prove_compute)
reference = _stoppable(fairshare.reference)
score = _stoppable(fairshare.score)
score_compute = _short(fairshare.score_compute)
verify = _short(fairshare.verify)
