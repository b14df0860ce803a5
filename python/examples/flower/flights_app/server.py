"""The server: it averages verified updates, and puts the nodes' units on record."""

from __future__ import annotations

import json
from logging import INFO

import numpy
from flwr.app import ArrayRecord, Context
from flwr.common.logger import log
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

import fairshare
from fairshare.flower import UnitsTable, VerifiedStrategy
from flights_app import model

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Runs some rounds, after those that are on record in the epoch."""
    config = {name: str(value) for name, value in context.run_config.items()}
    policy = fairshare.Policy.load(config["policy"])
    srs = config["srs"]
    parameters = fairshare.Parameters.load(srs) if srs else fairshare.Parameters.insecure(policy.geometry)
    strategy = VerifiedStrategy(
        FedAvg(fraction_evaluate=float(config["evaluated"])),
        policy,
        parameters,
        config["registrations"],
        config["units"],
        first_round=UnitsTable(config["units"], policy).next_round,
        nodes=addresses(config["nodes"]),
        allow_insecure=not srs,
    )
    result = strategy.start(grid, ArrayRecord([model.initial()]), num_rounds=int(config["rounds"]))
    log(INFO, "updates left out: %d", len(strategy.refusals))
    if result.arrays:
        [weights] = result.arrays.to_numpy_ndarrays()
        numpy.savez(config["model"], weights=weights)


def addresses(path: str) -> dict[int, str] | None:
    """The address of each node id, as a JSON file has them."""
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return {int(node): str(address) for node, address in json.load(file).items()}
