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
import contextlib
import logging
import os
import queue
import secrets
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
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
"""How often a task is tried again that died; and how often a segment is whose proof was refused."""

_TURN = 0.5
"""Seconds between two questions whether to stop."""
_BATCH = 65_536
"""Records that are sealed together."""
_PATIENCE = 40
"""Turns without anything after which something is done about it: twenty seconds."""
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
    with listening(progress) as heard, contextlib.closing(_sealed(policy, data, key, retries, halt)) as batches:
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
) -> Generator[bytes, None, None]:
    """Batches in the order of the records. Closed, it lets go of the cluster."""
    if isinstance(data, ray.data.Dataset):
        yield from _of_dataset(policy, data, key.public, stop)
        return
    items = _data.items(data, policy)
    if all(isinstance(item, str) for item in items):
        yield from _of_paths(policy, cast("list[str]", items), key.public, retries, stop)
    else:
        yield from iter(fairshare.SealedRecords(policy, items, key.public))


class _Seal:
    """Seals a block of a dataset, in slices, on the machine that reads it. Each slice is a range of its own."""

    def __init__(self, policy: Policy, key: bytes) -> None:
        self._policy, self._key = policy, key

    def __call__(self, table: Any) -> Any:
        import pyarrow

        sealed: list[bytes] = []
        refused: list[str | None] = []
        try:
            for first in range(0, table.num_rows, _BATCH):
                sealed += fairshare.SealedRecords(self._policy, [table.slice(first, _BATCH)], self._key)
            refused = [None] * len(sealed)
        except fairshare.Error as error:
            # Ray passes on the text of what is raised here, and not the exception.
            sealed, refused = [b""], [f"{type(error).__name__} {error}"]
        columns = {
            "sealed": pyarrow.array(sealed, pyarrow.large_binary()),
            "refused": pyarrow.array(refused, pyarrow.string()),
        }
        return pyarrow.table(columns)


_ordering = threading.Lock()
"""A dataset's options are the caller's own object: one commitment at a time asks for its order."""


def _sealing(policy: Policy, data: ray.data.Dataset, key: bytes) -> ray.data.Dataset:
    # Whole blocks, so that Ray reads and seals in one task: between two tasks it would store the records themselves.
    return data.map_batches(_Seal(policy, key), batch_format="pyarrow", batch_size=None, zero_copy_batch=True)


def _of_dataset(policy: Policy, data: ray.data.Dataset, key: bytes, stop: fairshare.Stop) -> Iterator[bytes]:
    sealed = _sealing(policy, data, key)
    with _ordering:
        context = sealed.context
        before = context.execution_options.preserve_order, context.max_errored_blocks
        # No block may be left out, or come before another.
        context.execution_options.preserve_order, context.max_errored_blocks = True, 0
        try:
            yield from _taken(sealed, stop)
        finally:
            context.execution_options.preserve_order, context.max_errored_blocks = before


def _taken(sealed: ray.data.Dataset, stop: fairshare.Stop) -> Iterator[bytes]:
    """A dataset's sealed batches. They are asked for on a thread, for Ray's iterator cannot be interrupted."""
    waiting: queue.Queue[Any] = queue.Queue(maxsize=2)
    over = threading.Event()

    def hand(what: Any) -> bool:
        while not over.is_set():
            try:
                waiting.put(what, timeout=_TURN)
                return True
            except queue.Full:
                continue
        return False

    def take() -> None:
        try:
            for batch in sealed.iter_batches(batch_format="pyarrow", batch_size=None):
                if not hand(batch):
                    return
            hand(None)
        except Exception as error:
            hand(error)

    threading.Thread(target=take, name="fairshare.ray", daemon=True).start()
    try:
        while not stop.is_set():
            try:
                batch = waiting.get(timeout=_TURN)
            except queue.Empty:
                continue
            if batch is None:
                return
            if isinstance(batch, Exception):
                raise _caused(batch) from batch
            for cell, refused in zip(batch["sealed"], batch["refused"], strict=True):
                if refused.is_valid:
                    raise _named(refused.as_py())
                yield cell.as_py()
    finally:
        over.set()


def _named(text: str) -> fairshare.Error:
    """The exception that a worker wrote down."""
    name, _, why = text.partition(" ")
    kind = getattr(fairshare, name, None)
    if isinstance(kind, type) and issubclass(kind, fairshare.Error):
        return kind(why)
    return fairshare.Error(text)


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
    begun: deque[tuple[str, Any]] = deque()
    waiting = deque(paths)

    def make_room() -> None:
        # Readers ahead hold their CPU while they wait for us; the one that we wait for may have died, and need it.
        while len(begun) > 1:
            path, reader = begun.pop()
            ray.cancel(reader, force=True)
            waiting.appendleft(path)

    try:
        while waiting or begun:
            while waiting and len(begun) < max(2, _cpus()):
                # The name is given here: where a reader dies, Ray goes on with the batches of the next.
                path = waiting.popleft()
                begun.append((path, read.remote(rules, path, key, os.urandom(16))))
            yield from _each(begun[0][1], stop, make_room)
            if stop.is_set():
                return
            begun.popleft()
    finally:
        for _, reader in begun:
            ray.cancel(reader, force=False)


