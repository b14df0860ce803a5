"""A cluster of two nodes on this machine, and a commitment to prove on it."""

from __future__ import annotations

import logging
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

# Nothing is sent anywhere; asked before Ray is imported.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
# Worker processes find modules that tests hand them beside the tests.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(pathlib.Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
)

import ray
from ray.cluster_utils import Cluster

import fairshare

FLIGHTS = pathlib.Path(__file__).resolve().parents[3] / "examples" / "flights"
CONTRIBUTOR = "0x00000000000000000000000000000000000000A1"
SYMBOLS = int(os.environ.get("FAIRSHARE_SYMBOLS", "700000"))
"""Symbols of the dataset that is proved while workers die; 10,000,000 in the full run."""

Begin = Callable[..., pathlib.Path]


@pytest.fixture(scope="session")
def policy() -> fairshare.Policy:
    return fairshare.Policy.load(FLIGHTS / "policy-compact.toml")


@pytest.fixture(scope="session")
def parameters() -> fairshare.Parameters:
    return fairshare.Parameters.insecure("compact")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Begins a cluster of two nodes with one CPU each, and gives the folder that Ray keeps everything in."""
    # The path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder:
        clusters: list[Any] = []

        def begun(**options: Any) -> pathlib.Path:
            node: dict[str, Any] = {
                "num_cpus": 1,
                "object_store_memory": 80 << 20,
                "object_spilling_directory": folder + "/spill",
            }
            head = {**node, "_system_config": {"object_spilling_threshold": 0.5}, "temp_dir": folder + "/ray"}
            monkeypatch.setenv("RAY_TMPDIR", folder)
            pathlib.Path(folder, "ray").mkdir()
            cluster = Cluster(initialize_head=True, head_node_args=head)
            clusters.append(cluster)
            cluster.add_node(**node)
            ray.init(address=cluster.address, logging_level=logging.ERROR, **options)
            return pathlib.Path(folder)

        yield begun
        ray.shutdown()
        for cluster in clusters:
            cluster.shutdown()
