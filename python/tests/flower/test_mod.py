"""The node's side."""

from __future__ import annotations

import hashlib
import pathlib
import subprocess
import sys
from typing import Any

import pytest
from flwr.app import ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from messages import asked, context

from fairshare.flower import bundle_mod, rounds_trained

BUNDLE = b"a bundle"


def served(round_: int, known: bytes | None = None, **options: Any) -> Message:
    """A message as a server sends it that records units."""
    record = ConfigRecord({"round": round_})
    if known is not None:
        record["known-sha256"] = known
    return asked(**options, fairshare=record)


def handler(message: Message, context: Context) -> Message:
    assert "fairshare" not in message.content, "the server's record is not the handler's"
    return Message(RecordDict({"arrays": ArrayRecord(), "metrics": MetricRecord({"a": 1})}), reply_to=message)


def failing(message: Message, context: Context) -> Message:
    return Message(Error(1, "out of memory"), reply_to=message)


def test_a_bundle_goes_with_training_and_the_round_is_counted(tmp_path: pathlib.Path) -> None:
    (tmp_path / "b").write_bytes(BUNDLE)
    here = context(bundle=str(tmp_path / "b"))
    forms: list[Any] = [BUNDLE, tmp_path / "b", str(tmp_path / "b"), lambda context: context.node_config["bundle"]]
    for given in forms:
        for kind in ["train", "train.warmly"]:
            reply = bundle_mod(given)(served(5, kind=kind), here, handler)
            assert reply.content["fairshare"] == {"bundle": BUNDLE}
            assert set(reply.content) == {"arrays", "metrics", "fairshare"}
    assert rounds_trained(here) == (5,)


@pytest.mark.parametrize("kind", ["evaluate", "query", "query.train"])
def test_other_messages_pass_untouched(kind: str) -> None:
    here = context()

    def other(message: Message, context: Context) -> Message:
        return Message(RecordDict(), reply_to=message)

    reply = bundle_mod(BUNDLE)(served(5, kind=kind), here, other)
    assert len(reply.content) == 0 and rounds_trained(here) == () and len(here.state) == 0


def test_what_fails_is_not_counted() -> None:
    here = context()
    reply = bundle_mod(BUNDLE)(served(5), here, failing)
    assert reply.has_error() and reply.error.reason == "out of memory" and rounds_trained(here) == ()

    def raising(message: Message, context: Context) -> Message:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        bundle_mod(BUNDLE)(served(5), here, raising)
    assert rounds_trained(here) == ()


def test_a_round_is_counted_once_and_every_run_by_itself() -> None:
    here = context(run=7)
    mod = bundle_mod(BUNDLE)
    for round_ in [3, 4, 3, 4, 4, 2**64 - 1]:
        mod(served(round_), here, handler)
        # A node's state is written down after every message.
        here.state["fairshare"] = ConfigRecord.inflate(here.state["fairshare"].deflate())
    assert rounds_trained(here) == (3, 4, 2**64 - 1)
    later = Context(8, 1, {}, here.state, {})
    assert rounds_trained(later) == ()
    mod(served(4), later, handler)
    assert rounds_trained(later) == (4,)


def test_without_a_server_that_records_units_flowers_rounds_are_counted() -> None:
    here = context()
    bundle_mod(BUNDLE)(asked(), here, handler)
    assert rounds_trained(here) == (1,)
    unnamed = asked(config=ConfigRecord())
    reply = bundle_mod(BUNDLE)(unnamed, here, handler)
    assert "fairshare" in reply.content and rounds_trained(here) == (1,)
    # What the server says is not believed to be made as it should be.
    wrongs: list[Any] = ["9", -1, [9]]
    for wrong in [ConfigRecord({"round": one}) for one in wrongs]:
        bundle_mod(BUNDLE)(asked(fairshare=wrong), here, handler)
    assert rounds_trained(here) == (1,)


def test_only_the_hash_is_sent_where_the_server_has_the_bundle() -> None:
    digest = hashlib.sha256(BUNDLE).digest()
    reply = bundle_mod(BUNDLE)(served(1, digest), context(), handler)
    assert reply.content["fairshare"] == {"bundle-sha256": digest}
    reply = bundle_mod(BUNDLE + b"!")(served(1, digest), context(), handler)
    assert reply.content["fairshare"] == {"bundle": BUNDLE + b"!"}


def test_a_node_without_its_bundle_does_not_work_for_nothing(tmp_path: pathlib.Path) -> None:
    worked: list[int] = []

    def working(message: Message, context: Context) -> Message:
        worked.append(1)
        return handler(message, context)

    with pytest.raises(FileNotFoundError):
        bundle_mod(tmp_path / "none")(served(1), context(), working)
    assert not worked


def test_flower_is_needed_for_flower_only() -> None:
    text = "import sys, fairshare; assert not any(name.split('.')[0] == 'flwr' for name in sys.modules)"
    subprocess.run([sys.executable, "-c", text], check=True)
    text = "import sys; sys.modules['flwr'] = None; import fairshare.flower"
    told = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert told.returncode != 0 and "pip install 'flwr>=1.42,<2'" in told.stderr
