"""Workers that hand in something else, or die while they read: named as Ray's `worker_process_setup_hook`."""

from __future__ import annotations

import os
import pathlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

import fairshare
import fairshare.ray


def hook() -> None:
    """Has this worker process answer for the first segments with what lies in the folder that the test names."""
    honest = fairshare.ray._prove_unit
    lies = pathlib.Path(os.environ["FAIRSHARE_LIES"])

    def lie(worker: fairshare.Worker, segment: int, unit: bytes, ask: Callable[[bytes], bytes]) -> Any:
        told = lies / f"{segment}.told"
        try:
            # Once for each segment, whoever comes first.
            (lies / f"{segment}.proof").rename(told)
        except FileNotFoundError:
            return honest(worker, segment, unit, ask)
        lie = told.read_bytes()
        if lie == b"numbers":
            return [300]
        if lie == b"greedy":
            # More units than tries.
            for _ in range(9):
                ask(fairshare.WorkerTask().key)
        if lie == b"short":
            ask(b"short")
        return lie

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
