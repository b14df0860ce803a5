"""What NumPy's cells mean: order of bytes, signs, truth values, text, and what is missing."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy
import polars
import pytest
from conftest import FLIGHTS

import fairshare

LABELS = ["true", "false", "0", "1", "a"]
SCHEMA = f"""
[reference.counts]
x = {[10] * 5}
kind = {[10] * (len(LABELS) + 2)}

[[schema.feature]]
name = "x"
kind = "numeric"
edges = [-0.5, 0.5, 1.5]

[[schema.feature]]
name = "kind"
kind = "categorical"
labels = {LABELS}
"""


@pytest.fixture(scope="module")
def small() -> fairshare.Policy:
    """A number and a label; the last bins are what is below, between and above the edges, and missing."""
    head = (FLIGHTS / "policy-compact.toml").read_text().split("[reference]")[0]
    return fairshare.Policy.from_text(head + SCHEMA, {})


def counted(policy: fairshare.Policy, **columns: Any) -> dict[str, list[int]]:
    """The bins of one column or both; the other has the same cell in every record."""
    records = len(next(iter(columns.values())))
    return fairshare.reference(policy, {"x": numpy.zeros(records), "kind": ["a"] * records} | columns)


@pytest.mark.parametrize("kind", ["i2", "u2", "i4", "i8", "u8", "f2", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_bytes_are_read_in_their_order(small: fairshare.Policy, order: str, kind: str) -> None:
    numbers = numpy.array([0, 1, 1, 7], dtype=order + kind)
    assert counted(small, x=numbers)["x"] == [0, 1, 2, 1, 0]


def test_numbers_keep_their_sign(small: fairshare.Policy) -> None:
    assert counted(small, x=numpy.array([2**63, 2**64 - 1], dtype="u8"))["x"] == [0, 0, 0, 2, 0]
    assert counted(small, x=numpy.array([-(2**63), -1], dtype="i8"))["x"] == [2, 0, 0, 0, 0]


def test_truth_values_are_labels_of_their_own(small: fairshare.Policy) -> None:
    """As in Arrow and in CSV: `true`, and not `1`."""
    truths = [True, False, True]
    found = counted(small, kind=numpy.array(truths))
    assert found["kind"] == [2, 1, 0, 0, 0, 0, 0]
    assert found == fairshare.reference(small, polars.DataFrame({"x": [0.0] * 3, "kind": truths}))


@pytest.mark.parametrize("dtype", ["S5", "U5", "O"])
def test_text_is_text_in_every_width(small: fairshare.Policy, dtype: str) -> None:
    given: list[Any] = ["true", "a", "é"]
    cells = [text.encode() for text in given] if dtype == "S5" else given
    assert counted(small, kind=numpy.array(cells, dtype=dtype))["kind"] == [1, 0, 0, 0, 1, 1, 0]


def test_bytes_among_objects_are_text(small: fairshare.Policy) -> None:
    assert counted(small, kind=numpy.array([b"a", "a", b"0"], dtype=object))["kind"] == [0, 0, 1, 0, 2, 0, 0]


def test_nan_and_none_among_objects_are_missing(small: fairshare.Policy) -> None:
    cells = numpy.array(["a", float("nan"), None, numpy.float64("nan")], dtype=object)
    assert counted(small, kind=cells)["kind"] == [0, 0, 0, 0, 1, 0, 3]


def test_numbers_wider_than_eight_bytes_are_refused(small: fairshare.Policy) -> None:
    wide = numpy.zeros(2, dtype=numpy.longdouble)
    assert wide.itemsize > 8
    with pytest.raises(TypeError, match="column `x`: cells of .* are not read; convert them"):
        counted(small, x=wide)


def test_a_path_is_what_it_says_of_itself(policy: fairshare.Policy) -> None:
    class Named(os.PathLike[str]):
        def __fspath__(self) -> str:
            return str(FLIGHTS / "flights-2000.csv")

        def __str__(self) -> str:
            return "for people"

    assert fairshare.score(policy, Named()).records == 2000
    assert fairshare.score(policy, [Named()]).records == 2000
    assert not pathlib.Path("for people").exists()
