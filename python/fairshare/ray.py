"""One dataset on the machines of a Ray cluster, and many bundles.

Records are read where they are, segments are proved where there is room, and the machine that calls keeps the
commitment folder: seed and symbols. Ray's own network, objects and disks hold ciphertext and public things only: records
travel sealed to the caller, and each segment sealed to the one task that proves it, by keys that stay in memory.

Tasks that die are tried again, elsewhere if need be; Ray adds machines as it is set up to. Proofs are the same bytes
wherever they are made. What the cluster does not finish, the caller does.

``docs/cluster.md`` says what a worker learns, and what has to be trusted with what.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Union, cast

import fairshare
from fairshare import Data, Parameters, Path, Policy, Progress, Public, _data
from fairshare._progress import listening

try:
    import ray
    import ray.data
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as error:
    raise ImportError("fairshare.ray needs Ray: pip install 'ray[data]'") from error

__all__ = ["Verdict", "commit", "prove", "prove_folders", "verify"]

RETRIES = 5
"""How often a task is tried again that died, or whose result was refused."""

_TURN = 0.5
"""Seconds between two questions whether to stop."""
_BATCH = 65_536
"""Records that are sealed together."""
_TOGETHER = 16
"""Bundles that one task verifies."""

_log = logging.getLogger("fairshare.ray")
_remote: Any = ray.remote
"""Ray's types know tasks of a few positional arguments, and none of the options."""


def prove(
    data: Data | ray.data.Dataset,
    policy: Policy,
    parameters: Parameters,
    contributor: str,
    folder: Path,
    *,
    out: Path | None = None,
    accept_unmatched: bool = False,
    threads: int = 1,
    memory: int | None = None,
    keys: Path | None = None,
    ninth_score: bool = False,
    retries: int = RETRIES,
    progress: Progress = None,
    stop: fairshare.Stop | None = None,
) -> fairshare.Proved:
    """Commits to data into ``folder`` and proves its score, both on the cluster: ``commit``, then ``prove_folders``.

    Called again after an interruption, it goes on from what stands in the folder. It reads the data again, and refuses
    other data than was committed to there.
    """
    if isinstance(data, Policy):
        raise TypeError("the data comes first here: prove(data, policy, parameters, contributor, folder)")
    commit(
        policy,
        parameters,
        contributor,
        data,
        folder,
        accept_unmatched=accept_unmatched,
        retries=retries,
        progress=progress,
        stop=stop,
    )
    return prove_folders(
        policy,
        parameters,
        folder,
        out=out,
        threads=threads,
        memory=memory,
        keys=keys,
        ninth_score=ninth_score,
        retries=retries,
        progress=progress,
        stop=stop,
    )


def commit(
    policy: Policy,
    parameters: Parameters,
    contributor: str,
    data: Data | ray.data.Dataset,
    folder: Path,
    *,
    accept_unmatched: bool = False,
    retries: int = RETRIES,
    progress: Progress = None,
    stop: fairshare.Stop | None = None,
) -> fairshare.Committed:
    """As ``fairshare.commit``, of records that the cluster's machines read: no machine reads all.

    ``data`` is a ``ray.data.Dataset``, of which each machine seals the blocks that it has, in the dataset's order; or
    paths that every machine can read, one task for each. Tables in the caller's memory are read there. What matches a
    policy is decided by the columns' types, as for any Arrow table: ``ray.data`` guesses those of a CSV file, and paths do not.
    """
    halt = stop or fairshare.Stop()
    key = fairshare.RecordsKey()
    with listening(progress) as heard:
        batches = _sealed(policy, data, key, retries, halt)
        return fairshare.commit_sealed(
            policy, parameters, contributor, batches, key, folder, accept_unmatched, heard, halt
        )


