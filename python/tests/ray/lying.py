"""Workers that hand in something else, or die while they read: named as Ray's `worker_process_setup_hook`."""

from __future__ import annotations

import os
import pathlib
import signal
from collections.abc import Iterator

import fairshare
import fairshare.ray


def hook() -> None:
    """Has this worker process answer for the first segments with what lies in the folder that the test names."""
    honest = fairshare.ray._prove_unit
    lies = pathlib.Path(os.environ["FAIRSHARE_LIES"])

    def lie(worker: fairshare.Worker, segment: int, unit: bytes, ask: object) -> bytes:
        proof = honest(worker, segment, unit, ask)  # type: ignore[arg-type]
        path = lies / f"{segment}.proof"
        try:
            # Once for each segment, whoever comes first.
            taken = path.rename(path.with_suffix(".told"))
        except FileNotFoundError:
            return proof
        return taken.read_bytes()

    fairshare.ray._prove_unit = lie
    read = fairshare.ray._read

    def die(policy: fairshare.Policy, path: str, key: bytes, name: bytes) -> Iterator[bytes]:
        for number, batch in enumerate(read(policy, path, key, name)):
            # After its first batch, once for each file.
            if number == 1 and not os.path.exists(path + ".died"):
                pathlib.Path(path + ".died").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch

    fairshare.ray._read = die
