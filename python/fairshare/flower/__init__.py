"""Federated learning with Flower: only verified contributors' updates are used, and units recorded for their work.

A node puts ``bundle_mod`` first among the mods of its ``ClientApp``: it attaches the node's bundle to every training
reply, and remembers in which rounds the node trained (``rounds_trained``). A server wraps its strategy in a
``VerifiedStrategy``: it verifies the bundle of each reply against the server's own registrations, leaves out
replies whose bundle does not verify, and records one unit for every node and round in the epoch's table of units,
from which ``fairshare.score_compute`` and ``fairshare.prove_compute`` make the node's compute score.

``docs/flower.md`` says whose word each thing is, and what this does not defend against.
"""

from __future__ import annotations

try:
    import flwr  # noqa: F401
except ImportError as error:
    raise ImportError("fairshare.flower needs Flower: pip install 'flwr>=1.42,<2'") from error

from fairshare.flower._mod import bundle_mod, rounds_trained
from fairshare.flower._registrations import Registrations
from fairshare.flower._strategy import MAX_BUNDLE_BYTES, Reason, Refusal, VerifiedStrategy
from fairshare.flower._units import UnitsTable
from fairshare.flower._updates import UpdateCheck, fits_model

__all__ = [
    "MAX_BUNDLE_BYTES",
    "Reason",
    "Refusal",
    "Registrations",
    "UnitsTable",
    "UpdateCheck",
    "VerifiedStrategy",
    "bundle_mod",
    "fits_model",
    "rounds_trained",
]
