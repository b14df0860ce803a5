"""The server's side: a strategy that believes no node, and records what is paid."""

from __future__ import annotations

import enum
import operator
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from logging import ERROR, INFO, WARNING
from typing import Any, TypeVar

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.common.logger import log
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Result, Strategy

import fairshare
from fairshare import Parameters, Path, Policy, Public, Verified
from fairshare.flower._registrations import Registered, Registrations
from fairshare.flower._units import MAX_TOTAL, UnitsTable, checked_address
from fairshare.flower._updates import UpdateCheck, fits_model, weight_fault
from fairshare.flower._wire import RECORD, Asked, attached, sha256

MAX_BUNDLE_BYTES = 16 << 20
"""Longest bundle that is verified unless the operator says otherwise: that of some hundred million records."""

_KEPT = 10_000
"""Refusals, and verdicts, that are kept at most: nodes make as many as they like."""
_DETAIL = 300
"""Most characters of a refusal's detail, which may quote what a node sent."""

_T = TypeVar("_T")


class Reason(enum.Enum):
    """Why an update was left out."""

    NO_BUNDLE = "no bundle"
    """The reply brings none, or the hash of one that this server does not have of this node."""
    MALFORMED = "malformed"
    """The reply, or the record in it, is not made as it has to be."""
    TOO_LONG = "bundle too long"
    """The bundle has more bytes than are verified."""
    REFUSED = "bundle refused"
    """The bundle does not verify against what is registered."""
    ROLE = "not a bundle of data"
    """The bundle is of computing power."""
    ADDRESS = "another contributor's bundle"
    """The bundle is not of the address that this node has."""
    UPDATE = "update unusable"
    """The bundle verifies, and the update does not pass the check of updates."""
    UNITS = "units out of bounds"
    """The function that says how many units a reply is worth failed, or gave a number that no round can have."""


@dataclass(frozen=True)
class Refusal:
    """An update that was left out."""

    round: int
    """The epoch's round."""
    node: int
    """Flower's id of the node that replied."""
    reason: Reason
    """Why, for programs."""
    detail: str
    """Why, for people; at most 300 characters."""


class _Refused(Exception):
    def __init__(self, reason: Reason, detail: object) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True)
class _Accepted:
    reply: Message
    node: int
    address: str