def _each(reader: Any, stop: fairshare.Stop, make_room: Callable[[], None]) -> Iterator[bytes]:
    """A task's batches as they come. Where none comes for long, room is made for it."""
    turns = 0
    while not stop.is_set():
        ready, _ = ray.wait([reader], timeout=_TURN, fetch_local=False)
        if not ready:
            turns += 1
            if turns % _PATIENCE == 0:
                make_room()
            continue
        turns = 0
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

    A task asks by the ticket that it was given, and waits; the caller hears of all that asked since it asked last. When
    the relay dies, Ray begins it again and asks again.
    """

    def __init__(self) -> None:
        self._asked: asyncio.Queue[tuple[bytes, bytes] | None] = asyncio.Queue()
        self._units: dict[tuple[bytes, bytes], asyncio.Future[bytes]] = {}

    async def unit(self, ticket: bytes, key: bytes) -> bytes:
        asked = (ticket, key)
        future = self._units.setdefault(asked, asyncio.get_running_loop().create_future())
        self._asked.put_nowait(asked)
        try:
            return await asyncio.shield(future)
        finally:
            if future.done():
                self._units.pop(asked, None)

    async def asked(self) -> list[tuple[bytes, bytes]]:
        first = await self._asked.get()
        all_of_them = [first, *(self._asked.get_nowait() for _ in range(self._asked.qsize()))]
        return [asked for asked in all_of_them if asked is not None]

    async def close(self) -> None:
        """Sends everybody home."""
        self._asked.put_nowait(None)
        for future in self._units.values():
            if not future.done():
                future.set_exception(RuntimeError("the caller asks for no more segments"))

    async def answer(self, ticket: bytes, key: bytes, sealed: bytes | None) -> None:
        future = self._units.get((ticket, key))
        if future is None or future.done():
            return
        if sealed is None:
            future.set_exception(RuntimeError("the caller seals no unit to this"))
        else:
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


def _prove_unit(worker: fairshare.Worker, segment: int, unit: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    task = fairshare.WorkerTask()
    return worker.prove(task, unit, ask(task.key))


def _prove_segment(
    segment: int,
    unit: bytes,
    ticket: bytes,
    relay: Any,
    made_of: tuple[str, list[Any], int, int | None, str | None],
) -> bytes:
    """One segment's proof. Its key pair is this try's: another try makes another."""

    def ask(key: bytes) -> bytes:
        return cast(bytes, ray.get(relay.unit.remote(ticket, key)))

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
        self._running: dict[Any, tuple[int, bytes]] = {}
        self._tickets: dict[bytes, tuple[int, set[bytes]]] = {}
        self._refused: dict[int, int] = {}
        self._given_up: list[int] = []

    def prove(self, lacking: Sequence[int], heard: Any, stop: fairshare.Stop | None) -> None:
        """Has the segments proved; those that the cluster does not prove are left lacking."""
        total, waiting = self._driver.segments, deque(lacking)
        done = total - len(lacking)
        asked, turns = self._relay.asked.remote(), 0
        try:
            if heard is not None:
                heard("proving segments", done, total)
            while waiting or self._running:
                if stop is not None and stop.is_set():
                    raise fairshare.Cancelled("proving was stopped; finished segments are kept")
                # Enough for Ray to see that there is more to do than there are machines.
                room = max(64, 4 * _cpus()) - len(self._running)
                for _ in range(min(room, len(waiting))):
                    self._begin(waiting.popleft())
                ready, _ = ray.wait([asked, *self._running], timeout=_TURN, num_returns=1)
                turns = 0 if ready else turns + 1
                if turns and turns % (10 * _PATIENCE) == 0:
                    _log.warning("nothing comes: does a machine of the cluster have room for a task? see `ray status`")
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
        unit, ticket = self._driver.unit(segment), secrets.token_bytes(16)
        self._tickets[ticket] = segment, set()
        reference = self._task.remote(segment, unit, ticket, self._relay, self._made_of)
        self._running[reference] = segment, ticket

    def _answer(self, asked: list[tuple[bytes, bytes]]) -> None:
        """Seals a segment to whoever has its ticket, once for each try and no more: a ticket is no other segment's."""
        for ticket, key in asked:
            segment, keys = self._tickets.get(ticket, (None, set()))
            if segment is None or (key not in keys and len(keys) > self._retries):
                _log.warning("segment %s: a unit was asked for once too often, or without a ticket", segment)
                self._relay.answer.remote(ticket, key, None)
                continue
            sealed = None
            try:
                sealed = self._driver.seal(segment, key)
                keys.add(key)
            except (fairshare.WorkError, TypeError, ValueError) as error:
                _log.warning("segment %d: a key that nothing is sealed to: %s", segment, error)
            self._relay.answer.remote(ticket, key, sealed)

    def _take(self, reference: Any, waiting: deque[int]) -> bool:
        """Keeps a result, or has the segment proved again."""
        segment, ticket = self._running.pop(reference)
        del self._tickets[ticket]
        try:
            result = ray.get(reference)
            if not isinstance(result, bytes):
                raise fairshare.WorkError(f"the result is a {type(result).__name__}, and a proof is bytes")
            self._driver.accept(segment, result)
            return True
        except fairshare.WorkError as error:
            tries = self._refused[segment] = self._refused.get(segment, 0) + 1
            _log.warning("segment %d, try %d: %s", segment, tries, _caused(error))
            if tries <= self._retries:
                waiting.append(segment)
                return False
        except ray.exceptions.RayError as error:
            # Ray has tried it again already.
            _log.warning("segment %d: %s", segment, _caused(error))
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
        found = ray.get(reference)
        if isinstance(found, list) and len(found) == len(part) and all(isinstance(one, Verdict) for one in found):
            return found
        _log.warning("%d bundles are verified here: a worker gave no verdict for each", len(part))
        return _verify_each(rules, part)
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
