"""The server's side, with nodes that lie."""

from __future__ import annotations

import hashlib
import logging
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy
import pytest
from conftest import Contributor, altered
from flwr.app import Array, ArrayRecord, ConfigRecord, Error, Message, MetricRecord, RecordDict
from flwr.serverapp import Grid
from flwr.serverapp.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg, Result, Strategy
from messages import MODEL, Seen, asked, reply

import fairshare
from fairshare.flower import Reason, UnitsTable, VerifiedStrategy

Make = Callable[..., VerifiedStrategy]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def make(
    seen: Seen,
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    registrations: pathlib.Path,
    tmp_path: pathlib.Path,
) -> Make:
    def made(strategy: Strategy = seen, **options: Any) -> VerifiedStrategy:
        given: dict[str, Any] = {"registrations": registrations, "allow_insecure": True, **options}
        return VerifiedStrategy(strategy, policy, parameters, units_file=tmp_path / "units.csv", **given)

    return made


@pytest.fixture
def one(contributors: list[Contributor]) -> Contributor:
    return contributors[0]


@pytest.fixture
def two(contributors: list[Contributor]) -> Contributor:
    return contributors[1]


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Flower's logger does not pass on what it logs."""
    logger = logging.getLogger("flwr")
    logger.addHandler(caplog.handler)
    yield
    logger.removeHandler(caplog.handler)


def grid() -> Grid:
    return cast(Grid, None)


def trains(strategy: VerifiedStrategy, round_: int, *replies: Message) -> None:
    """One round, in which the server has sent `MODEL`."""
    strategy.configure_train(round_, MODEL, ConfigRecord(), grid())
    strategy.aggregate_train(round_, replies)


def reasons(strategy: VerifiedStrategy) -> list[tuple[int, Reason]]:
    return [(refusal.node, refusal.reason) for refusal in strategy.refusals]


def test_verified_updates_are_used_and_paid(make: Make, seen: Seen, one: Contributor, two: Contributor) -> None:
    strategy = make()
    for round_ in [1, 2]:
        trains(strategy, round_, reply(11, one.bundle, 1.0), reply(12, two.bundle, 2.0))
        assert seen.values == [1.0, 2.0] and seen.records == {"arrays", "metrics"}
    assert strategy.table.rounds_of(one.address) == {0: 1, 1: 1} == strategy.table.rounds_of(two.address)
    assert not strategy.refusals


