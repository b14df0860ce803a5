"""Workers that hand in something else: named as Ray's `worker_process_setup_hook`."""

from __future__ import annotations

import os
import pathlib

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
