"""Two contributors with a bundle each, and a server's folder of registrations."""

from __future__ import annotations

import os
import pathlib
import shutil
from dataclasses import dataclass

# Nothing is sent anywhere; asked before Flower is imported.
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["FLWR_DISABLE_UPDATE_CHECK"] = "1"

import pytest

import fairshare

FLIGHTS = pathlib.Path(__file__).resolve().parents[3] / "examples" / "flights"


@dataclass(frozen=True)
class Contributor:
    """Somebody who owns flights."""

    address: str
    data: pathlib.Path
    request: pathlib.Path
    bundle: bytes


@pytest.fixture(scope="session")
def policy() -> fairshare.Policy:
    return fairshare.Policy.load(FLIGHTS / "policy-compact.toml")


@pytest.fixture(scope="session")
def parameters() -> fairshare.Parameters:
    return fairshare.Parameters.insecure("compact")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def contributors(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Contributor]:
    """Two, who own 1,000 flights each."""
    header, *rows = (FLIGHTS / "flights-2000.csv").read_text().splitlines(keepends=True)
    found = []
    for number, part in enumerate([rows[:1_000], rows[1_000:]], 1):
        folder = tmp_path_factory.mktemp("contributor")
        data, address = folder / "flights.csv", f"0x{number:040x}"
        data.write_text(header + "".join(part))
        made = fairshare.commit(policy, parameters, address, data, folder / "c")
        proved = fairshare.prove(policy, parameters, made.folder, keys=keys)
        found.append(Contributor(address, data, pathlib.Path(made.request), proved.bundle))
    return found


@pytest.fixture(scope="session")
def compute_bundle(policy: fairshare.Policy, parameters: fairshare.Parameters, keys: pathlib.Path) -> bytes:
    """A bundle of computing power, which verifies where the units are known."""
    node = "0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4"
    return fairshare.prove_compute(policy, parameters, FLIGHTS / "units.csv", node, keys=keys).bundle


@pytest.fixture
def registrations(contributors: list[Contributor], tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "registrations"
    folder.mkdir()
    for number, one in enumerate(contributors):
        shutil.copy(one.request, folder / f"{number}.json")
    return folder


def altered(bundle: bytes) -> bytes:
    """With one bit turned."""
    return bundle[:-1] + bytes([bundle[-1] ^ 1])