def test_what_does_not_verify_is_left_out(
    make: Make, seen: Seen, one: Contributor, two: Contributor, compute_bundle: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    strategy = make()
    lies: list[tuple[bytes | None, Reason]] = [
        (None, Reason.NO_BUNDLE),
        (b"", Reason.REFUSED),
        (altered(two.bundle), Reason.REFUSED),
        (two.bundle[:-1], Reason.REFUSED),
        (two.bundle + b"\0", Reason.REFUSED),
        (b"\xff" * 200, Reason.REFUSED),
        (compute_bundle, Reason.REFUSED),
    ]
    told = [reply(20 + at, lie, 1e9) for at, (lie, _) in enumerate(lies)]
    trains(strategy, 1, *told, reply(11, one.bundle))
    assert seen.values == [1.0] and strategy.table.rounds_of(one.address) == {0: 1}
    assert reasons(strategy) == [(20 + at, reason) for at, (_, reason) in enumerate(lies)]
    assert all(refusal.round == 0 and refusal.detail for refusal in strategy.refusals)
    assert "fairshare: round 0, node 22, left out: bundle refused: data-score proof" in caplog.text
    assert (pathlib.Path(strategy.table.path)).read_text().splitlines()[0] == f"round,{one.address}"


def test_a_bundle_that_verifies_has_to_be_of_data(
    make: Make, seen: Seen, one: Contributor, compute_bundle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `fairshare.verify` knew the units, too: this strategy never gives them."""
    strategy = make()
    units = pathlib.Path(__file__).resolve().parents[3] / "examples" / "flights" / "units.csv"
    verify = fairshare.verify
    monkeypatch.setattr(fairshare, "verify", lambda *given, **named: verify(*given, **named, units=units))
    trains(strategy, 1, reply(12, compute_bundle), reply(11, one.bundle))
    assert seen.values == [1.0] and reasons(strategy) == [(12, Reason.ROLE)]


def test_registrations_are_the_servers(
    make: Make, seen: Seen, one: Contributor, two: Contributor, registrations: pathlib.Path
) -> None:
    (registrations / "1.json").unlink()
    strategy = make()
    # A node's own registration is not looked at, whatever it is called.
    sent = ConfigRecord({"request.json": two.request.read_bytes()})
    trains(strategy, 1, reply(12, two.bundle, registration=sent))
    assert seen.values == [] and reasons(strategy) == [(12, Reason.REFUSED)]
    # What is registered meanwhile counts, and what is not registered any more does not.
    (registrations / "later.json").write_bytes(two.request.read_bytes())
    trains(strategy, 2, reply(12, two.bundle))
    assert seen.values == [1.0] and strategy.table.rounds_of(two.address) == {1: 1}
    (registrations / "later.json").unlink()
    trains(strategy, 3, reply(12, two.bundle))
    assert seen.values == [] and reasons(strategy) == [(12, Reason.REFUSED)] * 2


def test_registrations_come_in_every_form(make: Make, seen: Seen, one: Contributor, two: Contributor) -> None:
    asked_for: list[int] = []

    def given() -> Sequence[bytes]:
        asked_for.append(1)
        if len(asked_for) == 3:
            raise ConnectionError("the registry does not answer")
        return [one.request.read_bytes()]

    for form in [one.request, str(one.request), one.request.read_bytes(), [one.request, two.request], given]:
        strategy = make(registrations=form)
        trains(strategy, 1, reply(11, one.bundle))
        assert seen.values == [1.0], form
    # A registry that fails later leaves those that were known.
    trains(strategy, 2, reply(11, one.bundle))
    assert seen.values == [1.0] and len(asked_for) == 3
    # One that is named and is not there is an error at the start; a folder's may go while it is read.
    for missing in [lambda: os.listdir("/none"), "/none", [one.request, pathlib.Path("/none")]]:
        with pytest.raises(FileNotFoundError):
            make(registrations=missing)


class Vanishing:
    """A folder's entries, one of which is removed once it was seen."""

    def __init__(self, entries: Any) -> None:
        self.entries = entries

    def __enter__(self) -> Iterator[os.DirEntry[str]]:
        found = list(self.entries)
        assert all(one.is_file() or True for one in found)
        for one in found:
            if one.name == "bad.json":
                os.unlink(one.path)
        return iter(found)

    def __exit__(self, *_: object) -> None:
        self.entries.close()


def test_a_registration_that_cannot_be_read_hinders_nobody(
    make: Make,
    seen: Seen,
    one: Contributor,
    registrations: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (registrations / "bad.json").write_text("{")
    (registrations / "odd.json").write_text('{"digest": 1}')
    (registrations / "gone.json").symlink_to(registrations / "none")
    (registrations / "folder.json").mkdir()
    (registrations / "twice.json").write_bytes(one.request.read_bytes())
    big = registrations / "big.json"
    big.touch()
    os.truncate(big, (64 << 20) + 1)
    trains(make(), 1, reply(11, one.bundle))
    assert seen.values == [1.0] and all(name in caplog.text for name in ["bad.json", "odd.json", "big.json"])
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: Vanishing(scan(folder)))
    trains(make(), 2, reply(11, one.bundle))
    assert seen.values == [1.0] and not (registrations / "bad.json").exists()


def test_records_of_any_make_are_refused_without_raising(make: Make, seen: Seen, one: Contributor) -> None:
    strategy = make(max_bundle_bytes=10_000)
    lies: list[tuple[Any, Reason]] = [
        (ConfigRecord(), Reason.NO_BUNDLE),
        (ConfigRecord({"bundle": one.bundle.hex()}), Reason.NO_BUNDLE),
        (ConfigRecord({"bundle": [one.bundle]}), Reason.NO_BUNDLE),
        (ConfigRecord({"bundle": 7, "bundle-sha256": 7}), Reason.NO_BUNDLE),
        (ConfigRecord({"bundle-sha256": hashlib.sha256(one.bundle).digest()}), Reason.NO_BUNDLE),
        (ConfigRecord({"bundle": bytes(10_001)}), Reason.TOO_LONG),
        (MetricRecord({"bundle": 1}), Reason.MALFORMED),
        (ArrayRecord(), Reason.MALFORMED),
    ]
    told = [reply(20 + at, None, 1e9, fairshare=lie) for at, (lie, _) in enumerate(lies)]
    empty = reply(40, one.bundle)
    empty.__dict__["_content"] = None
    trains(strategy, 1, *told, empty, reply(11, one.bundle))
    assert seen.values == [1.0] and strategy.table.rounds_of(one.address) == {0: 1}
    expected = [(20 + at, reason) for at, (_, reason) in enumerate(lies)]
    assert reasons(strategy) == [*expected, (40, Reason.MALFORMED)]


@pytest.mark.parametrize("nothing", [True, False])
def test_a_round_of_refusals_pays_nobody(make: Make, seen: Seen, nothing: bool) -> None:
    strategy = make()
    trains(strategy, 1, *([] if nothing else [reply(12, b"no", 1e9)]))
    assert seen.values == [] and not os.path.exists(strategy.table.path)


def test_a_node_has_the_address_that_the_operator_says(
    make: Make, seen: Seen, one: Contributor, two: Contributor
) -> None:
    strategy = make(nodes={11: one.address.upper().replace("X", "x"), 12: two.address, 13: one.address})
    thief, stranger = reply(12, one.bundle, 1e9), reply(14, two.bundle, 1e9)
    trains(strategy, 1, thief, stranger, reply(11, one.bundle), reply(13, one.bundle, 3.0))
    assert seen.values == [1.0, 3.0] and reasons(strategy) == [(12, Reason.ADDRESS), (14, Reason.ADDRESS)]
    # Two nodes of one contributor are two units, two replies of one node are one.
    assert strategy.table.rounds_of(one.address) == {0: 2} and strategy.table.rounds_of(two.address) == {}
    with pytest.raises(ValueError, match="is not an address"):
        make(nodes={11: "one"})


def test_else_an_address_is_of_the_node_that_came_first(
    make: Make, seen: Seen, one: Contributor, two: Contributor
) -> None:
    strategy = make()
    trains(strategy, 1, reply(11, one.bundle), reply(12, one.bundle, 1e9))
    assert seen.values == [1.0] and reasons(strategy) == [(12, Reason.ADDRESS)]
    # And a node has one: else one node could take all addresses before their owners come.
    trains(strategy, 2, reply(11, two.bundle, 1e9), reply(12, two.bundle, 2.0), reply(11, one.bundle))
    assert seen.values == [2.0, 1.0] and reasons(strategy)[1:] == [(11, Reason.ADDRESS)]
    # Whoever is refused has taken nothing.
    strategy = make()
    broken = reply(12, two.bundle, numpy.nan)
    trains(strategy, 3, broken, reply(13, two.bundle, 2.0))
    assert seen.values == [2.0] and reasons(strategy) == [(12, Reason.UPDATE)]


def test_two_replies_of_a_node_are_one_unit(make: Make, seen: Seen, one: Contributor) -> None:
    strategy = make(units=lambda reply: 5)
    trains(strategy, 1, reply(11, one.bundle), reply(11, one.bundle, 2.0))
    assert seen.values == [1.0, 2.0] and strategy.table.rounds_of(one.address) == {0: 5}


def test_what_a_node_claims_pays_nothing(make: Make, one: Contributor) -> None:
    strategy = make()
    trains(strategy, 1, reply(11, one.bundle, metrics=MetricRecord({"num-examples": 10**6, "units": 10**6})))
    assert strategy.table.rounds_of(one.address) == {0: 1}


def test_units_that_no_round_can_have_are_refused(make: Make, seen: Seen, one: Contributor, two: Contributor) -> None:
    """The operator's function believes the node: nobody's claim keeps another from being paid."""
    claims: list[Any] = [-1, 2**31, 2**64, "many", None, 1.5, ZeroDivisionError()]

    def units(reply: Message) -> int:
        found = claims[int(reply.content.metric_records["metrics"]["claim"])]  # type: ignore[arg-type]
        if isinstance(found, Exception):
            raise found
        return cast(int, found)

    strategy = make(units=units)
    for at in range(len(claims)):
        liar = reply(12, two.bundle, 1e9, metrics=MetricRecord({"claim": at}))
        claims.append(7)
        honest = reply(11, one.bundle, metrics=MetricRecord({"claim": len(claims) - 1}))
        trains(strategy, at + 1, liar, honest)
        assert seen.values == [1.0], claims[at]
    assert reasons(strategy) == [(12, Reason.UNITS)] * 7
    assert strategy.table.rounds_of(one.address) == {at: 7 for at in range(7)}
    # The largest claims together are a round's: none is refused, none is cut.
    largest = (2**32 - 1) // 2
    claims[:2] = [largest, largest]
    both = [reply(11 + at, who.bundle, metrics=MetricRecord({"claim": at})) for at, who in enumerate([one, two])]
    trains(strategy, 8, *both)
    assert strategy.table.rounds_of(two.address) == {7: largest}
    assert fairshare.score_compute(make().table._policy, strategy.table.path, one.address).units == largest + 49


def array(data: Any, dtype: str = "float64", shape: tuple[int, ...] = (3,), more: bytes = b"") -> dict[str, Any]:
    """Weights whose bytes are this array's, and more; what stands beside them may be another."""
    stored = Array(dtype, shape, "numpy.ndarray", data if isinstance(data, bytes) else Array(data).data + more)
    return {"arrays": ArrayRecord({"weights": stored})}


@pytest.mark.parametrize(
    "records, reason",
    [
        ({"arrays": None}, Reason.UPDATE),
        ({"more": ArrayRecord()}, Reason.UPDATE),
        ({"metrics": None}, Reason.UPDATE),
        ({"more": MetricRecord()}, Reason.UPDATE),
        ({"metrics": MetricRecord({"num-examples": numpy.inf})}, Reason.UPDATE),
        ({"metrics": MetricRecord({"num-examples": 1, "loss": [0.5, numpy.nan]})}, Reason.UPDATE),
        ({"metrics": MetricRecord({"num-examples": 10**400})}, Reason.MALFORMED),
        ({"arrays": ArrayRecord()}, Reason.UPDATE),
        ({"arrays": ArrayRecord({"weights": Array(numpy.zeros(3)), "more": Array(numpy.zeros(3))})}, Reason.UPDATE),
        (array(numpy.zeros(4), shape=(4,)), Reason.UPDATE),
        (array(numpy.zeros(3, "f4"), dtype="float32"), Reason.UPDATE),
        (array(numpy.array([0, 0, numpy.nan])), Reason.UPDATE),
        # What stands beside the bytes is another than they are.
        (array(numpy.zeros(4)), Reason.UPDATE),
        (array(numpy.zeros(3), shape=(4,)), Reason.UPDATE),
        (array(numpy.zeros(3, "i8")), Reason.UPDATE),
        (array(numpy.zeros(3), dtype="float32"), Reason.UPDATE),
        (array(numpy.zeros(3), more=bytes(10_000)), Reason.UPDATE),
        (array(bytes(152)), Reason.MALFORMED),
        (array(b""), Reason.MALFORMED),
    ],
)
def test_an_update_unlike_the_model_is_left_out(
    make: Make, seen: Seen, one: Contributor, two: Contributor, records: dict[str, Any], reason: Reason
) -> None:
    strategy = make()
    trains(strategy, 1, reply(12, two.bundle, 1e9, **records), reply(11, one.bundle))
    assert seen.values == [1.0] and strategy.table.rounds_of(two.address) == {}
    assert reasons(strategy) == [(12, reason)]


def test_the_operator_may_check_updates_otherwise(make: Make, seen: Seen, one: Contributor, two: Contributor) -> None:
    def check(reply: Message, model: ArrayRecord | None) -> str | None:
        assert model is not None and set(model) == {"weights"}
        return "too large" if float(reply.content.array_records["arrays"]["weights"].numpy()[0]) > 5 else None

    strategy = make(check=check)
    trains(strategy, 1, reply(11, one.bundle), reply(12, two.bundle, 6.0))
    assert seen.values == [1.0] and strategy.refusals[0].detail == "too large"
    trains(make(check=None), 2, reply(12, two.bundle, numpy.nan))
    assert len(seen.values) == 1 and numpy.isnan(seen.values[0])


@pytest.mark.parametrize("weight", [None, -1, [1], numpy.nan, numpy.inf])
def test_a_weight_that_cannot_be_used_spoils_no_average(
    make: Make, one: Contributor, two: Contributor, weight: Any
) -> None:
    strategy = make(FedAvg(), check=None)
    metrics = MetricRecord({"other": 1} if weight is None else {"num-examples": weight})
    liar, honest = reply(12, two.bundle, 1e9, metrics=metrics), reply(11, one.bundle)
    arrays, _ = strategy.aggregate_train(1, [liar, honest])
    assert arrays is not None and arrays["weights"].numpy().tolist() == [1.0] * 3
    assert reasons(strategy) == [(12, Reason.UPDATE)]


def test_a_node_cannot_end_the_run_by_what_it_sends(
    make: Make, one: Contributor, two: Contributor, caplog: pytest.LogCaptureFixture
) -> None:
    """FedAvg raises where two nodes name their metrics differently, in training and in evaluation."""
    strategy = make(FedAvg())
    odd = MetricRecord({"num-examples": 1, "mine": 2})
    replies = [reply(11, one.bundle), reply(12, two.bundle, metrics=odd)]
    assert strategy.aggregate_train(1, replies) == (None, None)
    assert "Flower's round 1, whose result is dropped" in caplog.text and "same keys" in caplog.text
    # Both have worked.
    assert strategy.table.rounds_of(one.address) == {0: 1} == strategy.table.rounds_of(two.address)
    assert strategy.aggregate_evaluate(1, [reply(11, None), reply(12, None, metrics=odd)]) is None
    assert strategy.aggregate_evaluate(1, [reply(11, None, arrays=None)]) is not None


def test_errors_and_evaluations_are_the_wrapped_strategys(make: Make, seen: Seen, one: Contributor) -> None:
    strategy = make()
    failed = Message(Error(1, "out of memory"), reply_to=asked(12))
    trains(strategy, 1, failed, reply(11, one.bundle))
    assert (seen.values, seen.errors) == ([1.0], 1) and not strategy.refusals
    assert strategy.table.rounds_of(one.address) == {0: 1}
    metrics = strategy.aggregate_evaluate(1, [failed])
    assert metrics is not None and metrics["replies"] == 1
    assert strategy.nodes is seen.nodes
    with pytest.raises(AttributeError):
        strategy.none  # noqa: B018


def test_a_bundle_is_sent_once(make: Make, seen: Seen, one: Contributor, two: Contributor) -> None:
    strategy = make()
    strategy.nodes[:] = [11, 12]
    digest = hashlib.sha256(one.bundle).digest()

    def sent(round_: int) -> list[Any]:
        messages = strategy.configure_train(round_, MODEL, ConfigRecord(), grid())
        assert all(set(one.content) == {"arrays", "config", "fairshare"} for one in messages)
        return [message.content["fairshare"] for message in messages]

    assert sent(1) == [{"round": 0}] * 2
    by_hash = ConfigRecord({"bundle-sha256": digest})
    strategy.aggregate_train(1, [reply(11, one.bundle)])
    assert sent(2) == [{"round": 1, "known-sha256": digest}, {"round": 1}]
    # The hash of a bundle that another node sent is nobody else's.
    strategy.aggregate_train(2, [reply(12, None, 1e9, fairshare=by_hash), reply(11, None, fairshare=by_hash)])
    assert seen.values == [1.0] and reasons(strategy) == [(12, Reason.NO_BUNDLE)]
    assert strategy.table.rounds_of(one.address) == {0: 1, 1: 1}
    other = ConfigRecord({"bundle-sha256": hashlib.sha256(two.bundle).digest()})
    strategy.aggregate_train(3, [reply(11, None, fairshare=other)])
    assert seen.values == [] and reasons(strategy)[1:] == [(11, Reason.NO_BUNDLE)]


def test_a_bundle_is_verified_once(
    make: Make, seen: Seen, one: Contributor, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = make()
    verify, times = fairshare.verify, []

    def counted(*given: Any, **named: Any) -> fairshare.Verified:
        times.append(1)
        return verify(*given, **named)

    monkeypatch.setattr(fairshare, "verify", counted)
    for round_ in range(1, 5):
        trains(strategy, round_, reply(11, one.bundle), reply(12, altered(one.bundle)))
    assert len(times) == 2 and len(strategy.refusals) == 4 and len(strategy.table.rounds_of(one.address)) == 4


def test_a_server_that_begins_again_pays_no_round_twice(
    make: Make, seen: Seen, one: Contributor, two: Contributor, caplog: pytest.LogCaptureFixture
) -> None:
    trains(make(), 1, reply(11, one.bundle))
    trains(make(), 1, reply(11, one.bundle), reply(12, two.bundle, 2.0))
    assert "units of round 0 are on record already" in caplog.text and seen.values == [1.0, 2.0]
    table = make().table
    assert table.rounds_of(one.address) == {0: 1} and table.rounds_of(two.address) == {}
    later = make(first_round=table.next_round)
    trains(later, 1, reply(11, one.bundle), reply(12, two.bundle, 2.0))
    assert table.rounds_of(one.address) == {0: 1, 1: 1} and table.rounds_of(two.address) == {1: 1}


def test_the_epochs_rounds_end(make: Make, one: Contributor) -> None:
    strategy = make(first_round=364)
    trains(strategy, 1, reply(11, one.bundle))
    assert strategy.table.rounds_of(one.address) == {364: 1}
    with pytest.raises(ValueError, match="round 365 is not in the epoch"):
        strategy.configure_train(2, MODEL, ConfigRecord(), grid())
    with pytest.raises(ValueError, match="round 366 is not in the epoch"):
        strategy.start(grid(), MODEL, num_rounds=3)
    for first in [-1, 365]:
        with pytest.raises(ValueError, match="is not in the epoch"):
            make(first_round=first)


def test_units_are_on_record_before_anything_is_aggregated(make: Make, seen: Seen, one: Contributor) -> None:
    strategy = make()
    pathlib.Path(strategy.table.path).write_text("hello\n")
    with pytest.raises(fairshare.Error, match="units"):
        trains(strategy, 1, reply(11, one.bundle))
    assert seen.values == []


def test_what_the_operator_gave_is_checked_at_once(
    make: Make, policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(fairshare.ParametersError, match="INSECURE"):
        make(allow_insecure=False)
    with pytest.raises(fairshare.ParametersError, match="rules hash"):
        make(rules_hash="0x" + "11" * 32)
    with pytest.raises(FileNotFoundError):
        VerifiedStrategy(Seen(), policy, parameters, lambda: os.listdir("/none"), tmp_path / "u", allow_insecure=True)
    (tmp_path / "units.csv").write_text("hello\n")
    with pytest.raises(fairshare.Error, match="not a table of units"):
        make()


class Rounds:
    """A grid of nodes that answer at once."""

    def __init__(self, bundles: dict[int, bytes]) -> None:
        self.bundles = bundles

    def get_node_ids(self) -> list[int]:
        return list(self.bundles)

    def send_and_receive(self, messages: Sequence[Message], *, timeout: float | None = None) -> list[Message]:
        def told(message: Message) -> Message:
            node = message.metadata.dst_node_id
            round_ = message.content.config_records["config"]["server-round"]
            made = reply(node, self.bundles[node], node * float(cast(int, round_)))
            if message.metadata.message_type == "evaluate":
                del made.content["arrays"]
            return Message(RecordDict(dict(made.content)), reply_to=message)

        return [told(message) for message in messages]


class Own(FedAvg):
    """A strategy with a start of its own, which takes more."""

    patience = 0

    def start(self, *given: Any, patience: int = 0, **named: Any) -> Result:
        result = super().start(*given, **named)
        self.patience = patience
        return result


@pytest.mark.parametrize("kind", ["FedAvg", "its own start", "wrapping another"])
def test_start_uses_what_is_verified(make: Make, one: Contributor, two: Contributor, kind: str) -> None:
    nodes = cast(Grid, Rounds({1: one.bundle, 2: altered(two.bundle)}))
    inner: FedAvg = Own() if kind == "its own start" else FedAvg()
    strategy = make(inner)
    if kind == "wrapping another":
        # Without noise, and with a bound that no update reaches.
        strategy = make(DifferentialPrivacyServerSideFixedClipping(inner, 0.0, 1e9, 2))
    more = {"patience": 5} if kind == "its own start" else {}
    result = strategy.start(nodes, MODEL, num_rounds=2, timeout=1.0, **more)
    # Node 1 sends 1, then 2; node 2 sends the double, which no average holds.
    assert result.arrays["weights"].numpy() == pytest.approx([2.0] * 3)
    assert len(strategy.refusals) == 2 and strategy.table.rounds_of(one.address) == {0: 1, 1: 1}
    assert list(result.evaluate_metrics_clientapp) == [1, 2]
    # Nothing of the wrapper stays in the strategy that it wrapped.
    assert not {"configure_train", "aggregate_train", "aggregate_evaluate", "summary"} & set(vars(inner))
    assert kind != "its own start" or strategy.patience == 5
