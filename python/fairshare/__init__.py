"""Royalties by zero-knowledge proof, from where data is: pandas, Arrow, polars, DuckDB, NumPy and files.

A contributor commits to data, and proves the exact divergence of its histogram from a public reference,
without showing the data. Everybody verifies that proof, and audits what was paid for it.

Data is a table or a path, or a list of either, which together are one dataset:

- anything with ``__arrow_c_stream__``: ``pandas.DataFrame``, ``pyarrow.Table`` and readers, ``polars.DataFrame``,
  DuckDB results. One record is one row. Arrays are read where they are, so do not change them meanwhile;
- NumPy: a structured array of shape ``(records,)``, a dict of arrays of shape ``(records,)`` each, or an array
  of shape ``(records, columns)`` with the policy's columns in the policy's order. NaN is a missing value;
- what gives its batches once, as ``pyarrow.RecordBatchReader``: one call may read it, and no other, not even after a
  stop, so make a new reader then. An object of your own that gives its records once has to raise the second time;
- ``str`` or ``os.PathLike``: files, folders and patterns, in every format that the command reads.

``progress=True`` shows bars if ``tqdm`` is installed; a callable is called with ``(task, done, total)``, where
``total`` is None while nobody knows it. Ctrl-C stops the work within two seconds; what is finished is kept, and the
same call goes on from there. All functions let go of the interpreter while they work. ``fairshare.aio`` has them as
coroutines.

One dataset on several machines: ``fairshare.ray`` is for those of a Ray cluster. It is made of these, which know no cluster:
``RecordsKey`` and ``SealedRecords`` carry records to ``commit_sealed``, ``Driver`` hands out segments, and ``Worker`` proves them.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from typing import Union

from fairshare import _data, _native
from fairshare._data import Data
from fairshare._native import (
    AuditError,
    Audited,
    Bin,
    Cancelled,
    CommitError,
    Committed,
    ComputeScore,
    Draft,
    DraftError,
    DraftedPart,
    Driver,
    Error,
    Feature,
    FeatureScore,
    IngestError,
    Parameters,
    ParametersError,
    Policy,
    PolicyError,
    ProveError,
    Proved,
    RecordsKey,
    Score,
    ScoreError,
    SealedRecords,
    Stop,
    Unmatched,
    Verified,
    VerifyError,
    Worker,
    WorkerTask,
    WorkError,
    __version__,
    commit_sealed,
)
from fairshare._progress import Progress, listening

# Before the interpreter goes, for threads that it ends nowhere else.
atexit.register(_native.end_work)

Path = Union[str, "os.PathLike[str]"]
"""A path."""
Public = Union[bytes, Path]
"""A public thing as bytes, or the file that it is in."""

__all__ = [
    "AuditError",
    "Audited",
    "Bin",
    "Cancelled",
    "CommitError",
    "Committed",
    "ComputeScore",
    "Data",
    "Draft",
    "DraftError",
    "DraftedPart",
    "Driver",
    "Error",
    "Feature",
    "FeatureScore",
    "IngestError",
    "Parameters",
    "ParametersError",
    "Path",
    "Policy",
    "PolicyError",
    "Progress",
    "ProveError",
    "Proved",
    "Public",
    "RecordsKey",
    "Score",
    "ScoreError",
    "SealedRecords",
    "Stop",
    "Unmatched",
    "Verified",
    "VerifyError",
    "WorkError",
    "Worker",
    "WorkerTask",
    "__version__",
    "audit",
    "commit",
    "commit_sealed",
    "draft",
    "prove",
    "prove_compute",
    "reference",
    "score",
    "score_compute",
    "verify",
]


def draft(
    parts: Sequence[Data],
    *,
    reference_from: Sequence[Data] = (),
    leave_out: Sequence[str] = (),
    categorical: Sequence[str] = (),
    accept_unmatched: bool = False,
    expected_records: int | None = None,
    geometry: str | None = None,
    parameters: Parameters | None = None,
    pool: int | None = None,
    progress: Progress = None,
    stop: Stop | None = None,
) -> Draft:
    """Drafts the policy of an epoch that pays these parts: one for each contributor.

    Each part is read more than once, so a reader that gives its batches once is refused. ``expected_records`` are those of the
    smallest contribution expected, ``pool`` is what the epoch pays in the token's smallest unit. Parts are compared
    with ``reference_from``, or with all parts together. Columns in ``categorical`` are numbers that are codes.

    Raises ``DraftError``, or ``IngestError`` where a part cannot be read.
    """
    with listening(progress) as heard:
        return _native.draft(
            [_data.one(part, None) for part in _data.several("parts", parts)],
            [_data.one(part, None) for part in _data.several("reference_from", reference_from)],
            _data.named("leave_out", leave_out),
            _data.named("categorical", categorical),
            accept_unmatched,
            expected_records,
            geometry,
            parameters,
            pool,
            heard,
            stop,
        )


def reference(policy: Policy, data: Data, *, progress: Progress = None, stop: Stop | None = None) -> dict[str, list[int]]:
    """Counts of data by feature: a list of shape ``(bins,)`` each, in the order of ``Feature.bins``.

    These are what a policy's reference is made of, before smoothing. Each list's sum is the number of records.
    """
    with listening(progress) as heard:
        return _native.reference(policy, _data.items(data, policy), heard, stop)


def score(policy: Policy, data: Data, *, progress: Progress = None, stop: Stop | None = None) -> Score:
    """The exact score of data, without a proof: ``Score.score`` is the integer, in 1/256 nat, that a proof shows.

    The result holds the data's histogram: it is for the contributor alone. Memory does not grow with the data.

    Raises ``IngestError`` where the data cannot be read under the policy's schema, else ``ScoreError``.
    """
    with listening(progress) as heard:
        return _native.score(policy, _data.items(data, policy), heard, stop)


def score_compute(policy: Policy, units: Path, node: str) -> ComputeScore:
    """The exact score of a node's units, in 2^-48: its decayed share of the epoch's rounds, without a proof.

    ``units`` is the epoch's table of units as CSV, one row for each round; ``node`` an address as ``0x…``.
    """
    return _native.score_compute(policy, units, node)


def commit(
    policy: Policy,
    parameters: Parameters,
    contributor: str,
    data: Data,
    folder: Path,
    *,
    accept_unmatched: bool = False,
    progress: Progress = None,
    stop: Stop | None = None,
) -> Committed:
    """Commits to data, for the address ``contributor``, into a folder that holds no commitment yet.

    The folder's ``request.json`` is public, and is what the registry is asked to record. Its ``opening.bin`` is secret:
    without it nothing can be proved. The same call, after an interruption, goes on with what stands in the folder.

    Raises ``CommitError``, or ``IngestError`` where the data cannot be read. Data of which more than half of a column
    matches nothing in the schema is refused, unless ``accept_unmatched``.
    """
    with listening(progress) as heard:
        return _native.commit(
            policy, parameters, contributor, _data.items(data, policy), folder, accept_unmatched, heard, stop
        )


def prove(
    policy: Policy,
    parameters: Parameters,
    folders: Path | Sequence[Path],
    *,
    out: Path | None = None,
    threads: int | None = None,
    memory: int | None = None,
    keys: Path | None = None,
    ninth_score: bool = False,
    progress: Progress = None,
    stop: Stop | None = None,
) -> Proved:
    """Proves the score of one contributor's commitment folders together, and verifies the bundle.

    ``out`` is where the bundle is written, ``memory`` a limit in bytes, ``keys`` the folder where proving keys are kept
    (by default the command's). Finished proofs of segments are kept in the commitment folders, for the next call. Of one
    opening eight scores are proved, and no more unless ``ninth_score``: enough of them tell the histogram.

    Raises ``ProveError``, or ``CommitError`` where a folder cannot be used.
    """
    with listening(progress) as heard:
        return _native.prove(
            policy, parameters, _data.paths(folders), out, threads, memory, keys, ninth_score, heard, stop
        )


def prove_compute(
    policy: Policy,
    parameters: Parameters,
    units: Path,
    node: str,
    *,
    out: Path | None = None,
    threads: int | None = None,
    memory: int | None = None,
    keys: Path | None = None,
    progress: Progress = None,
    stop: Stop | None = None,
) -> Proved:
    """Proves the score of a node's units, and verifies the bundle. Units are public: anybody can.

    Raises ``ProveError``, or ``IngestError`` where the units cannot be read.
    """
    with listening(progress) as heard:
        return _native.prove_compute(policy, parameters, units, node, out, threads, memory, keys, heard, stop)


def verify(
    policy: Policy,
    parameters: Parameters,
    bundle: Public,
    registrations: Public | Sequence[Public] = (),
    *,
    units: Path | None = None,
    rules_hash: str | None = None,
    allow_insecure: bool = False,
) -> Verified:
    """Verifies a bundle against what is registered, and gives the score that it proves.

    ``registrations`` are ``request.json`` files or signed registrations, as paths or bytes; those that the bundle does
    not name are passed over. ``rules_hash`` is what somebody derived from the whole parameters, ``units`` what is on
    record where the bundle is of computing power.

    Raises ``VerifyError`` where the bundle is refused, ``ParametersError`` where the parameters are: insecure ones,
    unless ``allow_insecure``.
    """
    return _native.verify(
        policy, parameters, bundle, _data.publics(registrations), units, rules_hash, allow_insecure
    )


def audit(
    archive: Path,
    parameters: Parameters | Sequence[Parameters],
    *,
    rules_hash: str | None = None,
    root: str | None = None,
    total: int | None = None,
    allow_insecure: bool = False,
    memory: int | None = None,
    progress: Progress = None,
    stop: Stop | None = None,
) -> Audited:
    """Audits an archive of a ledger: every bundle and amount is computed again, and nothing of its results believed.

    ``rules_hash``, ``root`` and ``total`` (in base units) are what was told elsewhere, and the ledger has to agree with.
    Whole parameters are needed. Differences are no exception: see ``Audited.accepted``.

    Raises ``AuditError`` where the archive cannot be read to its end.
    """
    given = [parameters] if isinstance(parameters, Parameters) else list(parameters)
    with listening(progress) as heard:
        return _native.audit(archive, given, rules_hash, root, total, allow_insecure, memory, heard, stop)
