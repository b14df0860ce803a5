"""A stop that another thread sets is heard by every function, in the midst of its work and before it."""

from __future__ import annotations

import pathlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow
import pytest
from conftest import CONTRIBUTOR, FLIGHTS, NODE

import fairshare

BATCHES = 600
"""Batches of a table that takes six seconds to give."""


class Slow:
    """A table that may be read again and again, in batches ten milliseconds apart."""

    def __init__(self, table: pyarrow.Table) -> None:
        self._batch = table.slice(0, 500).combine_chunks().to_batches()[0]
        self.asked = 0

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = pyarrow.RecordBatchReader.from_batches(self._batch.schema, self._batches())
        return reader.__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        for _ in range(BATCHES):
            self.asked += 1
            time.sleep(0.01)
            yield self._batch


def stopped(work: Callable[..., object], at: str) -> None:
    """Another thread sets the stop once the work tells that it is at `at`; the work has to hear it."""
    stop, reached, told = fairshare.Stop(), threading.Event(), 0

    def hear(task: str, done: int, total: int | None) -> None:
        nonlocal told
        told += 1
        # Reading begins before a batch is asked for.
        if task == at and (done or task != "reading"):
            reached.set()

    def ask() -> None:
        if reached.wait(60):
            stop.set()

    other = threading.Thread(target=ask)
    other.start()
    try:
        with pytest.raises(fairshare.Cancelled):
            work(stop=stop, progress=hear)
    finally:
        reached.set()
        other.join()
    assert told and stop.is_set()


@pytest.mark.parametrize("name", ["score", "reference", "draft", "commit"])
def test_reading_is_stopped_from_another_thread(
    name: str,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    flights: pyarrow.Table,
    tmp_path: pathlib.Path,
) -> None:
    table = Slow(flights)
    works: dict[str, Callable[..., object]] = {
        "score": lambda **given: fairshare.score(policy, table, **given),
        "reference": lambda **given: fairshare.reference(policy, table, **given),
        "draft": lambda **given: fairshare.draft([table], **given),
        "commit": lambda **given: fairshare.commit(
            policy, parameters, CONTRIBUTOR, table, tmp_path / "c", **given
        ),
    }
    began = time.monotonic()
    stopped(works[name], "reading")
    assert 0 < table.asked < BATCHES // 2 and time.monotonic() - began < 3


def test_proving_is_stopped_from_another_thread(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    flights: pyarrow.Table,
    tmp_path: pathlib.Path,
) -> None:
    made = fairshare.commit(policy, parameters, CONTRIBUTOR, flights.slice(0, 20_000), tmp_path / "c")
    assert made.segments > 2
    out = tmp_path / "c.bundle"
    stopped(
        lambda **given: fairshare.prove(policy, parameters, made.folder, keys=keys, out=out, **given),
        "proving segments",
    )
    assert not out.exists()
    # What is finished is kept, and the same call goes on from there.
    proved = fairshare.prove(policy, parameters, made.folder, keys=keys, out=out)
    assert proved.records == 20_000 and out.read_bytes() == proved.bundle


def test_units_are_not_proved_under_a_stop(
    policy: fairshare.Policy, parameters: fairshare.Parameters, keys: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    out = tmp_path / "node.bundle"
    stopped(
        lambda **given: fairshare.prove_compute(
            policy, parameters, FLIGHTS / "units.csv", NODE, keys=keys, out=out, **given
        ),
        "making keys",
    )
    assert not out.exists()


def test_an_audit_hears_its_stop(parameters: fairshare.Parameters, archive: pathlib.Path) -> None:
    stop = fairshare.Stop()
    given: dict[str, Any] = {"allow_insecure": True, "stop": stop}
    assert fairshare.audit(archive, parameters, **given).accepted
    setting = threading.Thread(target=stop.set)
    setting.start()
    setting.join()
    with pytest.raises(fairshare.Cancelled, match="auditing was stopped"):
        fairshare.audit(archive, parameters, **given)
