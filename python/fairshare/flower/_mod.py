"""The node's side: a mod that attaches a bundle and counts rounds."""

from __future__ import annotations

import os
from collections.abc import Callable
from logging import INFO, WARNING
from typing import Union, cast

from flwr.app import ConfigRecord, Context, Message, MessageType
from flwr.clientapp.typing import ClientAppCallable, Mod
from flwr.common.logger import log

from fairshare import Public
from fairshare.flower._wire import RECORD, Asked, answer

_RUN, _ROUNDS = "run", "rounds"


def bundle_mod(bundle: Union[Public, Callable[[Context], Public]]) -> Mod:
    """A mod for ``ClientApp(mods=[...])`` that attaches a bundle to training replies; put it first.

    ``bundle`` is the bundle, its file, or a function of the context, which a file named in the node's own
    configuration is found by: ``bundle_mod(lambda context: str(context.node_config["bundle"]))``. The bundle is read
    before each training, so a node whose file is missing fails before it has worked.

    Where the server says that it has this bundle, only the hash is sent. Replies with an error, and messages that
    are not for training, pass as they are. A round is counted once, however often it is tried: see ``rounds_trained``.
    """

    def mod(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
        if message.metadata.message_type.split(".")[0] != MessageType.TRAIN or not message.has_content():
            return call_next(message, context)
        asked = Asked.taken_from(message.content)
        number = _server_round(message) if asked.round is None else asked.round
        data = _read(bundle(context) if callable(bundle) else bundle)
        reply = call_next(message, context)
        if reply.has_error() or not reply.has_content():
            return reply
        _count(context, number)
        reply.content[RECORD] = answer(data, asked.known)
        return reply

    return mod


def rounds_trained(context: Context) -> tuple[int, ...]:
    """The rounds of this run in which this node trained and replied, ascending.

    They are rounds of the epoch, as in the table of units, where the server's strategy is a ``VerifiedStrategy``, else
    Flower's ``server-round``. A reply that the server did not get, or refused, is counted too.
    """
    state = context.state.get(RECORD)
    if not isinstance(state, ConfigRecord) or state.get(_RUN) != context.run_id:
        return ()
    counted = state.get(_ROUNDS)
    return tuple(cast("list[int]", counted)) if isinstance(counted, list) else ()


def _server_round(message: Message) -> int | None:
    """The round by Flower's own strategies, which put it in the configuration."""
    for record in message.content.config_records.values():
        number = record.get("server-round")
        if isinstance(number, int):
            return number
    return None


def _read(bundle: Public) -> bytes:
    if isinstance(bundle, bytes):
        return bundle
    with open(os.fspath(bundle), "rb") as file:
        return file.read()


def _count(context: Context, number: int | None) -> None:
    if number is None:
        log(WARNING, "fairshare: the server names no round, so this one is not counted")
        return
    rounds = sorted({number, *rounds_trained(context)})
    context.state[RECORD] = ConfigRecord({_RUN: context.run_id, _ROUNDS: rounds})
    log(INFO, "fairshare: trained in round %d; rounds of this run so far: %d", number, len(rounds))
