"""The model, and how it learns: arrival delay as a linear function of departure delay, in minutes."""

from __future__ import annotations

import csv
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[numpy.float64]

STEPS, RATE = 20, 0.1
SCALE = 60.0
"""Minutes by which delays are divided, so that steps of this rate converge."""


def initial() -> Numbers:
    """Shape ``(2,)``: slope and intercept."""
    return numpy.zeros(2)


def load(path: str) -> tuple[Numbers, Numbers]:
    """Departure and arrival delays of a CSV file, shape ``(flights,)`` each: of the flights that have both."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [(row["dep_delay"], row["arr_delay"]) for row in csv.DictReader(file)]
    known = [(float(departure), float(arrival)) for departure, arrival in rows if departure and arrival]
    departures, arrivals = numpy.array(known).T / SCALE
    return departures, arrivals


def loss(weights: Numbers, departures: Numbers, arrivals: Numbers) -> float:
    """Mean square error."""
    return float(numpy.mean((weights[0] * departures + weights[1] - arrivals) ** 2))


def trained(weights: Numbers, departures: Numbers, arrivals: Numbers) -> Numbers:
    """The weights after some steps of gradient descent."""
    inputs = numpy.stack([departures, numpy.ones_like(departures)])
    for _ in range(STEPS):
        errors = weights @ inputs - arrivals
        weights = weights - RATE * 2 * (inputs @ errors) / len(arrivals)
    return weights
