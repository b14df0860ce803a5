"""Bars where ``tqdm`` is installed, and callables as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Union

Listener = Callable[[str, int, Union[int, None]], object]
Progress = Union[bool, Listener, None]
"""True for bars, or what is called with a task's name, what is done, and of how much, None while nobody knows."""


@contextmanager
def listening(progress: Progress) -> Iterator[Listener | None]:
    """What is to be called, with its bars taken away at the end."""
    if callable(progress):
        yield progress
    elif progress:
        bars = Bars()
        try:
            yield bars
        finally:
            bars.close()
    else:
        yield None


class Bars:
    """A bar for each task, one after the other; nothing where ``tqdm`` is not installed."""

    def __init__(self) -> None:
        self._task: str | None = None
        self._bar: Any = None
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._make: Any = None
        else:
            self._make = tqdm

    def __call__(self, task: str, done: int, total: int | None) -> None:
        """Moves the task's bar."""
        if self._make is None:
            return
        if task != self._task:
            self.close()
            self._task, self._bar = task, self._make(desc=task, total=total, initial=done, unit_scale=True)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
        self._task, self._bar = None, None
