"""The package's functions as coroutines. Each works on a thread, so that the loop goes on.

Cancelling the task stops the work within two seconds, and waits for it: what is finished is kept, and the same call goes
on from there. A callable given as ``progress`` is called in the loop.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import fairshare

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["audit", "commit", "draft", "prove", "prove_compute", "reference", "score", "score_compute", "verify"]


def _stoppable(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(function)
    async def called(*args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        given: dict[str, Any] = dict(kwargs)
        stop = given.setdefault("stop", None) or fairshare.Stop()
        given["stop"] = stop
        progress = given.get("progress")
        if callable(progress):
            given["progress"] = lambda *state: loop.call_soon_threadsafe(progress, *state)
        work: asyncio.Future[R] = loop.run_in_executor(None, functools.partial(function, *args, **given))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait([work])
            work.exception()
            raise

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
