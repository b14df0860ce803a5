"""What server and node say to each other beside the model: one record in a message, under a name of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flwr.app import ConfigRecord, RecordDict

RECORD = "fairshare"
"""The record's name in a message, and in a node's state."""

_ROUND, _KNOWN, _BUNDLE, _DIGEST = "round", "known-sha256", "bundle", "bundle-sha256"


def sha256(data: bytes) -> bytes:
    """The hash by which both sides name a bundle: 32 bytes."""
    return hashlib.sha256(data).digest()


@dataclass(frozen=True)
class Asked:
    """What a server says with the model: the epoch's round, and the hash of the bundle that it has of this node."""

    round: int | None
    known: bytes | None

    def record(self) -> ConfigRecord:
        """As it is sent."""
        record = ConfigRecord()
        if self.round is not None:
            record[_ROUND] = self.round
        if self.known is not None:
            record[_KNOWN] = self.known
        return record

    @classmethod
    def taken_from(cls, content: RecordDict) -> Asked:
        """Takes the record out of a message, whose handler need not know of it; without one nothing was said."""
        record = content.get(RECORD)
        if not isinstance(record, ConfigRecord):
            return cls(None, None)
        del content[RECORD]
        number, known = record.get(_ROUND), record.get(_KNOWN)
        return cls(
            number if isinstance(number, int) and number >= 0 else None,
            known if isinstance(known, bytes) else None,
        )


def answer(bundle: bytes, known: bytes | None) -> ConfigRecord:
    """What a node attaches: its bundle, or only the hash where the server has it."""
    digest = sha256(bundle)
    return ConfigRecord({_DIGEST: digest} if known == digest else {_BUNDLE: bundle})


def attached(record: ConfigRecord) -> tuple[bytes | None, bytes | None]:
    """The bundle that a node attached, or the hash of one. Both are None where neither is there as bytes."""
    bundle, digest = record.get(_BUNDLE), record.get(_DIGEST)
    return (
        bundle if isinstance(bundle, bytes) else None,
        digest if isinstance(digest, bytes) else None,
    )
