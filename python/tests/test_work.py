"""From data to a verified bundle; stopping, progress, other threads and memory."""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import numpy
import psutil
import pyarrow
import pytest
from conftest import CONTRIBUTOR, FLIGHTS, NODE

import fairshare
import fairshare.aio

RECORDS = int(os.environ.get("FAIRSHARE_ROWS", "12000000"))
"""Records of the large tables: 40,000,000 of them are more than a gibibyte."""


@pytest.fixture(scope="module")
def proved(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[fairshare.Committed, fairshare.Proved]:
    folder = tmp_path_factory.mktemp("proved") / "flights"
    frame = pyarrow.csv.read_csv(FLIGHTS / "flights-2000.csv").to_pandas()
    committed = fairshare.commit(policy, parameters, CONTRIBUTOR, frame, folder)
    return committed, fairshare.prove(policy, parameters, committed.folder, keys=keys)


def test_a_frame_is_committed_to_proved_and_verified(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    proved: tuple[fairshare.Committed, fairshare.Proved],
) -> None:
    committed, made = proved
    score = fairshare.score(policy, FLIGHTS / "flights-2000.csv")
    assert (made.score, made.records, made.digests) == (score.score, 2000, [committed.digest])
    found = fairshare.verify(policy, parameters, made.bundle, committed.request, allow_insecure=True)
    assert (found.score, found.contributor, found.records) == (score.score, CONTRIBUTOR, 2000)
    assert found.insecure and found.role == "data"
    for refused in [made.bundle[:-1], made.bundle[:-1] + bytes([made.bundle[-1] ^ 1])]:
        with pytest.raises(fairshare.VerifyError):
            fairshare.verify(policy, parameters, refused, [committed.request], allow_insecure=True)
    with pytest.raises(fairshare.VerifyError):
        fairshare.verify(policy, parameters, made.bundle, allow_insecure=True)
    with pytest.raises(fairshare.ParametersError):
        fairshare.verify(policy, parameters, made.bundle, committed.request)
    with pytest.raises(fairshare.ParametersError):
        wrong = "0x" + "11" * 32
        fairshare.verify(
            policy, parameters, made.bundle, committed.request, rules_hash=wrong, allow_insecure=True
        )


def test_units_are_proved_and_verified(
    policy: fairshare.Policy, parameters: fairshare.Parameters, keys: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    units, out = FLIGHTS / "units.csv", tmp_path / "node.bundle"
    made = fairshare.prove_compute(policy, parameters, units, NODE, out=out, keys=keys)
    assert out.read_bytes() == made.bundle and made.role == "compute" and made.records is None
    found = fairshare.verify(policy, parameters, out, units=units, allow_insecure=True)
    assert (found.score, found.contributor) == (made.score, NODE)
    assert made.score == fairshare.score_compute(policy, units, NODE).score


def test_a_draft_is_a_policy_that_others_read(tmp_path: pathlib.Path, flights: pyarrow.Table) -> None:
    parts = [flights, FLIGHTS / "LGA.parquet"]
    drafted = fairshare.draft(parts, leave_out=["month"], categorical=["hour"], pool=10**30)
    assert [part.records for part in drafted.parts] == [111_279, 104_662] and drafted.records == 215_941
    assert drafted.parts[0].name == "part 1" and drafted.parts[0].nats_per_record > 0
    assert drafted.remarks and drafted.to_set
    read = fairshare.Policy.load(drafted.save(tmp_path))
    assert (read.text, read.hash) == (drafted.policy.text, drafted.policy.hash)
    assert "month" not in read.columns and "pool = 1_000_000" in read.text
    hour = next(feature for feature in read.features if feature.name == "hour")
    assert hour.kind == "categorical" and len(hour.reference) == len(hour.bins)
    assert fairshare.score(read, flights).score == drafted.parts[0].score
    with pytest.raises(FileExistsError):
        drafted.save(tmp_path)


def test_an_archive_is_audited(parameters: fairshare.Parameters, tmp_path: pathlib.Path) -> None:
    """The command begins a ledger and exports it; the package audits what it wrote."""
    command = os.environ["FAIRSHARE_COMMAND"]

    def run(*words: str) -> None:
        subprocess.run([command, *words], check=True, cwd=tmp_path, capture_output=True)

    run("params", "insecure", "--geometry", "compact", "--out", "dev.srs")
    policy = str(FLIGHTS / "policy-compact.toml")
    run("vault", "init", "--ledger", "vault.ledger", "--policy", policy, "--params", "dev.srs", "--begin")
    run("vault", "export", "--ledger", "vault.ledger", "--archive", "ledger.tar")
    told: list[tuple[str, int, int | None]] = []
    whole = fairshare.Parameters.load(tmp_path / "dev.srs")
    assert whole.digest == parameters.digest and whole.is_insecure
    found = fairshare.audit(
        tmp_path / "ledger.tar", whole, allow_insecure=True, progress=lambda *state: told.append(state)
    )
    assert found.accepted and found.entries >= 1 and not found.differences and told
    assert "<html" in found.html and found.text
    wrong = fairshare.audit(tmp_path / "ledger.tar", [whole], total=5, allow_insecure=True)
    assert not wrong.accepted and wrong.differences


def large(records: int) -> pyarrow.Table:
    """A table of numbers, 28 bytes each record, that no library made in pieces."""
    numbers = numpy.arange(records, dtype="i8")
    columns = {
        "a": numbers % 97,
        "b": (numbers % 1_000).astype("f8"),
        "c": (numbers % 31).astype("i4"),
        "unread": numbers,
    }
    return pyarrow.table(columns)


@pytest.fixture(scope="module")
def numbers() -> fairshare.Policy:
    return fairshare.draft([large(100_000).drop_columns("unread")], expected_records=100_000).policy


class Beside(threading.Thread):
    """A thread that asks for the interpreter every millisecond: its longest wait, and the most memory meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._process, self._over = psutil.Process(), threading.Event()
        self.peak, self.longest = 0, 0.0

    def run(self) -> None:
        last = time.monotonic()
        while not self._over.is_set():
            self.peak = max(self.peak, self._process.memory_info().rss)
            time.sleep(0.001)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now

    def __enter__(self) -> Beside:
        self.before = self._process.memory_info().rss
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def test_memory_does_not_grow_with_the_table(numbers: fairshare.Policy) -> None:
    table = large(RECORDS)
    # Threads and what they keep are there before.
    fairshare.score(numbers, large(100_000))
    with Beside() as beside:
        assert fairshare.score(numbers, table).records == RECORDS
    grown = (beside.peak - beside.before) / 2**20
    print(f"{table.nbytes / 2**30:.2f} GiB: {grown:.1f} MiB more")
    # The narrowest column that is read takes four bytes for each record: one copied is too much.
    narrowest = 4 * RECORDS / 2**20
    assert grown < min(64, narrowest * 0.8)


def test_other_threads_go_on(numbers: fairshare.Policy) -> None:
    """The longest wait for the interpreter. A busy machine may hold a thread back as well, but hardly three times."""
    table = large(RECORDS)
    waits = []
    for _ in range(3):
        with Beside() as beside:
            fairshare.score(numbers, table)
        waits.append(beside.longest)
    print(f"the longest waits: {', '.join(f'{1000 * wait:.0f} ms' for wait in waits)}")
    assert min(waits) < 0.05


def test_progress_is_told_here_and_what_it_raises_stops_the_work(numbers: fairshare.Policy) -> None:
    told: list[tuple[str, int, int | None]] = []
    threads = set()

    def hear(task: str, done: int, total: int | None) -> None:
        threads.add(threading.get_ident())
        told.append((task, done, total))

    table = large(RECORDS)
    fairshare.score(numbers, table, progress=hear)
    assert threads == {threading.get_ident()}
    assert told[0] == ("reading", 0, RECORDS) and told[-1] == ("reading", RECORDS, RECORDS)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)

    def fail(task: str, done: int, total: int | None) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        fairshare.score(numbers, table, progress=fail)


def test_a_stop_from_another_thread_is_cancelled(numbers: fairshare.Policy) -> None:
    stop = fairshare.Stop()
    stop.set()
    table = large(100_000)
    for work in [fairshare.score, fairshare.reference]:
        with pytest.raises(fairshare.Cancelled):
            work(numbers, table, stop=stop)
    with pytest.raises(fairshare.Cancelled):
        fairshare.draft([table], stop=stop)


def test_coroutines_leave_the_loop_free_and_stop_when_cancelled(
    policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path: pathlib.Path, flights: pyarrow.Table
) -> None:
    table = pyarrow.concat_tables([flights] * 10)

    async def go() -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.005)
                turns += 1

        counting = asyncio.create_task(count())
        told: list[Any] = []
        score = await fairshare.aio.score(policy, table, progress=lambda *state: told.append(state))
        assert score.records == 1_112_790 and turns > 5 and told
        begun = asyncio.Event()
        commit = asyncio.create_task(
            fairshare.aio.commit(
                policy, parameters, CONTRIBUTOR, table, tmp_path / "c", progress=lambda *_: begun.set()
            )
        )
        await begun.wait()
        began = time.monotonic()
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit
        assert time.monotonic() - began < 2
        counting.cancel()

    asyncio.run(go())
    assert not (tmp_path / "c" / "request.json").exists()


SCRIPT = """
import sys, time, pyarrow, pyarrow.parquet, fairshare
flights, folder, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
policy = fairshare.Policy.load(flights + "/policy-compact.toml")
parameters = fairshare.Parameters.insecure("compact")
table = pyarrow.concat_tables([pyarrow.parquet.read_table(flights + "/EWR.parquet")] * times)
def hear(task, done, total):
    print(task, done, total, flush=True)
try:
    made = fairshare.commit(policy, parameters, "0x00000000000000000000000000000000000000a1", table, folder,
                            progress=hear)
except KeyboardInterrupt:
    print("interrupted", time.time(), flush=True)
    sys.exit(7)
print("committed", made.digest, made.records, flush=True)
"""


def test_ctrl_c_stops_within_two_seconds_and_the_same_call_goes_on(tmp_path: pathlib.Path) -> None:
    folder, script = tmp_path / "c", tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    words = [sys.executable, str(script), str(FLIGHTS), str(folder), "8"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    asked = None
    for line in process.stdout:
        # Some segments are committed to, and many are not.
        if asked is None and line.startswith("committing") and int(line.split()[1]) >= 3:
            asked = time.time()
            process.send_signal(signal.SIGINT)
        if line.startswith("interrupted"):
            assert asked is not None and float(line.split()[1]) - asked < 2
    assert process.wait() == 7 and asked is not None
    assert (folder / "commit.journal").exists() and not (folder / "request.json").exists()
    kept = (folder / "commit.journal").read_bytes()
    # A second name of the same file: it grows if the journal is gone on with, and stays as it is if one is begun anew.
    os.link(folder / "commit.journal", tmp_path / "journal")
    again = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert again[-1].startswith("committed 0x") and again[-1].endswith(f" {8 * 120_835}")
    grown = (tmp_path / "journal").read_bytes()
    assert len(grown) > len(kept) and grown.startswith(kept)
    assert len(kept) > 1_000 and (folder / "request.json").exists() and not (folder / "commit.journal").exists()
