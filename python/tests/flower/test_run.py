"""A SuperLink and two SuperNodes, as users start them, that run the example."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
from conftest import FLIGHTS, Contributor, altered

import fairshare
from fairshare.flower import UnitsTable

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flower"
sys.path.insert(0, str(EXAMPLE))
from flights_app import model  # noqa: E402

TURN = 0.1
"""Seconds between two looks."""


class Federation:
    """Flower's own programs on this machine. All that they write is in one folder."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        home = folder / "home"
        home.mkdir()
        programs = str(pathlib.Path(sys.executable).parent)
        self.environment = {
            **os.environ,
            "FLWR_HOME": str(home),
            "HOME": str(home),
            "PATH": programs + os.pathsep + os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.port = free_port()
        address = f'address = "127.0.0.1:{self.port}"\ninsecure = true\n'
        (home / "config.toml").write_text(f'[superlink]\ndefault = "here"\n[superlink.here]\n{address}')
        shutil.copytree(EXAMPLE, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
        port = ["--port", str(self.port)]
        self.begin("link", "flower-superlink", "--insecure", *port, "--disable-runtime-dependency-installation")
        self.wait()

    def begin(self, name: str, *command: str) -> None:
        with open(self.folder / f"{name}.log", "wb") as file:
            self.running.append(
                subprocess.Popen(
                    command,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=self.environment,
                    start_new_session=True,
                )
            )

    def wait(self) -> None:
        """Until the SuperLink listens."""
        until = time.monotonic() + 30
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < until and self.running[0].poll() is None, self.log("link")
            time.sleep(TURN)

    def node(self, name: str, bundle: pathlib.Path, data: pathlib.Path) -> None:
        config = f'bundle="{bundle}" data="{data}"'
        link, own = f"127.0.0.1:{self.port}", str(free_port())
        self.begin(
            name, "flower-supernode", "--insecure", "--superlink", link, "--port", own, "--node-config", config
        )

    def run(self, **config: Any) -> str:
        """Runs the example to its end, and gives what it logged."""
        # As TOML has them: text in quotes, numbers without.
        values = {name: f'"{one}"' if isinstance(one, pathlib.Path) else one for name, one in config.items()}
        given = " ".join(f"{name}={value}" for name, value in values.items())
        command = ["flwr", "run", "app", "here", "--stream", "--run-config", given]
        told = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=70
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout + told.stderr

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def end(self) -> None:
        """Ends the programs, nodes first, and whatever they have started."""
        for one in reversed(self.running):
            one.terminate()
        for one in self.running:
            try:
                one.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()
        until = time.monotonic() + 10
        while left := self.left():
            if time.monotonic() > until:
                for process in left:
                    os.kill(process, signal.SIGKILL)
                raise AssertionError(f"processes {left} were left running")
            time.sleep(TURN)

    def left(self) -> list[int]:
        """Processes that have this federation's environment."""
        mark = f"FLWR_HOME={self.environment['FLWR_HOME']}".encode()
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def federation(tmp_path: pathlib.Path) -> Iterator[Federation]:
    started = Federation(tmp_path)
    try:
        yield started
    finally:
        started.end()


def learned(weights: model.Numbers, rounds: int, *nodes: Contributor) -> model.Numbers:
    """What these nodes make of the weights, as averages of their updates."""
    flights = [model.load(str(node.data)) for node in nodes]
    for _ in range(rounds):
        updates = [model.trained(weights, *one) for one in flights]
        weights = numpy.average(updates, axis=0, weights=[len(one[0]) for one in flights])
    return weights


def test_verified_nodes_train_the_model_and_are_paid(
    federation: Federation,
    contributors: list[Contributor],
    registrations: pathlib.Path,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    one, two = contributors
    bundles = [tmp_path / "one.bundle", tmp_path / "two.bundle"]
    bundles[0].write_bytes(one.bundle)
    bundles[1].write_bytes(altered(two.bundle))
    federation.node("one", bundles[0], one.data)
    federation.node("two", bundles[1], two.data)
    units, kept = tmp_path / "units.csv", tmp_path / "model.npz"
    config = {
        "policy": FLIGHTS / "policy-compact.toml",
        "registrations": registrations,
        "units": units,
        "model": kept,
        "evaluated": 0.0,
    }

    told = federation.run(**config, rounds=3)
    first = numpy.load(kept)["weights"]
    assert first == pytest.approx(learned(model.initial(), 3, one), rel=1e-12)
    assert first != pytest.approx(learned(model.initial(), 3, one, two), rel=1e-3)
    assert told.count("left out: bundle refused") == 3 and "updates left out: 3" in told
    table = UnitsTable(units, policy)
    assert table.rounds_of(one.address) == {0: 1, 1: 1, 2: 1} and table.rounds_of(two.address) == {}
    # Each node has counted its own work, and sees in the table what is on record for it.
    for name in ["one", "two"]:
        assert federation.log(name).count("trained in round 2; rounds of this run so far: 3") == 1

    # The second node puts its own bundle in the place of the altered one. The epoch goes on.
    bundles[1].write_bytes(two.bundle)
    told = federation.run(**{**config, "evaluated": 1.0}, rounds=1)
    second = numpy.load(kept)["weights"]
    assert second == pytest.approx(learned(model.initial(), 1, one, two), rel=1e-12)
    assert "updates left out: 0" in told
    assert table.rounds_of(one.address) == {0: 1, 1: 1, 2: 1, 3: 1}
    assert table.rounds_of(two.address) == {3: 1}
    for name in ["one", "two"]:
        assert "rounds of the epoch in which this node trained: [3]" in federation.log(name)

    for node, count in [(one, 4), (two, 1)]:
        scored = fairshare.score_compute(policy, units, node.address)
        proved = fairshare.prove_compute(policy, parameters, units, node.address, keys=keys)
        assert scored.units == count and proved.score == scored.score > 0
        found = fairshare.verify(policy, parameters, proved.bundle, units=units, allow_insecure=True)
        assert (found.role, found.contributor, found.score) == ("compute", node.address, scored.score)