def prove_folders(
    policy: Policy,
    parameters: Parameters,
    folders: Path | Sequence[Path],
    *,
    out: Path | None = None,
    threads: int = 1,
    memory: int | None = None,
    keys: Path | None = None,
    ninth_score: bool = False,
    retries: int = RETRIES,
    progress: Progress = None,
    stop: fairshare.Stop | None = None,
) -> fairshare.Proved:
    """As ``fairshare.prove``, with one task for each segment that has no proof yet.

    A task takes ``threads`` CPUs of Ray's, and ``memory`` bytes at the most. ``keys`` is where each machine keeps its proving
    keys, which are public. Raises what ``fairshare.prove`` raises; a worker that fails or lies is logged, and its segment
    proved elsewhere.
    """
    paths = _data.paths(folders)
    driver = fairshare.Driver(policy, parameters, paths, keys, ninth_score)
    lacking = driver.lacking()
    with listening(progress) as heard:
        if lacking:
            cluster = _Cluster(driver, parameters, threads, memory, keys, retries)
            cluster.prove(lacking, heard, stop)
        # What is kept is verified, what is lacking is made, and the score.
        return fairshare.prove(
            policy, parameters, paths, out=out, keys=keys, ninth_score=ninth_score, progress=heard, stop=stop
        )


# Records, read where they are.


def _sealed(
    policy: Policy, data: Any, key: fairshare.RecordsKey, retries: int, stop: fairshare.Stop
) -> Iterator[bytes]:
    """Batches in the order of the records."""
    if isinstance(data, ray.data.Dataset):
        return _of_dataset(policy, data, key.public)
    items = _data.items(data, policy)
    if all(isinstance(item, str) for item in items):
        return _of_paths(policy, cast("list[str]", items), key.public, retries, stop)
    return iter(fairshare.SealedRecords(policy, items, key.public))


class _Seal:
    """Seals a batch of a dataset's block on the machine that has it."""

    def __init__(self, policy: Policy, key: bytes) -> None:
        self._policy, self._key = policy, key

    def __call__(self, table: Any) -> Any:
        import pyarrow

        try:
            sealed = list(fairshare.SealedRecords(self._policy, [table], self._key)) if table.num_rows else []
            refused: list[str | None] = [None] * len(sealed)
        except fairshare.Error as error:
            # Ray passes on the text of what is raised here, and not the exception.
            sealed, refused = [b""], [f"{type(error).__name__} {error}"]
        columns = {
            "sealed": pyarrow.array(sealed, pyarrow.large_binary()),
            "refused": pyarrow.array(refused, pyarrow.string()),
        }
        return pyarrow.table(columns)


def _of_dataset(policy: Policy, data: ray.data.Dataset, key: bytes) -> Iterator[bytes]:
    sealed = data.map_batches(_Seal(policy, key), batch_format="pyarrow", batch_size=_BATCH, zero_copy_batch=True)
    options = sealed.context.execution_options
    before, options.preserve_order = options.preserve_order, True
    try:
        for batch in sealed.iter_batches(batch_format="pyarrow", batch_size=None):
            for sealed, refused in zip(batch["sealed"], batch["refused"], strict=True):
                if refused.is_valid:
                    kind, _, why = refused.as_py().partition(" ")
                    raise getattr(fairshare, kind, fairshare.Error)(why)
                yield sealed.as_py()
    finally:
        options.preserve_order = before


def _read(policy: Policy, path: str, key: bytes, name: bytes) -> Iterator[bytes]:
    # Ray sends into its generators, and `yield from` would pass that on.
    for batch in fairshare.SealedRecords(policy, [path], key, name):
        yield batch