class VerifiedStrategy(Strategy):
    """Wraps a strategy: it sees updates of contributors whose bundle verifies, and their units are put on record.

    - ``registrations`` is what the server knows to be registered: see ``Registrations``. What nodes send is never used.
    - ``units_file`` is the epoch's table of units, see ``UnitsTable``. Flower's round 1 is the epoch's round
      ``first_round``, by default the first of the policy's epoch. To go on in an epoch, give
      ``UnitsTable(units_file, policy).next_round``.
    - ``nodes`` says which address each node id has; other nodes are refused then. Without it an address belongs to the
      node whose update with it was accepted first in this object's life, and that node has no other.
    - ``units`` says how many units a reply is worth, one by default. What a reply claims is the node's word.
    - ``check`` decides about the update itself, see ``fits_model``; None takes every update. The metric that the
      wrapped strategy weighs by, if it has one (``weighted_by_key``), is checked in any case.
    - ``rules_hash`` and ``allow_insecure`` are as for ``fairshare.verify``.

    Errors in replies, evaluations, and all else go to the wrapped strategy; its attributes are this object's. Where it
    raises while it aggregates, the error is logged and the model stays as it was: no node may end a run by what it
    sends.

    Raises ``ValueError`` for what is not an address, and for a round outside the epoch; ``fairshare.ParametersError``
    for parameters that do not belong to the policy; ``fairshare.Error`` where the file is not a table of this epoch's
    units; ``OSError`` where registrations or the table cannot be read.
    """

    def __init__(
        self,
        strategy: Strategy,
        policy: Policy,
        parameters: Parameters,
        registrations: Registrations,
        units_file: Path,
        *,
        first_round: int | None = None,
        nodes: Mapping[int, str] | None = None,
        units: Callable[[Message], int] | None = None,
        check: UpdateCheck | None = fits_model,
        max_bundle_bytes: int = MAX_BUNDLE_BYTES,
        rules_hash: str | None = None,
        allow_insecure: bool = False,
    ) -> None:
        def verify(bundle: bytes, given: Sequence[Public]) -> Verified:
            return fairshare.verify(
                policy, parameters, bundle, given, rules_hash=rules_hash, allow_insecure=allow_insecure
            )

        self._wrapped = strategy
        # While it runs, the wrapped strategy's own are these: see `start`.
        self._configure_train, self._aggregate_train = strategy.configure_train, strategy.aggregate_train
        self._aggregate_evaluate, self._summary = strategy.aggregate_evaluate, strategy.summary
        self._verify = verify
        self._registered = Registered(registrations, verify)
        self._fingerprint = self._registered.fingerprint
        self._verdicts: dict[bytes, Verified | str] = {}
        self._max_bundle_bytes = max_bundle_bytes
        self._expected = None if nodes is None else {node: checked_address(one) for node, one in nodes.items()}
        self._owners: dict[str, int] = {}
        self._addresses: dict[int, str] = {}
        self._bundles: dict[int, bytes] = {}
        self._units, self._check = units, check
        self._weighted_by: object = getattr(strategy, "weighted_by_key", None)
        self._model: ArrayRecord | None = None
        self.table = UnitsTable(units_file, policy)
        """The table of units."""
        self._first_round = self.table.first_round if first_round is None else first_round
        self.table.check_round(self._first_round)
        self.refusals: deque[Refusal] = deque(maxlen=_KEPT)
        """What was left out, oldest first: the last 10,000."""

    def __getattr__(self, name: str) -> Any:
        # Asked only for what this object does not have; a copy has nothing yet.
        if name == "_wrapped":
            raise AttributeError(name)
        return getattr(self._wrapped, name)

    def start(
        self, grid: Grid, initial_arrays: ArrayRecord, num_rounds: int = 3, *args: Any, **named: Any
    ) -> Result:
        """Runs the wrapped strategy's own ``start``, with the arguments that it takes, on replies that are verified.

        Raises ``ValueError``, before any node has worked, where the epoch has not as many rounds.
        """
        self._epoch_round(max(num_rounds, 1))
        with self._in_its_place():
            return self._wrapped.start(grid, initial_arrays, num_rounds, *args, **named)

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """The wrapped strategy's messages, each with the epoch's round and the hash of the bundle that is known of its node."""
        round_ = self._epoch_round(server_round)
        self._model = arrays
        messages = list(self._configure_train(server_round, arrays, config, grid))
        for message in messages:
            known = self._bundles.get(message.metadata.dst_node_id)
            asked = Asked(round_, None if known is None else sha256(known))
            # Messages may share one content, and what is known differs between nodes.
            message.content = RecordDict({**message.content, RECORD: asked.record()})
        return messages

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Puts the units of accepted replies on record, and has the wrapped strategy aggregate them.

        Raises ``OSError`` where units cannot be recorded: nobody shall work for nothing.
        """
        round_ = self._epoch_round(server_round)
        self._refresh()
        errors: list[Message] = []
        accepted: list[_Accepted] = []
        for reply in replies:
            if reply.has_error():
                errors.append(reply)
            elif (one := self._or_refused(round_, reply, lambda reply: self._accept(reply))) is not None:
                accepted.append(one)
        used = self._record(round_, accepted)
        nothing: tuple[ArrayRecord | None, MetricRecord | None] = (None, None)
        return self._unless_it_raises(nothing, self._aggregate_train, server_round, [*used, *errors])

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """The wrapped strategy's messages."""
        return self._wrapped.configure_evaluate(server_round, arrays, config, grid)

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        """The wrapped strategy's metrics, or None where replies make it raise. Evaluations need no bundle."""
        return self._unless_it_raises(None, self._aggregate_evaluate, server_round, replies)

    def summary(self) -> None:
        """Logs what is verified, and the wrapped strategy's summary."""
        log(INFO, "\t├──> Fairshare: updates need a bundle that verifies; units go to %s", self.table.path)
        self._summary()

    @contextmanager
    def _in_its_place(self) -> Iterator[None]:
        """Has the wrapped strategy's `start` call this object's methods, whichever `start` that is."""
        names = ["configure_train", "aggregate_train", "aggregate_evaluate", "summary"]
        before = {name: vars(self._wrapped)[name] for name in names if name in vars(self._wrapped)}
        try:
            for name in names:
                setattr(self._wrapped, name, getattr(self, name))
            yield
        finally:
            for name in names:
                if name in before:
                    setattr(self._wrapped, name, before[name])
                else:
                    vars(self._wrapped).pop(name, None)

    def _epoch_round(self, server_round: int) -> int:
        round_ = self._first_round + server_round - 1
        self.table.check_round(round_)
        return round_

    def _refresh(self) -> None:
        """Verdicts hold for what was registered when they were found."""
        self._registered.refresh()
        if self._registered.fingerprint != self._fingerprint:
            self._fingerprint = self._registered.fingerprint
            self._verdicts.clear()

    def _or_refused(self, round_: int, reply: Message, judge: Callable[[Message], _T]) -> _T | None:
        """What is found of a reply, or None and a refusal: whatever a node sends, nothing is raised."""
        try:
            return judge(reply)
        except _Refused as error:
            self._refuse(round_, reply, error.reason, str(error))
        except Exception as error:
            self._refuse(round_, reply, Reason.MALFORMED, f"{type(error).__name__}: {error}")
        return None

    def _refuse(self, round_: int, reply: Message, reason: Reason, detail: str) -> None:
        # It may quote a node: a line of the log stays one.
        told = "".join(one if one.isprintable() else " " for one in detail[:_DETAIL])
        refusal = Refusal(round_, reply.metadata.src_node_id, reason, told)
        self.refusals.append(refusal)
        log(
            WARNING,
            "fairshare: round %d, node %d, left out: %s: %s",
            refusal.round,
            refusal.node,
            reason.value,
            refusal.detail,
        )

    def _accept(self, reply: Message) -> _Accepted:
        node = reply.metadata.src_node_id
        bundle = self._bundle_of(node, reply)
        verified = self._verdict(bundle)
        if verified.role != "data":
            raise _Refused(Reason.ROLE, f"it is of {verified.role}: send the bundle of your data")
        address = verified.contributor.lower()
        self._check_owner(node, address)
        self._check_update(reply)
        self._owners.setdefault(address, node)
        self._addresses.setdefault(node, address)
        self._bundles[node] = bundle
        return _Accepted(reply, node, verified.contributor)

    def _check_update(self, reply: Message) -> None:
        fault = None if self._check is None else self._check(reply, self._model)
        if fault is None and isinstance(self._weighted_by, str):
            fault = weight_fault(reply, self._weighted_by)
        if fault is not None:
            raise _Refused(Reason.UPDATE, fault)

    def _bundle_of(self, node: int, reply: Message) -> bytes:
        """The bundle that a reply brings, or names by its hash; its record is taken out, which no strategy knows."""
        record = reply.content.pop(RECORD, None)
        if record is None:
            raise _Refused(Reason.NO_BUNDLE, "no record `fairshare`: put `bundle_mod` among the ClientApp's mods")
        if not isinstance(record, ConfigRecord):
            raise _Refused(Reason.MALFORMED, f"its record `fairshare` is a {type(record).__name__}")
        bundle, digest = attached(record)
        if bundle is None:
            known = self._bundles.get(node)
            if known is None or digest != sha256(known):
                raise _Refused(Reason.NO_BUNDLE, "no bundle, and not the hash of this node's last one")
            bundle = known
        if len(bundle) > self._max_bundle_bytes:
            raise _Refused(Reason.TOO_LONG, f"{len(bundle)} bytes, at most {self._max_bundle_bytes} are verified")
        return bundle

    def _verdict(self, bundle: bytes) -> Verified:
        digest = sha256(bundle)
        verdict = self._verdicts.get(digest)
        if verdict is None:
            try:
                verdict = self._verify(bundle, self._registered.named_by(bundle))
            except fairshare.Error as error:
                verdict = str(error)
            if len(self._verdicts) >= _KEPT:
                self._verdicts.clear()
            self._verdicts[digest] = verdict
        if isinstance(verdict, str):
            raise _Refused(Reason.REFUSED, verdict)
        return verdict

    def _check_owner(self, node: int, address: str) -> None:
        """Bundles are public: a node may send one that is not its own."""
        if self._expected is not None:
            expected = self._expected.get(node)
            if expected is None:
                raise _Refused(Reason.ADDRESS, "no address is set for this node")
            if expected != address:
                raise _Refused(Reason.ADDRESS, f"it is of {address}, and this node is {expected}")
        elif self._owners.get(address, node) != node:
            raise _Refused(Reason.ADDRESS, f"{address} belongs to node {self._owners[address]}, which came first")
        elif self._addresses.get(node, address) != address:
            raise _Refused(Reason.ADDRESS, f"it is of {address}, and this node came as {self._addresses[node]}")

    def _record(self, round_: int, accepted: list[_Accepted]) -> list[Message]:
        """Puts units on record, one amount for a node however often it replied, and gives the replies to be used."""
        # However much each claims, the round's sum is below 2^32.
        bound = MAX_TOTAL // max(len(accepted), 1)
        used: list[Message] = []
        paid: set[int] = set()
        units: dict[str, int] = {}
        for one in accepted:
            amount = self._or_refused(round_, one.reply, lambda reply: self._amount(reply, bound))
            if amount is None:
                continue
            used.append(one.reply)
            if one.node not in paid:
                paid.add(one.node)
                units[one.address] = units.get(one.address, 0) + amount
        if not self.table.record(round_, units):
            log(WARNING, "fairshare: units of round %d are on record already, and stay as they are", round_)
        return used

    def _amount(self, reply: Message, bound: int) -> int:
        if self._units is None:
            return 1
        try:
            amount = operator.index(self._units(reply))
        except Exception as error:
            raise _Refused(Reason.UNITS, f"{type(error).__name__}: {error}") from error
        if not 0 <= amount <= bound:
            raise _Refused(Reason.UNITS, f"{amount} is not between 0 and {bound}")
        return amount

    @staticmethod
    def _unless_it_raises(otherwise: _T, aggregate: Callable[..., _T], server_round: int, replies: Any) -> _T:
        try:
            return aggregate(server_round, replies)
        except Exception:
            log(
                ERROR,
                "fairshare: the wrapped strategy could not aggregate Flower's round %d, whose result is dropped:\n%s",
                server_round,
                traceback.format_exc(),
            )
            return otherwise
