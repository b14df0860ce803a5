"""A dataset on a cluster whose workers are killed, lie, and are looked through."""

from __future__ import annotations

import logging
import os
import pathlib
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
import ray
from conftest import CONTRIBUTOR, FLIGHTS, SYMBOLS, Begin

import fairshare
import fairshare.ray

KILLS = max(2, min(6, SYMBOLS // 500_000))


@pytest.fixture(scope="module")
def parts(policy: fairshare.Policy, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files with so many symbols in all, the last one shorter than the others."""
    folder = tmp_path_factory.mktemp("parts")
    flights = pyarrow.parquet.read_table(FLIGHTS / "JFK.parquet")
    files: list[str] = []
    records = SYMBOLS // len(policy.features)
    while records > 0:
        part = flights.slice(len(files) * 17, min(records, 60_000))
        files.append(str(folder / f"{len(files):03}.parquet"))
        pyarrow.parquet.write_table(part, files[-1])
        records -= len(part)
    return files


def symbols(folder: pathlib.Path) -> bytes:
    """Those of an opening: what stands after its header."""
    return (folder / "opening.bin").read_bytes()[113:]


def seed(folder: pathlib.Path) -> bytes:
    return (folder / "opening.bin").read_bytes()[41:73]


def proofs(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "proofs").iterdir())}


def copy(folder: pathlib.Path, to: pathlib.Path) -> pathlib.Path:
    """A commitment without its proofs and lists."""
    to.mkdir(mode=0o700)
    for name in ["request.json", "commitments.bin", "opening.bin"]:
        (to / name).write_bytes((folder / name).read_bytes())
        (to / name).chmod(0o600)
    return to


def proving() -> Iterator[psutil.Process]:
    """Processes that prove a segment at the moment: Ray names a worker after its task."""
    for process in psutil.process_iter(["cmdline"]):
        if any("_prove_segment" in word for word in process.info["cmdline"] or []):
            yield process


class Killer(threading.Thread):
    """Kills workers in the middle of a task, each some time after it began."""

    def __init__(self, kills: int) -> None:
        super().__init__(daemon=True)
        self.kills, self.landed, self.over = kills, 0, threading.Event()
        self._draw = random.Random(7)

    def run(self) -> None:
        while self.landed < self.kills and not self.over.is_set():
            for process in proving():
                time.sleep(self._draw.uniform(0, 0.2))
                try:
                    still = "_prove_segment" in " ".join(process.cmdline())
                    if still:
                        process.send_signal(signal.SIGKILL)
                        self.landed += 1
                except psutil.Error:
                    continue
                break
            time.sleep(self._draw.uniform(0.2, 1))


def test_killed_workers_change_nothing(
    begin: Begin,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    parts: list[str],
    tmp_path: pathlib.Path,
) -> None:
    """Every segment is the bytes of a local run, and no file of Ray's shows the seed or 32 symbols in a row."""
    session = begin()
    # Something of no meaning in Ray's small memory, so that what comes after it has to go to the disk.
    ballast = [ray.put(os.urandom(8 << 20)) for _ in range(8)]
    folder, out = tmp_path / "cluster", tmp_path / "cluster.bundle"
    fairshare.ray.commit(policy, parameters, CONTRIBUTOR, parts, folder)
    told: list[tuple[str, int, int | None]] = []
    killer = Killer(KILLS)
    killer.start()
    made = fairshare.ray.prove_folders(
        policy, parameters, folder, out=out, keys=keys, retries=20, progress=lambda *state: told.append(state)
    )
    killer.over.set()
    killer.join()
    assert killer.landed == KILLS, f"{killer.landed} of {KILLS} kills landed in time"
    local = fairshare.commit(policy, parameters, CONTRIBUTOR, parts, tmp_path / "local")
    assert symbols(folder) == symbols(tmp_path / "local") and made.records == local.records
    here = copy(folder, tmp_path / "here")
    alone = fairshare.prove(policy, parameters, here, keys=keys)
    assert proofs(folder) == proofs(here) and alone.score == made.score
    found = fairshare.verify(policy, parameters, out, folder / "request.json", allow_insecure=True)
    assert found.score == made.score
    segments = [(done, total) for task, done, total in told if task == "proving segments"]
    assert segments[0] == (0, len(proofs(here))) and segments[-1] == (len(proofs(here)),) * 2
    # The caller made none of them: all came from workers, so none was left to do at its own turn.
    assert (len(proofs(here)),) * 2 in segments[: len(proofs(here)) + 1]
    assert len(ballast) == 8
    look_through(session, folder)


def look_through(session: pathlib.Path, folder: pathlib.Path) -> None:
    secret, whole = seed(folder), symbols(folder)
    assert len(secret) == 32 and any(secret) and len(whole) >= 2 * 32
    # 32 symbols in a row, high byte first or last, from every eighth one: 39 in a row hold one of them.
    swapped = bytearray(whole)
    swapped[0::2], swapped[1::2] = whole[1::2], whole[0::2]
    rows = {bytes(text[at : at + 64]) for text in (whole, swapped) for at in range(0, len(whole) - 63, 16)}
    assert finds(whole[4096 : 4096 + 4 * 64], rows) and finds(bytes(swapped[8192:8448]), rows)
    looked, spilled = 0, 0
    for path in session.rglob("*"):
        if not path.is_file():
            continue
        text = path.read_bytes()
        looked += 1
        spilled += len(text) if "spill" in str(path) else 0
        assert secret not in text, path
        assert not finds(text, rows), path
    assert looked > 10 and spilled > 8 << 20, f"{looked} files, {spilled} bytes spilled"


def finds(text: bytes, rows: set[bytes]) -> bool:
    """Whether one of the rows is in the text, anywhere."""
    heads = {row[:4] for row in rows}
    return any(
        text[at : at + 4] in heads and text[at : at + 64] in rows for at in range(max(0, len(text) - 63))
    )


def test_what_a_worker_hands_in_is_not_believed(
    begin: Begin,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Another dataset's segment, another segment, one under another key, one altered, and what is no proof at all."""
    data = [FLIGHTS / "EWR.parquet"]
    target = tmp_path / "target"
    for name in ["target", "other"]:
        fairshare.commit(policy, parameters, CONTRIBUTOR, data, tmp_path / name)
    fairshare.prove(policy, parameters, tmp_path / "other", keys=keys)
    true = copy(target, tmp_path / "true")
    fairshare.prove(policy, parameters, true, keys=keys)
    mine, others = list(proofs(true).values()), list(proofs(tmp_path / "other").values())
    # A histogram's commitment stands after the 16 columns': that of another key is another point.
    stray = mine[3][: 16 * 64] + others[3][16 * 64 : 17 * 64] + mine[3][17 * 64 :]
    lies = [others[0], mine[2], mine[2][:-1] + bytes([mine[2][-1] ^ 1]), stray, b"", b"numbers", b"greedy", b"short"]
    told = tmp_path / "lies"
    told.mkdir()
    for segment, lie in enumerate(lies):
        (told / f"{segment}.proof").write_bytes(lie)
    monkeypatch.setenv("FAIRSHARE_LIES", str(told))
    environment = {"env_vars": {"FAIRSHARE_LIES": str(told)}, "worker_process_setup_hook": "lying.hook"}
    begin(runtime_env=environment)
    with caplog.at_level(logging.WARNING, "fairshare.ray"):
        fairshare.ray.prove_folders(policy, parameters, target, keys=keys)
    assert proofs(target) == proofs(true)
    assert sorted(path.suffix for path in told.iterdir()) == [".told"] * len(lies)
    said = "\n".join(record.getMessage() for record in caplog.records)
    for segment, why in enumerate(
        [
            "another dataset's segment",
            "the proof of segment 2, and segment 1 was asked for",
            "does not verify",
            "under another key",
            "another dataset's segment, or not a proof",
            "the result is a list",
        ]
    ):
        assert re.search(f"segment {segment}, try 1: .*{why}", said), (segment, said)
    # What asks for more than its own tries ends without a proof, as does what asks with no key: the caller proves them.
    assert "segment 6: a unit was asked for once too often" in said
    assert "segment 7: a key that nothing is sealed to" in said
    assert "did not prove segments [" in said


def test_records_are_in_no_file_of_rays(
    begin: Begin, policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path: pathlib.Path
) -> None:
    """Ray reads and seals in one task: between two it would store the records, here with a mark in a column of theirs."""
    mark = "A-MARK-THAT-NOTHING-ELSE-HAS"
    flights = pyarrow.parquet.read_table(FLIGHTS / "JFK.parquet")
    marked = flights.append_column("mark", pyarrow.array([mark] * len(flights)))
    names = []
    for part in range(6):
        names.append(str(tmp_path / f"{part}.parquet"))
        pyarrow.parquet.write_table(marked, names[-1], use_dictionary=False, compression="none")
    session = begin()
    ballast = [ray.put(os.urandom(8 << 20)) for _ in range(8)]
    found = fairshare.ray.commit(policy, parameters, CONTRIBUTOR, ray.data.read_parquet(names), tmp_path / "c")
    assert found.records == 6 * len(flights) and len(ballast) == 8
    # What is drained as it comes is not spilled. So Ray's own account is asked, too: one operator, and not two.
    stats = fairshare.ray._sealing(policy, ray.data.read_parquet(names), fairshare.RecordsKey().public)
    operators = re.findall(r"^Operator \d+ ([^:]+):", stats.materialize().stats(), re.MULTILINE)
    assert [name for name in operators if "_Seal" in name] == [operators[-1]] and "->" in operators[-1], operators
    texts = [path.read_bytes() for path in session.rglob("*") if path.is_file()]
    assert not any(mark.encode() in text for text in texts)
    assert any(mark.encode() in pathlib.Path(name).read_bytes() for name in names)


def test_what_the_cluster_does_not_finish_the_caller_does(
    begin: Begin,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fairshare.commit(policy, parameters, CONTRIBUTOR, FLIGHTS / "flights-2000.csv", tmp_path / "c")
    environment = {"env_vars": {"FAIRSHARE_LIES": str(tmp_path)}, "worker_process_setup_hook": "lying.hook"}
    (tmp_path / "0.proof").write_bytes(b"no")
    begin(runtime_env=environment)
    with caplog.at_level(logging.WARNING, "fairshare.ray"):
        made = fairshare.ray.prove_folders(policy, parameters, tmp_path / "c", keys=keys, retries=0)
    assert made.records == 2000 and "did not prove segments [0]" in caplog.text
    stop = fairshare.Stop()
    stop.set()
    with pytest.raises(fairshare.Cancelled):
        fairshare.ray.commit(policy, parameters, CONTRIBUTOR, [FLIGHTS / "JFK.parquet"], tmp_path / "d", stop=stop)
    fairshare.commit(policy, parameters, CONTRIBUTOR, FLIGHTS / "JFK.parquet", tmp_path / "e")
    with pytest.raises(fairshare.Cancelled):
        fairshare.ray.prove_folders(policy, parameters, tmp_path / "e", keys=keys, stop=stop)
    # Ctrl-C stops within two seconds, leaves what is finished, and the same call goes on from there.
    pressed: list[float] = []

    def press(task: str, done: int, total: int | None) -> None:
        if done >= 2 and not pressed:
            pressed.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fairshare.ray.prove_folders(policy, parameters, tmp_path / "e", keys=keys, progress=press)
    assert time.monotonic() - pressed[0] < 2
    kept = proofs(tmp_path / "e")
    assert 2 <= len(kept) < 24
    made = fairshare.ray.prove_folders(policy, parameters, tmp_path / "e", keys=keys)
    assert made.records == 111_279 and kept.items() <= proofs(tmp_path / "e").items()


def test_records_are_read_where_they_are(
    begin: Begin,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    """Ray's dataset, paths, and a table give one dataset, in one order; what cannot be read is said by its name."""
    begin()
    flights = pyarrow.parquet.read_table(FLIGHTS / "JFK.parquet").slice(0, 30_000)
    names = []
    for part in range(6):
        names.append(str(tmp_path / f"{part}.parquet"))
        pyarrow.parquet.write_table(flights.slice(part * 5_000, 5_000), names[-1])
    local = fairshare.commit(policy, parameters, CONTRIBUTOR, flights, tmp_path / "local")
    forms: dict[str, Any] = {
        "dataset": ray.data.read_parquet(names),
        "blocks": ray.data.from_arrow([flights.slice(0, 29_000), flights.slice(29_000)]),
        "paths": names,
        "table": flights,
    }
    for name, data in forms.items():
        found = fairshare.ray.commit(policy, parameters, CONTRIBUTOR, data, tmp_path / name)
        assert found.records == local.records == 30_000, name
        assert symbols(tmp_path / name) == symbols(tmp_path / "local"), name
    made = fairshare.ray.prove(names, policy, parameters, CONTRIBUTOR, tmp_path / "whole", keys=keys)
    assert made.score == fairshare.score(policy, flights).score
    again = fairshare.ray.prove(names, policy, parameters, CONTRIBUTOR, tmp_path / "whole", keys=keys)
    assert again.digests == made.digests and again.score == made.score
    with pytest.raises(TypeError, match="the data comes first"):
        fairshare.ray.prove(policy, parameters, CONTRIBUTOR, names, tmp_path / "whole")  # type: ignore[arg-type]
    with pytest.raises(fairshare.CommitError, match="holds a commitment already"):
        fairshare.ray.prove(names[1:], policy, parameters, CONTRIBUTOR, tmp_path / "whole", keys=keys)
    bad = flights.set_column(flights.schema.get_field_index("carrier"), "carrier", pyarrow.nulls(30_000))
    pyarrow.parquet.write_table(bad.drop_columns("carrier"), tmp_path / "bad.parquet")
    bads: list[Any] = [[*names, str(tmp_path / "bad.parquet")], ray.data.read_parquet([str(tmp_path / "bad.parquet")])]
    for data in bads:
        with pytest.raises(fairshare.IngestError, match="carrier"):
            fairshare.ray.commit(policy, parameters, CONTRIBUTOR, data, tmp_path / "refused")
    assert not (tmp_path / "refused" / "opening.bin").exists()


def test_readers_that_die_are_gone_on_for(
    begin: Begin, policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path: pathlib.Path
) -> None:
    """Each dies after its first batch of two, and Ray takes the second from the reader that it begins again."""
    names = [str(tmp_path / f"{part}.parquet") for part in range(2)]
    for name in names:
        pathlib.Path(name).write_bytes((FLIGHTS / "JFK.parquet").read_bytes())
    local = fairshare.commit(policy, parameters, CONTRIBUTOR, list(names), tmp_path / "local")
    environment = {"env_vars": {"FAIRSHARE_LIES": str(tmp_path)}, "worker_process_setup_hook": "lying.hook"}
    begin(runtime_env=environment)
    found = fairshare.ray.commit(policy, parameters, CONTRIBUTOR, list(names), tmp_path / "c")
    assert all(os.path.exists(name + ".died") for name in names)
    assert found.records == local.records and symbols(tmp_path / "c") == symbols(tmp_path / "local")


def test_many_bundles_are_verified(
    begin: Begin,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    data = fairshare.commit(policy, parameters, CONTRIBUTOR, FLIGHTS / "flights-2000.csv", tmp_path / "c")
    made = fairshare.prove(policy, parameters, data.folder, keys=keys)
    node, units = "0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4", FLIGHTS / "units.csv"
    compute = fairshare.prove_compute(policy, parameters, units, node, keys=keys)
    forged = made.bundle[:-1] + bytes([made.bundle[-1] ^ 1])
    (tmp_path / "node.bundle").write_bytes(compute.bundle)
    bundles: list[fairshare.Public] = [made.bundle, forged, tmp_path / "node.bundle", b"", *[made.bundle] * 40]
    begin()
    told: list[tuple[str, int, int | None]] = []
    found = fairshare.ray.verify(
        policy,
        parameters,
        bundles,
        data.request,
        units=units,
        allow_insecure=True,
        progress=lambda *state: told.append(state),
    )
    assert [verdict.accepted for verdict in found] == [True, False, True, False, *[True] * 40]
    assert (found[0].score, found[0].contributor, found[0].role) == (made.score, CONTRIBUTOR, "data")
    assert (found[2].score, found[2].role, found[2].records) == (compute.score, "compute", None)
    assert found[1].refusal and found[3].refusal and found[0].refusal is None and found[0].insecure
    assert told[-1] == ("verifying", 44, 44)
    with pytest.raises(fairshare.ParametersError):
        fairshare.ray.verify(policy, parameters, bundles, data.request)
