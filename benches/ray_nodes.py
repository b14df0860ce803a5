"""What a Ray cluster's second node gives: fitted on one node, held against two.

`python benches/ray_nodes.py`, where `fairshare`, `ray[data]` and `psutil` are installed, on two cores with nothing else to do. A node has one CPU. One
node proves two datasets; the line through their times says what a run and what a segment takes: seconds of the node, Ray's scheduling and the
caller's work included, and processor time of the node, of the caller with its relay, and of Ray itself. From that follows what two nodes take for a
third dataset: half the seconds, unless these two cores have more to do than that, the caller and Ray beside the nodes. It is then measured.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import tempfile
import threading
import time

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import psutil
import pyarrow
import pyarrow.parquet
import ray
from ray.cluster_utils import Cluster

import fairshare
import fairshare.ray

FLIGHTS = pathlib.Path(__file__).resolve().parents[1] / "examples" / "flights"
FITTED, HELD_OUT = (40, 120), 200
"""Segments of the datasets."""
SYMBOLS = 32_640
"""Of a compact segment of 16 columns."""
CORES = 2
NODES = (10, 100, 1000)


class Meter(threading.Thread):
    """Processor seconds of nodes, caller and Ray, of processes that have ended too: as they were seen last."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._seen: dict[int, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def run(self) -> None:
        while True:
            self.spent()
            time.sleep(0.2)

    def spent(self) -> dict[str, float]:
        this = psutil.Process()
        with self._lock:
            for process in [this, *this.children(recursive=True)]:
                try:
                    name, times = " ".join(process.cmdline()), process.cpu_times()
                except psutil.Error:
                    continue
                is_worker = name.startswith("ray::") and "_Relay" not in name
                who = "nodes" if is_worker else "caller" if process == this or "_Relay" in name else "Ray"
                before = self._seen.get(process.pid, (who, 0.0))
                # A relay has another name until it begins.
                who = "caller" if "caller" in (who, before[0]) else who
                self._seen[process.pid] = (who, times.user + times.system)
            totals = {"nodes": 0.0, "caller": 0.0, "Ray": 0.0}
            for who, seconds in self._seen.values():
                totals[who] += seconds
        return totals


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    meter = Meter()
    meter.start()
    policy = fairshare.Policy.load(FLIGHTS / "policy-compact.toml")
    parameters = fairshare.Parameters.insecure("compact")
    flights = pyarrow.parquet.read_table(FLIGHTS / "JFK.parquet")
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as text:
        root = pathlib.Path(text)
        os.environ["RAY_TMPDIR"] = text
        (root / "ray").mkdir()

        def committed(name: str, segments: int) -> pathlib.Path:
            table = pyarrow.concat_tables([flights] * 10).slice(0, segments * SYMBOLS // len(policy.features))
            found = fairshare.commit(policy, parameters, "0x" + "00" * 19 + "a1", table, root / name)
            return pathlib.Path(found.folder)

        def measured(name: str, segments: int) -> dict[str, float]:
            folder = committed(name, segments)
            before = meter.spent()
            driver = fairshare.Driver(policy, parameters, [str(folder)], str(root / "keys"))
            began = time.monotonic()
            cluster = fairshare.ray._Cluster(driver, parameters, 1, None, root / "keys", 0)
            cluster.prove(driver.lacking(), None, None)
            taken = time.monotonic() - began
            assert not driver.lacking()
            return {"seconds": taken, **{who: spent - before[who] for who, spent in meter.spent().items()}}

        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "temp_dir": text + "/ray"})
        ray.init(address=cluster.address, logging_level="ERROR")
        measured("keys", 2)
        few, many = (measured(f"one-{segments}", segments) for segments in FITTED)
        each = {what: (many[what] - few[what]) / (FITTED[1] - FITTED[0]) for what in few}
        start = few["seconds"] - each["seconds"] * FITTED[0]
        busy = sum(each[who] for who in ("nodes", "caller", "Ray"))
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        # Its workers' processes, and their keys.
        measured("again", 24)
        predicted = start + HELD_OUT * max(each["seconds"] / 2, busy / CORES)
        found = measured("two", HELD_OUT)["seconds"]
        ray.shutdown()
        cluster.shutdown()
    print(f"one node: {start:.2f} s, and {each['seconds']:.3f} s for each segment")
    for who in ("nodes", "caller", "Ray"):
        print(f"  processor seconds of {who} for a segment: {each[who]:.4f}")
    print(f"two nodes, {HELD_OUT} segments: predicted {predicted:.1f} s, took {found:.1f} s: {found / predicted:.2f} of it")
    for nodes in NODES:
        by_nodes, by_caller = each["seconds"] / nodes, each["caller"]
        limit = "nodes" if by_nodes > by_caller else "caller"
        hours = 10**10 / SYMBOLS * max(by_nodes, by_caller) / 3600
        print(f"{nodes} nodes of one core, 10^10 symbols: {hours:.2f} h, limited by the {limit}")


if __name__ == "__main__":
    main()
