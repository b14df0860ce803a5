"""Forks, and the end of the program: what becomes of the package's threads."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys

import pytest
from conftest import FLIGHTS

HEAD = f"""
import multiprocessing, os, sys, threading, time
import pyarrow.parquet, fairshare
flights, folder = {str(FLIGHTS)!r}, sys.argv[1]
policy = fairshare.Policy.load(flights + "/policy-compact.toml")
who = "0x00000000000000000000000000000000000000a1"
table = pyarrow.parquet.read_table(flights + "/EWR.parquet").slice(0, 3000)
"""

FORKED = """
parameters = fairshare.Parameters.insecure("compact")
fairshare.commit(policy, parameters, who, table, folder + "/d")
driver = fairshare.Driver(policy, parameters, [folder + "/d"])
works = {
    "params": lambda: fairshare.Parameters.insecure("compact"),
    "bytes": lambda: fairshare.Parameters.from_bytes(b""),
    "load": lambda: fairshare.Parameters.load("absent"),
    "commit": lambda: fairshare.commit(policy, parameters, who, table, folder + "/c"),
    "sealed": lambda: fairshare.commit_sealed(policy, parameters, who, [], fairshare.RecordsKey(), folder + "/s"),
    "prove": lambda: fairshare.prove(policy, parameters, folder),
    "compute": lambda: fairshare.prove_compute(policy, parameters, flights + "/units.csv", who),
    "verify": lambda: fairshare.verify(policy, parameters, b"", allow_insecure=True),
    "audit": lambda: fairshare.audit("absent", parameters),
    "driver": lambda: fairshare.Driver(policy, parameters, [folder]),
    "worker": lambda: fairshare.Worker(parameters),
    "segments": lambda: driver.lacking(),
    "score": lambda: fairshare.score(policy, table),
}
def child(name):
    try:
        works[name]()
    except Exception as error:
        print(name, type(error).__name__, error, flush=True)
    else:
        print(name, "done", flush=True)
for name in works:
    process = multiprocessing.get_context("fork").Process(target=child, args=[name])
    process.start()
    process.join(20)
    if process.exitcode is None:
        process.kill()
        print(name, "hangs", flush=True)
"""

UNUSED = """
def child():
    fairshare.commit(policy, fairshare.Parameters.insecure("compact"), who, table, folder + "/c")
    print("committed", flush=True)
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join(60)
sys.exit(process.exitcode)
"""

LEAVING = """
import numpy
rows = 3_000_000
columns = {name: numpy.zeros(rows) for name in policy.columns}
texts = [feature.columns[0] for feature in policy.features if feature.kind == "categorical"]
columns |= {name: ["a"] * rows for name in texts}
begun = threading.Semaphore(0)
def work():
    fairshare.reference(policy, columns, progress=lambda *_: begun.release())
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(3):
    begun.acquire()
print("leaving", flush=True)
"""


def run(code: str, folder: pathlib.Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HEAD + code, str(folder)], stdout=subprocess.PIPE, text=True, timeout=300
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")
def test_after_a_fork_what_would_wait_forever_is_refused(tmp_path: pathlib.Path) -> None:
    status, lines = run(FORKED, tmp_path)
    assert status == 0 and len(lines) == 13
    assert lines.pop() == "score done"
    for line in lines:
        name, kind, said = line.split(" ", 2)
        assert kind == "Error" and "start processes with" in said and '"spawn"' in said, line


@pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")
def test_a_fork_before_the_first_call_works(tmp_path: pathlib.Path) -> None:
    assert run(UNUSED, tmp_path) == (0, ["committed"])


def test_the_program_ends_while_its_threads_work(tmp_path: pathlib.Path) -> None:
    status, lines = run(LEAVING, tmp_path)
    assert lines[-1] == "leaving"
    assert status == 0, f"signal {signal.Signals(-status).name}" if status < 0 else status