def _of_paths(
    policy: Policy, paths: list[str], key: bytes, retries: int, stop: fairshare.Stop
) -> Iterator[bytes]:
    # A reader that is ahead waits: what is sealed and not yet taken is in Ray's memory.
    read = _remote(
        num_cpus=1, max_retries=retries, num_returns="streaming", _generator_backpressure_num_objects=8
    )(_read)
    rules = ray.put(policy)
    begun: deque[Any] = deque()
    waiting = deque(paths)
    try:
        while waiting or begun:
            while waiting and len(begun) < max(2, _cpus()):
                # The name is given here: where a reader dies, Ray goes on with the batches of the next.
                begun.append(read.remote(rules, waiting.popleft(), key, os.urandom(16)))
            yield from _each(begun[0], stop)
            begun.popleft()
    finally:
        for reader in begun:
            ray.cancel(reader, force=False)


def _each(reader: Any, stop: fairshare.Stop) -> Iterator[bytes]:
    """A task's batches as they come."""
    while not stop.is_set():
        ready, _ = ray.wait([reader], timeout=_TURN, fetch_local=False)
        if not ready:
            continue
        try:
            batch = next(reader, None)
            if batch is None:
                return
            yield ray.get(batch)
        except ray.exceptions.RayError as error:
            raise _caused(error) from error


def _caused(error: BaseException) -> BaseException:
    """What the package raised on a worker, if that is at the bottom of it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ray.exceptions.RayTaskError) and found.cause is not None:
            found = found.cause
        elif isinstance(found, fairshare.Error):
            return type(found)(*found.args)
        else:
            found = found.__cause__
    return error


def _cpus() -> int:
    return int(cast(Any, ray).cluster_resources().get("CPU", 1))


# Segments, proved where there is room.


class _Relay:
    """Carries public keys to the caller, and sealed units back. It holds no secret.

    A task asks and waits; the caller hears of all that asked since it asked last. When the relay dies, Ray begins it
    again and asks again.
    """

    def __init__(self) -> None:
        self._asked: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        self._units: dict[tuple[int, bytes], asyncio.Future[bytes]] = {}

    async def unit(self, segment: int, key: bytes) -> bytes:
        asked = (segment, key)
        future = self._units.setdefault(asked, asyncio.get_running_loop().create_future())
        self._asked.put_nowait(asked)
        try:
            return await asyncio.shield(future)
        finally:
            if future.done():
                self._units.pop(asked, None)

    async def asked(self) -> list[tuple[int, bytes]]:
        first = await self._asked.get()
        all_of_them = [first, *(self._asked.get_nowait() for _ in range(self._asked.qsize()))]
        return [asked for asked in all_of_them if asked is not None]

    async def close(self) -> None:
        """Sends everybody home."""
        self._asked.put_nowait(None)
        for future in self._units.values():
            if not future.done():
                future.set_exception(RuntimeError("the caller asks for no more segments"))

    async def answer(self, segment: int, key: bytes, sealed: bytes) -> None:
        future = self._units.get((segment, key))
        if future is not None and not future.done():
            future.set_result(sealed)


_workers: dict[tuple[str, int, int | None, str | None], fairshare.Worker] = {}
"""This process's worker, with the keys that it made."""


def _worker(
    digest: str, given: list[Any], threads: int, memory: int | None, keys: str | None
) -> fairshare.Worker:
    wanted = (digest, threads, memory, keys)
    if wanted not in _workers:
        _workers.clear()
        _workers[wanted] = fairshare.Worker(ray.get(given[0]), threads, memory, keys)
    return _workers[wanted]


def _prove_unit(
    worker: fairshare.Worker, segment: int, unit: bytes, ask: Callable[[int, bytes], bytes]
) -> bytes:
    task = fairshare.WorkerTask()
    return worker.prove(task, unit, ask(segment, task.key))


def _prove_segment(
    segment: int, unit: bytes, relay: Any, made_of: tuple[str, list[Any], int, int | None, str | None]
) -> bytes:
    """One segment's proof. Its key pair is this try's: another try makes another."""

    def ask(segment: int, key: bytes) -> bytes:
        return cast(bytes, ray.get(relay.unit.remote(segment, key)))

    return _prove_unit(_worker(*made_of), segment, unit, ask)


