"""What the server knows to be registered: the one thing that bundles are verified against."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from logging import WARNING
from typing import Union

from flwr.common.logger import log

import fairshare
from fairshare import Public, Verified, _data

Registrations = Union[Public, Sequence[Public], Callable[[], Sequence[Public]]]
"""``request.json`` files or signed registrations: a folder of them, some of them, or a function that gives them.

A folder is read, and a function is called, again in every round: what is registered meanwhile counts.
"""

Verify = Callable[[bytes, Sequence[Public]], Verified]
"""Verifies a bundle against registrations, as ``fairshare.verify`` under the server's policy and parameters."""

_MAX_BYTES = 64 << 20
"""Longest registration; the compiled part refuses one that has a byte more."""
_PROBE = (1).to_bytes(32, "big") + bytes(31) + b"\1" + (1).to_bytes(32, "big") + bytes(32)
"""The header of a bundle of data that covers one dataset, whose digest is 0 and nobody's."""


class Registered:
    """Registrations by digest, read again when asked.

    A registration that cannot be read is passed over and logged: one contributor's file must not keep the others'
    bundles from being verified.
    """

    def __init__(self, source: Registrations, verify: Verify) -> None:
        """Raises what ``verify`` raises by no fault of a bundle: ``ParametersError`` and ``ValueError``."""
        self._source, self._verify = source, verify
        self._without = self._refusal([])
        self._digests: dict[bytes, str | None] = {}
        self._found: dict[str, bytes] = {}
        self.fingerprint = b""
        self._take(self._given())

    def refresh(self) -> None:
        """Asks the source again. Where it fails, which is logged, what was known before stands."""
        try:
            self._take(self._given())
        except Exception as error:
            log(WARNING, "fairshare: registrations cannot be read, and those known before stand: %s", error)

    def named_by(self, bundle: bytes) -> list[bytes]:
        """Those of the digests that stand in the bundle's header, which need not be a bundle's."""
        count = int.from_bytes(bundle[64:96], "big")
        digests = (bundle[96 + 32 * at : 128 + 32 * at] for at in range(min(count, len(bundle) // 32)))
        named = dict.fromkeys("0x" + one.hex() for one in digests)
        return [self._found[digest] for digest in named if digest in self._found]

    def _given(self) -> Iterator[tuple[str, bytes]]:
        """Registrations and what they are called. A file that is named has to be there; a folder's may go meanwhile."""
        source = self._source() if callable(self._source) else self._source
        for public in _data.publics(source):
            if isinstance(public, bytes):
                yield "a registration", public
            elif os.path.isdir(public):
                yield from _of_folder(public)
            else:
                yield public, _read(public)

    def _refusal(self, given: list[Public]) -> str:
        try:
            self._verify(_PROBE, given)
        except fairshare.VerifyError as error:
            return str(error)
        raise AssertionError("a header alone is not a bundle")

    def _take(self, given: Iterable[tuple[str, bytes]]) -> None:
        digests = ((self._digest(name, data), data) for name, data in given)
        self._found = {digest: data for digest, data in digests if digest is not None}
        self.fingerprint = hashlib.sha256("".join(sorted(self._found)).encode()).digest()

    def _digest(self, name: str, data: bytes) -> str | None:
        """The digest of what is registered, or None of what is not a registration."""
        key = hashlib.sha256(data).digest()
        if key not in self._digests:
            refusal = self._refusal([data])
            # The probe names no registration, so the answer differs only if this one cannot be read.
            readable = refusal == self._without
            self._digests[key] = str(json.loads(data)["digest"]).lower() if readable else None
            if not readable:
                log(WARNING, "fairshare: passing over %s: %s", name, refusal)
        return self._digests[key]


def _of_folder(folder: str) -> Iterator[tuple[str, bytes]]:
    with os.scandir(folder) as entries:
        names = sorted(entry.path for entry in entries if entry.is_file() and not entry.name.startswith("."))
    for name in names:
        try:
            yield name, _read(name)
        except OSError as error:
            log(WARNING, "fairshare: passing over a registration: %s", error)


def _read(name: str) -> bytes:
    with open(name, "rb") as file:
        return file.read(_MAX_BYTES + 1)