class _Cluster:
    """Hands out segments, and keeps what comes back and is true."""

    def __init__(
        self,
        driver: fairshare.Driver,
        parameters: Parameters,
        threads: int,
        memory: int | None,
        keys: Path | None,
        retries: int,
    ) -> None:
        self._driver, self._retries = driver, retries
        folder = None if keys is None else os.fspath(keys)
        self._made_of = (parameters.digest, [ray.put(parameters)], threads, memory, folder)
        bytes_of = {} if memory is None else {"memory": memory}
        self._task = _remote(num_cpus=threads, max_retries=retries, **bytes_of)(_prove_segment)
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        relay = _remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, max_concurrency=10_000)(_Relay)
        self._relay = relay.options(scheduling_strategy=here).remote()
        self._running: dict[Any, int] = {}
        self._refused: dict[int, int] = {}
        self._given_up: list[int] = []

    def prove(self, lacking: Sequence[int], heard: Any, stop: fairshare.Stop | None) -> None:
        """Has the segments proved; those that the cluster does not prove are left lacking."""
        total, waiting = self._driver.segments, deque(lacking)
        done = total - len(lacking)
        asked = self._relay.asked.remote()
        try:
            if heard is not None:
                heard("proving segments", done, total)
            while waiting or self._running:
                if stop is not None and stop.is_set():
                    raise fairshare.Cancelled("proving was stopped; finished segments are kept")
                # Enough for Ray to see that there is more to do than there are machines.
                while waiting and len(self._running) < max(64, 4 * _cpus()):
                    self._begin(waiting.popleft())
                ready, _ = ray.wait([asked, *self._running], timeout=_TURN, num_returns=1)
                for reference in ready:
                    if reference == asked:
                        self._answer(ray.get(asked))
                        asked = self._relay.asked.remote()
                    elif self._take(reference, waiting):
                        done += 1
                        if heard is not None:
                            heard("proving segments", done, total)
        except ray.exceptions.RayError as error:
            # The cluster is gone, or its relay is: the rest is proved here.
            _log.warning("the cluster proves no more segments: %s", error)
        finally:
            self._close(asked)
        if self._given_up:
            _log.warning("the cluster did not prove segments %s: they are proved here", self._given_up)

    def _close(self, asked: Any) -> None:
        try:
            for reference in self._running:
                ray.cancel(reference, force=False)
            ray.wait([self._relay.close.remote(), asked], num_returns=2, timeout=1)
            ray.kill(self._relay)
        except ray.exceptions.RayError as error:
            _log.warning("the cluster was not told that there is no more to do: %s", error)

    def _begin(self, segment: int) -> None:
        unit = self._driver.unit(segment)
        self._running[self._task.remote(segment, unit, self._relay, self._made_of)] = segment

    def _answer(self, asked: list[tuple[int, bytes]]) -> None:
        for segment, key in asked:
            self._relay.answer.remote(segment, key, self._driver.seal(segment, key))

    def _take(self, reference: Any, waiting: deque[int]) -> bool:
        """Keeps a result, or has the segment proved again."""
        segment = self._running.pop(reference)
        try:
            self._driver.accept(segment, ray.get(reference))
            return True
        except (ray.exceptions.RayError, fairshare.WorkError, TypeError) as error:
            tries = self._refused[segment] = self._refused.get(segment, 0) + 1
            _log.warning("segment %d, try %d: %s", segment, tries, _caused(error))
            if tries <= self._retries:
                waiting.append(segment)
            else:
                self._given_up.append(segment)
            return False


# Bundles.


@dataclass(frozen=True)
class Verdict:
    """What was found of one bundle: its score, or why it is refused."""

    accepted: bool
    refusal: str | None
    """Why it is refused."""
    role: str | None = None
    """``data`` or ``compute``."""
    contributor: str | None = None
    digests: tuple[str, ...] = ()
    """Of the datasets that it covers; none of computing power."""
    records: int | None = None
    score: int | None = None
    """Of data in 1/256 nat, of computing power in 2^-48."""
    rules_hash: str | None = None
    insecure: bool | None = None
    """Whether the parameters are insecure, so that the proof says nothing."""


_Rules = tuple[Policy, Parameters, list[bytes], Union[bytes, None], Union[str, None], bool]


def verify(
    policy: Policy,
    parameters: Parameters,
    bundles: Sequence[Public],
    registrations: Public | Sequence[Public] = (),
    *,
    units: Path | None = None,
    rules_hash: str | None = None,
    allow_insecure: bool = False,
    retries: int = RETRIES,
    progress: Progress = None,
    stop: fairshare.Stop | None = None,
) -> list[Verdict]:
    """Verifies many bundles, each as ``fairshare.verify`` does, and gives a verdict for each, in their order.

    Files are read by the caller. A verdict is a worker's word: use machines that you would have pay. Raises
    ``ParametersError`` where the parameters are refused, since then no bundle was looked at.
    """
    given = [_bytes(bundle) for bundle in bundles]
    publics = [_bytes(public) for public in _data.publics(registrations)]
    record = None if units is None else _bytes(units)
    rules: _Rules = (policy, parameters, publics, record, rules_hash, allow_insecure)
    task = _remote(num_cpus=1, max_retries=retries)(_verify_some)
    shared = ray.put(rules)
    parts = [given[first : first + _TOGETHER] for first in range(0, len(given), _TOGETHER)]
    running = {task.remote([shared], part): number for number, part in enumerate(parts)}
    found: dict[int, list[Verdict]] = {}
    with listening(progress) as heard:
        try:
            while running:
                if stop is not None and stop.is_set():
                    raise fairshare.Cancelled("verifying was stopped")
                ready, _ = ray.wait(list(running), timeout=_TURN, num_returns=1)
                for reference in ready:
                    number = running.pop(reference)
                    found[number] = _verdicts(reference, rules, parts[number])
                    if heard is not None:
                        heard("verifying", sum(map(len, found.values())), len(given))
        finally:
            for reference in running:
                ray.cancel(reference, force=False)
    return [verdict for number in range(len(parts)) for verdict in found[number]]


def _verdicts(reference: Any, rules: _Rules, part: list[bytes]) -> list[Verdict]:
    try:
        return cast("list[Verdict]", ray.get(reference))
    except fairshare.ParametersError as error:
        raise _caused(error) from error
    except ray.exceptions.RayError as error:
        _log.warning("%d bundles are verified here: %s", len(part), error)
        return _verify_each(rules, part)


def _verify_some(shared: list[Any], bundles: list[bytes]) -> list[Verdict]:
    return _verify_each(cast(_Rules, ray.get(shared[0])), bundles)


def _verify_each(rules: _Rules, bundles: list[bytes]) -> list[Verdict]:
    policy, parameters, registrations, record, rules_hash, allow_insecure = rules
    with tempfile.TemporaryDirectory() as folder:
        units = None
        if record is not None:
            units = os.path.join(folder, "units.csv")
            with open(units, "wb") as file:
                file.write(record)

        def verdict(bundle: bytes) -> Verdict:
            try:
                found = fairshare.verify(
                    policy,
                    parameters,
                    bundle,
                    registrations,
                    units=units,
                    rules_hash=rules_hash,
                    allow_insecure=allow_insecure,
                )
            except fairshare.VerifyError as error:
                return Verdict(False, str(error))
            return Verdict(
                True,
                None,
                found.role,
                found.contributor,
                tuple(found.digests),
                found.records,
                found.score,
                found.rules_hash,
                found.insecure,
            )

        return [verdict(bundle) for bundle in bundles]


def _bytes(public: Public) -> bytes:
    if isinstance(public, bytes):
        return public
    with open(public, "rb") as file:
        return file.read()
